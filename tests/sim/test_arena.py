"""The arena: its rules hold, its states replay, its view is small and patches."""

import hashlib
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.catalog.arena import rules, world
from games.catalog.arena.rules import Arena, ArenaSettings
from games.catalog.arena.world import FINE, HEIGHT, HP, SHIP_RADIUS, WIDTH, Controls, State
from games.sim.diff import diff, patch
from games.sim.rng import Rng

GAME = Arena()

GOLDEN = "cc735fab1afd16b1"
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


def bots_play(state: State, periods: int, rng: Rng) -> list[dict[str, Any]]:
    """Let bots play every seat, and give the views of all periods."""
    views = [GAME.view(state)]
    for period in range(periods):
        for seat in list(state.ships):
            if (period + seat) % GAME.bot_every == 0:
                answer = GAME.bot(seat, views[-1], None, rng)
                assert msgspec.convert(msgspec.to_builtins(answer), GAME.Input) == answer
                assert GAME.apply(state, seat, answer) is None
        GAME.advance(state, 1)
        views.append(GAME.view(state))
    return views


def encoded(state: State) -> bytes:
    return msgspec.msgpack.encode(state)


def leaves(value: Any) -> list[Any]:
    """Everything in a view that is neither dict nor list."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return [value]
    return [leaf for part in inner for leaf in leaves(part)]


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
                GAME.apply(state, seat, held)
        if period == 200:
            GAME.leave(state, 3, "left")
        if period == 300:
            GAME.join(state, 3)
        GAME.advance(state, 1)
    assert sum(score.kills for score in state.scores.values()) > 0
    assert hashlib.sha256(encoded(state)).hexdigest()[:16] == GOLDEN


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
    state.rocks.append([1000, 900, 100])
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
    state.rocks.append([1100, 900, 80])
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
    for key, (x, y, vx, vy, born, seat) in GAME.view(state)["shots"].items():
        flown = state.time - born
        assert seat == 0
        assert abs(x + vx * flown / FINE - state.shots[key].x / FINE) <= 1
        assert abs(y + vy * flown / FINE - state.shots[key].y / FINE) <= 1


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
    assert "0" not in GAME.view(state)["ships"]
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
    state.kits = {"a": (800, 900, "repair"), "b": (1800, 900, "triple")}
    GAME.apply(state, 1, Controls(fire=True))
    run(state, 1)
    assert state.ships[0].hp == HP
    assert not state.kits
    before = state.born
    run(state, world.RELOAD)
    assert state.born == before + 3


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
    view = GAME.view(state)
    assert "1" not in view["ships"] | view["hulls"]
    assert view["scores"]["1"] == [4, 0, -1]
    GAME.join(state, 1)
    assert GAME.view(state)["scores"]["1"] == [4, 0, -1]
    assert "1" in GAME.view(state)["ships"]


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


def test_bots_play_a_whole_match_and_every_change_patches() -> None:
    state = arena(8, seed=5)
    views = bots_play(state, 600, Rng(6))
    for baseline, view in pairwise(views):
        assert patch(baseline, diff(baseline, view)) == view
    assert sum(score.kills for score in state.scores.values()) >= 5
    assert any(view["kits"] for view in views)


def test_a_view_is_made_of_integers_and_kinds() -> None:
    for view in bots_play(arena(6, seed=5), 200, Rng(6)):
        assert {type(leaf) for leaf in leaves(view)} <= {int, str}
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(view)) == view


def test_a_view_does_not_change_when_the_state_goes_on() -> None:
    state = arena(4, seed=5)
    view = bots_play(state, 100, Rng(6))[-1]
    before = msgspec.msgpack.encode(view)
    bots_play(state, 50, Rng(7))
    assert msgspec.msgpack.encode(view) == before


def test_a_bot_beats_a_ship_that_does_nothing() -> None:
    state = arena(2, seed=9)
    rng = Rng(1)
    for period in range(1200):
        if period % GAME.bot_every == 0:
            GAME.apply(state, 0, GAME.bot(0, GAME.view(state), None, rng))
        GAME.advance(state, 1)
    assert state.scores[0].kills >= 3
    assert state.scores[0].deaths == 0


def test_a_bot_turns_away_before_a_wall() -> None:
    state = arena(1, seed=9)
    state.rocks.clear()
    place(state, 0, WIDTH - 700, 900, vx=30)
    views = bots_play(state, 60, Rng(2))
    assert max(view["ships"]["0"][0] for view in views) < WIDTH - 50


def test_the_browser_client_knows_the_same_world() -> None:
    text = (Path(rules.__file__).parent / "client" / "world.js").read_text()
    told = {name: int(value) for name, value in re.findall(r"const (\w+) = (\d+);", text)}
    assert told["WIDTH"] == WIDTH
    assert told["HEIGHT"] == HEIGHT
    assert told["FINE"] == FINE
    assert told["ANGLES"] == world.ANGLES
    assert told["SHIP_RADIUS"] == SHIP_RADIUS // FINE
    assert told["HP"] == HP
    assert told["RELOAD"] == world.RELOAD
    assert told["SHOT_LIFE"] == world.SHOT_LIFE
    assert told["TRIPLE_FOR"] == world.TRIPLE_FOR
