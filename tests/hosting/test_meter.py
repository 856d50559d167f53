"""How late ticks were, in a few numbers."""

import random

import pytest

from games.hosting.meter import Meter


def metered(*late_ms: float) -> Meter:
    meter = Meter()
    for late in late_ms:
        meter.tick(late / 1000, 0)
    return meter


def test_it_counts_ticks_dropped_periods_and_the_worst() -> None:
    meter = Meter()
    meter.tick(0.002, 0)
    meter.tick(0.250, 3)
    meter.tick(0.001, 1)
    assert (meter.ticks, meter.dropped) == (3, 4)
    assert meter.late_ms_max == pytest.approx(250)


def test_a_tick_before_its_time_is_not_late() -> None:
    meter = metered(-5)
    assert (meter.ticks, meter.late_ms_max) == (1, 0)
    assert meter.late_ms(1.0) == 0.1


@pytest.mark.parametrize("quantile", [0.01, 0.07, 0.5, 0.9, 0.99, 1.0])
def test_a_quantile_is_what_that_share_of_ticks_did_not_exceed(quantile: float) -> None:
    chance = random.Random(3)
    late = sorted(chance.expovariate(1 / 4) for _ in range(1000))
    shuffled = chance.sample(late, len(late))
    told = metered(*shuffled).late_ms(quantile)
    assert told == pytest.approx(late[round(quantile * 1000) - 1], abs=0.11)
    assert sum(ms <= told for ms in late) >= quantile * 1000


def test_one_late_tick_in_a_hundred_shows_in_the_highest_quantiles_alone() -> None:
    meter = metered(*[1.05] * 99, 80.05)
    assert meter.late_ms(0.5) == 1.1
    assert meter.late_ms(0.99) == 1.1
    assert meter.late_ms(0.995) == 80.1


def test_beyond_a_second_it_knows_the_worst_alone() -> None:
    meter = metered(*[1.0] * 9, 5000)
    assert meter.late_ms_max == pytest.approx(5000)
    assert meter.late_ms(1.0) >= 1000
    assert meter.late_ms(0.5) < 2
