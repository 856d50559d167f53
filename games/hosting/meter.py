"""What a worker measures about itself; a few additions a tick."""

_STEP_MS = 0.1
_STEPS = 10_000


class Meter:
    """How late ticks were, against the time at which they were due; and how late inputs were."""

    def __init__(self) -> None:
        self.ticks = 0
        self.dropped = 0
        self.late_ms_max = 0.0
        self.inputs_late = 0
        self.inputs_early = 0
        self._late = [0] * (_STEPS + 1)

    def tick(self, late_s: float, dropped: int) -> None:
        """Count a tick that began ``late_s`` seconds after it was due, and dropped periods."""
        self.dropped += dropped
        late_ms = max(0.0, late_s * 1000)
        self.ticks += 1
        self.late_ms_max = max(self.late_ms_max, late_ms)
        self._late[min(_STEPS, int(late_ms / _STEP_MS))] += 1

    def inputs(self, late: int, early: int) -> None:
        """Count inputs whose senders looked at something too old, or at what is yet to come."""
        self.inputs_late += late
        self.inputs_early += early

    def late_ms(self, quantile: float) -> float:
        """The lateness that this share of all ticks did not exceed, to a tenth of a millisecond."""
        if not self.ticks:
            return 0.0
        wanted = quantile * self.ticks
        seen = 0
        for step, count in enumerate(self._late):
            seen += count
            if seen >= wanted:
                return self.late_ms_max if step == _STEPS else round((step + 1) * _STEP_MS, 1)
        return self.late_ms_max
