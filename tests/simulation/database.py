"""The database, as workers use it: the same calls, over rows that are kept in this process.

``tests/simulation/test_database.py`` holds it against the real one.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import OperationalError

from games.services import MatchLost, RoomSpec, Slept
from games.sim import Outcome
from tests.simulation.world import Loop, World

LIVE = ("starting", "running")


@dataclass
class Row:
    """One match."""

    title: str
    seed: int
    seats: list[tuple[int, str, bool]]
    created: datetime
    status: str = "starting"
    worker: str = ""
    epoch: int = 0
    reason: str = ""
    ranking: list[list[int]] | None = None
    slept: Slept | None = None
    wake_at: datetime | None = None


class Rows:
    """Does what the services and selectors of the same names do, for those who run rooms."""

    def __init__(self) -> None:
        self.matches: dict[UUID, Row] = {}

    def match_open(
        self, *, match_id: UUID, worker: str, epoch: int = 1, resumable: bool = False
    ) -> RoomSpec | None:
        row = self.matches[match_id]
        slept = None
        if row.status == "starting":
            row.status, row.worker, row.epoch = "running", worker, epoch
        else:
            if resumable:
                row.slept = None
            else:
                slept = row.slept
            lost = not resumable and slept is None and row.epoch < epoch
            if lost and _runs_elsewhere(row, worker):
                row.status, row.reason = "abandoned", "room_lost"
                raise MatchLost
            handed_over = (row.worker, row.epoch) == (worker, epoch - 1)
            if row.status == "running" and row.epoch < epoch and not handed_over:
                row.worker, row.epoch = worker, epoch
        if row.status != "running" or row.worker != worker:
            return None
        return RoomSpec(
            match=str(match_id),
            title=row.title,
            settings={},
            seed=row.seed,
            seats=row.seats,
            slept=slept,
        )

    def matches_hand_over(self, *, epochs: Mapping[UUID, int], worker: str, heir: str) -> set[UUID]:
        handed = set()
        for match_id, epoch in epochs.items():
            row = self.matches[match_id]
            if row.status != "running":
                continue
            if row.worker == worker and row.epoch <= epoch:
                row.worker, row.epoch = heir, epoch
            if (row.worker, row.epoch) == (heir, epoch):
                handed.add(match_id)
        return handed

    def match_sleep(
        self, *, match_id: UUID, worker: str, epoch: int, slept: Slept, wake_at: datetime | None
    ) -> bool:
        row = self.matches[match_id]
        if row.status != "running" or row.worker != worker or row.epoch > epoch:
            return False
        row.worker, row.epoch, row.slept, row.wake_at = "", epoch, slept, wake_at
        return True

    def match_woken(self, *, match_id: UUID) -> None:
        self.matches[match_id].slept = None

    def matches_to_wake(self, *, now: datetime) -> list[UUID]:
        return [
            match_id
            for match_id, row in self.matches.items()
            if row.slept is not None and row.wake_at is not None and row.wake_at <= now
        ]

    def match_finish(self, *, match_id: UUID, worker: str, outcome: Outcome) -> bool:
        return self._close(
            match_id, worker, "finished", reason=outcome.reason, ranking=outcome.ranking
        )

    def match_abandon(self, *, match_ids: Iterable[UUID], worker: str, reason: str) -> int:
        return sum(self._close(one, worker, "abandoned", reason=reason) for one in match_ids)

    def match_fault(self, *, match_id: UUID, worker: str, traceback: str) -> bool:
        return self._close(match_id, worker, "faulted", reason="faulted")

    def _close(self, match_id: UUID, worker: str, status: str, **fields: Any) -> bool:
        row = self.matches[match_id]
        if row.status not in LIVE or row.worker != worker:
            return False
        row.status, row.slept = status, None
        for name, value in fields.items():
            setattr(row, name, value)
        return True

    def match_runner(self, *, match_id: UUID) -> tuple[str, int]:
        row = self.matches[match_id]
        return (row.worker if row.status == "running" else ""), row.epoch

    def matches_running(self) -> list[tuple[UUID, str]]:
        return [
            (match_id, row.worker)
            for match_id, row in self.matches.items()
            if row.status == "running" and row.worker
        ]

    def match_lives(self, *, match_id: UUID) -> bool:
        return self.matches[match_id].status in LIVE

    def matches_over(self, *, match_ids: Iterable[UUID]) -> list[UUID]:
        return [one for one in match_ids if self.matches[one].status not in LIVE]

    def matches_waiting(self, *, before: datetime) -> list[UUID]:
        return [
            match_id
            for match_id, row in self.matches.items()
            if row.status == "starting" and row.created < before
        ]

    def orders_for(
        self, *, match_ids: Iterable[UUID]
    ) -> tuple[list[UUID], list[tuple[UUID, int, str]]]:
        return [], []

    def worker_seen(self, **_: Any) -> bool:
        return False

    def worker_gone(self, **_: Any) -> None:
        return


class Database:
    """The one behind all workers, and the way to it.

    Attributes:
        away: Whether it answers nobody.
    """

    def __init__(self, world: World, lost: Callable[[str], None]) -> None:
        """``lost``: told of each match that is recorded as lost."""
        self.rows = Rows()
        self.away = False
        self._world, self._lost = world, lost
        self._rng = world.chance("database")

    async def call(self, asker: str, name: str, kwargs: dict[str, Any]) -> Any:
        await asyncio.sleep(self._rng.uniform(0.001, 0.02))
        if self.away:
            raise OperationalError("away")
        try:
            answer = getattr(self.rows, name)(**kwargs)
        except MatchLost as lost:
            self._lost(str(kwargs["match_id"]))
            answer = lost
        self._world.log(asker, name, kwargs.get("match_id", ""), type(answer).__name__)
        await asyncio.sleep(self._rng.uniform(0.001, 0.02))
        if isinstance(answer, MatchLost):
            raise answer
        if self.away:
            raise OperationalError("went away")
        return answer


class SimulatedRecords:
    """What a worker has instead of ``Records``, which needs a thread."""

    def __init__(self, database: Database, loop: Loop) -> None:
        self._database, self._loop = database, loop
        self._line = asyncio.Lock()

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One call after another, as on the one thread."""
        if isinstance(function, partial):
            function, kwargs = function.func, {**function.keywords, **kwargs}
        async with self._line:
            return await self._database.call(self._loop.name, function.__name__, kwargs)

    async def close(self) -> None:
        return


def _runs_elsewhere(row: Row, worker: str) -> bool:
    return row.status == "running" and row.worker != worker
