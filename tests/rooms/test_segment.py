"""A match as files: played again they lead where it led, and what was changed is found."""

import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.catalog import TITLES
from games.limits import SEGMENT_UNPACKED_BYTES_MAX
from games.rooms import Record, Room
from games.rooms.checkpoint import hash_of
from games.rooms.journal import Written, read_tick, write_tick
from games.rooms.segment import (
    MARK,
    SEAL_BYTES,
    Damaged,
    End,
    Finding,
    Line,
    Origin,
    Reader,
    Report,
    Segment,
    _digest,
    cut,
    read_segment,
    verify,
    write_segment,
)
from games.sim import Game, Outcome, Rng
from games.testing.samples import CannotDrawError, draw_data
from tests.titles import Hasty, HastyParty, Tally, Thinking

ROOT = Path(__file__).resolve().parents[2]


HASHED = 20
"""Each so many ticks the journal has a hash of the room."""


class Played:
    """A match that was played, and its journal."""

    def __init__(self, kind: type[Game[Any]], ticks: int, seed: int = 9) -> None:
        self.kind = kind
        self.lines: list[Line] = []
        count = max(2, kind.seats.start)
        seats = [(seat, f"Player {seat}", kind.has_bot() and seat > 0) for seat in range(count)]
        self.origin = Origin(match="m", title=kind.title, seed=seed, settings={}, seats=seats)
        self.room = Room(kind(), seed=seed, settings={}, seats=seats, bot_seed=5)
        self._rng, self._seq = Rng(seed), 0
        begins = self.room.checkpoint()
        self.room.connect(0, "session-0", "Ada")
        for number in range(1, ticks + 1):
            self._say(number)
            self.write(self._step(), begins)
            begins = b""
            if self.room.outcome:
                break

    def _say(self, number: int) -> None:
        if number % 40 == 30:
            self.room.disconnect(0)
        elif number % 40 == 35:
            self.room.connect(0, "session-0", "Ada")
        elif number % 3 == 0:
            self._seq += 1
            self.room.offer(0, self._seq, self._input())

    def _input(self) -> Any:
        """Anything that the title may be sent; a title of the tests is not asked to fail."""
        if issubclass(self.kind, Tally):
            return {"t": "add", "n": self._rng.between(1, 12)}
        try:
            return draw_data(self.kind.Input, self._rng)
        except CannotDrawError:
            return None

    def _step(self) -> Record:
        realtime = self.room.game.realtime
        return self.room.tick(1 if realtime else min(30, self.room.due() or 0)).record

    def write(self, record: Record, begins: bytes = b"") -> None:
        hashed = self.room.outcome or record.tick % HASHED == 0
        blob = hash_of(self.room.checkpoint()) if hashed else ""
        written = Written(0, record, blob, self.room.game.version, begins)
        self.lines.append(Line(record.tick, 1, write_tick(written)))

    def end(self) -> End:
        return End(self.room.outcome)

    def files(self, *cuts: int) -> list[bytes]:
        """Cut behind these ticks."""
        last = len(self.lines)
        bounds = [0, *(tick for tick in cuts if tick < last), last]
        return [
            data
            for first, upto in pairwise(bounds)
            for data in written(
                cut(
                    self.origin,
                    first,
                    self.lines[first:upto],
                    self.end() if upto == last else None,
                )
            )
        ]

    def verify(self, files: list[bytes], *, over: bool = False) -> Report:
        return verify(files, self.kind(), over=over)


def written(segments: list[Segment]) -> list[bytes]:
    return [write_segment(segment) for segment in segments]


@pytest.fixture(scope="module")
def tally() -> Played:
    """100 ticks of a title in which every input counts."""
    return Played(Tally, 100)


def changed(lines: list[Line], tick: int, change: Callable[[Written], Written]) -> list[Line]:
    """With other things written of one tick."""
    line = lines[tick - 1]
    payload = write_tick(change(read_tick(line.payload)))
    return [*lines[: tick - 1], line._replace(payload=payload), *lines[tick:]]


def longer(written: Written) -> Written:
    """It let one more period pass."""
    record = written.record
    later = Record(record.tick, record.elapsed + 1, record.entries)
    return msgspec.structs.replace(written, record=later)


