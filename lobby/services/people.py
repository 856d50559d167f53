"""What people may do about each other: each write is one keyword-only function.

What two people do about each other at the same moment comes one after the other: a write locks both
accounts first, the smaller id before the larger. After the commit, signals tell the sockets.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from lobby.codes import ApiCode, Refused
from lobby.limits import (
    BLOCKS_MAX,
    FRIENDS_MAX,
    NOTICES_KEPT_MAX,
    REQUESTS_RECEIVED_MAX,
    REQUESTS_SENT_MAX,
)
from lobby.models.accounts import User
from lobby.models.people import Block, Friend, FriendRequest, Notice
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown
from lobby.selectors.people import ID_MAX, are_blocked, are_friends, notice_shown, unread_count

person_told = Signal()
"""Sent after the commit with ``user_id`` and ``message``: all sockets of somebody are to say it."""

hidden_changed = Signal()
"""Sent after the commit with ``user_id``: somebody reads other people from now on."""

person_blocked = Signal()
"""Sent with ``one`` and ``other``, in the transaction in which one of them blocks the other:
whoever brought them together takes that back."""


def notify(user_id: int, kind: str, data: Mapping[str, Any], *, keep: bool = True) -> None:
    """Tell somebody something, at all their sockets.

    Args:
        kind: A code, ``lower_snake_case``.
        keep: Also in their list, until it is read; of what is older than the newest hundred, the
            oldest are forgotten. False: what is of no use to who is not here now.
    """
    if not keep:
        message = {"t": "notice", "notice": {"id": None, "kind": kind, "data": dict(data)}}
        return _tell(user_id, message)  # and no transaction, which on SQLite others wait for
    with transaction.atomic():
        notice = Notice.objects.create(user_id=user_id, kind=kind, data=dict(data))
        mine = Notice.objects.filter(user_id=user_id)
        oldest = mine.order_by("-id").values_list("id", flat=True)[NOTICES_KEPT_MAX:]
        if forgotten := list(oldest[:NOTICES_KEPT_MAX]):
            mine.filter(id__in=forgotten).delete()
        shown = notice_shown(notice)
        _tell(user_id, {"t": "notice", "notice": shown, "unread": unread_count(user_id=user_id)})


@transaction.atomic
def notices_read(*, user: User, up_to: int) -> int:
    """Mark what somebody was told as read, up to this one; how much is unread still."""
    Notice.objects.filter(user=user, id__lte=min(up_to, ID_MAX), read=False).update(read=True)
    unread = unread_count(user_id=user.id)
    _tell(user.id, {"t": "unread", "unread": unread})
    return unread


@transaction.atomic
def friend_request(*, user: User, other_id: int) -> None:
    """Ask somebody to be friends; two who asked each other are.

    Raises:
        Refused: ``not_found``, ``invalid`` where it is oneself, ``blocked``, ``too_many_friends``,
            ``too_many_requests``.
    """
    _lock_pair(user.id, other_id)
    if are_blocked(user.id, other_id):
        raise Refused(ApiCode.BLOCKED)
    if are_friends(user.id, other_id):
        return
    if FriendRequest.objects.filter(sender_id=other_id, receiver=user).exists():
        return _befriend(user, other_id)
    _friend_room_for(user.id)
    sent = FriendRequest.objects.filter(sender=user)
    if sent.filter(receiver_id=other_id).exists():
        return
    received = FriendRequest.objects.filter(receiver_id=other_id)
    if sent.count() >= REQUESTS_SENT_MAX or received.count() >= REQUESTS_RECEIVED_MAX:
        raise Refused(ApiCode.TOO_MANY_REQUESTS)
    FriendRequest.objects.create(sender=user, receiver_id=other_id)
    notify(other_id, "friend_request", {"user": user_shown(user)})


@transaction.atomic
def friend_accept(*, user: User, other_id: int) -> None:
    """Say yes to one who asked.

    Raises:
        Refused: ``not_found`` also where nobody asked, ``too_many_friends``.
    """
    _lock_pair(user.id, other_id)
    if are_friends(user.id, other_id):
        return
    if not FriendRequest.objects.filter(sender_id=other_id, receiver=user).exists():
        raise Refused(ApiCode.NOT_FOUND)
    _befriend(user, other_id)


@transaction.atomic
def friend_decline(*, user: User, other_id: int) -> None:
    """Say no to one who asked, which they are not told; or take one's own request back."""
    _lock_pair(user.id, other_id)
    FriendRequest.objects.filter(_either("sender", "receiver", user.id, other_id)).delete()


