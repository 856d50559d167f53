"""Which pages may open sockets here.

A browser sends the page's origin with every socket; without this check any page on the web could
open one with its visitor's cookie. Programs send none, and show a ticket instead.
"""

from collections.abc import Awaitable, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.http.request import validate_host

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer a socket with HTTP 403. Channels' own denier would take the shared thread for it."""
    await receive()  # the connect: closed instead of accepted
    await send({"type": "websocket.close"})


class OriginCheck:
    """Refuses sockets of foreign pages with HTTP 403, before anything else sees them.

    Where ``origins`` names some (``https://play.example.org``), exactly those are allowed, scheme
    and port included. Where it is empty, the page's host and port must be those the socket was
    opened to, and ``hosts`` must allow that host.
    """

    _asgi_single_callable = True  # asgiref's word for: as of ASGI 3, though no coroutine function

    def __init__(self, app: Any, *, origins: Iterable[str], hosts: Iterable[str]) -> None:
        self._app = app
        self._origins = {_normal(origin) for origin in origins}
        self._hosts = list(hosts)

    def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
        """Hands the socket on, and does not wait for its end: thousands would."""
        return (self._app if self.allows(scope) else refuse)(scope, receive, send)

    def allows(self, scope: dict[str, Any]) -> bool:
        """Whether the socket of this scope may be opened."""
        sent = [value for name, value in scope["headers"] if name.lower() == b"origin"]
        if not sent:
            return True
        origin = _normal(sent[0].decode("latin-1"))
        if len(sent) > 1 or origin is None:
            return False
        return origin in self._origins if self._origins else self._is_same(origin, scope)

    def _is_same(self, origin: tuple[str, str, int], scope: dict[str, Any]) -> bool:
        scheme, host, port = origin
        asked = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        own = _normal(f"{scheme}://{asked}")
        return own == (scheme, host, port) and validate_host(host, self._hosts)


def _normal(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a full origin; None for anything else, ``null`` among it."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if port is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts.scheme, host, port