# --- as files ------------------------------------------------------------------------------------


def test_a_segment_is_read_as_it_was_written(tally: Played) -> None:
    for segment in cut(tally.origin, 0, tally.lines, tally.end()):
        assert read_segment(write_segment(segment)) == segment
    outcome = End(Outcome([[1], [0]], "won"))
    (last,) = cut(tally.origin, 100, [], outcome)
    assert (last.head.first, last.head.last) == (101, 100)
    assert read_segment(write_segment(last)) == last


def test_the_same_segment_is_the_same_file(tally: Played) -> None:
    assert tally.files() == tally.files()


def test_every_bit_of_a_file_counts_and_what_stands_before_it_is_still_read() -> None:
    played = Played(Tally, 12)
    (data,) = played.files()
    for bit in range(8 * len(data)):
        lines: list[Line] = []
        with pytest.raises(Damaged):
            lines.extend(Reader(flipped(data, bit)).lines())
        assert lines == played.lines[: len(lines)]
        finding = played.verify([flipped(data, bit)]).finding
        assert finding is not None
        assert finding.why in {"damaged", "digest"}
        assert 1 <= finding.tick <= 13


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_changed_bit_of_a_tick_is_named_by_that_tick(data: st.DataObject) -> None:
    played = PLAYED
    first, second = played.files(50)
    where = data.draw(st.sampled_from([first, second]))
    raw = zlib.decompress(where[len(MARK) + SEAL_BYTES + 1 :])
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    files = [packed(flipped(raw, bit)) if file is where else file for file in (first, second)]
    finding = played.verify(files).finding
    assert finding is not None
    assert finding.tick == tick_at(raw, bit // 8) + (0 if where is first else 50)


PLAYED = Played(Tally, 100)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def packed(raw: bytes) -> bytes:
    """A file made anew around what was changed, but for its digests."""
    sealed = b"\x01" + zlib.compress(raw)
    return MARK + _digest(sealed, SEAL_BYTES) + sealed


def tick_at(raw: bytes, at: int) -> int:
    """Of the first segment: the tick in whose part a byte is; the head counts as its first."""
    ends = list(parts(raw))
    return max(1, next(number for number, end in enumerate(ends) if at < end))


def parts(raw: bytes) -> Iterator[int]:
    at = 0
    while at < len(raw):
        at += 4 + int.from_bytes(raw[at : at + 4], "big") + 8
        yield at


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_segment"),
        (b"EVT", "no_segment"),
        (MARK + bytes(SEAL_BYTES), "no_segment"),
        (b"something else entirely, and longer", "no_segment"),
        (MARK + _digest(b"\x02", SEAL_BYTES) + b"\x02", "format"),
        (packed(b""), "truncated"),
        (packed(b"\xff\xff\xff\xff"), "truncated"),
        (packed(b"\x00\x00\x00\x01\xc1" + _digest(b"\xc1")), "malformed"),
        (packed(bytes(SEGMENT_UNPACKED_BYTES_MAX + 1)), "digest"),
        (packed(b"\xff" * (SEGMENT_UNPACKED_BYTES_MAX + 1)), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_segment_is_refused_with_a_code(data: bytes, code: str) -> None:
    with pytest.raises(Damaged) as refused:
        read_segment(data)
    assert refused.value.code == code


def test_ticks_that_do_not_follow_each_other_are_refused(tally: Played) -> None:
    (segment,) = cut(tally.origin, 0, tally.lines[:3])
    first, second, third = segment.lines
    swapped = segment._replace(lines=[first, third, second])
    with pytest.raises(Damaged, match="malformed"):
        read_segment(write_segment(swapped))


def test_a_file_that_ends_early_is_read_up_to_there(tally: Played) -> None:
    (data,) = tally.files()
    finding = tally.verify([data[:-200]]).finding
    assert finding is not None
    assert finding.why == "damaged"
    assert finding.tick > 1


# --- played again --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [*TITLES.values(), Tally, Hasty, HastyParty, Thinking], ids=lambda k: k.title
)
def test_every_title_played_again_in_pieces_leads_to_the_same_hashes(kind: type[Game[Any]]) -> None:
    for seed in (1, 2):
        played = Played(kind, 120, seed)
        last = len(played.lines)
        report = played.verify(played.files(*range(7, last, 31)), over=True)
        assert report == Report(last, last, report.compared, ended=True, finding=None)
        assert report.compared >= max(1, last // HASHED)


PROGRAM = """
import sys
from pathlib import Path
from games.catalog import TITLES
from games.rooms.segment import verify

folder, title, last = sys.argv[1:]
files = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
report = verify(files, TITLES[title](), over=True)
assert report.ok and report.played == int(last) and report.compared, report
"""


@pytest.mark.parametrize("title", TITLES)
def test_another_process_with_another_hash_seed_agrees(title: str, tmp_path: Path) -> None:
    played = Played(TITLES[title], 150, seed=4)
    for number, data in enumerate(played.files(20, 60)):
        (tmp_path / f"{number}.evj").write_bytes(data)
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path), title, str(len(played.lines))],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
        )


