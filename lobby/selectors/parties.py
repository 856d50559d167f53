"""What may be asked about parties."""

from lobby.models.accounts import User
from lobby.models.parties import Party, PartyInvitation, PartyMember
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown

INVITATIONS_SHOWN_MAX = 20


def party_in(*, user_id: int) -> Party | None:
    """The party that somebody is in."""
    return Party.objects.filter(members__user_id=user_id).select_related("leader").first()


def party_shown_to(user: User) -> Shown:
    """The caller's party, and those they are invited to."""
    party = party_in(user_id=user.id)
    asked = PartyInvitation.objects.filter(user=user).select_related("party__leader")
    return {
        "party": None if party is None else _party_shown(party),
        "invitations": [
            {"party": row.party_id, "leader": user_shown(row.party.leader)}
            for row in asked[:INVITATIONS_SHOWN_MAX]
        ],
    }


def _party_shown(party: Party) -> Shown:
    members = PartyMember.objects.filter(party=party).select_related("user")
    invited = PartyInvitation.objects.filter(party=party).select_related("user")
    return {
        "id": party.id,
        "leader": user_shown(party.leader),
        "members": [user_shown(member.user) for member in members],
        "invited": [user_shown(row.user) for row in invited[:INVITATIONS_SHOWN_MAX]],
    }
