"""REST of accounts: the ways in and out, and one's own account."""

from typing import Any

from django.contrib.auth import login, logout, update_session_auth_hash
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from lobby.api.auth import Session, grant_of
from lobby.api.schema import described
from lobby.api.serializers.accounts import (
    EmailIn,
    EnteredOut,
    GuestIn,
    KeyIn,
    LoginIn,
    MeIn,
    MeOut,
    PasswordIn,
    ProofIn,
    RegisterIn,
    ResetAskIn,
    ResetIn,
    UpgradeIn,
)
from lobby.api.views.base import READS, WRITES, Api, caller, checked
from lobby.codes import ApiCode, Refused
from lobby.models.accounts import User
from lobby.selectors.accounts import me_shown
from lobby.services.accounts import (
    account_authenticate,
    account_delete,
    account_export,
    account_prove,
    account_register,
    account_rename,
    account_upgrade,
    guest_create,
    token_issue,
)
from lobby.services.emails import (
    email_remove,
    email_send_again,
    email_set,
    email_verify,
    password_change,
    password_reset,
    password_reset_ask,
)


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
        """Usernames differ in more than case; passwords follow the usual rules. An address is sent
        a link, and counts once that is opened."""
        session, body = self.body(RegisterIn, request)
        email = body.pop("email")
        user = account_register(**body)
        if email:
            email_set(user=user, email=email, site=site_of(request))
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
        """An unknown name and a wrong password are answered alike. After twenty tries at one name
        within a quarter of an hour, none is looked at until that is over."""
        session, body = self.body(LoginIn, request)
        user = account_authenticate(request=request._request, **body)
        if user is None:
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
        """The name that others see: up to 20 characters, all of them visible, and none that passes
        for those who run the server. Five times a day."""
        body = checked(MeIn, request)
        account_rename(user=caller(request), name=body["display_name"])
        return Response(me_shown(caller(request)))


class Upgrade(Api):
    throttle_scope = "login"

    @described(
        {200: MeOut},
        *WRITES,
        ApiCode.NOT_GUEST,
        body=UpgradeIn,
        summary="Make a guest's account one with a password",
    )
    def post(self, request: Request) -> Response:
        """The same account goes on: its matches, lobbies, tokens, sessions and sockets."""
        body, user = checked(UpgradeIn, request), caller(request)
        account_upgrade(user=user, username=body["username"], password=body["password"])
        if body["email"]:
            email_set(user=user, email=body["email"], site=site_of(request))
        session_goes_on(request, user)
        return Response(me_shown(user))


class Email(Api):
    throttle_scope = "mail"

    @described(
        {202: MeOut},
        *WRITES,
        ApiCode.IS_GUEST,
        ApiCode.PASSWORD_WRONG,
        ApiCode.PROOF_NEEDED,
        body=EmailIn,
        summary="Change my address",
    )
    def post(self, request: Request) -> Response:
        """It is sent a link, and counts once that is opened; until then the one before does. The
        answer is the same whoever has it."""
        body, user = checked(EmailIn, request), caller(request)
        account_prove(user=user, password=body["password"], grant=grant_of(request))
        if body["email"]:
            email_set(user=user, email=body["email"], site=site_of(request))
        else:
            email_remove(user=user)
        return Response(me_shown(user), 202)


class EmailAgain(Api):
    throttle_scope = "mail"

    @described({202: None}, *WRITES, summary="Send the link once more")
    def post(self, request: Request) -> Response:
        """To the address that waits to be confirmed, if there is one."""
        email_send_again(user=caller(request), site=site_of(request))
        return Response(status=202)


class EmailVerify(Entrance):
    @described({204: None}, ApiCode.LINK_INVALID, body=KeyIn, summary="Confirm an address")
    def post(self, request: Request) -> Response:
        """By the key of the mail; no login is needed for it."""
        email_verify(key=checked(KeyIn, request)["key"])
        return Response(status=204)


class Password(Api):
    throttle_scope = "login"

    @described(
        {204: None},
        *WRITES,
        ApiCode.IS_GUEST,
        ApiCode.PASSWORD_WRONG,
        ApiCode.PROOF_NEEDED,
        body=PasswordIn,
        summary="Change my password",
    )
    def post(self, request: Request) -> Response:
        """All other sessions and tokens end, and their sockets close."""
        body, user, grant = checked(PasswordIn, request), caller(request), grant_of(request)
        password_change(user=user, old=body["old_password"], new=body["new_password"], grant=grant)
        session_goes_on(request, user)
        return Response(status=204)


class ResetAsk(Entrance):
    throttle_scope = "mail"

    @described({202: None}, body=ResetAskIn, summary="Forgot my password")
    def post(self, request: Request) -> Response:
        """If this is the confirmed address of an account, it is sent a link; the answer is the same
        if not."""
        password_reset_ask(email=checked(ResetAskIn, request)["email"], site=site_of(request))
        return Response(status=202)


class Reset(Entrance):
    @described({204: None}, ApiCode.LINK_INVALID, body=ResetIn, summary="Choose a new password")
    def post(self, request: Request) -> Response:
        """By the link of the mail. All sessions and tokens end; log in with the new password."""
        password_reset(**checked(ResetIn, request))
        return Response(status=204)


class Export(Api):
    throttle_scope = "export"

    @described({200: OpenApiTypes.OBJECT}, *READS, summary="All that is known of me")
    def get(self, request: Request) -> Response:
        """One part for each subject (`account`, `sessions`, `lobbies`, `matches`, …); up to 10,000
        rows of each kind, newest first."""
        name = f'attachment; filename="evertick-{caller(request).pk}.json"'
        return Response(account_export(user=caller(request)), headers={"Content-Disposition": name})


class Delete(Api):
    throttle_scope = "login"

    @described(
        {204: None},
        *WRITES,
        ApiCode.PASSWORD_WRONG,
        ApiCode.PROOF_NEEDED,
        body=ProofIn,
        summary="Delete my account",
    )
    def post(self, request: Request) -> Response:
        """For good: all that is mine goes; seats in matches keep their names. Sockets close."""
        password, user = checked(ProofIn, request)["password"], caller(request)
        account_prove(user=user, password=password, grant=grant_of(request))
        account_delete(user=user)
        if request.auth is None:
            logout(request._request)
        return Response(status=204)


def session_goes_on(request: Request, user: User) -> None:
    """Whoever changed their own credentials stays signed in, under a new key."""
    if request.auth is None:
        update_session_auth_hash(request._request, user)


def site_of(request: Request) -> str:
    """The address of this server, as the caller reached it; one of ``ALLOWED_HOSTS``."""
    return request.build_absolute_uri("/")


urlpatterns = [
    path("auth/guest/", Guest.as_view(), name="api-guest"),
    path("auth/register/", Register.as_view(), name="api-register"),
    path("auth/login/", Login.as_view(), name="api-login"),
    path("auth/logout/", Logout.as_view(), name="api-logout"),
    path("auth/reset/", ResetAsk.as_view(), name="api-reset-ask"),
    path("auth/reset/confirm/", Reset.as_view(), name="api-reset"),
    path("auth/email/verify/", EmailVerify.as_view(), name="api-email-verify"),
    path("me/", Me.as_view(), name="api-me"),
    path("me/upgrade/", Upgrade.as_view(), name="api-upgrade"),
    path("me/email/", Email.as_view(), name="api-email"),
    path("me/email/again/", EmailAgain.as_view(), name="api-email-again"),
    path("me/password/", Password.as_view(), name="api-password"),
    path("me/export/", Export.as_view(), name="api-export"),
    path("me/delete/", Delete.as_view(), name="api-delete"),
]
