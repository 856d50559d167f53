"""The fast lane of uvicorn: whatever comes, in whatever pieces, is heard as it is without the lane.

The whole servers are played on elsewhere; here the lane is alone with raw sockets.
"""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from gameserver.lane import BINARY, TEXT, Lane, LaneSocket, Splitter, head

SIZE_MAX = 2000
PING, PONG, CLOSE = 0x89, 0x8A, 0x88
FIRST, MIDDLE, LAST = 0x02, 0x00, 0x80
"""The frames of a binary message in pieces."""


def masked(kind: int, payload: bytes = b"", mask: bytes = b"\x01\x80\xff\x37") -> bytes:
    """A frame as a client sends it."""
    start = bytearray(head(kind, len(payload)))
    start[1] |= 0x80
    return bytes(start) + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def wide(payload: bytes) -> bytes:
    """The same with a longer length than it needs, which is no error."""
    return bytes((BINARY, 0xFF)) + len(payload).to_bytes(8, "big") + bytes(4) + payload


MISLEADING = (bytes(5) + masked(LAST) + masked(BINARY, b"within")).ljust(0x0285, b"\0")
"""A payload that holds frames, as long as a number that looks like the beginning of one."""


# --- frames out of any pieces -------------------------------------------------------------------

Heard = list[tuple[int, bytes]]


class Parser:
    """websockets' own, which is right by definition."""

    def __init__(self) -> None:
        self.protocol = ServerProtocol(max_size=SIZE_MAX)
        self.protocol.state = State.OPEN
        self.protocol.parser = self.protocol.parse()
        next(self.protocol.parser)
        self.heard: Heard = []

    def feed(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            self.heard.append((event.opcode | event.fin << 7, bytes(event.data)))

    @property
    def closes_with(self) -> int | None:
        return self.protocol.close_sent and self.protocol.close_sent.code


FRAMES = st.one_of(
    st.builds(masked, st.just(BINARY), st.binary(max_size=140), st.binary(min_size=4, max_size=4)),
    st.builds(
        masked,
        st.sampled_from([BINARY, TEXT, PING, PONG, CLOSE, FIRST, MIDDLE, LAST, 0x01, 0x83, 0xC2]),
        st.binary(max_size=140),
    ),
    st.builds(
        masked,
        st.sampled_from([BINARY, TEXT, FIRST]),
        st.integers(0, SIZE_MAX + 1).map(bytes),
    ),
    st.builds(wide, st.binary(max_size=140)),
    st.binary(max_size=12),
    st.just(head(BINARY, 3) + b"bad"),
    st.just(masked(BINARY, bytes(70_000))),
)


@given(st.lists(FRAMES, max_size=12), st.data(), st.booleans())
@example([masked(BINARY, b"a"), masked(FIRST, b"b"), masked(BINARY, b"c")], None, True)
@example([masked(FIRST, b"b"), masked(PING), masked(LAST, b"c"), masked(BINARY)], None, True)
@example([masked(FIRST, b"b"), masked(PING), masked(BINARY, b"c")], None, True)
@example([wide(MISLEADING)], None, True)
@example([wide(bytes(500))[:6]], None, True)
def test_whatever_comes_is_heard_as_by_websockets_alone(
    frames: list[bytes], data: Any, is_open: bool
) -> None:
    wire = b"".join(frames)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(wire))))) if data else [1, 2, 3, 9]
    alone, parser = Parser(), Parser()

    def direct(payload: bytes) -> bool:
        if not is_open or parser.protocol.state is not State.OPEN:
            return False
        parser.heard.append((BINARY, payload))
        return True

    splitter = Splitter(direct, parser.feed, SIZE_MAX)
    for start, stop in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        alone.feed(wire[start:stop])
        splitter.feed(wire[start:stop])
    assert parser.heard == alone.heard
    assert parser.closes_with == alone.closes_with


@pytest.mark.parametrize("size", [0, 1, 125, 126, 1000])
def test_only_small_frames_are_for_the_lane(size: int) -> None:
    direct: list[bytes] = []
    ordinary: list[bytes] = []
    splitter = Splitter(lambda payload: not direct.append(payload), ordinary.append, SIZE_MAX)
    splitter.feed(masked(BINARY, bytes(size)))
    assert (len(direct), len(ordinary)) == ((1, 0) if size < 126 else (0, 1))


def test_a_frame_that_is_too_large_is_not_waited_for() -> None:
    ordinary: list[bytes] = []
    splitter = Splitter(lambda _: True, ordinary.append, SIZE_MAX)
    splitter.feed(masked(BINARY, bytes(SIZE_MAX + 1))[:20])
    splitter.feed(b"more")
    assert b"".join(ordinary) == masked(BINARY, bytes(SIZE_MAX + 1))[:20] + b"more"


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_heads_are_those_of_websockets(size: int) -> None:
    payload = bytes(size)
    for kind, opcode in ((BINARY, Opcode.BINARY), (TEXT, Opcode.TEXT)):
        assert head(kind, size) + payload == Frame(opcode, payload).serialize(mask=False)


