"""The world of the arena, and what one period makes of it.

Rules of this file: integers only, so that a browser that steps the same ship agrees to the last
bit (no product reaches 2**53; ``client/step.js`` is ``pilot`` in JavaScript, and is tested against
it). Places and speeds count in ``FINE`` parts of a unit, speeds a period; an angle is one of
``ANGLES`` steps from east by south, as y points down.

A shot is tested against where ships were when its player pulled the trigger, as that player saw
them: the state keeps their last few places. What a ship does to others it does in the present.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import isqrt, pi, sin
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from games.sim.past import Past
from games.sim.rng import Rng

WIDTH, HEIGHT = 3200, 1800  # units: 16 to 9, as most screens
FINE = 32
ANGLES = 256

SHIP_RADIUS = 34 * FINE
RIGHT, BOTTOM = WIDTH * FINE - SHIP_RADIUS, HEIGHT * FINE - SHIP_RADIUS  # as far as a ship gets
HP = 5
THRUST = 35  # gained each period
DRAG = 32  # a 32nd is lost each period: no engine outruns THRUST * DRAG, 35 units a period
SPEED_MAX = 2 * THRUST * DRAG  # of either part of the speed, after a push
SPIN_MAX = 9  # 4.4 radians a second …
SPIN_GAIN = 3  # … but gently at first, so that a tap on a key turns by four degrees

SHOT_SPEED = 64 * FINE
SHOT_LIFE = 24  # periods: about half of the arena
SHOT_CYCLE = 32  # periods after which what is told of a shot's time begins anew: it is gone by then
SHOT_REACH = SHIP_RADIUS + 6 * FINE
SHOT_NEAR = SHOT_REACH + SHOT_SPEED + 3 * SPEED_MAX  # beyond, no shot arrives within a period
RELOAD = 5
SQUARE = 12  # the side of a square is two to the power of it: 128 units
AROUND = SHIP_RADIUS + SHOT_SPEED + SPEED_MAX  # no ship or shot touches a rock beyond in a period
SPREAD = 9  # angle between the shots of a triple
SHOTS_MAX = 16 * 3 * (SHOT_LIFE // RELOAD + 1)  # of sixteen ships with triple shots

BACK_AFTER = 50  # periods from destruction to the new ship
SAFE_FOR = 40  # periods that it cannot be hurt, unless it fires
TRIPLE_FOR = 200

ROCKS = 7
KITS_MAX = 4
KIT_EVERY = 100
KIT_REACH = SHIP_RADIUS + 30 * FINE
KINDS = ("repair", "triple")

REWIND_MAX = 8
"""Periods that a shot looks back at the most: 400 ms. That is a round trip of 200 ms, the two or
three periods that a screen waits for news, and what an input waits for its tick; who is farther
away has to aim ahead. More would be felt by the others, who are hit where they no longer are."""
OWN_EVERY = 4
"""Periods after which a player is told the own ship exactly; browsers foretell what is between."""

# Rounded to integers here, once; nowhere near a tie, so every libm gives the same table.
SINE = tuple(round(1024 * sin(step * 2 * pi / ANGLES)) for step in range(ANGLES))
COSINE = SINE[ANGLES // 4 :] + SINE[: ANGLES // 4]


Rock = tuple[int, int, int]
"""Place and radius, in units."""


class Controls(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a player holds down, until the next one comes.

    Attributes:
        turn: -1 left, 1 right.
        thrust: Whether the engine burns.
        fire: Whether to shoot as often as the gun allows.
        aim: An angle to turn to by the shortest way; goes before ``turn``. For sticks.
    """

    turn: Literal[-1, 0, 1] = 0
    thrust: bool = False
    fire: bool = False
    aim: Annotated[int, Meta(ge=0, lt=ANGLES)] | None = None


class Own(msgspec.Struct, frozen=True):
    """A ship as its player must know it to foretell it exactly."""

    x: int
    y: int
    vx: int
    vy: int
    angle: int
    spin: int
    reload: int


