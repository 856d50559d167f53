"""A player on a WebSocket that costs next to nothing: the load is to be the server's, not its own.

Rules of this file:
- It reads what servers send here: whole, uncompressed frames. Anything else is an error.
- What it does for each frame is the same for every contender: a look at the frame's header and at a
  few bytes of what is inside. It decodes no more than what is rare.
- Plain sockets under ``epoll``; asyncio would cost as much again as all the rest.
- Frames are masked with zeros: legal on the wire, as costly for the server as any other mask, and
  free for the sender. (A browser must choose unpredictable ones; a load generator need not.)
"""

import base64
import os
import socket
from array import array
from collections.abc import Callable
from random import Random
from time import perf_counter

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
CONTROLS_EVERY = 10
"""Inputs between two changes of mind: players hold their keys for half a second."""
PROBE_EVERY = 7
"""Inputs from one whose way into the state is timed to the next, of players that do so."""
CONNECT_S = 10.0
HEAD_BYTES = 6
"""Of a small masked frame: opcode, size, and the mask of zeros."""

CONTROLS = [(turn, thrust, fire) for turn in (-1, 0, 1) for thrust in (0, 1) for fire in (0, 1)]
"""All that a player can hold down; ``choose`` gives a number of these."""


def choose(chance: Random) -> int:
    """Turn or not, burn half of the time, fire a third of it."""
    turn = chance.randrange(3)
    return turn * 4 + (chance.random() < 0.5) * 2 + (chance.random() < 0.35)


