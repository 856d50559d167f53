"""What may be done to accounts and lobbies: each write is one keyword-only function.

What cannot be done raises ``Refused`` and changes nothing. A write to a lobby first locks its row,
so that two who want the last seat come one after the other; who locks an account too locks that
first. After the commit ``lobby_changed`` tells who looks on.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from knox.models import get_token_model
from knox.settings import knox_settings

from games.catalog import TITLES
from games.models import Match, Seat
from games.services import (
    Player,
    SeatRefused,
    match_seat_take,
    match_start,
    seat_vacate,
)
from games.sim import Game
from lobby.codes import ApiCode, Refused
from lobby.limits import (
    LOBBIES_PER_USER_MAX,
    LOBBY_NAME_CHARS_MAX,
    NAME_CHARS_MAX,
    USERNAME_CHARS_MIN,
)
from lobby.models import Lobby, Member, User, code_invent
from lobby.names import name_check, name_invent, name_tidy
from lobby.selectors import (
    is_member,
    lobby_for_entry,
    lobby_for_host,
    lobby_for_member,
    lobby_id_by_code,
)

lobby_changed = Signal()
"""Sent after the commit with ``lobby_id``, when anything that a lobby shows has changed."""

T = TypeVar("T")

# --- accounts -----------------------------------------------------------------------------------


def guest_create() -> User:
    """A guest: a generated username, no password, a pleasant name."""
    user = User(username=f"guest-{secrets.token_hex(6)}", name=name_invent(), guest=True)
    user.set_unusable_password()
    user.save()
    return user


def account_register(*, username: str, password: str, email: str = "") -> User:
    """An account with a password; it is shown under its username until it chooses another name.

    Raises:
        Refused: ``invalid``, with ``username`` or ``password`` among the fields.
    """
    username = unicodedata.normalize("NFKC", username)
    user = User(username=username, name=username, email=email)
    problems = _problems("username", lambda: _username_check(username))
    problems |= _problems("password", lambda: validate_password(password, user))
    if problems:
        raise Refused(ApiCode.INVALID, problems)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody else took the name meanwhile
        raise Refused(ApiCode.INVALID, {"username": [_TAKEN]}) from error
    return user


def account_rename(*, user: User, name: str) -> None:
    """Change the name that others see; a running match keeps the old one.

    Raises:
        Refused: ``invalid``, with ``display_name`` among the fields.
    """
    user.name = _name_checked("display_name", name, NAME_CHARS_MAX)
    user.save(update_fields=["name"])
    for lobby_id in Member.objects.filter(user=user).values_list("lobby_id", flat=True):
        _tell_changed(lobby_id)


@transaction.atomic
def account_delete(*, user: User) -> None:
    """Delete an account; its lobbies pass to others, its seats keep their names."""
    memberships = Member.objects.filter(user=user, lobby__closed=False)
    for lobby_id in memberships.values_list("lobby_id", flat=True):
        lobby_leave(lobby_id=lobby_id, user=user)
    user.delete()


def token_issue(*, user: User) -> tuple[str, datetime | None]:
    """A new token and when it expires; beyond the limit of a user's tokens the oldest ends."""
    tokens = get_token_model().objects
    if limit := knox_settings.TOKEN_LIMIT_PER_USER:
        kept = tokens.filter(user=user).order_by("-created")[: limit - 1]
        tokens.filter(user=user).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    issued, token = tokens.create(user)
    update_last_login(User, user)
    return token, issued.expiry


_TAKEN = "This username is taken."


def _username_check(username: str) -> None:
    if not USERNAME_CHARS_MIN <= len(username) <= NAME_CHARS_MAX:
        raise ValidationError(
            f"A username has {USERNAME_CHARS_MIN} to {NAME_CHARS_MAX} characters."
        )
    UnicodeUsernameValidator()(username)
    name_check(username)
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError(_TAKEN)


# --- lobbies ------------------------------------------------------------------------------------


