"""Spectators of a title that holds back what they are told."""

from typing import Any

from games.rooms import Room
from tests.field import Field
from tests.titles import Tally, Thinking
from tests.values import encoded

DELAY_S = 2
PERIODS = 40


class Late(Tally):
    title = "late"
    spectator_delay_s = DELAY_S


class LateField(Field):
    title = "late_field"
    spectator_delay_s = DELAY_S


class LateTurns(Thinking):
    title = "late_turns"
    spectator_delay_s = 1


def room_of(kind: Any) -> Room:
    seats = [(seat, f"Player {seat}", False) for seat in range(2)]
    room = Room(kind(), seed=3, settings={}, seats=seats)
    for seat in range(2):
        room.connect(seat, f"session-{seat}", "Player")
    return room


def test_spectators_see_exactly_what_players_saw_a_while_ago() -> None:
    for kind in (Late, LateField):
        room = room_of(kind)
        now: dict[int, bytes] = {}
        for number in range(150):
            if kind is Late and number % 7 == 0:
                room.offer(0, number // 7 + 1, {"t": "add", "n": 1})
            tick = room.tick()
            now[room.time] = encoded(room._everybody.view)
            if room.time > PERIODS:
                assert encoded(room._watchers.view) == now[room.time - PERIODS]
            if tick.watched is not None:
                assert room._watchers.time == room.time - PERIODS


def test_who_comes_to_watch_gets_the_old_view_and_asks_for_old_ticks() -> None:
    room = room_of(Late)
    room.tick()
    for number in range(3):
        room.offer(0, number + 1, {"t": "add", "n": 5})
        room.tick()
    assert room.snapshot(None).view.plain()["game"]["sums"] == [0, 0]
    assert room.snapshot(0).view.plain()["game"]["sums"] == [15, 0]
    for _ in range(PERIODS - 1):
        room.tick()
    told = room.catch_up(None, 1)
    assert told is not None
    assert told.tick < room.tick_no - PERIODS + 5


def test_the_result_is_held_back_too_and_the_room_stays_until_it_is_told() -> None:
    room = room_of(Late)
    for _ in range(PERIODS * 2):
        room.tick()
    room.offer(0, 1, {"t": "misbehave", "how": "win"})
    ended = room.tick()
    assert ended.shared is not None
    assert ended.shared.change.plain()["set"]["phase"] == "over"
    assert not room.finished
    for passed in range(1, PERIODS + 1):
        assert room.snapshot(None).view.plain()["phase"] == "playing"
        told = room.tick(1).watched
        assert (told is not None and told.tick == ended.record.tick) == (passed == PERIODS)
    assert room.snapshot(None).view.plain()["result"] == {"ranking": [[0], [1]], "reason": "won"}
    assert room.finished
    assert room.due() is None


def test_a_turn_room_wakes_to_tell_its_spectators() -> None:
    room = room_of(LateTurns)
    room.tick(0)
    room.offer(0, 1, {"t": "misbehave", "how": "win"})
    room.tick(0)
    assert room.due() == 100
    told = room.tick(100).watched
    assert told is not None
    assert told.change.plain()["set"]["phase"] == "over"
    assert room.due() is None
