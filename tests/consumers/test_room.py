"""A live room, from its players' lines to its ticks; the test says when it ticks."""

import time
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.thinning import Thinning
from games.hosting.worker import Worker
from tests.consumers.test_cost import _until, a_match, joined, seats
from tests.hosting.test_worker import workers_on

pytestmark = pytest.mark.django_db(transaction=True)

TICKS = 40


class Told(Thinning):
    """As often as is said, whatever happens."""

    def ticked(self, now: float, late_s: float, hz: int) -> bool:
        return False


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    async with workers_on(MemoryLedger(time.monotonic, trim_unarchived=True)) as start:
        yield await start()


@pytest.mark.parametrize("every", [2, 5])
async def test_where_viewers_are_told_less_often_nothing_is_lost(
    worker: Worker, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = await a_match(worker)
    clients = await joined(worker, match, [*seats(4), None])
    room: Any = worker.rooms[match]
    room._timer.cancel()
    monkeypatch.setattr(room, "_schedule", lambda: None)
    monkeypatch.setattr(room.clock, "take", lambda now: 1)
    worker.thinning = Told()
    worker.thinning.every = every
    shown: list[int] = []
    begun = room.room.tick_no
    await _until(lambda: room.keeper.uncommitted == 0)
    for client in clients:
        client.hear()  # the last tick that the room's own timer brought
    for number in range(TICKS):
        for client in clients[:-1]:
            client.socket.data_received(client.input(number))
        room._on_time(room.loop.time())
        await _until(lambda: room.keeper.uncommitted == 0)
        for client in clients:
            before = client.room.tick
            for answer in client.hear():
                client.socket.data_received(answer)
            if client.room.tick != before:
                shown.append(client.room.tick)
    assert room.room.tick_no == begun + TICKS
    told = sorted({*shown})
    assert {then - now for now, then in pairwise(told)} == {every}
    assert len(shown) == len(told) * len(clients), "all are told of the same ticks"
    for client in clients:
        assert client.room.errors == []
        assert client.room.tick > begun + TICKS - every
        client.socket.connection_lost(None)
    assert {client.room.settled for client in clients[:-1]} == {told[-1] - begun}
