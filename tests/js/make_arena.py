"""Writes what the browser's ship of the arena must agree with: flights of the real one.

Run from the project's root after a change to the flight of ships, and commit what it writes::

    python -m tests.js.make_arena
"""

import json
from pathlib import Path
from typing import Any

from games.catalog.arena import world
from games.catalog.arena.world import FINE, HEIGHT, SHIP_RADIUS, WIDTH, Controls, Ship
from games.sim.rng import Rng

HERE = Path(__file__).parent
FLIGHTS = 90
PERIODS = 28
SEED = 77


def main(folder: Path = HERE / "fixtures") -> None:
    """Write the fixture."""
    told = {
        "sine": world.SINE,
        "cosine": world.COSINE,
        "flights": [_flight(Rng(SEED + number), number) for number in range(FLIGHTS)],
    }
    text = json.dumps(told, separators=(",", ":")).replace('{"rocks"', '\n{"rocks"')
    (folder / "arena.json").write_text(text + "\n")


def _flight(rng: Rng, number: int) -> dict[str, Any]:
    """A ship among rocks: where it was after every period, and what was held meanwhile."""
    rocks = world.scatter_rocks(rng)
    ship = _launch(rng, number, rocks)
    start, held, states = _row(ship), [], []
    for period in range(PERIODS):
        if period % 7 == 0 or rng.below(4) == 0:
            ship.held = _controls(rng)
            held.append([period, _told(ship.held)])
        world.pilot(ship, rocks)
        states.append(_row(ship))
    return {"rocks": rocks, "start": start, "held": held, "states": states}


def _launch(rng: Rng, number: int, rocks: list[tuple[int, int, int]]) -> Ship:
    """Every third flies at a rock, every third at a wall or into a corner, as fast as may be."""
    fast = world.SPEED_MAX if number % 2 else world.THRUST * world.DRAG
    vx, vy = rng.between(-fast, fast), rng.between(-fast, fast)
    x = rng.between(SHIP_RADIUS, WIDTH * FINE - SHIP_RADIUS)
    y = rng.between(SHIP_RADIUS, HEIGHT * FINE - SHIP_RADIUS)
    if number % 3 == 0:
        rx, ry, r = rng.choice(rocks)
        periods = rng.between(2, 9)
        aside = rng.between(-r * FINE, r * FINE)
        x, y = rx * FINE - vx * periods + aside, ry * FINE - vy * periods - aside
    elif number % 3 == 1:
        x = rng.choice((SHIP_RADIUS, WIDTH * FINE - SHIP_RADIUS)) - vx * rng.below(4)
        y = rng.choice((SHIP_RADIUS, HEIGHT * FINE - SHIP_RADIUS, y)) - vy * rng.below(4)
    x = max(SHIP_RADIUS, min(WIDTH * FINE - SHIP_RADIUS, x))
    y = max(SHIP_RADIUS, min(HEIGHT * FINE - SHIP_RADIUS, y))
    spin = rng.between(-world.SPIN_MAX, world.SPIN_MAX)
    reload = rng.below(world.RELOAD + 1)
    return Ship(x, y, vx, vy, rng.below(world.ANGLES), spin, reload, world.HP)


def _controls(rng: Rng) -> Controls:
    return Controls(
        turn=rng.choice((-1, 0, 1)),
        thrust=rng.below(3) > 0,
        fire=rng.below(2) == 0,
        aim=rng.below(world.ANGLES) if rng.below(3) == 0 else None,
    )


def _told(held: Controls) -> dict[str, Any]:
    """As a client writes it, without what stands at its default."""
    told = {"turn": held.turn, "thrust": held.thrust, "fire": held.fire}
    compact: dict[str, Any] = {name: value for name, value in told.items() if value}
    return compact if held.aim is None else compact | {"aim": held.aim}


def _row(ship: Ship) -> list[int]:
    return [ship.x, ship.y, ship.vx, ship.vy, ship.angle, ship.spin, ship.reload]


if __name__ == "__main__":
    main()
