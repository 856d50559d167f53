"""One server process, in both its parts: host of rooms, and keeper of sockets.

A room runs in the worker that has its lease; sockets find it there, whichever worker they came in
at. When that worker falls silent any other takes its rooms over, reads what the room store has of
them, and tells all workers, so that sockets move to it. Small loops keep this true: signs of life,
the sweep of rows whose message was lost, and what other workers' rooms tell the sockets here.
"""

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec
from channels.layers import BaseChannelLayer
from django.db import Error as DatabaseError
from django.utils import timezone
from redis.exceptions import RedisError

from games import selectors, services
from games.hosting.fanout import together
from games.hosting.ledger import Lease, Ledger, LedgerError, Loaded, Owner
from games.hosting.ledger.committer import Committer
from games.hosting.ledger.watch import Watch
from games.hosting.meter import Meter
from games.hosting.records import Records
from games.hosting.relay import (
    Courier,
    Down,
    End,
    Moved,
    Publish,
    Remove,
    Socket,
    Tell,
    Up,
    decode_down,
    gateway_channel,
    room_channel,
)
from games.limits import (
    ADOPTIONS_AT_ONCE_MAX,
    BEAT_S,
    BEAT_WAIT_S,
    HAND_OVER_S,
    LAST_WORDS_S,
    LAYER_RETRY_S,
    LEASE_S,
    ROOMS_PER_WORKER_MAX,
    TICKET_TTL_S,
    UNOWNED_S,
)
from games.protocol.codec import frame
from games.protocol.codes import Close, Code, ProtocolError, error_message

logger = logging.getLogger(__name__)

RoomApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
"""The ASGI application that runs one room: scope, receive, send."""


class LiveRoom(Protocol):
    """A room of this process."""

    def take(self, message: Up) -> None:
        """Something arrives for the room."""

    def gateways(self) -> set[str]:
        """The other workers that keep sockets of this room's viewers."""

    def gateway_lost(self, gateway: str) -> None:
        """That worker is dead, and the sockets it kept are gone."""

    def check_lease(self, token: str) -> None:
        """The room store says that this is the token of the room; empty: it knows none."""

    async def hand_over(self) -> None:
        """Stop at a tick, and leave everything to whoever goes on with the room."""


class RemoteSocket(Socket, Protocol):
    """A socket here that looks at a room of another worker."""

    viewer: str
    match: str
    owner: str
    welcomed: bool
    seat: int | None

    def moved(self, owner: str) -> None:
        """The room has another owner now; its id, or nothing where it has to be found."""


