"""One server process, in both its parts: host of rooms, and keeper of sockets.

A room is opened by the first worker that claims it. Sockets find it by that claim, whichever worker
they came in at. Three small loops keep this true: signs of life, the sweep of rows whose message
was lost, and what other workers' rooms tell the sockets here.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
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
from games.hosting.meter import Meter
from games.hosting.records import Records
from games.hosting.relay import (
    Courier,
    Down,
    End,
    Publish,
    Remove,
    Socket,
    Tell,
    Up,
    decode_down,
    gateway_channel,
    room_channel,
)
from games.hosting.store import RoomStore
from games.limits import HEARTBEAT_S, LAST_WORDS_S, ROOMS_PER_WORKER_MAX, UNOWNED_S
from games.protocol.codec import frame
from games.protocol.codes import Close, Code, ProtocolError, error_message

logger = logging.getLogger(__name__)

RoomApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
"""The ASGI application that runs one room: scope, receive, send."""


class LiveRoom(Protocol):
    """A room of this process."""

    def take(self, message: Up) -> None:
        """Something arrives for the room."""

    def shut(self, code: Code, close: Close) -> None:
        """Tell the viewers and stop."""

    def gateways(self) -> set[str]:
        """The other workers that keep sockets of this room's viewers."""

    def gateway_lost(self, gateway: str) -> None:
        """That worker is dead, and the sockets it kept are gone."""


class RemoteSocket(Socket, Protocol):
    """A socket here that looks at a room of another worker."""

    viewer: str
    match: str
    owner: str
    welcomed: bool
    seat: int | None


