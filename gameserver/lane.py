"""The fast lane between uvicorn and a consumer: frames come and go without queue, task or parser.

A consumer finds it in the scope's extensions (``evertick.lane``); where a server offers none, the
way that ASGI describes is the only one, and does the same.

Rules of this file:
- The lane takes whole, small, unfragmented binary frames, and only while nothing that came before
  them waits in the ordinary way. So frames keep their order whichever way they go.
- Whatever else comes goes to uvicorn as it came, a whole frame at a time: it alone answers pings,
  joins fragments, refuses what breaks the protocol, and closes.
- Nothing is written that uvicorn would hold back or refuse: the caller is told, and sends it the
  ordinary way.
- Most sockets are idle most of the time, and a worker keeps thousands: what only the handshake, or
  only a busy moment needs, is not kept.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode, apply_mask
from websockets.protocol import Protocol, State

from games.limits import CLOSE_WAIT_S

FIN, MASKED = 0x80, 0x80
TEXT, BINARY = FIN | Opcode.TEXT, FIN | Opcode.BINARY
SMALL = 126
"""Bytes of payload from which on the header says the length elsewhere."""

_KINDS = {opcode | fin for opcode in Opcode for fin in (0, FIN)}
"""What a frame may begin with where no extension was agreed on."""


def head(kind: int, size: int) -> bytes:
    """What stands before a payload of ``size`` bytes that a server sends."""
    if size < SMALL:
        return bytes((kind, size))
    if size < 1 << 16:
        return bytes((kind, 126)) + size.to_bytes(2, "big")
    return bytes((kind, 127)) + size.to_bytes(8, "big")


_SMALL_HEADS = [head(BINARY, size) for size in range(SMALL)]


class Splitter:
    """Cuts what arrives into frames, wherever the network cut it.

    A frame is handed on once it is whole. One that is too large or breaks the protocol is handed to
    the ordinary way as far as it is there, with all that follows: it ends the connection.
    """

    __slots__ = ("_broken", "_direct", "_fragmented", "_ordinary", "_rest", "_size_max")

    def __init__(
        self, direct: Callable[[bytes], bool], ordinary: Callable[[bytes], None], size_max: int
    ) -> None:
        """Args:
        direct: Takes the payload of a small binary frame; False: it has to go the ordinary way.
        ordinary: Takes a frame as it came.
        size_max: Bytes of the largest payload that is waited for.
        """
        self._direct, self._ordinary, self._size_max = direct, ordinary, size_max
        self._rest = b""
        self._fragmented = False  # between the first and the last frame of a message
        self._broken = False

    def feed(self, data: bytes) -> None:
        """Hand on what is whole now."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, end = 0, len(data)
        while end - at >= 2 and not self._broken:
            size = data[at + 1] - MASKED
            if data[at] == BINARY and 0 <= size < SMALL and not self._fragmented:
                start = at + 6
                stop = start + size
                if stop > end:
                    break
                if not self._direct(apply_mask(data[start:stop], data[at + 2 : start])):
                    self._ordinary(data[at:stop])
            else:
                stop = self._other(data, at, end)
                if stop > end:
                    break
            at = stop
        if self._broken:
            if at < end:
                self._ordinary(data[at:])
        elif at < end:
            self._rest = data[at:]

    def _other(self, data: bytes, at: int, end: int) -> int:
        """Hand on a frame that is not for the lane; where it ends, which may be not here yet."""
        kind, size = data[at], data[at + 1] - MASKED
        start = at + 6
        if size >= SMALL:
            wide = 2 if size == 126 else 8
            start += wide
            # Read off a part, it is less than it is, and the frame still ends behind what is here.
            size = int.from_bytes(data[at + 2 : at + 2 + wide], "big")
        if kind not in _KINDS or not 0 <= size <= self._size_max:
            self._broken = True
            return at
        stop = start + size
        if stop <= end:
            if kind & 0x0F < Opcode.CLOSE:  # control frames may come between fragments
                self._fragmented = not kind & FIN
            self._ordinary(data[at:stop])
        return stop


