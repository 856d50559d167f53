"""What may be done to lobbies: each write is one keyword-only function.

What cannot be done raises ``Refused`` and changes nothing. A write to a lobby first locks its row,
so that two who want the last seat come one after the other; who locks an account too locks that
first. After the commit ``lobby_changed`` tells who looks on.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils import timezone

from games.catalog import TITLES
from games.models import Match, Seat
from games.selectors import category_of
from games.services import (
    Player,
    SeatRefused,
    match_seat_take,
    match_start,
    seat_vacate,
)
from games.sim import Game
from lobby.codes import ApiCode, Refused
from lobby.counters import count
from lobby.limits import (
    BARRED_MAX,
    LOBBIES_EXPIRED_MAX,
    LOBBIES_PER_USER_MAX,
    LOBBY_EMPTY_S,
    LOBBY_NAME_CHARS_MAX,
    LOBBY_PASSWORD_CHARS_MAX,
    LOBBY_SEEN_S,
    PASSWORD_TRIES_MAX,
    PASSWORD_TRIES_PER_LOBBY_MAX,
    PASSWORD_TRIES_S,
)
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby, Member, code_invent
from lobby.selectors.lobbies import (
    code_tidy,
    is_member,
    lobby_for_entry,
    lobby_for_host,
    lobby_for_member,
    lobby_id_by_code,
)
from lobby.services.base import name_checked
from lobby.services.seating import place_checked, seated
from lobby.services.titles import settings_checked

lobby_changed = Signal()
"""Sent after the commit with ``lobby_id``, when anything that a lobby shows has changed."""

member_removed = Signal()
"""Sent after the commit with ``lobby_id`` and ``user_id``: somebody is in a lobby no more."""


@transaction.atomic
def lobby_create(
    *,
    user: User,
    title: str,
    name: str = "",
    settings: Mapping[str, object] | None = None,
    private: bool = False,
    password: str = "",
    bots: int = 0,
    rated: bool = False,
) -> Lobby:
    """A new lobby with ``user`` in it as its host.

    A rated one is for people with accounts, without bots. Private ones may be rated as well: who
    plays whom can be arranged in public too, so it would only keep friends from rated matches.

    Raises:
        Refused: ``invalid`` with the fields, ``too_many_lobbies``.
    """
    game = TITLES.get(title)
    if game is None:
        raise Refused(ApiCode.INVALID, {"title": ["There is no such title."]})
    shown = name or f"{game.name} with {user.name}"[:LOBBY_NAME_CHARS_MAX]
    chosen = settings_checked(game, settings or {})
    lobby = Lobby(
        title=title,
        name=name_checked("name", shown, LOBBY_NAME_CHARS_MAX),
        settings=chosen,
        category=category_of(title=title, settings=chosen),
        private=private,
        password=_password_hashed(password),
        bots=_bots_checked(game, bots),
        rated=rated,
        host=user,
    )
    _rated_checked(lobby, [user])
    _lock_account(user)
    _must_be_in_few(user)
    _save_with_code(lobby)
    Member.objects.create(lobby=lobby, user=user)
    _tell_changed(lobby.id)
    return lobby


@transaction.atomic
def lobby_change(*, lobby_id: UUID, user: User, changes: Mapping[str, Any]) -> None:
    """Change ``name``, ``settings`` (those named), ``bots``, ``private``, ``rated`` or
    ``password``, as its host.

    Nobody is ready any more for what is played differently now.

    Raises:
        Refused: ``not_found``, ``not_host``, ``already_playing``, ``invalid`` with the fields.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    _must_be_open(lobby)
    before = (lobby.settings, lobby.bots, lobby.rated)
    if "name" in changes:
        lobby.name = name_checked("name", changes["name"], LOBBY_NAME_CHARS_MAX)
    if "settings" in changes:
        lobby.settings = settings_checked(lobby.game, lobby.settings | changes["settings"])
        lobby.category = category_of(title=lobby.title, settings=lobby.settings)
    if "bots" in changes:
        lobby.bots = _bots_checked(lobby.game, changes["bots"])
    if "password" in changes:
        lobby.password = _password_hashed(changes["password"])
    lobby.private = changes.get("private", lobby.private)
    lobby.rated = changes.get("rated", lobby.rated)
    _rated_checked(lobby, [member.user for member in lobby.members.all()])
    lobby.save()
    if before != (lobby.settings, lobby.bots, lobby.rated):
        lobby.members.update(ready=False)
    _tell_changed(lobby_id)


