"""What may be said and done in conversations: each write is one keyword-only function.

Who says something locks their own voice first and the conversation last, so that numbers are given
out in the order of commits: whoever sees a number has seen those before, or knows that they lack
one. After the commit ``message_said`` tells who listens.
"""

import unicodedata
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils import timezone

from lobby.codes import ApiCode, Refused
from lobby.limits import (
    CHAT_BURST_MAX,
    CHAT_CHARS_MAX,
    CHAT_DAYS,
    CHAT_KEPT_MAX,
    CHAT_PER_S,
    CHAT_PRUNED_MAX,
)
from lobby.models.accounts import User
from lobby.models.chat import Message, Talk, Voice
from lobby.models.people import Notice
from lobby.selectors.accounts import user_shown
from lobby.selectors.chat import message_shown, partner_in, talk_right
from lobby.services.people import notify
from lobby.words import filtered

message_said = Signal()
"""Sent after the commit with ``talk``, ``author_id`` and ``message``, as others are told it."""

PRUNE_EVERY = 50
"""Messages between two looks at what a conversation has too many of."""


def chat_say(*, user: User, talk: str, text: str, now: datetime | None = None) -> Message:
    """Say something in a conversation.

    Raises:
        Refused: ``not_found``, ``may_not_speak``, ``invalid`` with the field, ``muted``,
            ``too_fast``, ``text_refused``.
    """
    right = talk_right(name=talk, user=user)
    if not right.speaks:
        raise Refused(ApiCode.MAY_NOT_SPEAK)
    said = filtered(_text_checked(text))
    if not said:
        raise Refused(ApiCode.TEXT_REFUSED)
    with transaction.atomic():
        _voice_use(user, now or timezone.now())
        row = _talk_locked(right.name)
        message = Message.objects.create(
            talk=row, number=row.last + 1, author=user, text=said[:CHAT_CHARS_MAX]
        )
        row.last = message.number
        row.save()
        if message.number % PRUNE_EVERY == 0:
            row.messages.filter(number__lte=message.number - CHAT_KEPT_MAX).delete()
        if (partner := partner_in(right.name, user.id)) is not None:
            _notify_once(partner, user, right.name)
        shown = message_shown(message)
        transaction.on_commit(
            lambda: (
                message_said.send(sender=Talk, talk=right.name, author_id=user.id, message=shown)
                and None
            )
        )
    return message


@transaction.atomic
def voice_mute(*, user_id: int, until: datetime | None, reason: str = "") -> None:
    """Let an account say nothing until then, as an operator does; None: let it speak again."""
    Voice.objects.update_or_create(
        user_id=user_id, defaults={"muted_until": until, "reason": reason}
    )
    if until is not None:
        notify(user_id, "muted", {"until": until.isoformat(), "reason": reason})


def chat_prune(*, now: datetime) -> int:
    """Forget what is old, a bounded part of it, on any number of workers; how many messages."""
    before = now - timedelta(days=CHAT_DAYS)
    old = Message.objects.filter(sent__lt=before).order_by("sent").values_list("id", flat=True)
    count, _ = Message.objects.filter(id__in=list(old[:CHAT_PRUNED_MAX])).delete()
    quiet = Talk.objects.filter(updated__lt=before, messages=None).values_list("id", flat=True)
    Talk.objects.filter(id__in=list(quiet[:CHAT_PRUNED_MAX]), updated__lt=before).delete()
    return count


# --- steps of the above -------------------------------------------------------------------------


def _text_checked(text: str) -> str:
    """One line in one normal form, without what is not seen.

    Raises:
        Refused: ``invalid``, with ``text`` among the fields.
    """
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    tidy = "".join(char for char in tidy if unicodedata.category(char) not in _UNSEEN).strip()
    if not tidy:
        raise Refused(ApiCode.INVALID, {"text": ["Say something."]})
    if len(tidy) > CHAT_CHARS_MAX:
        raise Refused(ApiCode.INVALID, {"text": [f"At most {CHAT_CHARS_MAX} characters."]})
    return tidy


_UNSEEN = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
"""As in names, but for what joins the parts of an emoji; who turns the direction turns a line of
their own."""


def _voice_use(user: User, now: datetime) -> None:
    """Take one from what this account may say just now."""
    Voice.objects.get_or_create(user=user)
    rows = Voice.objects.select_related("user").select_for_update(of=("self",))
    voice = rows.get(user=user)
    if not voice.user.is_active:  # banned, with a socket that is open still
        raise Refused(ApiCode.NOT_AUTHENTICATED)
    if voice.muted_until is not None and voice.muted_until > now:
        until = voice.muted_until.isoformat(timespec="minutes")
        raise Refused(ApiCode.MUTED, {"until": [until], "reason": [voice.reason or "–"]})
    passed_s = 0.0 if voice.filled is None else max(0.0, (now - voice.filled).total_seconds())
    tokens = min(float(CHAT_BURST_MAX), voice.tokens + passed_s * CHAT_PER_S)
    if tokens < 1:
        raise Refused(ApiCode.TOO_FAST)
    Voice.objects.filter(user=user).update(tokens=tokens - 1, filled=now)


def _talk_locked(name: str) -> Talk:
    found = Talk.objects.select_for_update().filter(name=name).first()
    if found is None:
        try:
            with transaction.atomic():
                Talk.objects.create(name=name)
        except IntegrityError:
            pass  # somebody else began it just now
        found = Talk.objects.select_for_update().get(name=name)
    return found


def _notify_once(partner: int, user: User, talk: str) -> None:
    """Tell a friend that something was said, unless they were told and did not look yet."""
    data = {"user": user_shown(user), "talk": talk}
    kind = "direct_message"
    if not Notice.objects.filter(user_id=partner, kind=kind, read=False, data__talk=talk).exists():
        notify(partner, kind, data)
