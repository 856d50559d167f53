"""The arena: its rules hold, its states replay, its view is small and patches."""

import hashlib
import re
from itertools import pairwise
from math import atan2, tau
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.catalog.arena import rules, world
from games.catalog.arena.rules import VIEW, Arena, ArenaSettings
from games.catalog.arena.world import (
    FINE,
    HEIGHT,
    HP,
    SHIP_RADIUS,
    WIDTH,
    Controls,
    Ship,
    Shot,
    State,
)
from games.sim.pack import hold, pack_change, plain, unpack_change
from games.sim.rng import Rng
from tests import plain_arena
from tests.js import make_arena

GAME = Arena()

GOLDEN = "d371170de8a3a373"
"""Of the state that ``test_a_recorded_match_replays_to_the_same_state`` ends in. If this changes,
recorded matches no longer replay: raise ``Arena.version``, and only then put the new value here."""

controls = st.builds(
    Controls,
    turn=st.sampled_from([-1, 0, 1]),
    thrust=st.booleans(),
    fire=st.booleans(),
    aim=st.none() | st.integers(0, world.ANGLES - 1),
)
seats = st.integers(0, 5)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("join"), seats, st.none()),
        st.tuples(st.just("leave"), seats, st.none()),
        st.tuples(st.just("apply"), seats, controls),
        st.tuples(st.just("advance"), st.integers(1, 30), st.none()),
    ),
    max_size=60,
)


def arena(ships: int = 0, seed: int = 1, **chosen: int) -> State:
    """A new match with this many ships."""
    state = GAME.setup(16, ArenaSettings(**chosen), Rng(seed))
    for seat in range(ships):
        GAME.join(state, seat)
    return state


def duel(distance: int) -> State:
    """Seat 0 at rest looks east at seat 1, in an arena without rocks or kits."""
    state = arena(2)
    state.rocks.clear()
    place(state, 0, 800, 900)
    place(state, 1, 800 + distance, 900)
    return state


def place(state: State, seat: int, x: int, y: int, vx: int = 0, vy: int = 0) -> None:
    """Put a ship somewhere, in units, looking east, no longer safe."""
    ship = state.ships[seat]
    ship.x, ship.y, ship.vx, ship.vy = x * FINE, y * FINE, vx * FINE, vy * FINE
    ship.angle = ship.safe_until = 0


def run(state: State, periods: int) -> None:
    for _ in range(periods):
        GAME.advance(state, 1)


def do(state: State, deed: tuple[str, int, Any]) -> None:
    """Carry out one deed as a room would: nobody sits down twice or leaves an empty seat."""
    kind, number, data = deed
    if kind == "advance":
        run(state, number)
    elif kind == "apply":
        GAME.apply(state, number, data)
    elif kind == "join" and number not in state.ships:
        GAME.join(state, number)
    elif kind == "leave" and number in state.ships:
        GAME.leave(state, number, "left")


def held_view(state: State) -> Any:
    return hold(VIEW, GAME.view(state))


def look(state: State) -> Any:
    """What everybody sees, as a bot and a browser see it."""
    return plain(VIEW, held_view(state))


def own(state: State, seat: int) -> Any:
    """What a seat is told of its ship, as a bot and a browser see it."""
    assert GAME.secret_type
    return plain(GAME.secret_type, hold(GAME.secret_type, GAME.secret(state, seat)))


class Moment(NamedTuple):
    """What was to be seen after a period: of everybody as it is held, and of each seat."""

    shared: Any
    own: dict[int, Any]


def bots_play(state: State, periods: int, rng: Rng) -> list[Moment]:
    """Let bots play every seat, and give what there was to be seen of all periods."""
    moments = [Moment(held_view(state), {seat: own(state, seat) for seat in state.ships})]
    for period in range(periods):
        view = plain(VIEW, moments[-1].shared)
        for seat in list(state.ships):
            if (period + seat) % GAME.bot_every == 0:
                answer = GAME.bot(seat, view, moments[-1].own[seat], rng)
                assert msgspec.convert(msgspec.to_builtins(answer), GAME.Input) == answer
                assert GAME.apply(state, seat, answer) is None
        GAME.advance(state, 1)
        moments.append(Moment(held_view(state), {seat: own(state, seat) for seat in state.ships}))
    return moments


