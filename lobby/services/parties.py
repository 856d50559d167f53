"""What may be done in parties: each write is one keyword-only function.

Accounts are locked first, the smaller id before the larger, then the party, then a lobby.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

from lobby.codes import ApiCode, Refused
from lobby.limits import PARTY_INVITATIONS_MAX, PARTY_MAX
from lobby.models.accounts import User
from lobby.models.parties import Party, PartyInvitation, PartyMember
from lobby.selectors.accounts import user_shown
from lobby.selectors.lobbies import is_member, lobby_locked
from lobby.selectors.people import ID_MAX, are_friends, party_of
from lobby.services.lobbies import lobby_enter, lobby_opened, password_tried
from lobby.services.people import lock_accounts, notify

party_changed = Signal()
"""Sent with ``user_ids``, all who are or were in a party that somebody joined or left, before the
commit: what they do together is not what they chose any more."""


@transaction.atomic
def party_invite(*, user: User, friend_id: int) -> None:
    """Invite a friend to one's party, which begins with that; as its leader.

    Raises:
        Refused: ``not_friends``, ``not_leader``, ``party_full``, ``invalid`` where they are in it.
    """
    friend_id = min(friend_id, ID_MAX)
    lock_accounts({user.id, friend_id})
    if not are_friends(user.id, friend_id):
        raise Refused(ApiCode.NOT_FRIENDS)
    party = _party_locked(user.id)
    if party is None:
        party = Party.objects.create(leader=user)
        PartyMember.objects.create(party=party, user=user)
    _must_lead(party, user)
    if party.members.filter(user_id=friend_id).exists():
        raise Refused(ApiCode.INVALID, {"user": ["They are in your party already."]})
    if PartyInvitation.objects.filter(party=party, user_id=friend_id).exists():
        return
    invited = party.invitations.count()
    if party.members.count() >= PARTY_MAX or invited >= PARTY_INVITATIONS_MAX:
        raise Refused(ApiCode.PARTY_FULL)
    PartyInvitation.objects.create(party=party, user_id=friend_id)
    notify(friend_id, "party_invitation", {"user": user_shown(user), "party": party.id})


@transaction.atomic
def party_join(*, user: User, party_id: int) -> None:
    """Join a party that one is invited to; one's own is left for it, if nobody else is in it.

    Raises:
        Refused: ``not_found``, ``party_full``, ``in_a_party``.
    """
    lock_accounts({user.id})
    party = Party.objects.select_for_update().filter(id=min(party_id, ID_MAX)).first()
    if party is None:
        raise Refused(ApiCode.NOT_FOUND)
    if party.members.filter(user=user).exists():
        return
    invitation = PartyInvitation.objects.filter(party=party, user=user)
    if not invitation.exists():
        raise Refused(ApiCode.NOT_FOUND)
    if len(party_of(user.id)) > 1:
        raise Refused(ApiCode.IN_A_PARTY)
    if party.members.count() >= PARTY_MAX:
        raise Refused(ApiCode.PARTY_FULL)
    Party.objects.filter(members__user=user).delete()
    invitation.delete()
    PartyMember.objects.create(party=party, user=user)
    party_changed.send(sender=Party, user_ids=_ids_of(party))
    _tell_others(party, user, "party_joined")


@transaction.atomic
def party_decline(*, user: User, party_id: int) -> None:
    """Do not join it."""
    PartyInvitation.objects.filter(party_id=min(party_id, ID_MAX), user=user).delete()


@transaction.atomic
def party_leave(*, user: User) -> None:
    """Leave one's party; who is in it longest leads from then on, and the last one ends it."""
    lock_accounts({user.id})
    if (party := _party_locked(user.id)) is not None:
        _remove(party, user.id)


@transaction.atomic
def party_kick(*, user: User, member_id: int) -> None:
    """Remove somebody from one's party, or take their invitation back; as its leader.

    Raises:
        Refused: ``not_found``, ``not_leader``, ``invalid`` where it is oneself.
    """
    member_id = min(member_id, ID_MAX)
    lock_accounts({user.id, member_id})
    party = _party_led_by(user)
    if member_id == user.id:
        raise Refused(ApiCode.INVALID, {"user": ["This is you."]})
    PartyInvitation.objects.filter(party=party, user_id=member_id).delete()
    if party.members.filter(user_id=member_id).exists():
        _remove(party, member_id)


@transaction.atomic
def party_lead(*, user: User, heir_id: int) -> None:
    """Let another member lead.

    Raises:
        Refused: ``not_found``, ``not_leader``, ``invalid`` where they are not in it.
    """
    lock_accounts({user.id})
    party = _party_led_by(user)
    if not party.members.filter(user_id=min(heir_id, ID_MAX)).exists():
        raise Refused(ApiCode.INVALID, {"user": ["They are not in your party."]})
    Party.objects.filter(id=party.id).update(leader_id=heir_id)


def party_to_lobby(*, user: User, lobby_id: UUID, code: str = "", password: str = "") -> None:
    """Join a lobby with all of one's party, or with nobody; as its leader. The others are told.

    Raises:
        Refused: ``not_found``, ``not_leader``, and as ``lobby_join``, whoever of them it is about.
    """
    opened = password_tried(lobby_id, user, code, password)
    with transaction.atomic():
        locked = lock_accounts(set(party_of(user.id)))
        party = _party_led_by(user)
        lobby_opened(lobby_id=lobby_id, user=user, code=code, opened=opened)
        for member in party.members.filter(user_id__in=locked).select_related("user"):
            lobby = lobby_locked(lobby_id=lobby_id)  # with those who came in just now
            news = member.user_id != user.id and not is_member(lobby, member.user_id)
            lobby_enter(lobby=lobby, user=member.user)
            if news:
                shown = {"id": str(lobby.id), "name": lobby.name, "title": lobby.title}
                notify(member.user_id, "party_lobby", {"user": user_shown(user), "lobby": shown})


def parties_leave(*, user: User, **_: Any) -> None:
    """Receives ``account_leaves``."""
    party_leave(user=user)


def parties_part(*, one: int, other: int, **_: Any) -> None:
    """Receives ``person_blocked``: who blocks somebody of their own party is in it no more."""
    party = _party_locked(one)
    if party is not None and party.members.filter(user_id=other).exists():
        _remove(party, one)


# --- steps of the above -------------------------------------------------------------------------


def _party_locked(user_id: int) -> Party | None:
    return Party.objects.select_for_update(of=("self",)).filter(members__user_id=user_id).first()


def _party_led_by(user: User) -> Party:
    party = _party_locked(user.id)
    if party is None:
        raise Refused(ApiCode.NOT_FOUND)
    _must_lead(party, user)
    return party


def _must_lead(party: Party, user: User) -> None:
    if party.leader_id != user.id:
        raise Refused(ApiCode.NOT_LEADER)


def _ids_of(party: Party) -> list[int]:
    return list(party.members.order_by().values_list("user_id", flat=True))


def _remove(party: Party, user_id: int) -> None:
    party_changed.send(sender=Party, user_ids=_ids_of(party))
    party.members.filter(user_id=user_id).delete()
    longest = party.members.order_by("joined", "id").first()
    if longest is None:
        party.delete()
    elif party.leader_id == user_id:
        Party.objects.filter(id=party.id).update(leader_id=longest.user_id)


def _tell_others(party: Party, user: User, kind: str) -> None:
    for user_id in party.members.exclude(user=user).values_list("user_id", flat=True):
        notify(user_id, kind, {"user": user_shown(user), "party": party.id}, keep=False)
