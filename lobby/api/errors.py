"""One shape for everything that goes wrong: ``{"error": {"code", "message", "fields"}}``."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from lobby.codes import ANSWERS, ApiCode, Fields, Refused

__all__ = ["ApiCode", "Refused", "error_shown", "exception_handler"]

log = logging.getLogger(__name__)

CODES: dict[type[Exception], ApiCode] = {
    exceptions.ParseError: ApiCode.MALFORMED,
    exceptions.NotAuthenticated: ApiCode.NOT_AUTHENTICATED,
    exceptions.AuthenticationFailed: ApiCode.TOKEN_INVALID,
    exceptions.PermissionDenied: ApiCode.PERMISSION_DENIED,
    PermissionDenied: ApiCode.PERMISSION_DENIED,
    exceptions.NotFound: ApiCode.NOT_FOUND,
    Http404: ApiCode.NOT_FOUND,
    exceptions.MethodNotAllowed: ApiCode.METHOD_NOT_ALLOWED,
    exceptions.NotAcceptable: ApiCode.NOT_ACCEPTABLE,
    exceptions.UnsupportedMediaType: ApiCode.UNSUPPORTED_MEDIA_TYPE,
    exceptions.Throttled: ApiCode.THROTTLED,
    RequestDataTooBig: ApiCode.TOO_LARGE,
}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to anything that a view raised; what nobody foresaw is noted and answered 500."""
    set_rollback()
    headers = {}
    if wait_s := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait_s))
    code, fields = _named(error)
    if code is ApiCode.INTERNAL:
        request = context["request"]
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    status, _ = ANSWERS[code]
    if status == 401:
        headers["WWW-Authenticate"] = "Token"
    return Response(error_shown(code, fields), status=status, headers=headers)


def error_shown(code: ApiCode, fields: Fields | None = None) -> dict[str, Any]:
    """The body of an answer that says what went wrong."""
    _, message = ANSWERS[code]
    return {"error": {"code": code.value, "message": message, "fields": dict(fields or {})}}


def _named(error: Exception) -> tuple[ApiCode, Fields]:
    if isinstance(error, Refused):
        return error.code, error.fields
    if isinstance(error, exceptions.ValidationError):
        return ApiCode.INVALID, _fields(error.detail)
    for kind, code in CODES.items():
        if isinstance(error, kind):
            return code, {}
    return ApiCode.INTERNAL, {}


def _fields(detail: Any) -> dict[str, list[str]]:
    """What DRF says of each field, nested ones under dotted names."""
    found: dict[str, list[str]] = {}
    for name, problem in _flat("", detail):
        found.setdefault(name, []).append(problem)
    return found


def _flat(name: str, detail: Any) -> Iterator[tuple[str, str]]:
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from _flat(f"{name}.{key}".strip("."), inner)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(name, inner)
    else:
        yield name or "body", str(detail)