def lobby_join(*, lobby_id: UUID, user: User, code: str = "", password: str = "") -> None:
    """Join a lobby, and a match that runs in it if its title lets people drop in.

    Raises:
        Refused: ``not_found``, ``lobby_password_wrong``, ``too_many_tries``, ``kicked``,
            ``accounts_only``, ``already_playing``, ``lobby_full``, ``match_full``,
            ``too_many_lobbies``.
    """
    opened = password_tried(lobby_id, user, code, password)
    with transaction.atomic():
        _lock_account(user)
        lobby = lobby_opened(lobby_id=lobby_id, user=user, code=code, opened=opened)
        lobby_enter(lobby=lobby, user=user)


def lobby_opened(*, lobby_id: UUID, user: User, code: str, opened: str) -> Lobby:
    """The lobby, locked, if ``user`` has a right to come in.

    Args:
        opened: What ``password_tried`` found.

    Raises:
        Refused: ``not_found``, ``lobby_password_wrong``.
    """
    lobby = lobby_for_entry(lobby_id=lobby_id, user=user, code=code)
    if lobby.password not in {"", opened} and not is_member(lobby, user.id):
        raise Refused(ApiCode.LOBBY_PASSWORD_WRONG)
    return lobby


def password_tried(lobby_id: UUID, user: User, code: str, password: str) -> str:
    """The hash that ``password`` opens, or nothing; looked at before any row is locked, since
    hashing takes long by design.

    Raises:
        Refused: ``lobby_password_wrong``, ``too_many_tries``.
    """
    rows = Lobby.objects.filter(id=lobby_id, closed=False).exclude(password="")
    lobby = rows.only("password", "private", "code").first() if password else None
    if lobby is None or (lobby.private and lobby.code != code_tidy(code)):
        return ""  # whether it is there at all is answered as if no password were given
    for who, most in ((user.id, PASSWORD_TRIES_MAX), ("all", PASSWORD_TRIES_PER_LOBBY_MAX)):
        if count(f"password:{lobby_id}:{who}", window_s=PASSWORD_TRIES_S).number > most:
            raise Refused(ApiCode.TOO_MANY_TRIES)
    if not check_password(password, lobby.password):
        raise Refused(ApiCode.LOBBY_PASSWORD_WRONG)
    return lobby.password


def lobby_enter(*, lobby: Lobby, user: User) -> None:
    """Let ``user`` in, who was found to have a right to it; both are locked.

    Raises:
        Refused: ``kicked``, ``accounts_only``, ``already_playing``, ``lobby_full``,
            ``match_full``, ``too_many_lobbies``.
    """
    if user.id in lobby.barred:
        raise Refused(ApiCode.KICKED)
    if not is_member(lobby, user.id):
        _member_add(lobby, user)
    if lobby.state == Lobby.State.PLAYING and lobby.game.drop_in:
        _seat_take(lobby, user)
    _touch(lobby)
    _tell_changed(lobby.id)


def lobby_join_by_code(*, code: str, user: User, password: str = "") -> UUID:
    """Join the lobby that a code opens; which one it was.

    Raises:
        Refused: as ``lobby_join``.
    """
    lobby_id = lobby_id_by_code(code=code)
    lobby_join(lobby_id=lobby_id, user=user, code=code, password=password)
    return lobby_id


@transaction.atomic
def lobby_leave(*, lobby_id: UUID, user: User) -> None:
    """Leave a lobby and one's seat in its running match; the last one out closes it.

    Raises:
        Refused: ``not_found``.
    """
    lobby = lobby_for_member(lobby_id=lobby_id, user=user, lock=True)
    _member_remove(lobby, user.id, Seat.Left.LEFT)


@transaction.atomic
def lobby_kick(*, lobby_id: UUID, user: User, kicked_id: int, ban: bool = True) -> None:
    """Remove somebody from a lobby and from its running match, as its host.

    Args:
        ban: Whether they are kept out from now on.

    Raises:
        Refused: ``not_found``, ``not_host``, ``invalid`` where it is nobody else in here.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    _must_be_another(lobby, user, kicked_id)
    if ban:
        lobby.barred = [*lobby.barred, kicked_id][-BARRED_MAX:]
    _member_remove(lobby, kicked_id, Seat.Left.KICKED)


@transaction.atomic
def lobby_unban(*, lobby_id: UUID, user: User, barred_id: int) -> None:
    """Let somebody come in again, as its host; it does no harm where they were not kept out.

    Raises:
        Refused: ``not_found``, ``not_host``.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    lobby.barred = [user_id for user_id in lobby.barred if user_id != barred_id]
    lobby.save()


