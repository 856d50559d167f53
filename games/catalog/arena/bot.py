"""How a bot flies: it aims where its target will be, roughly, and looks where it is going.

It sees what a player in its seat is told, and nothing else. Its answers are inputs like a player's,
not part of the state, so floats are welcome here.
"""

from math import atan2, hypot, pi
from typing import NamedTuple

from games.catalog.arena.world import (
    ANGLES,
    FINE,
    HEIGHT,
    HP,
    SHOT_LIFE,
    SHOT_SPEED,
    WIDTH,
    Controls,
)
from games.sim.game import View
from games.sim.rng import Rng

_SPEED = SHOT_SPEED // FINE
_RANGE = _SPEED * SHOT_LIFE
_LOOK_AHEAD = 18  # periods
_ERROR = 11  # steps of an angle, either way: a good shot at 250 units, a lucky one at 800


class _Ship(NamedTuple):
    """What a bot knows of a ship, in units, units a period and steps of an angle."""

    x: float
    y: float
    vx: float
    vy: float
    angle: int


def decide(seat: int, view: View, secret: View | None, rng: Rng) -> Controls:
    """What to hold down for the next moment."""
    own = secret and secret["ship"]
    if own is None:
        return Controls()
    x, y, vx, vy = (own[name] / FINE for name in ("x", "y", "vx", "vy"))
    me = _Ship(x, y, vx, vy, own["angle"])
    if (course := _way_out(me, view)) is not None:
        return Controls(thrust=True, aim=course)
    if (course := _sidestep(seat, me, view)) is not None and rng.below(2):
        return Controls(thrust=True, aim=course)
    if (kit := _wanted_kit(seat, me, view)) is not None:
        return Controls(thrust=True, aim=_heading(kit[0] - me.x, kit[1] - me.y))
    return _attack(seat, me, view, rng)


def _attack(seat: int, me: _Ship, view: View, rng: Rng) -> Controls:
    """Turn to where the nearest ship will be when a shot arrives; fire when about there."""
    others = [_other(row) for key, row in view["ships"].items() if key != str(seat)]
    if not others:
        return Controls(turn=1, thrust=rng.below(3) == 0)
    target = min(others, key=lambda ship: hypot(ship.x - me.x, ship.y - me.y))
    dx, dy = target.x - me.x, target.y - me.y
    flight = hypot(dx, dy) / _SPEED  # periods
    dx += (target.vx - me.vx / 2) * flight
    dy += (target.vy - me.vy / 2) * flight
    aim = (_heading(dx, dy) + rng.between(-_ERROR, _ERROR)) % ANGLES
    off = abs((aim - me.angle + ANGLES // 2) % ANGLES - ANGLES // 2)
    far = hypot(dx, dy)
    return Controls(
        aim=aim,
        thrust=far > 700 or rng.below(4) == 0,
        fire=far < _RANGE * 2 // 3 and off < 14 and rng.below(3) > 0,
    )


def _other(row: View) -> _Ship:
    return _Ship(row["x"], row["y"], row["vx"], row["vy"], row["angle"])


def _way_out(me: _Ship, view: View) -> int | None:
    """A course away from the wall or rock that it is about to run into."""
    x, y = me.x + me.vx * _LOOK_AHEAD, me.y + me.vy * _LOOK_AHEAD
    if not (60 < x < WIDTH - 60 and 60 < y < HEIGHT - 60):
        return _heading(
            WIDTH / 2 - me.x - _LOOK_AHEAD * me.vx, HEIGHT / 2 - me.y - _LOOK_AHEAD * me.vy
        )
    for rock in view["rocks"].values():
        if hypot(x - rock["x"], y - rock["y"]) < rock["r"] + 60:
            return _heading(me.x - rock["x"], me.y - rock["y"])
    return None


def _sidestep(seat: int, me: _Ship, view: View) -> int | None:
    """A course across the line of a shot that is meant for it."""
    for shot in view["shots"].values():
        dx, dy, vx, vy = me.x - shot["x"], me.y - shot["y"], shot["vx"], shot["vy"]
        if shot["seat"] != seat and dx * vx + dy * vy > 0 and dx * dx + dy * dy < 600 * 600:
            past = dx * vy - dy * vx
            if abs(past) < 60 * _SPEED:
                return _heading(vy, -vx) if past > 0 else _heading(-vy, vx)
    return None


def _wanted_kit(seat: int, me: _Ship, view: View) -> tuple[int, int] | None:
    """A kit close by that would help."""
    hurt = view["hulls"][str(seat)]["hp"] <= HP // 2
    for kit in view["kits"].values():
        near = 1200 if hurt and kit["kind"] == "repair" else 500
        if hypot(kit["x"] - me.x, kit["y"] - me.y) < near and (hurt or kit["kind"] == "triple"):
            return kit["x"], kit["y"]
    return None


def _heading(dx: float, dy: float) -> int:
    return round(atan2(dy, dx) * ANGLES / (2 * pi)) % ANGLES
