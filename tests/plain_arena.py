"""The rules of the arena, said as plainly as can be: what ``world.py`` does with fewer looks.

Each pair of ships, each shot and ship, each rock is looked at. The state is that of ``world.py``.
"""

from math import isqrt

from games.catalog.arena.world import (
    ANGLES,
    COSINE,
    DRAG,
    FINE,
    HEIGHT,
    HP,
    KINDS,
    KIT_EVERY,
    KIT_REACH,
    KITS_MAX,
    OWN_EVERY,
    RELOAD,
    SHIP_RADIUS,
    SHOT_NEAR,
    SINE,
    SPIN_GAIN,
    SPIN_MAX,
    THRUST,
    TRIPLE_FOR,
    WIDTH,
    Places,
    Ship,
    Shot,
    State,
    _fire,
    _hurt,
    _meets,
    _settle,
    free_spot,
    own,
    spawn,
)


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
    state.past.keep(places)