@transaction.atomic
def lobby_create(
    *,
    user: User,
    title: str,
    name: str = "",
    settings: Mapping[str, object] | None = None,
    private: bool = False,
    bots: int = 0,
) -> Lobby:
    """A new lobby with ``user`` in it as its host.

    Raises:
        Refused: ``invalid`` with the fields, ``too_many_lobbies``.
    """
    game = TITLES.get(title)
    if game is None:
        raise Refused(ApiCode.INVALID, {"title": ["There is no such title."]})
    shown = name or f"{game.name} with {user.name}"[:LOBBY_NAME_CHARS_MAX]
    lobby = Lobby(
        title=title,
        name=_name_checked("name", shown, LOBBY_NAME_CHARS_MAX),
        settings=settings_checked(game, settings or {}),
        private=private,
        bots=_bots_checked(game, bots),
        host=user,
    )
    _lobby_room_for(user)
    _save_with_code(lobby)
    Member.objects.create(lobby=lobby, user=user)
    _tell_changed(lobby.id)
    return lobby


@transaction.atomic
def lobby_change(*, lobby_id: UUID, user: User, changes: Mapping[str, Any]) -> None:
    """Change ``name``, ``settings`` (those named), ``bots`` or ``private``, as its host.

    Nobody is ready any more for what is played differently now.

    Raises:
        Refused: ``not_found``, ``not_host``, ``already_playing``, ``invalid`` with the fields.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    _must_be_open(lobby)
    before = (lobby.settings, lobby.bots)
    if "name" in changes:
        lobby.name = _name_checked("name", changes["name"], LOBBY_NAME_CHARS_MAX)
    if "settings" in changes:
        lobby.settings = settings_checked(lobby.game, lobby.settings | changes["settings"])
    if "bots" in changes:
        lobby.bots = _bots_checked(lobby.game, changes["bots"])
    lobby.private = changes.get("private", lobby.private)
    lobby.save()
    if before != (lobby.settings, lobby.bots):
        lobby.members.update(ready=False)
    _tell_changed(lobby_id)


@transaction.atomic
def lobby_join(*, lobby_id: UUID, user: User, code: str = "") -> None:
    """Join a lobby, and a match that runs in it if its title lets people drop in.

    Raises:
        Refused: ``not_found``, ``kicked``, ``already_playing``, ``lobby_full``, ``match_full``,
            ``too_many_lobbies``.
    """
    _lock_account(user)
    lobby = lobby_for_entry(lobby_id=lobby_id, user=user, code=code)
    if user.id in lobby.barred:
        raise Refused(ApiCode.KICKED)
    if not is_member(lobby, user.id):
        _member_add(lobby, user)
    if lobby.state == Lobby.State.PLAYING and lobby.game.drop_in:
        _seat_take(lobby, user)
    _tell_changed(lobby_id)


def lobby_join_by_code(*, code: str, user: User) -> UUID:
    """Join the lobby that a code opens; which one it was.

    Raises:
        Refused: as ``lobby_join``.
    """
    lobby_id = lobby_id_by_code(code=code)
    lobby_join(lobby_id=lobby_id, user=user, code=code)
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
def lobby_kick(*, lobby_id: UUID, user: User, kicked_id: int) -> None:
    """Remove somebody from a lobby for good, and from its running match, as its host.

    Raises:
        Refused: ``not_found``, ``not_host``, ``invalid`` where it is nobody else in here.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    if kicked_id == user.id or not is_member(lobby, kicked_id):
        raise Refused(ApiCode.INVALID, {"user": ["This is nobody else in this lobby."]})
    lobby.barred = [*lobby.barred, kicked_id]
    _member_remove(lobby, kicked_id, Seat.Left.KICKED)


@transaction.atomic
def lobby_ready(*, lobby_id: UUID, user: User, ready: bool) -> None:
    """Say that one is ready to play, or not.

    Raises:
        Refused: ``not_found``, ``already_playing``.
    """
    lobby = lobby_for_member(lobby_id=lobby_id, user=user, lock=True)
    _must_be_open(lobby)
    lobby.members.filter(user=user).update(ready=ready)
    _tell_changed(lobby_id)


