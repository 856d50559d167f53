"""What it costs to tell each seat the rows in its sight: time of a tick, by number of seats.

    python -m bench.sight

The title is that of the tests: animals on a field, of which each seat sees those near its own. All
seats move in every tick; the time is that of the whole tick, rules included, the best of several.
"""

import sys
from time import process_time

from games.rooms import Room
from tests.field import Field

TICKS = 40
ROUNDS = 4


def main() -> None:
    """Print the table."""
    print("| seats | rows | µs a tick | µs a seat | bytes a seat and tick |")
    print("|---:|---:|---:|---:|---:|")
    for seats in (10, 50, 100):
        room = begun(seats)
        best = min(_round(room, seats) for _ in range(ROUNDS))
        told = [own.change.packed() for own in room.tick().own.values() if own.change is not None]
        size = sum(map(len, told)) / seats
        print(
            f"| {seats} | {len(room.state.animals)} | {best * 1e6:,.0f} "
            f"| {best / seats * 1e6:.0f} | {size:.0f} |"
        )
    sys.stdout.flush()


def begun(seats: int) -> Room:
    """A room in which everybody is there."""
    names = [(seat, f"Player {seat}", False) for seat in range(seats)]
    room = Room(Field(), seed=5, settings={}, seats=names)
    for seat, name, _ in names:
        room.connect(seat, f"session-{seat}", name)
    room.tick()
    return room


def _round(room: Room, seats: int) -> float:
    begun_at = process_time()
    for _ in range(TICKS):
        seq = room.places[0].settled + 1
        for seat in range(seats):
            room.offer(seat, seq, {"x": 3, "y": -2}, room.tick_no)
        room.tick()
    return (process_time() - begun_at) / TICKS


if __name__ == "__main__":
    main()