def encoded(state: State) -> bytes:
    return msgspec.msgpack.encode(state)


# --- replay ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**64 - 1), script=deeds)
def test_the_same_seed_and_inputs_give_the_same_state(seed: int, script: list[Any]) -> None:
    one, other = arena(seed=seed), arena(seed=seed)
    for number, deed in enumerate(script):
        do(one, deed)
        do(other, deed)
        if number == len(script) // 2:  # as after a crash: from a checkpoint
            other = msgspec.msgpack.decode(encoded(other), type=State)
    assert encoded(one) == encoded(other)


def test_another_seed_gives_another_arena() -> None:
    assert arena(seed=1).rocks != arena(seed=2).rocks


def test_a_recorded_match_replays_to_the_same_state() -> None:
    state, chance = arena(12, seed=20), Rng(21)
    for period in range(800):
        for seat in range(12):
            if chance.below(10) == 0:
                aim = chance.below(world.ANGLES) if chance.below(3) == 0 else None
                held = Controls(
                    turn=chance.choice((-1, 0, 1)),
                    thrust=chance.below(2) == 0,
                    fire=chance.below(3) > 0,
                    aim=aim,
                )
                GAME.apply_seen(state, seat, held, chance.below(GAME.rewind_max + 1))
        if period == 200:
            GAME.leave(state, 3, "left")
        if period == 300:
            GAME.join(state, 3)
        GAME.advance(state, 1)
    assert sum(score.kills for score in state.scores.values()) > 0
    assert hashlib.sha256(encoded(state)).hexdigest()[:16] == GOLDEN


def crowd(rng: Rng, ships: int) -> State:
    """Ships that fly about in a corner of the arena, with little to live on, among shots and
    kits: something happens in every period."""
    state = arena(ships, seed=rng.bits())
    rocks = [(x, y, r) for x, y, r in state.rocks if x < 1600 and y < 1000]
    state.rocks = rocks or [(500, 500, 90)]
    for seat in state.ships:
        place(state, seat, *(rng.between(40, 900) for _ in range(2)))
        state.ships[seat].vx, state.ships[seat].vy = rng.between(-2240, 2240), rng.between(-99, 99)
        state.ships[seat].hp = rng.between(1, 2)
    state.kits = {-n: (rng.between(0, 900), rng.between(0, 900), "triple") for n in range(3)}
    return state


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**64 - 1), ships=st.integers(1, 16))
def test_the_rules_do_what_they_do_when_they_are_said_plainly(seed: int, ships: int) -> None:
    rng = Rng(seed)
    state = crowd(rng, ships)
    plainly = msgspec.msgpack.decode(encoded(state), type=State)
    for _ in range(60):
        for seat in range(ships):
            if rng.below(4) == 0:
                aim = rng.below(world.ANGLES) if rng.below(2) else None
                held = Controls(rng.choice((-1, 0, 1)), rng.below(2) > 0, rng.below(3) > 0, aim)
                ago = rng.below(GAME.rewind_max + 1)
                GAME.apply_seen(state, seat, held, ago)
                GAME.apply_seen(plainly, seat, held, ago)
        if rng.below(20) == 0 and 0 in state.ships:
            for one in (state, plainly):
                GAME.leave(one, 0, "left")
                GAME.join(one, 0)
        world.step(state)
        plain_arena.step(plainly)
        assert encoded(state) == encoded(plainly)


# --- flight ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**64 - 1), script=deeds)
def test_ships_stay_inside_the_walls_and_out_of_rocks(seed: int, script: list[Any]) -> None:
    state = arena(1, seed=seed)
    for deed in script:
        do(state, deed)
        for ship in state.ships.values():
            # Another ship may push one in; that is undone in the next period.
            slack = 40 * FINE
            assert SHIP_RADIUS - slack <= ship.x <= WIDTH * FINE - SHIP_RADIUS + slack
            assert SHIP_RADIUS - slack <= ship.y <= HEIGHT * FINE - SHIP_RADIUS + slack
            for x, y, r in state.rocks:
                away = (ship.x - x * FINE) ** 2 + (ship.y - y * FINE) ** 2
                assert away >= (r * FINE + SHIP_RADIUS - slack) ** 2


