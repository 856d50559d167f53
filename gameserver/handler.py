"""Django behind ASGI: a request is answered by one thread, from its first middleware to its last.

Django's own handler asks views and most middleware on a thread that it makes for each request, and
goes back to the event loop in between, several times. All of ours is synchronous, so that was
nothing but cost, part of it on the loop that ticks rooms; and what is kept for a thread, such as
the connection to the cache, was made anew for each request. Here a few threads live as long as the
process, and the loop hears of a request twice: when its body is there, and when its answer is.

Rules of this file:
- A thread begins and ends each request as Django's handlers do, so that connections to the database
  go back to their pool.
- Who goes away in the middle is not waited for, and what was begun is done to its end.
- An answer is sent as a whole: no view of ours streams.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from django.core import signals
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponseBase
from django.urls import set_script_prefix

THREADS_MAX = 6
"""Requests under way at once, in each process: two less than the database's pool has connections,
so that rooms need not wait for one. What comes meanwhile waits in line."""

BODY_BYTES_MAX = 1024 * 1024
"""Bytes of a body that are kept; who sends more is refused by Django from much less on, as its
``Content-Length`` says. One that says nothing is cut here, and is then no JSON and no form."""

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class Handler(ASGIHandler):
    """What of the ASGI application is Django's."""

    def __init__(self) -> None:
        django.setup(set_prefix=False)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="request")

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            del body[BODY_BYTES_MAX:]
            more = message.get("more_body", False)
        # In the context of the thread: what is kept in one (the cache's connection) would be made
        # anew for each request in that of its task.
        status, headers, content = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._answer, scope, bytes(body)
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: dict[str, Any], body: bytes) -> Answer:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, io.BytesIO(body))
        response: Any = refused if request is None else self.get_response(request)
        try:
            return response.status_code, _headers(response), _content(response)
        finally:
            response.close()  # and with it the request, and what it had of the database


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    cookies = response.cookies.values()
    headers += [
        (b"Set-Cookie", cookie.output(header="").encode("ascii").strip()) for cookie in cookies
    ]
    return headers


def _content(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content
