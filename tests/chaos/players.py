"""Those who play while things break, and the transcript of what each was told.

A player does what a browser does: it numbers its inputs, keeps what is not settled, and when its
socket closes it opens another one, at whatever address answers, with growing pauses. What it was
told is kept whole enough to be held against the journal afterwards.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from websockets.exceptions import InvalidHandshake, WebSocketException

from games.client import Drift, Follower, Player, RoomClosed
from games.protocol.codec import Encoding
from games.protocol.messages import Delta, Own, ServerMessage, Snapshot
from games.sim import Game, Held, Kind, Rng, pack
from tests.chaos.cluster import Cluster

JOIN_S_MAX = 2.5
"""Seconds for a socket to open and lead into the room; a stopped worker lets it wait."""
PAUSE_S_MIN, PAUSE_S_MAX = 0.03, 0.6
"""Of the pause before the next attempt, which doubles."""

NEVER_AGAIN = {1000, 4403, 4404, 4409}
"""Close codes that send a client home."""
NEVER_AT_ALL = {4400, 4401, 4410, 4500}
"""Close codes that no fault may lead to."""


def digest(kind: Kind, held: Held) -> bytes:
    """Eight bytes that stand for a view."""
    return hashlib.blake2b(pack(kind, held), digest_size=8).digest()


class Told(NamedTuple):
    """A view that a viewer was told, wholly or by a change.

    Attributes:
        at: When, in seconds of this process's monotonic clock.
    """

    at: float
    tick: int
    digest: bytes
    whole: bool


class Mobile(Player):
    """Its next socket opens at another worker, as behind a proxy that sees who drains."""

    def __init__(self, encoding: Encoding, elsewhere: Callable[[], None]) -> None:
        super().__init__("", encoding=encoding)
        self._elsewhere = elsewhere

    async def _take_over(self) -> None:
        self._elsewhere()
        await super()._take_over()


class Recorder(Follower):
    """A follower that forgets nothing.

    Attributes:
        shared: The shared view, each time it was told.
        private: The own view, likewise.
        inputs: What was sent, by number.
        acknowledged: When each input was first known to be settled, by number.
    """

    def __init__(self, encoding: Encoding) -> None:
        super().__init__(encoding)
        self.shared: list[Told] = []
        self.private: list[Told] = []
        self.inputs: dict[int, Any] = {}
        self.acknowledged: dict[int, float] = {}

    def input(self, data: Any, seen: int = -1) -> tuple[int, bytes]:
        seq, frame = super().input(data, seen)
        self.inputs[seq] = data
        return seq, frame

    def _apply(self, message: ServerMessage) -> list[bytes]:
        known = self.tick, self._own.tick if self._own else -1
        answers = super()._apply(message)
        now = time.monotonic()
        whole = isinstance(message, Snapshot)
        if self._shared and (whole or (isinstance(message, Delta) and self.tick != known[0])):
            held = digest(self._shared._kind, self._shared.held)
            self.shared.append(Told(now, self.tick, held, whole))
        if isinstance(message, Own) and self._own and self._own.tick >= 0:
            whole = message.view is not None
            if whole or self._own.tick != known[1]:
                held = digest(self._own._kind, self._own.held)
                self.private.append(Told(now, self._own.tick, held, whole))
        return answers

    def _settle(self, settled: int) -> None:
        now = time.monotonic()
        for seq in range(self.settled + 1, settled + 1):
            self.acknowledged[seq] = now
        super()._settle(settled)


class Member:
    """One client session of a room: a player, or with ``seat`` None a spectator.

    Attributes:
        home: The slot of the worker that its socket is at, or was last; ``homes``: since when.
        complaints: What no fault excuses.
        over: Whether the room sent it home.
    """

    def __init__(
        self,
        cluster: Cluster,
        game: Game[Any],
        match: str,
        *,
        seat: int | None,
        encoding: Encoding,
        rng: random.Random,
    ) -> None:
        self.match = match
        self.game = game
        self.seat = seat
        self.home = 0
        self.complaints: list[str] = []
        self.over = False
        self.reconnects = 0
        self.homes: list[tuple[float, int]] = []
        self.room = Recorder(encoding)
        self._cluster = cluster
        self._rng = rng
        self._player = Mobile(encoding, lambda: self._at(self.home + 1))
        self._player.room = self.room
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def name(self) -> str:
        who = "a spectator" if self.seat is None else f"seat {self.seat}"
        return f"{who} of {self.game.title} {self.match[:8]} ({self.room.encoding})"

    @property
    def connected(self) -> bool:
        return self.room.welcome is not None and self._player.close_code is None

    @property
    def settled(self) -> bool:
        """Whether nothing that it sent is open."""
        return self.over or self.room.settled == self.room.sent

    async def join(self, ticket: str, slot: int) -> None:
        """Open the first socket, and stay in the room from now on."""
        self._at(slot)
        await self._player.join(ticket)
        self._tasks.append(asyncio.create_task(self._stay()))

    def play(self) -> None:
        """Begin to send inputs."""
        if self.seat is not None:
            self._tasks.append(asyncio.create_task(self._play()))

    async def hush(self) -> None:
        """Send no more inputs."""
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks[1:], return_exceptions=True)

    async def leave(self) -> None:
        """Close the socket, and be done."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(WebSocketException, OSError, TimeoutError):
            await asyncio.wait_for(self._player.close(), 2)

    # --- staying -------------------------------------------------------------------------------

    async def _stay(self) -> None:
        while not self.over:
            with suppress(RoomClosed, TimeoutError):
                await self._player.until(lambda _: False, timeout_s=3600)
            self._look_at_reader()
            code = self._player.close_code
            if code in NEVER_AGAIN | NEVER_AT_ALL:
                return self._sent_home(code)
            await self._come_back()

    def _look_at_reader(self) -> None:
        """A contradiction that the client itself noticed ends its reader."""
        reader = self._player._reader
        if reader is None or not reader.done() or reader.cancelled():
            return
        if isinstance(error := reader.exception(), Drift):
            self.complaints.append(f"{self.name}: {error}")
        elif error is not None:
            self.complaints.append(f"{self.name}: the client failed: {error!r}")

    def _sent_home(self, code: int | None) -> None:
        self.over = True
        if code in NEVER_AT_ALL or (code != 1000 and not self._match_over()):
            self.complaints.append(f"{self.name}: closed with {code}, {self.room.errors[-1:]}")

    def _match_over(self) -> bool:
        view = self.room.view
        return "match_over" in self.room.errors[-1:] or bool(view and view["result"])

    async def _come_back(self) -> None:
        pause_s = PAUSE_S_MIN
        while True:
            await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.5))
            pause_s = min(2 * pause_s, PAUSE_S_MAX)
            self._at(self.home + 1)
            try:
                async with asyncio.timeout(JOIN_S_MAX):
                    await self._player.join()
            except RoomClosed:
                if self._player.close_code in NEVER_AGAIN | NEVER_AT_ALL:
                    return
            except (OSError, TimeoutError, InvalidHandshake, WebSocketException):
                await self._drop()
            else:
                self.reconnects += 1
                return

    async def _drop(self) -> None:
        """Give up a socket that leads nowhere."""
        with suppress(Exception):
            await asyncio.wait_for(self._player.cut(), 1)

    def _at(self, number: int) -> None:
        """Turn to the next address; whoever is turned away turns to the one after it."""
        slots = self._cluster.slots
        self.home = number % len(slots)
        if slots[self.home].starting:  # as a proxy would know from its health check
            self.home = (self.home + 1) % len(slots)
        self.homes.append((time.monotonic(), self.home))
        self._player.url = f"{slots[self.home].worker.ws_url}/ws/room/{self.match}"

    # --- playing -------------------------------------------------------------------------------

    async def _play(self) -> None:
        rng = Rng(self._rng.getrandbits(60))
        while True:
            await asyncio.sleep(self._pause())
            view = self.room.view
            if view is None or view["result"] or self.over:
                continue
            if self.room.sent - self.room.settled >= 40:
                continue  # what waits for a room that is away need not grow without end
            data = self._next(view, rng)
            if data is None:
                continue
            with suppress(WebSocketException, OSError, AssertionError):
                await self._player.send(data)  # else it is kept, and sent from the next socket

    def _pause(self) -> float:
        return self._rng.uniform(0.02, 0.06) if self.game.realtime else self._rng.uniform(0.3, 0.9)

    def _next(self, view: dict[str, Any], rng: Rng) -> Any:
        if self.game.title == "steady":
            return self._count()
        if not self.game.realtime and not self.settled:
            return None  # it waits for its answer, as one does at a board
        try:
            said = self.game.bot(self.seat or 0, view["game"], self.room.secret, rng)
        except (KeyError, IndexError, TypeError):
            return None  # its seat is not there any more
        return msgspec.to_builtins(said)

    def _count(self) -> dict[str, Any]:
        """Numbers that tell one input from the next; 13 and 1001 are refused, each in its way."""
        return {"t": "add", "n": 1 + self.room.sent % 1001}

    def home_at(self, when: float) -> int:
        """The slot that its socket was at."""
        return [home for since, home in self.homes if since <= when][-1]