# --- in uvicorn ---------------------------------------------------------------------------------


class App:
    """An application that takes its lane, and notes which way each message came."""

    lane: Lane
    send: Callable[[dict[str, Any]], Any]

    def __init__(self) -> None:
        self.came: list[tuple[str, bytes | str]] = []
        self.busy = asyncio.Event()
        self.busy.set()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        self.send = send
        if "evertick.lane" in scope["extensions"]:
            self.lane = scope["extensions"]["evertick.lane"]
            self.lane.sink = lambda payload: self.came.append(("lane", payload))
        while (message := await receive())["type"] == "websocket.receive":
            await self.busy.wait()
            self.came.append(("ordinary", message.get("bytes") or message.get("text", "")))
        self.ended.set_result(message["code"])


class Line:
    """A client's end of the line, which sends and hears bytes."""

    def __init__(self, app: App, reader: asyncio.StreamReader, writer: Any) -> None:
        self.app, self._reader, self._writer = app, reader, writer

    async def send(self, *chunks: bytes) -> None:
        """Send, and let each chunk arrive by itself."""
        for chunk in chunks:
            self._writer.write(chunk)
            for _ in range(5):
                await asyncio.sleep(0)

    async def hears(self, size: int) -> bytes:
        async with asyncio.timeout(60):
            return await self._reader.readexactly(size)

    async def hears_rest(self) -> bytes:
        async with asyncio.timeout(60):
            return await self._reader.read()

    async def came(self, count: int) -> list[tuple[str, bytes | str]]:
        """What came, once it is so much."""
        async with asyncio.timeout(60):
            while len(self.app.came) < count:  # noqa: ASYNC110 - it is a list
                await asyncio.sleep(0)
        return self.app.came


@asynccontextmanager
async def open_line(
    *, deflate: bool = False, offer: str = "", receive_bytes: int = 0
) -> AsyncIterator[Line]:
    app = App()
    config = uvicorn.Config(
        app,
        ws=LaneSocket,
        ws_per_message_deflate=deflate,
        ws_max_size=SIZE_MAX,
        ws_ping_interval=None,
        lifespan="off",
        log_config=None,
        log_level="critical",
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = socket.create_server(("127.0.0.1", 0))
    await server.startup([listener])
    line = socket.socket()
    if receive_bytes:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    line.setblocking(False)
    await asyncio.get_running_loop().sock_connect(line, listener.getsockname())
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader, writer = await asyncio.open_connection(sock=line, limit=1024)
    key = base64.b64encode(bytes(16)).decode()
    writer.write(
        f"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n".encode()
    )
    assert b"101" in await reader.readuntil(b"\r\n\r\n")
    try:
        yield Line(app, reader, writer)
    finally:
        writer.transport.abort()
        server.should_exit = True
        await server.shutdown([listener])


async def test_uvicorn_and_websockets_have_what_the_lane_touches() -> None:
    """If this fails, they were changed: read gameserver/lane.py beside their new code."""
    async with open_line() as line:
        await line.send(masked(BINARY, b"x"))
        await line.came(1)
        own = line.app.lane
        methods = {n for n, value in vars(LaneSocket).items() if callable(value)} - {"_direct"}
        assert methods <= set(dir(LaneSocket.__base__)), (
            "a method of ours overrides nothing any more"
        )
        kept = own._transport.get_protocol()
        assert vars(kept) == {}, "uvicorn keeps what has no slot here"
        unused = {name for name in LaneSocket.__slots__ if not hasattr(kept, name)}
        assert unused == {"request", "response"}, "dropped after the handshake, and nothing else is"
        assert own._conn.state is State.OPEN
        assert own._conn.extensions == []


async def test_a_frame_may_be_cut_anywhere() -> None:
    wire = masked(BINARY, b"first") + masked(BINARY, b"second")
    for cut in range(1, len(wire)):
        async with open_line() as line:
            await line.send(wire[:cut], wire[cut:])
            assert await line.came(2) == [("lane", b"first"), ("lane", b"second")]


async def test_every_byte_may_come_alone() -> None:
    async with open_line() as line:
        wire = masked(BINARY, b"small") + masked(BINARY, bytes(300)) + masked(BINARY)
        await line.send(*(bytes((byte,)) for byte in wire))
        assert await line.came(3) == [("lane", b"small"), ("ordinary", bytes(300)), ("lane", b"")]


async def test_many_frames_in_one_read_all_come_in_order() -> None:
    async with open_line() as line:
        await line.send(b"".join(masked(BINARY, b"%d" % number) for number in range(200)))
        assert await line.came(200) == [("lane", b"%d" % number) for number in range(200)]


async def test_what_comes_behind_an_ordinary_message_waits_for_it() -> None:
    async with open_line() as line:
        line.app.busy.clear()
        await line.send(masked(TEXT, b"text") + masked(BINARY, b"behind it"))
        assert line.app.came == []
        line.app.busy.set()
        assert await line.came(2) == [("ordinary", "text"), ("ordinary", b"behind it")]
        await line.send(masked(BINARY, b"later"))
        assert (await line.came(3))[2] == ("lane", b"later")


async def test_control_frames_between_others_are_answered() -> None:
    async with open_line() as line:
        await line.send(masked(BINARY, b"1") + masked(PING, b"now") + masked(BINARY, b"2"))
        assert await line.came(2) == [("lane", b"1"), ("lane", b"2")]
        assert await line.hears(5) == head(PONG, 3) + b"now"


async def test_messages_in_pieces_are_joined() -> None:
    async with open_line() as line:
        await line.send(
            masked(FIRST, b"a") + masked(PING),
            masked(MIDDLE, b"b") + masked(LAST, b"c"),
            masked(BINARY, b"whole"),
        )
        assert await line.came(2) == [("ordinary", b"abc"), ("lane", b"whole")]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (head(BINARY, 1) + b"x", 1002),  # without a mask
        (masked(FIRST, b"a") + masked(BINARY, b"not its rest"), 1002),
        (masked(MIDDLE, b"of nothing"), 1002),
        (masked(BINARY | 0x40, b"compressed"), 1002),
        (masked(0x83, b"of no known kind"), 1002),
        (masked(BINARY, bytes(SIZE_MAX + 1)), 1009),
        (masked(TEXT, b"\xff"), 1007),
    ],
)
async def test_what_breaks_the_protocol_is_refused(wire: bytes, code: int) -> None:
    async with open_line() as line:
        await line.send(masked(BINARY, b"good") + wire + masked(BINARY, b"too late"))
        assert (await line.hears_rest())[2:4] == code.to_bytes(2, "big")
        assert line.app.came == [("lane", b"good")]


