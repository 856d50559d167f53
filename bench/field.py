"""One room in which each sees what is near, part by part: a hundred seats, and a thousand.

    python -m bench.field

All in one process, without sockets and store; the title is that of ``crowd``.
"""

import argparse
import gc
from time import perf_counter_ns
from typing import Any

from bench.crowd import Crowd, Crowd1000, Near100
from bench.measure import paces_ms
from bench.tick import Match, Stopwatch
from games.sim import pack_change


def main() -> None:
    """Print what a tick costs, by number of seats."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ticks", type=int, default=40)
    plan = parser.parse_args()
    gc.freeze()  # as the server does
    gc.set_threshold(50_000, 20, 50)
    for game, seats in ((Near100(), 100), (Crowd1000(), 1000)):
        _measure(game, seats, plan.ticks)


def _measure(game: Crowd, seats: int, ticks: int) -> None:
    match, watch = Match(game, seats), Stopwatch()
    watch.hang_on(match)
    best: dict[str, int] = {}
    taken, all_of_it = [], 0
    told = match.told
    for _ in range(ticks):
        watch.ns.clear()
        before = _tables(match)
        begun = perf_counter_ns()
        match.tick()
        taken.append(perf_counter_ns() - begun)
        for name, ns in watch.ns.items():
            best[name] = min(best.get(name, ns), ns)
        all_of_it += _everything(before, _tables(match))
    each = (match.told - told) / ticks / seats
    print(
        f"\n{seats} seats, {len(match.room.state.shots[0])} shots"
        "\n\n| part | µs a seat |\n|---|---:|"
    )
    for name, ns in best.items():
        print(f"| {name} | {ns / seats / 1000:.1f} |")
    whole = min(taken) / seats / 1000
    print(f"| **the whole tick** ({min(taken) / 1e6:.1f} ms at best) | **{whole:.1f}** |")
    print(
        f"\n{each:.0f} bytes a seat and tick; to tell all of it to each would take "
        f"{all_of_it / ticks:.0f}. Pace {min(paces_ms(-1)):.2f} ms."
    )


def _tables(match: Match) -> dict[str, Any]:
    """The tables as nobody sees them: whole."""
    room = match.room
    return dict(room._look().tables)


def _everything(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Bytes of the change of whole tables."""
    assert Crowd1000.view_type is not None
    fields = Crowd1000.view_type.fields
    return sum(len(pack_change(fields[name], before[name], after[name]) or b"") for name in after)


if __name__ == "__main__":
    main()
