"""Between a live room and the room store: what is kept, and what may be said only once it is.

What a viewer knows can be lost with no worker, because a tick is told when the store has it, and
not before. So everything that speaks of the state waits in one line, each behind its tick.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import Error as DatabaseError

from games.hosting.archive import Collector
from games.hosting.ledger import Append, Lease, LedgerError, Owner, Refused
from games.hosting.worker import Worker
from games.limits import (
    CHECKPOINT_ENTRIES_MAX,
    CHECKPOINT_S,
    HAND_OVER_S,
    RECLAIM_PAUSE_S,
    UNCOMMITTED_TICKS_MAX,
)
from games.rooms import Record, Room
from games.rooms.checkpoint import hash_of
from games.rooms.journal import Written, write_tick
from games.services import RoomSpec

logger = logging.getLogger(__name__)

Kept = asyncio.Future[Any]
"""Done when the room store has a tick; fails if it refuses it."""


class Keeper:
    """The line of one room. It ends with ``stop``.

    Attributes:
        lease: The right to write the room; a new one where the store had to be told again.
        uncommitted: Ticks that the store does not have yet.
    """

    def __init__(
        self,
        room: Room,
        lease: Lease,
        worker: Worker,
        spec: RoomSpec,
        *,
        migrated: bool = False,
        lost: Callable[[], None],
        caught_up: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Begin with a room that the store has as it is.

        Args:
            migrated: Whether it was brought to other rules than those of its last tick.
            lost: Called when the room is another worker's; nothing more is said then.
            caught_up: Called when something that waited was said.
            failed: Called with what saying something raised.
        """
        self.lease = lease
        self.uncommitted = 0
        self._newest: Kept | None = None
        self._room = room
        self._match = lease.match
        self._worker = worker
        self._lost, self._caught_up, self._failed = lost, caught_up, failed
        self._collector: Collector | None = None
        if archive := worker.archive:
            self._collector = Collector(archive, worker.ledger, spec, gave_up=self._begin_anew)
        # Short, and mostly empty; a deque would be 600 bytes all the same.
        self._waiting: list[tuple[Kept | None, Callable[[], None]]] = []
        # By tick, as written: those of which it is not known that the store has them.
        self._unkept: dict[int, bytes] = {}
        self._recovering = False
        self._asked = set[int]()  # the epochs of leases that it asked for again
        self._stopped = False
        # Since the last checkpoint; one that was migrated is made anew at once.
        self._entries = CHECKPOINT_ENTRIES_MAX if migrated else 0
        # What the next tick builds on, where those before it in the journal do not lead there.
        self._begins = room.checkpoint() if migrated or room.tick_no == 0 else b""
        self._loop = asyncio.get_running_loop()
        # Rooms that began together are not kept together.
        self._checkpoint_at = self._loop.time() + CHECKPOINT_S * (1 + secrets.randbelow(100) / 100)

    @property
    def behind(self) -> bool:
        """Whether the room must stand still: nothing more of it could be told."""
        stuck = self.uncommitted >= UNCOMMITTED_TICKS_MAX or self._worker.committer.full
        return stuck or self._recovering

    def stop(self) -> None:
        """The room is over here; what waits for a tick under way may still be said."""
        self._stopped = True

    # --- ticks and what is said of them --------------------------------------------------------

    def write(self, record: Record, *, ends: bool = False) -> Kept:
        """Have the tick that the room just made kept; now and then the whole room, behind it."""
        self._entries += len(record.entries)
        now = self._loop.time()
        due = self._entries > 0 and now >= self._checkpoint_at
        if not due and not ends and self._entries < CHECKPOINT_ENTRIES_MAX:
            return self._put(record)
        self._entries, self._checkpoint_at = 0, now + CHECKPOINT_S
        blob = self._room.checkpoint()
        kept = self._put(record, hash_of(blob))
        keep = partial(self._keep, record.tick, blob)
        kept.add_done_callback(lambda kept: kept.exception() or self._worker.spawn(keep()))
        return kept

    def _put(self, record: Record, hashed: str = "") -> Kept:
        rules, begins, self._begins = self._room.game.version, self._begins, b""
        written = Written(self._worker.clock_ms, record, hashed, rules, begins)
        token, payload = self.lease.token, write_tick(written)
        kept = self._worker.committer.put(self._match, token, record.tick, payload)
        self._unkept[record.tick] = payload
        kept.add_done_callback(lambda kept: kept.exception() or self._unkept.pop(record.tick, b""))
        return kept

    async def _keep(self, tick: int, blob: bytes) -> None:
        try:
            await self._worker.ledger.checkpoint(self._match, self.lease.token, tick, blob)
        except LedgerError as error:
            return logger.info("no checkpoint of %s at tick %d: %r", self._match, tick, error)
        if self._collector is not None:
            await self._collector.behind(tick, self.lease.token)

    def _begin_anew(self) -> None:
        """What is in the journal does not lead to the next tick any more."""
        self._begins = self._room.checkpoint()

    def after(self, kept: Kept | None, say: Callable[[], None]) -> None:
        """Say something once a tick is kept, and all that was to be said before has been."""
        if kept is None and not self._waiting:
            return say()
        self._waiting.append((kept, say))
        if kept is not None:
            self.uncommitted += 1
            self._newest = kept
            kept.add_done_callback(self._on_kept)

    def _on_kept(self, kept: Kept) -> None:
        self.uncommitted -= 1
        if isinstance(kept.exception(), Refused):
            self._recover()
        elif kept.exception() is None:
            self._say_waiting()

    def _say_waiting(self) -> None:
        """Say what waits, up to the first tick that is not kept."""
        while self._waiting and _is_kept(self._waiting[0][0]):
            _, say = self._waiting.pop(0)
            try:
                say()
            except Exception as error:  # noqa: BLE001 - a view that cannot be encoded, say
                self._failed(error)
        self._caught_up()

    # --- when the store says otherwise ---------------------------------------------------------

    def check_lease(self, token: str) -> None:
        """The room store says that this is the token of the room; empty: it knows none."""
        if token != self.lease.token and self._room.outcome is None:
            self._recover()

    def _recover(self) -> None:
        """The store refuses us: either another worker has the room, or the store lost something.

        Until that is known the room stands still, and what was not kept is told to nobody.
        """
        if not self._recovering and not self._stopped:
            self._recovering = True
            self._worker.spawn(self._reclaim())

    async def _reclaim(self) -> None:
        """Take the room again, if nobody had it after us, and give the store what it lost."""
        while not self._stopped:
            try:
                if not await self._restore():
                    return self._lose()
                break
            except Refused:
                return self._lose()
            except (LedgerError, DatabaseError) as error:
                logger.info("match %s waits for the room store: %r", self._match, error)
                await asyncio.sleep(RECLAIM_PAUSE_S)
        else:  # it stopped before that: what was not kept is told to nobody
            return self._waiting.clear()
        # All that waits is in the checkpoint that the store has now.
        self._waiting = [(None, say) for _, say in self._waiting]
        self._recovering = False
        self._say_waiting()

    async def _restore(self) -> bool:
        """False if the room has a later owner."""
        ledger, epoch = self._worker.ledger, self.lease.epoch
        owner = await ledger.owner(self._match)
        if owner is None and not await self._runs_here():
            return False  # and the store lost what became of it
        if owner is not None and owner.epoch > epoch and not self._is_mine(owner):
            return False
        seen = owner.token if owner else ""
        self._asked.add(max(owner.epoch if owner else 0, epoch) + 1)
        lease = await ledger.acquire(self._match, self._worker.id, seen, epoch)
        if not isinstance(lease, Lease):
            return False
        self.lease = lease
        if await self._goes_on(lease):
            logger.info("match %s has its lease again", self._match)
        else:
            tick, blob = self._room.tick_no, self._room.checkpoint()
            await ledger.restore(self._match, lease.token, tick, blob)
            self._begin_anew()
            logger.warning("the room store lost some of match %s; it has all again", self._match)
        self._unkept.clear()
        return True

    async def _goes_on(self, lease: Lease) -> bool:
        """Write what the store has not got yet, if that follows what it has: it lost the lease
        alone, or somebody gave it up who did not hear that the room runs. The journal stays."""
        missing = [tick for tick in sorted(self._unkept) if tick > lease.tick]
        if missing != list(range(lease.tick + 1, self._room.tick_no + 1)):
            return False
        ticks = [Append(self._match, lease.token, tick, self._unkept[tick]) for tick in missing]
        return all(verdict.accepted for verdict in await self._worker.ledger.append(ticks))

    def _is_mine(self, owner: Owner) -> bool:
        """Whether that is a lease of this room's own asking, and only its answer was lost. One that
        another worker acquired for this one is not: the room was played elsewhere meanwhile."""
        return owner.worker == self._worker.id and owner.epoch in self._asked

    async def _runs_here(self) -> bool:
        """Whether nobody has opened the match after us, as its row says."""
        runner, _ = await self._worker.runner_of(self._match)
        return runner == self._worker.id

    def _lose(self) -> None:
        """The room is another worker's now. Nothing of what was not kept is told to anyone."""
        self._waiting.clear()
        if not self._stopped:
            self._stopped = True
            logger.warning("match %s is another worker's now", self._match)
            self._lost()

    # --- the end -------------------------------------------------------------------------------

    async def settled(self) -> None:
        """Wait until no tick is under way; the room makes none any more."""
        while self.uncommitted and self._newest is not None:
            await asyncio.wait([self._newest])

    def checkpoint_soon(self) -> None:
        """Have the whole room kept behind its next tick, for who will go on from there."""
        self._entries = CHECKPOINT_ENTRIES_MAX

    async def hand_over(self, heir: str, *, whole: bool) -> Lease | None:
        """Leave the room to another worker, in whose name it is acquired; None: it was another's
        already, or is free, which is how nobody inherits it (``heir`` is empty).

        Args:
            whole: Whether who goes on cannot play the last ticks again, under its rules.
        Raises:
            LedgerUnavailable: it may have to be found by its silence.
        """
        await self.settled()
        ledger, token = self._worker.ledger, self.lease.token
        if whole and self._room.outcome is None:
            tick, blob = self._room.tick_no, self._room.checkpoint()
            with contextlib.suppress(Refused):
                await ledger.checkpoint(self._match, token, tick, blob)
        if not heir:
            await ledger.release(self._match, token)
            return None
        lease = await ledger.acquire(self._match, heir, token)
        return lease if isinstance(lease, Lease) else None

    async def archive(self) -> None:
        """Have all of the journal archived; the room makes no tick meanwhile.

        Raises:
            ArchiveUnavailable: the room store has to keep it.
            LedgerError: the same.
        """
        await self.settled()
        if self._collector is not None:
            await self._collector.all(self._room.tick_no, self.lease.token)

    async def forget(self) -> None:
        """The match is over: the room store need not keep it, once its journal is archived."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_S):
                await self.settled()
        await self._worker.forget(self._match, self.lease.token)


def _is_kept(kept: Kept | None) -> bool:
    return kept is None or (kept.done() and kept.exception() is None)
