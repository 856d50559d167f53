"""REST of invitations to lobbies."""

from uuid import UUID

from django.urls import path
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.schema import described
from lobby.api.serializers.invitations import InvitationIn, InvitationOut, InvitedOut
from lobby.api.serializers.lobbies import LobbyOut, PersonIn
from lobby.api.views.base import READS, Api, caller, checked
from lobby.api.views.lobbies import ENTRY, IN_LOBBY
from lobby.codes import ApiCode
from lobby.selectors.invitations import (
    invitation_open_shown,
    invitation_shown,
    invitations_shown_to,
)
from lobby.selectors.lobbies import lobby_for_member, lobby_shown_alone
from lobby.services.invitations import (
    invitation_accept,
    invitation_make,
    invitation_revoke,
    invitation_send,
)


class InvitationList(Api):
    @described(
        {200: InvitationOut(many=True)},
        *READS,
        ApiCode.NOT_FOUND,
        summary="Invitations to a lobby",
    )
    def get(self, request: Request, lobby_id: UUID) -> Response:
        """One's own, or all of them to the host; twenty at most."""
        lobby = lobby_for_member(lobby_id=lobby_id, user=caller(request))
        return Response(invitations_shown_to(lobby=lobby, user=caller(request), now=timezone.now()))

    @described(
        {201: InvitationOut},
        *IN_LOBBY,
        ApiCode.TOO_MANY_INVITATIONS,
        body=InvitationIn,
        summary="Make a link into a lobby",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """By anybody in it; who has the link needs neither code nor password."""
        body = checked(InvitationIn, request)
        made = invitation_make(lobby_id=lobby_id, user=caller(request), **body)
        return Response(invitation_shown(made), 201)


class InvitationSend(Api):
    @described(
        {201: InvitationOut},
        *IN_LOBBY,
        ApiCode.NOT_FRIENDS,
        ApiCode.KICKED,
        ApiCode.TOO_MANY_INVITATIONS,
        body=PersonIn,
        summary="Invite a friend to a lobby",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        friend_id = checked(PersonIn, request)["user"]
        made = invitation_send(lobby_id=lobby_id, user=caller(request), friend_id=friend_id)
        return Response(invitation_shown(made), 201)


class InvitationRevoke(Api):
    @described({204: None}, *IN_LOBBY, summary="Take an invitation back")
    def delete(self, request: Request, lobby_id: UUID, invitation_id: int) -> Response:
        """One's own, or any as the host."""
        invitation_revoke(lobby_id=lobby_id, user=caller(request), invitation_id=invitation_id)
        return Response(status=204)


class Invited(Api):
    permission_classes = [AllowAny]

    @described(
        {200: InvitedOut},
        ApiCode.NOT_FOUND,
        ApiCode.INVITATION_OVER,
        summary="What a link invites to",
    )
    def get(self, request: Request, token: str) -> Response:
        shown = invitation_open_shown(token=token, user_id=request.user.id, now=timezone.now())
        return Response(shown)


class InvitedAccept(Api):
    @described(
        {200: LobbyOut},
        *IN_LOBBY,
        *ENTRY,
        ApiCode.INVITATION_OVER,
        ApiCode.TOO_MANY_LOBBIES,
        summary="Accept an invitation",
    )
    def post(self, request: Request, token: str) -> Response:
        lobby_id = invitation_accept(token=token, user=caller(request))
        lobby = lobby_for_member(lobby_id=lobby_id, user=caller(request))
        return Response(lobby_shown_alone(lobby, caller(request)))


urlpatterns = [
    path("lobbies/<uuid:lobby_id>/invitations/", InvitationList.as_view(), name="api-invitations"),
    path("lobbies/<uuid:lobby_id>/invite/", InvitationSend.as_view(), name="api-invite"),
    path(
        "lobbies/<uuid:lobby_id>/invitations/<int:invitation_id>/",
        InvitationRevoke.as_view(),
        name="api-invitation",
    ),
    path("invitations/<str:token>/", Invited.as_view(), name="api-invited"),
    path("invitations/<str:token>/accept/", InvitedAccept.as_view(), name="api-invited-accept"),
]
