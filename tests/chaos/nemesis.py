"""What goes wrong, when, and to whom: drawn from a seed before anything runs, then carried out.

A fault on a worker names a room, and hits whichever worker runs that room at the time: so a seed
says the same on every machine, and no fault hits a bystander only.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.cluster import LINKS, Cluster, Slot


class Kind(NamedTuple):
    """One way in which things go wrong.

    Attributes:
        weight: How often it is drawn, against the others.
        lasts_s: Seconds that what is stopped or cut stays so, or until what ended is started
            again; from, to.
    """

    name: str
    weight: int
    lasts_s: tuple[float, float]


KINDS = {
    "kill": Kind("kill -9 of a worker", 4, (0.5, 2.0)),
    "long stop": Kind("a worker stopped past its lease", 3, (0.8, 2.5)),
    "short stop": Kind("a worker stopped for less than its lease", 2, (0.05, 0.3)),
    "drain": Kind("SIGTERM to a worker", 3, (0.5, 2.0)),
    "store kill": Kind("kill -9 of the store", 2, (0.05, 1.5)),
    "store stop": Kind("the store stopped", 2, (0.8, 2.0)),
    "cut": Kind("a worker's connections to the store reset, and refused", 2, (3.0, 5.0)),
    "hole": Kind("nothing passes between a worker and the store", 2, (3.0, 5.0)),
    "mute": Kind("the store's answers to a worker do not arrive", 2, (1.0, 3.0)),
    "slow": Kind("a worker's line to the store slow, 30 to 80 ms each way", 1, (4.0, 6.0)),
}

LINE_KINDS = {"cut", "hole", "mute", "slow"}
"""Faults of the lines between a worker and the store; also what such a line is then."""
BROKEN = {"cut", "hole"}
"""Lines that carry no sign of life: others take over the rooms of a worker whose journal is at the
end of such a line."""

OWNER_WAIT_S = 3.0
"""Seconds in which a room whose owner is gone gets another; one that is over gets none."""

MOVED_S_MAX = 10.0
"""Seconds that a line stays broken beyond its time where nobody took the rooms over yet: a machine
that is busy with other things notices late."""

MENDING_S = 5.0
"""Seconds after a fault in which a worker that ended may still be missing."""

SERVING_MIN = 2
"""Workers that serve before another one is taken away."""


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        after_s: Since the fault before began.
        room: Number of the room whose owner is hit.
        lasts_s: See ``Kind``.
        link: What the lines that fail lead to (see ``cluster.LINKS``); empty for other faults.
    """

    after_s: float
    kind: str
    room: int
    lasts_s: float
    link: str = ""

    def __str__(self) -> str:
        what = f"{self.kind} to the {self.link}" if self.link else self.kind
        whom = "" if self.kind.startswith("store") else f" of room {self.room}"
        return f"+{self.after_s:.2f} s {what}{whom} for {self.lasts_s:.2f} s"

    @property
    def moves_rooms(self) -> bool:
        """Whether others must have taken over what the worker ran, before it is over."""
        return self.kind in BROKEN and self.link != "channel layer"


def draw(
    seed: int,
    seconds: float,
    rooms: int,
    pause_s: tuple[float, float] = (0.2, 3.0),
    kinds: Sequence[str] = tuple(KINDS),
) -> list[Fault]:
    """The faults of a run. A part of the pauses is shorter than what goes wrong lasts, so that one
    fault meets another."""
    rng = random.Random(seed)
    faults: list[Fault] = []
    at = 0.0
    while True:
        after_s = rng.uniform(*pause_s)
        [kind] = rng.choices(kinds, [KINDS[kind].weight for kind in kinds])
        room, lasts_s = rng.randrange(rooms), rng.uniform(*KINDS[kind].lasts_s)
        link = rng.choice(list(LINKS)) if kind in LINE_KINDS else ""
        at += after_s
        if at > seconds:
            return faults
        faults.append(Fault(after_s, kind, room, lasts_s, link))


@dataclass
class Done:
    """A fault that was carried out.

    Attributes:
        at, until: From when to when something was amiss; that a worker is missing is nothing.
        slot: Number of the worker that was hit.
        matches: The rooms that this worker ran.
        kept: Those that it still had when a fault was over that takes them from it.
    """

    fault: Fault
    at: float
    until: float = 0.0
    slot: int | None = None
    matches: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    def overlaps(self, other: "Done") -> bool:
        """Whether both were going on at some time, counting in what a restart takes."""
        return self.at < other.until + MENDING_S and other.at < self.until + MENDING_S


class Nemesis:
    """Carries faults out."""

    def __init__(
        self, cluster: Cluster, matches: list[str], owners: Callable[[], Awaitable[list[str]]]
    ) -> None:
        """``owners``: the worker of each room, by number; empty where nobody runs it."""
        self.done: list[Done] = []
        self._cluster = cluster
        self._matches = matches
        self._owners = owners
        self._last: list[str] = []
        self._mending: set[asyncio.Task[Any]] = set()
        self._failed: list[Exception] = []
        self._store_hit = False

    async def run(self, faults: list[Fault]) -> None:
        """All of them, one after another; when this returns, everything is whole again."""
        for fault in faults:
            await asyncio.sleep(fault.after_s)
            await self._inject(fault)
        while self._mending:
            await asyncio.wait(self._mending)
        if self._failed:
            raise ExceptionGroup("what was broken could not be mended", self._failed)

    async def _inject(self, fault: Fault) -> None:
        if fault.kind.startswith("store"):
            await self._store_whole()
            self._store_hit = True
            done = Done(fault, time.monotonic())
            self.done.append(done)
            self._later(self._hit_store(done))
            return
        slot = await self._victim(fault)
        done = Done(fault, time.monotonic(), slot=slot.number)
        done.matches = _of(slot, self._matches, self._last)
        self.done.append(done)
        hits = {"kill": self._kill, "drain": self._drain} | dict.fromkeys(LINE_KINDS, self._spoil)
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

    async def _spoil(self, done: Done, slot: Slot) -> None:
        fault = done.fault
        slot.cut_off = True
        await self._thread(self._cluster.turn, slot, fault.link, fault.kind)
        await asyncio.sleep(fault.lasts_s)
        if fault.moves_rooms:
            done.kept = await self._kept(slot, done.matches)
        await self._thread(self._cluster.turn, slot, fault.link, "whole")
        slot.cut_off = False
        done.until = time.monotonic()

    async def _kept(self, slot: Slot, matches: set[str]) -> set[str]:
        """Those of a worker's rooms that it still has."""
        patience = time.monotonic() + MOVED_S_MAX
        while True:
            kept = _of(slot, self._matches, await self._owners()) & matches
            if not kept or time.monotonic() > patience:
                return kept
            await asyncio.sleep(0.1)

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


def _of(slot: Slot, matches: list[str], owners: list[str]) -> set[str]:
    """The rooms of the worker at a slot; none, if the owners are not known."""
    return {match for match, owner in zip(matches, owners, strict=False) if owner == slot.id}
