"""One server process, in both its parts: host of rooms, and keeper of sockets.

A room runs in the worker that has its lease; sockets find it there, whichever worker they came in
at. When that worker falls silent any other takes its rooms over, reads what the room store has of
them, and tells all workers, so that sockets move to it. Small loops keep this true: signs of life,
the sweep of rows whose message was lost, and what other workers tell the rooms and sockets here.

A worker that drains gives its rooms to others and then asks its sockets to move. It may go on as a
gateway for as long as it likes.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket as network
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from channels.layers import BaseChannelLayer
from django.db import Error as DatabaseError
from django.utils import timezone

from games import selectors, services
from games.catalog import TITLES
from games.hosting.archive import Archive, ArchiveUnavailable
from games.hosting.fanout import together
from games.hosting.finder import Finder, RoomApp
from games.hosting.hearing import Hearing
from games.hosting.ledger import Lease, Ledger, LedgerError, LedgerUnavailable, Refused
from games.hosting.ledger.committer import Committer
from games.hosting.ledger.watch import Watch
from games.hosting.meter import Meter
from games.hosting.records import Records
from games.hosting.relay import (
    LAYER_ERRORS,
    Attach,
    Check,
    Courier,
    Detach,
    End,
    Ended,
    ForRoom,
    Found,
    Inputs,
    Leaving,
    Moved,
    Publish,
    Remove,
    Run,
    Said,
    Socket,
    Tell,
    Up,
    Where,
    Word,
    hear,
    opened,
    worker_channel,
)
from games.hosting.roles import Role, by_weight, keeps_sockets, new_id, runs_rooms, same_rules
from games.hosting.thinning import Thinning
from games.limits import (
    ADOPTIONS_AT_ONCE_MAX,
    ARCHIVE_CLOSE_PAUSES_S,
    ARCHIVE_SWEEP_MAX,
    ARCHIVE_SWEEP_S,
    BEAT_S,
    BEAT_WAIT_S,
    FIRST_BEAT_S,
    GRANT_MARK_S,
    GRANTS_SWEEP_S,
    HAND_OVER_S,
    HEARING_S,
    LAST_WORDS_S,
    LEASE_S,
    MOVE_SPREAD_S,
    MOVE_WAIT_S,
    PRUNE_S,
    RESUME_TTL_S,
    TAKEN_S,
    TICKET_TTL_S,
    UNOWNED_S,
    WORKER_ROW_S,
    WORKER_UNSEEN_S,
)
from games.protocol.codec import frame
from games.protocol.codes import Close, Code, ProtocolError, error_message

logger = logging.getLogger(__name__)


class LiveRoom(Protocol):
    """A room of this process."""

    def take(self, message: Up) -> None:
        """Something arrives for the room."""

    def say(self, viewer_id: str, seq: int, data: Any, seen: int) -> None:
        """An input arrives."""

    @property
    def epoch(self) -> int:
        """Of the lease under which it runs."""

    def gateways(self) -> set[str]:
        """The other workers that keep sockets of this room's viewers."""

    def gateway_lost(self, gateway: str) -> None:
        """That worker is dead, and the sockets it kept are gone."""

    def check_lease(self, token: str) -> None:
        """The room store says that this is the token of the room; empty: it knows none."""

    def leaves_soon(self) -> None:
        """Make it short for who goes on with the room."""

    async def hand_over(self, heir: str, *, whole: bool) -> Run:
        """Stop at a tick, and leave everything to whoever goes on with the room; what to tell it.

        Args:
            heir: The worker that gets the room; empty: it is free.
            whole: Whether who goes on cannot play the last ticks again.
        Raises:
            LedgerError: whoever goes on has to find it.
        """

    async def abandon(self, reason: str) -> None:
        """Stop; the match has no result."""


class Watcher(Socket, Protocol):
    """A socket here, and the room that it looks at."""

    viewer: str
    match: str
    owner: str
    welcomed: bool
    seat: int | None
    person: int | None
    grant: str

    def sign_out(self) -> None:
        """The token or session that it came in with ended."""

    def catch_up(self) -> None:
        """Something for this socket was lost on its way here."""


class Options(NamedTuple):
    """What an operator chooses for a worker.

    Attributes:
        lease_s: How long another worker must be silent before its rooms are taken over.
        drain_s: How long a worker that stops goes on with rooms that no other can run.
        spread_s: Over which time it asks its sockets to move.
        archives: Whether journals are archived before the room store forgets them. That must then
            keep them for so long.
        journal_days: How long an archived journal is kept after its match; 0: for ever.
    """

    role: Role = Role.ALL
    lease_s: float = LEASE_S
    drain_s: float = 0.0
    spread_s: float = MOVE_SPREAD_S
    archives: bool = False
    journal_days: int = 0


