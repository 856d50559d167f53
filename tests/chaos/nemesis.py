"""What goes wrong, when, and to whom: drawn from a seed before anything runs, then carried out.

A fault on a worker names a room, and hits whichever worker runs that room at the time: so a seed
says the same on every machine, and no fault hits a bystander only.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.cluster import Cluster, Slot

KINDS = {
    "kill": "kill -9 of a worker",
    "long stop": "a worker stopped past its lease",
    "short stop": "a worker stopped for less than its lease",
    "drain": "SIGTERM to a worker",
    "store kill": "kill -9 of the store",
    "store stop": "the store stopped",
}

WEIGHTS = {
    "kill": 4,
    "long stop": 3,
    "short stop": 2,
    "drain": 3,
    "store kill": 2,
    "store stop": 2,
}

LASTS_S = {
    "kill": (0.5, 2.0),
    "long stop": (0.8, 2.5),
    "short stop": (0.05, 0.3),
    "drain": (0.5, 2.0),
    "store kill": (0.05, 1.5),
    "store stop": (0.8, 2.0),
}
"""Seconds that what is stopped stays so, or until what ended is started again; from, to."""

OWNER_WAIT_S = 3.0
"""Seconds in which a room whose owner is gone gets another; one that is over gets none."""

SERVING_MIN = 2
"""Workers that serve before another one is taken away."""


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        after_s: Since the fault before began.
        room: Number of the room whose owner is hit.
        lasts_s: See ``LASTS_S``.
    """

    after_s: float
    kind: str
    room: int
    lasts_s: float

    def __str__(self) -> str:
        lasts = f" for {self.lasts_s:.2f} s" if self.lasts_s else ""
        whom = "" if self.kind.startswith("store") else f" of room {self.room}"
        return f"+{self.after_s:.2f} s {self.kind}{whom}{lasts}"


def draw(
    seed: int, seconds: float, rooms: int, pause_s: tuple[float, float] = (0.2, 3.0)
) -> list[Fault]:
    """The faults of a run. A part of the pauses is shorter than what goes wrong lasts, so that one
    fault meets another."""
    rng = random.Random(seed)
    faults: list[Fault] = []
    at = 0.0
    while True:
        after_s = rng.uniform(*pause_s)
        [kind] = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
        room, lasts_s = rng.randrange(rooms), rng.uniform(*LASTS_S[kind])
        at += after_s
        if at > seconds:
            return faults
        faults.append(Fault(after_s, kind, room, lasts_s))


@dataclass
class Done:
    """A fault that was carried out.

    Attributes:
        at, until: From when to when something was amiss; that a worker is missing is nothing.
        slot: Number of the worker that was hit.
        matches: The rooms that this worker ran.
    """

    fault: Fault
    at: float
    until: float = 0.0
    slot: int | None = None
    matches: set[str] = field(default_factory=set)


class Nemesis:
    """Carries faults out."""

    def __init__(self, cluster: Cluster, owners: Callable[[], Awaitable[list[str]]]) -> None:
        """``owners``: the worker of each room, by number; empty where nobody runs it."""
        self.done: list[Done] = []
        self._cluster = cluster
        self._owners = owners
        self._last: list[str] = []
        self._mending: set[asyncio.Task[Any]] = set()
        self._failed: list[Exception] = []
        self._store_hit = False

    async def run(self, faults: list[Fault], matches: list[str]) -> None:
        """All of them, one after another; when this returns, everything is whole again."""
        for fault in faults:
            await asyncio.sleep(fault.after_s)
            await self._inject(fault, matches)
        while self._mending:
            await asyncio.wait(self._mending)
        if self._failed:
            raise ExceptionGroup("what was broken could not be mended", self._failed)

    async def _inject(self, fault: Fault, matches: list[str]) -> None:
        if fault.kind.startswith("store"):
            await self._store_whole()
            self._store_hit = True
            done = Done(fault, time.monotonic())
            self.done.append(done)
            self._later(self._hit_store(done))
            return
        slot = await self._victim(fault)
        done = Done(fault, time.monotonic(), slot=slot.number)
        owned = zip(matches, self._last, strict=False)
        done.matches = {match for match, owner in owned if owner == slot.id}
        self.done.append(done)
        hits = {"kill": self._kill, "drain": self._drain}
        self._later(hits.get(fault.kind, self._stop)(done, slot))

    async def _victim(self, fault: Fault) -> Slot:
        """Who is hit; later, while only one worker serves. Anyone, if nobody runs the room."""
        patience = time.monotonic() + OWNER_WAIT_S
        while True:
            self._last = await self._owners() or self._last
            serving = self._cluster.serving()
            slot = self._cluster.of(self._last[fault.room]) if self._last else None
            if (slot is None or not slot.serves) and time.monotonic() > patience:
                slot = serving[fault.room % len(serving)] if serving else None
            if slot is not None and slot.serves and len(serving) >= SERVING_MIN:
                return slot
            await asyncio.sleep(0.05)

    async def _store_whole(self) -> None:
        while self._store_hit:  # noqa: ASYNC110 - it is over in two seconds
            await asyncio.sleep(0.05)

    def _later(self, mending: Any) -> None:
        task = asyncio.create_task(mending)
        self._mending.add(task)
        task.add_done_callback(self._mended)

    def _mended(self, task: "asyncio.Task[Any]") -> None:
        self._mending.discard(task)
        if isinstance(error := task.exception(), Exception):
            self._failed.append(error)

    # --- the faults ----------------------------------------------------------------------------

    async def _kill(self, done: Done, slot: Slot) -> None:
        await self._thread(self._cluster.kill, slot)
        done.until = time.monotonic()
        await asyncio.sleep(done.fault.lasts_s)
        await self._thread(self._cluster.restart, slot)

    async def _drain(self, done: Done, slot: Slot) -> None:
        await self._thread(self._cluster.drain, slot)
        done.until = time.monotonic()
        await asyncio.sleep(done.fault.lasts_s)
        await self._thread(self._cluster.restart, slot)

    async def _stop(self, done: Done, slot: Slot) -> None:
        self._cluster.stop(slot)
        await asyncio.sleep(done.fault.lasts_s)
        self._cluster.go_on(slot)
        done.until = time.monotonic()

    async def _hit_store(self, done: Done) -> None:
        store = self._cluster.store
        if done.fault.kind == "store kill":
            store.signal(signal.SIGKILL)
            await asyncio.sleep(done.fault.lasts_s)
            await self._thread(store.start)
        else:
            store.signal(signal.SIGSTOP)
            await asyncio.sleep(done.fault.lasts_s)
            store.signal(signal.SIGCONT)
        done.until = time.monotonic()
        self._store_hit = False

    async def _thread(self, job: Callable[..., Any], *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._cluster.threads, job, *args)
