"""A WebSocket client that costs next to nothing, so that the load is the server's and not its own.

Rules of this file:
- It reads what servers send here: whole, uncompressed frames. Anything else is an error.
- It reads the numbers of messages, and decodes no more than what is rare.
- Like any client it says what it received, and what its player was looking at.
- Frames are masked with zeros: legal on the wire, as costly for the server as any other mask, and
  free for the sender. (A browser must choose unpredictable ones; a load generator need not.)
"""

import asyncio
import base64
import os
from array import array
from random import Random
from time import perf_counter
from typing import Any

import msgpack

from games.client.follower import GOT_FRAMES, decode
from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.messages import (
    SERVER,
    VERSION,
    Again,
    Delta,
    Error,
    Got,
    Hello,
    Input,
    Snapshot,
)

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
CONTROLS_EVERY = 10
"""Inputs between two changes of mind: players hold their keys for half a second."""

_NUMBERS = {kind: number for number, kind in SERVER.items()}
DELTA, SNAPSHOT = _NUMBERS[Delta], _NUMBERS[Snapshot]


class Player(asyncio.Protocol):
    """One headless player on one socket.

    Attributes:
        joined: Done once the first snapshot is here; raises if the socket closes before.
        arrivals: When each state message came (``perf_counter``), since ``reset``.
        frames: Frames of the server since then, and ``payload_bytes`` in them.
        sent: Inputs sent since then.
        asked_again: How often the server had no place for an input.
        closed: Why the socket closed, if it did.
    """

    def __init__(self, path: str, host: str, ticket: str, encoding: Encoding, seed: int) -> None:
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = ""
        self._path, self._host, self._ticket, self._encoding = path, host, ticket, encoding
        self._opcode = TEXT if encoding == "json" else BINARY
        self._seen = -1
        self._received = self._reported = 0
        self._random = Random(seed)
        self._unpacker = msgpack.Unpacker(raw=False)
        self._controls: dict[str, int | bool] = {}
        self._seq = 0
        self._rest = b""
        self._open = False
        self._transport: Any  # uvloop's are no subclass of asyncio's
        self.reset()

    def reset(self) -> None:
        """Count from here."""
        self.arrivals = array("d")
        self.frames = self.payload_bytes = self.sent = self.asked_again = 0

    # --- out -----------------------------------------------------------------------------------

    def send_input(self) -> None:
        """The next input: what is held down now."""
        if self._seq % CONTROLS_EVERY == 0:
            self._controls = self._choose()
        self._seq += 1
        self.sent += 1
        said = Input(seq=self._seq, data=self._controls, seen=self._seen)
        self._send(codec.encode(said, self._encoding))

    def _choose(self) -> dict[str, int | bool]:
        chance = self._random.random
        turn = self._random.choice((-1, 0, 1))
        return {"turn": turn, "thrust": chance() < 0.5, "fire": chance() < 0.35}

    def _send(self, payload: bytes, opcode: int = 0) -> None:
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self._transport.write(bytes((opcode or self._opcode,)) + length + b"\0\0\0\0" + payload)

    # --- in ------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: evertick.v1.{self._encoding}\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"connection lost ({error})")

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if not self._open:
            data = self._answered(data)
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                start = at + 4
                size = int.from_bytes(data[at + 2 : start], "big")
            elif size == 127:
                start = at + 10
                size = int.from_bytes(data[at + 2 : start], "big")
            stop = start + size
            if stop > end or start > end:
                break
            if data[at] == self._opcode:
                self.frames += 1
                self.payload_bytes += size
                self._frame(data[start:stop], now)
            else:
                self._control(data[at], data[start:stop])
            at = stop
        if at < end:
            self._rest = data[at:]

    def _answered(self, data: bytes) -> bytes:
        """What follows the answer to the handshake, once that is complete."""
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            self._rest = data
            return b""
        if not head.startswith(b"HTTP/1.1 101 "):
            self._fail(head.split(b"\r\n")[0].decode("latin-1"))
            return b""
        self._open = True
        session = f"bench-{self._random.getrandbits(64):016x}"
        hello = Hello(v=VERSION, session=session, ticket=self._ticket)
        self._send(codec.encode(hello, self._encoding))
        return rest

    def _frame(self, payload: bytes, now: float) -> None:
        self._received += 1
        if self._received - self._reported >= GOT_FRAMES:
            self._reported = self._received
            self._send(codec.encode(Got(n=self._received), self._encoding))
        told = self._numbers(payload)
        if DELTA in told:
            self._seen = told[DELTA]
            self.arrivals.append(now)
        elif SNAPSHOT in told:
            if not self.joined.done():
                self.joined.set_result(None)
        else:
            self._rare(payload)

    def _numbers(self, payload: bytes) -> dict[int, Any]:
        """The number of each message's kind, and its first field: the tick of changes."""
        if self._encoding == "json":
            return {
                _NUMBERS[type(message)]: getattr(message, "tick", None)
                for message in decode(payload, "json")
            }
        self._unpacker.feed(payload)
        return {row[0]: row[1] for row in self._unpacker}

    def _rare(self, payload: bytes) -> None:
        """A frame without a change of the shared view."""
        for message in decode(payload, self._encoding):
            if isinstance(message, Again):
                # What a player holds down now is as good as what they held then.
                self._seq = message.next - 1
                self.asked_again += 1
            elif isinstance(message, Error):
                self._fail(message.code)

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._send(payload, PONG)
        elif opcode == CLOSE:
            self._fail(f"closed with {int.from_bytes(payload[:2], 'big')}")
        else:
            self._fail(f"a frame of kind {opcode:#x}")

    def _fail(self, why: str) -> None:
        self.closed = self.closed or why
        if not self.joined.done():
            self.joined.set_exception(ConnectionError(why))

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()
