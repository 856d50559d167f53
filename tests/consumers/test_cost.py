"""What a client costs between its wire and its room, counted in calls and in bytes: times would
depend on the machine and its other work.

Everything is real but the line: uvicorn's socket with its lane, the consumers, the room, the
worker. Calls that a room makes of its rules and views are not counted here.
"""

import asyncio
import base64
import gc
import sys
import time
import tracemalloc
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
import uvicorn
import websockets
from channels.layers import BaseChannelLayer
from uvicorn.server import ServerState

import games
from games import services
from games.client.follower import Follower
from games.consumers import PlayerConsumer
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.worker import Worker
from games.limits import LETTER_PAUSE_S
from games.tickets import ticket_issue
from gameserver import lane
from gameserver.lane import BINARY, LaneSocket, head
from tests.hosting.test_worker import workers_on

pytestmark = pytest.mark.django_db(transaction=True)

PLAYERS = 10
TICKS = 48
CALLS_MAX = 75
"""A client and tick: an input in, a frame out, its share of what a room does each tick."""
ROOMS = 3
OTHERWISE = 10
"""Messages between two workers besides what is played: checks, now and then."""

IDLE = 40
IDLE_BYTES_MAX = 12_000
"""A socket that was let in and says and hears nothing more. Here they look on at one room, so what
is kept is the socket's own, and its place among the room's viewers; without the line itself."""

OWN = Path(games.__file__).parent
COUNTED = [
    OWN,
    Path(lane.__file__).parent,
    *(Path(m.__file__).parent for m in (uvicorn, websockets)),
]
NOT_COUNTED = [OWN / "rooms", OWN / "sim", OWN / "catalog"]


class Calls:
    """Counts what is called by, and in, the files between wire and room, C functions included."""

    def __init__(self) -> None:
        self.count = 0
        self._counts: dict[CodeType, bool] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event in ("call", "c_call"):
            code = frame.f_code
            if code not in self._counts:
                file = Path(code.co_filename)
                self._counts[code] = _is_in(file, COUNTED) and not _is_in(file, NOT_COUNTED)
            self.count += self._counts[code]

    def __enter__(self) -> None:
        sys.setprofile(self)

    def __exit__(self, *_: Any) -> None:
        sys.setprofile(None)


def _is_in(file: Path, folders: list[Path]) -> bool:
    return any(file.is_relative_to(folder) for folder in folders)


class Line(asyncio.Transport):
    """A line whose other end is the test's."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self._closing = False

    def write(self, data: Any) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self._closing = True

    def pause_reading(self) -> None:
        """The test sends when it likes."""

    def resume_reading(self) -> None:
        """The same."""


class Client:
    """A player at the other end of a line."""

    def __init__(
        self, config: uvicorn.Config, state: ServerState, match: str, seat: int | None
    ) -> None:
        self.line = Line()
        self.room = Follower("msgpack")
        self.socket = LaneSocket(config=config, server_state=state, app_state={})
        self.socket.connection_made(self.line)
        key = base64.b64encode(bytes(16)).decode()
        self.socket.data_received(
            f"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: evertick.v1.msgpack\r\n\r\n".encode()
        )
        self._hello = self.room.hello(ticket_issue(match=match, seat=seat, user=1, name="Ada"))

    async def join(self) -> None:
        await _until(lambda: bool(self.line.sent))  # the answer to the request
        self.line.sent.clear()
        self.socket.data_received(masked(self._hello))
        await _until(lambda: bool(self.line.sent))
        self.hear()

    def input(self, number: int) -> bytes:
        data = {"turn": number // 10 % 3 - 1, "thrust": number % 2 == 0, "fire": number % 7 == 0}
        return masked(self.room.input(data)[1])

    def hear(self) -> list[bytes]:
        """Take in what came; the answers to it."""
        answers, sent = [], bytes(self.line.sent)
        self.line.sent.clear()
        while sent:
            assert sent[0] == BINARY
            size, start = sent[1], 2
            if size > 125:
                assert size == 126
                size, start = int.from_bytes(sent[2:4], "big"), 4
            answers += self.room.receive(sent[start : start + size])
            sent = sent[start + size :]
        return [masked(answer) for answer in answers]


def masked(payload: bytes) -> bytes:
    start = bytearray(head(BINARY, len(payload)))
    start[1] |= 0x80
    return bytes(start) + bytes(4) + payload


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what it waits for has no event of its own
            await asyncio.sleep(0)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(time.monotonic, trim_unarchived=True)


@pytest.fixture
async def worker(ledger: MemoryLedger) -> AsyncIterator[Worker]:
    async with workers_on(ledger) as start:
        yield await start()


@pytest.fixture
async def match(worker: Worker) -> str:
    return await a_match(worker)


async def a_match(worker: Worker) -> str:
    """A match of arena, which this worker runs."""

    def start() -> str:
        return str(services.match_start(title="arena", settings={}, players=[]).id)

    match = await worker.records.call(start)
    assert await worker.locate(match) == worker.id
    return match


def seats(count: int) -> list[int | None]:
    return list(range(count))


async def joined(worker: Worker, match: str, seats: list[int | None]) -> list[Client]:
    """Players on these seats; None is a spectator's."""
    player = PlayerConsumer.as_asgi(worker=worker)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await player(scope | {"url_route": {"kwargs": {"match": match}}}, receive, send)

    config = uvicorn.Config(app, lifespan="off", log_config=None, log_level="warning")
    config.load()
    state = ServerState()
    clients = [Client(config, state, match, seat) for seat in seats]
    for client in clients:
        await client.join()
    return clients


