"""Django behind ASGI, as a server calls it."""

import asyncio
import threading
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from gameserver.handler import BODY_BYTES_MAX, THREADS_MAX, Handler


def told(request: HttpRequest) -> HttpResponse:
    """What a view sees of a request."""
    response = HttpResponse(f"{request.method} {request.GET.get('n')} {len(request.body)}")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"a", b"b"]))


def thread(request: HttpRequest) -> HttpResponse:
    """Which thread answers, and which connection to the cache it has."""
    backend = cache._connections["default"]  # type: ignore[attr-defined]
    return HttpResponse(f"{threading.get_ident()} {id(backend)}")


urlpatterns = [path("told", told), path("streamed", streamed), path("thread", thread)]


async def answer(
    handler: Handler, where: str, *pieces: bytes, query: bytes = b"", host: bytes = b"localhost"
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Of a POST with this body; a server's messages in between are its own."""
    left = [*pieces] or [b""]
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": where, "query_string": query}
    await handler(scope | {"headers": [(b"host", host)]}, receive, send)
    return said[0]["status"], said[0]["headers"], said[1]["body"]


@pytest.fixture
def handler() -> Handler:
    with override_settings(
        ROOT_URLCONF=__name__, MIDDLEWARE=[], DATA_UPLOAD_MAX_MEMORY_SIZE=2 * BODY_BYTES_MAX
    ):
        yield Handler()  # type: ignore[misc]


async def test_a_body_in_pieces_is_one_and_each_cookie_has_its_header(handler: Handler) -> None:
    status, headers, body = await answer(handler, "/told", b"ab", b"cde", query=b"n=7")
    assert (status, body) == (200, b"POST 7 5")
    cookies = [value.split(b";")[0] for name, value in headers if name == b"Set-Cookie"]
    assert cookies == [b"one=1", b"two=2"]


async def test_a_body_without_end_is_cut(handler: Handler) -> None:
    piece = b"x" * (BODY_BYTES_MAX // 2 + 1)
    *_, body = await answer(handler, "/told", piece, piece, piece)
    assert body == b"POST None %d" % BODY_BYTES_MAX


async def test_what_a_view_streams_is_answered_whole(handler: Handler) -> None:
    *_, body = await answer(handler, "/streamed")
    assert body == b"ab"


async def test_what_is_no_request_of_ours_is_refused(handler: Handler) -> None:
    assert (await answer(handler, "/nowhere"))[0] == 404
    assert (await answer(handler, "/told", host=b"elsewhere.example"))[0] == 200  # asks no host
    assert (await answer(handler, "/told", query=b"\xff"))[0] == 400


async def test_threads_stay_and_keep_what_is_theirs(handler: Handler) -> None:
    said = await asyncio.gather(*(answer(handler, "/thread") for _ in range(50)))
    known = {tuple(body.split()) for *_, body in said}
    assert len({number for number, _ in known}) == len(known) <= THREADS_MAX


async def test_who_went_away_before_the_request_was_whole_is_not_answered(
    handler: Handler,
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError(message)

    await handler({"type": "http"}, receive, send)
