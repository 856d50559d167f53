"""Arena for a crowd: a hundred and a thousand in one world, as dense as ten in arena's own.

A title as one would write it for so many: its state is columns, and a tick some operations on each;
a loop over a thousand ships in Python takes longer than a period. The rules are arena's, by the
same numbers; ships that touch are pushed apart all at once, there are no kits, and shots look for
ships where they are. A shot is told once. A thousand are told what is near; a hundred, everything.
"""

from math import sqrt
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from games.catalog.arena.world import (
    ANGLES,
    BACK_AFTER,
    COSINE,
    DRAG,
    FINE,
    HEIGHT,
    HP,
    RELOAD,
    SAFE_FOR,
    SHIP_RADIUS,
    SHOT_LIFE,
    SHOT_NEAR,
    SHOT_REACH,
    SHOT_SPEED,
    SINE,
    SPEED_MAX,
    SPIN_GAIN,
    SPIN_MAX,
    THRUST,
    WIDTH,
    Controls,
)
from games.sim import (
    Angle,
    Bool,
    Circle,
    Game,
    Int,
    Outcome,
    Record,
    Refusal,
    Rng,
    Rows,
    Settings,
    Table,
    View,
)

Ints = NDArray[np.int64]

SIGHT = 1000  # units: about what a screen shows
SHOTS_EACH = SHOT_LIFE // RELOAD + 1
LENGTH = 20 * 3600

_SIN, _COS = np.array(SINE), np.array(COSINE)
_SHIP = (
    "x",
    "y",
    "vx",
    "vy",
    "angle",
    "spin",
    "reload",
    "hp",
    "safe_until",
    "back_at",
    "turn",
    "thrust",
    "fire",
    "kills",
    "deaths",
)
_SHOT = ("key", "seat", "x", "y", "vx", "vy", "dies_at", "from_x", "from_y")
_X, _Y, _VX, _VY, _ANGLE, _SPIN, _RELOAD, _HP, _SAFE, _BACK, _TURN, _THRUST, _FIRE = range(13)
_KILLS, _DEATHS = 13, 14


class State(msgspec.Struct):
    """``ships`` has a column for each of ``_SHIP``, by seat; ``shots`` for each of ``_SHOT``."""

    rng: Rng
    ships: list[list[int]]
    rocks: list[tuple[int, int, int]]
    shots: list[list[int]] = msgspec.field(default_factory=lambda: [[] for _ in _SHOT])
    time: int = 0
    born: int = 0


