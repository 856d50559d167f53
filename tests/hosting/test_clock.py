"""Whole periods from an unsteady caller: none lost, none invented, late ones within a limit."""

import random

import pytest

from games.hosting.clock import SteadyClock
from games.limits import CATCH_UP_TICKS_MAX


@pytest.mark.parametrize("hz", [1, 7, 10, 20, 30, 60, 100, 1000])
def test_the_rate_is_exact_over_a_hundred_thousand_jittered_calls(hz: int) -> None:
    """What is left over of a period stays for the next time, whenever the caller comes."""
    chance = random.Random(hz)
    start = now = chance.uniform(0, 1e6)
    clock, taken = SteadyClock(hz, now), 0
    for _ in range(100_000):
        now += chance.uniform(0, 2) / hz
        taken += clock.take(now)
    assert clock.dropped == 0
    assert -1e-5 < (now - start) * hz - taken < 1


def test_a_caller_who_comes_when_he_was_told_to_gets_one_period_each_time() -> None:
    now = 123.456
    clock = SteadyClock(60, now)
    for _ in range(10_000):
        now = clock.at(1)
        assert clock.take(now) == 1
    assert now == pytest.approx(123.456 + 10_000 / 60, abs=1e-6)


def test_work_between_two_periods_is_not_added_to_them() -> None:
    clock = SteadyClock(20, 0.0)
    assert clock.take(0.05) == 1
    assert clock.at(1) == pytest.approx(0.1), "however late it is asked"
    assert clock.take(0.13) == 1
    assert clock.at(1) == pytest.approx(0.15)
    assert clock.take(0.15) == 1


def test_before_a_period_is_over_there_is_nothing_to_take() -> None:
    clock = SteadyClock(20, 10.0)
    assert clock.take(10.0) == 0
    assert clock.take(10.049) == 0
    assert clock.take(10.05) == 1
    assert clock.take(10.05) == 0


def test_time_that_runs_back_takes_nothing_and_loses_nothing() -> None:
    clock = SteadyClock(20, 10.0)
    assert clock.take(10.1) == 2
    assert clock.take(9.0) == 0
    assert clock.take(10.0) == 0
    assert clock.take(10.2) == 2


def test_late_periods_are_caught_up_within_the_limit() -> None:
    clock = SteadyClock(20, 0.0)
    assert clock.take(CATCH_UP_TICKS_MAX / 20) == CATCH_UP_TICKS_MAX
    assert clock.dropped == 0


def test_periods_beyond_the_limit_are_dropped_and_counted() -> None:
    clock = SteadyClock(20, 0.0)
    assert clock.take((CATCH_UP_TICKS_MAX + 1) / 20) == CATCH_UP_TICKS_MAX
    assert clock.dropped == 1
    assert clock.take(10.0) == CATCH_UP_TICKS_MAX
    assert clock.dropped == 200 - 2 * CATCH_UP_TICKS_MAX
    assert clock.take(10.05) == 1, "what was dropped does not come back"


def test_where_time_was_thought_and_not_missed_there_is_no_limit() -> None:
    clock = SteadyClock(100, 0.0, catch_up_max=None)
    assert clock.take(3600.0) == 360_000
    assert clock.dropped == 0


def test_passed_looks_without_taking_and_without_the_limit() -> None:
    clock = SteadyClock(20, 0.0)
    assert clock.passed(1.0) == clock.passed(1.0) == 20
    clock.take(1.0)
    assert clock.passed(1.0) == 0


def test_at_says_when_further_periods_will_have_passed() -> None:
    clock = SteadyClock(10, 5.0)
    assert clock.at(0) == pytest.approx(5.0)
    assert clock.at(3) == pytest.approx(5.3)
    clock.take(5.25)
    assert clock.at(3) == pytest.approx(5.5)
    assert clock.passed(clock.at(3)) == 3
