"""Who asks: a token that a client was given, or the session of a page, and then with CSRF."""

from typing import Any

from knox.auth import TokenAuthentication
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from lobby.codes import ApiCode, Refused


class Session(SessionAuthentication):
    """A page's session; what writes must carry the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        """Check the CSRF token.

        Raises:
            Refused: ``csrf_failed``.
        """
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise Refused(ApiCode.CSRF_FAILED) from error


class Token(TokenAuthentication):
    """``Authorization: Token …``, as the login gave it out."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        try:
            known: tuple[Any, Any] = super().authenticate_credentials(token)
        except UnicodeDecodeError as error:
            raise exceptions.AuthenticationFailed from error
        return known
