"""The world of the arena, and what one period makes of it.

Rules of this file: integers only, so that a browser that steps the same ship agrees to the last
bit (no product reaches 2**53; ``client/step.js`` is ``pilot`` in JavaScript, and is tested against
it). Places and speeds count in ``FINE`` parts of a unit, speeds a period; an angle is one of
``ANGLES`` steps from east by south, as y points down.

A shot is tested against where ships were when its player pulled the trigger, as that player saw
them: the state keeps their last few places. What a ship does to others it does in the present.
"""

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
HP = 5
THRUST = 35  # gained each period
DRAG = 32  # a 32nd is lost each period: no engine outruns THRUST * DRAG, 35 units a period
SPEED_MAX = 2 * THRUST * DRAG  # of either part of the speed, after a push
SPIN_MAX = 9  # 4.4 radians a second …
SPIN_GAIN = 3  # … but gently at first, so that a tap on a key turns by four degrees

SHOT_SPEED = 64 * FINE
SHOT_LIFE = 24  # periods: about half of the arena
SHOT_REACH = SHIP_RADIUS + 6 * FINE
SHOT_NEAR = SHOT_REACH + SHOT_SPEED + 3 * SPEED_MAX  # beyond, no shot arrives within a period
RELOAD = 5
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
DRIFT_EVERY = 8
"""Periods after which all are told how fast ships drift. For bots: who watches sees it anyway."""

