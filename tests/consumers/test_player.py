"""Sockets at a worker in this process: how a seat goes from one of them to another."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from games import services
from games.catalog import TITLES
from games.client.follower import Follower, decode
from games.consumers import PlayerConsumer
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.worker import Worker
from games.protocol.messages import Error, Move, Own, Welcome
from games.tickets import ticket_issue
from tests.hosting.test_worker import until, workers_on
from tests.titles import Patient

pytestmark = pytest.mark.django_db(transaction=True)

SOON_S = 60
"""Seconds; a guard against waiting for ever."""


@pytest.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    monkeypatch.setitem(TITLES, Patient.title, Patient)
    async with workers_on(MemoryLedger(time.monotonic, trim_unarchived=True)) as start:
        yield await start()


@pytest.fixture
async def match(worker: Worker) -> str:
    def start() -> str:
        return str(services.match_start(title="patient", settings={}, players=[], bots=1).id)

    return await worker.records.call(start)


class Socket:
    """A browser's end of a socket at the worker.

    Attributes:
        consumer: The worker's end.
        first: The first frame that the server sent.
    """

    consumer: Any
    first: bytes

    def __init__(self, worker: Worker, match: str) -> None:
        self._worker = worker
        self._app = PlayerConsumer.as_asgi(worker=worker)
        self._route = {"kwargs": {"match": match}}

    async def open(self, hello: bytes) -> "Socket":
        others = set(self._worker.sockets)
        self._wire = WebsocketCommunicator(self._serve, "/", subprotocols=["evertick.v1.json"])
        assert (await self._wire.connect(SOON_S))[0]
        await self.say(hello)
        self.first = (await self._wire.receive_from(SOON_S)).encode()
        (viewer,) = self._worker.sockets.keys() - others
        self.consumer = self._worker.sockets[viewer]
        return self

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope | {"url_route": self._route}, receive, send)

    async def say(self, frame: bytes) -> None:
        await self._wire.send_to(text_data=frame.decode())

    async def hears(self, kind: type[Any]) -> Any:
        """The next message of that kind; those before it are passed over."""
        while True:
            for message in decode(await self._wire.receive_from(SOON_S), "json"):
                if isinstance(message, kind):
                    return message

    async def closed(self) -> int:
        """Waits for the server to close it; the code."""
        return int((await self._wire.receive_output(SOON_S))["code"])

    async def close(self) -> None:
        await self._wire.disconnect(timeout=SOON_S)


async def at_the_match(worker: Worker, match: str, ada: Follower) -> Socket:
    """Ada's first socket, with a ticket for seat 0."""
    ticket = ticket_issue(match=match, seat=0, user=1, name="Ada")
    socket = await Socket(worker, match).open(ada.hello(ticket))
    ada.receive(socket.first)
    return socket


async def test_a_socket_that_is_asked_to_move_stays_until_its_client_is_welcome_on_another(
    worker: Worker, match: str
) -> None:
    ada = Follower("json")
    old = await at_the_match(worker, match, ada)
    old.consumer.ask_to_move()
    await old.hears(Move)
    new = await Socket(worker, match).open(ada.hello_beside())
    assert isinstance(decode(new.first, "json")[0], Welcome)
    assert (await old.hears(Error)).code == "seat_replaced"
    assert await old.closed() == 4409
    await new.close()


async def test_a_socket_is_asked_to_move_even_while_it_looks_for_its_room(
    worker: Worker, match: str
) -> None:
    old = await at_the_match(worker, match, Follower("json"))
    old.consumer.moved("a worker that does not answer")
    old.consumer.ask_to_move()
    await old.hears(Move)
    await old.close()


async def test_a_socket_that_is_expected_asks_if_it_waits_for_long(
    worker: Worker, match: str
) -> None:
    ada = Follower("json")
    socket = await at_the_match(worker, match, ada)
    socket.consumer.moved(worker.id, expected=True)
    assert not socket.consumer.welcomed
    await until(lambda: socket.consumer.welcomed)
    await socket.close()


async def test_a_socket_that_was_left_behind_does_not_take_the_seat_back(
    worker: Worker, match: str
) -> None:
    """After the room moved it may be the last to find it; its client is on the later one."""
    ada = Follower("json")
    first = await at_the_match(worker, match, ada)
    old = await Socket(worker, match).open(ada.hello_beside())
    ada.move([old.first])
    assert (await first.hears(Error)).code == "seat_replaced"
    worker.rooms[match].viewers.remove(worker.rooms[match].viewers.on(0))  # as in a room anew
    new = await Socket(worker, match).open(ada.hello_beside())
    old.consumer.moved(worker.id)
    assert (await old.hears(Error)).code == "seat_replaced"
    assert await old.closed() == 4409
    assert worker.rooms[match].viewers.on(0).id == new.consumer.viewer
    ada.move([new.first])
    await new.say(ada.input({"t": "add", "n": 1})[1])
    assert (await new.hears(Own)).settled == 1
    await new.close()
