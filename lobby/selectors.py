"""What may be asked about accounts and lobbies; nothing here writes.

Access to a lobby goes through one function per level: viewer, member, host. Each answers "not
found" and "not yours" alike. ``…_shown`` is what others are told, as JSON: REST and the live list
say the same because both ask here.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery

from games.catalog import TITLES
from games.models import Match, Seat
from games.selectors import match_as_watched, match_for_viewer, matches, seat_of
from games.sim import Game
from lobby.codes import ApiCode, Refused
from lobby.limits import FEED_LOBBIES_MAX
from lobby.models import Lobby, Member, User

Shown = dict[str, Any]

# --- lobbies ------------------------------------------------------------------------------------


def lobbies() -> QuerySet[Lobby]:
    """All lobbies of known titles with host, match and members, newest first, in two queries."""
    members = Member.objects.select_related("user")
    return (
        Lobby.objects.filter(title__in=TITLES)
        .select_related("host", "match")
        .defer("match__settings", "match__ranking", "match__fault")
        .prefetch_related(Prefetch("members", queryset=members))
    )


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


def _lobby(lobby_id: UUID, *, lock: bool = False) -> Lobby:
    # Locked first and read in a second query: one that waited for the lock would see the joined
    # rows as they were before it waited.
    if lock:
        list(Lobby.objects.select_for_update().filter(id=lobby_id).values_list("id"))
    lobby = lobbies().filter(id=lobby_id, closed=False).first()
    if lobby is None:
        raise Refused(ApiCode.NOT_FOUND)
    return lobby


# --- matches ------------------------------------------------------------------------------------


def match_seen_by(*, match_id: UUID, user: User) -> Match:
    """A match that ``user`` may see: public, or with a seat of theirs, or played in their lobby.

    Raises:
        Refused: ``not_found``.
    """
    match = match_for_viewer(match_id=match_id, user_id=user.id)
    if match is None and _in_lobby_of(match_id, user):
        match = matches().filter(id=match_id).first()
    if match is None:
        raise Refused(ApiCode.NOT_FOUND)
    return match if seat_of(match, user.id) else match_as_watched(match)


def match_over_for(*, match_id: UUID, user: User) -> Match:
    """A match that ``user`` may see and that has ended.

    Raises:
        Refused: ``not_found``, ``match_not_over``.
    """
    match = match_seen_by(match_id=match_id, user=user)
    if match.live:
        raise Refused(ApiCode.MATCH_NOT_OVER)
    return match


def seat_for_ticket(*, match: Match, user: User, spectate: bool) -> Seat | None:
    """The seat that ``user`` may sit down on, or None if they may watch.

    Raises:
        Refused: ``match_over``, ``seat_gone``, ``no_seat``, ``not_public``.
    """
    if not match.live:
        raise Refused(ApiCode.MATCH_OVER)
    seat = seat_of(match, user.id)
    if seat is not None and not spectate:
        if seat.left:
            raise Refused(ApiCode.SEAT_GONE)
        return seat
    if not spectate and _in_lobby_of(match.id, user):
        raise Refused(ApiCode.NO_SEAT)
    if not match.public:
        raise Refused(ApiCode.NOT_PUBLIC)
    return None


def _in_lobby_of(match_id: UUID, user: User) -> bool:
    """Whether ``user`` is in the lobby that this match is played in."""
    return Member.objects.filter(user=user, lobby__match_id=match_id, lobby__closed=False).exists()


# --- what others are told -----------------------------------------------------------------------


def user_shown(user: User) -> Shown:
    """An account, as others see it."""
    return {"id": user.id, "name": user.name, "guest": user.guest}


def me_shown(user: User) -> Shown:
    """An account, as its owner sees it."""
    return user_shown(user) | {
        "username": user.username,
        "email": user.email,
        "joined": user.date_joined.isoformat(),
    }


def game_shown(game: type[Game[Any]]) -> Shown:
    """A title, as the lobby shows it; ``settings`` is a JSON schema."""
    return {
        "title": game.title,
        "name": game.name,
        "summary": game.summary,
        "version": game.version,
        "seats": _range_shown(game),
        "realtime": game.realtime,
        "drop_in": game.drop_in,
        "bots": game.has_bot(),
        "away": game.away.value,
        "grace_s": game.grace_s,
        "settings": msgspec.json.schema(game.Settings),
    }


def lobby_shown(lobby: Lobby, *, insider: bool) -> Shown:
    """A lobby; ``insider`` is told the code that lets others in."""
    members = list(lobby.members.all())
    state = lobby.state
    return {
        "id": str(lobby.id),
        "title": lobby.title,
        "title_name": lobby.game.name,
        "name": lobby.name,
        "private": lobby.private,
        "code": lobby.code if insider else None,
        "host": None if lobby.host is None else {"id": lobby.host.id, "name": lobby.host.name},
        "state": state.value,
        "settings": lobby.settings,
        "seats": _range_shown(lobby.game) | {"taken": len(members)},
        "members": [
            {
                "user": user_shown(member.user),
                "ready": member.ready,
                "host": member.user_id == lobby.host_id,
            }
            for member in members
        ],
        "bots": lobby.bots,
        "match": str(lobby.match_id) if state == Lobby.State.PLAYING else None,
        "created": lobby.created.isoformat(),
    }


def lobby_shown_to(lobby: Lobby, user: Any) -> Shown:
    """A lobby, as this user, who may be anonymous, is told of it."""
    return lobby_shown(lobby, insider=is_member(lobby, user.id))


def match_shown(match: Match, *, user_id: int) -> Shown:
    """A match in somebody's history; ``seat`` is theirs, or null."""
    game = TITLES.get(match.title)
    mine = seat_of(match, user_id)
    return {
        "id": str(match.id),
        "title": match.title,
        "title_name": game.name if game else match.title,
        "status": match.status,
        "public": match.public,
        "settings": match.settings,
        "seats": [_seat_shown(seat) for seat in match.seats.all()],
        "seat": mine.number if mine else None,
        "reason": match.reason,
        "created": match.created.isoformat(),
        "started": match.started.isoformat() if match.started else None,
        "ended": match.ended.isoformat() if match.ended else None,
    }


