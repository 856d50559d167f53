"""What one audience was told, and what one who missed some of it must hear."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.limits import HASH_CHANGES, HISTORY_TICKS_MAX
from games.rooms import Room
from games.rooms.audience import Audience, Step
from games.sim import Int, Json, Record, Table, View, fingerprint, hold, patch, unpack_change
from tests.titles import Party, Sums, Tally
from tests.values import encoded, views


def audience(view: View, tick: int = 0, time: int = 0) -> Audience:
    return Audience(Json(), view, tick, time)


def told(step: Step | None) -> tuple[int, int, int, Any]:
    """A step, by its numbers and what it says."""
    assert step is not None
    return step.tick, step.base, step.time, step.plain()


def test_a_look_says_what_changed_since_the_last_change() -> None:
    one = audience({"n": 0}, tick=5, time=50)
    assert told(one.look({"n": 1}, 6, 60)) == (6, 5, 60, {"set": {"n": 1}})
    assert told(one.look({"n": 2}, 9, 90)) == (9, 6, 90, {"set": {"n": 2}})
    assert (one.view, one.tick, one.time) == ({"n": 2}, 9, 90)


def test_where_nothing_changed_nothing_is_told_and_the_tick_stays() -> None:
    one = audience({"n": 0})
    assert one.look({"n": 0}, 1, 1) is None
    assert (one.tick, one.time) == (0, 0)
    assert told(one.look({"n": 1}, 2, 2))[1] == 0


def test_one_who_knows_an_earlier_tick_is_told_in_one_what_came_after_it() -> None:
    one = audience({"n": 0, "m": 0})
    one.look({"n": 1, "m": 0}, 2, 20)
    one.look({"n": 1, "m": 1}, 4, 40)
    one.look({"n": 2, "m": 1}, 6, 60)
    assert told(one.since(0)) == (6, 0, 60, {"set": {"n": 2, "m": 1}})
    assert told(one.since(2)) == (6, 2, 60, {"set": {"n": 2, "m": 1}})
    assert told(one.since(4)) == (6, 4, 60, {"set": {"n": 2}})


@pytest.mark.parametrize("known", [-1, 1, 3, 7, 10**9])
def test_one_who_knows_a_tick_at_which_nothing_was_told_needs_everything(known: int) -> None:
    """Its view is not one of those that a change was made from."""
    one = audience({"n": 0})
    for tick in (2, 4, 6):
        one.look({"n": tick}, tick, tick)
    assert one.since(known) is None


def test_what_is_long_past_is_forgotten() -> None:
    one = audience({"n": 0})
    for tick in range(1, HISTORY_TICKS_MAX + 2):
        one.look({"n": tick}, tick, tick)
    assert one.since(1) is not None
    assert one.since(0) is None


def test_a_fingerprint_is_told_now_and_then() -> None:
    one = audience({"n": 0})
    hashes = []
    for tick in range(1, 2 * HASH_CHANGES + 1):
        step = one.look({"n": tick}, tick, tick)
        assert step is not None
        if step.hash is not None:
            hashes.append((tick, step.hash))
    assert hashes == [
        (tick, fingerprint(Json(), {"n": tick})) for tick in (HASH_CHANGES, 2 * HASH_CHANGES)
    ]


def test_the_fingerprints_of_seats_are_made_in_different_ticks() -> None:
    seats = [(seat, f"Player {seat}", False) for seat in range(3)]
    room = Room(Party(), seed=7, settings={}, seats=seats)
    for seat, name, _ in seats:
        room.connect(seat, f"session-{seat}", name)
    hashed = []
    for tick in range(1, HASH_CHANGES + 1):
        for seat in room.places:
            room.offer(seat, tick, {"t": "add", "n": 1 + tick % 2})
        own = room.tick().own
        hashed += [seat for seat in room.places if own[seat].hash is not None]
    assert hashed == [2, 1, 0]


def test_a_view_that_is_changed_in_place_by_its_title_is_noticed() -> None:
    class Careless(Tally):
        def view(self, state: Sums) -> View:
            return {"sums": state.sums}

    room = Room(Careless(), seed=7, settings={}, seats=[(0, "Ada", False)])
    room.state.sums[0] = 5
    shared = room.tick().shared
    assert shared is not None
    assert shared.change.plain() == {"in": {"game": {"set": {"sums": [5]}}}}


@settings(max_examples=40, deadline=None)
@given(st.lists(views(), min_size=1, max_size=8))
def test_from_any_remembered_tick_the_change_leads_to_the_view(looks: list[View]) -> None:
    one = audience(looks[0])
    known: dict[int, Any] = {0: looks[0]}
    for tick, view in enumerate(looks[1:], start=1):
        one.look(view, tick, tick)
        known[one.tick] = one.view
    for seen, view in known.items():
        step = one.since(seen)
        if step is None:
            assert seen == one.tick or encoded(view) == encoded(one.view)
            continue
        assert (step.base, step.tick) == (seen, one.tick)
        assert encoded(patch(view, step.plain())) == encoded(looks[-1])
        assert encoded(unpack_change(Json(), view, step.packed())) == encoded(looks[-1])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=HISTORY_TICKS_MAX, max_size=3 * HISTORY_TICKS_MAX))
def test_a_view_that_is_not_kept_is_made_again(moves: list[int]) -> None:
    """Enough of them that some are forgotten, which others were made from."""
    kind = Record(turn=Int(0, 10), ships=Table(4, x=Int(0, 99)))
    told = [hold(kind, {"turn": 0, "ships": {0: (50,)}})]
    one = Audience(kind, told[0])
    places = {0: 50}
    for tick, move in enumerate(moves, start=1):
        if move in places and len(places) > 1 and tick % 3 == 0:
            del places[move]
        else:
            places[move] = (places.get(move, tick) + 1 + move) % 100
        rows = {ship: (x,) for ship, x in places.items()}
        told.append(hold(kind, {"turn": tick % 11, "ships": rows}))
        assert one.look(told[-1], tick, tick) is not None
    for known in range(len(told) - 1):
        step = one.since(known)
        assert (step is None) == (known < len(moves) - HISTORY_TICKS_MAX)
        if step is not None:
            assert unpack_change(kind, told[known], step.packed()) == told[-1]


def test_a_seat_that_is_new_is_told_its_whole_own_view_by_the_tick_that_opens_it() -> None:
    """Its client was welcomed before the seat existed, so there is nothing that could change."""
    room = Room(Party(), seed=7, settings={}, seats=[(0, "Ada", False)])
    room.connect(0, "session-0", "Ada")
    assert room.tick().own == {}, "this one was welcomed with it"
    room.connect(1, "session-1", "Ben")
    assert room.own_snapshot(1, "session-1").view is None
    room.offer(1, 1, {"t": "add", "n": 5})
    own = room.tick().own[1]
    assert own.view.plain() == {"secret": {"mine": [0, 5]}}
    assert (own.change, own.settled) == (None, 1)
    room.offer(1, 2, {"t": "add", "n": 6})
    own = room.tick().own[1]
    assert own.back == 1
    assert own.change.plain() == {"in": {"secret": {"in": {"mine": {"push": [6]}}}}}
