"""What may be asked about invitations."""

from datetime import datetime

from django.db.models import QuerySet

from lobby.codes import ApiCode, Refused
from lobby.models.accounts import User
from lobby.models.invitations import Invitation
from lobby.models.lobbies import Lobby
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown
from lobby.selectors.lobbies import lobbies, lobby_shown


def invitations_shown_to(*, lobby: Lobby, user: User, now: datetime) -> list[Shown]:
    """The invitations to a lobby that still open it: one's own, or all of them to its host."""
    rows = invitations_open(lobby=lobby, now=now).select_related("maker", "invitee")
    if lobby.host_id != user.id:
        rows = rows.filter(maker=user)
    return [invitation_shown(row) for row in rows]


def invitations_open(*, lobby: Lobby, now: datetime) -> QuerySet[Invitation]:
    """Those that still open a lobby; a few."""
    return Invitation.objects.filter(lobby=lobby, uses_left__gt=0, expires__gt=now)


def invitation_by_token(*, token: str, user_id: int | None) -> Invitation:
    """An invitation that this user, who may be nobody yet, may look at.

    Raises:
        Refused: ``not_found``, also where it is for somebody else.
    """
    rows = Invitation.objects.filter(lobby__closed=False).select_related("maker")
    found = None if "\x00" in token else rows.filter(token=token).first()
    if found is None or found.invitee_id not in {None, user_id}:
        raise Refused(ApiCode.NOT_FOUND)
    return found


def invitation_open_shown(*, token: str, user_id: int | None, now: datetime) -> Shown:
    """What one is invited to.

    Raises:
        Refused: ``not_found``, ``invitation_over``.
    """
    found = invitation_by_token(token=token, user_id=user_id)
    lobby = lobbies().filter(id=found.lobby_id, closed=False).first()
    if lobby is None:
        raise Refused(ApiCode.NOT_FOUND)
    if not found.uses_left or found.expires <= now:
        raise Refused(ApiCode.INVITATION_OVER)
    return {
        "lobby": lobby_shown(lobby, insider=False),
        "maker": user_shown(found.maker),
        "expires": found.expires.isoformat(),
    }


def invitation_shown(row: Invitation) -> Shown:
    """An invitation, as those see it who may take it back."""
    return {
        "id": row.id,
        "token": row.token,
        "path": f"/join/{row.token}/",
        "maker": user_shown(row.maker),
        "invitee": None if row.invitee is None else user_shown(row.invitee),
        "uses_left": row.uses_left,
        "expires": row.expires.isoformat(),
    }
