"""What may be asked about people: friends, requests, blocks, parties, and what they are told."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from lobby.codes import ApiCode, Refused
from lobby.models.accounts import User
from lobby.models.parties import PartyMember
from lobby.models.people import Block, Friend, FriendRequest, Notice
from lobby.presence import Place, presence_of
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown

ID_MAX = 2**63 - 1
"""Larger numbers are no ids, and some databases fail on them."""


def person_by_id(*, user_id: int) -> User:
    """Somebody who plays.

    Raises:
        Refused: ``not_found``.
    """
    found = User.objects.filter(id=user_id, is_active=True).first() if user_id <= ID_MAX else None
    if found is None:
        raise Refused(ApiCode.NOT_FOUND)
    return found


def person_by_username(*, username: str) -> User:
    """Somebody who plays, by the name that they log in with; guests are not found by one.

    Raises:
        Refused: ``not_found``.
    """
    rows = User.objects.filter(username__iexact=username, is_active=True, guest=False)
    found = None if "\x00" in username else rows.first()
    if found is None:
        raise Refused(ApiCode.NOT_FOUND)
    return found


def friends_of(user_id: int) -> list[int]:
    """The ids of somebody's friends."""
    return list(
        Friend.objects.filter(user_id=user_id).order_by().values_list("friend_id", flat=True)
    )


def party_of(user_id: int) -> list[int]:
    """The ids of those whom somebody plays with, their own too, the leader's first; their own alone
    where they are in no party."""
    party = PartyMember.objects.filter(user_id=user_id).values("party_id")
    rows = PartyMember.objects.filter(party_id__in=party).values_list("user_id", "party__leader_id")
    ids = [(member_id != leader_id, member_id) for member_id, leader_id in rows]
    return [member_id for _, member_id in sorted(ids, key=lambda each: each[0])] or [user_id]


def are_friends(one: int, other: int) -> bool:
    """Whether these two are friends."""
    return Friend.objects.filter(user_id=one, friend_id=other).exists()


def blocked_pairs(user_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Which of these people do not want to meet; smaller id first, whoever of them said so."""
    ids = list(set(user_ids))
    found: set[tuple[int, int]] = set()
    for first in range(0, len(ids), 500):
        rows = Block.objects.filter(chat_only=False, blocker_id__in=ids[first : first + 500])
        found |= {
            (min(pair), max(pair))
            for pair in rows.order_by().values_list("blocker_id", "blocked_id")
        }
    wanted = set(ids)
    return {pair for pair in found if wanted.issuperset(pair)}


def are_blocked(one: int, other: int) -> bool:
    """Whether one of these two does not want to hear of the other."""
    either = Q(blocker_id=one, blocked_id=other) | Q(blocker_id=other, blocked_id=one)
    return Block.objects.filter(either, chat_only=False).exists()


def hidden_from(user_id: int) -> frozenset[int]:
    """Those whose words somebody does not want to read."""
    rows = Block.objects.filter(blocker_id=user_id).order_by()
    return frozenset(rows.values_list("blocked_id", flat=True))


def friends(*, user_id: int) -> QuerySet[Friend]:
    """Somebody's friends by name."""
    return Friend.objects.filter(user_id=user_id).select_related("friend")


def requests_received(*, user_id: int) -> QuerySet[FriendRequest]:
    """Who asks somebody to be friends, newest first."""
    return FriendRequest.objects.filter(receiver_id=user_id).select_related("sender", "receiver")


def requests_sent(*, user_id: int) -> QuerySet[FriendRequest]:
    """Whom somebody asked to be friends, newest first."""
    return FriendRequest.objects.filter(sender_id=user_id).select_related("sender", "receiver")


def blocks(*, user_id: int) -> QuerySet[Block]:
    """Whom somebody blocked or muted, newest first."""
    return Block.objects.filter(blocker_id=user_id).select_related("blocked")


def notices(*, user_id: int) -> QuerySet[Notice]:
    """What somebody was told, newest first."""
    return Notice.objects.filter(user_id=user_id)


def unread_count(*, user_id: int) -> int:
    """How much of it is unread."""
    return Notice.objects.filter(user_id=user_id, read=False).count()


def friend_shown(row: Friend, here: Mapping[int, Place]) -> Shown:
    """A friend, and where they are."""
    return {
        "user": user_shown(row.friend),
        "since": row.since.isoformat(),
        "presence": presence_shown(row.friend_id, here),
    }


def presence_shown(user_id: int, here: Mapping[int, Place]) -> str:
    """Where somebody is, in a word."""
    return here[user_id].value if user_id in here else "offline"


def request_shown(row: FriendRequest, user_id: int) -> Shown:
    """A request to be friends, as one of the two sees it."""
    other = row.receiver if row.sender_id == user_id else row.sender
    return {"user": user_shown(other), "sent": row.sent.isoformat()}


def block_shown(row: Block) -> Shown:
    """Somebody who was blocked or muted."""
    return {
        "user": user_shown(row.blocked),
        "chat_only": row.chat_only,
        "since": row.since.isoformat(),
    }


def notice_shown(row: Notice) -> Shown:
    """Something that somebody is told."""
    return {
        "id": row.id,
        "kind": row.kind,
        "data": row.data,
        "read": row.read,
        "created": row.created.isoformat(),
    }


def person_shown(other: User, *, user_id: int) -> Shown:
    """Somebody, and what they are to the one who asks."""
    asked = FriendRequest.objects.filter(
        Q(sender_id=user_id, receiver=other) | Q(sender=other, receiver_id=user_id)
    ).first()
    block = Block.objects.filter(blocker_id=user_id, blocked=other).first()
    friend = are_friends(user_id, other.id)
    return {
        "user": user_shown(other),
        "friend": friend,
        "request": _request_way(asked, user_id),
        "blocked": block is not None and not block.chat_only,
        "muted": block is not None,
        "presence": presence_shown(other.id, presence_of([other.id])) if friend else None,
    }


def _request_way(asked: FriendRequest | None, user_id: int) -> Any:
    if asked is None:
        return None
    return "sent" if asked.sender_id == user_id else "received"
