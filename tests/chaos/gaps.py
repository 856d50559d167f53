"""How long a viewer saw nothing new: between two messages about the state, by kind of fault.

A fault has to do with the viewers whom it could reach: those in rooms of the worker that was hit,
or with their socket at it; for the store, everybody. Of each of these the longest gap counts that
lies in the reach of the fault; where another fault reaches it as well, it is nobody's, and is
counted as mixed. Only rooms in which something changes at each tick are looked at.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from tests.chaos.nemesis import Done
from tests.chaos.players import Member

AFTER_S = 1.0
"""Seconds after a fault in which its gap may begin."""

CALM = "no fault"
MIXED = "several faults at once"


class Gap(NamedTuple):
    """From one message to the next, in seconds of this process's monotonic clock."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    def touches(self, done: Done) -> bool:
        """Whether this fault could be the reason for it."""
        return self.begin < done.until + AFTER_S and self.end > done.at


def measure(faults: Sequence[Done], members: Sequence[Member]) -> dict[str, list[float]]:
    """The gaps of one run, in seconds, by kind; of ``CALM``, those of viewers out of reach."""
    by_kind: defaultdict[str, list[float]] = defaultdict(list)
    for member in members:
        times, mixed = _times(member), set[Gap]()
        for done in faults:
            gap = longest(times, done.at, done.until + AFTER_S)
            if gap is None:
                continue
            if any(gap.touches(other) for other in faults if other is not done):
                mixed.add(gap)
            else:
                by_kind[done.fault.kind if _reached(done, member) else CALM].append(gap.seconds)
        by_kind[MIXED] += [gap.seconds for gap in mixed]
    return dict(by_kind)


def _times(member: Member) -> list[float]:
    """When it was told of the state: of what all see, or of what this seat alone sees."""
    return sorted(told.at for told in (*member.room.shared, *member.room.private))


def _reached(done: Done, member: Member) -> bool:
    if done.slot is None:
        return True
    return member.match in done.matches or member.home_at(done.at) == done.slot


def longest(times: Sequence[float], begin: float, end: float) -> Gap | None:
    """The longest time without a message that touches this span; None if there is none."""
    first = max(0, bisect_left(times, begin) - 1)
    last = bisect_left(times, end) + 1
    gaps = [Gap(*pair) for pair in pairwise(times[first:last])]
    return max(gaps, key=lambda gap: gap.seconds, default=None)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