class Worker:
    """Rooms and sockets of this process, and the way to all others."""

    def __init__(
        self,
        *,
        open_ledger: Callable[[], Awaitable[Ledger]],
        layer: BaseChannelLayer,
        room_app: RoomApp,
        options: Options | None = None,
    ) -> None:
        """Not started yet."""
        self.options = options = options or Options()
        self.id = new_id(options.role, TITLES)
        self.ledger: Ledger
        self.committer: Committer
        self.archive: Archive | None = None
        self.beats = Watch(options.lease_s)
        self.layer = layer
        self.courier = Courier(layer, self.id)
        self.records = Records()
        self.meter = Meter()
        self.thinning = Thinning()
        self.rooms: dict[str, LiveRoom] = {}
        self.sockets: dict[str, Watcher] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.draining = False
        self._beaten_at = 0.0  # when this worker's last sign of life was answered
        self._open_ledger = open_ledger
        self._finder = Finder(self, room_app)
        self._hearing = Hearing()
        self._watching: defaultdict[str, dict[str, Watcher]] = defaultdict(dict)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._others: set[str] = set()  # workers that live
        self._leaving: set[str] = set()  # those of them that take no rooms any more
        self._silent: set[str] = set()
        self._handed: dict[str, Lease | None] = {}  # what nobody has taken yet, and whose it is
        self._strays: set[str] = set()  # tokens of rooms that are not here, at the last sweep
        self._returned: set[str] = set()
        self._adopting = asyncio.Semaphore(ADOPTIONS_AT_ONCE_MAX)
        self._closing: set[str] = set()  # matches that are over, and being archived

    async def start(self) -> None:
        """Open the room store, show a first sign of life, and begin to serve.

        Raises:
            LedgerError: there is no room store, or another process has it.
        """
        self.loop = asyncio.get_running_loop()
        self.ledger = await self._open_ledger()
        self.committer = Committer(self.ledger)
        await self._first_beat()
        for loop in (self.courier.run, self._listen, self.committer.run):
            self.spawn(loop())
        self.spawn(self._every(BEAT_S, self._beat))
        self.spawn(self._every(UNOWNED_S, self._sweep))
        self.spawn(self._every(HEARING_S, self._listen_closely))
        self.spawn(self._every(WORKER_ROW_S, self._show))
        self.spawn(self._every(GRANTS_SWEEP_S, self._sweep_grants))
        self.spawn(self._every(ARCHIVE_SWEEP_S, self._sweep_closed))
        if self.options.archives:
            self.archive = Archive(self.ledger, self.records, days=self.options.journal_days)
            self.spawn(self._every(PRUNE_S, self.archive.prune))

    async def _first_beat(self) -> None:
        """A connection is opened for it, which takes a busy machine longer than a beat may take."""
        until = asyncio.get_running_loop().time() + FIRST_BEAT_S
        while True:
            try:
                return await self.ledger.beat(self.id, self.clock_ms)
            except LedgerUnavailable:
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(BEAT_S)

    async def stop(self) -> None:
        """Leave the rooms to others, tell everybody, and go."""
        await self.drain()
        await self._finish()
        await self._moved_away()
        for viewer, socket in list(self.sockets.items()):
            last = frame(error_message(Code.SHUTTING_DOWN), encoding=socket.encoding)
            socket.told(Tell(viewer, last, close=Close.UNAVAILABLE))
        await _until(lambda: not self.sockets, LAST_WORDS_S)  # let them write it, and close
        with contextlib.suppress(DatabaseError):
            unseen = timedelta(seconds=WORKER_UNSEEN_S)
            await self.records.call(services.worker_gone, worker=self.id, unseen=unseen)
        with contextlib.suppress(LedgerError):
            await self.ledger.farewell(self.id)
        for task in list(self._tasks):  # at once, or it would show another sign of life
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.archive is not None:
            self.archive.stop()
        await self.records.close()
        await self.ledger.close()

    async def drain(self) -> None:
        """Give all rooms to other workers, each at a tick, and ask the sockets here to move.

        A room comes back where no other worker has rules for it.
        """
        if self.draining:
            return
        self.draining = True
        for worker in sorted(self._others):
            self.courier.down(worker, Leaving(self.id))
        for room in self.rooms.values():
            room.leaves_soon()
        heirs = {match: self._finder.heir(match) for match in self.rooms}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_S):
                announced = await self._announce(heirs)
                leaving = [
                    self._hand_over(match, heir, announced=match in announced)
                    for match, heir in heirs.items()
                ]
                await asyncio.gather(*leaving, return_exceptions=True)
        await _until(lambda: not self._handed, TAKEN_S)
        await asyncio.gather(*(self._take_back(*handed) for handed in sorted(self._handed.items())))
        if self._has_peers:
            for socket in self.sockets.values():
                wait_s = self.options.spread_s * secrets.randbelow(1000) / 1000
                asyncio.get_running_loop().call_later(wait_s, socket.ask_to_move)

    async def _announce(self, heirs: dict[str, str]) -> set[str]:
        """Write down who goes on with each room, while it is still played here; the rooms of which
        that is written."""
        announced: set[str] = set()
        for heir in sorted(set(heirs.values()) - {""}):
            epochs = {
                UUID(match): room.epoch
                for match, room in self.rooms.items()  # some may have ended since
                if heirs.get(match) == heir
            }
            with contextlib.suppress(DatabaseError):
                handed = await self.records.call(
                    services.matches_hand_over, epochs=epochs, worker=self.id, heir=heir
                )
                announced.update(map(str, handed))
        return announced

    async def _hand_over(self, match: str, heir: str, *, announced: bool) -> None:
        if (room := self.rooms.get(match)) is None:
            return
        run = await room.hand_over(heir, whole=not same_rules(heir, self.id))
        if heir:
            self._handed[match] = run.lease
            if not announced:
                run.spec = None
            self.courier.down(heir, run)
        else:
            self.tell_moved(match, "")

    async def _take_back(self, match: str, lease: Lease | None) -> None:
        """Nobody heard that a room is theirs: it is free for whom its sockets ask."""
        if lease is not None:
            with contextlib.suppress(LedgerError):
                await self.ledger.release(match, lease.token)
        self.tell_moved(match, "")

    async def _finish(self) -> None:
        """Go on for a while with what came back; then those matches are over."""
        await _until(lambda: not self._returned & self.rooms.keys(), self.options.drain_s)
        left = [self.rooms[match] for match in sorted(self._returned & self.rooms.keys())]
        await asyncio.gather(*(room.abandon("rules_changed") for room in left))

    async def _moved_away(self) -> None:
        """Wait for sockets that were asked to move; not for ever."""
        if self._has_peers:
            await _until(lambda: not self.sockets, self.options.spread_s + MOVE_WAIT_S)

    @property
    def _has_peers(self) -> bool:
        """Whether another worker keeps sockets."""
        return any(map(keeps_sockets, self._others))

    @property
    def admits(self) -> bool:
        """Whether a socket may come in here; not where it would be asked to move at once."""
        return not (self.draining and self._has_peers)

    def keeps(self, viewer: Attach) -> bool:
        """Whether the socket of a viewer may still be there, as far as this worker knows."""
        if viewer.gateway == self.id:
            return viewer.viewer in self.sockets
        return self.lives(viewer.gateway)

    def came_back(self, match: str) -> None:
        """No other worker has rules for a room that was handed over."""
        self._handed.pop(match, None)
        self._returned.add(match)

    @property
    def takes_rooms(self) -> bool:
        """Whether a room may come here."""
        return runs_rooms(self.id) and not self.draining

    @property
    def hosts(self) -> list[str]:
        """The other workers to which a room may go."""
        return [other for other in self._others - self._leaving if runs_rooms(other)]

    def lives(self, worker: str) -> bool:
        """Whether a worker shows signs of life."""
        return not self.beats.is_silent(worker)

    @property
    def clock_ms(self) -> int:
        """Milliseconds of this process's monotonic clock."""
        return int(asyncio.get_running_loop().time() * 1000)

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

    # --- who still may be here -----------------------------------------------------------------

    async def has_ended(self, grant: str) -> bool:
        """Whether the token or session of a pass ended since that was signed.

        Raises:
            ProtocolError: ``room_unreachable``.
        """
        try:
            return await self.ledger.spent(_end_of(grant))
        except LedgerError as error:
            raise ProtocolError(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE) from error

    async def end_grants(self, grants: Collection[str]) -> None:
        """Tokens or sessions ended: who came in with one goes, here and everywhere. That is noted
        first, or they would be back before it is."""
        with contextlib.suppress(LedgerError, TimeoutError):
            async with asyncio.timeout(GRANT_MARK_S):
                noted = (self.ledger.spend(_end_of(grant), RESUME_TTL_S) for grant in grants)
                await asyncio.gather(*noted)
        for worker in sorted(self._others):
            self.courier.down(worker, Ended(sorted(grants)))
        self._on_ended(grants)

    def _on_ended(self, grants: Collection[str]) -> None:
        ended = frozenset(grants)
        for socket in list(self.sockets.values()):
            if socket.grant in ended:
                socket.sign_out()
        services.grants.end(grants=ended)

    async def _sweep_grants(self) -> None:
        """Find out by the rows which tokens and sessions ended, in case a word of it was lost."""
        held = {socket.grant for socket in self.sockets.values()} | services.grants.held()
        held.discard("")
        if held:
            good = await self.records.call(services.grants.good, grants=held)
            if ended := held - good:
                await self.end_grants(ended)

    async def runner_of(self, match: str) -> tuple[str, int]:
        """The worker that runs a match, as its row says, and its epoch; see ``match_runner``."""
        return await self.records.call(selectors.match_runner, match_id=UUID(match))

    # --- when a match is over ------------------------------------------------------------------

    async def forget(self, match: str, token: str) -> None:
        """Have the room store forget a room whose match is over, once its journal is archived.

        Where that cannot be done within a minute, the sweep of leases gives the room up, and that
        of matches that are over tries again.
        """
        if self.archive is None:
            with contextlib.suppress(LedgerError):
                await self.ledger.forget(match, token)
            return
        self._closing.add(match)  # else the sweep would release it
        try:
            await self._close(self.archive, match, token)
        finally:
            self._closing.discard(match)

    async def _close(self, archive: Archive, match: str, token: str) -> None:
        for pause_s in ARCHIVE_CLOSE_PAUSES_S:
            try:
                if await archive.close(match, token):
                    return
            except Refused:
                return
            except (ArchiveUnavailable, LedgerError) as error:
                logger.warning("match %s is over and cannot be archived: %r", match, error)
            await asyncio.sleep(pause_s)

    async def drop(self, match: str, token: str) -> None:
        """``forget``, for somebody who waits for an answer."""
        if self.archive is None:
            await self.ledger.forget(match, token)
        else:
            self._closing.add(match)
            self.spawn(self.forget(match, token))

    async def _sweep_closed(self) -> None:
        """Have the store forget what somebody left in it of matches that are over."""
        if not self.takes_rooms:
            return
        left = await self.ledger.rooms_of("")
        if not left:
            return
        ids = [UUID(match) for match in left]
        over = await self.records.call(selectors.matches_over, match_ids=ids)
        for match in map(str, over[:ARCHIVE_SWEEP_MAX]):
            lease = await self.ledger.acquire(match, self.id, left[match])
            if isinstance(lease, Lease):
                await self.drop(match, lease.token)

    # --- between sockets and rooms -----------------------------------------------------------

    async def locate(self, match: str) -> str:
        """The worker that runs ``match``; see ``Finder.locate``."""
        if match in self._closing:
            raise ProtocolError(Code.MATCH_OVER, Close.NOT_FOUND)
        return await self._finder.locate(match)

    def close_room(self, match: str) -> None:
        """Have the room's application end; from now on the room is not here."""
        self.rooms.pop(match, None)
        self._finder.close(match)

    def tell_moved(self, match: str, owner: str, viewers: Iterable[Attach] = ()) -> None:
        """Tell all sockets of a room, everywhere, who runs it now; empty: they have to find it.

        Args:
            viewers: Those that the owner lets in without being asked.
        """
        expected: defaultdict[str, list[str]] = defaultdict(list)
        for viewer in viewers:
            expected[viewer.gateway].append(viewer.viewer)
        for worker in sorted(self._others):
            self.courier.down(worker, Moved(match, owner, expected[worker]))
        self._on_moved(Moved(match, owner, expected[self.id]))

    def _on_moved(self, moved: Moved) -> None:
        self._handed.pop(moved.match, None)
        here = self._watching.get(moved.match, {})
        for viewer in moved.viewers:
            if viewer not in here:  # it went while its room did
                self.post(moved.match, moved.owner, Detach(viewer))
        for socket in list(here.values()):
            # One that asked there before the room was ready would wait until it asks again.
            if socket.owner != moved.owner or not socket.welcomed:
                socket.moved(moved.owner, expected=socket.viewer in moved.viewers)

    def post(self, match: str, owner: str, message: Up) -> None:
        """Bring a message to the room of ``match``, which ``owner`` runs."""
        if owner != self.id:
            self.courier.up(owner, match, message)
        elif room := self.rooms.get(match):
            room.take(message)

    def watch(self, socket: Watcher) -> None:
        """From now on ``socket`` hears where its room goes, and what it publishes elsewhere."""
        self._watching[socket.match][socket.viewer] = socket

    def unwatch(self, socket: Watcher) -> None:
        """``socket`` is gone."""
        viewers = self._watching.get(socket.match, {})
        viewers.pop(socket.viewer, None)
        if not viewers:
            self._watching.pop(socket.match, None)
            self._hearing.forget(socket.match)

    def _remote_sockets(self) -> list[Watcher]:
        """All sockets here whose rooms run elsewhere."""
        here = (socket for sockets in self._watching.values() for socket in sockets.values())
        return [socket for socket in here if socket.owner != self.id]

    async def _listen_closely(self) -> None:
        """Have sockets catch up with what was lost on its way from other workers."""
        for match, owner, heard, lost in self._hearing.look():
            here = self._watching.get(match, {}).values()
            sockets = [socket for socket in here if socket.welcomed and socket.owner == owner]
            if lost:
                for socket in sockets:
                    socket.catch_up()
            elif sockets:
                viewers = [socket.viewer for socket in sockets]
                self.post(match, owner, Check(self.id, heard, viewers))

    async def order(self, match: str, message: End | Remove) -> None:
        """Bring an order to a room, wherever it runs; if it is lost, the sweep repeats it."""
        if match in self.rooms:
            self.post(match, self.id, message)
        elif (owner := await self.ledger.owner(match)) and owner.worker:
            self.post(match, owner.worker, message)

    async def _listen(self) -> None:
        """Hand on what other workers tell the rooms and the sockets here."""
        while True:
            letter = await hear(self.layer, worker_channel(self.id))
            self.courier.heard(letter.get("from", ""), letter.get("since", 0.0))
            for message in opened(letter["body"]):
                self._hand_on(message)

    def _hand_on(self, message: Word) -> None:
        match message:
            case Inputs(said):
                self._hear_inputs(said)
            case Publish():
                self._publish(message)
            case ForRoom():
                self._hear_for_room(message.match, message.said)
            case Tell():
                self._told(message)
            case Moved():
                self._on_moved(message)
            case Where() | Found() | Run():
                self._finder.hear(message)
            case Leaving(worker):
                self._leaving.add(worker)
            case Ended(grants):
                self._on_ended(grants)

    def _hear_for_room(self, match: str, said: Up) -> None:
        if isinstance(said, Check) and match not in self.rooms:
            # Its sockets there missed that it went, or were never to be told: we did not know of
            # that worker yet.
            self.courier.down(said.gateway, Moved(match, ""))
        else:
            self.post(match, self.id, said)

    def _hear_inputs(self, said: list[Said]) -> None:
        rooms = self.rooms
        for match, viewer, seq, data, seen in said:
            if room := rooms.get(match):
                room.say(viewer, seq, data, seen)

    def _told(self, told: Tell) -> None:
        socket = self.sockets.get(told.viewer)
        if socket is None or socket.owner != told.owner:
            return
        if told.admits:
            self._hearing.begin(socket.match, told.owner, told.number)
        else:
            self._hearing.heard(socket.match, told.owner, told.number)
        socket.told(told)

    def _publish(self, said: Publish) -> None:
        self._hearing.heard(said.match, said.owner, said.number)
        here = self._watching.get(said.match, {})
        for viewer in sorted(said.own.keys() - here.keys()):  # the room was not told, or too early
            self.post(said.match, said.owner, Detach(viewer))
        for viewer, watcher in list(here.items()):
            if not watcher.welcomed or not said.reaches(watcher.seat):
                continue
            if watcher.owner != said.owner:
                continue
            encoding = watcher.encoding
            if part := together(said.own.get(viewer), said.shared.get(encoding), encoding):
                watcher.publish(part, said.tick)

    # --- the loops -----------------------------------------------------------------------------

    async def _every(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await job()
            except (LedgerError, DatabaseError, ArchiveUnavailable, *LAYER_ERRORS) as error:
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
        if self._beaten_at and asked - self._beaten_at > self.options.lease_s:
            # Others may have counted this worker as dead, and its sockets as gone.
            for socket in self._remote_sockets():
                socket.moved("")
        self._beaten_at = loop.time()
        silent = self.beats.saw(asked, loop.time(), beats)
        before, self._others = self._others, beats.keys() - silent - {self.id}
        if self.draining:  # those that came since were not told
            for worker in sorted(self._others - before):
                self.courier.down(worker, Leaving(self.id))
        self._leaving &= self._others
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
                self.courier.down(dead, Moved(match, ""))
        while self.takes_rooms and not self.lives(dead):
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
        return by_weight(match, [self.id, *self.hosts])[0] == self.id

    def has_part(self, part: str) -> bool:
        """Whether something that one worker does for all is for this one to do, as far as it knows.

        It goes by the same signs of life as rooms do, so another has it within the lease of one
        that dies. For a moment two may hold it theirs: what they write needs a token of its own.
        """
        return self.takes_rooms and self._beaten_at > 0 and self._is_heir(part)

    async def _adopt(self, match: str) -> None:
        """See to it that somebody runs a room; this worker, if nobody does."""
        async with self._adopting:
            try:
                await self.locate(match)
            except ProtocolError as error:
                logger.info("match %s was not taken over: %s", match, error.code)

    async def _sweep(self) -> None:
        """Find in the rows what a lost message, or a dead worker, has left behind."""
        if runs_rooms(self.id):
            await self._sweep_leases()
        if self.takes_rooms:
            await self._sweep_matches()
        for socket in self._remote_sockets():
            if not self.lives(socket.owner):
                socket.moved("")
        if self.rooms:
            await self._sweep_orders()

    async def _sweep_matches(self) -> None:
        """Take what nobody runs, and should."""
        running = await self.records.call(selectors.matches_running)
        left = [match for match, worker in running if self._is_left(str(match), worker)]
        now = timezone.now()
        before = now - timedelta(seconds=UNOWNED_S)
        waiting = await self.records.call(selectors.matches_waiting, before=before)
        asleep = await self.records.call(selectors.matches_to_wake, now=now)
        await asyncio.gather(*(self._adopt(str(match)) for match in (*left, *waiting, *asleep)))

    async def _show(self) -> None:
        """Let operators see this worker; one of them may want it to drain."""
        load = services.Load(len(self.rooms), len(self.sockets))
        asked = await self.records.call(
            services.worker_seen,
            worker=self.id,
            role=self.options.role,
            address=f"{network.gethostname()} {os.getpid()}",
            load=load,
            draining=self.draining,
        )
        if asked and self.hosts:  # alone it would leave its players with nobody
            await self.drain()

    async def _sweep_leases(self) -> None:
        """Compare the rooms here with those that the room store has under this worker."""
        rooms = dict(self.rooms)
        held = await self.ledger.rooms_of(self.id)
        for match, room in rooms.items():
            room.check_lease(held.get(match, ""))
        # Of a stray the answer to who acquired it was lost, or the word of who did so for this
        # worker. That word may be on its way, so one that was none at the last sweep may stay.
        strays, self._strays = self._strays, set()
        for match, token in held.items():
            if match in self.rooms or match in self._closing or self._finder.is_opening(match):
                continue
            if token in strays:
                await self.ledger.release(match, token)
            else:
                self._strays.add(token)

    def _is_left(self, match: str, worker: str) -> bool:
        """Whether a running match has nobody who runs it, as far as this worker sees."""
        if worker == self.id:
            return match not in self.rooms and not self._finder.is_opening(match)
        return not self.lives(worker)

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

    @property
    def admits(self) -> bool:
        return self._worker.admits

    def end(self, *, match_id: UUID) -> None:
        self._order(match_id, End())

    def vacate(self, *, match_id: UUID, seat: int, why: str) -> None:
        self._order(match_id, Remove(seat, why))

    def sign_out(self, *, grants: Collection[str]) -> None:
        self._spawn(partial(self._worker.end_grants, grants))

    def _order(self, match_id: UUID, message: End | Remove) -> None:
        self._spawn(partial(self._worker.order, str(match_id), message))

    def _spawn(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        worker = self._worker
        if worker.loop is None or worker.loop.is_closed():
            return  # a shell or a migration: the sweep of a worker finds the rows
        worker.loop.call_soon_threadsafe(lambda: worker.spawn(job()))


def _end_of(grant: str) -> str:
    """What is spent in the room store when a token or session ends."""
    return f"ended.{grant}"


async def _until(holds: Callable[[], bool], wait_s: float) -> None:
    """Wait until ``holds()``; not longer than that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            while not holds():  # noqa: ASYNC110 - what it waits for has no event of its own
                await asyncio.sleep(0.01)
