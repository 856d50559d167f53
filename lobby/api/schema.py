"""What OpenAPI says of each endpoint besides its serializers: which codes it may answer."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, extend_schema

from lobby.api.serializers.base import ErrorOut
from lobby.codes import ANSWERS, ApiCode

View = TypeVar("View", bound=Callable[..., Any])

ALWAYS = (ApiCode.THROTTLED, ApiCode.NOT_ACCEPTABLE)
WITH_BODY = (
    ApiCode.INVALID,
    ApiCode.MALFORMED,
    ApiCode.TOO_LARGE,
    ApiCode.UNSUPPORTED_MEDIA_TYPE,
)
WITH_ACCOUNT = (ApiCode.NOT_AUTHENTICATED, ApiCode.TOKEN_INVALID)
WITH_SESSION = (ApiCode.CSRF_FAILED,)
"""Of what writes, where the caller is known by a session."""


def described(
    success: dict[int, Any], *codes: ApiCode, body: Any = None, **more: Any
) -> Callable[[View], View]:
    """Decorates a view's method with what it takes and answers, refusals included.

    Args:
        success: Status and serializer of what it answers when all is well.
        codes: What it may refuse besides the throttle.
        body: Serializer of the request's body.
    """
    refusals = (*ALWAYS, *codes, *(WITH_BODY if body else ()))
    decorate: Callable[[View], View] = extend_schema(
        request=body, responses=success | _refused(refusals), **more
    )
    return decorate


def _refused(codes: tuple[ApiCode, ...]) -> dict[int, OpenApiResponse]:
    """One answer per status, that names each code it may carry."""
    lines: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        status, message = ANSWERS[code]
        lines.setdefault(status, []).append(f"`{code.value}`: {message}")
    return {
        status: OpenApiResponse(ErrorOut, description="\n\n".join(lines[status]))
        for status in sorted(lines)
    }


class TokenScheme(OpenApiAuthenticationExtension):
    """Tells OpenAPI of the token."""

    target_class = "lobby.api.auth.Token"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token ` and the token of a login.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """Tells OpenAPI of the session."""

    target_class = "lobby.api.auth.Session"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "Of a page; what writes needs the `X-CSRFToken` header as well.",
        }