async def test_a_close_is_answered_behind_all_that_was_written() -> None:
    async with open_line() as line:
        await line.send(masked(BINARY, b"hello"))
        await line.came(1)
        assert line.app.lane.write(b"news")
        closing = (1000).to_bytes(2, "big")
        await line.send(masked(CLOSE, closing) + masked(BINARY, b"too late"))
        assert await line.hears_rest() == head(BINARY, 4) + b"news" + head(CLOSE, 2) + closing
        assert await line.app.ended == 1000
        assert line.app.came == [("lane", b"hello")]
        assert not line.app.lane.write(b"too late")


async def test_nothing_passes_once_the_application_has_closed() -> None:
    async with open_line() as line:
        await line.send(masked(BINARY, b"hello"))
        await line.came(1)
        await line.app.send({"type": "websocket.close", "code": 4400})
        assert not line.app.lane.write(b"too late")
        assert not line.app.lane.write_text(b"too late")
        await line.send(masked(BINARY, b"too late"), masked(CLOSE, (4400).to_bytes(2, "big")))
        assert await line.hears_rest() == head(CLOSE, 2) + (4400).to_bytes(2, "big")
        assert line.app.came == [("lane", b"hello")]


async def test_a_line_that_is_cut_takes_nothing_and_keeps_nobody() -> None:
    async with open_line() as line:
        await line.send(masked(BINARY, b"hello"))
        await line.came(1)
        line._writer.transport.abort()
        assert await line.app.ended == 1005
        assert not line.app.lane.write(b"too late")
        assert line.app.lane.sink is None


async def test_who_does_not_read_closes_the_lane_and_loses_nothing() -> None:
    chunk = bytes(8000)
    async with open_line(receive_bytes=4096) as line:
        await line.send(masked(BINARY, b"hello"))
        await line.came(1)
        written = 0
        async with asyncio.timeout(60):
            while line.app.lane.write(chunk):
                written += 1
                await asyncio.sleep(0)
        waiting = asyncio.ensure_future(line.app.send({"type": "websocket.send", "bytes": b"end"}))
        await asyncio.sleep(0)
        assert not waiting.done(), "the ordinary way waits where the lane is closed"
        for _ in range(written):
            assert await line.hears(4 + 8000) == head(BINARY, 8000) + chunk
        await waiting
        assert await line.hears(5) == head(BINARY, 3) + b"end"
        assert line.app.lane.write(b"on")
        assert await line.hears(4) == head(BINARY, 2) + b"on"


async def test_text_is_written_as_text() -> None:
    async with open_line() as line:
        await line.send(masked(BINARY, b"hello"))
        await line.came(1)
        assert line.app.lane.write_text("é".encode() * 100)
        assert await line.hears(204) == head(TEXT, 200) + "é".encode() * 100


async def test_there_is_no_lane_for_what_is_compressed() -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    async with open_line(deflate=True, offer=offer) as line:
        await line.send(masked(BINARY, b"not compressed itself"))
        assert await line.came(1) == [("ordinary", b"not compressed itself")]
        assert not hasattr(line.app, "lane")
