"""A room that was written and read goes on as if nothing had happened."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.catalog import TITLES
from games.rooms import Record, Room, WrongRules, rules_of
from games.rooms.entries import Connect, Disconnect
from games.rooms.journal import Written, go_on
from games.sim import Game
from tests.field import Field
from tests.titles import Hasty, HastyParty, HastyWaiting, Party, Tally, Thinking
from tests.values import encoded

HASTY: list[type[Game[Any]]] = [Hasty, HastyParty, HastyWaiting]
KINDS = [*HASTY, Thinking, Field, *TITLES.values()]


def played(kind: type[Game[Any]], ticks: int) -> Room:
    """A room in which bots play, people come and go, and something is said."""
    count = max(2, kind.seats.start)
    seats = [(seat, f"Player {seat}", kind.has_bot() and seat > 0) for seat in range(count)]
    room = Room(kind(), seed=9, settings={}, seats=seats, bot_seed=5)
    room.connect(0, "session-0", "Ada")
    for number in range(ticks):
        if number % 5 == 2:
            room.offer(0, number // 5 + 1, {"t": "add", "n": number})
        if number % 40 == 30:
            room.disconnect(0)
        if number % 40 == 35:
            room.connect(0, "session-0", "Ada")
        step(room)
    return room


def step(room: Room) -> Record:
    if room.game.realtime and not room.outcome:
        return room.tick(1).record
    return room.tick(min(3, room.due() or 0)).record


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_from_any_tick_on_the_other_half_goes_the_same_way(kind: type[Game[Any]]) -> None:
    @settings(max_examples=4, deadline=None)
    @given(st.integers(0, 90), st.integers(1, 30))
    def check(before: int, after: int) -> None:
        room = played(kind, before)
        again = Room.resumed(kind(), room.checkpoint(), settings={})
        assert again.hash() == room.hash()
        assert encoded(again.snapshot().view.plain()) == encoded(room._everybody.view)
        for _ in range(after):
            record = step(room)
            again.play(record)
            assert again.hash() == room.hash()

    check()


def test_inputs_go_on_where_the_last_settled_one_was() -> None:
    room = Room(Tally(), seed=9, settings={}, seats=[(0, "Ada", False)])
    room.connect(0, "session-0", "Ada")
    for seq in (1, 2, 3):
        room.offer(0, seq, {"t": "add", "n": seq})
    room.tick()
    room.offer(0, 4, {"t": "add", "n": 4})
    again = Room.resumed(Tally(), room.checkpoint(), settings={})
    assert again.connect(0, "session-0", "Ada") == 3, "the fourth was not settled, and comes again"
    assert again.offer(0, 3, {"t": "add", "n": 3}) is None
    again.offer(0, 4, {"t": "add", "n": 4})
    again.tick()
    assert again.state.sums == [10]


def test_bots_play_on_in_a_room_that_was_resumed() -> None:
    room = Room(Party(), seed=9, settings={}, seats=[(0, "Ada", False), (1, "Bot", True)])
    again = Room.resumed(Party(), room.checkpoint(), settings={})
    for _ in range(20):
        again.tick()
    assert again.state.sums[1] > 0


def test_a_seat_whose_socket_is_gone_is_put_away_by_an_entry() -> None:
    room = Room(Tally(), seed=9, settings={}, seats=[(0, "Ada", False)])
    room.play(Record(1, 1, [Connect(0, "session-0", "Ada")]))
    again = Room.resumed(Tally(), room.checkpoint(), settings={})
    again.disconnect(0)
    assert again.tick().record.entries == [Disconnect(0, "session-0")]
    assert again.places[0].status == "away"


def test_another_version_of_the_rules_does_not_go_on_with_it() -> None:
    class Newer(Tally):
        version = 2

    kept = Room(Tally(), seed=9, settings={}, seats=[(0, "Ada", False)]).checkpoint()
    with pytest.raises(WrongRules, match="tally 1, here is tally 2"):
        Room.resumed(Newer(), kept, settings={})


def test_a_title_that_migrates_goes_on_under_its_new_rules() -> None:
    class Newer(Tally):
        version = 3

        def migrate(self, state: Any, version: int) -> Any:
            return {**state, "clock": state["clock"] + 1000 * version}

    room = Room(Tally(), seed=9, settings={}, seats=[(0, "Ada", False)])
    room.connect(0, "session-0", "Ada")
    room.offer(0, 1, {"t": "add", "n": 7})
    room.tick()
    kept = room.checkpoint()
    assert rules_of(kept) == 1
    again = Room.resumed(Newer(), kept, settings={})
    assert (again.state.sums, again.state.clock) == ([7], 1001)
    again.tick()
    assert rules_of(again.checkpoint()) == 3


def test_ticks_of_other_rules_are_not_played_though_there_is_no_checkpoint() -> None:
    class Newer(Tally):
        version = 2

    written = [Written(0, Record(1, 1, []), rules=1)]
    go_on(Room(Tally(), seed=9, settings={}, seats=[(0, "Ada", False)]), written)
    with pytest.raises(WrongRules, match="tick 1 is of rules 1, here are rules 2"):
        go_on(Room(Newer(), seed=9, settings={}, seats=[(0, "Ada", False)]), written)
