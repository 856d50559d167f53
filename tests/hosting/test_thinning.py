"""How often viewers are told where a worker has too much to do. Time is handed in."""

from collections.abc import Callable
from itertools import pairwise

from games.hosting.thinning import Thinning
from games.limits import THIN_PATIENCE_S_MAX, THIN_TICKS_MIN, THIN_WINDOW_S

HZ, ROOMS = 20, 10
LATE_S, IN_TIME_S = 0.03, 0.002


class Worker:
    """Rooms that tick, later or not, as told; and what became of it."""

    def __init__(self, hz: int = HZ) -> None:
        self.thinning, self.now, self.hz = Thinning(), 1000.0, hz
        self.steps: list[tuple[float, int]] = []

    def run(self, seconds: float, late_s: Callable[[int], float]) -> int:
        """So long; ``late_s`` says how late ticks are by how often viewers are told."""
        end = self.now + seconds
        while self.now < end:
            self.now += 1 / self.hz
            for _ in range(ROOMS):
                if self.thinning.ticked(self.now, late_s(self.thinning.every), self.hz):
                    self.steps.append((self.now, self.thinning.every))
        return self.thinning.every


def always(late_s: float) -> Callable[[int], float]:
    return lambda every: late_s


def told(thinning: Thinning, offset: int = 0, hz: int = HZ) -> list[int]:
    return [tick for tick in range(1, 13) if thinning.tells(tick, offset, hz)]


def test_where_ticks_are_in_time_viewers_are_told_of_each() -> None:
    worker = Worker()
    assert worker.run(60, always(IN_TIME_S)) == 1
    assert told(worker.thinning) == [*range(1, 13)]


def test_a_stall_of_a_moment_changes_nothing() -> None:
    worker = Worker()
    worker.run(5, always(IN_TIME_S))
    worker.run(0.2, always(0.2))
    assert worker.run(5, always(IN_TIME_S)) == 1
    assert worker.steps == []


def test_where_ticks_stay_late_viewers_are_told_less_often_but_not_too_rarely() -> None:
    worker = Worker()
    assert worker.run(10, always(LATE_S)) == 5, "a quarter of a second"
    assert [every for _, every in worker.steps] == [2, 3, 4, 5]
    assert told(worker.thinning) == [5, 10]
    assert told(worker.thinning, offset=1) == [4, 9], "another room tells of others"


def test_it_goes_as_far_as_is_needed_and_tries_more_and_more_rarely_to_go_back() -> None:
    worker = Worker()
    worker.run(120, lambda every: IN_TIME_S if every >= 3 else LATE_S)
    assert {every for _, every in worker.steps} == {2, 3}
    tries = [(at, then) for (at, every), (then, _) in pairwise(worker.steps) if every == 2][1:]
    waits = [begins - ended for (_, ended), (begins, _) in pairwise(tries)]
    assert waits == sorted(waits)
    assert THIN_PATIENCE_S_MAX / 2 < waits[-1] < THIN_PATIENCE_S_MAX + 2
    assert sum(ended - begins for begins, ended in tries) < 120 / 10


def test_when_there_is_less_to_do_viewers_are_told_of_each_tick_again() -> None:
    worker = Worker()
    worker.run(10, always(LATE_S))
    assert worker.run(10, always(IN_TIME_S)) == 1
    worker.steps.clear()
    worker.run(2, always(LATE_S))
    assert worker.run(10, always(IN_TIME_S)) == 1, "and as soon the next time"


def test_a_title_that_ticks_slowly_is_told_each_tick() -> None:
    worker = Worker()
    worker.run(10, always(LATE_S))
    assert told(worker.thinning, hz=4) == [*range(1, 13)]
    assert len(told(worker.thinning, hz=8)) == 6
    slow = Worker(hz=4)
    assert slow.run(10, always(0.2)) == 1


def test_a_room_that_goes_on_late_is_no_load() -> None:
    """One that was adopted, in a worker that had nothing to do before."""
    thinning = Thinning()
    for tick in range(THIN_TICKS_MIN - 1):
        assert not thinning.ticked(1000.0 + tick * 2 * THIN_WINDOW_S, LATE_S, HZ)
    assert thinning.every == 1