@given(tick=st.integers(1, 100), seed=st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_a_journal_forged_with_its_digests_is_found_by_the_state(tick: int, seed: int) -> None:
    played = Played(Tally, 100, seed)
    lines = changed(played.lines, tick, longer)
    report = played.verify(written(cut(played.origin, 0, lines)))
    hashed = -(-tick // HASHED) * HASHED  # the next that has a hash
    assert report.finding == Finding(hashed, "diverged", "the state is not the one that was")


def test_an_input_that_was_never_sent_is_found(tally: Played) -> None:
    def without(written: Written) -> Written:
        return msgspec.structs.replace(written, record=Record(3, 1, []))

    assert read_tick(tally.lines[2].payload).record.entries
    report = tally.verify(written(cut(tally.origin, 0, changed(tally.lines, 3, without))))
    assert report.finding is not None
    assert (report.finding.tick, report.finding.why) == (HASHED, "diverged")


def test_what_cannot_be_played_at_all_is_found_at_its_tick(tally: Played) -> None:
    line = tally.lines[4]._replace(payload=tally.lines[5].payload)
    files = written(cut(tally.origin, 0, [*tally.lines[:4], line, *tally.lines[5:]]))
    finding = tally.verify(files).finding
    assert finding is not None
    assert (finding.tick, finding.why) == (5, "diverged")


@pytest.mark.parametrize("field", ["seed", "seats"])
def test_another_beginning_is_found_at_the_first_tick(tally: Played, field: str) -> None:
    other = {"seed": 10, "seats": [(0, "Somebody", False), (1, "Player 1", False)]}
    origin = msgspec.structs.replace(tally.origin, **{field: other[field]})
    finding = tally.verify(written(cut(origin, 0, tally.lines))).finding
    assert finding is not None
    assert (finding.tick, finding.why) == (1, "diverged")


def test_a_segment_of_another_match_is_found_at_its_first_tick(tally: Played) -> None:
    first, _ = tally.files(30)
    origin = msgspec.structs.replace(tally.origin, match="another")
    (second,) = written(cut(origin, 30, tally.lines[30:]))
    finding = tally.verify([first, second]).finding
    assert finding is not None
    assert (finding.tick, finding.why) == (31, "contradiction")


def test_another_result_than_was_played_is_found() -> None:
    played = Played(Thinking, 200)
    outcome = played.room.outcome
    assert outcome is not None
    files = written(cut(played.origin, 0, played.lines, End(Outcome([[0], [1]], outcome.reason))))
    finding = played.verify(files, over=True).finding
    assert finding is not None
    assert (finding.tick, finding.why) == (len(played.lines), "diverged")


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 100)), max_size=4))
@settings(deadline=None, max_examples=30)
def test_segments_may_overlap_where_they_say_the_same(more: list[tuple[int, int]]) -> None:
    played = PLAYED
    ranges = sorted({(0, 40), (40, 80), (80, 100), *((a, b) for a, b in more if a < b)})
    segments = [s for a, b in ranges for s in cut(played.origin, a, played.lines[a:b])]
    report = played.verify(written(segments))
    assert report.ok
    assert report.played == 100