@transaction.atomic
def friend_remove(*, user: User, other_id: int) -> None:
    """Be friends no more."""
    _lock_pair(user.id, other_id)
    Friend.objects.filter(_either("user", "friend", user.id, other_id)).delete()


@transaction.atomic
def block_set(*, user: User, other_id: int, chat_only: bool = False) -> None:
    """Block somebody: no friends, no requests, no messages, no matches; or only not read them.

    Raises:
        Refused: ``not_found``, ``invalid`` where it is oneself, ``too_many_blocks``.
    """
    _lock_pair(user.id, other_id)
    block = Block.objects.filter(blocker=user, blocked_id=other_id).first()
    if block is None:
        if Block.objects.filter(blocker=user).count() >= BLOCKS_MAX:
            raise Refused(ApiCode.TOO_MANY_BLOCKS)
        Block.objects.create(blocker=user, blocked_id=other_id, chat_only=chat_only)
    elif block.chat_only and not chat_only:
        Block.objects.filter(id=block.id).update(chat_only=False)
    if not chat_only:
        Friend.objects.filter(_either("user", "friend", user.id, other_id)).delete()
        FriendRequest.objects.filter(_either("sender", "receiver", user.id, other_id)).delete()
        person_blocked.send(sender=User, one=user.id, other=other_id)
    _tell_hidden(user.id)


@transaction.atomic
def block_lift(*, user: User, other_id: int, chat_only: bool = False) -> None:
    """Take that back; ``chat_only``: a mute alone, which a block is more than."""
    rows = Block.objects.filter(blocker=user, blocked_id=min(other_id, ID_MAX))
    if chat_only:
        rows = rows.filter(chat_only=True)
    rows.delete()
    _tell_hidden(user.id)


# --- steps of the above -------------------------------------------------------------------------


def lock_accounts(user_ids: set[int]) -> set[int]:
    """Let nobody else write about these people until the transaction ends; those that there are.

    Always in the same order, or two who lock each other would wait for ever.
    """
    rows = User.objects.select_for_update(no_key=True).filter(id__in=user_ids, is_active=True)
    return set(rows.order_by("id").values_list("id", flat=True))


def _lock_pair(user_id: int, other_id: int) -> None:
    if user_id == other_id:
        raise Refused(ApiCode.INVALID, {"user": ["This is you."]})
    if other_id > ID_MAX or other_id not in lock_accounts({user_id, other_id}):
        raise Refused(ApiCode.NOT_FOUND)


def _befriend(user: User, other_id: int) -> None:
    for user_id in (user.id, other_id):
        _friend_room_for(user_id)
    FriendRequest.objects.filter(_either("sender", "receiver", user.id, other_id)).delete()
    Friend.objects.create(user=user, friend_id=other_id)
    Friend.objects.create(user_id=other_id, friend=user)
    notify(other_id, "friend_accepted", {"user": user_shown(user)})


def _friend_room_for(user_id: int) -> None:
    if Friend.objects.filter(user_id=user_id).count() >= FRIENDS_MAX:
        raise Refused(ApiCode.TOO_MANY_FRIENDS)


def _either(from_name: str, to_name: str, one: int, other: int) -> Q:
    """Rows from one to the other, whichever way."""
    there = Q(**{f"{from_name}_id": one, f"{to_name}_id": other})
    return there | Q(**{f"{from_name}_id": other, f"{to_name}_id": one})


def _tell(user_id: int, message: Shown) -> None:
    transaction.on_commit(
        lambda: person_told.send(sender=User, user_id=user_id, message=message) and None
    )


def _tell_hidden(user_id: int) -> None:
    transaction.on_commit(lambda: hidden_changed.send(sender=User, user_id=user_id) and None)
