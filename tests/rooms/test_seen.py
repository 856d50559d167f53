"""Inputs that say what their sender was looking at."""

from typing import Any

from games.rooms import Room, replay
from games.sim import Refusal
from tests.titles import Sums, Tally


class Looking(Tally):
    """Notes how old what each sender saw was."""

    title = "looking"
    rewind_max = 5

    def apply_seen(self, state: Sums, seat: int, input: Any, ago: int) -> Refusal | None:
        state.log.append([seat, ago])
        return None


def room_of(kind: Any = Looking) -> Room:
    room = Room(kind(), seed=3, settings={}, seats=[(0, "Ada", False)])
    room.connect(0, "session-0", "Ada")
    for _ in range(20):
        room.tick()
    return room


def say(room: Room, *seen: int) -> Any:
    for number, tick in enumerate(seen, start=1):
        assert room.offer(0, number, {"t": "add", "n": 1}, tick) is None
    return room.tick()


def test_the_rules_hear_how_many_periods_ago_that_was_within_their_limit() -> None:
    room = room_of()
    say(room, 20, 19, 15, 14, 3, 21, 10**9, -1)
    assert [ago for _, ago in room.state.log] == [0, 1, 5, 5, 5, 0, 0, 0]


def test_what_is_too_old_or_yet_to_come_is_counted() -> None:
    tick = say(room_of(), 20, 19, 15, 14, 3, 21, 10**9, -1)
    assert (tick.late, tick.early) == (2, 2)
    assert say(room_of(), 20).late == 0


def test_a_title_that_does_not_rewind_hears_nothing_of_it_and_nothing_is_late() -> None:
    room = room_of(Tally)
    tick = say(room, 1)
    assert room.state.log == [[0, 1]]
    assert tick.late == 0


def test_the_sender_is_told_how_many_inputs_the_tick_found() -> None:
    room = room_of()
    assert say(room, 20).own[0].inbox == 1
    for number in (2, 3, 4):
        room.offer(0, number, {"t": "add", "n": 1})
    assert room.tick().own[0].inbox == 3
    room.offer(0, 5, {"t": "add", "n": 1})
    assert room.tick().own[0].inbox == 1


def test_what_was_seen_replays() -> None:
    room = Room(Looking(), seed=3, settings={}, seats=[(0, "Ada", False)])
    room.connect(0, "session-0", "Ada")
    records = [room.tick().record for _ in range(9)]
    records.append(say(room, 9, 7, 2, 40).record)
    again = replay(Looking(), records, seed=3, settings={}, seats=[(0, "Ada", False)])
    assert again.hash() == room.hash()
    assert again.state.log == [[0, 0], [0, 2], [0, 5], [0, 0]]
