"""REST of lobbies."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.filters.lobbies import Lobbies
from lobby.api.schema import described
from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.lobbies import (
    JoinByCodeIn,
    JoinIn,
    KickIn,
    LobbyChangeIn,
    LobbyIn,
    LobbyOut,
    PersonIn,
    ReadyIn,
    SeatIn,
    StartedOut,
)
from lobby.api.views.base import WRITES, Api, Listed, caller, checked
from lobby.codes import ApiCode
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.selectors.base import Shown
from lobby.selectors.lobbies import (
    barred_shown,
    lobbies_public,
    lobby_for_host,
    lobby_for_member,
    lobby_for_viewer,
    lobby_shown_alone,
    lobby_shown_to,
)
from lobby.services.lobbies import (
    lobby_change,
    lobby_create,
    lobby_join,
    lobby_join_by_code,
    lobby_kick,
    lobby_leave,
    lobby_pass_on,
    lobby_ready,
    lobby_seat,
    lobby_start,
    lobby_unban,
)

IN_LOBBY = (*WRITES, ApiCode.NOT_FOUND)
AS_HOST = (*IN_LOBBY, ApiCode.NOT_HOST)
ENTRY = (
    ApiCode.KICKED,
    ApiCode.ACCOUNTS_ONLY,
    ApiCode.LOBBY_FULL,
    ApiCode.MATCH_FULL,
    ApiCode.ALREADY_PLAYING,
)
WITH_PASSWORD = (ApiCode.LOBBY_PASSWORD_WRONG, ApiCode.TOO_MANY_TRIES)


class LobbyList(Listed):
    serializer_class = LobbyOut
    filterset_class = Lobbies

    def get_permissions(self) -> Any:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    def get_queryset(self) -> QuerySet[Lobby]:
        return lobbies_public()

    def shown(self, row: Lobby) -> Shown:
        return lobby_shown_to(row, self.request.user)

    @described(
        {200: LobbyOut(many=True)},
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="Public lobbies, newest first",
    )
    def get(self, request: Request) -> Response:
        return self.listed()

    @described(
        {201: LobbyOut},
        *WRITES,
        ApiCode.TOO_MANY_LOBBIES,
        body=LobbyIn,
        summary="Open a lobby",
    )
    def post(self, request: Request) -> Response:
        """The caller is its host. Settings are those of the title; what is left out is default."""
        body = checked(LobbyIn, request)
        lobby = lobby_create(user=caller(request), **body)
        return _shown(lobby.id, caller(request), status=201)


class LobbyRead(Api):
    def get_permissions(self) -> Any:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    @described({200: LobbyOut}, ApiCode.NOT_FOUND, summary="One lobby")
    def get(self, request: Request, lobby_id: UUID) -> Response:
        """Public ones for all, private ones for who is in them."""
        lobby = lobby_for_viewer(lobby_id=lobby_id, user=request.user)
        return Response(lobby_shown_alone(lobby, request.user))

    @described(
        {200: LobbyOut},
        *AS_HOST,
        ApiCode.ALREADY_PLAYING,
        body=LobbyChangeIn,
        summary="Change a lobby",
    )
    def patch(self, request: Request, lobby_id: UUID) -> Response:
        """By its host, between matches. Of the settings, those named are changed."""
        changes: Mapping[str, Any] = checked(LobbyChangeIn, request)
        lobby_change(lobby_id=lobby_id, user=caller(request), changes=changes)
        return _shown(lobby_id, caller(request))


class LobbyJoinByCode(Api):
    @described(
        {200: LobbyOut},
        *IN_LOBBY,
        *ENTRY,
        *WITH_PASSWORD,
        ApiCode.TOO_MANY_LOBBIES,
        body=JoinByCodeIn,
        summary="Join by code",
        operation_id="lobbies_join_by_code",
    )
    def post(self, request: Request) -> Response:
        body = checked(JoinByCodeIn, request)
        return _shown(lobby_join_by_code(user=caller(request), **body), caller(request))


class LobbyJoin(Api):
    @described(
        {200: LobbyOut},
        *IN_LOBBY,
        *ENTRY,
        *WITH_PASSWORD,
        ApiCode.TOO_MANY_LOBBIES,
        body=JoinIn,
        summary="Join a lobby",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """Also the match that runs in it, where the title lets people drop in."""
        body = checked(JoinIn, request)
        lobby_join(lobby_id=lobby_id, user=caller(request), **body)
        return _shown(lobby_id, caller(request))


class LobbyLeave(Api):
    @described({204: None}, *IN_LOBBY, summary="Leave a lobby")
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """And the seat in its running match. A host is followed by who is here longest."""
        lobby_leave(lobby_id=lobby_id, user=caller(request))
        return Response(status=204)


class LobbyReady(Api):
    @described(
        {200: LobbyOut},
        *IN_LOBBY,
        ApiCode.ALREADY_PLAYING,
        body=ReadyIn,
        summary="Be ready, or not",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        ready = checked(ReadyIn, request)["ready"]
        lobby_ready(lobby_id=lobby_id, user=caller(request), ready=ready)
        return _shown(lobby_id, caller(request))


class LobbyStart(Api):
    @described(
        {201: StartedOut},
        *AS_HOST,
        ApiCode.ALREADY_PLAYING,
        ApiCode.NOT_READY,
        ApiCode.TOO_FEW_PLAYERS,
        ApiCode.TEAMS_UNEVEN,
        summary="Start a match",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """By the host, as soon as all others are ready."""
        match = lobby_start(lobby_id=lobby_id, user=caller(request))
        return Response({"match": str(match.id)}, 201)


class LobbyKick(Api):
    @described(
        {200: LobbyOut},
        *AS_HOST,
        body=KickIn,
        summary="Remove somebody",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """By the host; who was removed cannot come back, unless `ban` is false."""
        body = checked(KickIn, request)
        lobby_kick(lobby_id=lobby_id, user=caller(request), kicked_id=body["user"], ban=body["ban"])
        return _shown(lobby_id, caller(request))


class LobbyBarred(Api):
    @described({200: UserOut(many=True)}, *AS_HOST, summary="Who may not come in")
    def get(self, request: Request, lobby_id: UUID) -> Response:
        """To the host; a hundred at most."""
        return Response(barred_shown(lobby_for_host(lobby_id=lobby_id, user=caller(request))))


class LobbyUnban(Api):
    @described({200: UserOut(many=True)}, *AS_HOST, body=PersonIn, summary="Let somebody in again")
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """By the host; answers who is still kept out."""
        barred_id = checked(PersonIn, request)["user"]
        lobby_unban(lobby_id=lobby_id, user=caller(request), barred_id=barred_id)
        return Response(barred_shown(lobby_for_host(lobby_id=lobby_id, user=caller(request))))


class LobbyPassOn(Api):
    @described({200: LobbyOut}, *AS_HOST, body=PersonIn, summary="Make another member the host")
    def post(self, request: Request, lobby_id: UUID) -> Response:
        heir_id = checked(PersonIn, request)["user"]
        lobby_pass_on(lobby_id=lobby_id, user=caller(request), heir_id=heir_id)
        return _shown(lobby_id, caller(request))


class LobbySeat(Api):
    @described(
        {200: LobbyOut},
        *IN_LOBBY,
        ApiCode.ALREADY_PLAYING,
        ApiCode.SEAT_TAKEN,
        body=SeatIn,
        summary="Choose a team or a seat",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """Kept for later rounds; with neither, the lobby gives out what is left."""
        lobby_seat(lobby_id=lobby_id, user=caller(request), **checked(SeatIn, request))
        return _shown(lobby_id, caller(request))


def _shown(lobby_id: UUID, user: User, *, status: int = 200) -> Response:
    lobby = lobby_for_member(lobby_id=lobby_id, user=user)
    return Response(lobby_shown_alone(lobby, user), status)


urlpatterns = [
    path("lobbies/", LobbyList.as_view(), name="api-lobbies"),
    path("lobbies/join/", LobbyJoinByCode.as_view(), name="api-join-by-code"),
    path("lobbies/<uuid:lobby_id>/", LobbyRead.as_view(), name="api-lobby"),
    path("lobbies/<uuid:lobby_id>/join/", LobbyJoin.as_view(), name="api-join"),
    path("lobbies/<uuid:lobby_id>/leave/", LobbyLeave.as_view(), name="api-leave"),
    path("lobbies/<uuid:lobby_id>/ready/", LobbyReady.as_view(), name="api-ready"),
    path("lobbies/<uuid:lobby_id>/start/", LobbyStart.as_view(), name="api-start"),
    path("lobbies/<uuid:lobby_id>/kick/", LobbyKick.as_view(), name="api-kick"),
    path("lobbies/<uuid:lobby_id>/barred/", LobbyBarred.as_view(), name="api-barred"),
    path("lobbies/<uuid:lobby_id>/unban/", LobbyUnban.as_view(), name="api-unban"),
    path("lobbies/<uuid:lobby_id>/host/", LobbyPassOn.as_view(), name="api-host"),
    path("lobbies/<uuid:lobby_id>/seat/", LobbySeat.as_view(), name="api-seat"),
]