@transaction.atomic
def lobby_pass_on(*, lobby_id: UUID, user: User, heir_id: int) -> None:
    """Make another member the host.

    Raises:
        Refused: ``not_found``, ``not_host``, ``invalid`` where it is nobody else in here.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    _must_be_another(lobby, user, heir_id)
    lobby.host_id = heir_id
    lobby.save()
    # Who was the host is asked to be ready like the others from now on.
    lobby.members.filter(user_id__in=[user.id, heir_id]).update(ready=False)
    _tell_changed(lobby_id)


@transaction.atomic
def lobby_seat(
    *, lobby_id: UUID, user: User, team: int | None = None, seat: int | None = None
) -> None:
    """Choose a team, a seat or, with neither, to be given one.

    Raises:
        Refused: ``not_found``, ``already_playing``, ``seat_taken``, ``invalid`` with the fields.
    """
    lobby = lobby_for_member(lobby_id=lobby_id, user=user, lock=True)
    _must_be_open(lobby)
    team = place_checked(lobby.game, team, seat)
    others = [member for member in lobby.members.all() if member.user_id != user.id]
    if seat is not None and any(member.seat == seat for member in others):
        raise Refused(ApiCode.SEAT_TAKEN)
    lobby.members.filter(user=user).update(team=team, seat=seat)
    _tell_changed(lobby_id)


@transaction.atomic
def lobby_ready(*, lobby_id: UUID, user: User, ready: bool) -> None:
    """Say that one is ready to play, or not.

    Raises:
        Refused: ``not_found``, ``already_playing``.
    """
    lobby = lobby_for_member(lobby_id=lobby_id, user=user, lock=True)
    _must_be_open(lobby)
    lobby.members.filter(user=user).update(ready=ready)
    _touch(lobby)
    _tell_changed(lobby_id)


@transaction.atomic
def lobby_start(*, lobby_id: UUID, user: User) -> Match:
    """Start a match with all who are here, as the host; bots take what seats are left for them.

    Each round the seats that nobody chose move on by one, so that two players swap sides; but teams
    stay together.

    Raises:
        Refused: ``not_found``, ``not_host``, ``already_playing``, ``not_ready``,
            ``too_few_players``, ``teams_uneven``.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    _must_be_open(lobby)
    members = list(lobby.members.all())
    seats = lobby.game.seats
    bots = min(lobby.bots, seats.stop - 1 - len(members))
    taken = len(members) + bots
    if taken < seats.start:
        raise Refused(ApiCode.TOO_FEW_PLAYERS)
    if not all(member.ready for member in members if member.user_id != lobby.host_id):
        raise Refused(ApiCode.NOT_READY)
    if lobby.rated and lobby.game.teams and taken % lobby.game.teams:
        raise Refused(ApiCode.TEAMS_UNEVEN)
    first = 0 if lobby.game.teams else lobby.rounds % len(members)
    placed = seated(members[first:] + members[:first], seats=taken, teams=lobby.game.teams)
    lobby.match = match_start(
        title=lobby.title,
        settings=lobby.settings,
        players=[None if member is None else _player(member.user) for member in placed],
        public=not lobby.private,
        rated=lobby.rated and lobby.game.can_be_rated(),
    )
    lobby.rounds += 1
    lobby.seen = timezone.now()
    lobby.save()
    lobby.members.update(ready=False)
    _tell_changed(lobby_id)
    return lobby.match


def lobby_close(*, lobby_id: UUID) -> bool:
    """Close a lobby, as an operator does; False if it was closed. A running match goes on."""
    if not Lobby.objects.filter(id=lobby_id, closed=False).update(closed=True):
        return False
    _tell_changed(lobby_id)
    return True


def lobbies_seen(*, user_ids: Iterable[int], now: datetime) -> int:
    """Note that these people are here, in all lobbies that they are in; in how many it was news."""
    stale = now - timedelta(seconds=LOBBY_SEEN_S)
    mine = Member.objects.filter(user_id__in=list(user_ids)).values("lobby_id")
    return Lobby.objects.filter(closed=False, seen__lt=stale, id__in=mine).update(seen=now)


def lobbies_expire(*, now: datetime) -> list[UUID]:
    """Close lobbies that everybody left without a word, on any number of workers; which ones.

    One in which a match is played stays: its people may think for days.
    """
    deserted = Lobby.objects.filter(
        closed=False, seen__lt=now - timedelta(seconds=LOBBY_EMPTY_S)
    ).exclude(match__status__in=Match.LIVE)
    ids = list(deserted.order_by("seen").values_list("id", flat=True)[:LOBBIES_EXPIRED_MAX])
    # Asked again in the write itself: somebody may have come back meanwhile.
    expired = [lobby_id for lobby_id in ids if deserted.filter(id=lobby_id).update(closed=True)]
    for lobby_id in expired:
        _tell_changed(lobby_id)
    return expired


def lobbies_tell_renamed(*, user: User, **_: Any) -> None:
    """Receives ``account_renamed``: the lobbies that somebody is in show a new name."""
    for lobby_id in Member.objects.filter(user=user).values_list("lobby_id", flat=True):
        _tell_changed(lobby_id)


