"""What waiting and matching cost: ``python -m bench.matching [--minutes 5]``.

First a simulation: people come at a steady rate, their ratings as in a large club, and every
quarter of a second a pass is made. It prints for how long they wait, and how far apart the ratings
within a match are, by how long its oldest ticket has waited. Then what one pass takes where many
wait at once, in the thread's own CPU time. Both are tables for ``docs/matchmaking.md``.
"""

import argparse
import gc
import random
import statistics
import sys
import time
from collections.abc import Iterator

from lobby.limits import MATCHING_PERIOD_S, SPREAD_MAX, SPREAD_PER_S, SPREAD_START
from lobby.matching import Made, Rules, Ticket, Want, Widening, matches

MEAN, DEVIATION = 1500.0, 350.0
"""Points: two of three players are between 1150 and 1850."""

WIDENING = Widening(SPREAD_START, SPREAD_PER_S, SPREAD_MAX)

POOLS = {
    "two": Rules(least=2, most=2, widening=WIDENING),
    "two to six": Rules(least=2, most=6, widening=WIDENING, fill_s=10),
    "two teams of four": Rules(least=8, most=8, teams=2, widening=WIDENING),
}

RATES = (10_000, 600, 30)
"""Tickets a minute."""

STAGES_S = (0, 1, 5, 15, 40)
"""Where the stages of waiting begin, by which spreads are told."""

WAITING = (1_000, 10_000, 50_000)
RUNS = 3


class Run:
    """One pool, from its first ticket on."""

    def __init__(self, rules: Rules, seed: int) -> None:
        self.rules = rules
        self.waits: list[float] = []
        self.spreads: dict[int, list[float]] = {stage: [] for stage in STAGES_S}
        self.waiting: list[Ticket] = []
        self._chance = random.Random(seed)
        self._count = 0

    def simulate(self, rate: int, minutes: float) -> None:
        """People come at ``rate`` a minute, each when chance has it."""
        now, due, turn = 0.0, self._pause(rate), 0
        while now < 60 * minutes:
            now += MATCHING_PERIOD_S
            while due <= now:
                self.waiting.append(self.ticket(due))
                due += self._pause(rate)
            self._make(now, turn)
            turn += 1

    def ticket(self, since: float, *, region: str = "") -> Ticket:
        """Somebody, of the region that they ask for if any."""
        self._count += 1
        return Ticket(
            id=self._count,
            since=since,
            people=(self._count,),
            rating=self._chance.gauss(MEAN, DEVIATION),
            properties={"region": region} if region else {},
            wants=(Want("region", among=frozenset({region})),) if region else (),
        )

    def _pause(self, rate: int) -> float:
        return self._chance.expovariate(rate / 60)

    def _make(self, now: float, turn: int) -> None:
        gone: set[int] = set()
        for match in matches(self.waiting, self.rules, now=now, turn=turn):
            if isinstance(match, Made):
                self._note(match, now)
                gone.update(ticket.id for ticket in match.tickets)
        self.waiting = [ticket for ticket in self.waiting if ticket.id not in gone]

    def _note(self, match: Made, now: float) -> None:
        waited = [now - ticket.since for ticket in match.tickets]
        ratings = [ticket.rating for ticket in match.tickets]
        self.waits += waited
        stage = max(stage for stage in STAGES_S if stage <= max(waited))
        self.spreads[stage].append(max(ratings) - min(ratings))


def simulation(minutes: float) -> Iterator[str]:
    """The table of waits and spreads."""
    stages = [
        f"{start}–{end} s" if end else f"{start} s and more"
        for start, end in zip(STAGES_S, (*STAGES_S[1:], 0), strict=True)
    ]
    yield f"| pool | tickets a minute | wait p50 | p99 | still wait | {' | '.join(stages)} |"
    yield "|---|---|---|---|---|" + "---|" * len(stages)
    for name, rules in POOLS.items():
        for rate in RATES:
            run = Run(rules, seed=rate)
            run.simulate(rate, minutes)
            waits = statistics.quantiles(run.waits, n=100) if len(run.waits) > 1 else [0.0] * 99
            cells = [_spread(run.spreads[stage]) for stage in STAGES_S]
            yield (
                f"| {name} | {rate:,} | {waits[49]:.1f} s | {waits[98]:.1f} s |"
                f" {len(run.waiting)} | {' | '.join(cells)} |"
            )


def _spread(spreads: list[float]) -> str:
    """The middle of the spreads, and of how many matches."""
    return f"{statistics.median(spreads):.0f} ({len(spreads):,})" if spreads else "–"


def costs() -> Iterator[str]:
    """The table of what a pass takes."""
    yield "| pool | " + " | ".join(f"{count:,} wait" for count in WAITING) + " |"
    yield "|---|" + "---|" * len(WAITING)
    for name, rules in POOLS.items():
        for regions in ("", "abc"):
            cells = [_cost(rules, regions, count) for count in WAITING]
            wants = ", each asks for one of three regions" if regions else ""
            yield f"| {name}{wants} | {' | '.join(cells)} |"


def _cost(rules: Rules, regions: str, count: int) -> str:
    run = Run(rules, seed=count)
    waiting = [
        run.ticket(60 * index / count, region=regions[index % 3] if regions else "")
        for index in range(count)
    ]
    gc.collect()
    gc.freeze()  # as a worker does once it has started
    took = min(_timed(waiting, rules) for _ in range(RUNS))
    gc.unfreeze()
    return f"{1e3 * took:.0f} ms, {1e6 * took / count:.1f} µs each"


def _timed(waiting: list[Ticket], rules: Rules) -> float:
    begun = time.thread_time()
    for _ in matches(waiting, rules, now=60.0):
        pass
    return time.thread_time() - begun


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="of each simulation")
    chosen = parser.parse_args()
    for table in (simulation(chosen.minutes), costs()):
        for line in table:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
