"""REST of accounts: the ways in and out, and one's own account."""

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from lobby.api.auth import Session
from lobby.api.schema import described
from lobby.api.serializers.accounts import EnteredOut, GuestIn, LoginIn, MeIn, MeOut, RegisterIn
from lobby.api.views.base import READS, WRITES, Api, caller, checked
from lobby.codes import ApiCode, Refused
from lobby.models.accounts import User
from lobby.selectors.accounts import me_shown
from lobby.services.accounts import account_register, account_rename, guest_create, token_issue


class Entrance(Api):
    """A way to become known: by a token for programs, by a session for pages."""

    permission_classes = [AllowAny]
    authentication_classes = []
    throttle_scope = "login"

    def entered(self, request: Request, user: User, *, session: bool) -> dict[str, Any]:
        if session:
            # A new key: whoever planted the old one does not share what follows.
            login(request._request, user, backend="django.contrib.auth.backends.ModelBackend")
            return {"user": me_shown(user)}
        token, expiry = token_issue(user=user, agent=request.META.get("HTTP_USER_AGENT", ""))
        return {"user": me_shown(user), "token": token, "expiry": expiry}

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
        {201: EnteredOut},
        ApiCode.CSRF_FAILED,
        body=GuestIn,
        summary="Play as a guest",
    )
    def post(self, request: Request) -> Response:
        """A new account without a password; it lasts as long as its token or session."""
        session, _ = self.body(GuestIn, request)
        return Response(self.entered(request, guest_create(), session=session), 201)


class Register(Entrance):
    @described(
        {201: EnteredOut},
        ApiCode.CSRF_FAILED,
        body=RegisterIn,
        summary="Make an account",
    )
    def post(self, request: Request) -> Response:
        """Usernames differ in more than case; passwords follow the usual rules."""
        session, body = self.body(RegisterIn, request)
        user = account_register(**body)
        return Response(self.entered(request, user, session=session), 201)


class Login(Entrance):
    @described(
        {200: EnteredOut},
        ApiCode.CSRF_FAILED,
        ApiCode.CREDENTIALS_WRONG,
        body=LoginIn,
        summary="Log in",
    )
    def post(self, request: Request) -> Response:
        """An unknown name and a wrong password are answered alike."""
        session, body = self.body(LoginIn, request)
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
    @described({200: MeOut}, *READS, summary="Who am I")
    def get(self, request: Request) -> Response:
        return Response(me_shown(caller(request)))

    @described({200: MeOut}, *WRITES, body=MeIn, summary="Change my name")
    def patch(self, request: Request) -> Response:
        """The name that others see: up to 20 characters, all of them visible."""
        body = checked(MeIn, request)
        account_rename(user=caller(request), name=body["display_name"])
        return Response(me_shown(caller(request)))


urlpatterns = [
    path("auth/guest/", Guest.as_view(), name="api-guest"),
    path("auth/register/", Register.as_view(), name="api-register"),
    path("auth/login/", Login.as_view(), name="api-login"),
    path("auth/logout/", Logout.as_view(), name="api-logout"),
    path("me/", Me.as_view(), name="api-me"),
]
