"""Brings the ticks of all rooms of a worker to the room store, as many at a time as wait.

Rules of this file:
- **One batch is under way at a time.** What is put meanwhile goes out together in the next one: one
  round trip serves all rooms of a phase, and a slow store makes batches larger, not longer queues.
- **An unanswered batch is repeated as it was**, until it is answered: what was carried out the
  first time comes back as DUP. A tick is never built anew.
- What is refused concerns its room alone. After that nothing more of that lease is sent, or a later
  tick could land on top of one that is not there: to go on, a room acquires a new one.
- What waits is bounded. A room asks ``full`` before it computes a tick, and stands still if so.
"""

import asyncio
import logging
from collections import deque

from games.hosting.ledger.base import (
    Append,
    Ledger,
    LedgerFull,
    LedgerUnavailable,
    Verdict,
)
from games.limits import (
    COMMIT_BYTES_MAX,
    COMMIT_PAUSE_S_MAX,
    COMMIT_PAUSE_S_MIN,
    COMMIT_TICKS_MAX,
    LEDGER_WAIT_S,
    ROOMS_PER_WORKER_MAX,
    WAITING_BYTES_MAX,
    WAITING_TICKS_MAX,
)

logger = logging.getLogger(__name__)

_Waiting = tuple[Append, "asyncio.Future[Verdict]"]


class Committer:
    """The way of ticks into the journal. ``run`` is its loop, one task a worker.

    Attributes:
        batches: Batches that were answered, and ``ticks`` in them.
        repeats: Batches that had to be sent once more.
        away: Whether the last batch was not answered.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        wait_s: float = LEDGER_WAIT_S,
        waiting_ticks_max: int = WAITING_TICKS_MAX,
        waiting_bytes_max: int = WAITING_BYTES_MAX,
    ) -> None:
        self.batches = self.ticks = self.repeats = 0
        self.away = False
        self._ledger = ledger
        self._wait_s = wait_s
        self._ticks_max = waiting_ticks_max
        self._bytes_max = waiting_bytes_max
        self._waiting: deque[_Waiting] = deque()
        self._under_way: list[_Waiting] = []
        self._bytes = 0
        self._refused: dict[str, Verdict] = {}
        self._put = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @property
    def full(self) -> bool:
        """Nothing more is taken now. What is under way counts."""
        ticks = len(self._waiting) + len(self._under_way)
        return ticks >= self._ticks_max or self._bytes >= self._bytes_max

    def put(self, match: str, token: str, tick: int, payload: bytes) -> "asyncio.Future[Verdict]":
        """Have a tick appended, after all of this room that were put before.

        Returns:
            Done once it is in the journal, with OK or DUP. It raises ``LeaseLost`` or ``OutOfStep``
            if it was refused, and ``LedgerUnavailable`` if the committer stopped without an answer.
            Cancelling it does not take the tick back.
        Raises:
            LedgerFull: it was not taken.
        """
        if self._closed:
            raise LedgerUnavailable("the committer has stopped")
        if self.full:
            raise LedgerFull(f"{len(self._waiting)} ticks, {self._bytes} bytes wait")
        done: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        if refused := self._refused.get(token):
            _settle(match, done, refused)
            return done
        self._waiting.append((Append(match, token, tick, payload), done))
        self._bytes += len(payload)
        self._put.set()
        self._idle.clear()
        return done

    async def idle(self) -> None:
        """Wait until everything that was put is answered."""
        await self._idle.wait()

    async def run(self) -> None:
        """Commit what is put, until cancelled."""
        try:
            while True:
                await self._put.wait()
                self._under_way = self._next_batch()
                verdicts = await self._commit([tick for tick, _ in self._under_way])
                self._answer(verdicts)
        finally:
            self._stop()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < COMMIT_TICKS_MAX:
            size += len(self._waiting[0][0].payload)
            if batch and size > COMMIT_BYTES_MAX:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _commit(self, batch: list[Append]) -> list[Verdict]:
        pause_s = COMMIT_PAUSE_S_MIN
        while True:
            try:
                async with asyncio.timeout(self._wait_s):
                    verdicts = await self._ledger.append(batch)
            except (LedgerUnavailable, TimeoutError) as error:
                if not self.away:
                    logger.warning("the journal takes no ticks: %r", error)
                self.away = True
                self.repeats += 1
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, COMMIT_PAUSE_S_MAX)
            else:
                if self.away:
                    logger.warning("the journal takes ticks again")
                self.away = False
                return verdicts

    def _answer(self, verdicts: list[Verdict]) -> None:
        answered, self._under_way = self._under_way, []
        self.batches += 1
        self.ticks += len(answered)
        for (tick, done), verdict in zip(answered, verdicts, strict=True):
            self._bytes -= len(tick.payload)
            if not verdict.accepted:
                self._refuse(tick.token, verdict)
            _settle(tick.match, done, verdict)
        if self._refused:
            self._refuse_waiting()
        if not self._waiting:
            self._put.clear()
            self._idle.set()

    def _refuse(self, token: str, verdict: Verdict) -> None:
        self._refused.setdefault(token, verdict)
        if len(self._refused) > ROOMS_PER_WORKER_MAX:
            # Tokens never come back, and their rooms have long been told.
            del self._refused[next(iter(self._refused))]

    def _refuse_waiting(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for tick, done in waiting:
            if refused := self._refused.get(tick.token):
                self._bytes -= len(tick.payload)
                _settle(tick.match, done, refused)
            else:
                self._waiting.append((tick, done))

    def _stop(self) -> None:
        """Tell all who wait that nobody knows."""
        self._closed = True
        for _, done in (*self._under_way, *self._waiting):
            if not done.done():
                done.set_exception(LedgerUnavailable("the committer stopped before an answer"))
                done.exception()
        self._under_way = []
        self._waiting.clear()
        self._idle.set()


def _settle(match: str, done: "asyncio.Future[Verdict]", verdict: Verdict) -> None:
    if done.done():
        return  # cancelled by who waited
    if refusal := verdict.refusal(match):
        done.set_exception(refusal)
        done.exception()  # whoever no longer waits need not be reminded
    else:
        done.set_result(verdict)
