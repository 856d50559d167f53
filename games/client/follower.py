"""What a client knows of a room, put together from frames. No I/O: bytes in, messages out."""

import secrets
from collections.abc import Iterator
from typing import Any

import msgpack
import msgspec

from games.limits import INBOX_INPUTS_PER_SEAT_MAX
from games.protocol import codec
from games.protocol.codec import Encoding, Rows
from games.protocol.codes import Code
from games.protocol.messages import (
    SERVER,
    VERSION,
    Again,
    ClientMessage,
    Delta,
    Error,
    Got,
    Hello,
    Input,
    Move,
    Own,
    Pong,
    Resync,
    ServerMessage,
    Snapshot,
    Welcome,
)
from games.protocol.short import Near
from games.protocol.short import read as read_short
from games.sim import (
    Held,
    Kind,
    View,
    fingerprint,
    hold,
    patch,
    plain,
    read_kind,
    unpack,
    unpack_change,
)

GOT_FRAMES = 16
GOT_BYTES = 65_536
"""Frames, or bytes in them, after which the server is told that they came."""

ASK_AGAIN = 8
"""Messages of no use after which the question what was missed is asked again."""

_decode_json: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_server = Rows(SERVER)
_ARRAYS = 0x80
_NOTHING_KNOWN = Near()
_TAGS = {kind.__struct_config__.tag for kind in SERVER.values()}


class _Kind(msgspec.Struct):
    t: str


_decode_kind = msgspec.json.Decoder(_Kind)


class Drift(AssertionError):
    """The server said something that does not fit what it said before."""


class Known:
    """A view as this client knows it, in either encoding.

    Attributes:
        view: As plain values; None before the first.
        tick: The tick it is of, or -1.
    """

    def __init__(self, kind: Kind, encoding: Encoding) -> None:
        self._kind = kind
        self._json = encoding == "json"
        self._view: Any = None  # plain from JSON, else held
        self.tick = -1

    @property
    def view(self) -> Any:
        """What is known, as plain values."""
        return self._view if self._json or self.tick < 0 else plain(self._kind, self._view)

    @property
    def held(self) -> Held:
        """What is known, as the server holds it."""
        return hold(self._kind, self._view) if self._json else self._view

    def put(self, tick: int, whole: Any) -> None:
        """Everything is told."""
        self._view = whole if self._json else unpack(self._kind, whole)
        self.tick = tick

    def change(self, tick: int, base: int, change: Any) -> bool:
        """Apply a change; False if it is of a view that is not known."""
        if self.tick < 0 or base != self.tick:
            return False
        if self._json:
            self._view = patch(self._view, change)
        else:
            self._view = unpack_change(self._kind, self._view, change)
        self.tick = tick
        return True

    def check(self, told: int | None) -> None:
        """Compare with the fingerprint that was told.

        Raises:
            Drift: they differ.
        """
        if told is not None and fingerprint(self._kind, self.held) != told:
            raise Drift(f"at tick {self.tick} this is not the view that the server knows")


