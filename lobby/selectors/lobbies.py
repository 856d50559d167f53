"""What may be asked about lobbies.

Access to a lobby goes through one function per level: viewer, member, host. Each answers "not
found" and "not yours" alike. ``…_shown`` is what others are told, as JSON: REST and the live list
say the same because both ask here.
"""

import math
from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Count, Model, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce

from games.catalog import TITLES
from games.models import Match
from lobby.codes import ApiCode, Refused
from lobby.limits import EXPORT_ROWS_MAX
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby, Member
from lobby.models.ratings import Rating
from lobby.presence import presence_of
from lobby.seasons import ALWAYS
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown
from lobby.selectors.titles import seat_range_shown
from lobby.skill import MU

USER_READ = {"id", "username", "name", "guest", "is_active"}
MATCH_READ = {"id", "title", "status"}
"""What is read of those who are in a lobby, and of its match: of twenty lobbies all their columns
took as long as everything else."""


def lobbies() -> QuerySet[Lobby]:
    """All lobbies of known titles with host, match and members, newest first, in two queries."""
    members = Member.objects.select_related("user").defer(*_unread(User, "user", USER_READ))
    return (
        Lobby.objects.filter(title__in=TITLES)
        .select_related("host", "match")
        .defer(*_unread(User, "host", USER_READ), *_unread(Match, "match", MATCH_READ))
        .prefetch_related(Prefetch("members", queryset=members))
    )


def _unread(model: type[Model], by: str, read: Container[str]) -> list[str]:
    """The fields of ``model``, as they are reached by ``by``, that need not be read."""
    fields = model._meta.concrete_fields
    return [f"{by}__{field.name}" for field in fields if field.name not in read]


def lobbies_public() -> QuerySet[Lobby]:
    """What everybody may find in the list."""
    return lobbies().filter(closed=False, private=False)


def lobbies_of(*, user_id: int) -> QuerySet[Lobby]:
    """The lobbies that a user is in, private ones too."""
    mine = Member.objects.filter(user_id=user_id).values("lobby_id")
    return lobbies().filter(closed=False, id__in=mine)


def in_state(rows: QuerySet[Lobby], state: str) -> QuerySet[Lobby]:
    """Those of ``rows`` whose derived state is ``state``."""
    playing = Q(match__status__in=Match.LIVE)
    if state == Lobby.State.CLOSED:
        return rows.filter(closed=True)
    if state == Lobby.State.PLAYING:
        return rows.filter(playing, closed=False)
    return rows.filter(Q(match=None) | ~playing, closed=False)


def with_seats_free(rows: QuerySet[Lobby], seats: int) -> QuerySet[Lobby]:
    """Those of ``rows`` that at least ``seats`` more people could join."""
    fits = Q(pk__in=[])
    for title, game in TITLES.items():
        fits |= Q(title=title, taken__lte=game.seats.stop - 1 - seats)
    members = Member.objects.filter(lobby=OuterRef("pk")).order_by().values("lobby")
    taken = Subquery(members.annotate(count=Count("pk")).values("count"))
    return rows.alias(taken=taken).filter(fits)


def lobby_for_viewer(*, lobby_id: UUID, user: Any) -> Lobby:
    """A lobby that ``user``, who may be anonymous, may see: a public one, or one they are in.

    Raises:
        Refused: ``not_found``; closed ones are not found either.
    """
    lobby = _lobby(lobby_id)
    if lobby.private and not is_member(lobby, user.id):
        raise Refused(ApiCode.NOT_FOUND)
    return lobby


def lobby_for_member(*, lobby_id: UUID, user: User, lock: bool = False) -> Lobby:
    """A lobby that ``user`` is in.

    Args:
        lock: Keep others from writing to it until the transaction ends.

    Raises:
        Refused: ``not_found``.
    """
    lobby = _lobby(lobby_id, lock=lock)
    if not is_member(lobby, user.id):
        raise Refused(ApiCode.NOT_FOUND)
    return lobby


def lobby_for_host(*, lobby_id: UUID, user: User, lock: bool = False) -> Lobby:
    """A lobby that ``user`` is the host of.

    Raises:
        Refused: ``not_found``; ``not_host`` to the other members.
    """
    lobby = lobby_for_member(lobby_id=lobby_id, user=user, lock=lock)
    if lobby.host_id != user.id:
        raise Refused(ApiCode.NOT_HOST)
    return lobby


def lobby_for_entry(*, lobby_id: UUID, user: User, code: str) -> Lobby:
    """A lobby that ``user`` may join, locked: a public one, theirs, or one whose code they know.

    Raises:
        Refused: ``not_found``.
    """
    lobby = _lobby(lobby_id, lock=True)
    if lobby.private and lobby.code != code_tidy(code) and not is_member(lobby, user.id):
        raise Refused(ApiCode.NOT_FOUND)
    return lobby


def lobby_locked(*, lobby_id: UUID) -> Lobby:
    """A lobby, for one whose right to it was found elsewhere.

    Raises:
        Refused: ``not_found``.
    """
    return _lobby(lobby_id, lock=True)


def lobby_id_by_code(*, code: str) -> UUID:
    """Which lobby a code opens.

    Raises:
        Refused: ``not_found``.
    """
    lobby_id = (
        Lobby.objects.filter(code=code_tidy(code), closed=False).values_list("id", flat=True)
    ).first()
    if lobby_id is None:
        raise Refused(ApiCode.NOT_FOUND)
    return lobby_id


def barred_shown(lobby: Lobby) -> list[Shown]:
    """Those who may not come in, as its host is told of them."""
    barred = {user.id: user for user in User.objects.filter(id__in=lobby.barred)}
    return [user_shown(barred[user_id]) for user_id in lobby.barred if user_id in barred]


