"""How long a viewer saw nothing new: between two messages about the state, by kind of fault.

Only a fault that stood alone is counted, and only viewers whom it could reach: those in rooms of
the worker that was hit, or with their socket at it; for the store, everybody. Only rooms in which
something changes at each tick are looked at.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from tests.chaos.nemesis import Done
from tests.chaos.players import Member

AFTER_S = 2.0
"""Seconds after a fault in which its gap may begin, and in which no other fault may."""

CALM = "no fault"


class Gaps:
    """Gaps in seconds, by kind."""

    def __init__(self) -> None:
        self.by_kind: defaultdict[str, list[float]] = defaultdict(list)

    def measure(self, faults: Sequence[Done], members: Sequence[Member], ended: float) -> None:
        """Add those of one run."""
        times = {member: _times(member) for member in members}
        for place, done in enumerate(faults):
            before = max((other.until for other in faults[:place]), default=0.0)
            after = faults[place + 1].at if place + 1 < len(faults) else ended + AFTER_S
            if done.at < before + AFTER_S or after < done.until + AFTER_S:
                continue
            for member in members:
                if gap := longest(times[member], done.at, done.until + AFTER_S):
                    kind = done.fault.kind if _reached(done, member) else CALM
                    self.by_kind[kind].append(gap)

    def add(self, other: "Gaps") -> None:
        for kind, gaps in other.by_kind.items():
            self.by_kind[kind] += gaps


def _times(member: Member) -> list[float]:
    """When it was told of the state: of what all see, or of what this seat alone sees."""
    return sorted(told.at for told in (*member.room.shared, *member.room.private))


def _reached(done: Done, member: Member) -> bool:
    if done.slot is None:
        return True
    return member.match in done.matches or member.home_at(done.at) == done.slot


def longest(times: Sequence[float], begin: float, end: float) -> float:
    """The longest time without a message that touches this span; 0 if there is none."""
    first = max(0, bisect_left(times, begin) - 1)
    gaps = [b - a for a, b in pairwise(times[first:]) if a < end]
    return max(gaps, default=0.0)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