class Follower:
    """The state of one client session, across any number of sockets.

    Attributes:
        settled: Highest input number that a tick has settled.
        refused: Codes of refused inputs, by their number.
        errors: Codes of all errors told, in order.
        inbox: How many inputs of this seat the last tick that took some found waiting.
        checked: How many fingerprints were compared.
        received: Frames of this socket.
        asked_to_move: Whether the server wants this client to go on over another socket.
    """

    def __init__(self, encoding: Encoding = "msgpack") -> None:
        self.encoding: Encoding = encoding
        self.session = secrets.token_hex(8)
        self.welcome: Welcome | None = None
        self.time = 0
        self.settled = 0
        self.refused: dict[int, str] = {}
        self.errors: list[str] = []
        self.pongs: list[int] = []
        self.gaps = 0
        self.inbox = 0
        self.checked = 0
        self.received = 0
        self.asked_to_move = False
        self._shared: Known | None = None
        self._own: Known | None = None
        self._reported = 0
        self._unreported_bytes = 0
        self._sent: dict[int, tuple[Any, int]] = {}
        self._seq = 0
        self._resume = ""
        self._asked = False
        self._useless = 0  # messages since then that were of no use
        self._held = 0  # from this number on the room has no place; sent after a tick

    @property
    def view(self) -> View | None:
        """The shared view, as last told, with the rows in sight; None before the first snapshot."""
        shared: View | None = self._shared.view if self._shared else None
        own = self.own
        if shared is None or not own or "seen" not in own:
            return shared
        return {**shared, "game": {**shared["game"], **own["seen"]}}

    @property
    def sent(self) -> int:
        """The number of the last input."""
        return self._seq

    @property
    def tick(self) -> int:
        """Of the shared view; -1 before the first snapshot."""
        return self._shared.tick if self._shared else -1

    @property
    def own(self) -> View | None:
        """All that is seen from this seat alone."""
        own: View | None = self._own.view if self._own else None
        return own

    @property
    def secret(self) -> View | None:
        """The title's secret for this seat."""
        return self.own.get("secret") if self.own else None

    @property
    def holds_back(self) -> bool:
        """Whether inputs wait for the next tick that settles some; new ones wait behind them."""
        return self._held > 0

    # --- out -----------------------------------------------------------------------------------

    def hello(self, ticket: str = "") -> bytes:
        """The first frame of a socket: with a ticket, or to return where the last welcome was."""
        hello = self.hello_beside(ticket)
        self._begin()
        return hello

    def hello_beside(self, ticket: str = "") -> bytes:
        """The first frame of a second socket, while all goes on over the first; see ``move``."""
        resume = "" if ticket else self._resume
        return self._frame(Hello(v=VERSION, session=self.session, ticket=ticket, resume=resume))

    def _begin(self) -> None:
        """A socket begins; what belonged to the one before does not count any more."""
        self.welcome = None
        self.received = self._reported = self._unreported_bytes = 0
        self.asked_to_move = self._asked = False
        self._held = 0

    def input(self, data: Any, seen: int = -1) -> tuple[int, bytes]:
        """The number of a new input, and its frame; kept until it is settled."""
        self._seq += 1
        self._sent[self._seq] = data, seen
        return self._seq, self._frame(Input(seq=self._seq, data=data, seen=seen))

    def unsettled(self, since: int = 1) -> list[bytes]:
        """Frames of the inputs from number ``since`` on that no tick has settled yet: as many as
        the room keeps between two ticks. The others follow once it has settled some."""
        again = [seq for seq in self._sent if seq >= since]
        batch, rest = again[:INBOX_INPUTS_PER_SEAT_MAX], again[INBOX_INPUTS_PER_SEAT_MAX:]
        self._held = rest[0] if rest else 0
        return [self._frame(Input(seq, *self._sent[seq])) for seq in batch]

    def report(self) -> list[bytes]:
        """Say how much was received, if that is not known yet; due a second after it came."""
        if self.welcome is None or self._reported == self.received:
            return []
        self._reported, self._unreported_bytes = self.received, 0
        return [self._frame(Got(n=self.received))]

    # --- in ------------------------------------------------------------------------------------

    def receive(self, frame: bytes | str) -> list[bytes]:
        """Apply what the server said; what is to be sent in answer.

        Raises:
            Drift: the server contradicts itself.
        """
        answers: list[bytes] = []
        self.received += 1
        self._unreported_bytes += len(frame)
        for message in decode(frame, self.encoding, self._near):
            answers += self._apply(message)
        frames = self.received - self._reported
        if frames >= GOT_FRAMES or self._unreported_bytes >= GOT_BYTES:
            answers += self.report()
        return answers

    def is_reached_by(self, frames: list[bytes | str]) -> bool:
        """Whether these frames of a second socket lead to what is known here, or beyond: if this
        client goes on with them, nobody sees time run back."""
        told = [message for frame in frames for message in decode(frame, self.encoding, self._near)]
        ticks = [said.tick for said in told if isinstance(said, Snapshot | Delta)]
        return (
            any(isinstance(said, Welcome) for said in told) and max(ticks, default=-1) >= self.tick
        )

    def move(self, frames: list[bytes | str]) -> list[bytes]:
        """Go on over the second socket, on which these frames came; what to send there."""
        self._begin()
        return [answer for frame in frames for answer in self.receive(frame)]

    @property
    def _near(self) -> Near:
        return Near(self.tick, self.settled)

    def _apply(self, message: ServerMessage) -> list[bytes]:
        match message:
            case Welcome():
                return self._welcome(message)
            case Snapshot(tick=tick, time=time, view=view):
                assert self._shared is not None
                self._shared.put(tick, view)
                self.time, self._asked = time, False
            case Delta():
                return self._delta(message)
            case Own():
                return self._on_own(message)
            case Again(next=first, code=code):
                if code == Code.GAP:
                    return self.unsettled(first)
                self._held = first
            case Pong(n=n):
                self.pongs.append(n)
            case Error(code=code):
                self.errors.append(code)
            case Move():
                self.asked_to_move = True
        return []

    def _welcome(self, welcome: Welcome) -> list[bytes]:
        self.welcome = welcome
        self._resume = welcome.resume
        self.follow(welcome.schema)
        self._settle(welcome.settled)
        return self.unsettled()

    def follow(self, schema: dict[str, Any]) -> None:
        """From now on views are of these types; what was known before is forgotten."""
        self._shared = Known(read_kind(schema["shared"]), self.encoding)
        self._own = Known(read_kind(schema["own"]), self.encoding) if schema["own"] else None

    def _delta(self, delta: Delta) -> list[bytes]:
        known = self._shared
        if known is not None and delta.tick <= self.tick:
            return []
        if known is None or not known.change(delta.tick, delta.tick - delta.back, delta.change):
            return self._ask()
        self._check(known, delta.hash)
        time = self.time + delta.back if delta.time is None else delta.time
        if time < self.time:
            raise Drift(f"time ran back from {self.time} to {time} at tick {delta.tick}")
        self.time, self._asked = time, False
        return []

    def _on_own(self, own: Own) -> list[bytes]:
        known = self._own
        if known is not None and own.view is not None:
            known.put(own.tick, own.view)
            self._asked = False
        elif known is not None and own.change is not None and own.tick > known.tick:
            if not known.change(own.tick, own.tick - own.back, own.change):
                return self._ask()
            self._check(known, own.hash)
        for seq, code in own.refused:
            self.refused[seq] = code
        before = self.settled
        if own.settled is not None:
            self.inbox = own.inbox
            self._settle(own.settled)
        return self.unsettled(self._held) if self._held and self.settled > before else []

    def _check(self, known: Known, told: int | None) -> None:
        known.check(told)
        self.checked += told is not None

    def _ask(self) -> list[bytes]:
        """Ask to catch up; again when much came since that is of no use: one of them was lost."""
        self._useless += 1
        if self._asked and self._useless < ASK_AGAIN:
            return []
        self.gaps += not self._asked
        self._asked, self._useless = True, 0
        return [self._frame(Resync(tick=self.tick))]

    def _settle(self, settled: int) -> None:
        self.settled = max(self.settled, settled)
        for seq in [seq for seq in self._sent if seq <= self.settled]:
            del self._sent[seq]

    def _frame(self, message: ClientMessage) -> bytes:
        return codec.encode(message, self.encoding)


def decode(
    frame: bytes | str, encoding: Encoding, near: Near = _NOTHING_KNOWN
) -> list[ServerMessage]:
    """The messages of one frame from the server; those of a kind that is not known are skipped."""
    if encoding == "json":
        text = frame.encode() if isinstance(frame, str) else frame
        return [_decode_json.decode(line) for line in text.split(b"\n") if _is_known(line)]
    assert isinstance(frame, bytes)
    return list(_decode_stream(frame, near))


def _is_known(line: bytes) -> bool:
    return _decode_kind.decode(line).t in _TAGS


def _decode_stream(frame: bytes, near: Near) -> Iterator[ServerMessage]:
    """MessagePack arrays and short forms one after another."""
    at = 0
    while at < len(frame):
        if frame[at] < _ARRAYS:
            message, at = read_short(frame, at, near)
            yield message
            continue
        unpacker = msgpack.Unpacker(raw=False)
        unpacker.feed(frame[at:])
        row = unpacker.unpack()
        at += unpacker.tell()
        if row[0] in SERVER:
            yield _server.convert(row)
