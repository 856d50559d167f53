"""What may be asked about conversations: who may read and speak where, and what was said."""

from typing import NamedTuple
from uuid import UUID

from lobby.codes import ApiCode, Refused
from lobby.limits import CHAT_PAGE_MAX
from lobby.models.accounts import User
from lobby.models.chat import Message, Talk
from lobby.models.lobbies import Member
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown
from lobby.selectors.matches import match_seen_by, speaks_in
from lobby.selectors.people import ID_MAX, are_blocked, are_friends, hidden_from


class Right(NamedTuple):
    """What somebody may do in a conversation that they may read.

    Attributes:
        name: As it is kept.
        speaks: Whether they may say something there.
    """

    name: str
    speaks: bool


def direct_name(one: int, other: int) -> str:
    """The conversation of these two."""
    return f"direct:{min(one, other)}-{max(one, other)}"


def partner_in(name: str, user_id: int) -> int | None:
    """Whom somebody talks with in a conversation of two."""
    kind, _, rest = name.partition(":")
    if kind != "direct":
        return None
    return next(int(part) for part in rest.split("-") if int(part) != user_id)


def talk_right(*, name: str, user: User) -> Right:
    """What ``user`` may do in a conversation.

    - of a lobby: who is in it reads and speaks;
    - of a match: who has a seat in it or is in its lobby speaks, and who may watch it reads;
    - of two: they read what was said, and speak as long as they are friends.

    Raises:
        Refused: ``not_found``, also where it is not theirs to read.
    """
    kind, _, rest = name.partition(":")
    if kind == "direct":
        return _direct_right(rest, user)
    try:
        place = UUID(rest)
    except ValueError as error:
        raise Refused(ApiCode.NOT_FOUND) from error
    if kind == "lobby":
        if not Member.objects.filter(lobby_id=place, user=user, lobby__closed=False).exists():
            raise Refused(ApiCode.NOT_FOUND)
        return Right(f"lobby:{place}", speaks=True)
    if kind == "match":
        match = match_seen_by(match_id=place, user=user)
        return Right(f"match:{place}", speaks=speaks_in(match, user))
    raise Refused(ApiCode.NOT_FOUND)


def _direct_right(rest: str, user: User) -> Right:
    parts = rest.split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise Refused(ApiCode.NOT_FOUND)
    ids = {int(part[:20]) for part in parts}
    if user.id not in ids or len(ids) != 2 or max(ids) > ID_MAX:
        raise Refused(ApiCode.NOT_FOUND)
    other = next(each for each in ids if each != user.id)
    if are_blocked(user.id, other) or not User.objects.filter(id=other).exists():
        raise Refused(ApiCode.NOT_FOUND)
    return Right(direct_name(user.id, other), speaks=are_friends(user.id, other))


def talk_last(*, name: str) -> int:
    """The number of the newest message; 0 where nothing was said yet."""
    return Talk.objects.filter(name=name).values_list("last", flat=True).first() or 0


def history_shown(
    *, name: str, user: User, before: int | None = None, after: int | None = None
) -> Shown:
    """A page of what was said, oldest first: the newest, or what stands before or after a number.

    Without the words of those whom ``user`` hides. All that is still kept of the numbers from
    ``first`` to ``upto`` is in it.

    Raises:
        Refused: ``not_found``.
    """
    right = talk_right(name=name, user=user)
    last = talk_last(name=right.name)
    rows = Message.objects.filter(talk__name=right.name).select_related("author")
    if after is not None:
        first = min(after, ID_MAX) + 1
        page = list(rows.filter(number__gte=first).order_by("number")[:CHAT_PAGE_MAX])
        upto = page[-1].number if len(page) == CHAT_PAGE_MAX else max(last, first - 1)
    else:
        upto = last if before is None else min(before - 1, last)
        page = list(rows.filter(number__lte=upto).order_by("-number")[:CHAT_PAGE_MAX])[::-1]
        first = page[0].number if page else upto + 1
    hidden = hidden_from(user.id)
    return {
        "talk": right.name,
        "speaks": right.speaks,
        "first": first,
        "upto": upto,
        "last": last,
        "messages": [message_shown(row) for row in page if row.author_id not in hidden],
    }


def messages_around(*, name: str, number: int | None, most: int) -> list[Message]:
    """What was said up to and a little after a message, oldest first; else the newest."""
    rows = Message.objects.filter(talk__name=name).select_related("author")
    if number is not None:
        rows = rows.filter(number__lte=min(number, ID_MAX - most) + most // 4)
    return list(rows.order_by("-number")[:most])[::-1]


def message_shown(message: Message) -> Shown:
    """Something that was said."""
    return {
        "number": message.number,
        "author": user_shown(message.author),
        "text": message.text,
        "sent": message.sent.isoformat(),
    }