class Ship(msgspec.Struct):
    """One seat's ship; while ``hp`` is 0 it is wreckage, waiting for ``back_at``.

    Attributes:
        reload: Periods until the gun is ready.
        ago: How many periods ago what its player sees was true.
        told: What its player was last told of it; None while there is nothing to be told.
    """

    x: int = 0
    y: int = 0
    vx: int = 0
    vy: int = 0
    angle: int = 0
    spin: int = 0
    reload: int = 0
    hp: int = 0
    held: Controls = Controls()
    ago: int = 0
    safe_until: int = 0
    triple_until: int = 0
    back_at: int = 0
    told: Own | None = None


class Shot(msgspec.Struct):
    """A shot in flight.

    Attributes:
        ago: How many periods back it looks for ships.
        row: What viewers are told of it, once: they work out the rest.
    """

    seat: int
    x: int
    y: int
    vx: int
    vy: int
    dies_at: int
    ago: int
    row: tuple[int, int, float, float, int, int]


class Score(msgspec.Struct):
    """What a seat achieved; stays when it leaves. ``by`` destroyed it last, or -1."""

    kills: int = 0
    deaths: int = 0
    by: int = -1


Places = dict[int, tuple[int, int]]
"""Where the ships are, by seat; without those that are wreckage."""


class State(msgspec.Struct):
    """A match. Ships and scores by seat; shots and kits by number; rocks in units.

    Attributes:
        past: Where ships were at the end of the last periods.
    """

    rng: Rng
    ends_at: int
    score_limit: int
    time: int = 0
    born: int = 0
    ships: dict[int, Ship] = {}
    scores: dict[int, Score] = {}
    shots: dict[int, Shot] = {}
    kits: dict[int, tuple[int, int, str]] = {}
    rocks: list[Rock] = []
    past: Past[Places] = msgspec.field(default_factory=lambda: Past(REWIND_MAX + 1))


def step(state: State) -> None:
    """Let one period pass."""
    state.time += 1
    near = _rocks_near(tuple(state.rocks))
    if state.shots:
        _fly_shots(state, near)
    for seat, ship in state.ships.items():
        if ship.hp:
            if pilot(ship, near[ship.x >> SQUARE, ship.y >> SQUARE]):
                _fire(state, seat, ship)
        elif state.time >= ship.back_at:
            spawn(state, ship)
    _jostle([ship for ship in state.ships.values() if ship.hp])
    _remember(state)
    _offer_kits(state, state.past.at(0))


