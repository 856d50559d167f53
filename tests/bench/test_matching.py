"""The simulation of people who wait for a match."""

from bench.matching import POOLS, Run


def test_each_match_of_a_simulation_is_counted_and_the_same_seed_is_the_same() -> None:
    runs = [Run(POOLS["two"], seed=3) for _ in range(2)]
    for run in runs:
        run.simulate(600, minutes=0.2)
    first, second = runs
    assert first.waits == second.waits
    assert first.spreads == second.spreads
    assert len(first.waits) == 2 * sum(map(len, first.spreads.values())) > 60
    assert min(first.waits) >= 0