@transaction.atomic
def lobby_start(*, lobby_id: UUID, user: User) -> Match:
    """Start a match with all who are here, as the host; bots take what seats are left for them.

    Each round the seats move on by one, so that two players swap sides.

    Raises:
        Refused: ``not_found``, ``not_host``, ``already_playing``, ``not_ready``,
            ``too_few_players``.
    """
    lobby = lobby_for_host(lobby_id=lobby_id, user=user, lock=True)
    _must_be_open(lobby)
    members = list(lobby.members.all())
    seats = lobby.game.seats
    bots = min(lobby.bots, seats.stop - 1 - len(members))
    if len(members) + bots < seats.start:
        raise Refused(ApiCode.TOO_FEW_PLAYERS)
    if not all(member.ready for member in members if member.user_id != lobby.host_id):
        raise Refused(ApiCode.NOT_READY)
    first = lobby.rounds % len(members)
    lobby.match = match_start(
        title=lobby.title,
        settings=lobby.settings,
        players=[_player(member.user) for member in members[first:] + members[:first]],
        bots=bots,
        public=not lobby.private,
    )
    lobby.rounds += 1
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


def settings_checked(game: type[Game[Any]], settings: Mapping[str, object]) -> dict[str, object]:
    """A title's settings as they are kept: checked, with every default filled in.

    Raises:
        Refused: ``invalid``; the field is named ``settings.<name>``.
    """
    try:
        checked = msgspec.convert(settings, game.Settings)
    except msgspec.ValidationError as error:
        field, problem = _setting_named(str(error))
        raise Refused(ApiCode.INVALID, {field: [problem]}) from error
    return dict(msgspec.to_builtins(checked))


_AT = re.compile(r"(?P<problem>.*?) - at `\$\.?(?P<path>.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<name>.*)`", re.DOTALL)
_PATTERN = re.compile(r"Expected `str` matching regex")


def _setting_named(message: str) -> tuple[str, str]:
    """Which setting a sentence of msgspec is about, and what it says of it."""
    problem, path = message, ""
    if found := _AT.fullmatch(message):
        problem, path = found["problem"], found["path"]
    if found := _UNKNOWN.search(problem):
        path, problem = f"{path}.{found['name']}".strip("."), "There is no such setting."
    elif _PATTERN.match(problem):
        problem = "This is not of the form that is asked for."
    return f"settings.{path}".strip("."), problem


# --- steps of the above -------------------------------------------------------------------------


def _member_add(lobby: Lobby, user: User) -> None:
    if lobby.state == Lobby.State.PLAYING and not lobby.game.drop_in:
        raise Refused(ApiCode.ALREADY_PLAYING)
    if len(lobby.members.all()) >= lobby.game.seats.stop - 1:
        raise Refused(ApiCode.LOBBY_FULL)
    _lobby_room_for(user)
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


def _seat_take(lobby: Lobby, user: User) -> None:
    assert lobby.match_id is not None
    try:
        match_seat_take(match_id=lobby.match_id, player=_player(user))
    except SeatRefused as refused:
        if refused.code != "match_over":  # it ended just now: the lobby is open again
            raise Refused(ApiCode.MATCH_FULL) from refused


def _must_be_open(lobby: Lobby) -> None:
    if lobby.state == Lobby.State.PLAYING:
        raise Refused(ApiCode.ALREADY_PLAYING)


def _lobby_room_for(user: User) -> None:
    _lock_account(user)
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


def _name_checked(field: str, name: str, chars_max: int) -> str:
    tidy = name_tidy(name)
    if problems := _problems(field, lambda: name_check(tidy)):
        raise Refused(ApiCode.INVALID, problems)
    if len(tidy) > chars_max:
        raise Refused(ApiCode.INVALID, {field: [f"At most {chars_max} characters."]})
    return tidy


def _problems(field: str, check: Callable[[], None]) -> dict[str, list[str]]:
    """What ``check`` finds wrong, under the name of the field."""
    try:
        check()
    except ValidationError as error:
        return {field: list(error.messages)}
    return {}


def _player(user: User) -> Player:
    return Player(user_id=user.id, name=user.name)


def _tell_changed(lobby_id: UUID) -> None:
    transaction.on_commit(lambda: lobby_changed.send(sender=Lobby, lobby_id=lobby_id))