class Worker:
    """Rooms and sockets of this process, and the way to all others."""

    def __init__(
        self,
        *,
        open_ledger: Callable[[], Awaitable[Ledger]],
        layer: BaseChannelLayer,
        room_app: RoomApp,
        lease_s: float = LEASE_S,
    ) -> None:
        """``lease_s``: how long another worker must be silent before its rooms are taken over."""
        self.id = secrets.token_hex(8)
        self.ledger: Ledger
        self.committer: Committer
        self.beats = Watch(lease_s)
        self._lease_s = lease_s
        self._beaten_at = 0.0  # when this worker's last sign of life was answered
        self.layer = layer
        self.courier = Courier(layer)
        self.records = Records()
        self.meter = Meter()
        self.rooms: dict[str, LiveRoom] = {}
        self.sockets: dict[str, Socket] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._open_ledger = open_ledger
        self._room_app = room_app
        self._opening: dict[str, asyncio.Task[str]] = {}
        self._closers: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._watching: defaultdict[str, dict[str, RemoteSocket]] = defaultdict(dict)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._others: set[str] = set()  # workers that live
        self._silent: set[str] = set()
        self._adopting = asyncio.Semaphore(ADOPTIONS_AT_ONCE_MAX)
        self._stopping = False

    # --- from start to stop ------------------------------------------------------------------

    async def start(self) -> None:
        """Open the room store, show a first sign of life, and begin to serve.

        Raises:
            LedgerError: there is no room store, or another process has it.
        """
        self.loop = asyncio.get_running_loop()
        self.ledger = await self._open_ledger()
        self.committer = Committer(self.ledger)
        await self.ledger.beat(self.id, self.clock_ms)
        for loop in (self.courier.run, self._listen, self.committer.run):
            self.spawn(loop())
        self.spawn(self._every(BEAT_S, self._beat))
        self.spawn(self._every(UNOWNED_S, self._sweep))

    async def stop(self) -> None:
        """Leave the rooms to others, tell everybody, and go."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_S):
                rooms = list(self.rooms.values())
                await asyncio.gather(*(room.hand_over() for room in rooms), return_exceptions=True)
        for viewer, socket in list(self.sockets.items()):
            last = frame(error_message(Code.SHUTTING_DOWN), encoding=socket.encoding)
            socket.told(Tell(viewer, last, close=Close.UNAVAILABLE))
        await self._last_words()
        with contextlib.suppress(LedgerError):
            await self.ledger.farewell(self.id)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.records.close()
        await self.ledger.close()

    @property
    def clock_ms(self) -> int:
        """Milliseconds of this process's monotonic clock."""
        return int(asyncio.get_running_loop().time() * 1000)

    async def _last_words(self) -> None:
        """Let the sockets write what they were told, and close; not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                while self.sockets:  # noqa: ASYNC110 - each leaves the map by itself
                    await asyncio.sleep(0.01)

    def spawn(self, job: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a job in the background; it ends with the worker."""
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or isinstance(task.exception(), ProtocolError | None):
            return
        logger.error("a job of this worker failed", exc_info=task.exception())

    async def spend(self, nonce: str) -> bool:
        """Use up the nonce of a ticket; False if it was used before.

        Raises:
            ProtocolError: ``room_unreachable``.
        """
        try:
            # An expired ticket is refused before its nonce is looked at.
            return await self.ledger.spend(nonce, TICKET_TTL_S + 1)
        except LedgerError as error:
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE) from error

    # --- finding and opening rooms -----------------------------------------------------------

    async def locate(self, match: str) -> str:
        """The worker that runs ``match``; this one, which takes it, if nobody alive does.

        Raises:
            ProtocolError: ``match_over``, ``room_faulted``, ``worker_full``, ``room_unreachable``
                or ``shutting_down``.
        """
        if match in self.rooms:
            return self.id
        if match not in self._opening:
            task = self._opening[match] = self.spawn(self._find_or_open(match))
            task.add_done_callback(lambda _: self._opening.pop(match, None))
        try:
            return await asyncio.shield(self._opening[match])
        except (LedgerError, DatabaseError) as error:
            logger.warning("no way to the room of %s: %r", match, error)
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE) from error

    async def _find_or_open(self, match: str) -> str:
        owner = await self.ledger.owner(match)
        if owner and owner.worker not in {"", self.id} and not self.beats.is_silent(owner.worker):
            return owner.worker
        if self._stopping:
            raise ProtocolError(Code.SHUTTING_DOWN, Close.UNAVAILABLE)
        if owner is None and await self._runs_elsewhere(match):
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
        if len(self.rooms) >= ROOMS_PER_WORKER_MAX:
            raise ProtocolError(Code.WORKER_FULL, Close.UNAVAILABLE)
        lease = await self.ledger.acquire(match, self.id, owner.token if owner else "")
        if isinstance(lease, Owner):
            if not lease.worker:  # it was given up at this very moment; whoever asks again gets it
                raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
            return lease.worker
        await self._start_room(match, lease)
        return self.id

    async def _runs_elsewhere(self, match: str) -> bool:
        """Whether the room store forgot a room that lives: its owner will say so to the store."""
        runner = await self.records.call(selectors.match_runner, match_id=UUID(match))
        return runner not in {"", self.id} and not self.beats.is_silent(runner)

    async def _start_room(self, match: str, lease: Lease) -> None:
        try:
            spec = await self.records.call(
                services.match_open,
                match_id=UUID(match),
                worker=self.id,
                epoch=lease.epoch,
                resumable=bool(lease.before),
            )
        except services.MatchLost:
            await self.ledger.forget(match, lease.token)
            raise ProtocolError(Code.ROOM_LOST, Close.GONE) from None
        if spec is None:
            if await self.ledger.forget(match, lease.token):
                raise ProtocolError(Code.MATCH_OVER, Close.NOT_FOUND)
            # It is not over: another worker took it from us before we were this far.
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
        loaded = await self.ledger.load(match, lease.token)
        # Clocks of two workers have nothing to do with each other: what was heard of the owner
        # before counts only if it wrote the last tick as well.
        beats = await self.ledger.beats() if lease.before else {}
        its_tick = bool(loaded.entries) and loaded.entries[-1].epoch == lease.epoch - 1
        heard_ms = beats.get(lease.before) if its_tick else None
        ready = asyncio.get_running_loop().create_future()
        self._closers[match] = asyncio.Queue()
        running = self.spawn(self._run_room(match, spec, lease, loaded, heard_ms, ready))
        await asyncio.wait((ready, running), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            running.result()  # what fails besides its rules is no reason to forget a room
            await self.ledger.forget(match, lease.token)
            raise ProtocolError(Code.ROOM_FAULTED, Close.FAULTED)
        if lease.before:
            logger.info("match %s goes on here, from tick %d", match, lease.tick)
            self._tell_moved(match)

    async def _run_room(
        self,
        match: str,
        spec: services.RoomSpec,
        lease: Lease,
        loaded: Loaded,
        heard_ms: int | None,
        ready: "asyncio.Future[None]",
    ) -> None:
        async def send(message: dict[str, Any]) -> None:
            assert message["type"] == "room.ready"
            ready.set_result(None)

        scope = {
            "type": "room",
            "match": match,
            "spec": spec,
            "lease": lease,
            "loaded": loaded,
            "heard_ms": heard_ms,
            "worker": self,
            "channel": room_channel(self.id, match),
        }
        closer = self._closers[match]
        try:
            await self._room_app(scope, closer.get, send)
        finally:
            if self._closers.get(match) is closer:  # it may have come back meanwhile
                self.rooms.pop(match, None)
                del self._closers[match]

    def _tell_moved(self, match: str) -> None:
        """Tell all workers where this room runs now."""
        moved = Moved(match, self.id)
        for worker in sorted(self._others):
            self.courier.post(gateway_channel(worker), "gateway.down", moved)
        self._on_moved(moved)

    def _on_moved(self, moved: Moved) -> None:
        for socket in list(self._watching.get(moved.match, {}).values()):
            # One that asked there before the room was ready would wait until it asks again.
            if socket.owner != moved.owner or not socket.welcomed:
                socket.moved(moved.owner)

    def close_room(self, match: str) -> None:
        """Have the room's application end; from now on the room is not here."""
        self.rooms.pop(match, None)
        if match in self._closers:
            self._closers[match].put_nowait({"type": "room.close"})

    # --- between sockets and rooms -----------------------------------------------------------

    def post(self, match: str, owner: str, message: Up) -> None:
        """Bring a message to the room of ``match``, which ``owner`` runs."""
        if owner != self.id:
            self.courier.post(room_channel(owner, match), "room.up", message)
        elif room := self.rooms.get(match):
            room.take(message)

    def watch(self, socket: RemoteSocket) -> None:
        """From now on ``socket`` is told what its room, on another worker, publishes."""
        self._watching[socket.match][socket.viewer] = socket

    def unwatch(self, socket: RemoteSocket) -> None:
        """``socket`` is gone."""
        viewers = self._watching.get(socket.match, {})
        viewers.pop(socket.viewer, None)
        if not viewers:
            self._watching.pop(socket.match, None)

    def _remote_sockets(self) -> list[RemoteSocket]:
        """All sockets here whose rooms run elsewhere."""
        return [socket for sockets in self._watching.values() for socket in sockets.values()]

    async def order(self, match: str, message: End | Remove) -> None:
        """Bring an order to a room, wherever it runs; if it is lost, the sweep repeats it."""
        if match in self.rooms:
            self.post(match, self.id, message)
        elif (owner := await self.ledger.owner(match)) and owner.worker:
            self.post(match, owner.worker, message)

    async def _listen(self) -> None:
        """Hand on what rooms of other workers tell the sockets here."""
        while True:
            try:
                message = await self.layer.receive(gateway_channel(self.id))
                self._hand_on(decode_down(message["body"]))
            except msgspec.DecodeError as error:
                logger.warning("a room of another worker said something unknown: %s", error)
            except (RedisError, OSError) as error:
                logger.warning("no word from other workers: %r", error)
                await asyncio.sleep(LAYER_RETRY_S)

    def _hand_on(self, message: Down) -> None:
        match message:
            case Tell() as told:
                if socket := self.sockets.get(told.viewer):
                    socket.told(told)
            case Moved() as moved:
                self._on_moved(moved)
            case Publish(match, shared=shared, own=own) as said:
                for viewer, watcher in list(self._watching.get(match, {}).items()):
                    if not watcher.welcomed or not said.reaches(watcher.seat):
                        continue
                    encoding = watcher.encoding
                    if part := together(own.get(viewer), shared.get(encoding), encoding):
                        watcher.publish(part, said.tick)

    # --- the loops -----------------------------------------------------------------------------

    async def _every(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await job()
            except (LedgerError, RedisError, OSError, DatabaseError) as error:
                logger.warning("%s: %r", job.__name__, error)
            except Exception:
                logger.exception("%s failed", job.__name__)
            await asyncio.sleep(seconds)

    async def _beat(self) -> None:
        """Say that this worker lives, and see who else does."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        try:
            async with asyncio.timeout(BEAT_WAIT_S):
                await self.ledger.beat(self.id, self.clock_ms)
                beats = await self.ledger.beats()
        except (LedgerError, TimeoutError):
            return self.beats.missed()
        if self._beaten_at and asked - self._beaten_at > self._lease_s:
            # Others may have counted this worker as dead, and its sockets as gone.
            for socket in self._remote_sockets():
                socket.moved("")
        self._beaten_at = loop.time()
        silent = self.beats.saw(asked, loop.time(), beats)
        self._others = beats.keys() - silent - {self.id}
        newly, self._silent = silent - self._silent - {self.id}, silent
        for worker in sorted(newly & beats.keys()):
            self.spawn(self._succeed(worker))

    async def _succeed(self, dead: str) -> None:
        """A worker fell silent: its sockets are gone, and its rooms are for whoever lives."""
        logger.warning("worker %s is silent", dead)
        for match, room in list(self.rooms.items()):
            if dead in room.gateways():
                room.gateway_lost(dead)
                # Should it live all the same, its sockets have to ask to be let in again.
                self.courier.post(gateway_channel(dead), "gateway.down", Moved(match, ""))
        if self._stopping:
            return
        while self.beats.is_silent(dead) and not self._stopping:
            try:
                left = await self.ledger.rooms_of(dead)
                await asyncio.gather(
                    *(self._adopt(match) for match in left if self._is_heir(match))
                )
                await self.ledger.farewell(dead, self.beats.beat_of(dead))
            except LedgerError as error:
                logger.warning("the rooms of worker %s have to wait: %r", dead, error)
                await asyncio.sleep(BEAT_S)
            else:
                return

    def _is_heir(self, match: str) -> bool:
        """Whether this worker is the first to take over a room: each has its share of them."""

        def weight(worker: str) -> bytes:
            return hashlib.blake2b(f"{match} {worker}".encode(), digest_size=8).digest()

        return all(weight(self.id) >= weight(worker) for worker in self._others)

    async def _adopt(self, match: str) -> None:
        """See to it that somebody runs a room; this worker, if nobody does."""
        async with self._adopting:
            try:
                await self.locate(match)
            except ProtocolError as error:
                logger.info("match %s was not taken over: %s", match, error.code)

    async def _sweep(self) -> None:
        """Find in the rows what a lost message, or a dead worker, has left behind."""
        if self._stopping:
            return
        await self._sweep_leases()
        running = await self.records.call(selectors.matches_running)
        left = [str(match) for match, worker in running if self._is_left(str(match), worker)]
        before = timezone.now() - timedelta(seconds=UNOWNED_S)
        waiting = await self.records.call(selectors.matches_waiting, before=before)
        await asyncio.gather(*(self._adopt(match) for match in (*left, *map(str, waiting))))
        for socket in self._remote_sockets():
            if self.beats.is_silent(socket.owner):
                socket.moved("")
        if self.rooms:
            await self._sweep_orders()

    async def _sweep_leases(self) -> None:
        """Compare the rooms here with those that the room store has under this worker."""
        rooms = dict(self.rooms)
        held = await self.ledger.rooms_of(self.id)
        for match, room in rooms.items():
            room.check_lease(held.get(match, ""))
        for match, token in held.items():
            if match not in self.rooms and match not in self._opening:
                await self.ledger.release(match, token)  # a lease whose answer was lost

    def _is_left(self, match: str, worker: str) -> bool:
        """Whether a running match has nobody who runs it, as far as this worker sees."""
        if worker == self.id:
            return match not in self.rooms and match not in self._opening
        return self.beats.is_silent(worker)

    async def _sweep_orders(self) -> None:
        ids = [UUID(match) for match in self.rooms]
        ending, vacated = await self.records.call(selectors.orders_for, match_ids=ids)
        for match_id in ending:
            self.post(str(match_id), self.id, End())
        for match_id, seat, why in vacated:
            self.post(str(match_id), self.id, Remove(seat, why))


class Control:
    """The port through which services reach running rooms, from any thread."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def end(self, *, match_id: UUID) -> None:
        self._order(match_id, End())

    def vacate(self, *, match_id: UUID, seat: int, why: str) -> None:
        self._order(match_id, Remove(seat, why))

    def _order(self, match_id: UUID, message: End | Remove) -> None:
        worker = self._worker
        if worker.loop is None or worker.loop.is_closed():
            return  # a shell or a migration: the sweep of a worker finds the rows
        worker.loop.call_soon_threadsafe(lambda: worker.spawn(worker.order(str(match_id), message)))
