"""The rink: skaters and a puck on ice, and what one period makes of them.

Rules of this file:
- Whole numbers only, so that a browser that steps the same rink agrees to the last bit
  (``client/rink.js`` is this in JavaScript, and is tested against it); no product reaches 2**52.
- Both ends are mirror images: what is rounded is rounded towards zero.

Places and speeds count in ``FINE`` parts of a unit, speeds a period; a direction is one of ``WAYS``
steps from east by south, as y points down. Blue, who has the even seats, defends the west.
"""

from collections.abc import Sequence
from math import isqrt, pi, sin
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

WIDTH, HEIGHT = 1600, 840  # units
FINE = 32
WAYS = 32
MIDDLE = HEIGHT // 2 * FINE

SKATER = 44 * FINE  # the radius of a skater, …
PUCK = 24 * FINE  # … and of the puck
CORNER = 190 * FINE  # the radius of the boards' corners
GOAL = 150 * FINE  # from the middle of a goal to its posts
DEPTH = 84 * FINE  # of a goal behind its line
POST = 10 * FINE

THRUST = 30  # gained each period by who skates, …
THRUST_AIMING = 20  # … and by who holds the stick ready
DRAG = 16  # a sixteenth is lost: 15 units a period at the most, the rink in under four seconds
PUCK_DRAG = 72
PUCK_SPEED_MAX = 46 * FINE
SHOT = 30 * FINE
REACH = SKATER + PUCK + 16 * FINE  # how near the puck must be for a shot
RELOAD = 9  # periods between two shots of a skater

STEPS = 2  # of the puck in a period: it must not pass through a post between two of them

