"""How a skater is steered that has no player: by who sees no more than all see.

It serves the bots, and the rules themselves: a skater whose player left plays on like this. So it
is whole numbers only, and draws no chance.

Everything here is as seen by a team that plays to the east; for the other the rink is mirrored.
"""

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

from games.catalog.hockey.rink import (
    COSINE,
    FINE,
    GOAL,
    HEIGHT,
    MIDDLE,
    PUCK,
    REACH,
    SINE,
    SKATER,
    WAYS,
    WIDTH,
    Controls,
    Disc,
)

_FAR = 15 * FINE  # a period at full speed
_FORESEEN = 24  # periods that it looks ahead at the most
_BRAKES = 9  # periods: where it would glide to is about that much of its speed ahead
_THERE = 12 * FINE
_END = WIDTH * FINE
_BEHIND = SKATER + PUCK
_WIDE = 2 * _BEHIND
_LANES = tuple(MIDDLE + off * FINE for off in (0, -95, 95, -330, 330))  # three of them at the goal


class _Seen(NamedTuple):
    """Something on the ice, as a team sees it that plays to the east."""

    x: int
    y: int
    vx: int
    vy: int


def steer(seat: int, puck: Disc, skaters: Sequence[Disc]) -> Controls:
    """What the skater of this seat should hold down for the next moment."""
    west = seat % 2 == 0
    me, at = _seen(skaters[seat], west), _foreseen(_seen(puck, west), _seen(skaters[seat], west))
    mates = [_seen(skater, west) for other, skater in enumerate(skaters) if other % 2 == seat % 2]
    nearer = sorted((_square(mate, at), number) for number, mate in enumerate(mates))
    rank = [number for _, number in nearer].index(seat // 2)
    foes = [_seen(skater, west) for other, skater in enumerate(skaters) if other % 2 != seat % 2]
    if rank == 0:
        x, y = _chase(me, at, foes)
    elif rank == len(mates) - 1:
        x, y = _guard(at)
    else:
        x, y = _support(at)
    way = _way(me, x, y)
    shoot = _shoots(me, _seen(puck, west), foes)
    if way is None or west:
        return Controls(way, shoot)
    return Controls((WAYS // 2 - way) % WAYS, shoot)


def _seen(disc: Disc, west: bool) -> _Seen:
    if west:
        return _Seen(disc.x, disc.y, disc.vx, disc.vy)
    return _Seen(_END - disc.x, disc.y, -disc.vx, disc.vy)


def _foreseen(puck: _Seen, me: _Seen) -> _Seen:
    """The puck where it may be met."""
    periods = min(_FORESEEN, isqrt(_square(me, puck)) // _FAR)
    x = _within(PUCK, _END - PUCK, puck.x + puck.vx * periods * 3 // 4)
    y = _within(PUCK, HEIGHT * FINE - PUCK, puck.y + puck.vy * periods * 3 // 4)
    return _Seen(x, y, puck.vx, puck.vy)


def _chase(me: _Seen, puck: _Seen, foes: Sequence[_Seen]) -> tuple[int, int]:
    """To the puck: from behind and through it to the goal, else round it first."""
    dx, dy = _END + PUCK - puck.x, max(_LANES, key=lambda lane: _free(lane, puck, foes)) - puck.y
    away = isqrt(dx * dx + dy * dy) or 1
    if me.x > puck.x - PUCK:
        side = 1 if me.y >= puck.y else -1
        if puck.y + side * 2 * _BEHIND > HEIGHT * FINE - SKATER or puck.y + side * _BEHIND < SKATER:
            side = -side
        return puck.x - 2 * _BEHIND, puck.y + side * _BEHIND * 5 // 4
    x, y = puck.x - dx * _BEHIND // away, puck.y - dy * _BEHIND // away
    off = abs((puck.x - me.x) * dy - (puck.y - me.y) * dx) // away
    if off < SKATER * 2 // 3 or _square(me, _Seen(x, y, 0, 0)) < _BEHIND * _BEHIND // 4:
        return puck.x + dx * _BEHIND // away, puck.y + dy * _BEHIND // away
    return x, y


def _free(lane: int, puck: _Seen, foes: Sequence[_Seen]) -> int:
    """How good it is to bring the puck to the end of the rink there: how far from the way there the
    nearest of the others is, and less beside the goal."""
    dx, dy = _END + PUCK - puck.x, lane - puck.y
    away = isqrt(dx * dx + dy * dy) or 1
    near = _WIDE
    for foe in foes:
        ahead = ((foe.x - puck.x) * dx + (foe.y - puck.y) * dy) // away
        if 0 < ahead < away:
            near = min(near, abs((foe.x - puck.x) * dy - (foe.y - puck.y) * dx) // away)
    return near - abs(lane - MIDDLE) // 8


def _support(puck: _Seen) -> tuple[int, int]:
    """Where a pass or a rebound may go: off to the other side, a little behind."""
    y = MIDDLE + (GOAL if puck.y < MIDDLE else -GOAL)
    return _within(SKATER * 4, _END * 3 // 4, puck.x - 200 * FINE), y


def _guard(puck: _Seen) -> tuple[int, int]:
    """Between the puck and the own goal."""
    x = _within(SKATER * 2, _END // 2, puck.x * 2 // 5)
    return x, MIDDLE + (puck.y - MIDDLE) * x // max(puck.x, x, 1)


def _way(me: _Seen, x: int, y: int) -> int | None:
    """The direction to skate in to come to rest there; None if it glides there by itself."""
    x = _within(SKATER, _END - SKATER, x) - me.x - me.vx * _BRAKES
    y = _within(SKATER, HEIGHT * FINE - SKATER, y) - me.y - me.vy * _BRAKES
    if abs(x) < _THERE and abs(y) < _THERE:
        return None
    return max(range(WAYS), key=lambda way: COSINE[way] * x + SINE[way] * y)


def _shoots(me: _Seen, puck: _Seen, foes: Sequence[_Seen]) -> bool:
    """Whether the puck is near, and to send it off would be good: at the goal, out of danger, or
    before somebody else does."""
    dx, dy = puck.x - me.x, puck.y - me.y
    if dx * dx + dy * dy > (REACH + 10 * FINE) ** 2 or dx <= 0:
        return False
    meets = puck.y + dy * (_END - puck.x) // dx
    at_goal = abs(meets - MIDDLE) < GOAL and puck.x > _END // 3
    contested = any(_square(foe, puck) < (REACH + SKATER) ** 2 for foe in foes)
    return at_goal or contested or (dx > abs(dy) and puck.x < _END // 3)


def _square(one: _Seen, other: _Seen) -> int:
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2


def _within(low: int, high: int, number: int) -> int:
    return max(low, min(high, number))