async def test_an_input_and_a_frame_of_a_client_take_so_many_calls(
    worker: Worker, match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = await joined(worker, match, seats(PLAYERS))
    room: Any = worker.rooms[match]
    room._timer.cancel()
    monkeypatch.setattr(room, "_schedule", lambda: None)  # it ticks when the test says so
    calls = Calls()
    for number in range(TICKS):
        inputs = [client.input(number) for client in clients]
        with calls:
            for client, frame in zip(clients, inputs, strict=True):
                client.socket.data_received(frame)
            room._tick(1)
            await _until(lambda: room.keeper.uncommitted == 0)
        for client in clients:
            answers = client.hear()
            with calls:
                for answer in answers:
                    client.socket.data_received(answer)
    for client in clients:
        assert client.room.tick == room.room.tick_no
        assert client.room.settled == TICKS
        assert client.room.errors == []
        client.socket.connection_lost(None)
    each = calls.count / TICKS / PLAYERS
    print(f"\n{each:.1f} calls a client and tick")
    assert each < CALLS_MAX


async def test_players_on_another_worker_share_messages_through_the_layer(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with workers_on(ledger) as start:
        owner, gateway = await start(), await start()
        matches = [await a_match(owner) for _ in range(ROOMS)]
        clients = [
            client
            for match in matches
            for client in await joined(gateway, match, list(range(PLAYERS)))
        ]
        rooms: list[Any] = [owner.rooms[match] for match in matches]
        for room in rooms:
            room._timer.cancel()
            monkeypatch.setattr(room, "_schedule", lambda: None)
        sent = Letters(owner.layer, monkeypatch)
        began = time.monotonic()
        for number in range(TICKS):
            for client in clients:
                client.socket.data_received(client.input(number))
                await asyncio.sleep(0)  # what may leave does
            await _until(lambda: all(len(room.room._inbox._waiting) == PLAYERS for room in rooms))
            for room in rooms:
                room._tick(1)
                await _until(lambda room=room: room.keeper.uncommitted == 0)
            await _until(lambda: all(client.line.sent for client in clients))
            for client in clients:
                for answer in client.hear():
                    client.socket.data_received(answer)
        took_s = time.monotonic() - began
        assert {client.room.settled for client in clients} == {TICKS}
        for client in clients:
            client.socket.connection_lost(None)
    up, down = sent.count[owner.id], sent.count[gateway.id]
    print(f"\n{up / TICKS:.1f} letters up and {down / TICKS:.1f} down a tick of {ROOMS} rooms")
    assert up <= took_s / LETTER_PAUSE_S + OTHERWISE
    assert down <= ROOMS * TICKS + OTHERWISE


class Letters:
    """Counts what goes through a layer, by the worker that it is for."""

    def __init__(self, layer: BaseChannelLayer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count: Counter[str] = Counter()
        send = layer.send

        async def counted(channel: str, message: dict[str, Any]) -> None:
            self.count[channel.partition(".")[2]] += 1
            await send(channel, message)

        monkeypatch.setattr(layer, "send", counted)


async def test_a_socket_that_closed_leaves_nothing_to_the_garbage_collector(
    worker: Worker, match: str
) -> None:
    """Collections are rare in a worker: what waits for one would be thousands of sockets."""
    clients = await joined(worker, match, seats(3))
    gc.collect()
    gc.disable()
    try:
        left = [weakref.ref(client.socket) for client in clients]
        left += [weakref.ref(socket) for socket in worker.sockets.values()]
        left += [weakref.ref(client.socket.conn) for client in clients]
        assert len(left) == 9
        for client in clients:
            client.socket.connection_lost(None)
            del client.socket
        async with asyncio.timeout(60):
            while any(one() is not None for one in left):  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


async def test_an_idle_socket_keeps_so_many_bytes(worker: Worker) -> None:
    def start() -> str:
        players = [services.Player(user_id=None, name=name) for name in ("Ada", "Ben")]
        return str(services.match_start(title="chess", settings={}, players=players).id)

    match = await worker.records.call(start)
    clients = await joined(worker, match, [None] * 4)  # what is made once is made
    gc.collect()
    tracemalloc.start()
    try:
        clients += await joined(worker, match, [None] * IDLE)
        for client in clients:
            del client.room
        gc.collect()
        kept = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    assert len(worker.sockets) == len(clients)
    for client in clients:
        client.socket.connection_lost(None)
    theirs = [tracemalloc.Filter(False, file) for file in (__file__, tracemalloc.__file__)]
    each = sum(trace.size for trace in kept.filter_traces(theirs).traces) / IDLE
    print(f"\n{each:.0f} bytes an idle socket")
    assert each < IDLE_BYTES_MAX
