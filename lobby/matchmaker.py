"""Finds matches for all who wait: one worker does, whichever is the first among those that live.

Which one that is the project says (``leads``); in it that is told by the same signs of life as who
runs the rooms. Two may believe it for a moment. What makes that harmless is the epoch in the row
``Matcher``: whoever becomes the matcher raises it, and each write of a pass is refused under an
older one. What a matcher knows besides is only read from the rows, so nothing is lost with it.

A pass reads who waits, decides (``lobby.matching``), and writes what it found, a few matches in one
transaction. It runs on a thread of its own, and pauses every few milliseconds: rooms tick in this
process, and while it computes they share one interpreter.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from games.catalog import TITLES
from lobby.codes import Refused
from lobby.feed import with_connection
from lobby.limits import (
    MATCHES_AT_ONCE_MAX,
    MATCHING_PASS_S_MAX,
    MATCHING_PAUSE_S,
    MATCHING_PERIOD_S,
    MATCHING_WORK_S,
    TICKETS_SWEEP_S,
)
from lobby.matching import Fill, Made, Ticket, matches
from lobby.matching_ports import ports
from lobby.selectors.matchmaking import (
    Pool,
    mode_of,
    rooms_open,
    rules_of,
    tickets_read,
    waiting_ids,
)
from lobby.services.matchmaking import (
    Lease,
    MatcherLost,
    matcher_take,
    matches_make,
    tickets_expire,
)

log = logging.getLogger(__name__)


class Passes:
    """What the matcher knows from one pass to the next; on one thread."""

    def __init__(self, worker: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.worker = worker
        self.lease: Lease | None = None
        self._pause = pause
        self._known: dict[int, tuple[Pool, Ticket]] = {}
        self._blocked: dict[int, set[int]] = {}
        self._first: dict[Pool, int] = {}
        self._turn = 0
        self._swept: datetime | None = None

    def resign(self) -> None:
        """Another worker has the part now."""
        self.lease = None
        self._known.clear()
        self._first.clear()

    def turn(self, now: datetime | None = None) -> int:
        """One pass; how many tickets were matched.

        Raises:
            MatcherLost: another worker took over; what this one was about to write was not.
        """
        now = now or timezone.now()
        if self.lease is None:
            self.lease = matcher_take(worker=self.worker)
            log.debug("this worker finds matches, epoch %d", self.lease.epoch)
        self._sweep(now)
        pools = self._read()
        self._turn += 1
        return sum(self._match(pool, waiting, now) for pool, waiting in sorted(pools.items()))

    def _sweep(self, now: datetime) -> None:
        if self._swept is not None and (now - self._swept).total_seconds() < TICKETS_SWEEP_S:
            return
        assert self.lease is not None
        self._swept = now
        tickets_expire(lease=self.lease, now=now)
        self._blocked.clear()
        self._learn_blocked([ticket for _, ticket in self._known.values()])

    def _read(self) -> dict[Pool, list[Ticket]]:
        """All who wait, by pool; only those are read that were not known before."""
        ids = waiting_ids()
        new = [ticket_id for ticket_id in ids if ticket_id not in self._known]
        read = tickets_read(ticket_ids=new)
        known = self._known | read if read else self._known
        self._known = {ticket_id: known[ticket_id] for ticket_id in ids if ticket_id in known}
        if read:
            self._learn_blocked([ticket for _, ticket in self._known.values()])
        pools: dict[Pool, list[Ticket]] = {}
        for pool, ticket in self._known.values():
            pools.setdefault(pool, []).append(ticket)
        return pools

    def _learn_blocked(self, waiting: list[Ticket], playing: Collection[int] = ()) -> None:
        people = {person for ticket in waiting for person in ticket.people}.union(playing)
        for one, other in ports.blocked_pairs(people) if people else ():
            self._blocked.setdefault(one, set()).add(other)
            self._blocked.setdefault(other, set()).add(one)

    def _match(self, pool: Pool, waiting: list[Ticket], now: datetime) -> int:
        """One pool; what is found is written while the rest is looked for."""
        title, name = pool
        game = TITLES[title]
        try:
            mode = mode_of(game, name)
        except Refused:
            return 0  # a mode of an older version: its tickets expire
        rooms = rooms_open(title=title, mode=mode, now=now) if game.drop_in else []
        if rooms:
            self._learn_blocked(waiting, {person for room in rooms for person in room.people})
        first = self._first.pop(pool, 0) % len(waiting)
        found = matches(
            waiting,
            rules_of(game, mode),
            now=now.timestamp(),
            rooms=rooms,
            blocked=self._blocked,
            turn=self._turn,
            first=first,
        )
        return sum(self._write(pool, some) for some in self._some(pool, first, found))

    def _some(
        self, pool: Pool, first: int, found: Iterator[Made | Fill | None]
    ) -> Iterator[list[Made | Fill]]:
        """What is found, a few at a time, for as long as a pass may take."""
        begun = worked = time.thread_time()
        some: list[Made | Fill] = []
        for match in found:
            if match is None:
                first += 1  # it is among those who wait on, before all who have their turn later
            else:
                some.append(match)
            if len(some) == MATCHES_AT_ONCE_MAX:
                yield some
                some = []
            now = time.thread_time()
            if now - worked > MATCHING_WORK_S:
                self._pause(MATCHING_PAUSE_S)
                worked = time.thread_time()
            if now - begun > MATCHING_PASS_S_MAX:
                self._first[pool] = first
                break
        if some:
            yield some

    def _write(self, pool: Pool, some: list[Made | Fill]) -> int:
        assert self.lease is not None
        done = matches_make(lease=self.lease, pool=pool, found=some)
        for ticket_id in done:
            self._known.pop(ticket_id, None)
        return len(done)


class Matchmaker:
    """The matcher of this process: it works while this worker has the part."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None

    def start(self, *, worker: str, leads: Callable[[], bool]) -> None:
        """Begin on this loop.

        Args:
            worker: The name under which this one becomes the matcher.
            leads: Whether it has the part, as far as it knows.
        """
        assert self._task is None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="matchmaker")
        self._task = asyncio.get_running_loop().create_task(self._run(Passes(worker), leads))

    async def stop(self) -> None:
        """End; a pass that runs ends first."""
        if self._task is None or self._thread is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        loop = asyncio.get_running_loop()
        with contextlib.suppress(Exception):
            await loop.run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown(wait=True)
        self._task = self._thread = None

    async def _run(self, passes: Passes, leads: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                if leads():
                    await loop.run_in_executor(self._thread, with_connection, passes.turn)
                else:
                    passes.resign()
            except MatcherLost:
                log.info("another worker finds matches now")
                passes.resign()
            except DatabaseError as error:
                log.warning("a pass of the matchmaker failed: %r", error)
            except Exception:  # nobody may wait for ever because of one bad minute
                log.exception("a pass of the matchmaker failed")
            # One that takes long is at work half of the time at the most.
            await asyncio.sleep(max(MATCHING_PERIOD_S, loop.time() - begun))


matchmaker = Matchmaker()
"""The one of this process."""