# Rounded to integers here, once; nowhere near a tie, so every libm gives the same table.
SINE = tuple(round(1024 * sin(way * 2 * pi / WAYS)) for way in range(WAYS))
COSINE = SINE[WAYS // 4 :] + SINE[: WAYS // 4]


class Controls(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a player holds down, until the next one comes.

    Attributes:
        go: The direction to skate in; None: glide.
        shoot: Whether to shoot the puck as soon as it is near.
    """

    go: Annotated[int, Meta(ge=0, lt=WAYS)] | None = None
    shoot: bool = False


class Disc(msgspec.Struct):
    """Something round that moves: the puck, or a skater."""

    x: int
    y: int
    vx: int = 0
    vy: int = 0


class Skater(Disc):
    """One seat's skater.

    Attributes:
        way: Where it looks.
        held: What its player holds down.
        reload: Periods until it may shoot again.
    """

    way: int = 0
    held: Controls = Controls()
    reload: int = 0


class Touch(NamedTuple):
    """Who was at the puck in a period; ``shot``: and sent it off."""

    seat: int
    shot: bool


def step(puck: Disc, skaters: Sequence[Skater]) -> list[Touch]:
    """Let one period pass; who was at the puck, in the order of it."""
    for skater in skaters:
        _skate(skater)
    for number, one in enumerate(skaters):
        for other in skaters[number + 1 :]:
            _collide(one, other, 2 * SKATER, 1, 1)
    for skater in skaters:
        _keep_in(skater, SKATER)
    touches = _shots(puck, skaters)
    puck.vx -= _share(puck.vx, PUCK_DRAG)
    puck.vy -= _share(puck.vy, PUCK_DRAG)
    for part in range(STEPS):
        _slide(puck, part)
        for seat, skater in enumerate(skaters):
            if _collide(skater, puck, SKATER + PUCK, 1, 3):
                touches.append(Touch(seat, False))
        _bound(puck)
    return touches


def scored(puck: Disc) -> int | None:
    """The team that has scored: 0, which plays to the east, or 1; None while nobody has."""
    if puck.x < -PUCK:
        return 1
    return 0 if puck.x > WIDTH * FINE + PUCK else None


def line_up(count: int) -> list[Skater]:
    """So many skaters where they begin, team by team, looking at the puck."""
    skaters = []
    for seat in range(count):
        x, y = SPOTS[seat // 2]
        west = seat % 2 == 0
        skaters.append(
            Skater(
                x=(x if west else WIDTH - x) * FINE,
                y=MIDDLE + (y if west else -y) * FINE,
                way=0 if west else WAYS // 2,
            )
        )
    return skaters


SPOTS = ((560, 0), (300, -170), (300, 170))
"""Where a team's skaters begin, as seen from the west: units from its end, and from the middle."""


# --- steps of the above -------------------------------------------------------------------------


def _skate(skater: Skater) -> None:
    """Move a skater on by what its player holds down."""
    held = skater.held
    vx, vy = skater.vx - _share(skater.vx, DRAG), skater.vy - _share(skater.vy, DRAG)
    if held.go is not None:
        thrust = THRUST_AIMING if held.shoot else THRUST
        vx += _part(thrust * COSINE[held.go], 1024)
        vy += _part(thrust * SINE[held.go], 1024)
        skater.way = held.go
    skater.vx, skater.vy = vx, vy
    skater.x += vx
    skater.y += vy
    skater.reload = max(0, skater.reload - 1)


def _shots(puck: Disc, skaters: Sequence[Skater]) -> list[Touch]:
    """Send the puck off, away from each who asks for it and is within reach; all at once."""
    touches = []
    vx, vy = _part(puck.vx, 2), _part(puck.vy, 2)
    for seat, skater in enumerate(skaters):
        dx, dy = puck.x - skater.x, puck.y - skater.y
        square = dx * dx + dy * dy
        if not skater.held.shoot or skater.reload or square > REACH * REACH:
            continue
        away = isqrt(square) or 1
        vx += _part(skater.vx, 2) + _part(SHOT * dx, away)
        vy += _part(skater.vy, 2) + _part(SHOT * dy, away)
        skater.reload = RELOAD
        touches.append(Touch(seat, True))
    if touches:
        puck.vx, puck.vy = vx, vy
        _slow(puck)
    return touches


def _collide(one: Disc, other: Disc, reach: int, give: int, gives: int) -> bool:
    """Move two apart that touch, and have them bounce; ``give`` and ``gives`` say how easily each
    is pushed. Whether they touched."""
    dx, dy = other.x - one.x, other.y - one.y
    square = dx * dx + dy * dy
    if square >= reach * reach:
        return False
    if square == 0:
        dx, square = 1, 1
    away, both = isqrt(square), give + gives
    deep = reach - away
    one.x -= _part(dx * deep * give, away * both)
    one.y -= _part(dy * deep * give, away * both)
    other.x += _part(dx * deep * gives, away * both)
    other.y += _part(dy * deep * gives, away * both)
    closing = (other.vx - one.vx) * dx + (other.vy - one.vy) * dy
    if closing < 0:  # half of the speed at which they met comes back
        pushed = -3 * closing
        one.vx -= _part(pushed * dx * give, 2 * square * both)
        one.vy -= _part(pushed * dy * give, 2 * square * both)
        other.vx += _part(pushed * dx * gives, 2 * square * both)
        other.vy += _part(pushed * dy * gives, 2 * square * both)
    return True


def _slide(puck: Disc, part: int) -> None:
    """One of the steps that the puck makes in a period; together they are its whole speed."""
    _slow(puck)
    half_x, half_y = _part(puck.vx, STEPS), _part(puck.vy, STEPS)
    puck.x += puck.vx - half_x if part else half_x
    puck.y += puck.vy - half_y if part else half_y


def _bound(puck: Disc) -> None:
    """Have the puck bounce off boards, posts and nets."""
    for x in (0, WIDTH * FINE):
        for y in (MIDDLE - GOAL, MIDDLE + GOAL):
            _off_post(puck, x, y)
    if not (MIDDLE - GOAL < puck.y < MIDDLE + GOAL):
        _keep_in(puck, PUCK)
    elif scored(puck) is not None:
        _keep_in_net(puck)


def _keep_in_net(puck: Disc) -> None:
    """The net takes what speed there is."""
    deepest = DEPTH - PUCK
    x = max(-deepest, min(WIDTH * FINE + deepest, puck.x))
    y = max(MIDDLE - GOAL + PUCK, min(MIDDLE + GOAL - PUCK, puck.y))
    if (x, y) != (puck.x, puck.y):
        puck.x, puck.y, puck.vx, puck.vy = x, y, 0, 0


def _keep_in(disc: Disc, radius: int) -> None:
    """Have something bounce off the boards, which are round in the corners."""
    right, bottom = WIDTH * FINE, HEIGHT * FINE
    across = disc.x if disc.x < CORNER else disc.x - right if disc.x > right - CORNER else None
    along = disc.y if disc.y < CORNER else disc.y - bottom if disc.y > bottom - CORNER else None
    if across is not None and along is not None:
        _keep_in_corner(
            disc,
            CORNER if across == disc.x else right - CORNER,
            CORNER if along == disc.y else bottom - CORNER,
            CORNER - radius,
        )
        return
    if disc.x < radius:
        disc.x, disc.vx = radius, _part(abs(disc.vx) * 3, 4)
    elif disc.x > right - radius:
        disc.x, disc.vx = right - radius, -_part(abs(disc.vx) * 3, 4)
    if disc.y < radius:
        disc.y, disc.vy = radius, _part(abs(disc.vy) * 3, 4)
    elif disc.y > bottom - radius:
        disc.y, disc.vy = bottom - radius, -_part(abs(disc.vy) * 3, 4)


def _keep_in_corner(disc: Disc, x: int, y: int, reach: int) -> None:
    """The same, where the boards are an arc around (x, y)."""
    dx, dy = disc.x - x, disc.y - y
    square = dx * dx + dy * dy
    if square <= reach * reach:
        return
    away = isqrt(square)
    disc.x, disc.y = x + _part(dx * reach, away), y + _part(dy * reach, away)
    outward = disc.vx * dx + disc.vy * dy
    if outward > 0:
        disc.vx -= _part(7 * outward * dx, 4 * square)
        disc.vy -= _part(7 * outward * dy, 4 * square)


def _off_post(puck: Disc, x: int, y: int) -> None:
    """Have the puck bounce off a post."""
    dx, dy, reach = puck.x - x, puck.y - y, PUCK + POST
    square = dx * dx + dy * dy
    if square >= reach * reach:
        return
    if square == 0:
        dx, square = 1 if x == 0 else -1, 1
    away = isqrt(square)
    puck.x, puck.y = x + _part(dx * reach, away), y + _part(dy * reach, away)
    inward = puck.vx * dx + puck.vy * dy
    if inward < 0:
        puck.vx -= _part(7 * inward * dx, 4 * square)
        puck.vy -= _part(7 * inward * dy, 4 * square)


def _slow(puck: Disc) -> None:
    """No faster than is good for it."""
    square = puck.vx * puck.vx + puck.vy * puck.vy
    if square > PUCK_SPEED_MAX * PUCK_SPEED_MAX:
        speed = isqrt(square) + 1
        puck.vx = _part(puck.vx * PUCK_SPEED_MAX, speed)
        puck.vy = _part(puck.vy * PUCK_SPEED_MAX, speed)


def _share(speed: int, of: int) -> int:
    """What is lost of a speed: one part of so many, and never nothing while there is some."""
    return (speed + of - 1) // of if speed > 0 else speed // of


def _part(number: int, by: int) -> int:
    """A quotient, rounded towards zero."""
    return number // by if number >= 0 else -(-number // by)
