"""A client that does not read costs only itself: real servers, and sockets that nobody empties."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from games.client import Follower, Player
from games.limits import OUTBOX_BYTES_MAX, WINDOW_BYTES_MAX
from games.protocol import codec
from games.protocol.messages import Got, Ping
from tests import services, titles
from tests.people import Person, guest, match_of
from tests.services import Worker

STALL_S = 12.0
"""Seconds in which nothing is read, at 600 kB a second; kernels keep up to four megabytes of it."""

READERS = 8
SLACK_BYTES = 2 * 2**20
"""For what a worker does besides. Without the bounds it is tens of megabytes."""

SILENT_S = 3.0


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def hasty(request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A worker that soon loses patience with who reports nothing."""
    env = {"EVERTICK_TITLES": titles.ALL, "EVERTICK_SILENT_S": str(SILENT_S)}
    with services.running_server(request.param, env) as running:
        yield running


class Stuck:
    """A spectator with a small buffer, who has the state and then reads nothing."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.port = connection.local_address[1]
        self._chatter = asyncio.create_task(self._talk())

    @classmethod
    async def at(cls, person: Person, match: str) -> "Stuck":
        room = Follower("msgpack")
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", person.worker.port))
        connection = await connect(
            f"{person.worker.ws_url}/ws/room/{match}",
            sock=line,
            subprotocols=[Subprotocol("evertick.v1.msgpack")],
            compression=None,
            ping_interval=None,
        )
        await connection.send(room.hello(await person.ticket(match, spectate=True)))
        while room.view is None:
            room.receive(await connection.recv())
        connection.transport.pause_reading()
        return cls(connection)

    def leave(self) -> None:
        self._chatter.cancel()
        self.connection.transport.abort()

    async def _talk(self) -> None:
        """Who says something is not asked by the server whether it is still there."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.connection.send(codec.encode(Ping(n=1), "msgpack"))
                await asyncio.sleep(1)


def memory(worker: Worker) -> int:
    """Bytes of the worker that are in memory."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def kept(worker: Worker, readers: list[Stuck]) -> int:
    """How many of these readers' sockets the worker has open."""
    ports = {reader.port for reader in readers}
    theirs = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, near, far, *_, inode = line.split()[:10]
        if int(near[-4:], 16) == worker.port and int(far[-4:], 16) in ports:
            theirs.add(f"socket:[{inode}]")
    return sum(link in theirs for link in open_files(worker))


def open_files(worker: Worker) -> Iterator[str]:
    for file in Path(f"/proc/{worker.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed just now
            yield str(file.readlink())


def listen(player: Player) -> list[tuple[float, int]]:
    """When frames come to this player from now on, and the tick each led to."""
    came: list[tuple[float, int]] = []
    receive, loop = player.room.receive, asyncio.get_running_loop()

    def received(frame: bytes | str) -> list[bytes]:
        answers = receive(frame)
        came.append((loop.time(), player.room.tick))
        return answers

    player.room.receive = received  # type: ignore[method-assign]
    return came


def played(player: Player) -> float:
    """Seconds for which this match was played."""
    welcome = player.room.welcome
    assert welcome is not None
    return player.room.time / welcome.hz


def steps(came: list[tuple[float, int]]) -> list[int]:
    """From each tick to the next one told."""
    ticks = sorted({tick for _, tick in came})
    return [after - before for before, after in pairwise(ticks)]


def is_right(player: Player) -> bool:
    """Whether the view is what the rules say, in full."""
    view = player.room.view["game"]
    return bool(view == titles.wide_view(view["clock"]))


async def is_current(player: Player, other: Player) -> None:
    """Wait until this player knows what another knows by now."""
    now = other.room.view["game"]["clock"]
    await player.until(lambda room: room.view["game"]["clock"] >= now)
    assert is_right(player)


async def test_who_reads_nothing_costs_its_neighbours_nothing_and_the_worker_little(
    worker: Worker,
) -> None:
    ada, ben, eve = await guest(worker), await guest(worker), await guest(worker)
    match = await match_of("wide", ada, ben)
    players = [await ada.play(match), await ben.play(match)]
    stuck = [await Stuck.at(eve, match) for _ in range(READERS)]
    undisturbed = await ada.play(await match_of("tally", ada, ben))
    before = memory(worker)
    came = [listen(player) for player in players]
    began = played(players[0]), played(undisturbed)
    await asyncio.sleep(STALL_S)
    here, there = played(players[0]) - began[0], played(undisturbed) - began[1]
    grown = memory(worker) - before
    # A busy machine plays more slowly, and tells of late ticks together: in both matches alike.
    assert here > there / 2
    first, second = ({tick for _, tick in told} for told in came)
    assert len(first & second) > len(first | second) / 2, "what is told is told to both"
    for player in players:
        await player.settle(await player.send({"t": "add", "n": 1}))
        assert is_right(player)
    print(f"\n{READERS} readers stuck for {STALL_S} s: {grown / 1e6:.1f} MB")
    assert grown < READERS * (WINDOW_BYTES_MAX + OUTBOX_BYTES_MAX) + SLACK_BYTES
    for one in (*stuck, *players, undisturbed):
        await one.close() if isinstance(one, Player) else one.leave()


async def test_who_reads_again_is_caught_up_with_at_once(worker: Worker) -> None:
    ada, ben = await guest(worker), await guest(worker)
    match = await match_of("wide", ada, ben)
    first, second = await ada.play(match), await ben.play(match)
    came = listen(second)
    assert second._socket is not None
    second._socket.transport.pause_reading()
    await asyncio.sleep(4)
    second._socket.transport.resume_reading()
    await is_current(second, first)
    await second.settle(await second.send({"t": "add", "n": 1}))
    assert is_right(second)
    assert second.close_code is None
    # What was on its way into the room store when it asked is told before the answer.
    assert second.room.gaps <= 1
    ahead = sorted(steps(came))
    assert ahead[-1] > sum(ahead) / 2, "one catch-up for all that it missed"
    await first.close()
    await second.close()


async def test_who_reports_nothing_is_told_to_come_back_and_does(hasty: Worker) -> None:
    ada, ben = await guest(hasty), await guest(hasty)
    match = await match_of("wide", ada, ben)
    first, second = await ada.play(match), await ben.play(match)
    report = second.room.report
    second.room.report = list  # type: ignore[method-assign]
    assert await second.closed() == 4408
    assert second.room.errors == ["too_slow"]
    second.room.report = report  # type: ignore[method-assign]
    await second.join()
    await is_current(second, first)
    await first.close()
    await second.close()


async def test_a_worker_lets_go_of_a_socket_that_does_not_even_close(hasty: Worker) -> None:
    ada, ben, eve = await guest(hasty), await guest(hasty), await guest(hasty)
    match = await match_of("wide", ada, ben)
    player = await ada.play(match)
    stuck = [await Stuck.at(eve, match) for _ in range(3)]
    assert kept(hasty, stuck) > 0
    async with asyncio.timeout(60):
        while kept(hasty, stuck):  # noqa: ASYNC110 - they are another process's
            await asyncio.sleep(0.2)
    assert is_right(player)
    for one in stuck:
        one.leave()
    await player.close()


@pytest.mark.parametrize("n", [-1, 1_000_000])
async def test_a_report_of_what_was_never_sent_is_a_bug_of_the_client(
    worker: Worker, n: int
) -> None:
    ada, ben = await guest(worker), await guest(worker)
    player = await ada.play(await match_of("tally", ada, ben))
    await player.send_raw(codec.encode(Got(n=n), "msgpack"))
    assert await player.closed() == 4400
    assert player.room.errors == ["unexpected_message"]
