"""Who asks: a token that a client was given, or the session of a page, and then with CSRF."""

import binascii
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from lobby.codes import ApiCode, Refused
from lobby.prepared import Prepared
from lobby.services.grants import KEY, grant_for_token, session_used, token_used

TOKENS = Prepared(lambda: AuthToken.objects.select_related("user"), "digest")


class Session(SessionAuthentication):
    """A page's session; what writes must carry the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        known: tuple[Any, Any] | None = super().authenticate(request)
        if known is not None:
            session_used(request=request._request, user=known[0])
        return known

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
        """As knox does, in one query: the hash of a token is its key. It would ask for all that
        begin alike, and for all others of the same account, to clear away what expired; here that
        is done now and then.
        """
        try:
            digest = hash_token(token.decode())
        except (UnicodeDecodeError, TypeError, binascii.Error) as error:
            raise exceptions.AuthenticationFailed from error
        found = TOKENS.get(digest)
        if found is None or (found.expiry and found.expiry < timezone.now()):
            raise exceptions.AuthenticationFailed
        if token_used(token=found):
            self._cleanup_token(found)
        known: tuple[Any, Any] = self.validate_user(found)
        return known


def grant_of(request: Request) -> str:
    """The id of the grant by which the caller is known."""
    if request.auth is None:
        return str(request.session[KEY])
    return grant_for_token(token=request.auth).id
