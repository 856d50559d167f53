"""``python -m tests.simulation --seed 7``: the story of a seed, or of many; what goes wrong is
printed with the command that tells it again.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter

TRACE_SHOWN = 60
"""Lines of a trace that are shown when something is wrong."""


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="evertick-simulation-") as var:
        os.environ["EVERTICK_VAR"] = var
        os.environ["DJANGO_SETTINGS_MODULE"] = "gameserver.settings"
        import django

        django.setup()
        return _runs(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from that one on")
    parser.add_argument("--faults", default="1x", help="how much goes wrong: 1x, 5x, 0.5x")
    parser.add_argument("--mutant", help="with this bug planted; see mutants.py")
    parser.add_argument("--trace", action="store_true", help="show all that happened")
    return parser.parse_args()


def _runs(options: argparse.Namespace) -> int:
    from contextlib import nullcontext

    from tests.simulation.mutants import MUTANTS
    from tests.simulation.run import Result, run

    badness = float(options.faults.removesuffix("x"))
    planted = MUTANTS[options.mutant] if options.mutant else nullcontext
    results: list[Result] = []
    for seed in range(options.seed, options.seed + options.seeds):
        with planted():
            result = run(seed, badness)
        results.append(result)
        _print(result, options)
    _print_sum(results)
    return 1 if any(result.complaints for result in results) else 0


def _print(result, options: argparse.Namespace) -> None:
    faults = sum(result.faults.values())
    print(
        f"seed {result.seed}: {result.seconds:.1f} s in {result.took_s:.2f} s,"
        f" {faults} faults, {result.inputs} inputs, {result.checks} checks,"
        f" well after {result.calm_s:.1f} s, trace {result.hash}",
        flush=True,
    )
    if result.complaints or options.trace:
        shown = None if options.trace else -TRACE_SHOWN
        print("\n".join(result.lines[shown:] if shown else result.lines))
    for complaint in result.complaints:
        print(f"  ! {complaint}")
    if result.complaints:
        mutant = f" --mutant '{options.mutant}'" if options.mutant else ""
        print(
            f"  again: python -m tests.simulation --seed {result.seed}"
            f" --faults {options.faults}{mutant}"
        )


def _print_sum(results) -> None:
    kinds: Counter[str] = Counter()
    for result in results:
        kinds.update(result.faults)
    took_s = sum(result.took_s for result in results)
    seconds = sum(result.seconds for result in results)
    bad = [result.seed for result in results if result.complaints]
    print()
    for kind, times in kinds.most_common():
        print(f"{times:8} {kind}")
    print(
        f"{len(results)} seeds, {len(bad)} bad {bad[:20]}: {seconds / took_s:.0f} simulated s,"
        f" {sum(kinds.values()) / took_s:.0f} faults, {sum(r.steps for r in results) / took_s:.0f}"
        f" steps and {sum(r.checks for r in results) / took_s:.0f} checks a second"
    )


if __name__ == "__main__":
    sys.exit(main())
