"""`make bench`: Evertick beside what its users would pick instead. README.md says what is measured.

Each contender runs on one core, its players on another, real processes, sockets over loopback. It
gets more and more clients until it does not serve them in time.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench import full, hotspots, report, results
from bench.contenders import Contender, Cores, contenders
from bench.contenders.evertick import Evertick
from bench.measure import FAILURES, Bout, Sample, bout, paces_ms, two_cores
from bench.results import Results, Run

FILE = Path("var/bench/results.json")
SEATS = 10
ALONE_ROOMS = 2
"""Rooms that are filled one player after the other, to see how long each takes."""
SCOUT_FROM, SCOUT_GROWTH = 0.7, 1.25
"""Where nothing is known yet: from most of what is guessed on, in steps of a quarter."""
LOADED, CLOSE, STEP, LEAP = 0.8, 0.95, 0.05, 0.1
"""Of what is known: where a run begins, where it goes next, and how much each further step adds, up
to there and beyond."""
COMPARED = (
    "evertick",
    "evertick-redis",
    "evertick-apart",
    "evertick-daphne",
    "colyseus",
    "colyseus-tuned",
    "tutorial",
)
TRIES = 2
"""Times that a load is tried before it counts as too much: others use these cores as well."""


# --- one contender -------------------------------------------------------------------------------


def scout(contender: Contender, cores: Cores, seconds: float) -> int:
    """About how many clients it holds."""
    wanted, held = SCOUT_FROM * contender.guess / median(paces_ms(cores.server)), 0
    with bout(contender, cores) as fight:
        while True:
            fight.grow(round(wanted), SEATS)
            if not _holds(fight, seconds, [], "    scouting"):
                break
            held = fight.clients
            wanted = max(held + SEATS, SCOUT_GROWTH * held)
    return held or round(0.7 * wanted)


def climb(contender: Contender, number: int, hint: int, cores: Cores, seconds: float) -> Run | None:
    """One run; None if it does not even hold what it begins with."""
    with bout(contender, cores) as fight:
        fight.idle(0.5)
        empty_mb = fight.memory_mb()
        alone = fight.fill(ALONE_ROOMS, SEATS, alone=True)
        fight.grow(round(LOADED * hint), SEATS)
        steps: list[Sample] = []
        held = _holds(fight, 2 * seconds, steps, f"run {number + 1}, at 80 %")
        loaded = steps[-1]
        wanted = round(CLOSE * hint)
        while held:
            fight.grow(max(wanted, fight.clients + SEATS), SEATS)
            held = _holds(fight, seconds, steps, "")
            wanted = round(fight.clients + (STEP if fight.clients < hint else LEAP) * hint)
        if not loaded.holds and fight.clients > ALONE_ROOMS * SEATS:
            return None
        first_ms, next_ms = alone.first_ms, alone.next_ms
        return Run(contender.name, number, empty_mb, first_ms, next_ms, loaded, steps)


def _holds(fight: Bout, seconds: float, steps: list[Sample], what: str) -> bool:
    """Whether it serves all who are there."""
    for _ in range(TRIES):
        steps.append(fight.sample(seconds))
        say(steps[-1], what)
        if steps[-1].holds:
            return True
    return False


def say(sample: Sample, what: str) -> None:
    """One line about some seconds."""
    load = sample.load
    print(
        f"  {what:16s} {load.players:5d} clients  {100 * sample.share:4.0f} % CPU "
        f"{sample.us_a_tick:6.1f} µs  {load.patches_min:5.2f}/s  gap p99 {load.gap_ms_p99:4.0f}"
        f"  late p99 {sample.ticks.late_ms_p99:4.0f}  shown {load.applied_ms_p50:5.1f}"
        f"  players {100 * load.cpu_share:3.0f} %  pace {sample.pace_ms:4.2f}"
        f"  noise {100 * sample.noise:3.0f} %  {'holds' if sample.holds else 'too much'}"
        f"{'  ' + str(load.lost) if load.lost else ''}",
        flush=True,
    )


# --- all of them ---------------------------------------------------------------------------------


def compare(chosen: Sequence[Contender], found: Results, options: argparse.Namespace) -> None:
    """Every contender, as often as asked for; what the file has already is not done again."""
    cores = two_cores()
    for contender in chosen:
        print(f"{contender.title}:", flush=True)
        try:
            _runs_of(contender, found, cores, options)
        except FAILURES as problem:
            found.missing[contender.name] = str(problem)
            print(f"  left out: {problem}", flush=True)


def _runs_of(
    contender: Contender, found: Results, cores: Cores, options: argparse.Namespace
) -> None:
    for number in range(len(found.of(contender.name)), options.runs):
        hint = found.held(contender.name) or scout(contender, cores, options.seconds / 2)
        while (run := climb(contender, number, hint, cores, options.seconds)) is None:
            hint = round(LOADED * hint)
        found.runs.append(run)
        found.missing.pop(contender.name, None)
        results.save(found, options.json)


def fixed(contender: Contender, options: argparse.Namespace) -> None:
    """One load, and what it costs; with a profile, where the time goes."""
    if options.profile:
        if not isinstance(contender, Evertick):
            raise SystemExit("only workers of Evertick can be profiled")
        contender.profile = True
    with bout(contender, two_cores()) as fight:
        fight.fill(options.rooms, options.seats)
        sample = fight.sample(options.seconds, settle_s=2.0)
        print(report.one(sample))
        if options.profile:
            for part, process in fight.running.parts.items():
                stacks = fight.running.reports[process].with_suffix(".stacks")
                print(f"\n{part}: {hotspots.flat(stacks)}")


# --- what is asked for ---------------------------------------------------------------------------


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--contender", action="append", choices=list(contenders()), help="only this; repeatable"
    )
    parser.add_argument("--runs", type=int, default=3, help="of each; min, median, max")
    parser.add_argument("--seconds", type=float, default=2.0, help="that each step is counted")
    parser.add_argument("--full", action="store_true", help="and all that rooms of ten do not show")
    parser.add_argument(
        "--only", action="append", choices=full.TABLES, help="of that, this alone; repeatable"
    )
    parser.add_argument("--json", type=Path, default=FILE, help="where all numbers go")
    parser.add_argument("--resume", action="store_true", help="go on with what stands there")
    parser.add_argument("--rooms", type=int, help="no search: so many rooms of one contender")
    parser.add_argument("--seats", type=int, default=SEATS, help="in each of these")
    parser.add_argument("--profile", action="store_true", help="of these, where the time goes")
    return parser


def main() -> int:
    """See ``--help``."""
    options = arguments().parse_args()
    everyone = contenders()
    chosen = [everyone[name] for name in options.contender or COMPARED]
    if options.rooms or options.profile:
        options.rooms = options.rooms or SEATS
        fixed(chosen[0], options)
        return 0
    titles = {contender.name: contender.title for contender in everyone.values()}
    found = Results(results.machine(), titles)
    if (options.resume or options.only) and options.json.exists():
        found = results.load(options.json)
    if not options.only:
        compare(chosen, found, options)
    if options.full or options.only:
        full.run(found, options.only, lambda: results.save(found, options.json))
    results.save(found, options.json)
    print("\n" + report.text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