class Crowd(Game[State]):
    """What both sizes share; ``wide`` and ``high`` are those of the world, in units."""

    name = "Crowd"
    tick_hz = 20
    drop_in = True
    Input = Controls
    wide: int
    high: int

    def setup(self, seats: int, settings: Settings, rng: Rng) -> State:
        rocks = [
            (rng.between(350, self.wide - 350), rng.between(350, self.high - 350), 100)
            for _ in range(7)
        ]
        return State(rng, [[0] * seats for _ in _SHIP], rocks)

    def join(self, state: State, seat: int) -> None:
        self._spawn(state, state.ships, seat)

    def leave(self, state: State, seat: int, why: str) -> None:
        state.ships[_HP][seat] = 0
        state.ships[_BACK][seat] = LENGTH

    def apply(self, state: State, seat: int, input: Controls) -> Refusal | None:
        ships = state.ships
        ships[_TURN][seat] = input.turn
        ships[_THRUST][seat], ships[_FIRE][seat] = int(input.thrust), int(input.fire)
        return None

    def advance(self, state: State, elapsed: int) -> None:
        for _ in range(elapsed):
            self._step(state)

    def outcome(self, state: State) -> Outcome | None:
        return None

    def view(self, state: State) -> View:
        ships = np.array(state.ships)
        there = np.flatnonzero(ships[_HP])
        ids = np.arange(ships.shape[1])
        seen = ships[:, there]
        shots = np.array(state.shots, np.int64)
        return {
            "rocks": dict(enumerate(state.rocks)),
            "ships": Rows.of(
                there,
                x=seen[_X] // FINE,
                y=seen[_Y] // FINE,
                angle=seen[_ANGLE],
                burning=seen[_THRUST],
                hp=seen[_HP],
            ),
            "shots": Rows.of(
                shots[0],
                x=shots[7] // FINE,
                y=shots[8] // FINE,
                vx=shots[4],
                vy=shots[5],
                time=shots[6] - SHOT_LIFE,
                seat=shots[1],
            ),
            "scores": Rows.of(ids, kills=ships[_KILLS], deaths=ships[_DEATHS]),
        }

    def sees(self, state: State, table: str, seat: int) -> Circle:
        return Circle(state.ships[_X][seat] // FINE, state.ships[_Y][seat] // FINE, SIGHT)

    # --- a tick ----------------------------------------------------------------------------------

    def _step(self, state: State) -> None:
        state.time += 1
        ships = np.array(state.ships)
        shots = self._fly(state, ships, np.array(state.shots, np.int64))
        here = ships[_HP] > 0
        self._pilot(ships, here, state.rocks)
        guns = np.flatnonzero(here & (ships[_FIRE] > 0) & (ships[_RELOAD] == 0))
        ships[_RELOAD, guns] = RELOAD
        ships[_SAFE, guns] = 0
        _jostle(ships, np.flatnonzero(here))
        self._keep_in(ships)
        state.shots = np.concatenate([shots, self._fired(state, ships, guns)], axis=1).tolist()
        state.ships = ships.tolist()
        back = (ships[_HP] == 0) & (ships[_BACK] > 0) & (ships[_BACK] <= state.time)
        for seat in np.flatnonzero(back).tolist():
            self._spawn(state, state.ships, seat)

    def _spawn(self, state: State, ships: list[list[int]], seat: int) -> None:
        ships[_X][seat] = FINE * state.rng.between(150, self.wide - 150)
        ships[_Y][seat] = FINE * state.rng.between(150, self.high - 150)
        ships[_VX][seat] = ships[_VY][seat] = ships[_SPIN][seat] = ships[_RELOAD][seat] = 0
        ships[_ANGLE][seat] = state.rng.below(ANGLES)
        ships[_HP][seat] = HP
        ships[_SAFE][seat] = state.time + SAFE_FOR

    def _pilot(self, ships: Ints, here: Any, rocks: list[tuple[int, int, int]]) -> None:
        turn, spin = ships[_TURN], ships[_SPIN]
        on = np.clip(spin + turn * SPIN_GAIN, -SPIN_MAX, SPIN_MAX)
        ships[_SPIN] = np.where(turn * spin > 0, on, turn * SPIN_GAIN) * here
        ships[_ANGLE] = (ships[_ANGLE] + ships[_SPIN]) % ANGLES
        thrust = ships[_THRUST] * here
        for place, speed, part, size in (
            (_X, _VX, _COS, self.wide),
            (_Y, _VY, _SIN, self.high),
        ):
            was = ships[speed]
            was = was - np.where(was > 0, was + DRAG - 1, was) // DRAG
            was = (was + thrust * ((THRUST * part[ships[_ANGLE]] + 512) >> 10)) * here
            to, high = ships[place] + was, size * FINE - SHIP_RADIUS
            back = np.abs(was) * 3
            was = np.where(to < SHIP_RADIUS, back // 4, np.where(to > high, -back // 4, was))
            ships[speed], ships[place] = was, np.where(here, np.clip(to, SHIP_RADIUS, high), to)
        for rock in rocks:
            _bounce(ships, rock)
        ships[_RELOAD] = np.maximum(0, ships[_RELOAD] - 1)

    def _keep_in(self, ships: Ints) -> None:
        for place, speed, size in ((_X, _VX, self.wide), (_Y, _VY, self.high)):
            np.clip(ships[place], 0, size * FINE, out=ships[place])
            np.clip(ships[speed], -SPEED_MAX, SPEED_MAX, out=ships[speed])

    def _fired(self, state: State, ships: Ints, guns: Ints) -> Ints:
        count = len(guns)
        cosine, sine = _COS[ships[_ANGLE, guns]], _SIN[ships[_ANGLE, guns]]
        made = np.empty((len(_SHOT), count), np.int64)
        made[0] = state.born + 1 + np.arange(count)
        made[1] = guns
        made[2] = ships[_X, guns] + (SHIP_RADIUS * cosine >> 10)
        made[3] = ships[_Y, guns] + (SHIP_RADIUS * sine >> 10)
        made[4] = (SHOT_SPEED * cosine >> 10) + (ships[_VX, guns] >> 1)
        made[5] = (SHOT_SPEED * sine >> 10) + (ships[_VY, guns] >> 1)
        made[6] = state.time + SHOT_LIFE
        made[7:] = made[2:4]
        state.born += count
        return made[:, self._inside(made, state.rocks)]

    def _fly(self, state: State, ships: Ints, shots: Ints) -> Ints:
        """The shots that fly on; what they meet is hurt."""
        targets = np.flatnonzero(ships[_HP])
        hit = np.zeros(shots.shape[1], np.bool_)
        for shot, seat in _meetings(ships, targets, shots):
            if hit[shot] or not ships[_HP, seat]:
                continue
            hit[shot] = True
            if state.time >= ships[_SAFE, seat]:
                _hurt(state, ships, seat, int(shots[1, shot]))
        shots = shots[:, ~hit]
        shots[2] += shots[4]
        shots[3] += shots[5]
        return shots[:, self._inside(shots, state.rocks) & (shots[6] > state.time)]

    def _inside(self, shots: Ints, rocks: list[tuple[int, int, int]]) -> Any:
        x, y = shots[2] // FINE, shots[3] // FINE
        inside = (x >= 0) & (x < self.wide) & (y >= 0) & (y < self.high)
        for rx, ry, r in rocks:
            inside &= (x - rx) ** 2 + (y - ry) ** 2 >= r * r
        return inside


def _hurt(state: State, ships: Ints, seat: int, by: int) -> None:
    ships[_HP, seat] -= 1
    if ships[_HP, seat] == 0:
        ships[_BACK, seat] = state.time + BACK_AFTER
        ships[_KILLS, by] += 1
        ships[_DEATHS, seat] += 1


def _meetings(ships: Ints, targets: Ints, shots: Ints) -> list[tuple[int, int]]:
    """Shots and the ships that they meet in this period."""
    order = targets[np.argsort(ships[_X, targets], kind="stable")]
    across = ships[_X, order]
    begins = np.searchsorted(across, shots[2] - SHOT_NEAR, "right")
    counts = np.searchsorted(across, shots[2] + SHOT_NEAR, "left") - begins
    one = np.repeat(np.arange(shots.shape[1]), counts)
    starts = np.repeat(begins - np.cumsum(counts) + counts, counts)
    other = order[np.arange(len(one)) + starts]
    dx, dy = ships[_X, other] - shots[2, one], ships[_Y, other] - shots[3, one]
    near = (np.abs(dy) < SHOT_NEAR) & (other != shots[1, one])
    one, other, dx, dy = one[near], other[near], dx[near], dy[near]
    vx, vy = shots[4, one], shots[5, one]
    along, whole, reach = dx * vx + dy * vy, vx * vx + vy * vy, SHOT_REACH * SHOT_REACH
    past = (dx * vy - dy * vx) ** 2 // np.maximum(whole, 1)
    first, last = dx * dx + dy * dy, (dx - vx) ** 2 + (dy - vy) ** 2
    met = np.where(along <= 0, first, np.where(along >= whole, last, past)) <= reach
    return list(zip(one[met].tolist(), other[met].tolist(), strict=True))


def _bounce(ships: Ints, rock: tuple[int, int, int]) -> None:
    """Ships that fly into a rock come out of it."""
    rx, ry, r = rock
    dx, dy, reach = ships[_X] - rx * FINE, ships[_Y] - ry * FINE, r * FINE + SHIP_RADIUS
    at = np.flatnonzero(dx * dx + dy * dy < reach * reach)
    if not len(at):
        return
    dx, dy = dx[at], dy[at]
    away = np.maximum(1, np.sqrt(dx * dx + dy * dy).astype(np.int64))
    ships[_X, at] = rx * FINE + dx * reach // away
    ships[_Y, at] = ry * FINE + dy * reach // away
    inward = np.minimum(0, ships[_VX, at] * dx + ships[_VY, at] * dy)
    ships[_VX, at] -= 7 * inward * dx // (4 * away * away)
    ships[_VY, at] -= 7 * inward * dy // (4 * away * away)


def _jostle(ships: Ints, here: Ints) -> None:
    """Ships that touch are moved apart, and trade the speeds at which they met."""
    wide = 2 * SHIP_RADIUS
    order = here[np.argsort(ships[_X, here], kind="stable")]
    for behind in range(1, len(order)):
        a, b = order[:-behind], order[behind:]
        dx, dy = ships[_X, b] - ships[_X, a], ships[_Y, b] - ships[_Y, a]
        if not (dx < wide).any():
            return
        square = dx * dx + dy * dy
        touch = (square > 0) & (square < wide * wide)
        if not touch.any():
            continue
        a, b, dx, dy = a[touch], b[touch], dx[touch], dy[touch]
        away = np.maximum(1, np.sqrt(square[touch]).astype(np.int64))
        closing = (ships[_VX, b] - ships[_VX, a]) * dx + (ships[_VY, b] - ships[_VY, a]) * dy
        closing = np.minimum(closing, 0)
        for place, speed, part in ((_X, _VX, dx), (_Y, _VY, dy)):
            push = part * (wide - away) // (2 * away)
            swap = closing * part // (away * away)
            np.subtract.at(ships[place], a, push)
            np.add.at(ships[place], b, push)
            np.add.at(ships[speed], a, swap)
            np.subtract.at(ships[speed], b, swap)


def _told(seats: int, wide: int, high: int, by_seat: bool) -> Record:
    """What is seen of so many."""
    x, y, speed = Int(0, wide), Int(0, high), Int(-2 * SHOT_SPEED, 2 * SHOT_SPEED)
    return Record(
        rocks=Table(7, x=x, y=y, r=Int(0, 255)),
        ships=Table(
            seats, by_seat=by_seat, x=x, y=y, angle=Angle(ANGLES), burning=Bool(), hp=Int(0, HP)
        ),
        shots=Table(
            seats * SHOTS_EACH,
            by_seat=by_seat,
            x=x,
            y=y,
            vx=speed,
            vy=speed,
            time=Int(0, LENGTH),
            seat=Int(0, seats - 1),
        ),
        scores=Table(seats, kills=Int(0, 4095), deaths=Int(0, 4095)),
    )


def _size(seats: int) -> tuple[int, int]:
    """Of a world as densely peopled as arena by ten."""
    more = sqrt(seats / 10)
    return round(WIDTH * more), round(HEIGHT * more)


class Crowd100(Crowd):
    """A hundred, who see each other."""

    title = "crowd_100"
    seats = range(1, 101)
    wide, high = _size(100)
    view_type = _told(100, wide, high, by_seat=False)


class Crowd1000(Crowd):
    """A thousand, who see what is near."""

    title = "crowd_1000"
    seats = range(1, 1001)
    wide, high = _size(1000)
    view_type = _told(1000, wide, high, by_seat=True)


class Near100(Crowd):
    """A hundred, who see what is near: what that costs, where a thousand take too long."""

    title = "near_100"
    seats = range(1, 101)
    wide, high = _size(100)
    view_type = _told(100, wide, high, by_seat=True)
