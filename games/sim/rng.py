"""Chance that replays: a small generator that is carried in the state.

``random.Random`` promises little between Python versions, and cannot be written into a state in a
few bytes. This one is an integer and four operations, the same in every language.
"""

from collections.abc import MutableSequence, Sequence
from typing import TypeVar

import msgspec

T = TypeVar("T")

_MASK = (1 << 64) - 1


class Rng(msgspec.Struct):
    """A stream of numbers fixed by its seed; part of the state that draws from it.

    Source:
        SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
    """

    seed: int

    def bits(self) -> int:
        """The next 64 random bits, as an integer from 0 to 2**64 - 1."""
        self.seed = (self.seed + 0x9E3779B97F4A7C15) & _MASK
        z = self.seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, bound: int) -> int:
        """An integer from 0 up to, but not including, ``bound``; every one equally likely.

        Raises:
            ValueError: ``bound`` is not positive, or above 2**64.
        """
        if not 0 < bound <= 1 << 64:
            raise ValueError("bound must be from 1 to 2**64")
        limit = (1 << 64) - (1 << 64) % bound  # what lies above would favour small numbers
        while (drawn := self.bits()) >= limit:
            pass
        return drawn % bound

    def between(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def choice(self, options: Sequence[T]) -> T:
        """One of ``options``."""
        return options[self.below(len(options))]

    def shuffle(self, items: MutableSequence[T]) -> None:
        """Put ``items`` into a random order, in place (Fisher and Yates)."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

    def fork(self) -> "Rng":
        """A generator of its own, so that what draws from it does not disturb this one's order."""
        return Rng(self.bits())
