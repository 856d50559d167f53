"""A worker that stops asks its sockets to move: two real workers behind one address."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from games.client import Follower, Player
from games.protocol.messages import ServerMessage
from tests.integration.test_two_workers import PATIENT, Talker, start_pair
from tests.people import Person, guest, match_of
from tests.services import STOP_S_MAX, Worker

GAP_S_MAX = 15.0
"""Far above what is promised, so that a busy machine does not fail the test, and half of what it
takes where the room is not handed over; what was measured is printed."""


class Balancer:
    """One address for several workers: each new connection goes to the first that takes it."""

    def __init__(self, *workers: Worker) -> None:
        self._ports = [worker.port for worker in workers]
        self._jobs: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Balancer":
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.ws_url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _connect(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        for port in self._ports:
            with suppress(OSError):
                far, out = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(self._carry(near, out), self._carry(far, back))
                return
        back.close()

    @staticmethod
    async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()


class Watched(Follower):
    """A follower that notes when it was shown something new.

    Attributes:
        shown: Pairs of when, in seconds of the monotonic clock, and the tick.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[float, int]] = []

    def _apply(self, message: ServerMessage) -> list[bytes]:
        before = self.tick
        answers = super()._apply(message)
        if self.tick > before >= 0 or not self.shown:
            self.shown.append((time.monotonic(), self.tick))
        return answers


@dataclass
class Table:
    """Two who play and one who looks on, all by way of the balancer at the first worker."""

    workers: tuple[Worker, Worker]
    talkers: list[Talker]
    watcher: Player

    @property
    def players(self) -> list[Player]:
        return [*(talker.player for talker in self.talkers), self.watcher]


async def come(person: Person, match: str, balancer: Balancer, **more: Any) -> Player:
    player = Player(f"{balancer.ws_url}/ws/room/{match}")
    player.room = Watched()
    await player.join(await person.ticket(match, **more))
    return player


@pytest.fixture
async def table(redis_url: str, tmp_path: Path) -> AsyncIterator[Table]:
    with ExitStack() as stack:
        workers = start_pair(stack, "uvicorn", PATIENT | {"REDIS_URL": redis_url}, tmp_path)
        people = [await guest(workers[1]) for _ in range(3)]
        match = await match_of("tally", *people[:2])
        async with Balancer(*workers) as balancer:
            talkers = [Talker(await come(person, match, balancer)) for person in people[:2]]
            watcher = await come(people[2], match, balancer, spectate=True)
            yield Table(workers, talkers, watcher)
            for player in (*(talker.player for talker in talkers), watcher):
                await player.close()


def longest_gap_ms(player: Player, since: float) -> int:
    """The longest time between two views, from the last one before ``since`` on."""
    assert isinstance(player.room, Watched)
    times = [at for at, _ in player.room.shown]
    first = next(number for number, at in enumerate(times) if at >= since)
    return round(1000 * max(b - a for a, b in zip(times[first - 1 :], times[first:], strict=False)))


async def test_when_a_worker_stops_its_sockets_are_elsewhere_before_it_closes_them(
    table: Table,
) -> None:
    for talker in table.talkers:
        await talker.player.settle(10)
    stopped_at = time.monotonic()
    table.workers[0].process.send_signal(signal.SIGTERM)
    for player in table.players:
        await player.until(lambda _, player=player: player.moves)
        tick = player.room.tick
        await player.until(lambda room, tick=tick: room.tick > tick + 20)
    assert await asyncio.to_thread(table.workers[0].process.wait, STOP_S_MAX) == 0
    sums = [await talker.hush() for talker in table.talkers]
    for player in table.players:
        await player.until(lambda room: room.view["game"]["sums"] == sums)
        assert player.close_code is None
        assert set(player.room.errors) <= {"seat_replaced"}
        assert isinstance(player.room, Watched)
        ticks = [tick for _, tick in player.room.shown]
        assert ticks == sorted(ticks)
    gaps = [longest_gap_ms(player, stopped_at) for player in table.players]
    print(f"\nat most {gaps} ms without a view, of two players and a spectator")
    assert max(gaps) < 1000 * GAP_S_MAX
