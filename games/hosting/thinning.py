"""How often viewers are told, where a worker has more to do than it can. Time is handed in.

Rooms go on ticking in time: to apply inputs and to let a period pass is less than half of what a
tick costs. What thins out is what viewers are told: each room says every second, third, … tick
what came since it said something. So all players of a worker lose alike, inputs are applied when
they would be, and browsers, which measure how often they are told, show what is a bit older.

There is no way to know how much more there is to do than can be done, but to try: a step up while
ticks are late, a step down where they have been in time for a while. Where that was too soon, the
next try is twice as far away.
"""

from games.limits import (
    THIN_LATE,
    THIN_PATIENCE_S_MAX,
    THIN_S_MAX,
    THIN_TICKS_MIN,
    THIN_WINDOW_S,
)

_MANY, _FEW = 0.5, 0.05
"""Shares of late ticks from which on there is too much to do, and up to which there is not."""


class Thinning:
    """One for all rooms of a worker.

    Attributes:
        every: Viewers are told of each so-many-th tick.
    """

    def __init__(self) -> None:
        self.every = 1
        self._began: float | None = None  # the window in which these are counted
        self._ticks = self._late = 0
        self._most = 1  # as far as the quickest of its rooms may go
        self._changed = 0.0
        self._patience = THIN_WINDOW_S  # in time for so long before the next step down
        self._tried = False  # whether the last step was down, and is not known to be right

    def ticked(self, now: float, late_s: float, hz: int) -> bool:
        """A room in real time ticked; whether ``every`` is another number now.

        Args:
            now: Seconds of a monotonic clock.
            late_s: How long after the tick was due.
        """
        if self._began is None:
            self._began = now
        self._ticks += 1
        self._late += late_s * hz > THIN_LATE
        self._most = max(self._most, _most(hz))
        if now - self._began < THIN_WINDOW_S or self._ticks < THIN_TICKS_MIN:
            return False
        was = self.every
        self._review(now, self._late / self._ticks)
        self._began, self._ticks, self._late, self._most = now, 0, 0, 1
        return self.every != was

    def tells(self, tick: int, offset: int, hz: int) -> bool:
        """Whether viewers of a room are told of this tick.

        Args:
            offset: The room's own; rooms with different ones tell of different ticks.
        """
        return self.every == 1 or (tick + offset) % min(self.every, _most(hz)) == 0

    def _review(self, now: float, late: float) -> None:
        calm = now - self._changed >= self._patience
        if late > _MANY:
            if self._tried:  # it was too soon
                self._patience = min(2 * self._patience, THIN_PATIENCE_S_MAX)
            self._step(now, min(self.every + 1, self._most))
            self._tried = False
        elif calm and self._tried:
            self._tried, self._patience = False, THIN_WINDOW_S
        elif calm and late <= _FEW and self.every > 1:
            self._step(now, self.every - 1)
            self._tried = True

    def _step(self, now: float, every: int) -> None:
        if every != self.every:
            self.every, self._changed = every, now


def _most(hz: int) -> int:
    return max(1, int(hz * THIN_S_MAX))