def test_a_wall_sends_a_ship_back_slower() -> None:
    state = duel(600)
    place(state, 0, WIDTH - 50, 300, vx=30)
    run(state, 1)
    ship = state.ships[0]
    assert ship.x == WIDTH * FINE - SHIP_RADIUS
    assert -30 * FINE < ship.vx < -15 * FINE


def test_a_rock_sends_a_ship_back() -> None:
    state = duel(1000)
    state.rocks.append((1000, 900, 100))
    place(state, 0, 850, 900, vx=30)
    run(state, 1)
    assert state.ships[0].vx < 0
    assert state.ships[0].x <= (1000 - 100) * FINE - SHIP_RADIUS


def test_ships_that_meet_trade_their_speeds() -> None:
    state = duel(80)
    place(state, 0, 800, 900, vx=20)
    run(state, 1)
    assert state.ships[0].vx < 2 * FINE
    assert state.ships[1].vx > 15 * FINE


def test_thrust_goes_where_the_ship_points_and_has_a_top_speed() -> None:
    state = duel(1000)
    GAME.apply(state, 0, Controls(thrust=True))
    run(state, 5)
    assert state.ships[0].vx > 0
    assert state.ships[0].vy == 0
    run(state, 40)
    assert state.ships[0].vx <= world.THRUST * world.DRAG


def test_a_ship_left_alone_comes_to_rest() -> None:
    state = duel(1000)
    place(state, 0, 400, 400, vx=3, vy=-3)
    run(state, 200)
    assert (state.ships[0].vx, state.ships[0].vy) == (0, 0)


def test_a_tap_turns_less_than_holding_does() -> None:
    state = duel(1000)
    GAME.apply(state, 0, Controls(turn=1))
    run(state, 1)
    tapped = state.ships[0].angle
    run(state, 5)
    assert 0 < tapped * 6 < state.ships[0].angle


@pytest.mark.parametrize(("aim", "first"), [(20, 9), (236, 247), (3, 3)])
def test_an_aim_is_turned_to_by_the_shortest_way(aim: int, first: int) -> None:
    state = duel(1000)
    GAME.apply(state, 0, Controls(aim=aim))
    run(state, 1)
    assert state.ships[0].angle == first
    run(state, 5)
    assert state.ships[0].angle == aim


# --- fight -------------------------------------------------------------------------------------


def test_a_shot_hits_and_the_last_one_scores() -> None:
    state = duel(400)
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 8)
    assert state.ships[1].hp == HP - 1
    run(state, 30)
    assert state.ships[1].hp == 0
    assert (state.scores[0].kills, state.scores[0].deaths) == (1, 0)
    assert (state.scores[1].kills, state.scores[1].deaths, state.scores[1].by) == (0, 1, 0)


def test_a_shot_beside_the_ship_misses() -> None:
    state = duel(400)
    place(state, 1, 1200, 900 + 45)
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 40)
    assert state.ships[1].hp == HP


def test_no_shot_slips_through_a_ship_between_two_periods() -> None:
    for offset in range(0, 64, 4):
        state = duel(300 + offset)
        place(state, 1, 1100 + offset, 900 + 36)  # where its way through is shorter than its step
        GAME.apply(state, 0, Controls(fire=True))
        run(state, 1)
        GAME.apply(state, 0, Controls())
        run(state, 12)
        assert state.ships[1].hp == HP - 1
        assert not state.shots


def test_a_rock_stops_a_shot() -> None:
    state = duel(600)
    state.rocks.append((1100, 900, 80))
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 40)
    assert state.ships[1].hp == HP


def test_a_shot_takes_half_of_its_ships_speed_along() -> None:
    state = duel(2000)
    place(state, 0, 800, 900, vx=8, vy=-8)
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 1)
    (shot,) = state.shots.values()
    ship = state.ships[0]
    assert (shot.vx, shot.vy) == (world.SHOT_SPEED + ship.vx // 2, ship.vy // 2)


def test_the_gun_needs_time_to_reload() -> None:
    state = duel(2000)
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 2 * world.RELOAD)
    assert state.born == 2


