"""What one audience was told, and what one who missed some of it must hear."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.limits import HISTORY_TICKS_MAX
from games.rooms import Room
from games.rooms.audience import Audience, Step
from games.sim import View, patch
from tests.titles import Party
from tests.values import encoded, views


def test_a_look_says_what_changed_since_the_last_change() -> None:
    audience = Audience({"n": 0}, tick=5, time=50)
    assert audience.look({"n": 1}, 6, 60) == Step(6, 5, 60, {"set": {"n": 1}})
    assert audience.look({"n": 2}, 9, 90) == Step(9, 6, 90, {"set": {"n": 2}})
    assert (audience.view, audience.tick, audience.time) == ({"n": 2}, 9, 90)


def test_where_nothing_changed_nothing_is_told_and_the_tick_stays() -> None:
    audience = Audience({"n": 0})
    assert audience.look({"n": 0}, 1, 1) is None
    assert (audience.tick, audience.time) == (0, 0)
    step = audience.look({"n": 1}, 2, 2)
    assert step is not None
    assert step.base == 0


def test_one_who_knows_the_last_tick_missed_nothing() -> None:
    audience = Audience({"n": 0}, tick=3)
    assert audience.since(3) == []
    audience.look({"n": 1}, 4, 4)
    assert audience.since(4) == []


def test_one_who_knows_an_earlier_tick_missed_what_came_after_it() -> None:
    audience = Audience({"n": 0})
    steps = [audience.look({"n": tick}, tick, tick) for tick in (2, 4, 6)]
    assert audience.since(0) == steps
    assert audience.since(2) == steps[1:]
    assert audience.since(4) == steps[2:]


@pytest.mark.parametrize("known", [-1, 1, 3, 7, 10**9])
def test_one_who_knows_a_tick_at_which_nothing_was_told_needs_everything(known: int) -> None:
    """Its view is not one of those that a change was made from."""
    audience = Audience({"n": 0})
    for tick in (2, 4, 6):
        audience.look({"n": tick}, tick, tick)
    assert audience.since(known) is None


def test_what_is_long_past_is_forgotten() -> None:
    audience = Audience({"n": 0})
    for tick in range(1, HISTORY_TICKS_MAX + 2):
        audience.look({"n": tick}, tick, tick)
    missed = audience.since(1)
    assert missed is not None
    assert len(missed) == HISTORY_TICKS_MAX
    assert audience.since(0) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(views(), min_size=1, max_size=8))
def test_from_any_remembered_tick_the_changes_lead_to_the_view(looks: list[View]) -> None:
    audience = Audience(looks[0])
    known: dict[int, Any] = {0: looks[0]}
    for tick, view in enumerate(looks[1:], start=1):
        audience.look(view, tick, tick)
        known[audience.tick] = audience.view
    for seen, view in known.items():
        missed = audience.since(seen)
        assert missed is not None
        tick, held = seen, view
        for step in missed:
            assert step.base == tick
            tick, held = step.tick, patch(held, step.change)
        assert tick == audience.tick
        assert encoded(held) == encoded(audience.view) == encoded(looks[-1])


def test_a_seat_that_is_new_is_told_its_whole_own_view_by_the_tick_that_opens_it() -> None:
    """Its client was welcomed before the seat existed, so there is nothing that could change."""
    room = Room(Party(), seed=7, settings={}, seats=[(0, "Ada", False)])
    room.connect(0, "session-0", "Ada")
    assert room.tick().own == {}, "this one was welcomed with it"
    room.connect(1, "session-1", "Ben")
    assert room.own_snapshot(1, "session-1").view is None
    room.offer(1, 1, {"t": "add", "n": 5})
    own = room.tick().own[1]
    assert (own.view, own.change, own.settled) == ({"mine": [0, 5]}, None, 1)
    room.offer(1, 2, {"t": "add", "n": 6})
    own = room.tick().own[1]
    assert (own.base, own.change) == (2, {"in": {"mine": {"push": [6]}}})
