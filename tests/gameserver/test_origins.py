"""Which pages may open sockets: the matrix of cross-site attacks, refused before a consumer."""

from collections.abc import Iterable
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from hypothesis import given, settings
from hypothesis import strategies as st

from gameserver.origins import OriginCheck

SOON_S = 60
"""Seconds; a guard against waiting for ever."""

PLAY = "https://play.example.org"


async def accepts(scope: Any, receive: Any, send: Any) -> None:
    """What is behind the check: takes every socket, until it goes."""
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


def allows(
    *origins: str | bytes,
    host: str = "play.example.org",
    named: Iterable[str] = (),
    hosts: Iterable[str] = ("play.example.org",),
) -> bool:
    check = OriginCheck(accepts, origins=named, hosts=hosts)
    return check.allows(_scope(origins, host))


def _scope(origins: Iterable[str | bytes], host: str) -> dict[str, Any]:
    sent = [o if isinstance(o, bytes) else o.encode("latin-1") for o in origins]
    headers = [(b"host", host.encode()), *[(b"origin", value) for value in sent]]
    return {"type": "websocket", "path": "/", "headers": headers}


FOREIGN = [
    pytest.param("null", id="null"),
    pytest.param("https://evil.example", id="foreign"),
    pytest.param("https://evil.play.example.org", id="sub-domain"),
    pytest.param("https://example.org", id="parent"),
    pytest.param("https://play.example.org.evil.example", id="as a prefix"),
    pytest.param("https://evil-play.example.org", id="as a suffix"),
    pytest.param("https://evilplay.example.org", id="as a suffix without a mark"),
    pytest.param("https://play-example.org", id="a mark for a dot"),
    pytest.param("https://play.example.org:8443", id="other port"),
    pytest.param("https://play.example.org:80", id="port of the other scheme"),
    pytest.param("wss://play.example.org", id="a scheme that no page has"),
    pytest.param("file://play.example.org", id="file"),
    pytest.param("chrome-extension://play.example.org", id="extension"),
    pytest.param("https://play.example.org@evil.example", id="as a user"),
    pytest.param("https://evil.example@play.example.org", id="with a user"),
    pytest.param("https://evil.example/https://play.example.org", id="as a path"),
    pytest.param("https://evil.example?https://play.example.org", id="as a query"),
    pytest.param("https://play.example.org/path", id="with a path"),
    pytest.param("https://play.example.org?query", id="with a query"),
    pytest.param("https://play.example.org https://evil.example", id="two in one"),
    pytest.param("https://play.example.org, https://evil.example", id="two in a list"),
    pytest.param("https://play.example.org.", id="dot at the end"),
    pytest.param("play.example.org", id="no scheme"),
    pytest.param("//play.example.org", id="no scheme but slashes"),
    pytest.param("https://", id="no host"),
    pytest.param("https://:443", id="port alone"),
    pytest.param("", id="empty"),
    pytest.param("https://play.example.org:99999", id="port that is none"),
    pytest.param("https://play.example.org:x", id="port that is no number"),
    pytest.param("https://[play.example.org", id="half a bracket"),
    pytest.param(b"https://play.example.org\xff", id="byte that is no text"),
    pytest.param(b"\xff\xfe", id="bytes"),
    pytest.param("*", id="star"),
]


@pytest.mark.parametrize("named", [[], [PLAY], [PLAY, "https://other.example"]], ids=len)
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_opens_no_socket(origin: str | bytes, named: list[str]) -> None:
    assert allows(PLAY, named=named), "else this could not fail"
    assert not allows(origin, named=named)


@pytest.mark.parametrize("named", [[], [PLAY]], ids=len)
def test_a_program_without_an_origin_may_knock(named: list[str]) -> None:
    """It has no visitor's cookie to misuse, and must show a ticket."""
    assert allows(named=named)


@pytest.mark.parametrize("named", [[], [PLAY]], ids=len)
@pytest.mark.parametrize(
    "origin",
    [
        PLAY,
        "https://PLAY.Example.org",
        "HTTPS://play.example.org",
        "https://play.example.org:443",
        "https://play.example.org/",
    ],
)
def test_the_own_page_may_open_sockets_however_it_is_written(origin: str, named: list[str]) -> None:
    assert allows(origin, named=named)


