"""The REST API: each view checks the input, calls a service, shapes the answer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth import authenticate, login, logout
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from games.catalog import TITLES
from games.limits import TICKET_TTL_S
from games.models import Match
from games.selectors import matches_of
from games.tickets import ticket_issue
from lobby import selectors, services
from lobby.api import filters, serializers
from lobby.api.auth import Session, Token
from lobby.api.errors import exception_handler
from lobby.api.pagination import Pages
from lobby.api.parsers import Json
from lobby.api.schema import WITH_ACCOUNT, WITH_SESSION, described
from lobby.api.throttles import Throttle
from lobby.codes import ApiCode, Refused
from lobby.models import Lobby, User

READS = WITH_ACCOUNT
WRITES = (*WITH_ACCOUNT, *WITH_SESSION)
IN_LOBBY = (*WRITES, ApiCode.NOT_FOUND)
AS_HOST = (*IN_LOBBY, ApiCode.NOT_HOST)
ENTRY = (ApiCode.KICKED, ApiCode.LOBBY_FULL, ApiCode.MATCH_FULL, ApiCode.ALREADY_PLAYING)


class Api(APIView):
    """What all of them share: who asks, how often, in what form, and how it is refused."""

    authentication_classes = [Token, Session]
    permission_classes = [IsAuthenticated]
    parser_classes = [Json]
    renderer_classes = [JSONRenderer]
    throttle_classes = [Throttle]

    def get_exception_handler(self) -> Any:
        return exception_handler


class Listed(Api, GenericAPIView):
    """A list in pages; ``shown`` makes one row of it."""

    pagination_class = Pages
    filter_backends = [DjangoFilterBackend]

    def listed(self) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([self.shown(row) for row in page or []])

    def shown(self, row: Any) -> selectors.Shown:
        raise NotImplementedError


def checked(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body, if it has this shape.

    Raises:
        ValidationError: names the fields that are wrong.
    """
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def caller(request: Request) -> User:
    """Who asks; only where an account is required."""
    assert isinstance(request.user, User)
    return request.user


class Nowhere(Api):
    """Answers every path under ``/api/`` that leads nowhere."""

    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


# --- accounts -----------------------------------------------------------------------------------


class Entrance(Api):
    """A way to become known: by a token for programs, by a session for pages."""

    permission_classes = [AllowAny]
    authentication_classes = []
    throttle_scope = "login"

    def entered(self, request: Request, user: User, *, session: bool) -> dict[str, Any]:
        if session:
            # A new key: whoever planted the old one does not share what follows.
            login(request._request, user, backend="django.contrib.auth.backends.ModelBackend")
            return {"user": selectors.me_shown(user)}
        token, expiry = services.token_issue(user=user)
        return {"user": selectors.me_shown(user), "token": token, "expiry": expiry}

    def body(self, shape: type[Serializer[Any]], request: Request) -> tuple[bool, dict[str, Any]]:
        """Whether a session is wanted, and the rest; a session only with the CSRF token.

        Without it another site could log its visitors in here, as somebody of its choice.
        """
        body = checked(shape, request)
        session = body.pop("session")
        if session:
            Session().enforce_csrf(request)
        return session, body


class Guest(Entrance):
    throttle_scope = "guest"

    @described(
        {201: serializers.EnteredOut},
        ApiCode.CSRF_FAILED,
        body=serializers.GuestIn,
        summary="Play as a guest",
    )
    def post(self, request: Request) -> Response:
        """A new account without a password; it lasts as long as its token or session."""
        session, _ = self.body(serializers.GuestIn, request)
        return Response(self.entered(request, services.guest_create(), session=session), 201)


class Register(Entrance):
    @described(
        {201: serializers.EnteredOut},
        ApiCode.CSRF_FAILED,
        body=serializers.RegisterIn,
        summary="Make an account",
    )
    def post(self, request: Request) -> Response:
        """Usernames differ in more than case; passwords follow the usual rules."""
        session, body = self.body(serializers.RegisterIn, request)
        user = services.account_register(**body)
        return Response(self.entered(request, user, session=session), 201)


class Login(Entrance):
    @described(
        {200: serializers.EnteredOut},
        ApiCode.CSRF_FAILED,
        ApiCode.CREDENTIALS_WRONG,
        body=serializers.LoginIn,
        summary="Log in",
    )
    def post(self, request: Request) -> Response:
        """An unknown name and a wrong password are answered alike."""
        session, body = self.body(serializers.LoginIn, request)
        user = authenticate(request._request, **body)
        if not isinstance(user, User):
            raise Refused(ApiCode.CREDENTIALS_WRONG)
        return Response(self.entered(request, user, session=session))


