"""``make chaos SEED=… RUNS=…``: runs of faults one after another, and their table.

Run number n has the seed SEED + n; a run that ends with a complaint prints the command that
repeats it, and all that its workers said goes to a file.
"""

import argparse
import logging
import os
import random
import sys
import tempfile
from pathlib import Path


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="evertick-oracle-") as var:
        os.environ["EVERTICK_VAR"] = var
        os.environ["DJANGO_SETTINGS_MODULE"] = "gameserver.settings"
        import django

        django.setup()
        logging.getLogger("httpx").setLevel(logging.WARNING)
        return _runs(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="of faults in a run")
    parser.add_argument("--pause", type=float, nargs=2, default=(0.2, 3.0), help="between faults")
    parser.add_argument("--rooms", type=int, default=5)
    return parser.parse_args()


def _runs(options: argparse.Namespace) -> int:
    from tests.chaos.report import table
    from tests.chaos.run import ROOMS, Plan, run

    results, bad = [], 0
    rooms = tuple(ROOMS[number % len(ROOMS)] for number in range(options.rooms))
    for seed in range(options.seed, options.seed + options.runs):
        plan = Plan(seed, options.seconds, rooms, tuple(options.pause))
        print(f"seed {seed}: {len(plan.faults)} faults in {options.seconds:.0f} s", flush=True)
        result = run(plan)
        results.append(result)
        verdict = result.verdict
        print(
            f"  {verdict.acknowledged} inputs acknowledged, {verdict.lost} lost,"
            f" {verdict.twice} twice, {verdict.contradictions} contradictions,"
            f" {len(verdict.complaints)} complaints",
            flush=True,
        )
        if verdict.complaints:
            bad += 1
            _complain(result, options)
    print()
    print(table(results))
    return 1 if bad else 0


def _complain(result, options: argparse.Namespace) -> None:
    seed = result.plan.seed
    for fault in result.faults:
        print(f"  {fault}")
    for complaint in result.verdict.complaints[:20]:
        print(f"  ! {complaint}")
    log = Path(tempfile.gettempdir()) / f"evertick-chaos-{seed}.log"
    log.write_text("\n".join([*result.verdict.complaints, result.logs]))
    first, last = options.pause
    print(f"  what the workers said: {log}")
    print(
        f"  again: make chaos SEED={seed} SECONDS={options.seconds:g}"
        f" ROOMS={options.rooms} PAUSE='{first:g} {last:g}'"
    )


if __name__ == "__main__":
    sys.exit(main())