@pytest.mark.parametrize("named", [[], [PLAY]], ids=len)
@pytest.mark.parametrize(
    "two", [(PLAY, PLAY), (PLAY, "https://evil.example"), ("https://evil.example", PLAY)]
)
def test_two_origins_are_none(two: tuple[str, str], named: list[str]) -> None:
    assert not allows(*two, named=named)


def test_http_is_not_https_where_origins_are_named() -> None:
    assert not allows("http://play.example.org", named=[PLAY])
    assert not allows("http://play.example.org:443", named=[PLAY])
    assert not allows(PLAY, named=["http://play.example.org"])
    assert allows("http://play.example.org", named=["http://play.example.org"])


def test_where_origins_are_named_the_host_does_not_matter() -> None:
    """A proxy in front may ask for the worker by another name."""
    assert allows(PLAY, named=[PLAY], host="10.0.0.7:8000", hosts=[])
    assert not allows("http://10.0.0.7:8000", named=[PLAY], host="10.0.0.7:8000", hosts=["*"])


@pytest.mark.parametrize("named", ["https://PLAY.example.org/", "https://play.example.org:443"])
def test_a_named_origin_may_be_written_in_other_ways(named: str) -> None:
    assert allows(PLAY, named=[named])


@pytest.mark.parametrize("named", ["play.example.org", "*", ""])
def test_a_named_origin_that_is_none_opens_nothing_rather_than_everything(named: str) -> None:
    assert not allows(PLAY, named=[named])
    assert not allows("null", named=[named])
    assert not allows("https://evil.example", named=[named])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://play.example.org", "play.example.org"),
        ("http://play.example.org", "play.example.org:80"),
        ("https://play.example.org", "play.example.org"),
        ("http://play.example.org:8000", "play.example.org:8000"),
        ("http://Play.example.org:8000", "play.EXAMPLE.org:8000"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_without_named_origins_page_and_socket_must_have_the_same_host_and_port(
    origin: str, host: str
) -> None:
    hosts = ["play.example.org", "127.0.0.1", "[::1]"]
    assert allows(origin, host=host, hosts=hosts)
    assert not allows(origin, host=f"{host.partition(':')[0] or '[::1]'}:9999", hosts=hosts)
    assert not allows(origin, host="other.example:8000", hosts=[*hosts, "other.example"])
    assert not allows(origin, host=host, hosts=[]), "a rebound name is not ours"


def test_a_name_that_was_rebound_to_this_address_is_refused() -> None:
    """Page and socket agree then, but the host is none of ours."""
    assert not allows("http://evil.example:8000", host="evil.example:8000")


def test_a_socket_without_a_host_is_refused_to_pages() -> None:
    check = OriginCheck(accepts, origins=[], hosts=["*"])
    assert not check.allows({"headers": [(b"origin", PLAY.encode())]})
    assert check.allows({"headers": []})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text("htps:/.@[]playexmorg0489?#", max_size=40))
def test_no_origin_at_all_makes_the_check_fail(origin: bytes | str) -> None:
    assert allows(origin, named=[PLAY]) in (True, False)
    assert allows(origin) in (True, False)


async def connects(*origins: str) -> bool:
    check = OriginCheck(accepts, origins=[PLAY], hosts=[])
    headers = _scope(origins, "play.example.org")["headers"]
    communicator = WebsocketCommunicator(check, "/", headers)
    try:
        return bool((await communicator.connect(SOON_S))[0])
    finally:
        await communicator.disconnect(timeout=SOON_S)


async def test_a_refused_socket_is_closed_before_it_is_open() -> None:
    """Which both servers answer with HTTP 403."""
    assert await connects(PLAY)
    assert await connects()
    assert not await connects("https://evil.example")
    assert not await connects(PLAY, PLAY)


async def test_a_refused_socket_never_reaches_what_is_behind() -> None:
    reached: list[Any] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)
        await send({"type": "websocket.accept"})

    check = OriginCheck(behind, origins=[PLAY], hosts=["*"])
    headers = _scope(["null"], "play.example.org")["headers"]
    communicator = WebsocketCommunicator(check, "/", headers)
    connected, _ = await communicator.connect(SOON_S)
    assert not connected
    assert reached == []
