"""What a client knows of a room, put together from frames. No I/O: bytes in, messages out."""

import secrets
from typing import Any

import msgpack
import msgspec

from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.codes import Code
from games.protocol.messages import (
    VERSION,
    Again,
    Delta,
    Error,
    Hello,
    Input,
    Own,
    Pong,
    Resync,
    ServerMessage,
    Snapshot,
    Welcome,
)
from games.sim import View, patch

_decode_json: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)


class Drift(AssertionError):
    """The server said something that does not fit what it said before."""


class Follower:
    """The state of one client session, across any number of sockets.

    Attributes:
        view: The shared view, as last told; None before the first snapshot.
        secret: What this seat alone may see.
        settled: Highest input number that a tick has settled.
        refused: Codes of refused inputs, by their number.
        errors: Codes of all errors told, in order.
    """

    def __init__(self, encoding: Encoding = "msgpack") -> None:
        self.encoding: Encoding = encoding
        self.session = secrets.token_hex(8)
        self.welcome: Welcome | None = None
        self.view: View | None = None
        self.tick = -1
        self.time = 0
        self.secret: View | None = None
        self.own_tick = -1
        self.settled = 0
        self.refused: dict[int, str] = {}
        self.errors: list[str] = []
        self.pongs: list[int] = []
        self.gaps = 0
        self._sent: dict[int, Any] = {}
        self._seq = 0
        self._resume = ""
        self._asked = False
        self._held = 0  # from this number on the room had no place; sent again after a tick

    # --- out -----------------------------------------------------------------------------------

    def hello(self, ticket: str = "") -> bytes:
        """The first frame of a socket: with a ticket, or to return where the last welcome was."""
        resume = "" if ticket else self._resume
        self.welcome = None
        return self._frame(Hello(v=VERSION, session=self.session, ticket=ticket, resume=resume))

    def input(self, data: Any) -> tuple[int, bytes]:
        """The number of a new input, and its frame; kept until it is settled."""
        self._seq += 1
        self._sent[self._seq] = data
        return self._seq, self._frame(Input(seq=self._seq, data=data))

    def unsettled(self, since: int = 1) -> list[bytes]:
        """Frames of all inputs from number ``since`` on that no tick has settled yet."""
        return [
            self._frame(Input(seq=seq, data=data))
            for seq, data in self._sent.items()
            if seq >= since
        ]

    # --- in ------------------------------------------------------------------------------------

    def receive(self, frame: bytes | str) -> list[bytes]:
        """Apply what the server said; what is to be sent in answer.

        Raises:
            Drift: the server contradicts itself.
        """
        answers: list[bytes] = []
        for message in decode(frame, self.encoding):
            answers += self._apply(message)
        return answers

    def _apply(self, message: ServerMessage) -> list[bytes]:
        match message:
            case Welcome():
                self.welcome = message
                self._resume = message.resume
                self._settle(message.settled)
                return self.unsettled()
            case Snapshot(tick=tick, time=time, view=view):
                self.view, self.tick, self.time, self._asked = view, tick, time, False
            case Delta():
                return self._delta(message)
            case Own():
                return self._own(message)
            case Again(next=first, code=code):
                if code == Code.GAP:
                    return self.unsettled(first)
                self._held = first
            case Pong(n=n):
                self.pongs.append(n)
            case Error(code=code):
                self.errors.append(code)
        return []

    def _delta(self, delta: Delta) -> list[bytes]:
        if delta.tick <= self.tick:
            return []
        if delta.base != self.tick or self.view is None:
            return self._ask()
        if delta.time < self.time:
            raise Drift(f"time ran back from {self.time} to {delta.time} at tick {delta.tick}")
        self.view = patch(self.view, delta.change)
        self.tick, self.time, self._asked = delta.tick, delta.time, False
        return []

    def _own(self, own: Own) -> list[bytes]:
        if own.view is not None:
            self.secret, self.own_tick, self._asked = own.view, own.tick, False
        elif own.change is not None and own.tick > self.own_tick:
            if own.base != self.own_tick or self.secret is None:
                return self._ask()
            self.secret, self.own_tick = patch(self.secret, own.change), own.tick
        for seq, code in own.refused:
            self.refused[seq] = code
        if own.settled is not None:
            self._settle(own.settled)
        held, self._held = self._held, 0
        return self.unsettled(held) if held else []

    def _ask(self) -> list[bytes]:
        """Ask to catch up, once until it is answered."""
        if self._asked:
            return []
        self._asked = True
        self.gaps += 1
        return [self._frame(Resync(tick=self.tick))]

    def _settle(self, settled: int) -> None:
        self.settled = max(self.settled, settled)
        for seq in [seq for seq in self._sent if seq <= self.settled]:
            del self._sent[seq]

    def _frame(self, message: Hello | Input | Resync) -> bytes:
        return codec.encode(message, self.encoding)


def decode(frame: bytes | str, encoding: Encoding) -> list[ServerMessage]:
    """The messages of one frame from the server."""
    if encoding == "json":
        text = frame.encode() if isinstance(frame, str) else frame
        return [_decode_json.decode(line) for line in text.split(b"\n")]
    assert isinstance(frame, bytes)
    return _decode_stream(frame)


def _decode_stream(frame: bytes) -> list[ServerMessage]:
    """MessagePack values one after another."""
    unpacker = msgpack.Unpacker(raw=False)
    unpacker.feed(frame)
    return [msgspec.convert(value, ServerMessage) for value in unpacker]
