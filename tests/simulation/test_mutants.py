"""The simulation finds what it is there to find: each planted bug, within a few stories."""

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.run import run

SEEDS_MAX = 30


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_found(name: str) -> None:
    with MUTANTS[name]():
        for seed in range(SEEDS_MAX):
            if run(seed).complaints:
                return
    pytest.fail(f"{SEEDS_MAX} stories, and nobody noticed: {name}")
