"""How a bot flies: it aims where its target will be, roughly, and looks where it is going.

It sees the view of everybody and nothing else. Its answers are inputs like a player's, not part of
the state, so floats are welcome here.
"""

from math import atan2, hypot, pi

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

_RANGE = SHOT_SPEED // FINE * SHOT_LIFE
_LOOK_AHEAD = 18  # periods
_ERROR = 11  # steps of an angle, either way: a good shot at 250 units, a lucky one at 800


def decide(seat: int, view: View, rng: Rng) -> Controls:
    """What to hold down for the next moment."""
    me = view["ships"].get(str(seat))
    if me is None:
        return Controls()
    if (course := _way_out(me, view)) is not None:
        return Controls(thrust=True, aim=course)
    if (course := _sidestep(seat, me, view)) is not None and rng.below(2):
        return Controls(thrust=True, aim=course)
    if (kit := _wanted_kit(seat, me, view)) is not None:
        return Controls(thrust=True, aim=_heading(kit[0] - me[0], kit[1] - me[1]))
    return _attack(seat, me, view, rng)


def _attack(seat: int, me: list[int], view: View, rng: Rng) -> Controls:
    """Turn to where the nearest ship will be when a shot arrives; fire when about there."""
    others = [row for key, row in view["ships"].items() if key != str(seat)]
    if not others:
        return Controls(turn=1, thrust=rng.below(3) == 0)
    target = min(others, key=lambda row: hypot(row[0] - me[0], row[1] - me[1]))
    dx, dy = target[0] - me[0], target[1] - me[1]
    flight = hypot(dx, dy) * FINE / SHOT_SPEED  # periods; speeds of a view are in half units
    dx += (target[2] - me[2] / 2) / 2 * flight
    dy += (target[3] - me[3] / 2) / 2 * flight
    aim = (_heading(dx, dy) + rng.between(-_ERROR, _ERROR)) % ANGLES
    off = abs((aim - me[4] + ANGLES // 2) % ANGLES - ANGLES // 2)
    far = hypot(dx, dy)
    return Controls(
        aim=aim,
        thrust=far > 700 or rng.below(4) == 0,
        fire=far < _RANGE * 2 // 3 and off < 14 and rng.below(3) > 0,
    )


def _way_out(me: list[int], view: View) -> int | None:
    """A course away from the wall or rock that it is about to run into."""
    x, y = me[0] + me[2] / 2 * _LOOK_AHEAD, me[1] + me[3] / 2 * _LOOK_AHEAD
    if not (60 < x < WIDTH - 60 and 60 < y < HEIGHT - 60):
        return _heading(WIDTH / 2 - me[0] - 9 * me[2], HEIGHT / 2 - me[1] - 9 * me[3])
    for rx, ry, r in view["rocks"]:
        if hypot(x - rx, y - ry) < r + 60:
            return _heading(me[0] - rx, me[1] - ry)
    return None


def _sidestep(seat: int, me: list[int], view: View) -> int | None:
    """A course across the line of a shot that is meant for it."""
    for x, y, vx, vy, _, owner in view["shots"].values():
        dx, dy = me[0] - x, me[1] - y
        if owner != seat and dx * vx + dy * vy > 0 and dx * dx + dy * dy < 600 * 600:
            past = dx * vy - dy * vx
            if abs(past) < 60 * SHOT_SPEED:
                return _heading(vy, -vx) if past > 0 else _heading(-vy, vx)
    return None


def _wanted_kit(seat: int, me: list[int], view: View) -> tuple[int, int, str] | None:
    """A kit close by that would help."""
    hurt = view["hulls"][str(seat)][0] <= HP // 2
    for kit in view["kits"].values():
        near = 1200 if hurt and kit[2] == "repair" else 500
        if hypot(kit[0] - me[0], kit[1] - me[1]) < near and (hurt or kit[2] == "triple"):
            return (kit[0], kit[1], kit[2])
    return None


def _heading(dx: float, dy: float) -> int:
    return round(atan2(dy, dx) * ANGLES / (2 * pi)) % ANGLES
