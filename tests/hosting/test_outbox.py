"""What waits for one socket, and what is on its way: in order, bounded; a slow reader costs only
itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.hosting.outbox import Outbox
from games.limits import (
    OUTBOX_BYTES_MAX,
    OUTBOX_FRAMES_MAX,
    WINDOW_BYTES_MAX,
    WINDOW_FRAMES_MAX,
)

SILENT_S = 20.0


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


@dataclass
class Clock:
    """Time that passes when the test says so."""

    now: float = 0
    alarms: list["Alarm"] = field(default_factory=list)

    def later(self, seconds: float, ring: Callable[[], None]) -> "Alarm":
        alarm = Alarm(self, self.now + seconds, ring)
        self.alarms.append(alarm)
        return alarm

    def passes(self, seconds: float) -> None:
        self.now += seconds
        for alarm in [alarm for alarm in self.alarms if alarm.at <= self.now]:
            self.alarms.remove(alarm)
            alarm.ring()


@dataclass(eq=False)
class Alarm:
    clock: Clock
    at: float
    ring: Callable[[], None]

    def cancel(self) -> None:
        if self in self.clock.alarms:
            self.clock.alarms.remove(self)


class Reader:
    """The other end: takes a frame from the server, and reports it, when the test says so.

    Attributes:
        free: Whether the server has a lane that takes frames at once, if more may be taken at all.
    """

    def __init__(self, free: bool = False) -> None:
        self.free = free
        self.clock = Clock()
        self.silent = 0
        self.outbox = Outbox(self._start, self._silent, silent_s=SILENT_S, later=self.clock.later)
        self.taken: list[bytes] = []
        self.reported = 0
        self.asked: list[int] = []
        self.on_caught_up: Callable[[], None] = lambda: None
        self._may = asyncio.Semaphore(0)
        self.outbox.direct = self._direct
        self._writing: asyncio.Task[bool] | None = None

    @property
    def ended(self) -> bool:
        """Whether the last was written."""
        return self._writing is not None and self._writing.done() and self._writing.result()

    @property
    def writes(self) -> bool:
        """Whether a task runs to write."""
        return self._writing is not None and not self._writing.done()

    @property
    def caught_up(self) -> int:
        """How often it was caught up with."""
        return len(self.asked)

    async def take(self, frames: int = 10_000) -> list[bytes]:
        """What comes when so many more frames may be taken; each is reported."""
        before = len(self.taken)
        for _ in range(frames):
            self._may.release()
        await settle()
        while self._report():
            await settle()
        for _ in range(frames):
            if self._may.locked():
                break
            await self._may.acquire()
        return self.taken[before:]

    async def let(self, frames: int = 10_000) -> list[bytes]:
        """What comes when so many more frames may be written and nothing is reported."""
        before = len(self.taken)
        for _ in range(frames):
            self._may.release()
        await settle()
        return self.taken[before:]

    async def report(self, frames: int) -> list[bytes]:
        """Report so many more frames; what comes then."""
        before = len(self.taken)
        self.reported += frames
        assert self.outbox.got(self.reported)
        await settle()
        return self.taken[before:]

    def in_flight(self) -> list[bytes]:
        return self.taken[self.reported :]

    def _report(self) -> bool:
        more = len(self.taken) > self.reported
        self.reported = len(self.taken)
        assert self.outbox.got(self.reported)
        return more

    def _direct(self, frame: bytes) -> bool:
        if not self.free or self._may.locked():
            return False
        self.taken.append(frame)
        return True

    def go(self) -> None:
        """Take nothing more."""
        if self._writing is not None:
            self._writing.cancel()

    def _start(self) -> None:
        assert self._writing is None or self._writing.done(), "one at a time"
        self._writing = asyncio.create_task(self.outbox.run(self._write, self._caught_up))

    async def _write(self, frame: bytes) -> None:
        await self._may.acquire()
        self.taken.append(frame)

    def _caught_up(self, tick: int) -> None:
        self.asked.append(tick)
        self.on_caught_up()

    def _silent(self) -> None:
        self.silent += 1


@pytest.fixture(params=[False, True], ids=["no lane", "lane"])
async def reader(request: pytest.FixtureRequest) -> AsyncIterator[Reader]:
    """A reader that takes nothing yet."""
    reader = Reader(free=request.param)
    await settle()
    yield reader
    reader.go()


@pytest.fixture
async def quiet(reader: Reader) -> Reader:
    """A reader whose server takes everything, and who has reported nothing."""
    await reader.let()
    return reader


def frames(count: int, first: int = 0) -> list[bytes]:
    return [str(number).encode() for number in range(first, first + count)]


def put(reader: Reader, some: list[bytes]) -> None:
    for frame in some:
        reader.outbox.put(frame)


# --- what waits ---------------------------------------------------------------------------------


async def test_frames_are_written_in_order(reader: Reader) -> None:
    put(reader, frames(3))
    reader.outbox.put_now(b"an answer")
    put(reader, [b"more"])
    assert await reader.take() == [*frames(3), b"an answer", b"more"]
    put(reader, [b"later"])
    assert await reader.take() == [b"later"]


async def test_one_frame_is_written_at_a_time(reader: Reader) -> None:
    put(reader, frames(5))
    assert await reader.take(2) == frames(2)
    assert await reader.take(1) == frames(1, first=2)


async def test_as_many_frames_as_allowed_may_wait(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX))
    assert not reader.outbox.behind
    assert await reader.take() == [b"being written", *frames(OUTBOX_FRAMES_MAX)]
    assert reader.caught_up == 0


async def test_one_frame_more_and_what_waits_is_dropped(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX + 1))
    assert reader.outbox.behind
    assert await reader.take() == [b"being written"]


async def test_as_many_bytes_as_allowed_may_wait(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    big = b"x" * (OUTBOX_BYTES_MAX // 4)
    put(reader, [big] * 4)
    assert not reader.outbox.behind
    reader.outbox.put(b"y")
    assert reader.outbox.behind
    assert await reader.take() == [b"being written"]


async def test_bytes_that_were_written_make_place(reader: Reader) -> None:
    big = b"x" * (OUTBOX_BYTES_MAX // 4)
    for _ in range(8):
        put(reader, [big] * 4)
        assert await reader.take() == [big] * 4
    assert not reader.outbox.behind


async def test_bytes_that_were_dropped_make_place(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, [b"x" * OUTBOX_BYTES_MAX, b"y"])
    await reader.take()
    assert reader.caught_up == 1
    put(reader, [b"x" * OUTBOX_BYTES_MAX])
    assert not reader.outbox.behind


async def test_who_is_behind_is_told_nothing_until_it_has_caught_up(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX + 1))
    put(reader, [b"of no use without what was dropped"])
    reader.on_caught_up = lambda: reader.outbox.put_now(b"everything")
    assert await reader.take(1) == [b"being written"]
    put(reader, [b"and on"])
    assert await reader.take() == [b"everything", b"and on"]


async def test_catching_up_is_asked_for_once_and_after_the_rest_was_taken(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX + 40))
    await settle()
    assert reader.caught_up == 0, "it takes nothing yet"
    await reader.take(1)
    assert reader.caught_up == 1
    assert not reader.outbox.behind
    put(reader, frames(3))
    await reader.take()
    assert reader.caught_up == 1


async def test_an_answer_reaches_who_is_behind_and_does_not_count_as_catching_up(
    reader: Reader,
) -> None:
    """Else a ping would hide from a slow reader that it was left out of what changed."""
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX + 1))
    reader.outbox.put_now(b"pong")
    put(reader, [b"of no use without what was dropped"])
    assert await reader.take() == [b"being written", b"pong"]
    assert reader.caught_up == 1


async def test_an_answer_that_waits_is_not_dropped_with_what_changed(reader: Reader) -> None:
    """Nobody would say again what was wrong."""
    put(reader, [b"being written"])
    await settle()
    reader.outbox.put_now(b"slow down")
    put(reader, frames(OUTBOX_FRAMES_MAX))
    assert reader.outbox.behind
    assert await reader.take() == [b"being written", b"slow down"]


async def test_answers_are_bounded_as_well(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    for frame in frames(10 * OUTBOX_FRAMES_MAX):
        reader.outbox.put_now(frame)
    written = await reader.take()
    assert len(written) <= 1 + OUTBOX_FRAMES_MAX
    assert written[-1] == frames(10 * OUTBOX_FRAMES_MAX)[-1]


async def test_the_bytes_of_answers_are_bounded_as_well(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    for _ in range(9):
        reader.outbox.put_now(b"x" * (OUTBOX_BYTES_MAX // 3))
    assert len(await reader.take()) == 1 + 3


async def test_where_an_answer_takes_the_place_of_changes_the_reader_catches_up(
    reader: Reader,
) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX))
    reader.outbox.put_now(b"an answer")
    assert await reader.take() == [b"being written", b"an answer"]
    assert reader.caught_up == 1


async def test_what_may_be_asked_for_again_takes_nobodys_place(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    reader.outbox.offer(b"pong")
    put(reader, frames(OUTBOX_FRAMES_MAX - 1))
    reader.outbox.offer(b"one pong too many")
    assert await reader.take() == [b"being written", b"pong", *frames(OUTBOX_FRAMES_MAX - 1)]
    assert reader.caught_up == 0


async def test_one_frame_above_the_bound_may_wait_alone(reader: Reader) -> None:
    """A title with very large changes is told them, not a snapshot at each tick."""
    large = b"x" * (OUTBOX_BYTES_MAX + 1)
    put(reader, [b"being written"])
    await settle()
    put(reader, [large])
    assert await reader.take() == [b"being written", large]
    assert reader.caught_up == 0


async def test_a_catch_up_may_be_larger_than_the_bound(reader: Reader) -> None:
    everything = b"x" * (OUTBOX_BYTES_MAX + 1)
    reader.outbox.put_now(everything)
    assert await reader.take() == [everything]


# --- what is on its way -------------------------------------------------------------------------


async def test_no_more_frames_are_on_their_way_than_allowed(quiet: Reader) -> None:
    for frame in frames(WINDOW_FRAMES_MAX + 5):
        quiet.outbox.put(frame)
        await settle()
    assert quiet.taken == frames(WINDOW_FRAMES_MAX)
    assert await quiet.report(2) == frames(2, first=WINDOW_FRAMES_MAX)
    assert await quiet.report(16) == frames(3, first=WINDOW_FRAMES_MAX + 2)
    assert quiet.caught_up == 0


async def test_no_more_bytes_are_on_their_way_than_allowed(quiet: Reader) -> None:
    quarter = b"x" * (WINDOW_BYTES_MAX // 4)
    for _ in range(4):
        quiet.outbox.put(quarter)
        await settle()
    quiet.outbox.put(b"y")
    await settle()
    assert quiet.taken == [quarter] * 4
    assert await quiet.report(1) == [b"y"]


async def test_a_frame_larger_than_the_window_passes_when_nothing_is_on_its_way(
    quiet: Reader,
) -> None:
    large = b"x" * (WINDOW_BYTES_MAX + 1)
    quiet.outbox.put_now(b"before")
    await settle()
    quiet.outbox.put_now(large)
    await settle()
    assert quiet.taken == [b"before"]
    assert await quiet.report(1) == [large]
    quiet.outbox.put(b"after")
    await settle()
    assert quiet.in_flight() == [large]
    assert await quiet.report(1) == [b"after"]


async def fall_behind(quiet: Reader) -> None:
    """Frames of ticks 1, 2, 3, … until the window is full and more wait than may."""
    for tick in range(1, WINDOW_FRAMES_MAX + OUTBOX_FRAMES_MAX + 2):
        quiet.outbox.put(b"change", tick)
        await settle()
    assert quiet.outbox.behind


async def test_who_is_behind_catches_up_from_what_was_really_written(quiet: Reader) -> None:
    await fall_behind(quiet)
    await quiet.report(WINDOW_FRAMES_MAX // 2)
    assert quiet.asked == [WINDOW_FRAMES_MAX]


async def test_catching_up_waits_until_what_is_on_its_way_is_no_longer_old(quiet: Reader) -> None:
    await fall_behind(quiet)
    await quiet.report(WINDOW_FRAMES_MAX // 2 - 1)
    assert quiet.asked == []
    await quiet.report(1)
    assert len(quiet.asked) == 1


async def test_after_a_catch_up_it_is_not_known_what_the_reader_holds_until_the_next_change(
    quiet: Reader,
) -> None:
    await fall_behind(quiet)
    quiet.on_caught_up = lambda: quiet.outbox.put_now(b"everything")
    assert await quiet.report(WINDOW_FRAMES_MAX) == [b"everything"]
    assert quiet.outbox.tick == -1
    quiet.outbox.put(b"change", 500)
    await settle()
    assert quiet.outbox.tick == 500


async def test_a_frame_that_says_nothing_of_the_shared_view_leaves_its_tick(quiet: Reader) -> None:
    quiet.outbox.put(b"change", 7)
    quiet.outbox.put(b"for this seat alone")
    quiet.outbox.put_now(b"an answer")
    await settle()
    assert quiet.outbox.tick == 7


@pytest.mark.parametrize("frames_got", [-1, 1, 4, 2**53])
async def test_a_report_that_cannot_be_is_refused(quiet: Reader, frames_got: int) -> None:
    put(quiet, frames(3))
    await settle()
    assert quiet.outbox.got(2)
    assert not quiet.outbox.got(frames_got)
    assert quiet.outbox.got(2), "nothing new is no contradiction"
    assert quiet.outbox.got(3)


# --- who writes ---------------------------------------------------------------------------------


async def test_nothing_runs_while_nothing_may_be_written(quiet: Reader) -> None:
    """Or it would be a task for each socket, and most of them are idle."""
    assert not quiet.writes
    await fall_behind(quiet)
    assert not quiet.writes, "until there is a report"
    assert await quiet.report(1) == []
    assert not quiet.writes
    await quiet.report(WINDOW_FRAMES_MAX // 2)
    assert quiet.caught_up == 1
    assert not quiet.writes


# --- by a lane ----------------------------------------------------------------------------------


async def by_lane() -> Reader:
    """A reader whose server takes frames at once."""
    reader = Reader(free=True)
    await reader.let()
    return reader


async def test_what_need_not_wait_is_written_at_once() -> None:
    reader = await by_lane()
    reader.outbox.put(b"change", 7)
    reader.outbox.put_now(b"answer")
    reader.outbox.offer(b"pong")
    assert reader.taken == [b"change", b"answer", b"pong"]
    assert reader.outbox.tick == 7
    assert not reader.outbox.got(4), "no more is on its way"
    assert reader.outbox.got(3)


async def test_nothing_overtakes_what_waits() -> None:
    reader = await by_lane()
    reader.free = False
    reader.outbox.put(b"waits")
    reader.free = True
    reader.outbox.put(b"comes behind it")
    assert reader.taken == []
    await settle()
    assert reader.taken == [b"waits", b"comes behind it"]


async def test_nothing_overtakes_what_is_being_written() -> None:
    reader = Reader()
    reader.outbox.put(b"being written")
    await settle()
    reader.outbox.direct = lambda frame: not reader.taken.append(frame)
    reader.outbox.put(b"comes behind it")
    assert reader.taken == []
    await reader.let()
    assert reader.taken == [b"being written", b"comes behind it"]
    reader.outbox.put(b"at once again")
    assert reader.taken[-1] == b"at once again"


async def test_the_lane_is_closed_while_the_window_is_full() -> None:
    reader = await by_lane()
    put(reader, frames(WINDOW_FRAMES_MAX + 1))
    assert reader.taken == frames(WINDOW_FRAMES_MAX)
    assert await reader.report(1) == frames(1, first=WINDOW_FRAMES_MAX)


async def test_nothing_goes_by_the_lane_after_the_end() -> None:
    reader = await by_lane()
    reader.outbox.end()
    for say in (reader.outbox.put, reader.outbox.put_now, reader.outbox.offer):
        say(b"too late")
    await settle()
    assert reader.taken == []
    assert reader.ended


# --- who says nothing ---------------------------------------------------------------------------


async def test_who_reports_nothing_while_more_waits_is_given_up_in_time(quiet: Reader) -> None:
    for frame in frames(WINDOW_FRAMES_MAX + 1):
        quiet.outbox.put(frame)
        await settle()
    quiet.clock.passes(SILENT_S - 1)
    assert not quiet.silent
    quiet.clock.passes(1)
    assert quiet.silent == 1
    quiet.outbox.put_now(b"last word")
    quiet.outbox.end()
    await settle()
    assert quiet.taken == [*frames(WINDOW_FRAMES_MAX), b"last word"]
    assert quiet.ended


async def test_who_is_behind_and_reports_nothing_is_given_up_as_well(reader: Reader) -> None:
    """Where the server makes its caller wait, the window may never be full."""
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX + 1))
    reader.clock.passes(SILENT_S)
    assert reader.silent == 1


async def test_any_report_that_brings_something_is_a_sign_of_life(quiet: Reader) -> None:
    await fall_behind(quiet)
    for _ in range(5):
        quiet.clock.passes(SILENT_S - 1)
        await quiet.report(1)
    assert not quiet.silent
    quiet.clock.passes(SILENT_S - 1)
    assert quiet.outbox.got(quiet.reported)
    quiet.clock.passes(1)
    assert quiet.silent == 1, "it said the same as before"


async def test_nobody_is_given_up_while_nothing_waits(quiet: Reader) -> None:
    for frame in frames(WINDOW_FRAMES_MAX):
        quiet.outbox.put(frame)
        await settle()
    quiet.clock.passes(100 * SILENT_S)
    assert not quiet.silent


async def test_who_has_caught_up_is_not_waited_for(quiet: Reader) -> None:
    await fall_behind(quiet)
    await quiet.report(WINDOW_FRAMES_MAX)
    assert not quiet.clock.alarms


# --- the end ------------------------------------------------------------------------------------


async def test_at_the_end_the_rest_is_written_and_nothing_after_it(reader: Reader) -> None:
    put(reader, frames(3))
    reader.outbox.put_now(b"last word")
    reader.outbox.end()
    put(reader, [b"too late"])
    reader.outbox.put_now(b"too late")
    reader.outbox.offer(b"too late")
    assert not reader.ended
    assert await reader.take() == [*frames(3), b"last word"]
    assert reader.ended


async def test_at_the_end_nobody_waits_for_a_report(quiet: Reader) -> None:
    for frame in frames(WINDOW_FRAMES_MAX + 3):
        quiet.outbox.put(frame)
        await settle()
    quiet.outbox.end()
    await settle()
    assert quiet.taken == frames(WINDOW_FRAMES_MAX + 3)
    assert quiet.ended
    assert not quiet.clock.alarms


async def test_the_end_is_heard_of_where_nothing_was_to_be_written(reader: Reader) -> None:
    reader.outbox.end()
    await settle()
    assert reader.ended


async def test_who_was_behind_at_the_end_gets_the_last_word_and_no_catch_up(
    reader: Reader,
) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX + 1))
    reader.outbox.put_now(b"last word")
    reader.outbox.end()
    assert await reader.take() == [b"being written", b"last word"]
    assert reader.caught_up == 0
    assert reader.ended


async def test_a_socket_that_breaks_ends_the_writer_with_its_error() -> None:
    async def broken(frame: bytes) -> None:
        raise ConnectionResetError

    outbox = Outbox(lambda: None)
    outbox.put(b"x")
    with pytest.raises(ConnectionResetError):
        await outbox.run(broken, lambda tick: None)


# --- anything at all ----------------------------------------------------------------------------

SIZES = st.sampled_from([1, 100, 20_000, WINDOW_BYTES_MAX // 8, WINDOW_BYTES_MAX + 1])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), SIZES, st.integers(1, 40)),
        st.tuples(st.just("answer"), SIZES, st.integers(1, 3)),
        st.tuples(st.just("pong"), st.just(9), st.integers(1, 40)),
        st.tuples(st.just("report"), st.just(0), st.integers(1, 80)),
        st.tuples(st.sampled_from(["lane", "no lane"]), st.just(0), st.just(1)),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_is_bounded_in_order_and_made_good_by_catching_up(
    steps: list[tuple[str, int, int]],
) -> None:
    asyncio.run(_whatever_comes(steps))


async def _whatever_comes(steps: list[tuple[str, int, int]]) -> None:
    """Holds one outbox against a reader that follows ticks, each of which changes the last."""
    reader = Reader()
    await reader.let()
    number = tick = asked = 0

    def frame(kind: str, size: int) -> bytes:
        nonlocal number
        number += 1
        return f"{number} {kind} {tick}".encode().ljust(size, b".")

    def catch_up() -> None:
        nonlocal asked
        asked += 1
        reader.outbox.put_now(frame("whole", 50))

    reader.on_caught_up = catch_up
    for kind, size, times in steps:
        reader.free = {"lane": True, "no lane": False}.get(kind, reader.free)
        for _ in range(times):
            if kind == "publish":
                tick += 1
                reader.outbox.put(frame("change", size), tick)
            elif kind == "answer":
                reader.outbox.put_now(frame("answer", size))
            elif kind == "pong":
                reader.outbox.offer(frame("pong", size))
            elif kind == "report" and reader.in_flight():
                await reader.report(1)
            await settle()
            _is_bounded(reader)
    while reader.in_flight():
        await reader.report(len(reader.in_flight()))
        _is_bounded(reader)
    tick += 1
    reader.outbox.put(frame("change", 1), tick)
    await settle()
    _follows(reader.taken, tick, asked)
    reader.go()


def _is_bounded(reader: Reader) -> None:
    flight = reader.in_flight()
    assert len(flight) <= WINDOW_FRAMES_MAX
    assert len(flight) == 1 or sum(map(len, flight)) <= WINDOW_BYTES_MAX
    waiting = [waiting.frame for waiting in reader.outbox._waiting]
    assert len(waiting) <= OUTBOX_FRAMES_MAX
    assert len(waiting) <= 1 or sum(map(len, waiting)) <= OUTBOX_BYTES_MAX


def _follows(taken: list[bytes], tick: int, asked: int) -> None:
    """Each change builds on what was held before, or the frames before it say everything."""
    said = [frame.rstrip(b".").decode().split() for frame in taken]
    numbers = [int(number) for number, _, _ in said]
    assert numbers == sorted(numbers)
    held = 0
    for _, kind, of in said:
        if kind == "change":
            assert int(of) == held + 1
        if kind in ("change", "whole"):
            held = int(of)
    assert held == tick
    assert sum(kind == "whole" for _, kind, _ in said) <= asked
