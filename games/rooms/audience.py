"""All who are told the same, and what they were told."""

from collections import deque
from itertools import dropwhile

import msgspec

from games.limits import HISTORY_TICKS_MAX
from games.sim import Change, View, diff


class Step(msgspec.Struct, frozen=True):
    """A change from the view of tick ``base`` to that of ``tick``, at the room's ``time``."""

    tick: int
    base: int
    time: int
    change: Change


class Audience:
    """What one audience knows: the view it was last told, and the changes that led there."""

    def __init__(self, view: View, tick: int = 0, time: int = 0) -> None:
        self.view = view
        self.tick = tick
        self.time = time
        self._past: deque[Step] = deque(maxlen=HISTORY_TICKS_MAX)

    def look(self, view: View, tick: int, time: int) -> Step | None:
        """What must be told now that this is the view; None if nothing changed."""
        change = diff(self.view, view)
        if not change:
            return None
        step = Step(tick, self.tick, time, change)
        self.view, self.tick, self.time = view, tick, time
        self._past.append(step)
        return step

    def since(self, known: int) -> list[Step] | None:
        """The changes that one who knows tick ``known`` has missed; None if they are forgotten."""
        if known == self.tick:
            return []
        missed = list(dropwhile(lambda step: step.base != known, self._past))
        return missed or None