def result_shown(match: Match) -> Shown:
    """What came of a match; no ``ranking`` where it was abandoned or its rules failed."""
    return {
        "match": str(match.id),
        "status": match.status,
        "reason": match.reason,
        "ranking": match.ranking,
        "seats": [_seat_shown(seat) for seat in match.seats.all()],
        "ended": match.ended.isoformat() if match.ended else None,
    }


def _seat_shown(seat: Seat) -> Shown:
    return {
        "number": seat.number,
        "name": seat.name,
        "bot": seat.bot,
        "user": seat.user_id,
        "left": seat.left,
        "place": seat.place,
    }


def _range_shown(game: type[Game[Any]]) -> Shown:
    return {"min": game.seats.start, "max": game.seats.stop - 1}


# --- for the live list --------------------------------------------------------------------------


def feed_list() -> list[Shown]:
    """The live list: the newest public lobbies, as anybody may see them."""
    return [lobby_shown(lobby, insider=False) for lobby in lobbies_public()[:FEED_LOBBIES_MAX]]


def feed_lobbies(*, lobby_ids: Iterable[UUID]) -> list[Lobby]:
    """Those lobbies that are not closed."""
    return list(lobbies().filter(id__in=list(lobby_ids), closed=False))


def feed_lobbies_of_matches(*, match_ids: Iterable[UUID]) -> set[UUID]:
    """Which lobbies these matches came from."""
    rows = Lobby.objects.filter(match_id__in=list(match_ids))
    return set(rows.values_list("id", flat=True))
