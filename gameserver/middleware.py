"""What every answer carries besides its content."""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

POLICY: dict[str, str] = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self' ws: wss:",  # older Safari does not count a page's own sockets as 'self'
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Nothing from elsewhere, nothing inline: text that a player wrote can never become a script."""

HEADER = "Content-Security-Policy"


def policy(**changes: str) -> str:
    """The header's text, with some directives changed: ``policy(style_src="'self'")``."""
    directives = POLICY | {name.replace("_", "-"): value for name, value in changes.items()}
    return "; ".join(f"{name} {value}" for name, value in directives.items())


@sync_and_async_middleware
def content_security_policy(
    get_response: Callable[[HttpRequest], Any],
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Puts the policy on each answer, unless its view set one of its own."""
    strict = policy()

    def guarded(response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault(HEADER, strict)
        return response

    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            return guarded(await get_response(request))

        return middleware

    return lambda request: guarded(get_response(request))


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise, at home under ASGI: a file is answered whole.

    WhiteNoise streams files from a synchronous iterator, which Django would read to its end in a
    thread anyway, with a warning each time. Ours are small.
    """

    def add_files(self, root: str | Path, prefix: str | None = None) -> None:
        """Adds a folder, if it is there: without collectstatic there is no STATIC_ROOT."""
        if Path(root).is_dir():
            super().add_files(root, prefix)

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response