class Lane:
    """The lane of one socket.

    Attributes:
        sink: Takes the payload of each small binary frame from now on, in order; None: it waits in
            the ordinary way. What it raises ends the connection.
        clear: Whether the line is there, and the peer reads what it is sent.
    """

    __slots__ = ("_conn", "_transport", "clear", "sink")

    def __init__(self, socket: "LaneSocket") -> None:
        self.sink: Callable[[bytes], object] | None = None
        self.clear = True
        self._conn, self._transport = socket.conn, socket.transport

    def write(self, payload: bytes) -> bool:
        """Send a binary frame now; False if it cannot go now, or nothing can any more."""
        if not self.clear or self._conn.state is not State.OPEN:
            return False
        size = len(payload)
        start = _SMALL_HEADS[size] if size < SMALL else head(BINARY, size)
        self._transport.write(start + payload)
        return True

    def write_text(self, payload: bytes) -> bool:
        """The same with a text frame; ``payload`` is UTF-8."""
        if not self.clear or self._conn.state is not State.OPEN:
            return False
        self._transport.write(head(TEXT, len(payload)) + payload)
        return True


class Events:
    """What happened on a socket and its application did not take yet: of ``asyncio.Queue`` what
    uvicorn uses. An empty one of those has three deques, 2 kB; here there is one while it is
    needed."""

    __slots__ = ("_events", "_reader")

    def __init__(self) -> None:
        self._events: deque[Any] | None = None
        self._reader: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """Whether all was taken."""
        return self._events is None

    def put_nowait(self, event: Any) -> None:
        """Add the newest."""
        if self._events is None:
            self._events = deque()
        self._events.append(event)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        """Take the oldest, once there is one; for one reader."""
        while self._events is None:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        event = self._events.popleft()
        if not self._events:
            self._events = None
        return event


_WRITABLE = asyncio.Event()
"""That of all sockets whose peer reads; set, and never cleared."""
_WRITABLE.set()


class LaneSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol of a WebSocket: has the lane, and lets go of a peer that does not read.

    The slots are for what uvicorn keeps; they take a quarter of the dictionary that it would be in.
    """

    __slots__ = (
        "_splitter",
        "app",
        "app_state",
        "asgi_version",
        "client",
        "close_sent",
        "close_timeout",
        "close_timer",
        "config",
        "conn",
        "connections",
        "curr_msg_data_type",
        "default_headers",
        "disconnected",
        "frames",
        "handshake_complete",
        "handshake_initiated",
        "initial_response",
        "lane",
        "last_ping_rtt",
        "logger",
        "loop",
        "pending_ping_payload",
        "ping_interval",
        "ping_sent_at",
        "ping_timeout",
        "ping_timer",
        "pong_timer",
        "queue",
        "read_paused",
        "request",
        "response",
        "root_path",
        "scheme",
        "scope",
        "server",
        "tasks",
        "transport",
        "writable",
    )

    lane: Lane | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lane = None
        self.queue: Any = Events()
        self.writable = _WRITABLE

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions["evertick.cut"] = self.transport.abort
            if not self.conn.extensions:  # deflated frames are not for the lane
                self.lane = extensions["evertick.lane"] = Lane(self)
                # The parser that read the request would keep it.
                self.conn.parser = Protocol.parse(self.conn)
                next(self.conn.parser)
                self._splitter = Splitter(
                    self._direct, super().data_received, self.config.ws_max_size
                )

    def data_received(self, data: bytes) -> None:
        if self.lane is None:
            super().data_received(data)
        else:
            self._splitter.feed(data)

    def _direct(self, payload: bytes) -> bool:
        assert self.lane is not None
        sink = self.lane.sink
        if sink is None or not self.queue.empty() or self.conn.state is not State.OPEN:
            return False
        sink(payload)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.lane is not None:
            self.lane.sink, self.lane.clear = None, False
            # Circles of references, which would stay until a full garbage collection.
            del self._splitter, self.conn.parser

    def start_keepalive(self) -> None:
        """Called when the handshake is done: what was asked for was looked at."""
        super().start_keepalive()
        del self.request, self.response
        headers: list[Any] = self.scope["headers"]  # type: ignore[assignment]
        headers.clear()  # in every copy of the scope

    def pause_writing(self) -> None:
        self.writable = asyncio.Event()
        if self.lane is not None:
            self.lane.clear = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.writable = _WRITABLE
        if self.lane is not None:
            self.lane.clear = True

    def handle_ping(self) -> None:
        """Answered, but not to a peer that does not read the answers."""
        answer = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(answer)

    def keepalive_timeout(self) -> None:
        """uvicorn would wait for the peer to read the rest, and the application for uvicorn."""
        super().keepalive_timeout()
        self.transport.abort()

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        super().on_task_complete(task)
        self.loop.call_later(CLOSE_WAIT_S, self.transport.abort)
