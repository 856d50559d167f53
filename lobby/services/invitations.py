"""What may be done with invitations: each write is one keyword-only function."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from lobby.codes import ApiCode, Refused
from lobby.limits import INVITATION_HOURS_MAX, INVITATION_USES_MAX, INVITATIONS_PER_LOBBY_MAX
from lobby.models.accounts import User
from lobby.models.invitations import Invitation
from lobby.models.lobbies import Lobby
from lobby.selectors.accounts import user_shown
from lobby.selectors.invitations import invitation_by_token, invitations_open
from lobby.selectors.lobbies import is_member, lobby_for_member, lobby_locked
from lobby.selectors.people import are_friends
from lobby.services.lobbies import lobby_enter
from lobby.services.people import lock_accounts, notify

DIRECT_HOURS = 24
"""For which a letter to one person opens a lobby."""


@transaction.atomic
def invitation_make(*, lobby_id: UUID, user: User, uses: int, hours: int) -> Invitation:
    """A link into a lobby that one is in, for whoever has it.

    Raises:
        Refused: ``not_found``, ``too_many_invitations``, ``invalid`` with the fields.
    """
    for name, value, most in (
        ("uses", uses, INVITATION_USES_MAX),
        ("hours", hours, INVITATION_HOURS_MAX),
    ):
        if not 1 <= value <= most:
            raise Refused(ApiCode.INVALID, {name: [f"From 1 to {most}."]})
    lobby = lobby_for_member(lobby_id=lobby_id, user=user, lock=True)
    _must_have_room(lobby)
    expires = timezone.now() + timedelta(hours=hours)
    return Invitation.objects.create(lobby=lobby, maker=user, uses_left=uses, expires=expires)


@transaction.atomic
def invitation_send(*, lobby_id: UUID, user: User, friend_id: int) -> Invitation:
    """Invite a friend to a lobby that one is in; they are told.

    Raises:
        Refused: ``not_found``, ``not_friends``, ``kicked``, ``too_many_invitations``, ``invalid``
            where they are in it already.
    """
    lobby = lobby_for_member(lobby_id=lobby_id, user=user, lock=True)
    if not are_friends(user.id, min(friend_id, 2**63 - 1)):
        raise Refused(ApiCode.NOT_FRIENDS)
    if friend_id in lobby.barred:
        raise Refused(ApiCode.KICKED)
    if is_member(lobby, friend_id):
        raise Refused(ApiCode.INVALID, {"user": ["They are in this lobby already."]})
    Invitation.objects.filter(lobby=lobby, invitee_id=friend_id).delete()
    _must_have_room(lobby)
    invitation = Invitation.objects.create(
        lobby=lobby,
        maker=user,
        invitee_id=friend_id,
        uses_left=1,
        expires=timezone.now() + timedelta(hours=DIRECT_HOURS),
    )
    shown = {"id": str(lobby.id), "name": lobby.name, "title": lobby.title}
    data = {"user": user_shown(user), "lobby": shown, "token": invitation.token}
    notify(friend_id, "lobby_invitation", data)
    return invitation


@transaction.atomic
def invitation_accept(*, token: str, user: User) -> UUID:
    """Come into the lobby that an invitation opens; which one it was. Being in it already uses
    nothing up.

    Raises:
        Refused: ``not_found``, ``invitation_over``, ``kicked``, ``already_playing``,
            ``lobby_full``, ``match_full``, ``too_many_lobbies``.
    """
    lock_accounts({user.id})
    invitation = invitation_by_token(token=token, user_id=user.id)
    lobby = lobby_locked(lobby_id=invitation.lobby_id)
    if not is_member(lobby, user.id):
        usable = Invitation.objects.filter(
            id=invitation.id, uses_left__gt=0, expires__gt=timezone.now()
        )
        if not usable.update(uses_left=F("uses_left") - 1):
            raise Refused(ApiCode.INVITATION_OVER)
    lobby_enter(lobby=lobby, user=user)
    return lobby.id


@transaction.atomic
def invitation_revoke(*, lobby_id: UUID, user: User, invitation_id: int) -> None:
    """Take an invitation back: one's own, or any as the host.

    Raises:
        Refused: ``not_found``.
    """
    lobby = lobby_for_member(lobby_id=lobby_id, user=user)
    rows = Invitation.objects.filter(lobby=lobby, id=min(invitation_id, 2**63 - 1))
    if lobby.host_id != user.id:
        rows = rows.filter(maker=user)
    if not rows.delete()[0]:
        raise Refused(ApiCode.NOT_FOUND)


def invitations_prune() -> None:
    """Forget those that open nothing any more, on any number of workers."""
    Invitation.objects.filter(Q(expires__lt=timezone.now()) | Q(lobby__closed=True)).delete()


def invitations_of_gone(*, lobby_id: UUID, user_id: int, **_: object) -> None:
    """Receives ``member_removed``: whoever is not in a lobby invites nobody to it."""
    Invitation.objects.filter(lobby_id=lobby_id, maker_id=user_id).delete()


def invitations_between(*, one: int, other: int, **_: object) -> None:
    """Receives ``person_blocked``: letters between the two are taken back."""
    there, back = Q(maker_id=one, invitee_id=other), Q(maker_id=other, invitee_id=one)
    Invitation.objects.filter(there | back).delete()


def _must_have_room(lobby: Lobby) -> None:
    """Beyond so many links nobody knows any more who has which."""
    if invitations_open(lobby=lobby, now=timezone.now()).count() >= INVITATIONS_PER_LOBBY_MAX:
        raise Refused(ApiCode.TOO_MANY_INVITATIONS)
