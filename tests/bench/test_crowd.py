"""The title of the benchmark for a hundred and a thousand players."""

from bench.crowd import _HP, _KILLS, _X, _Y, Crowd100, Crowd1000
from games.catalog.arena.world import FINE
from games.rooms import Room
from games.sim import Rng

TICKS = 160


def played(game, seed: int, ticks: int) -> Room:
    """A room in which everybody is there, and all change their minds now and then."""
    seats = game.seats.stop - 1
    room = Room(
        game,
        seed=seed,
        settings={},
        seats=[(seat, f"Player {seat}", False) for seat in range(seats)],
    )
    for seat in range(seats):
        room.connect(seat, f"session-{seat}", f"Player {seat}")
    room.tick()
    chance = Rng(seed)
    for tick in range(ticks):
        for seat in range(tick % 10, seats, 10):
            held = {"turn": chance.between(-1, 1), "thrust": chance.below(2) == 1, "fire": True}
            room.offer(seat, 1 + tick // 10, held, room.tick_no)
        room.tick()
    return room


def test_a_crowd_stays_inside_and_shoots_each_other():
    game = Crowd100()
    state = played(game, 3, TICKS).state
    assert all(0 <= x <= game.wide * FINE for x in state.ships[_X])
    assert all(0 <= y <= game.high * FINE for y in state.ships[_Y])
    assert len(set(state.ships[_X])) == 100
    assert state.shots[0]
    assert sum(state.ships[_KILLS]) > 0
    assert any(0 < hp < 5 for hp in state.ships[_HP])


def test_a_crowd_goes_on_from_its_checkpoint_as_if_nothing_had_been():
    game = Crowd100()
    room = played(game, 3, 40)
    again = Room.resumed(game, room.checkpoint(), settings={})
    for _ in range(20):
        room.tick()
        again.tick()
    assert again.state == room.state


def test_one_of_a_thousand_is_told_what_is_near_alone():
    room = played(Crowd1000(), 3, 1)
    own = room.own_snapshot(0, "session-0").view.plain()
    assert 1 <= len(own["seen"]["ships"]) < 50