def with_host_rated(
    rows: QuerySet[Lobby], *, least: float = -math.inf, most: float = math.inf
) -> QuerySet[Lobby]:
    """Those of ``rows`` whose host's rating, where their matches would count, is within these
    bounds."""
    known = Rating.objects.filter(
        title=OuterRef("title"),
        category=OuterRef("category"),
        season=ALWAYS,
        user=OuterRef("host"),
    )
    rating = Coalesce(Subquery(known.values("mu")), MU)
    if least > -math.inf:
        rows = rows.alias(least=rating).filter(least__gte=least)
    return rows if most == math.inf else rows.alias(most=rating).filter(most__lte=most)


def with_settings(
    rows: QuerySet[Lobby], wishes: Mapping[str, Mapping[str, object]]
) -> QuerySet[Lobby]:
    """Those of ``rows`` whose settings, which are known to be the title's, compare like this."""
    for number, (name, wish) in enumerate(wishes.items()):
        # By an alias: in a path, a setting called ``in`` or ``range`` would be a lookup.
        alias = f"setting_{number}"
        rows = rows.alias(**{alias: KeyTransform(name, "settings")})
        rows = rows.filter(**{f"{alias}__{how}": value for how, value in wish.items()})
    return rows


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What lobbies a page wants to see; what is None is not asked for.

    Attributes:
        wishes: Of settings, as ``with_settings`` compares them.
        seats_free: For how many more people there is room.
        rating_min: Of the host, in its title.
        rating_max: The same.
    """

    title: str | None = None
    wishes: dict[str, dict[str, Any]] = {}
    rated: bool | None = None
    seats_free: int | None = None
    rating_min: float | None = None
    rating_max: float | None = None


def lobbies_wanted(wanted: Wanted) -> QuerySet[Lobby]:
    """The public lobbies that are like this."""
    rows = with_settings(lobbies_public(), wanted.wishes)
    if wanted.title is not None:
        rows = rows.filter(title=wanted.title)
    if wanted.rated is not None:
        rows = rows.filter(rated=wanted.rated)
    if wanted.seats_free is not None:
        rows = with_seats_free(rows, wanted.seats_free)
    least, most = wanted.rating_min, wanted.rating_max
    if least is None and most is None:
        return rows
    return with_host_rated(
        rows,
        least=-math.inf if least is None else least,
        most=math.inf if most is None else most,
    )


def lobby_of_match(*, match_id: UUID, user: Any) -> Lobby | None:
    """The lobby that a match came from, if ``user`` may see it."""
    lobby = lobbies().filter(match_id=match_id, closed=False).first()
    if lobby is None or (lobby.private and not is_member(lobby, user.id)):
        return None
    return lobby


def is_member(lobby: Lobby, user_id: int | None) -> bool:
    """Whether a user is in ``lobby``."""
    return any(member.user_id == user_id for member in lobby.members.all())


def code_tidy(code: str) -> str:
    """A code as people write it down, as we keep it."""
    return code.strip().upper()


def lobby_shown(lobby: Lobby, *, insider: bool, here: Container[int] | None = None) -> Shown:
    """A lobby.

    Args:
        insider: Is told the code that lets others in.
        here: Those of its people who have a socket open; None: in a list, where nobody asks.
    """
    members = list(lobby.members.all())
    state = lobby.state
    return {
        "id": str(lobby.id),
        "title": lobby.title,
        "title_name": lobby.game.name,
        "name": lobby.name,
        "private": lobby.private,
        "rated": lobby.rated,
        "category": lobby.category,
        "locked": bool(lobby.password),
        "code": lobby.code if insider else None,
        "host": None if lobby.host is None else {"id": lobby.host.id, "name": lobby.host.name},
        "state": state.value,
        "settings": lobby.settings,
        "seats": seat_range_shown(lobby.game) | {"taken": len(members)},
        "members": [
            {
                "user": user_shown(member.user),
                "ready": member.ready,
                "host": member.user_id == lobby.host_id,
                "away": here is not None and member.user_id not in here,
                "team": member.team,
                "seat": member.seat,
            }
            for member in members
        ],
        "bots": lobby.bots,
        "match": str(lobby.match_id) if state == Lobby.State.PLAYING else None,
        "created": lobby.created.isoformat(),
    }


def lobby_shown_to(lobby: Lobby, user: Any) -> Shown:
    """A lobby in a list, as this user, who may be anonymous, is told of it."""
    return lobby_shown(lobby, insider=is_member(lobby, user.id))


def lobbies_known(user: User) -> list[Shown]:
    """The lobbies that somebody is in or hosts, for the export of their account."""
    mine = Lobby.objects.filter(Q(members__user=user) | Q(host=user)).distinct()
    return [
        {
            "id": str(lobby.id),
            "name": lobby.name,
            "title": lobby.title,
            "host": lobby.host_id == user.id,
        }
        for lobby in mine[:EXPORT_ROWS_MAX]
    ]


def lobby_shown_alone(lobby: Lobby, user: Any) -> Shown:
    """One lobby, with who of its people is here."""
    here = presence_of(member.user_id for member in lobby.members.all())
    return lobby_shown(lobby, insider=is_member(lobby, user.id), here=here)


def _lobby(lobby_id: UUID, *, lock: bool = False) -> Lobby:
    # Locked first and read in a second query: one that waited for the lock would see the joined
    # rows as they were before it waited.
    if lock:
        list(Lobby.objects.select_for_update().filter(id=lobby_id).order_by().values_list("id"))
    lobby = next(iter(lobbies().filter(id=lobby_id, closed=False).order_by()), None)
    if lobby is None:
        raise Refused(ApiCode.NOT_FOUND)
    return lobby
