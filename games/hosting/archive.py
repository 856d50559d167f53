"""From the room store to the archive: what was played, before the store forgets it.

A worker archives the rooms that it runs, now and then behind a checkpoint, and all of the rest when
a match is over. It reads from the room store what everybody may read there, and says to the store
what is archived under its lease; so a worker that lost a room, or died between a file and saying
so, leaves files that its heir's overlap, and nothing else.

Nothing here is on a tick's path, and the storage has threads of its own. A storage that is away
holds up no match: the room store keeps what is not archived, within bounds, and what is lost then
is said in the log, and found by a replay.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.utils import timezone

from games import journals, services
from games.hosting.ledger import Entry, Ledger, LedgerError, Refused
from games.hosting.records import Records, alone
from games.limits import (
    ARCHIVE_BACKLOG_TICKS_MAX,
    ARCHIVE_HOLD_S,
    ARCHIVE_READ_TICKS,
    ARCHIVE_S,
    ARCHIVE_TICKS,
    ARCHIVE_WAIT_S,
    ARCHIVES_AT_ONCE_MAX,
    PRUNE_MAX,
    SEGMENT_BYTES_MAX,
)
from games.rooms.segment import End, Line, Origin, cut

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class ArchiveUnavailable(Exception):
    """The storage, or the database beside it, does not take anything now."""


class Archive:
    """The way to the storage, for all rooms of a worker."""

    def __init__(self, ledger: Ledger, records: Records, *, days: int = 0) -> None:
        """``days``: how long the journal of a match is kept after its end; 0: for ever."""
        self._ledger = ledger
        self._records = records
        self._days = days
        self._threads = ThreadPoolExecutor(ARCHIVES_AT_ONCE_MAX, thread_name_prefix="archive")
        self._turns = asyncio.Semaphore(ARCHIVES_AT_ONCE_MAX)

    async def collect(
        self,
        spec: services.RoomSpec,
        token: str,
        *,
        after: int,
        upto: int,
        end: End | None = None,
    ) -> int:
        """Archive the ticks of a room after ``after`` up to ``upto``, both of its journal.

        Args:
            after: 0 for whoever does not know what is archived: whatever the journal still has.
            end: If nothing comes after them.
        Returns:
            The last tick that is archived.
        Raises:
            ArchiveUnavailable: some of it may be archived.
            LedgerError: the same; ``LeaseLost`` if another worker has the room.
        """
        origin = Origin(
            match=spec.match,
            title=spec.title,
            seed=spec.seed,
            settings=spec.settings,
            seats=spec.seats,
        )
        async with self._turns:
            if after == 0:
                await self._mark(spec.match)
            while True:
                entries = await self._read(spec.match, after, upto)
                after = entries[0].tick - 1 if entries else upto
                last = not entries or entries[-1].tick >= upto
                await self._store(origin, after, entries, end if last else None)
                after += len(entries)
                await self._ledger.archived(spec.match, token, after)
                if last:
                    return after

    async def _mark(self, match: str) -> None:
        """First, so that no file is left of which nobody knows when it may go."""
        try:
            await self._records.call(services.match_archived, match_id=UUID(match))
        except Exception as error:
            raise ArchiveUnavailable(repr(error)) from error

    async def _read(self, match: str, after: int, upto: int) -> list[Entry]:
        """As much as a segment holds, without a gap: what is archived by somebody else meanwhile
        may leave the room store between two parts."""
        entries: list[Entry] = []
        size = 0
        while after < upto and size < SEGMENT_BYTES_MAX:
            count = min(ARCHIVE_READ_TICKS, upto - after)
            part = await self._ledger.read(match, after, count)
            part = [entry for entry in part if entry.tick <= upto]
            if not part or (entries and part[0].tick != after + 1):
                break
            entries += part
            size += sum(len(entry.payload) for entry in part)
            after = part[-1].tick
        return entries

    async def _store(
        self, origin: Origin, after: int, entries: list[Entry], end: End | None
    ) -> None:
        def store() -> None:
            lines = [Line(*entry) for entry in entries]
            for segment in cut(origin, after, lines, end):
                journals.store(segment)

        await self._call(store)

    async def close(self, match: str, token: str) -> bool:
        """Archive all of a match that is over, and have the room store forget it; False if it is
        not over, and nothing was done.

        Raises:
            ArchiveUnavailable: it is still in the room store, or was lost because that kept it for
                as long as it does.
            LedgerError: it may still be there.
        """
        try:
            closed = await self._records.call(services.match_closed, match_id=UUID(match))
        except Exception as error:
            raise ArchiveUnavailable(repr(error)) from error
        if closed is None:
            return False
        owner = await self._ledger.owner(match)
        try:
            if owner is not None and owner.tick > 0:
                end = End(closed.outcome)
                await self.collect(closed.spec, token, after=0, upto=owner.tick, end=end)
        except ArchiveUnavailable:
            if timezone.now() < closed.ended + timedelta(seconds=ARCHIVE_HOLD_S):
                raise
            logger.exception("the rest of the journal of match %s is lost", match)
        await self._ledger.forget(match, token)
        return True

    async def prune(self) -> None:
        """Remove some of the journals that are old enough."""
        if self._days:
            await self._call(services.journals_prune, days=self._days, most=PRUNE_MAX)

    async def _call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``function`` returns, on a thread of the storage's.

        Raises:
            ArchiveUnavailable: it failed, in whatever way that storage fails, or takes too long.
        """
        job = partial(alone, function, *args, **kwargs)
        try:
            async with asyncio.timeout(ARCHIVE_WAIT_S):
                return await asyncio.get_running_loop().run_in_executor(self._threads, job)
        except Exception as error:
            raise ArchiveUnavailable(repr(error)) from error

    def stop(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Collector:
    """Archives one live room, now and then."""

    def __init__(
        self,
        archive: Archive,
        ledger: Ledger,
        spec: services.RoomSpec,
        *,
        gave_up: Callable[[], None],
    ) -> None:
        """``gave_up``: called when ticks are lost to the archive, and what follows must not build
        on them."""
        self._archive, self._ledger, self._spec, self._gave_up = archive, ledger, spec, gave_up
        self._after = 0  # the last that is archived; of another worker's, whatever it still keeps
        self._loop = asyncio.get_running_loop()
        self._at = self._loop.time()
        self._busy = False

    async def behind(self, tick: int, token: str) -> None:
        """There is a checkpoint of this tick: archive what is before, if it is time."""
        waited_s = self._loop.time() - self._at
        if self._busy or (tick - self._after < ARCHIVE_TICKS and waited_s < ARCHIVE_S):
            return
        self._busy = True
        try:
            self._after = await self._archive.collect(
                self._spec, token, after=self._after, upto=tick
            )
        except Refused:
            logger.info("match %s is for another worker to archive", self._spec.match)
        except (ArchiveUnavailable, LedgerError) as error:
            logger.warning("match %s waits for the archive: %r", self._spec.match, error)
            if tick - self._after > ARCHIVE_BACKLOG_TICKS_MAX:
                await self._give_up(tick, token)
        finally:
            self._at = self._loop.time()
            self._busy = False

    async def all(self, tick: int, token: str) -> None:
        """Archive everything up to this tick, which is the last for now.

        Raises:
            ArchiveUnavailable: some of it may be archived.
            LedgerError: the same.
        """
        self._after = await self._archive.collect(self._spec, token, after=self._after, upto=tick)

    async def _give_up(self, tick: int, token: str) -> None:
        """Rather lose a journal than the room store."""
        try:
            await self._ledger.archived(self._spec.match, token, tick)
        except LedgerError:
            return
        match, first = self._spec.match, self._after + 1
        logger.error("ticks %d to %d of match %s are lost to the archive", first, tick, match)
        self._after = tick
        self._gave_up()