class Logout(Api):
    @described({204: None}, *WRITES, summary="Log out")
    def post(self, request: Request) -> Response:
        """Ends the token or the session that asks."""
        if request.auth is None:
            logout(request._request)
        else:
            request.auth.delete()
        return Response(status=204)


class Me(Api):
    @described({200: serializers.MeOut}, *READS, summary="Who am I")
    def get(self, request: Request) -> Response:
        return Response(selectors.me_shown(caller(request)))

    @described({200: serializers.MeOut}, *WRITES, body=serializers.MeIn, summary="Change my name")
    def patch(self, request: Request) -> Response:
        """The name that others see: up to 20 characters, all of them visible."""
        body = checked(serializers.MeIn, request)
        services.account_rename(user=caller(request), name=body["display_name"])
        return Response(selectors.me_shown(caller(request)))


# --- titles -------------------------------------------------------------------------------------


class TitleList(Api):
    permission_classes = [AllowAny]

    @described({200: serializers.TitleOut(many=True)}, summary="The games")
    def get(self, request: Request) -> Response:
        """All of them, with a JSON schema of the settings of each."""
        return Response([selectors.game_shown(game) for game in TITLES.values()])


class TitleRead(Api):
    permission_classes = [AllowAny]

    @described({200: serializers.TitleOut}, ApiCode.NOT_FOUND, summary="One game")
    def get(self, request: Request, title: str) -> Response:
        if title not in TITLES:
            raise NotFound
        return Response(selectors.game_shown(TITLES[title]))


# --- lobbies ------------------------------------------------------------------------------------


class LobbyList(Listed):
    serializer_class = serializers.LobbyOut
    filterset_class = filters.Lobbies

    def get_permissions(self) -> Any:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    def get_queryset(self) -> QuerySet[Lobby]:
        return selectors.lobbies_public()

    def shown(self, row: Lobby) -> selectors.Shown:
        return selectors.lobby_shown_to(row, self.request.user)

    @described(
        {200: serializers.LobbyOut(many=True)},
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="Public lobbies, newest first",
    )
    def get(self, request: Request) -> Response:
        return self.listed()

    @described(
        {201: serializers.LobbyOut},
        *WRITES,
        ApiCode.TOO_MANY_LOBBIES,
        body=serializers.LobbyIn,
        summary="Open a lobby",
    )
    def post(self, request: Request) -> Response:
        """The caller is its host. Settings are those of the title; what is left out is default."""
        body = checked(serializers.LobbyIn, request)
        lobby = services.lobby_create(user=caller(request), **body)
        return _shown(lobby.id, caller(request), status=201)


class LobbyRead(Api):
    def get_permissions(self) -> Any:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    @described({200: serializers.LobbyOut}, ApiCode.NOT_FOUND, summary="One lobby")
    def get(self, request: Request, lobby_id: UUID) -> Response:
        """Public ones for all, private ones for who is in them."""
        lobby = selectors.lobby_for_viewer(lobby_id=lobby_id, user=request.user)
        return Response(selectors.lobby_shown_to(lobby, request.user))

    @described(
        {200: serializers.LobbyOut},
        *AS_HOST,
        ApiCode.ALREADY_PLAYING,
        body=serializers.LobbyChangeIn,
        summary="Change a lobby",
    )
    def patch(self, request: Request, lobby_id: UUID) -> Response:
        """By its host, between matches. Of the settings, those named are changed."""
        changes: Mapping[str, Any] = checked(serializers.LobbyChangeIn, request)
        services.lobby_change(lobby_id=lobby_id, user=caller(request), changes=changes)
        return _shown(lobby_id, caller(request))


class LobbyJoinByCode(Api):
    @described(
        {200: serializers.LobbyOut},
        *IN_LOBBY,
        *ENTRY,
        ApiCode.TOO_MANY_LOBBIES,
        body=serializers.JoinByCodeIn,
        summary="Join by code",
        operation_id="lobbies_join_by_code",
    )
    def post(self, request: Request) -> Response:
        code = checked(serializers.JoinByCodeIn, request)["code"]
        return _shown(services.lobby_join_by_code(code=code, user=caller(request)), caller(request))