@given(tick=st.integers(31, 60))
@settings(deadline=None, max_examples=10)
def test_segments_that_contradict_each_other_are_found_at_the_tick(tick: int) -> None:
    played = PLAYED
    other = changed(played.lines, tick, longer)
    for first, second in ((played.lines, other), (other, played.lines)):
        files = written(
            [*cut(played.origin, 0, first[:60]), *cut(played.origin, 30, second[30:100])]
        )
        finding = played.verify(files).finding
        assert finding is not None
        assert (finding.tick, finding.why) in {
            (tick, "contradiction"),
            (-(-tick // HASHED) * HASHED, "diverged"),  # the first was the wrong one
        }


def test_a_missing_segment_is_found_at_its_first_tick(tally: Played) -> None:
    first, second, third = tally.files(30, 60)
    for files, tick in (([second, third], 1), ([first, third], 31)):
        report = tally.verify(files, over=True)
        assert report.finding == Finding(tick, "gap", "it is in no segment")
        assert report.last == 100
    report = tally.verify([first, second], over=True)
    assert report.finding == Finding(61, "gap", "the end is in no segment")
    assert tally.verify([first, second]).ok, "a match that goes on is archived in part"
    assert not tally.verify([first, second]).ended


def test_a_journal_that_does_not_say_what_it_builds_on_is_a_gap(tally: Played) -> None:
    first = changed(tally.lines, 1, lambda old: msgspec.structs.replace(old, rules=2))
    report = tally.verify(written(cut(tally.origin, 0, first)))
    assert report.finding == Finding(2, "gap", "what it builds on is in no segment")


def test_behind_a_gap_play_goes_on_where_the_journal_says_what_it_builds_on() -> None:
    played = Played(Tally, 40)
    begins = played.room.checkpoint()
    for _ in range(20):
        played.write(played.room.tick().record, begins)
        begins = b""
    lost = [*cut(played.origin, 0, played.lines[:30]), *cut(played.origin, 40, played.lines[40:])]
    report = played.verify(written(lost))
    assert report.finding == Finding(31, "gap", "it is in no segment")
    assert (report.played, report.last) == (50, 60)
    forged = changed(played.lines, 50, longer)
    lost[1] = cut(played.origin, 40, forged[40:])[0]
    worse = played.verify(written(lost))
    assert (worse.finding, worse.last) == (report.finding, 59), "the first is named"


# --- other rules ---------------------------------------------------------------------------------


class Newer(Tally):
    version = 2

    def migrate(self, state: Any, version: int) -> Any:
        return {**state, "sums": [n * 100 for n in state["sums"]]}


@pytest.fixture
def migrated() -> Played:
    """40 ticks under the first rules, and 40 under newer ones."""
    played = Played(Tally, 40)
    begins = Room.resumed(Newer(), played.room.checkpoint(), settings={}).checkpoint()
    played.room = Room.resumed(Newer(), begins, settings={})
    for _ in range(40):
        played.write(played.room.tick().record, begins)
        begins = b""
    return played


def test_other_rules_begin_another_segment(migrated: Played) -> None:
    segments = cut(migrated.origin, 0, migrated.lines, End(None))
    ranges = [(s.head.rules, s.head.first, s.head.last, s.end) for s in segments]
    assert ranges == [(1, 1, 40, None), (2, 41, 80, End(None))]


def test_what_rules_that_are_here_made_is_played_and_the_rest_is_named(migrated: Played) -> None:
    files = written(cut(migrated.origin, 0, migrated.lines))
    newer, older = verify(files, Newer()), verify(files, Tally())
    assert (newer.played, newer.last, newer.wrong, newer.ok) == (40, 80, False, False)
    assert newer.finding == Finding(1, "wrong_rules", "made by rules 1, here are 2")
    assert (older.played, older.last, older.wrong) == (40, 80, False)
    assert older.finding == Finding(41, "wrong_rules", "made by rules 2, here are 1")


def test_what_is_wrong_under_rules_that_are_here_is_found_behind_others(migrated: Played) -> None:
    lines = changed(migrated.lines, 50, longer)
    report = verify(written(cut(migrated.origin, 0, lines)), Newer())
    assert report.wrong
    assert report.finding is not None
    assert (report.finding.tick, report.finding.why) == (60, "diverged")
