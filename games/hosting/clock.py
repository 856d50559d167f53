"""Steady time from an unsteady caller. Time is handed in; nothing here sleeps."""

from games.limits import CATCH_UP_TICKS_MAX


class SteadyClock:
    """Counts whole periods since its start; a period that is late is not a period lost.

    What is less than a whole period stays for the next time, so that no work of the caller is added
    to the period, and rooms keep their rate under load.
    """

    def __init__(self, hz: int, now: float, catch_up_max: int | None = CATCH_UP_TICKS_MAX) -> None:
        """Start at ``now``, in seconds of a monotonic clock.

        Args:
            catch_up_max: Periods that ``take`` gives at once at the most; None for no limit, where
                time that passed was thought, not missed.
        """
        self._hz = hz
        self._start = now
        self._taken = 0
        self._catch_up_max = catch_up_max
        self.dropped = 0

    def take(self, now: float) -> int:
        """How many whole periods have passed since the last time; those over the limit are dropped
        and counted in ``dropped``."""
        passed = self.passed(now)
        if passed <= 0:
            return 0
        self._taken += passed
        if self._catch_up_max is not None and passed > self._catch_up_max:
            self.dropped += passed - self._catch_up_max
            return self._catch_up_max
        return passed

    def passed(self, now: float) -> int:
        """How many whole periods ``take`` would find, without its limit."""
        return int((now - self._start) * self._hz + 1e-6) - self._taken

    def at(self, periods: int) -> float:
        """When that many further periods will have passed."""
        return self._start + (self._taken + periods) / self._hz
