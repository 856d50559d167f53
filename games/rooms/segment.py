"""A part of a match's journal as a file, and how the parts of one match are played again.

A file is a mark, a number for its format, a seal over the rest, and the rest, compressed: a head, a
line for each tick, an end; each with a digest over itself and the digest before. So one changed bit
shows at its tick. Where somebody made the digests anew, the state shows it: at the next hash of a
checkpoint it is another one.

Segments of one match may overlap, where a worker died between writing one and saying so. What they
say of one tick must then be the same.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import groupby
from typing import Any, Literal, NamedTuple

import msgspec

from games.limits import SEGMENT_UNPACKED_BYTES_MAX
from games.rooms.checkpoint import hash_of, rules_of
from games.rooms.journal import Written, read_tick
from games.rooms.room import Room
from games.sim import Game, Outcome

MARK = b"EVTJ"
FORMAT = 1
SEAL_BYTES = 16
DIGEST_BYTES = 8
LENGTH_BYTES = 4
LEVEL = 1
"""Of compression: 6 makes files a fourteenth smaller, and takes four times as long."""
STEP_BYTES = 256
"""How much is unpacked at once: what stands before a damage is read by so much."""

Why = Literal["damaged", "digest", "contradiction", "gap", "diverged", "wrong_rules"]


class Damaged(Exception):
    """A file is no segment, or not the one that was written.

    Attributes:
        code: ``no_segment``, ``format``, ``seal``, ``packing``, ``truncated``, ``too_large``,
            ``malformed`` or ``digest``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a match began with. With its journal it is all that a replay needs.

    Attributes:
        seats: Number, name, and whether a bot plays it.
    """

    match: str
    title: str
    seed: int
    settings: dict[str, Any]
    seats: list[tuple[int, str, bool]]


class Line(NamedTuple):
    """One tick, as the journal had it; the epoch tells which owner wrote it."""

    tick: int
    epoch: int
    payload: bytes


class End(msgspec.Struct, frozen=True):
    """The match is over, and nothing comes after this segment.

    Attributes:
        outcome: As it is on record; None if the match ended without.
    """

    outcome: Outcome | None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment says of itself.

    Attributes:
        rules: Version of the rules that made all of its ticks.
        last: ``first - 1`` if it has none, and says only that the match is over.
    """

    origin: Origin
    rules: int
    first: int
    last: int


class Segment(NamedTuple):
    """Ticks of one match without a gap, all made by the same rules."""

    head: Head
    lines: list[Line]
    end: End | None = None


# --- as files ------------------------------------------------------------------------------------


def cut(origin: Origin, after: int, lines: list[Line], end: End | None = None) -> list[Segment]:
    """Ticks that follow each other, as segments: a new one where other rules begin.

    Args:
        after: Tick before the first of ``lines``.
        end: Of the last segment, which has no ticks if there are none.
    """
    parts = [
        (rules, list(part))
        for rules, part in groupby(lines, lambda line: read_tick(line.payload).rules)
    ]
    if not parts and end:
        parts = [(0, [])]
    segments = []
    for rules, part in parts:
        head = Head(origin=origin, rules=rules, first=after + 1, last=after + len(part))
        segments.append(Segment(head, part))
        after = head.last
    return [*segments[:-1], segments[-1]._replace(end=end)] if segments else []


def write_segment(segment: Segment) -> bytes:
    """Its bytes; the same for the same segment."""
    encode = msgspec.msgpack.Encoder().encode
    parts = [encode(part) for part in (segment.head, *segment.lines, segment.end)]
    packed = zlib.compress(b"".join(_chained(parts)), LEVEL)
    sealed = FORMAT.to_bytes(1, "big") + packed
    return MARK + _digest(sealed, SEAL_BYTES) + sealed