# Rounded to integers here, once; nowhere near a tie, so every libm gives the same table.
SINE = tuple(round(1024 * sin(step * 2 * pi / ANGLES)) for step in range(ANGLES))
COSINE = SINE[ANGLES // 4 :] + SINE[: ANGLES // 4]


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
        drift: Its speed in units a period, as everybody was last told.
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
    drift: tuple[int, int] = (0, 0)


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
    rocks: list[tuple[int, int, int]] = []
    past: Past[Places] = msgspec.field(default_factory=lambda: Past(REWIND_MAX + 1))


def step(state: State) -> None:
    """Let one period pass."""
    state.time += 1
    _fly_shots(state)
    for seat, ship in state.ships.items():
        if ship.hp:
            if pilot(ship, state.rocks):
                _fire(state, seat, ship)
        elif state.time >= ship.back_at:
            spawn(state, ship)
    _jostle([ship for ship in state.ships.values() if ship.hp])
    _offer_kits(state)
    _remember(state)


def pilot(ship: Ship, rocks: list[tuple[int, int, int]]) -> bool:
    """Move a ship on by what its player holds down; True if its gun goes off.

    This alone is what a browser foretells of the own ship; nothing else may be asked here.
    """
    _steer(ship)
    _move(ship, rocks)
    ship.reload = max(0, ship.reload - 1)
    if ship.held.fire and not ship.reload:
        ship.reload = RELOAD
        return True
    return False


def spawn(state: State, ship: Ship) -> None:
    """Put a new ship where its nearest neighbour is farthest, of a few places."""
    others = [other for other in state.ships.values() if other.hp]
    spots = [free_spot(state) for _ in range(6)]
    ship.x, ship.y = max(spots, key=lambda spot: _nearest(spot, others))
    ship.vx = ship.vy = ship.spin = ship.reload = ship.triple_until = 0
    ship.angle = state.rng.below(ANGLES)
    ship.hp = HP
    ship.safe_until = state.time + SAFE_FOR
    ship.told, ship.drift = own(ship), (0, 0)


def free_spot(state: State) -> tuple[int, int]:
    """A place clear of walls and rocks."""
    while True:  # rocks cover a tenth of the arena at most
        x = state.rng.between(150, WIDTH - 150)
        y = state.rng.between(150, HEIGHT - 150)
        if all((x - rx) ** 2 + (y - ry) ** 2 > (r + 90) ** 2 for rx, ry, r in state.rocks):
            return x * FINE, y * FINE


def scatter_rocks(rng: Rng) -> list[tuple[int, int, int]]:
    """Rocks as (x, y, radius) in units, with room for a ship to pass between any two."""
    rocks: list[tuple[int, int, int]] = []
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


def _steer(ship: Ship) -> None:
    held = ship.held
    if held.aim is not None:
        short = (held.aim - ship.angle + ANGLES // 2) % ANGLES - ANGLES // 2
        ship.spin = max(-SPIN_MAX, min(SPIN_MAX, short))
    elif held.turn * ship.spin > 0:
        ship.spin = max(-SPIN_MAX, min(SPIN_MAX, ship.spin + held.turn * SPIN_GAIN))
    else:
        ship.spin = held.turn * SPIN_GAIN
    ship.angle = (ship.angle + ship.spin) % ANGLES
    ship.vx -= _drag(ship.vx)
    ship.vy -= _drag(ship.vy)
    if held.thrust:
        ship.vx += (THRUST * COSINE[ship.angle] + 512) >> 10
        ship.vy += (THRUST * SINE[ship.angle] + 512) >> 10


def _drag(speed: int) -> int:
    """What friction takes: rounded up, so that a ship comes to rest and is no longer news."""
    return (speed + DRAG - 1) // DRAG if speed > 0 else speed // DRAG


def _move(ship: Ship, rocks: list[tuple[int, int, int]]) -> None:
    ship.x, ship.vx = _within(ship.x + ship.vx, ship.vx, WIDTH * FINE - SHIP_RADIUS)
    ship.y, ship.vy = _within(ship.y + ship.vy, ship.vy, HEIGHT * FINE - SHIP_RADIUS)
    for rx, ry, r in rocks:
        dx, dy, reach = ship.x - rx * FINE, ship.y - ry * FINE, r * FINE + SHIP_RADIUS
        if -reach < dx < reach and -reach < dy < reach and dx * dx + dy * dy < reach * reach:
            away = isqrt(dx * dx + dy * dy) or 1
            ship.x, ship.y = rx * FINE + dx * reach // away, ry * FINE + dy * reach // away
            inward = ship.vx * dx + ship.vy * dy
            if inward < 0:  # three quarters of the speed come back
                ship.vx -= 7 * inward * dx // (4 * away * away)
                ship.vy -= 7 * inward * dy // (4 * away * away)


def _within(place: int, speed: int, high: int) -> tuple[int, int]:
    """Place and speed after a bounce off the walls, if there is one."""
    if place < SHIP_RADIUS:
        return SHIP_RADIUS, abs(speed) * 3 // 4
    if place > high:
        return high, -abs(speed) * 3 // 4
    return place, speed


def _jostle(ships: list[Ship]) -> None:
    """Ships that touch are moved apart, and trade the speeds at which they met."""
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
        row = (x // FINE, y // FINE, vx / FINE, vy / FINE, state.time, seat)
        dies_at = state.time + SHOT_LIFE
        state.born += 1
        state.shots[state.born] = Shot(seat, x, y, vx, vy, dies_at, ship.ago, row)


_Target = tuple[int, Ship, int, int, int, int]
"""A ship as a shot sees it: its seat, what can be hurt, where it was, and how it moves on."""


def _fly_shots(state: State) -> None:
    """Move all shots on and let them hit what their players saw."""
    seen: dict[int, list[_Target]] = {}
    for key, shot in list(state.shots.items()):
        if shot.ago not in seen:
            seen[shot.ago] = _targets(state, shot.ago)
        if not _fly(state, shot, seen[shot.ago]):
            del state.shots[key]


def _targets(state: State, ago: int) -> list[_Target]:
    """The ships that can be hit, where they were so many periods ago.

    What was is known to have moved on in the period after it, and was seen to. Where a ship will
    move in this period, nobody knows yet: in the present it stands until the shots have moved.
    """
    if ago == 0 or not len(state.past):
        return [(seat, ship, ship.x, ship.y, 0, 0) for seat, ship in state.ships.items() if ship.hp]
    places, after = state.past.at(ago), state.past.at(ago - 1)
    targets = []
    for seat, ship in state.ships.items():
        if ship.hp and seat in places:
            x, y = places[seat]
            to_x, to_y = after.get(seat, (x, y))
            targets.append((seat, ship, x, y, to_x - x, to_y - y))
    return targets


def _fly(state: State, shot: Shot, targets: list[_Target]) -> bool:
    """Move a shot on and let it hit; False if that was its end."""
    for seat, ship, at_x, at_y, move_x, move_y in targets:
        dx, dy = at_x - shot.x, at_y - shot.y
        near = -SHOT_NEAR < dx < SHOT_NEAR and -SHOT_NEAR < dy < SHOT_NEAR
        if (
            near
            and ship.hp
            and seat != shot.seat
            and _meets(dx, dy, shot.vx - move_x, shot.vy - move_y)
        ):
            if state.time >= ship.safe_until:
                _hurt(state, seat, ship, shot.seat)
            return False
    shot.x += shot.vx
    shot.y += shot.vy
    x, y = shot.x // FINE, shot.y // FINE
    if not (0 <= x < WIDTH and 0 <= y < HEIGHT and state.time < shot.dies_at):
        return False
    for rx, ry, r in state.rocks:
        if -r < x - rx < r and (x - rx) ** 2 + (y - ry) ** 2 < r * r:
            return False
    return True


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


def _offer_kits(state: State) -> None:
    """Hand kits to the ships that reach them, and lay out a new one now and then."""
    for key, (x, y, kind) in list(state.kits.items()):
        for ship in state.ships.values():
            dx, dy = ship.x - x * FINE, ship.y - y * FINE
            if ship.hp and dx * dx + dy * dy < KIT_REACH * KIT_REACH:
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
        if not state.time % DRIFT_EVERY:
            ship.drift = ((ship.vx + FINE // 2) // FINE, (ship.vy + FINE // 2) // FINE)
    state.past.keep(places)


def own(ship: Ship) -> Own:
    """What its player is to know of a ship."""
    return Own(ship.x, ship.y, ship.vx, ship.vy, ship.angle, ship.spin, ship.reload)
