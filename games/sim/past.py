"""What was a moment ago: the last few values of something, for titles that must look back.

A player sees the others late, by the way of the messages and by what the screen waits for. A title
that judges by what the player saw keeps, in its state, what there was to be seen.

Rules of this file: values are kept as they are handed in, so hand in what is not changed later. It
is part of the state: bounded, and made of what msgspec can encode.
"""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Past(msgspec.Struct, Generic[T]):
    """The newest ``size`` of the values that were kept; a ring, so that keeping one moves none.

    Attributes:
        size: How many there are at most; from 1.
        ring: In the order of their arrival, but begun anew at its front when it is full.
        first: Where the next one goes once it is full.
    """

    size: int
    ring: list[T] = []
    first: int = 0

    def __len__(self) -> int:
        return len(self.ring)

    def keep(self, value: T) -> None:
        """The present value; the oldest is forgotten when there are too many."""
        if len(self.ring) < self.size:
            self.ring.append(value)
        else:
            self.ring[self.first] = value
            self.first = (self.first + 1) % self.size

    def at(self, ago: int) -> T:
        """The value that was kept so many calls of ``keep`` ago, 0 being the last.

        One that is forgotten, or that was before the first, is answered by the oldest there is.

        Raises:
            LookupError: nothing was kept yet.
            ValueError: ``ago`` is in the future.
        """
        if ago < 0:
            raise ValueError(f"{ago} periods ago is in the future")
        if not self.ring:
            raise LookupError("nothing was kept yet")
        count = len(self.ring)
        return self.ring[(self.first - 1 - min(ago, count - 1)) % count]
