"""How the ways between processes behave: mostly well, and how badly else is drawn each time."""

import random
from typing import NamedTuple

from tests.simulation.world import World

QUICK_S = (0.0002, 0.003)
"""Seconds one way, on a good day; from, to."""
SLOW_S = (0.01, 0.3)
LATE_S = (0.4, 3.0)
"""Later than anybody waits for an answer."""


class Rates(NamedTuple):
    """How often it goes wrong, for one message on one way."""

    lost: float = 0.0
    slow: float = 0.0
    late: float = 0.0
    doubled: float = 0.0


STORE = Rates(lost=0.01, slow=0.03, late=0.005)
LAYER = Rates(lost=0.03, slow=0.05, late=0.01, doubled=0.03)


class Weather:
    """What becomes of messages, for all ways.

    Attributes:
        factor: How much worse than the rates say; 0 for a calm.
    """

    def __init__(self, world: World, factor: float = 1.0) -> None:
        self.factor = factor
        self._world = world

    def way(self, rates: Rates, rng: random.Random, what: str) -> list[float]:
        """After how many seconds a message arrives: once, twice, or never."""
        draw = rng.random() / self.factor if self.factor else 2.0
        for kind, rate in rates._asdict().items():
            if draw < rate:
                self._world.fault(f"{what} {kind}")
                return self._bad(kind, rng)
            draw -= rate
        return [rng.uniform(*QUICK_S)]

    @staticmethod
    def _bad(kind: str, rng: random.Random) -> list[float]:
        match kind:
            case "slow":
                return [rng.uniform(*SLOW_S)]
            case "late":
                return [rng.uniform(*LATE_S)]
            case "doubled":
                return [rng.uniform(*QUICK_S), rng.uniform(*SLOW_S)]
            case _:
                return []