def masked(payload: bytes, opcode: int) -> bytes:
    """A frame as clients send it."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes((opcode,)) + length + b"\0\0\0\0" + payload


class Counts:
    """What all players saw since ``reset``.

    Attributes:
        gaps: Seconds between two state messages at one player.
        applied: Seconds from sending an input to the state that shows it, of those that were timed.
        asked_again: Inputs that the server had no place for.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Count from here."""
        self.gaps = array("d")
        self.applied = array("d")
        self.asked_again = 0


class Player:
    """One headless player. A contender's own player says how its server is spoken to.

    Attributes:
        joined: Whether the whole state was here.
        patches: State messages since ``reset``; ``read`` bytes of frames, ``sent`` inputs.
        closed: Why the socket closed, if it did.
        timed: Whether the way of its inputs is timed.
    """

    opcode = BINARY
    read_max = 16_384

    def __init__(self, address: tuple[str, int], number: int, counts: Counts) -> None:
        self.address = address
        self.counts = counts
        self.joined = False
        self.closed = ""
        self.timed = False
        self.chance = Random(number)
        self.held = 0
        self.seq = 0
        self.probe = 0  # the number that is waited for in the state; 0: none
        self.probe_at = 0.0
        self.last = 0.0
        self._rest = b""
        self._open = False
        self._socket = socket.socket()
        self.reset()

    def reset(self) -> None:
        """Count from here; the gap that is open counts whole."""
        self.patches = self.read = self.sent = 0

    # --- what a contender says of itself ---------------------------------------------------------

    def opened(self) -> None:
        """The handshake is done; say what has to be said first."""

    def frame(self, data: bytes, start: int, now: float) -> None:
        """A whole frame of the server is ``data``, its payload from ``start`` on. Hot."""
        raise NotImplementedError

    def input(self) -> bytes | bytearray:
        """The frame of the next input, ``held`` being what is held down. Hot."""
        raise NotImplementedError

    # --- the socket ------------------------------------------------------------------------------

    def dial(self, watch: Callable[[int, Callable[[], None]], None]) -> None:
        """Connect, and ask for a WebSocket; ``watch`` calls when there is something to read."""
        if self.connect(watch):
            self.ask(self.path())

    def path(self) -> str:
        """Of the WebSocket."""
        raise NotImplementedError

    def protocol(self) -> str:
        """The subprotocol to ask for, if any."""
        return ""

    def connect(self, watch: Callable[[int, Callable[[], None]], None]) -> bool:
        """A socket of its own, that never waits; whether there is one."""
        try:
            self._socket = socket.create_connection(self.address, CONNECT_S)
        except OSError as error:
            self.fail(f"cannot connect: {error}")
            return False
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._recv, self._send = self._socket.recv, self._socket.send
        watch(self._socket.fileno(), self.readable)
        return True

    def ask(self, path: str) -> None:
        """Ask for a WebSocket."""
        key = base64.b64encode(os.urandom(16)).decode()
        named = self.protocol()
        wanted = f"Sec-WebSocket-Protocol: {named}\r\n" if named else ""
        self.write(
            f"GET {path} HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\n{wanted}\r\n".encode()
        )

    def write(self, data: bytes | bytearray) -> None:
        """All of it, or the socket is given up: a server that reads nothing for so long is gone."""
        try:
            if self._send(data) != len(data):
                self.fail("the server does not read")
        except OSError as error:
            self.fail(f"cannot send: {error.strerror}")

    def say(self, payload: bytes, opcode: int = 0) -> None:
        """One message."""
        self.write(masked(payload, opcode or self.opcode))

    def send_input(self, now: float) -> None:
        """The next input: what is held down now. Hot."""
        if self.sent % CONTROLS_EVERY == 0:
            self.held = choose(self.chance)
        self.sent += 1
        self.seq += 1
        if self.timed and not self.probe and self.seq % PROBE_EVERY == 0:
            self.probe, self.probe_at = self.seq, now
        try:
            self._send(self.input())
        except OSError as error:
            self.fail(f"cannot send: {error.strerror}")

    def readable(self) -> None:
        """Something came. Hot."""
        try:
            data = self._recv(self.read_max)
        except BlockingIOError:
            return
        except OSError as error:
            return self.fail(f"lost: {error.strerror}")
        now = perf_counter()
        if not data:
            return self.fail("lost: the server closed it")
        self.read += len(data)
        # Nearly always one whole small frame; everything else takes the long way.
        if self._open and not self._rest and len(data) > 3 and data[0] == self.opcode:
            size, start = data[1], 2
            if size == 126:
                start = 4
                size = data[2] << 8 | data[3]
            if size != 127 and len(data) == start + size:
                return self.frame(data, start, now)
        self._parse(data, now)

    def _parse(self, data: bytes, now: float) -> None:
        data = self._rest + data
        self._rest = b""
        if not self._open:
            data = self.answered(data)
            if not self._open:
                return
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
            if start > end or stop > end:
                break
            if data[at] == self.opcode:
                self.frame(data[at:stop], start - at, now)
            else:
                self._control(data[at], data[start:stop])
            at = stop
        self._rest = data[at:] if at < end else b""

    def answered(self, data: bytes) -> bytes:
        """What follows the answer to the handshake, once that is complete."""
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            self._rest = data
            return b""
        if not head.startswith(b"HTTP/1.1 101 "):
            self.fail(head.split(b"\r\n")[0].decode("latin-1"))
            return b""
        self._open = True
        self.opened()
        return rest

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.say(payload, PONG)
        elif opcode == CLOSE:
            self.fail(f"closed with {int.from_bytes(payload[:2], 'big')}")
        elif opcode not in {TEXT, BINARY}:
            self.fail(f"a frame of kind {opcode:#x}")

    # --- what a contender's own player reports ---------------------------------------------------

    def patched(self, now: float) -> None:
        """A state message came. Hot."""
        if self.last:
            self.counts.gaps.append(now - self.last)
        self.last = now
        self.patches += 1

    def shown(self, now: float) -> None:
        """The state shows the input that was waited for."""
        self.counts.applied.append(now - self.probe_at)
        self.probe = 0

    def fail(self, why: str) -> None:
        """It is over for this player."""
        self.closed = self.closed or why
        self._socket.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