def _chained(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Each part with its length before it, and its digest behind."""
    digest = b""
    for part in parts:
        digest = _digest(digest + part)
        yield len(part).to_bytes(LENGTH_BYTES, "big") + part + digest


def _digest(data: bytes, size: int = DIGEST_BYTES) -> bytes:
    return blake2b(data, digest_size=size).digest()


_read_head = msgspec.msgpack.Decoder(Head).decode
_read_line = msgspec.msgpack.Decoder(Line).decode
_read_end = msgspec.msgpack.Decoder(End | None).decode


def read_segment(data: bytes) -> Segment:
    """The segment that these bytes are.

    Raises:
        Damaged: they are none, or something was changed.
    """
    reader = Reader(data)
    lines = list(reader.lines())
    return Segment(reader.head, lines, reader.end)


class Reader:
    """A file, read as far as it is what was written.

    Attributes:
        end: Known once all lines were read.
    """

    def __init__(self, data: bytes) -> None:
        """Read its head.

        Raises:
            Damaged: there is none.
        """
        sealed = data[len(MARK) + SEAL_BYTES :]
        if data[: len(MARK)] != MARK or not sealed:
            raise Damaged("no_segment")
        self._whole = data[len(MARK) :][:SEAL_BYTES] == _digest(sealed, SEAL_BYTES)
        if sealed[0] != FORMAT:
            raise Damaged("format" if self._whole else "seal")
        self._parts = _unpacked(sealed[1:])
        self._digest = b""
        self.head: Head = self._next(_read_head)
        self.end: End | None = None

    def lines(self) -> Iterator[Line]:
        """Its ticks, and after them whether all of the file is as it was written.

        Raises:
            Damaged: the tick after the last that came is not there as it was written.
        """
        for tick in range(self.head.first, self.head.last + 1):
            line = self._next(_read_line)
            if line.tick != tick:
                raise Damaged("malformed")
            yield line
        self.end = self._next(_read_end)
        if not self._whole:
            raise Damaged("seal")

    def _next(self, read: Callable[[bytes], Any]) -> Any:
        part, digest = next(self._parts)
        self._digest = _digest(self._digest + part)
        if digest != self._digest:
            raise Damaged("digest")
        try:
            return read(part)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Damaged("malformed") from error


def _unpacked(packed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The parts of a file with their digests, as far as it unpacks; it never ends by itself."""
    unpacker, waiting, size = zlib.decompressobj(), bytearray(), 0
    for start in range(0, len(packed), STEP_BYTES):
        room = SEGMENT_UNPACKED_BYTES_MAX - size + 1
        try:
            part = unpacker.decompress(packed[start : start + STEP_BYTES], room)
        except zlib.error as error:
            raise Damaged("packing") from error
        size += len(part)
        if size > SEGMENT_UNPACKED_BYTES_MAX:
            raise Damaged("too_large")
        waiting += part
        while len(waiting) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(waiting[:LENGTH_BYTES], "big")
            if len(waiting) < end + DIGEST_BYTES:
                break
            yield bytes(waiting[LENGTH_BYTES:end]), bytes(waiting[end : end + DIGEST_BYTES])
            del waiting[: end + DIGEST_BYTES]
    raise Damaged("truncated")


# --- played again --------------------------------------------------------------------------------


class Finding(NamedTuple):
    """What is wrong, and at which tick first.

    Attributes:
        why: ``damaged``: this tick cannot be read any more, or where it is the one after the last,
            what stands behind them. ``digest``: it is not what was written.
            ``contradiction``: two segments say different things of it. ``gap``: it is missing.
            ``diverged``: what was written does not lead to the state that was. ``wrong_rules``: the
            rules that made it are not here; no fault of the archive.
    """

    tick: int
    why: Why
    text: str


class Report(NamedTuple):
    """What playing a match again has shown.

    Attributes:
        last: The last tick that was read.
        played: How many ticks were played again.
        compared: How many hashes of the whole room were compared.
        ended: Whether the last segment is there.
        finding: The first that is wrong; None if nothing is.
    """

    last: int
    played: int
    compared: int
    ended: bool
    finding: Finding | None

    @property
    def ok(self) -> bool:
        """Every tick is there, and leads where it led."""
        return self.finding is None

    @property
    def wrong(self) -> bool:
        """Something is not as it was; rules that are not here any more are nobody's fault."""
        return self.finding is not None and self.finding.why != "wrong_rules"

    def __str__(self) -> str:
        done = f"{self.played} ticks played again, {self.compared} hashes compared"
        if self.finding is None:
            return f"ok: {done}" + ("" if self.ended else "; the end is not archived")
        tick, why, text = self.finding
        said = "WRONG" if self.wrong else "not all"
        return f"{said}: {why} at tick {tick} ({text}); {done}"


class _Wrong(Exception):
    def __init__(self, tick: int, why: Why, text: str) -> None:
        super().__init__(text)
        self.finding = Finding(tick, why, text)


def verify(files: Iterable[bytes], game: Game[Any], *, over: bool = False) -> Report:
    """Play a match again from its segments, and compare.

    What is missing, or was made by other rules, is named, and play goes on where the journal says
    what it builds on; at anything else that is wrong it ends.

    Args:
        files: In the order of their first and last ticks; read one by one.
        over: Whether the match was played to its end, so that there must be a last segment.
    """
    replay = _Replay(game)
    try:
        for data in files:
            replay.read(data)
        if over and not replay.ended:
            replay.missing("the end is in no segment")
    except _Wrong as wrong:
        replay.wrong = replay.wrong or wrong.finding
    return Report(
        last=replay.last,
        played=replay.played,
        compared=replay.compared,
        ended=replay.ended,
        finding=replay.wrong or replay.left_out,
    )


class _Replay:
    """A match, as far as it was played again.

    Attributes:
        room: None where the way is lost: behind a gap, or under rules that are not here.
        wrong: The first that is.
        left_out: The first tick that could not be played, for no fault of what was written.
    """

    def __init__(self, game: Game[Any]) -> None:
        self.game = game
        self.room: Room | None = None
        self.last = self.played = self.compared = 0
        self.ended = False
        self.wrong: Finding | None = None
        self.left_out: Finding | None = None
        self._origin: Origin | None = None
        self._seen: dict[int, bytes] = {}  # tick: digest, as far back as segments overlap

    def read(self, data: bytes) -> None:
        """Play one segment.

        Raises:
            _Wrong: it is not as it should be.
        """
        last_read = self.last
        try:
            reader = Reader(data)
            head = reader.head
            last_read = head.first - 1
            self._begin(head)
            for line in reader.lines():
                self._line(head, line)
                last_read = line.tick
        except Damaged as error:
            why: Why = "digest" if error.code == "digest" else "damaged"
            raise _Wrong(last_read + 1, why, error.code) from error
        if reader.end:
            self._end(reader.end)

    def missing(self, text: str) -> None:
        """What comes next is not there."""
        self.room = None
        self.wrong = self.wrong or Finding(self.last + 1, "gap", text)

    def _begin(self, head: Head) -> None:
        self._origin = self._origin or head.origin
        if head.origin != self._origin:
            raise _Wrong(
                head.first, "contradiction", "it is of another match, or another beginning"
            )
        if head.first > self.last + 1:
            self.missing("it is in no segment")
            self.last = head.first - 1
        self._seen = {tick: seen for tick, seen in self._seen.items() if tick >= head.first}
        if head.first == 1 and self.last == 0 and head.rules == self.game.version:
            origin = head.origin
            self.room = Room(
                self.game, seed=origin.seed, settings=origin.settings, seats=origin.seats
            )

    def _line(self, head: Head, line: Line) -> None:
        digest = _digest(line.epoch.to_bytes(8, "big") + line.payload)
        if line.tick <= self.last:
            if self._seen.get(line.tick, digest) != digest:
                raise _Wrong(line.tick, "contradiction", "two segments differ")
            return
        self._seen[line.tick] = digest
        try:
            self._play(head, read_tick(line.payload))
        except _Wrong:
            raise
        except Exception as error:
            raise _Wrong(line.tick, "diverged", f"it cannot be played: {error!r}") from error
        self.last = line.tick

    def _play(self, head: Head, written: Written) -> None:
        tick = written.record.tick
        if written.rules != self.game.version:
            self.room = None
            here = f"made by rules {written.rules}, here are {self.game.version}"
            self.left_out = self.left_out or Finding(tick, "wrong_rules", here)
            return
        if written.begins:
            self._begins(tick, head.origin, written.begins)
        if self.room is None:
            return self.missing("what it builds on is in no segment")
        self.room.follow(written.record)
        self.played += 1
        if written.hash:
            self._compare(tick, written.hash)

    def _begins(self, tick: int, origin: Origin, begins: bytes) -> None:
        """The room as it was before this tick is written down."""
        if self.room is not None:
            self._compare(tick, hash_of(begins))
        elif rules_of(begins) == self.game.version:
            self.room = Room.resumed(self.game, begins, settings=origin.settings)

    def _compare(self, tick: int, hashed: str) -> None:
        assert self.room is not None
        self.compared += 1
        if self.room.hash() != hashed:
            raise _Wrong(tick, "diverged", "the state is not the one that was")

    def _end(self, end: End) -> None:
        self.ended = True
        if self.room is not None and end.outcome and end.outcome != self.room.outcome:
            raise _Wrong(self.last, "diverged", "it ends otherwise than is on record")