def pilot(ship: Ship, rocks: Iterable[Rock], right: int = RIGHT, bottom: int = BOTTOM) -> bool:
    """Move a ship on by what its player holds down; True if its gun goes off.

    This alone is what a browser foretells of the own ship; nothing else may be asked here. It is
    one function, and each part of the ship is read and written once, because it is called more
    often than anything else: for each ship in each period.

    Args:
        rocks: All that the ship may touch in this period, in their order.
        right, bottom: As far as it gets.
    """
    held, angle, spin = ship.held, ship.angle, ship.spin
    if held.aim is not None:
        spin = (held.aim - angle + ANGLES // 2) % ANGLES - ANGLES // 2
    elif held.turn * spin > 0:
        spin += held.turn * SPIN_GAIN
    else:
        spin = held.turn * SPIN_GAIN
    if not -SPIN_MAX <= spin <= SPIN_MAX:
        spin = SPIN_MAX if spin > 0 else -SPIN_MAX
    angle = (angle + spin) % ANGLES
    vx, vy = ship.vx, ship.vy
    # Friction is rounded up, so that a ship comes to rest and is no longer news.
    vx -= (vx + DRAG - 1 if vx > 0 else vx) // DRAG
    vy -= (vy + DRAG - 1 if vy > 0 else vy) // DRAG
    if held.thrust:
        vx += (THRUST * COSINE[angle] + 512) >> 10
        vy += (THRUST * SINE[angle] + 512) >> 10
    x, y = ship.x + vx, ship.y + vy
    if not (SHIP_RADIUS <= x <= right and SHIP_RADIUS <= y <= bottom):
        x, vx = _bounced(x, vx, right)
        y, vy = _bounced(y, vy, bottom)
    for rx, ry, r in rocks:
        dx, dy, reach = x - rx * FINE, y - ry * FINE, r * FINE + SHIP_RADIUS
        if -reach < dx < reach and -reach < dy < reach and dx * dx + dy * dy < reach * reach:
            away = isqrt(dx * dx + dy * dy) or 1
            x, y = rx * FINE + dx * reach // away, ry * FINE + dy * reach // away
            inward = vx * dx + vy * dy
            if inward < 0:  # three quarters of the speed come back
                vx -= 7 * inward * dx // (4 * away * away)
                vy -= 7 * inward * dy // (4 * away * away)
    ship.x, ship.y, ship.vx, ship.vy, ship.angle, ship.spin = x, y, vx, vy, angle, spin
    reload = ship.reload
    if reload > 1:
        ship.reload = reload - 1
        return False
    ship.reload = RELOAD if held.fire else 0
    return held.fire


def spawn(state: State, ship: Ship) -> None:
    """Put a new ship where its nearest neighbour is farthest, of a few places."""
    others = [other for other in state.ships.values() if other.hp]
    spots = [free_spot(state) for _ in range(6)]
    ship.x, ship.y = max(spots, key=lambda spot: _nearest(spot, others))
    ship.vx = ship.vy = ship.spin = ship.reload = ship.triple_until = 0
    ship.angle = state.rng.below(ANGLES)
    ship.hp = HP
    ship.safe_until = state.time + SAFE_FOR
    ship.told = own(ship)


def free_spot(state: State) -> tuple[int, int]:
    """A place clear of walls and rocks."""
    while True:  # rocks cover a tenth of the arena at most
        x = state.rng.between(150, WIDTH - 150)
        y = state.rng.between(150, HEIGHT - 150)
        if all((x - rx) ** 2 + (y - ry) ** 2 > (r + 90) ** 2 for rx, ry, r in state.rocks):
            return x * FINE, y * FINE


def scatter_rocks(rng: Rng) -> list[tuple[int, int, int]]:
    """Rocks as (x, y, radius) in units, with room for a ship to pass between any two."""
    rocks: list[Rock] = []
    for _ in range(60):
        x, y, r = (
            rng.between(350, WIDTH - 350),
            rng.between(350, HEIGHT - 350),
            rng.between(70, 140),
        )
        if all((x - ox) ** 2 + (y - oy) ** 2 > (r + o + 160) ** 2 for ox, oy, o in rocks):
            rocks.append((x, y, r))
    return rocks[:ROCKS]


def _nearest(spot: tuple[int, int], ships: list[Ship]) -> int:
    return min(((s.x - spot[0]) ** 2 + (s.y - spot[1]) ** 2 for s in ships), default=0)


def _bounced(place: int, speed: int, high: int) -> tuple[int, int]:
    """Place and speed after a bounce off the walls, if there is one."""
    if place < SHIP_RADIUS:
        return SHIP_RADIUS, abs(speed) * 3 // 4
    if place > high:
        return high, -abs(speed) * 3 // 4
    return place, speed


class _Near(dict[tuple[int, int], list[Rock]]):
    """By square, the rocks that a ship or a shot from there may touch within a period."""

    def __init__(self, rocks: Iterable[Rock]) -> None:
        self._rocks = rocks

    def __missing__(self, square: tuple[int, int]) -> list[Rock]:
        left, top = (place << SQUARE for place in square)
        self[square] = found = [
            (x, y, r)
            for x, y, r in self._rocks
            if left - r * FINE - AROUND < x * FINE < left + r * FINE + AROUND + (1 << SQUARE)
            and top - r * FINE - AROUND < y * FINE < top + r * FINE + AROUND + (1 << SQUARE)
        ]
        return found


_rocks_near = lru_cache(maxsize=256)(_Near)
"""Of the rocks of a match, which stay where they are."""


def _jostle(ships: list[Ship]) -> None:
    """Ships that touch are moved apart, and trade the speeds at which they met."""
    if not _any_close([(ship.x, ship.y) for ship in ships]):
        return
    wide = 2 * SHIP_RADIUS
    for number, a in enumerate(ships):
        for b in ships[number + 1 :]:
            dx = b.x - a.x
            if not -wide < dx < wide:
                continue
            dy = b.y - a.y
            if -wide < dy < wide and 0 < dx * dx + dy * dy < wide * wide:
                away = isqrt(dx * dx + dy * dy)
                px, py = dx * (wide - away) // (2 * away), dy * (wide - away) // (2 * away)
                a.x, a.y, b.x, b.y = a.x - px, a.y - py, b.x + px, b.y + py
                closing = (b.vx - a.vx) * dx + (b.vy - a.vy) * dy
                if closing < 0:
                    px, py = closing * dx // (away * away), closing * dy // (away * away)
                    a.vx, a.vy, b.vx, b.vy = a.vx + px, a.vy + py, b.vx - px, b.vy - py
                _settle(a)
                _settle(b)


def _any_close(places: list[tuple[int, int]]) -> bool:
    """Whether two ships might touch: in most periods none do, and then none is moved."""
    wide = 2 * SHIP_RADIUS
    places.sort()
    for number, (x, y) in enumerate(places, 1):
        for other_x, other_y in places[number:]:
            if other_x - x >= wide:
                break
            if -wide < other_y - y < wide:
                return True
    return False


def _settle(ship: Ship) -> None:
    """After a push: inside the walls, not too fast, and its player is told at once."""
    ship.x = max(SHIP_RADIUS, min(WIDTH * FINE - SHIP_RADIUS, ship.x))
    ship.y = max(SHIP_RADIUS, min(HEIGHT * FINE - SHIP_RADIUS, ship.y))
    ship.vx = max(-SPEED_MAX, min(SPEED_MAX, ship.vx))
    ship.vy = max(-SPEED_MAX, min(SPEED_MAX, ship.vy))
    ship.told = None


def _fire(state: State, seat: int, ship: Ship) -> None:
    ship.safe_until = 0
    triple = state.time < ship.triple_until
    for turned in (-SPREAD, 0, SPREAD) if triple else (0,):
        cosine, sine = COSINE[(ship.angle + turned) % ANGLES], SINE[(ship.angle + turned) % ANGLES]
        x, y = ship.x + (SHIP_RADIUS * cosine >> 10), ship.y + (SHIP_RADIUS * sine >> 10)
        vx = (SHOT_SPEED * cosine >> 10) + (ship.vx >> 1)
        vy = (SHOT_SPEED * sine >> 10) + (ship.vy >> 1)
        row = (x // FINE, y // FINE, vx / FINE, vy / FINE, state.time % SHOT_CYCLE, seat)
        dies_at = state.time + SHOT_LIFE
        state.born += 1
        state.shots[state.born] = Shot(seat, x, y, vx, vy, dies_at, ship.ago, row)


def _fly_shots(state: State, near: _Near) -> None:
    """Move all shots on and let them hit what their players saw."""
    time, dead = state.time, []
    seen: dict[int, tuple[Places, Places]] = {}
    for key, shot in state.shots.items():
        ago = shot.ago
        if ago not in seen:
            seen[ago] = _seen(state, ago)
        met = _met(shot, *seen[ago])
        if (met and _hit(state, shot, met)) or not _fly(shot, time, near):
            dead.append(key)
    for key in dead:
        del state.shots[key]


def _fly(shot: Shot, time: int, near: _Near) -> bool:
    """Move a shot on; False if that was its end."""
    x, y = shot.x, shot.y
    rocks = near[x >> SQUARE, y >> SQUARE]
    shot.x = x = x + shot.vx
    shot.y = y = y + shot.vy
    if not (0 <= x < WIDTH * FINE and 0 <= y < HEIGHT * FINE and time < shot.dies_at):
        return False
    for rx, ry, r in rocks:
        dx, dy = x // FINE - rx, y // FINE - ry
        if dx * dx + dy * dy < r * r:
            return False
    return True


def _seen(state: State, ago: int) -> tuple[Places, Places]:
    """Where ships were so many periods ago, and a period later.

    What was is known to have moved on in the period after it, and was seen to. Where a ship will
    move in this period, nobody knows yet: in the present it stands until the shots have moved.
    """
    if ago and len(state.past):
        return state.past.at(ago), state.past.at(ago - 1)
    places = {seat: (ship.x, ship.y) for seat, ship in state.ships.items()}
    return places, places


def _met(shot: Shot, before: Places, after: Places) -> list[int]:
    """The seats of the ships that a shot meets in this period, its own left out."""
    x, y, met = shot.x, shot.y, []
    left, right, top, bottom = x - SHOT_NEAR, x + SHOT_NEAR, y - SHOT_NEAR, y + SHOT_NEAR
    for seat, (at_x, at_y) in before.items():
        if left < at_x < right and top < at_y < bottom and seat != shot.seat:
            to_x, to_y = after.get(seat, (at_x, at_y))
            if _meets(at_x - x, at_y - y, shot.vx - to_x + at_x, shot.vy - to_y + at_y):
                met.append(seat)
    return met


def _hit(state: State, shot: Shot, met: list[int]) -> bool:
    """Let a shot hit the first ship of those that it meets; False if none can be hit any more."""
    for seat, ship in state.ships.items():
        if seat in met and ship.hp:
            if state.time >= ship.safe_until:
                _hurt(state, seat, ship, shot.seat)
            return True
    return False


def _meets(dx: int, dy: int, vx: int, vy: int) -> bool:
    """Whether a shot comes within reach that moves by (vx, vy), as a ship (dx, dy) away sees it."""
    along, whole, reach = dx * vx + dy * vy, vx * vx + vy * vy, SHOT_REACH * SHOT_REACH
    if along <= 0:
        return dx * dx + dy * dy <= reach
    if along >= whole:
        return (dx - vx) ** 2 + (dy - vy) ** 2 <= reach
    return (dx * vy - dy * vx) ** 2 // whole <= reach


def _hurt(state: State, seat: int, ship: Ship, by: int) -> None:
    ship.hp -= 1
    if ship.hp == 0:
        ship.back_at = state.time + BACK_AFTER
        state.scores[by].kills += 1
        state.scores[seat].deaths += 1
        state.scores[seat].by = by


def _offer_kits(state: State, places: Places) -> None:
    """Hand kits to the ships that reach them, and lay out a new one now and then."""
    for key, (x, y, kind) in list(state.kits.items()):
        left, right = x * FINE - KIT_REACH, x * FINE + KIT_REACH
        for seat, (at_x, at_y) in places.items():
            if left < at_x < right and _reaches(at_x - x * FINE, at_y - y * FINE):
                ship = state.ships[seat]
                if kind == "repair":
                    ship.hp = HP
                else:
                    ship.triple_until = state.time + TRIPLE_FOR
                del state.kits[key]
                break
    if state.time % KIT_EVERY == 0 and len(state.kits) < KITS_MAX:
        x, y = free_spot(state)
        state.born += 1
        state.kits[state.born] = (x // FINE, y // FINE, state.rng.choice(KINDS))


def _reaches(dx: int, dy: int) -> bool:
    return dx * dx + dy * dy < KIT_REACH * KIT_REACH


def _remember(state: State) -> None:
    """Keep what shots and players will ask for."""
    places: Places = {}
    for seat, ship in state.ships.items():
        if not ship.hp:
            ship.told = None
            continue
        places[seat] = (ship.x, ship.y)
        if ship.told is None or not (state.time + seat) % OWN_EVERY:
            ship.told = own(ship)
    state.past.keep(places)


def own(ship: Ship) -> Own:
    """What its player is to know of a ship."""
    return Own(ship.x, ship.y, ship.vx, ship.vy, ship.angle, ship.spin, ship.reload)
