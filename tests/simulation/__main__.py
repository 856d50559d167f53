"""``python -m tests.simulation --seed 7``: the story of a seed, or of many; what goes wrong is
printed with the command that tells it again.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, nullcontext
from functools import partial
from multiprocessing import get_context

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
    parser.add_argument("--jobs", type=int, default=1, help="processes that tell stories")
    parser.add_argument("--trace", action="store_true", help="show all that happened")
    return parser.parse_args()


def _runs(options: argparse.Namespace) -> int:
    seeds = range(options.seed, options.seed + options.seeds)
    tell = partial(_tell, options)
    began = time.perf_counter()
    results = []
    with ExitStack() as stack:
        stories = map(tell, seeds)
        if options.jobs > 1:
            pool = stack.enter_context(get_context("fork").Pool(options.jobs))
            stories = pool.imap(tell, seeds)
        for result in stories:
            results.append(result)
            _print(result, options)
    _print_sum(results, time.perf_counter() - began)
    return 1 if any(result.complaints for result in results) else 0


def _tell(options: argparse.Namespace, seed: int):
    """The story of one seed."""
    from tests.simulation.mutants import MUTANTS
    from tests.simulation.run import run

    planted = MUTANTS[options.mutant] if options.mutant else nullcontext
    with planted():
        return run(seed, float(options.faults.removesuffix("x")))


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


def _print_sum(results, took_s: float) -> None:
    kinds: Counter[str] = Counter()
    for result in results:
        kinds.update(result.faults)
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
