"""Where a room runs, and who runs it if nobody does.

A worker that may not run a room asks one that may. One whose rules cannot go on with a match passes
it on to a worker with other rules; when all were asked nobody can, and the match is abandoned.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.db import Error as DatabaseError

from games import selectors, services
from games.hosting.ledger import HOLLOW, Checkpoint, Lease, LedgerError, Loaded, Owner
from games.hosting.relay import Found, Run, Where
from games.hosting.roles import by_weight, same_rules
from games.limits import ROOMS_PER_WORKER_MAX, WHERE_WAIT_S
from games.protocol.codes import Close, Code, ProtocolError

if TYPE_CHECKING:
    from games.hosting.worker import Worker

logger = logging.getLogger(__name__)

RoomApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
"""The ASGI application that runs one room: scope, receive, send. It says ``room.ready`` when the
room is in ``worker.rooms``, or ``room.wrong_rules`` and ends, or ends without a word."""


class Finder:
    """Finds rooms, and opens them."""

    def __init__(self, worker: "Worker", room_app: RoomApp) -> None:
        self._worker = worker
        self._room_app = room_app
        self._opening: dict[str, asyncio.Task[str]] = {}
        self._closers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._asked: dict[str, asyncio.Future[Found]] = {}

    def is_opening(self, match: str) -> bool:
        """Whether this worker is about to find or to run this room."""
        return match in self._opening

    async def locate(self, match: str) -> str:
        """The worker that runs ``match``; this one, which takes it, if nobody alive does.

        Raises:
            ProtocolError: ``match_over``, ``room_lost``, ``room_faulted``, ``worker_full``,
                ``room_unreachable`` or ``shutting_down``.
        """
        if match in self._worker.rooms:
            return self._worker.id
        return await self._once(match, self._find_or_open)

    async def _once(self, match: str, find: Callable[[str], Awaitable[str]]) -> str:
        """What ``find`` finds; whoever asks meanwhile is told the same."""
        if match not in self._opening:

            async def run() -> str:
                return await find(match)

            task = self._opening[match] = self._worker.spawn(run())
            task.add_done_callback(lambda _: self._opening.pop(match, None))
        try:
            return await asyncio.shield(self._opening[match])
        except (LedgerError, DatabaseError) as error:
            logger.warning("no way to the room of %s: %r", match, error)
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE) from error

    async def _find_or_open(self, match: str) -> str:
        worker = self._worker
        owner = await worker.ledger.owner(match)
        if owner and owner.worker not in {"", worker.id} and worker.lives(owner.worker):
            return owner.worker
        if not worker.takes_rooms:
            return await self._ask_hosts(match)
        return await self._open(match, owner)

    # --- rooms that run here -------------------------------------------------------------------

    @property
    def _is_full(self) -> bool:
        """Whether no more rooms fit into this worker."""
        return len(self._worker.rooms) >= ROOMS_PER_WORKER_MAX

    async def _open(self, match: str, owner: Owner | None, asked: Run | None = None) -> str:
        worker = self._worker
        epoch = 0
        if owner is None:
            runner, epoch = await worker.runner_of(match)
            if runner not in {"", worker.id} and worker.lives(runner):
                # The room store forgot a room that lives; its owner will say so to the store.
                raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
        if self._is_full:
            raise ProtocolError(Code.WORKER_FULL, Close.UNAVAILABLE)
        lease = await worker.ledger.acquire(match, worker.id, owner.token if owner else "", epoch)
        if isinstance(lease, Owner):
            if not lease.worker:  # it was given up at this very moment; whoever asks again gets it
                raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
            return lease.worker
        await self._start(match, lease, asked)
        return worker.id

    async def _start(self, match: str, lease: Lease, asked: Run | None) -> None:
        worker = self._worker
        spec = await self._spec(match, lease, asked)
        loaded = await self._load(match, lease, spec)
        ready = asyncio.get_running_loop().create_future()
        self._closers[match] = asyncio.get_running_loop().create_future()
        running = worker.spawn(self._run_room(match, spec, lease, loaded, asked, ready))
        await asyncio.wait((ready, running), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            running.result()  # what fails besides its rules is no reason to forget a room
            await worker.drop(match, lease.token)
            raise ProtocolError(Code.ROOM_FAULTED, Close.FAULTED)
        if ready.result() == "room.wrong_rules":
            await self._pass_on(match, lease.token, asked)

    async def _spec(self, match: str, lease: Lease, asked: Run | None) -> services.RoomSpec:
        worker = self._worker
        resumable = bool(lease.before) and lease.tick != HOLLOW
        if asked is not None and asked.spec is not None and asked.lease and resumable:
            return asked.spec
        try:
            spec = await worker.records.call(
                services.match_open,
                match_id=UUID(match),
                worker=worker.id,
                epoch=lease.epoch,
                resumable=resumable,
            )
        except services.MatchLost:
            await worker.drop(match, lease.token)
            raise ProtocolError(Code.ROOM_LOST, Close.GONE) from None
        if spec is None:
            if await worker.records.call(selectors.match_lives, match_id=UUID(match)):
                # Another worker took it before we were this far; it may have gone to sleep there.
                await worker.ledger.release(match, lease.token)
                raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
            await worker.drop(match, lease.token)
            raise ProtocolError(Code.MATCH_OVER, Close.NOT_FOUND)
        return spec

    async def _load(self, match: str, lease: Lease, spec: services.RoomSpec) -> Loaded:
        """What the room is made of."""
        ledger = self._worker.ledger
        if spec.slept is None:
            return await ledger.load(match, lease.token)
        slept = spec.slept
        await ledger.restore(match, lease.token, slept.tick, slept.room)
        await self._worker.records.call(services.match_woken, match_id=UUID(match))
        return Loaded(Checkpoint(slept.tick, slept.room), [])

    async def _run_room(
        self,
        match: str,
        spec: services.RoomSpec,
        lease: Lease,
        loaded: Loaded,
        asked: Run | None,
        ready: "asyncio.Future[str]",
    ) -> None:
        worker = self._worker
        # Clocks of two workers have nothing to do with each other: what was heard of the owner
        # before counts only if it wrote the last tick as well.
        its_tick = bool(loaded.entries) and loaded.entries[-1].epoch == lease.epoch - 1
        beats = await worker.ledger.beats() if its_tick else {}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "room.ready" and (lease.before or spec.slept):
                self._goes_on(match, spec.slept.tick if spec.slept else lease.tick, asked)
            ready.set_result(message["type"])

        scope = {
            "type": "room",
            "match": match,
            "spec": spec,
            "lease": lease,
            "loaded": loaded,
            "heard_ms": beats.get(lease.before),
            "worker": worker,
        }
        closer = self._closers[match]
        try:
            await self._room_app(scope, lambda: closer, send)
        finally:
            if self._closers.get(match) is closer:  # it may have come back meanwhile
                worker.rooms.pop(match, None)
                del self._closers[match]

    def _goes_on(self, match: str, tick: int, asked: Run | None) -> None:
        """Tell all sockets that the room runs here now, and let those in that were in before.

        In this order, and before its first tick: a socket takes no word from who is not the owner.
        """
        worker = self._worker
        logger.info("match %s goes on here, from tick %d", match, tick)
        viewers = [viewer for viewer in asked.viewers if worker.keeps(viewer)] if asked else []
        worker.tell_moved(match, worker.id, viewers)
        for viewer in viewers:
            worker.post(match, worker.id, viewer)

    def close(self, match: str) -> None:
        """Have a room's application end."""
        closer = self._closers.get(match)
        if closer is not None and not closer.done():
            closer.set_result({"type": "room.close"})

    # --- rooms that others are to run ----------------------------------------------------------

    def heir(self, match: str) -> str:
        """The worker that is to take a room from this one: one with its rules, if there is one."""
        order = by_weight(match, self._worker.hosts)
        order.sort(key=lambda host: not same_rules(host, self._worker.id))
        return order[0] if order else ""

    async def _pass_on(self, match: str, token: str, asked: Run | None) -> None:
        """The rules here cannot go on with this match.

        Raises:
            ProtocolError: ``room_unreachable`` if a worker with other rules is to try, else
                ``room_lost``.
        """
        worker = self._worker
        tried = [*(asked.tried if asked else ()), worker.id]
        last = asked.last if asked else ""
        order = by_weight(match, (host for host in worker.hosts if not _in(tried, host)))
        order += [last] if last and last not in tried and worker.lives(last) else []
        if order:
            await worker.ledger.release(match, token)
            self._worker.courier.down(order[0], Run(match, tried, last))
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
        await worker.records.call(
            services.match_abandon,
            match_ids=[UUID(match)],
            worker=worker.id,
            reason="rules_changed",
        )
        await worker.drop(match, token)
        raise ProtocolError(Code.ROOM_LOST, Close.GONE)

    def hear(self, message: Where | Found | Run) -> None:
        """Another worker has a word about a room."""
        match message:
            case Where() as asked:
                self._worker.spawn(self._answer(asked))
            case Found() as found:
                self._found(found)
            case Run() as asked:
                self._worker.spawn(self._run(asked))

    async def _run(self, asked: Run) -> None:
        """Another worker wants this one to take a room that it cannot run, or not any longer."""
        worker = self._worker

        async def find(match: str) -> str:
            if asked.lease is not None:
                return await self._inherit(asked, asked.lease)
            owner = await worker.ledger.owner(match)
            if owner and owner.worker and worker.lives(owner.worker):
                return owner.worker
            if asked.last == worker.id:
                worker.came_back(match)
            elif not worker.takes_rooms:
                raise ProtocolError(Code.SHUTTING_DOWN, Close.UNAVAILABLE)
            return await self._open(match, owner, asked)

        if asked.match not in worker.rooms:
            try:
                await self._once(asked.match, find)
            except ProtocolError as error:
                logger.info("match %s was not taken over: %s", asked.match, error.code)

    async def _inherit(self, asked: Run, lease: Lease) -> str:
        """Go on with a room that another worker has acquired for this one; the worker that does."""
        worker, match = self._worker, asked.match
        if worker.takes_rooms and not self._is_full:
            await self._start(match, lease, asked)
            return worker.id
        heir = self.heir(match)
        if heir in {"", asked.last}:
            await worker.ledger.release(match, lease.token)
            raise ProtocolError(Code.WORKER_FULL, Close.UNAVAILABLE)
        handed = await worker.ledger.acquire(match, heir, lease.token)
        if isinstance(handed, Lease):
            worker.courier.down(heir, msgspec.structs.replace(asked, lease=handed, spec=None))
        return heir

    async def _ask_hosts(self, match: str) -> str:
        """Have a host find the room, or open it.

        Raises:
            ProtocolError: what the hosts said; ``room_unreachable`` if there is none.
        """
        refused = ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
        for host in by_weight(match, self._worker.hosts):
            answer = self._asked[match] = asyncio.get_running_loop().create_future()
            self._worker.courier.down(host, Where(match, self._worker.id))
            try:
                async with asyncio.timeout(WHERE_WAIT_S):
                    found = await answer
            except TimeoutError:
                continue
            finally:
                self._asked.pop(match, None)
            if found.owner:
                return found.owner
            refused = ProtocolError(Code(found.code), Close(found.close))
            if refused.close != Close.UNAVAILABLE:
                break
        raise refused

    async def _answer(self, asked: Where) -> None:
        """Another worker, which runs no rooms, asks where one is."""
        try:
            found = Found(asked.match, await self.locate(asked.match))
        except ProtocolError as error:
            found = Found(asked.match, "", error.code, error.close)
        self._worker.courier.down(asked.asker, found)

    def _found(self, found: Found) -> None:
        answer = self._asked.get(found.match)
        if answer is not None and not answer.done():
            answer.set_result(found)


def _in(tried: Iterable[str], host: str) -> bool:
    """Whether rules like this host's were tried."""
    return any(same_rules(host, other) for other in tried)