def lobbies_leave(*, user: User, **_: Any) -> None:
    """Receives ``account_leaves``: leave every open lobby; where one was the host, another is."""
    memberships = Member.objects.filter(user=user, lobby__closed=False)
    for lobby_id in memberships.values_list("lobby_id", flat=True):
        lobby_leave(lobby_id=lobby_id, user=user)


# --- steps of the above -------------------------------------------------------------------------


def _member_add(lobby: Lobby, user: User) -> None:
    if lobby.state == Lobby.State.PLAYING and not lobby.game.drop_in:
        raise Refused(ApiCode.ALREADY_PLAYING)
    if lobby.rated and user.guest:
        raise Refused(ApiCode.ACCOUNTS_ONLY)
    if len(lobby.members.all()) >= lobby.game.seats.stop - 1:
        raise Refused(ApiCode.LOBBY_FULL)
    _must_be_in_few(user)
    Member.objects.create(lobby=lobby, user=user)


def _member_remove(lobby: Lobby, user_id: int, why: Seat.Left) -> None:
    lobby.members.filter(user_id=user_id).delete()
    if lobby.match_id is not None:
        seat_vacate(match_id=lobby.match_id, user_id=user_id, why=why)
    if lobby.host_id == user_id:
        longest = lobby.members.order_by("joined", "id").first()
        lobby.host = longest.user if longest else None
        lobby.closed = longest is None
    lobby.save()
    _tell_changed(lobby.id)
    transaction.on_commit(
        lambda: member_removed.send(sender=Lobby, lobby_id=lobby.id, user_id=user_id) and None
    )


def _seat_take(lobby: Lobby, user: User) -> None:
    assert lobby.match_id is not None
    try:
        match_seat_take(match_id=lobby.match_id, player=_player(user))
    except SeatRefused as refused:
        if refused.code != "match_over":  # it ended just now: the lobby is open again
            raise Refused(ApiCode.MATCH_FULL) from refused


def _touch(lobby: Lobby) -> None:
    """Somebody is in ``lobby``, even where they keep no socket."""
    Lobby.objects.filter(id=lobby.id).update(seen=timezone.now())


def _must_be_another(lobby: Lobby, user: User, other_id: int) -> None:
    if other_id == user.id or not is_member(lobby, other_id):
        raise Refused(ApiCode.INVALID, {"user": ["This is nobody else in this lobby."]})


def _password_hashed(password: str) -> str:
    if len(password) > LOBBY_PASSWORD_CHARS_MAX:
        raise Refused(
            ApiCode.INVALID, {"password": [f"At most {LOBBY_PASSWORD_CHARS_MAX} characters."]}
        )
    return make_password(password) if password else ""


def _must_be_open(lobby: Lobby) -> None:
    if lobby.state == Lobby.State.PLAYING:
        raise Refused(ApiCode.ALREADY_PLAYING)


def _must_be_in_few(user: User) -> None:
    """Whose account is locked."""
    if Member.objects.filter(user=user, lobby__closed=False).count() >= LOBBIES_PER_USER_MAX:
        raise Refused(ApiCode.TOO_MANY_LOBBIES)


def _lock_account(user: User) -> None:
    """Let nobody count this account's lobbies at the same time."""
    # `no_key`: rows that point at the account may be written meanwhile; a full lock would deadlock
    # with one who holds a lobby and makes this account its host.
    list(User.objects.select_for_update(no_key=True).filter(id=user.id).values_list("id"))


def _save_with_code(lobby: Lobby) -> None:
    for _ in range(8):  # one code in 729 million is taken by each lobby that ever was
        try:
            with transaction.atomic():
                return lobby.save(force_insert=True)
        except IntegrityError:
            lobby.code = code_invent()
    raise AssertionError("no free code was found")


def _bots_checked(game: type[Game[Any]], bots: int) -> int:
    if bots and not game.has_bot():
        raise Refused(ApiCode.INVALID, {"bots": ["This title has no bot."]})
    if not 0 <= bots <= game.seats.stop - 2:
        raise Refused(ApiCode.INVALID, {"bots": [f"From 0 to {game.seats.stop - 2}."]})
    return bots


def _rated_checked(lobby: Lobby, people: list[User]) -> None:
    """Whether the matches of this lobby may be rated, if they are to be."""
    if not lobby.rated:
        return
    problem = ""
    if not lobby.game.can_be_rated():
        problem = "This title is never rated."
    elif lobby.bots:
        problem = "Bots have no rating; rated matches are played without them."
    elif any(user.guest for user in people):
        problem = "Guests have no rating; rated matches are for people with accounts."
    if problem:
        raise Refused(ApiCode.INVALID, {"rated": [problem]})


def _player(user: User) -> Player:
    return Player(user_id=user.id, name=user.name)


def _tell_changed(lobby_id: UUID) -> None:
    transaction.on_commit(lambda: lobby_changed.send(sender=Lobby, lobby_id=lobby_id))
