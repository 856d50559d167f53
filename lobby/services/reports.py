"""What may be reported, and what operators do about it: each write is one keyword-only function."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from games.models import Match
from lobby.codes import ApiCode, Refused
from lobby.limits import REPORT_CHARS_MAX, REPORT_MESSAGES, REPORTS_OPEN_MAX
from lobby.models.accounts import User
from lobby.models.chat import Message
from lobby.models.reports import Report
from lobby.selectors.base import Shown
from lobby.selectors.chat import message_shown, messages_around, talk_right
from lobby.selectors.matches import match_seen_by
from lobby.selectors.people import ID_MAX, person_by_id
from lobby.services.accounts import account_deactivate
from lobby.services.chat import voice_mute
from lobby.services.people import lock_accounts


def report_message(*, user: User, talk: str, number: int, reason: str) -> Report:
    """Report what somebody said; what was said around it is kept with it.

    Raises:
        Refused: ``not_found``, ``invalid`` with the fields, ``too_many_reports``.
    """
    right = talk_right(name=talk, user=user)
    message = Message.objects.filter(talk__name=right.name, number=min(number, ID_MAX)).first()
    if message is None:
        raise Refused(ApiCode.NOT_FOUND)
    kind, _, place = right.name.partition(":")
    match = Match.objects.filter(id=place).first() if kind == "match" else None
    return _report(
        user, message.author, reason, Report(talk=right.name, number=number, match=match)
    )


def report_player(*, user: User, accused_id: int, match_id: UUID | None, reason: str) -> Report:
    """Report somebody for what they do, in a match or anywhere.

    Raises:
        Refused: ``not_found``, ``invalid`` with the fields, ``too_many_reports``.
    """
    accused = person_by_id(user_id=accused_id)
    match = None if match_id is None else match_seen_by(match_id=match_id, user=user)
    talk = "" if match is None else f"match:{match.id}"
    if match is not None and not any(seat.user_id == accused_id for seat in match.seats.all()):
        raise Refused(ApiCode.INVALID, {"user": ["They have no seat in this match."]})
    found = None if match is None else Match.objects.get(id=match.id)
    return _report(user, accused, reason, Report(talk=talk, match=found))


def report_match(*, user: User, match_id: UUID, reason: str) -> Report:
    """Report a match, and nobody in particular.

    Raises:
        Refused: ``not_found``, ``invalid`` with the fields, ``too_many_reports``.
    """
    match = match_seen_by(match_id=match_id, user=user)
    found = Match.objects.get(id=match.id)
    return _report(user, None, reason, Report(talk=f"match:{match.id}", match=found))


@transaction.atomic
def report_close(*, report_id: int, operator: User, outcome: str) -> bool:
    """Somebody has looked at it; False if it was closed already."""
    return bool(
        Report.objects.filter(id=report_id, state=Report.State.OPEN).update(
            state=Report.State.HANDLED,
            handler=operator,
            outcome=outcome[:200],
            handled=timezone.now(),
        )
    )


@transaction.atomic
def report_mute(*, report_id: int, operator: User, hours: int) -> bool:
    """Let the accused say nothing for so long; False if there is none, or it was closed already."""
    report = Report.objects.get(id=report_id)
    if report.accused_id is None:
        return False
    if not report_close(report_id=report_id, operator=operator, outcome=f"Muted for {hours} h"):
        return False
    until = timezone.now() + timedelta(hours=hours)
    voice_mute(user_id=report.accused_id, until=until, reason="After a report")
    return True


@transaction.atomic
def report_ban(*, report_id: int, operator: User) -> bool:
    """Take the account away from the accused; False if there is none, or it was closed already."""
    report = Report.objects.select_related("accused").get(id=report_id)
    if report.accused is None:
        return False
    if not report_close(report_id=report_id, operator=operator, outcome="Banned"):
        return False
    account_deactivate(user=report.accused)
    return True


# --- steps of the above -------------------------------------------------------------------------


def _report(user: User, accused: User | None, reason: str, report: Report) -> Report:
    reason = " ".join(reason.split())
    if not reason or len(reason) > REPORT_CHARS_MAX:
        raise Refused(ApiCode.INVALID, {"reason": [f"From 1 to {REPORT_CHARS_MAX} characters."]})
    if accused is not None and accused.id == user.id:
        raise Refused(ApiCode.INVALID, {"user": ["This is you."]})
    report.reporter, report.accused, report.reason = user, accused, reason
    report.context = _context(report)
    with transaction.atomic():
        lock_accounts({user.id})
        mine = Report.objects.filter(reporter=user, state=Report.State.OPEN)
        if mine.count() >= REPORTS_OPEN_MAX:
            raise Refused(ApiCode.TOO_MANY_REPORTS)
        report.save()
    return report


def _context(report: Report) -> list[Shown]:
    if not report.talk:
        return []
    found = messages_around(name=report.talk, number=report.number, most=REPORT_MESSAGES)
    return [message_shown(message) for message in found]