class Worker:
    """Rooms and sockets of this process, and the way to all others."""

    def __init__(self, *, store: RoomStore, layer: BaseChannelLayer, room_app: RoomApp) -> None:
        self.id = secrets.token_hex(8)
        self.store = store
        self.layer = layer
        self.courier = Courier(layer)
        self.records = Records()
        self.meter = Meter()
        self.rooms: dict[str, LiveRoom] = {}
        self.sockets: dict[str, Socket] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._room_app = room_app
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._closers: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._watching: defaultdict[str, dict[str, RemoteSocket]] = defaultdict(dict)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._known = False

    # --- from start to stop ------------------------------------------------------------------

    async def start(self) -> None:
        """Show a first sign of life and begin to serve."""
        self.loop = asyncio.get_running_loop()
        await self.store.beat(self.id)
        self._known = True
        for loop in (self.courier.run, self._listen):
            self.spawn(loop())
        self.spawn(self._every(HEARTBEAT_S, self._beat))
        self.spawn(self._every(UNOWNED_S, self._sweep))

    async def stop(self) -> None:
        """Tell everybody, mark what ran here as abandoned, and go."""
        dropped = self._shut_rooms()
        for viewer, socket in list(self.sockets.items()):
            last = frame(error_message(Code.SHUTTING_DOWN), encoding=socket.encoding)
            socket.told(Tell(viewer, last, close=Close.UNAVAILABLE))
        await self._abandon(dropped, reason="shutdown")
        await self.store.farewell(self.id)
        await self._last_words()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.records.close()
        await self.store.close()

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
            return await self.store.spend(nonce)
        except (RedisError, OSError) as error:
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE) from error

    # --- finding and opening rooms -----------------------------------------------------------

    async def locate(self, match: str) -> str:
        """The worker that runs ``match``; this one, which opens it, if nobody does yet.

        Raises:
            ProtocolError: ``match_over``, ``room_lost``, ``room_faulted``, ``worker_full`` or
                ``room_unreachable``.
        """
        try:
            owner = await self.store.claim(match, self.id)
            if owner == self.id:
                await self._open(match)
            elif owner not in await self.store.alive([owner]):
                await self._lost(match, owner)
                raise ProtocolError(Code.ROOM_LOST, Close.GONE)
        except (RedisError, OSError, DatabaseError) as error:
            logger.exception("no way to the room of %s", match)
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE) from error
        return owner

    async def _open(self, match: str) -> None:
        if match in self.rooms:
            return
        if match not in self._opening:
            self._opening[match] = self.spawn(self._start_room(match))
        try:
            await asyncio.shield(self._opening[match])
        finally:
            self._opening.pop(match, None)

    async def _start_room(self, match: str) -> None:
        try:
            if len(self.rooms) >= ROOMS_PER_WORKER_MAX:
                raise ProtocolError(Code.WORKER_FULL, Close.UNAVAILABLE)
            spec = await self.records.call(
                services.match_open, match_id=UUID(match), worker=self.id
            )
            if spec is None:
                raise ProtocolError(Code.MATCH_OVER, Close.NOT_FOUND)
        except BaseException:
            await self.store.release(match, self.id)
            raise
        ready = asyncio.get_running_loop().create_future()
        self._closers[match] = asyncio.Queue()
        running = self.spawn(self._run_room(match, spec, ready))
        await asyncio.wait((ready, running), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            raise ProtocolError(Code.ROOM_FAULTED, Close.FAULTED)

    async def _run_room(
        self, match: str, spec: services.RoomSpec, ready: "asyncio.Future[None]"
    ) -> None:
        async def send(message: dict[str, Any]) -> None:
            assert message["type"] == "room.ready"
            ready.set_result(None)

        scope = {
            "type": "room",
            "match": match,
            "spec": spec,
            "worker": self,
            "channel": room_channel(self.id, match),
        }
        try:
            await self._room_app(scope, self._closers[match].get, send)
        finally:
            self.rooms.pop(match, None)
            self._closers.pop(match, None)
            await self.store.release(match, self.id)

    def close_room(self, match: str) -> None:
        """Have the room's application end."""
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

    async def order(self, match: str, message: End | Remove) -> None:
        """Bring an order to a room, wherever it runs; if it is lost, the sweep repeats it."""
        owner = self.id if match in self.rooms else await self.store.owner(match)
        if owner:
            self.post(match, owner, message)

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
                await asyncio.sleep(HEARTBEAT_S)

    def _hand_on(self, message: Down) -> None:
        match message:
            case Tell() as told:
                if socket := self.sockets.get(told.viewer):
                    socket.told(told)
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
            except (RedisError, OSError, DatabaseError) as error:
                logger.warning("%s: %r", job.__name__, error)
            except Exception:
                logger.exception("%s failed", job.__name__)
            await asyncio.sleep(seconds)

    async def _beat(self) -> None:
        if not await self.store.beat(self.id) and self._known:
            # Others mark our matches as abandoned; going on would contradict them.
            logger.error("this worker was counted as dead; it drops its rooms")
            await self._abandon(self._shut_rooms(), reason="worker_lost")
        owners = {
            match: next(iter(sockets.values())).owner for match, sockets in self._watching.items()
        }
        gateways = {gateway for room in self.rooms.values() for gateway in room.gateways()}
        others = gateways.union(owners.values())
        dead = others - await self.store.alive(others)
        for match, owner in owners.items():
            if owner in dead:
                await self._lost(match, owner)
        for room in list(self.rooms.values()):
            for gateway in room.gateways() & dead:
                room.gateway_lost(gateway)

    def _shut_rooms(self) -> list[str]:
        """Tell all players that their rooms are lost; which rooms these were."""
        dropped = dict(self.rooms)
        for room in dropped.values():
            room.shut(Code.ROOM_LOST, Close.GONE)
        return list(dropped)

    async def _abandon(self, matches: list[str], *, reason: str) -> None:
        """Record that these matches ended with this worker."""
        ids = [UUID(match) for match in matches]
        await self.records.call(
            services.match_abandon, match_ids=ids, worker=self.id, reason=reason
        )
        for match in matches:
            await self.store.release(match, self.id)

    async def _lost(self, match: str, owner: str) -> None:
        """The worker that ran this match is dead."""
        await self.records.call(
            services.match_abandon, match_ids=[UUID(match)], worker=owner, reason="worker_lost"
        )
        await self.store.release(match, owner)
        for viewer, socket in list(self._watching.get(match, {}).items()):
            last = frame(error_message(Code.ROOM_LOST), encoding=socket.encoding)
            socket.told(Tell(viewer, last, close=Close.GONE))

    async def _sweep(self) -> None:
        """Find in the rows what a lost message, or a dead worker, has left behind."""
        await self._sweep_lost(await self.records.call(selectors.matches_running))
        before = timezone.now() - timedelta(seconds=UNOWNED_S)
        for match_id in await self.records.call(selectors.matches_waiting, before=before):
            try:
                await self.locate(str(match_id))
            except ProtocolError as error:
                logger.info("match %s was not opened: %s", match_id, error.code)
        if self.rooms:
            await self._sweep_orders()

    async def _sweep_lost(self, running: Iterable[tuple[UUID, str]]) -> None:
        others = [(str(match), worker) for match, worker in running if worker != self.id]
        alive = await self.store.alive({worker for _, worker in others})
        for match, worker in others:
            if worker not in alive:
                await self._lost(match, worker)

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
