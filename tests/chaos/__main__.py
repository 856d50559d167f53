"""``make chaos SEED=… RUNS=…``: runs of faults one after another, and their table.

Run number n has the seed SEED + n; a run that ends with a complaint prints the command that
repeats it, and all that its workers said goes to a file. With a file for the results, the runs that
it has are not done again, and the table is of all that it has.
"""

import argparse
import logging
import os
import random
import sys
import tempfile
from pathlib import Path

KINDS_HELP = "of faults, comma separated; else all"


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="evertick-oracle-") as var:
        os.environ["EVERTICK_VAR"] = var
        os.environ["DJANGO_SETTINGS_MODULE"] = "gameserver.settings"
        import django

        django.setup()
        logging.getLogger("httpx").setLevel(logging.WARNING)
        return _summary(options.summary) if options.summary else _runs(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="of faults in a run")
    parser.add_argument("--pause", type=float, nargs=2, default=(0.2, 3.0), help="between faults")
    parser.add_argument("--kinds", default="", help=KINDS_HELP)
    parser.add_argument("--rooms", type=int, default=5)
    parser.add_argument(
        "--database",
        choices=["sqlite", "postgres"],
        default=os.environ.get("CHAOS_DATABASE", "sqlite"),
    )
    parser.add_argument("--results", type=Path, help="the file for a line of JSON of each run")
    parser.add_argument(
        "--summary", type=Path, nargs="+", help="run nothing, and print the table of such files"
    )
    return parser.parse_args()


def _summary(paths: list[Path]) -> int:
    from tests.chaos import report

    print(report.table(result for path in paths for result in report.read(path)))
    return 0


def _runs(options: argparse.Namespace) -> int:
    from tests.chaos import report
    from tests.chaos.run import run_all

    results = report.read(options.results) if options.results else []
    known = [result.plan for result in results]
    plans = [plan for plan in _plans(options) if plan not in known]
    if not plans:
        print("all of these runs are in the file already")
    for result in run_all(plans):
        results.append(result)
        if options.results:
            report.append(options.results, result)
        verdict = result.verdict
        print(
            f"seed {result.plan.seed}: {len(result.faults)} faults,"
            f" {verdict.acknowledged} inputs acknowledged, {verdict.lost} lost,"
            f" {verdict.twice} twice, {verdict.contradictions} contradictions,"
            f" {len(verdict.complaints)} complaints",
            flush=True,
        )
        if verdict.complaints:
            _complain(result)
    print()
    print(report.table(results))
    return int(any(result.verdict.complaints for result in results))


def _plans(options: argparse.Namespace):
    from tests.chaos.nemesis import KINDS
    from tests.chaos.run import ROOMS, Plan

    rooms = tuple(ROOMS[number % len(ROOMS)] for number in range(options.rooms))
    kinds = tuple(options.kinds.split(",")) if options.kinds else tuple(KINDS)
    if unknown := set(kinds) - set(KINDS):
        raise SystemExit(f"no kind of fault: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    return [
        Plan(seed, options.seconds, rooms, tuple(options.pause), kinds, options.database)
        for seed in range(options.seed, options.seed + options.runs)
    ]


def _complain(result) -> None:
    for fault in result.faults:
        print(f"  {fault}")
    for complaint in result.verdict.complaints[:20]:
        print(f"  ! {complaint}")
    plan = result.plan
    log = Path(tempfile.gettempdir()) / f"evertick-chaos-{plan.seed}.log"
    log.write_text("\n".join([*result.verdict.complaints, result.logs]))
    first, last = plan.pause_s
    print(f"  what the workers said: {log}")
    print(
        f"  again: make chaos SEED={plan.seed} SECONDS={plan.seconds:g} ROOMS={len(plan.rooms)}"
        f" PAUSE='{first:g} {last:g}' KINDS='{','.join(plan.kinds)}' DATABASE={plan.database}"
    )


if __name__ == "__main__":
    sys.exit(main())
