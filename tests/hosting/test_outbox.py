"""What waits for one socket: in order, bounded, and a slow reader costs only itself."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from games.hosting.outbox import Outbox
from games.limits import OUTBOX_BYTES_MAX, OUTBOX_FRAMES_MAX


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


class Reader:
    """The other end: takes a frame when the test says so."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.taken: list[bytes] = []
        self.caught_up = 0
        self.on_caught_up: Callable[[], None] = lambda: None
        self._may = asyncio.Semaphore(0)
        self.task = asyncio.create_task(self.outbox.run(self._write, self._caught_up))

    async def take(self, frames: int = 10_000) -> list[bytes]:
        """What comes when so many more frames may be taken."""
        before = len(self.taken)
        for _ in range(frames):
            self._may.release()
        await settle()
        for _ in range(frames):
            if self._may.locked():
                break
            await self._may.acquire()
        return self.taken[before:]

    async def _write(self, frame: bytes) -> None:
        await self._may.acquire()
        self.taken.append(frame)

    def _caught_up(self) -> None:
        self.caught_up += 1
        self.on_caught_up()


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    """A reader that takes nothing yet."""
    reader = Reader()
    await settle()
    yield reader
    reader.task.cancel()


def frames(count: int, first: int = 0) -> list[bytes]:
    return [str(number).encode() for number in range(first, first + count)]


def put(reader: Reader, some: list[bytes]) -> None:
    for frame in some:
        reader.outbox.put(frame)


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


async def test_answers_are_bounded_as_well(reader: Reader) -> None:
    put(reader, [b"being written"])
    await settle()
    for frame in frames(10 * OUTBOX_FRAMES_MAX):
        reader.outbox.put_now(frame)
    written = await reader.take()
    assert len(written) <= 1 + OUTBOX_FRAMES_MAX
    assert written[-1] == frames(10 * OUTBOX_FRAMES_MAX)[-1]


async def test_where_an_answer_takes_the_place_of_changes_the_reader_catches_up(
    reader: Reader,
) -> None:
    put(reader, [b"being written"])
    await settle()
    put(reader, frames(OUTBOX_FRAMES_MAX))
    reader.outbox.put_now(b"pong")
    assert await reader.take() == [b"being written", b"pong"]
    assert reader.caught_up == 1


async def test_one_frame_above_the_bound_is_caught_up_with_at_once(reader: Reader) -> None:
    """Nobody is slow here, so nothing else would ever wake the writer."""
    put(reader, [b"x" * (OUTBOX_BYTES_MAX + 1)])
    await settle()
    assert reader.caught_up == 1
    assert not reader.outbox.behind


async def test_a_catch_up_may_be_larger_than_the_bound(reader: Reader) -> None:
    everything = b"x" * (OUTBOX_BYTES_MAX + 1)
    reader.outbox.put_now(everything)
    assert await reader.take() == [everything]


async def test_at_the_end_the_rest_is_written_and_nothing_after_it(reader: Reader) -> None:
    put(reader, frames(3))
    reader.outbox.put_now(b"last word")
    reader.outbox.end()
    put(reader, [b"too late"])
    reader.outbox.put_now(b"too late")
    assert not reader.task.done()
    assert await reader.take() == [*frames(3), b"last word"]
    assert reader.task.done()


async def test_the_end_wakes_a_writer_that_has_nothing_to_do(reader: Reader) -> None:
    reader.outbox.end()
    await settle()
    assert reader.task.done()


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
    assert reader.task.done()


async def test_a_socket_that_breaks_ends_the_writer_with_its_error() -> None:
    async def broken(frame: bytes) -> None:
        raise ConnectionResetError

    outbox = Outbox()
    outbox.put(b"x")
    with pytest.raises(ConnectionResetError):
        await outbox.run(broken, lambda: None)
