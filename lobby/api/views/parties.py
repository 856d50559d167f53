"""REST of parties; each answers how the caller's party is after it."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.schema import described
from lobby.api.serializers.lobbies import PersonIn
from lobby.api.serializers.parties import PartyIn, PartyLobbyIn, PartyOut
from lobby.api.views.base import READS, WRITES, Api, caller, checked
from lobby.api.views.lobbies import ENTRY, WITH_PASSWORD
from lobby.codes import ApiCode
from lobby.selectors.parties import party_shown_to
from lobby.services.parties import (
    party_decline,
    party_invite,
    party_join,
    party_kick,
    party_lead,
    party_leave,
    party_to_lobby,
)

AS_LEADER = (*WRITES, ApiCode.NOT_FOUND, ApiCode.NOT_LEADER)


class PartyRead(Api):
    @described({200: PartyOut}, *READS, summary="My party, and those I am invited to")
    def get(self, request: Request) -> Response:
        return _shown(request)


class PartyInvite(Api):
    @described(
        {200: PartyOut},
        *WRITES,
        ApiCode.NOT_FRIENDS,
        ApiCode.NOT_LEADER,
        ApiCode.PARTY_FULL,
        body=PersonIn,
        summary="Invite a friend to my party",
    )
    def post(self, request: Request) -> Response:
        """By its leader; where there is none, one begins."""
        party_invite(user=caller(request), friend_id=checked(PersonIn, request)["user"])
        return _shown(request)


class PartyJoin(Api):
    @described(
        {200: PartyOut},
        *WRITES,
        ApiCode.NOT_FOUND,
        ApiCode.PARTY_FULL,
        ApiCode.IN_A_PARTY,
        body=PartyIn,
        summary="Join a party",
    )
    def post(self, request: Request) -> Response:
        party_join(user=caller(request), party_id=checked(PartyIn, request)["party"])
        return _shown(request)


class PartyDecline(Api):
    @described({200: PartyOut}, *WRITES, body=PartyIn, summary="Do not join a party")
    def post(self, request: Request) -> Response:
        party_decline(user=caller(request), party_id=checked(PartyIn, request)["party"])
        return _shown(request)


class PartyLeave(Api):
    @described({200: PartyOut}, *WRITES, summary="Leave my party")
    def post(self, request: Request) -> Response:
        """A leader is followed by who is in it longest."""
        party_leave(user=caller(request))
        return _shown(request)


class PartyKick(Api):
    @described({200: PartyOut}, *AS_LEADER, body=PersonIn, summary="Remove somebody from my party")
    def post(self, request: Request) -> Response:
        """Or take their invitation back."""
        party_kick(user=caller(request), member_id=checked(PersonIn, request)["user"])
        return _shown(request)


class PartyLead(Api):
    @described({200: PartyOut}, *AS_LEADER, body=PersonIn, summary="Let another member lead")
    def post(self, request: Request) -> Response:
        party_lead(user=caller(request), heir_id=checked(PersonIn, request)["user"])
        return _shown(request)


class PartyLobby(Api):
    @described(
        {200: PartyOut},
        *AS_LEADER,
        *ENTRY,
        *WITH_PASSWORD,
        ApiCode.TOO_MANY_LOBBIES,
        body=PartyLobbyIn,
        summary="Join a lobby with my party",
    )
    def post(self, request: Request) -> Response:
        """All of them, or nobody; the others are told."""
        body = checked(PartyLobbyIn, request)
        party_to_lobby(user=caller(request), lobby_id=body.pop("lobby"), **body)
        return _shown(request)


def _shown(request: Request) -> Response:
    return Response(party_shown_to(caller(request)))


urlpatterns = [
    path("party/", PartyRead.as_view(), name="api-party"),
    path("party/invite/", PartyInvite.as_view(), name="api-party-invite"),
    path("party/join/", PartyJoin.as_view(), name="api-party-join"),
    path("party/decline/", PartyDecline.as_view(), name="api-party-decline"),
    path("party/leave/", PartyLeave.as_view(), name="api-party-leave"),
    path("party/kick/", PartyKick.as_view(), name="api-party-kick"),
    path("party/lead/", PartyLead.as_view(), name="api-party-lead"),
    path("party/lobby/", PartyLobby.as_view(), name="api-party-lobby"),
]
