"""Which workers are silent: the observed-silence lease, without a clock of anyone else.

A worker counts as silent when its beat has not moved, as seen by this process's own monotonic
clock, for the lease time. The clocks of Redis and of other hosts do not enter. Time is handed in.

What this says is only that somebody may *try* to take rooms over; see ``base`` for what makes a
mistake harmless. It still must not happen for nothing, so silence is counted carefully:

- A movement is dated when its answer came, and silence ends when the question was asked: both err
  towards life.
- **It restarts for everybody when this process could not see**: a reading failed, took long, or
  came late. Otherwise a stall of the store or of our own loop looks like the death of all others.

For the second rule to save a live worker, its own beats must be back within the lease once the
store is: they need a time limit and a pause that are well below it.
"""

from collections.abc import Mapping

from games.limits import LEASE_S, WATCH_FORGETS_S, WATCH_LATE_S


class Watch:
    """The beats of all workers, as one of them sees them. Seconds of a monotonic clock."""

    def __init__(self, lease_s: float = LEASE_S, late_s: float = WATCH_LATE_S) -> None:
        self._lease_s = lease_s
        self._late_s = late_s
        self._beats: dict[str, int | None] = {}
        self._moved: dict[str, float] = {}
        self._silent: set[str] = set()
        self._read: float | None = None

    def saw(self, asked: float, answered: float, beats: Mapping[str, int]) -> set[str]:
        """Take a reading of all beats; the workers that are silent now.

        Args:
            asked: When the question went out.
            answered: When its answer was here.
        """
        blind = (
            self._read is None
            or asked - self._read > self._late_s
            or answered - asked > self._late_s
        )
        self._read = answered
        for worker in self._beats.keys() | beats.keys():
            beat = beats.get(worker)
            if blind or worker not in self._moved or beat != self._beats[worker]:
                self._moved[worker] = answered
            self._beats[worker] = beat
        self._silent = {
            worker for worker, moved in self._moved.items() if asked - moved >= self._lease_s
        }
        self._forget(asked)
        return set(self._silent)

    def missed(self) -> None:
        """A reading failed."""
        self._read = None

    def is_silent(self, worker: str) -> bool:
        """Whether a worker is silent. One that was never seen is watched from the next reading."""
        self._beats.setdefault(worker, None)
        return worker in self._silent

    def beat_of(self, worker: str) -> int | None:
        """Its last known beat."""
        return self._beats.get(worker)

    def _forget(self, now: float) -> None:
        """Drop those that were struck off long ago, or memory grows with each restart."""
        for worker in self._silent:
            if self._beats[worker] is None and now - self._moved[worker] > WATCH_FORGETS_S:
                del self._beats[worker], self._moved[worker]
