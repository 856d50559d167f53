"""One room of a thousand: ships on a field as dense as the arena, each of which sees what is near.

    python -m bench.field                              # 100 and 1,000 seats, in one process
    EVERTICK_TITLES=bench.field.Field python manage.py serve   # the title, for real sockets

Ships fly and shoot by the arithmetic of ``arena``, shots look back as they do there; there are no
rocks and kits, and ships do not push each other. The field is made for the seats that the settings
say. Everything is told by sight: other ships and shots within ``SIGHT``.
"""

import argparse
import gc
from collections.abc import Iterator
from itertools import product
from math import isqrt
from time import perf_counter_ns
from typing import Annotated, Any

from msgspec import Meta

from bench.measure import paces_ms
from bench.tick import Match, Stopwatch
from games.catalog.arena import world
from games.catalog.arena.rules import OWN_SHIP, Arena
from games.catalog.arena.world import (
    ANGLES,
    FINE,
    HEIGHT,
    HP,
    SHIP_RADIUS,
    SHOT_NEAR,
    WIDTH,
    Controls,
    Places,
    Score,
    Ship,
)
from games.sim import (
    Angle,
    Bool,
    Circle,
    Fixed,
    Game,
    Int,
    Optional,
    Outcome,
    Record,
    Refusal,
    Rng,
    Settings,
    Table,
    View,
    pack_change,
)

