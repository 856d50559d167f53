"""What is kept of somebody besides their account, for those who ask for their data."""

from lobby.limits import EXPORT_ROWS_MAX
from lobby.models.accounts import User
from lobby.models.chat import Message
from lobby.models.people import Block, Friend, FriendRequest
from lobby.models.reports import Report
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown
from lobby.selectors.parties import party_shown_to
from lobby.selectors.people import block_shown, notice_shown, notices, request_shown


def people_export(user: User) -> Shown:
    """Friends, requests, blocks, the party and notices of an account."""
    friends = Friend.objects.filter(user=user).select_related("friend")
    sent = FriendRequest.objects.filter(sender=user).select_related("sender", "receiver")
    received = FriendRequest.objects.filter(receiver=user).select_related("sender", "receiver")
    blocks = Block.objects.filter(blocker=user).select_related("blocked")
    return {
        "friends": [
            {"user": user_shown(row.friend), "since": row.since.isoformat()} for row in friends
        ],
        "requests_sent": [request_shown(row, user.id) for row in sent],
        "requests_received": [request_shown(row, user.id) for row in received],
        "blocks": [block_shown(row) for row in blocks],
        "party": party_shown_to(user)["party"],
        "notices": [notice_shown(row) for row in notices(user_id=user.id)],
    }


def chat_export(user: User) -> Shown:
    """What an account said and reported, newest first, as far as it is kept."""
    said = Message.objects.filter(author=user).select_related("talk")[:EXPORT_ROWS_MAX]
    reports = Report.objects.filter(reporter=user)[:EXPORT_ROWS_MAX]
    return {
        "messages": [
            {"talk": row.talk.name, "text": row.text, "sent": row.sent.isoformat()} for row in said
        ],
        "reports": [
            {"reason": row.reason, "talk": row.talk, "created": row.created.isoformat()}
            for row in reports
        ],
    }