def test_viewers_find_a_shot_where_it_is() -> None:
    state = duel(2000)
    place(state, 0, 300, 900, vx=7, vy=3)
    state.ships[0].angle = 13
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 20)
    shots = look(state)["shots"]
    assert len(shots) == len(state.shots) > 0
    for key, row in shots.items():
        shot, flown = state.shots[int(key)], (state.time - row["time"]) % world.SHOT_CYCLE
        assert row["seat"] == 0
        assert abs(row["x"] + row["vx"] * flown - shot.x / FINE) <= 1 + flown / 8
        assert abs(row["y"] + row["vy"] * flown - shot.y / FINE) <= 1 + flown / 8


def test_a_new_ship_is_safe_for_a_moment_or_until_it_fires() -> None:
    state = duel(300)
    state.ships[1].safe_until = 20
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 19)
    assert state.ships[1].hp == HP
    GAME.apply(state, 1, Controls(fire=True))
    state.ships[1].safe_until = state.time + 100
    run(state, 12)
    assert state.ships[1].hp < HP


@pytest.mark.parametrize("seed", range(20))
def test_a_destroyed_ship_comes_back_at_a_safe_place(seed: int) -> None:
    state = arena(6, seed=seed)
    wreck = state.ships[0]
    wreck.hp, wreck.back_at = 0, world.BACK_AFTER
    run(state, world.BACK_AFTER - 1)
    assert "0" not in look(state)["ships"]
    run(state, 1)
    assert wreck.hp == HP
    assert wreck.safe_until > state.time
    for x, y, r in state.rocks:
        away = (wreck.x // FINE - x) ** 2 + (wreck.y // FINE - y) ** 2
        assert away > (r + SHIP_RADIUS // FINE) ** 2
    for other in list(state.ships.values())[1:]:
        assert (other.x - wreck.x) ** 2 + (other.y - wreck.y) ** 2 > (300 * FINE) ** 2


def test_kits_repair_and_triple() -> None:
    state = duel(1000)
    state.ships[0].hp = 1
    state.kits = {1: (800, 900, "repair"), 2: (1800, 900, "triple")}
    GAME.apply(state, 1, Controls(fire=True))
    run(state, 1)
    assert state.ships[0].hp == HP
    assert not state.kits
    before = state.born
    run(state, world.RELOAD)
    assert state.born == before + 3


# --- what the player saw -----------------------------------------------------------------------


def crossing() -> State:
    """Seat 1 flies across the line of seat 0, right now in front of it."""
    state = duel(400)
    place(state, 1, 1200, 900 - 12 * 34, vy=34)
    state.ships[1].angle = world.ANGLES // 4
    GAME.apply(state, 1, Controls(thrust=True, aim=world.ANGLES // 4))
    run(state, 10)
    return state


def hits(state: State, aimed_at: tuple[int, int], ago: int) -> bool:
    """Whether a shot at a place, by one who looks so far back, hits seat 1."""
    shooter = state.ships[0]
    x, y = aimed_at
    shooter.angle = round(atan2(y - shooter.y, x - shooter.x) * world.ANGLES / tau) % world.ANGLES
    before = state.ships[1].hp
    GAME.apply_seen(state, 0, Controls(fire=True), ago)
    run(state, 1)
    GAME.apply_seen(state, 0, Controls(), ago)
    run(state, 12)
    return state.ships[1].hp < before


def where_it_will_be(ago: int) -> tuple[int, int]:
    """Where one who looks so far back sees seat 1 when the shot gets there."""
    state = crossing()
    run(state, 6 - ago)
    return state.ships[1].x, state.ships[1].y


@pytest.mark.parametrize("ago", [0, 3, 6])
@pytest.mark.parametrize("seen", [0, 3, 6])
def test_a_shot_hits_what_its_player_saw(seen: int, ago: int) -> None:
    assert hits(crossing(), where_it_will_be(seen), ago) == (seen == ago)


@pytest.mark.parametrize(("before", "after", "hit"), [(0, 100, False), (100, 0, True)])
def test_a_ship_is_hit_where_it_was_seen_between_two_periods(
    before: int, after: int, hit: bool
) -> None:
    state = duel(400)
    for aside in (before, after):
        state.past.keep({1: (1200 * FINE, (900 + aside) * FINE)})
    row = (1136, 900, 64.0, 0.0, 0, 0)
    x, y, vx = 1136 * FINE, 900 * FINE, 64 * FINE
    state.shots[1] = Shot(0, x, y, vx, 0, dies_at=20, ago=1, row=row)
    run(state, 1)
    assert (state.ships[1].hp < HP) == hit


def test_a_shot_looks_back_no_further_than_is_allowed() -> None:
    state = duel(400)
    GAME.apply_seen(state, 0, Controls(fire=True), 1000)
    run(state, 1)
    (shot,) = state.shots.values()
    assert shot.ago == world.REWIND_MAX == GAME.rewind_max
    GAME.apply_seen(state, 0, Controls(fire=True), -1000)
    run(state, world.RELOAD)
    assert [shot.ago for shot in state.shots.values()] == [world.REWIND_MAX, 0]


def test_a_ship_that_was_not_there_yet_is_not_hit_where_others_were() -> None:
    state = duel(400)
    run(state, 10)
    GAME.apply_seen(state, 0, Controls(fire=True), 6)
    run(state, 2)
    GAME.leave(state, 1, "left")
    run(state, 1)
    GAME.join(state, 2)
    place(state, 2, 400, 400)
    run(state, 12)
    assert state.ships[2].hp == HP


def test_wreckage_is_not_hit_where_the_ship_was() -> None:
    state = duel(400)
    state.ships[1].hp = 1
    GAME.apply_seen(state, 0, Controls(fire=True), 6)
    run(state, 40)
    assert state.ships[1].hp == 0
    assert state.scores[0].kills == 1


def test_the_past_is_bounded() -> None:
    state = arena(16)
    run(state, 100)
    assert len(state.past) == world.REWIND_MAX + 1


# --- what the player is told -------------------------------------------------------------------


def test_a_player_foretells_the_own_ship_exactly_from_what_was_told() -> None:
    """As a browser does: from what was told last, through all that it held since."""
    state, chance = arena(1, seed=12), Rng(13)
    foretold = Ship()
    news = 0
    for _ in range(400):
        held = Controls(
            turn=chance.choice((-1, 0, 1)),
            thrust=chance.below(3) > 0,
            fire=chance.below(2) > 0,
            aim=chance.below(world.ANGLES) if chance.below(3) == 0 else None,
        )
        before = own(state, 0)
        GAME.apply(state, 0, held)
        run(state, 1)
        foretold.held = held
        world.pilot(foretold, state.rocks)
        if (told := own(state, 0)) != before:
            if news:
                assert world.own(foretold) == state.ships[0].told
            foretold, news = Ship(hp=HP, **told["ship"]), news + 1
    assert news == 400 // world.OWN_EVERY


def test_a_ship_is_where_its_speed_took_it_until_it_is_another_one() -> None:
    state, chance = arena(2, seed=12), Rng(13)
    run(state, 1)
    for _ in range(60):
        before = look(state)["ships"]
        for seat in (0, 1):
            GAME.apply(state, seat, Controls(turn=chance.choice((-1, 0, 1)), thrust=True))
        run(state, 1)
        for seat, row in look(state)["ships"].items():
            x, y = before[seat]["x"] + row["vx"], before[seat]["y"] + row["vy"]
            angle = (before[seat]["angle"] + row["spin"]) % world.ANGLES
            assert (x, y, angle) == (row["x"], row["y"], row["angle"])
    assert any(row["vx"] for row in look(state)["ships"].values())
    state.ships[0].hp, state.ships[0].back_at = 0, state.time + 2
    run(state, 2)
    row = look(state)["ships"]["0"]
    assert (row["vx"], row["vy"]) == (0, 0)


def test_a_player_is_told_exactly_every_now_and_then_and_after_a_push_at_once() -> None:
    state = duel(1000)
    GAME.apply(state, 0, Controls(thrust=True))
    run(state, 1)
    tells = []
    for _ in range(16):
        before = own(state, 0)
        run(state, 1)
        tells.append(own(state, 0) != before)
    assert sum(tells) == 16 // world.OWN_EVERY
    ship = state.ships[0]
    while (state.time + 1) % world.OWN_EVERY == 0:
        run(state, 1)
    state.ships[1].x, state.ships[1].y = ship.x + ship.vx + 60 * FINE, ship.y
    run(state, 1)
    assert own(state, 0)["ship"]["vx"] == ship.vx


def test_wreckage_is_told_at_once_and_a_new_ship_as_well() -> None:
    state = duel(2000)
    ship = state.ships[0]
    ship.hp, ship.back_at = 0, state.time + 3
    run(state, 1)
    assert own(state, 0) == {"ship": None}
    run(state, 2)
    assert own(state, 0)["ship"]["x"] == ship.x
    GAME.leave(state, 0, "left")
    assert own(state, 0) == {"ship": None}


# --- coming, going, winning --------------------------------------------------------------------


def test_time_up_ranks_by_kills_then_deaths_and_groups_ties() -> None:
    state = arena(5, length_s=60)
    for seat, (kills, deaths) in enumerate([(2, 1), (5, 9), (2, 1), (2, 0), (0, 0)]):
        state.scores[seat].kills, state.scores[seat].deaths = kills, deaths
    run(state, 60 * GAME.tick_hz - 1)
    assert GAME.outcome(state) is None
    run(state, 1)
    outcome = GAME.outcome(state)
    assert outcome is not None
    assert outcome.reason == "time_up"
    assert outcome.ranking == [[1], [3], [0, 2], [4]]


def test_the_score_limit_ends_the_match_early() -> None:
    state = arena(2, score_limit=3)
    state.scores[1].kills = 2
    assert GAME.outcome(state) is None
    state.scores[1].kills = 3
    outcome = GAME.outcome(state)
    assert outcome is not None
    assert (outcome.reason, outcome.ranking) == ("score_reached", [[1], [0]])


def test_without_a_score_limit_any_number_of_kills_is_no_end() -> None:
    state = arena(2)
    state.scores[1].kills = 100
    assert GAME.outcome(state) is None


@settings(max_examples=40, deadline=None)
@given(script=deeds)
def test_every_seat_that_ever_joined_is_ranked_once(script: list[Any]) -> None:
    state, joined = arena(), set()
    for deed in script:
        do(state, deed)
        joined |= {deed[1]} if deed[0] == "join" else set()
    state.time = state.ends_at
    outcome = GAME.outcome(state)
    assert outcome is not None
    assert sorted(seat for group in outcome.ranking for seat in group) == sorted(joined)


def test_who_leaves_and_returns_keeps_the_score() -> None:
    state = arena(2)
    state.scores[1].kills = 4
    GAME.leave(state, 1, "left")
    view = look(state)
    assert "1" not in view["ships"] | view["hulls"]
    assert view["scores"]["1"] == {"kills": 4, "deaths": 0, "by": -1}
    GAME.join(state, 1)
    view = look(state)
    assert view["scores"]["1"] == {"kills": 4, "deaths": 0, "by": -1}
    assert "1" in view["ships"]


def test_who_joins_in_the_middle_flies_at_once() -> None:
    state = arena(1)
    run(state, 100)
    GAME.join(state, 7)
    assert GAME.apply(state, 7, Controls(thrust=True)) is None
    run(state, 5)
    assert state.ships[7].safe_until > state.time
    assert (state.ships[7].vx, state.ships[7].vy) != (0, 0)


def test_a_shot_still_scores_when_its_owner_has_left() -> None:
    state = duel(400)
    state.ships[1].hp = 1
    GAME.apply(state, 0, Controls(fire=True))
    run(state, 1)
    GAME.leave(state, 0, "left")
    run(state, 10)
    assert state.scores[0].kills == 1


def test_a_seat_without_a_ship_is_refused() -> None:
    state = arena(1)
    before = encoded(state)
    refusal = GAME.apply(state, 3, Controls(fire=True))
    assert refusal is not None
    assert refusal.code == "not_playing"
    assert encoded(state) == before


@pytest.mark.parametrize(
    "wrong",
    [{"turn": 2}, {"aim": 256}, {"aim": -1}, {"thrust": 1}, {"speed": 9}, [], "fire", None],
)
def test_an_input_of_the_wrong_shape_does_not_convert(wrong: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, GAME.Input)


# --- what is seen ------------------------------------------------------------------------------


def test_bots_play_a_whole_match_and_every_change_leads_to_the_next_view() -> None:
    state = arena(8, seed=5)
    views = [moment.shared for moment in bots_play(state, 600, Rng(6))]
    for baseline, view in pairwise(views):
        change = pack_change(VIEW, baseline, view)
        assert change is not None
        assert plain(VIEW, unpack_change(VIEW, baseline, change)) == plain(VIEW, view)
    assert sum(score.kills for score in state.scores.values()) >= 5
    assert any(plain(VIEW, view)["kits"] for view in views)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**64 - 1), script=deeds)
def test_all_that_happens_can_be_shown(seed: int, script: list[Any]) -> None:
    state = arena(seed=seed)
    for deed in script:
        do(state, deed)
        look(state)
        for seat in range(6):
            own(state, seat)


def test_ships_that_collide_all_the_time_can_be_shown() -> None:
    state, chance = arena(16, seed=3), Rng(4)
    for period in range(400):
        for ship in state.ships.values():
            # All to the middle, at more than any engine gives.
            ship.hp = HP
            ship.held = Controls(thrust=True, aim=chance.below(world.ANGLES))
            if period % 20 == 0:
                ship.vx = chance.between(-world.SPEED_MAX, world.SPEED_MAX)
                ship.vy = chance.between(-world.SPEED_MAX, world.SPEED_MAX)
                ship.x = (WIDTH // 2 + chance.between(-150, 150)) * FINE
                ship.y = (HEIGHT // 2 + chance.between(-150, 150)) * FINE
        run(state, 1)
        look(state)
        for seat in state.ships:
            own(state, seat)


def test_a_view_does_not_change_when_the_state_goes_on() -> None:
    state = arena(4, seed=5)
    bots_play(state, 100, Rng(6))
    views = GAME.view(state), GAME.secret(state, 1)
    before = msgspec.msgpack.encode(views)
    bots_play(state, 50, Rng(7))
    assert msgspec.msgpack.encode(views) == before


def test_a_bot_beats_a_ship_that_does_nothing() -> None:
    state = arena(2, seed=9)
    rng = Rng(1)
    for period in range(1200):
        if period % GAME.bot_every == 0:
            GAME.apply(state, 0, GAME.bot(0, look(state), own(state, 0), rng))
        GAME.advance(state, 1)
    assert state.scores[0].kills >= 3
    assert state.scores[0].deaths == 0


def test_a_bot_turns_away_before_a_wall() -> None:
    state = arena(1, seed=9)
    state.rocks.clear()
    place(state, 0, WIDTH - 700, 900, vx=30)
    moments = bots_play(state, 60, Rng(2))
    assert max(plain(VIEW, moment.shared)["ships"]["0"]["x"] for moment in moments) < WIDTH - 50


# --- the browser -------------------------------------------------------------------------------


def test_the_browser_client_knows_the_same_world() -> None:
    text = (Path(rules.__file__).parent / "client" / "world.js").read_text()
    told = {name: int(value) for name, value in re.findall(r"const (\w+) = (\d+);", text)}
    in_units = {"SHIP_RADIUS", "SHOT_SPEED", "SHOT_REACH"}
    for name, value in told.items():
        assert value * (FINE if name in in_units else 1) == getattr(world, name), name


def test_the_flights_that_the_browser_is_tested_with_are_up_to_date(tmp_path: Path) -> None:
    make_arena.main(tmp_path)
    kept = Path(make_arena.__file__).parent / "fixtures" / "arena.json"
    assert (tmp_path / "arena.json").read_text() == kept.read_text(), (
        "run `python -m tests.js.make_arena`, and `node --test` after it"
    )
    assert kept.stat().st_size < 150_000