SEATS_MAX = 1000
ARENA_SEATS = 10
"""So many have the room of an arena."""
SIGHT = 900
"""Units to each side: as far as half of the arena's width, and a little more than its height."""
SCALE_MAX = isqrt(SEATS_MAX // ARENA_SEATS) + 1

_TIME = Int(0, 1 << 20)
_X, _Y = Int(0, WIDTH * SCALE_MAX), Int(0, HEIGHT * SCALE_MAX)
_SHOT = Fixed(-128, 128, 0.25)


class FieldSettings(Settings):
    """What the host chooses."""

    length_s: Annotated[int, Meta(ge=60, le=3600)] = 600
    seats: Annotated[int, Meta(ge=1, le=SEATS_MAX)] = SEATS_MAX


class State(world.State):
    """As that of the arena; ``right`` and ``bottom`` are as far as a ship gets."""

    right: int = 0
    bottom: int = 0


class Field(Game[State]):
    """Very many ships on a very large field."""

    title = "open_field"
    name = "Open field"
    seats = range(1, SEATS_MAX + 1)
    tick_hz = 20
    drop_in = True
    grace_s = 10
    rewind_max = world.REWIND_MAX
    Settings = FieldSettings
    Input = Controls
    view_type = Record(
        ends_at=_TIME,
        ships=Table(
            SEATS_MAX,
            by_seat=True,
            x=_X,
            y=_Y,
            angle=Angle(ANGLES),
            burning=Bool(),
            hp=Int(0, HP),
        ),
        shots=Table(
            10 * SEATS_MAX,
            by_seat=True,
            x=_X,
            y=_Y,
            vx=_SHOT,
            vy=_SHOT,
            time=_TIME,
            seat=Int(0, SEATS_MAX - 1),
        ),
    )
    secret_type = Record(
        ship=Optional(
            Record(
                **{
                    **OWN_SHIP.fields,
                    "x": Int(0, WIDTH * SCALE_MAX * FINE),
                    "y": Int(0, HEIGHT * SCALE_MAX * FINE),
                }
            )
        ),
        kills=Int(0, 4095),
        deaths=Int(0, 4095),
    )

    def setup(self, seats: int, settings: FieldSettings, rng: Rng) -> State:
        """An empty field."""
        area = WIDTH * HEIGHT * settings.seats // ARENA_SEATS
        width = isqrt(area * WIDTH // HEIGHT)
        return State(
            rng,
            ends_at=settings.length_s * self.tick_hz,
            score_limit=0,
            right=width * FINE - SHIP_RADIUS,
            bottom=area // width * FINE - SHIP_RADIUS,
        )

    def join(self, state: State, seat: int) -> None:
        state.scores.setdefault(seat, Score())
        state.ships[seat] = ship = Ship()
        _spawn(state, ship)

    def leave(self, state: State, seat: int, why: str) -> None:
        state.ships.pop(seat, None)

    def apply(self, state: State, seat: int, input: Controls) -> Refusal | None:
        return self.apply_seen(state, seat, input, 0)

    def apply_seen(self, state: State, seat: int, input: Controls, ago: int) -> Refusal | None:
        return Arena.apply_seen(Arena(), state, seat, input, ago)

    def advance(self, state: State, elapsed: int) -> None:
        for _ in range(elapsed):
            _step(state)

    def outcome(self, state: State) -> Outcome | None:
        return Outcome([sorted(state.scores)], "time_up") if state.time >= state.ends_at else None

    def view(self, state: State) -> View:
        return {
            "ends_at": state.ends_at,
            "ships": {
                seat: (ship.x // FINE, ship.y // FINE, ship.angle, ship.held.thrust, ship.hp)
                for seat, ship in state.ships.items()
                if ship.hp
            },
            "shots": {key: shot.row for key, shot in state.shots.items()},
        }

    def secret(self, state: State, seat: int) -> View:
        ship, score = state.ships.get(seat), state.scores[seat]
        return {"ship": ship and ship.told, "kills": score.kills, "deaths": score.deaths}

    def sees(self, state: State, table: str, seat: int) -> Circle | list[int]:
        ship = state.ships.get(seat)
        return Circle(ship.x // FINE, ship.y // FINE, SIGHT) if ship else []

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        """Ships out of sight may be anywhere out of sight; nobody asks that of a benchmark."""


def _step(state: State) -> None:
    state.time += 1
    _fly_shots(state)
    for seat, ship in state.ships.items():
        if ship.hp:
            if world.pilot(ship, (), state.right, state.bottom):
                world._fire(state, seat, ship)
        elif state.time >= ship.back_at:
            _spawn(state, ship)
    world._remember(state)


def _spawn(state: State, ship: Ship) -> None:
    ship.x = state.rng.between(SHIP_RADIUS, state.right)
    ship.y = state.rng.between(SHIP_RADIUS, state.bottom)
    ship.vx = ship.vy = ship.spin = ship.reload = 0
    ship.hp, ship.angle = HP, state.rng.below(ANGLES)
    ship.told, ship.drift = world.own(ship), (0, 0)


def _fly_shots(state: State) -> None:
    """As in the arena, where each shot looks at each ship; here, at those in the squares round
    it."""
    seen: dict[int, tuple[dict[tuple[int, int], Places], Places]] = {}
    for key, shot in list(state.shots.items()):
        if shot.ago not in seen:
            before, after = world._seen(state, shot.ago)
            seen[shot.ago] = _squares(before), after
        squares, after = seen[shot.ago]
        near: Places = {}
        for square in _round(shot.x, shot.y):
            if square in squares:
                near.update(squares[square])
        met = world._met(shot, near, after)
        shot.x += shot.vx
        shot.y += shot.vy
        inside = 0 <= shot.x <= state.right and 0 <= shot.y <= state.bottom
        if (met and _hit(state, shot.seat, met)) or not inside or state.time >= shot.dies_at:
            del state.shots[key]


def _squares(places: Places) -> dict[tuple[int, int], Places]:
    squares: dict[tuple[int, int], Places] = {}
    for seat, (x, y) in places.items():
        squares.setdefault((x // SHOT_NEAR, y // SHOT_NEAR), {})[seat] = (x, y)
    return squares


def _round(x: int, y: int) -> Iterator[tuple[int, int]]:
    across, down = x // SHOT_NEAR, y // SHOT_NEAR
    return product(range(across - 1, across + 2), range(down - 1, down + 2))


def _hit(state: State, by: int, met: list[int]) -> bool:
    for seat in met:
        if (ship := state.ships.get(seat)) and ship.hp:
            world._hurt(state, seat, ship, by)
            return True
    return False


# --- measuring ---------------------------------------------------------------------------------


def main() -> None:
    """Print what a tick costs, by number of seats."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seats", type=int, nargs="*", default=[100, SEATS_MAX])
    parser.add_argument("--ticks", type=int, default=40)
    plan = parser.parse_args()
    gc.freeze()  # as the server does
    gc.set_threshold(50_000, 20, 50)
    for seats in plan.seats:
        _measure(seats, plan.ticks)


def _measure(seats: int, ticks: int) -> None:
    match, watch = Match(Field(), seats, {"seats": seats}), Stopwatch()
    watch.hang_on(match)
    best: dict[str, int] = {}
    taken, all_of_it = [], 0
    told = match.told
    for _ in range(ticks):
        watch.ns.clear()
        before = _tables(match)
        begun = perf_counter_ns()
        match.tick()
        taken.append(perf_counter_ns() - begun)
        for name, ns in watch.ns.items():
            best[name] = min(best.get(name, ns), ns)
        all_of_it += _everything(before, _tables(match))
    each = (match.told - told) / ticks / seats
    print(
        f"\n{seats} seats, {len(match.room.state.shots)} shots\n\n| part | µs a seat |\n|---|---:|"
    )
    for name, ns in best.items():
        print(f"| {name} | {ns / seats / 1000:.1f} |")
    whole = min(taken) / seats / 1000
    print(f"| **the whole tick** ({min(taken) / 1e6:.1f} ms at best) | **{whole:.1f}** |")
    print(
        f"\n{each:.0f} bytes a seat and tick; to tell all of it to each would take "
        f"{all_of_it / ticks:.0f}. Pace {min(paces_ms(-1)):.2f} ms."
    )


def _tables(match: Match) -> dict[str, Any]:
    """The tables as nobody sees them: whole."""
    room = match.room
    return dict(room._look().tables)


def _everything(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Bytes of the change of whole tables."""
    assert Field.view_type is not None
    fields = Field.view_type.fields
    return sum(len(pack_change(fields[name], before[name], after[name]) or b"") for name in after)


if __name__ == "__main__":
    main()