class LobbyJoin(Api):
    @described(
        {200: serializers.LobbyOut},
        *IN_LOBBY,
        *ENTRY,
        ApiCode.TOO_MANY_LOBBIES,
        body=serializers.JoinIn,
        summary="Join a lobby",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """Also the match that runs in it, where the title lets people drop in."""
        code = checked(serializers.JoinIn, request)["code"]
        services.lobby_join(lobby_id=lobby_id, user=caller(request), code=code)
        return _shown(lobby_id, caller(request))


class LobbyLeave(Api):
    @described({204: None}, *IN_LOBBY, summary="Leave a lobby")
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """And the seat in its running match. A host is followed by who is here longest."""
        services.lobby_leave(lobby_id=lobby_id, user=caller(request))
        return Response(status=204)


class LobbyReady(Api):
    @described(
        {200: serializers.LobbyOut},
        *IN_LOBBY,
        ApiCode.ALREADY_PLAYING,
        body=serializers.ReadyIn,
        summary="Be ready, or not",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        ready = checked(serializers.ReadyIn, request)["ready"]
        services.lobby_ready(lobby_id=lobby_id, user=caller(request), ready=ready)
        return _shown(lobby_id, caller(request))


class LobbyStart(Api):
    @described(
        {201: serializers.StartedOut},
        *AS_HOST,
        ApiCode.ALREADY_PLAYING,
        ApiCode.NOT_READY,
        ApiCode.TOO_FEW_PLAYERS,
        summary="Start a match",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """By the host, as soon as all others are ready."""
        match = services.lobby_start(lobby_id=lobby_id, user=caller(request))
        return Response({"match": str(match.id)}, 201)


class LobbyKick(Api):
    @described(
        {200: serializers.LobbyOut},
        *AS_HOST,
        body=serializers.KickIn,
        summary="Remove somebody",
    )
    def post(self, request: Request, lobby_id: UUID) -> Response:
        """By the host; who was removed cannot come back to this lobby."""
        kicked_id = checked(serializers.KickIn, request)["user"]
        services.lobby_kick(lobby_id=lobby_id, user=caller(request), kicked_id=kicked_id)
        return _shown(lobby_id, caller(request))


def _shown(lobby_id: UUID, user: User, *, status: int = 200) -> Response:
    lobby = selectors.lobby_for_member(lobby_id=lobby_id, user=user)
    return Response(selectors.lobby_shown(lobby, insider=True), status)


# --- matches ------------------------------------------------------------------------------------


class MatchList(Listed):
    serializer_class = serializers.MatchOut
    filterset_class = filters.Matches

    def get_queryset(self) -> QuerySet[Match]:
        if getattr(self, "swagger_fake_view", False):  # nobody asks: the API is described
            return matches_of(user_id=0)
        return matches_of(user_id=caller(self.request).id)

    def shown(self, row: Match) -> selectors.Shown:
        return selectors.match_shown(row, user_id=caller(self.request).id)

    @described(
        {200: serializers.MatchOut(many=True)},
        *READS,
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="My matches, newest first",
    )
    def get(self, request: Request) -> Response:
        return self.listed()


class MatchRead(Api):
    @described({200: serializers.MatchOut}, *READS, ApiCode.NOT_FOUND, summary="One match")
    def get(self, request: Request, match_id: UUID) -> Response:
        """Public ones for all, private ones for who has or had a seat."""
        match = selectors.match_seen_by(match_id=match_id, user=caller(request))
        return Response(selectors.match_shown(match, user_id=caller(request).id))


class MatchResult(Api):
    @described(
        {200: serializers.ResultOut},
        *READS,
        ApiCode.NOT_FOUND,
        ApiCode.MATCH_NOT_OVER,
        summary="What came of a match",
    )
    def get(self, request: Request, match_id: UUID) -> Response:
        match = selectors.match_over_for(match_id=match_id, user=caller(request))
        return Response(selectors.result_shown(match))


class MatchTicket(Api):
    throttle_scope = "ticket"

    @described(
        {201: serializers.TicketOut},
        *IN_LOBBY,
        ApiCode.MATCH_OVER,
        ApiCode.SEAT_GONE,
        ApiCode.NO_SEAT,
        ApiCode.NOT_PUBLIC,
        body=serializers.TicketIn,
        summary="A ticket for a room's socket",
    )
    def post(self, request: Request, match_id: UUID) -> Response:
        """For the caller's seat; to watch, where they have none and the match is public."""
        spectate = checked(serializers.TicketIn, request)["spectate"]
        match = selectors.match_seen_by(match_id=match_id, user=caller(request))
        seat = selectors.seat_for_ticket(match=match, user=caller(request), spectate=spectate)
        ticket = ticket_issue(
            match=str(match.id),
            seat=seat.number if seat else None,
            user=caller(request).id,
            name=seat.name if seat else caller(request).name,
        )
        answer = {
            "ticket": ticket,
            "seat": seat.number if seat else None,
            "expires_in": TICKET_TTL_S,
            "url": f"/ws/room/{match.id}",
        }
        return Response(answer, 201)
