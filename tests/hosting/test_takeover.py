"""A room whose store stumbles: nothing of it is given up, and nothing is told too early."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from games import services
from games.catalog import TITLES
from games.client.follower import decode
from games.consumers import RoomConsumer
from games.hosting.ledger import Lease, LedgerUnavailable, Loaded, Owner
from games.hosting.ledger.base import Append, Verdict
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.relay import Detach, Moved, Say, opened, worker_channel
from games.hosting.worker import Worker
from games.models import Match
from games.protocol.codes import Code, ProtocolError
from games.protocol.messages import Snapshot
from games.rooms import Room
from games.rooms.journal import read_tick
from tests.hosting.test_worker import attach, heard, until
from tests.titles import Patient, Tally, Wide

pytestmark = pytest.mark.django_db(transaction=True)

ADA = services.Player(user_id=None, name="Ada")


class Stumbling(MemoryLedger):
    """A store that can be made to fail, or to take its time.

    Attributes:
        deaf: Whether it tells nobody what a room is made of.
        slow: Whether a batch waits until ``let`` lets one more pass.
        silent: Whether it tells nobody who has a room.
        mute: Whether the next answer about a room that was acquired is lost.
    """

    def __init__(self) -> None:
        super().__init__(time.monotonic, trim_unarchived=True)
        self.deaf = self.slow = self.mute = self.silent = False
        self.let = asyncio.Semaphore(0)

    async def load(self, match: str, token: str, *, older: bool = False) -> Loaded:
        if self.deaf:
            raise LedgerUnavailable("for a moment")
        return await super().load(match, token, older=older)

    async def owner(self, match: str) -> Owner | None:
        if self.silent:
            raise LedgerUnavailable("for a moment")
        return await super().owner(match)

    async def acquire(
        self, match: str, worker: str, seen: str = "", above: int = 0
    ) -> Lease | Owner:
        lease = await super().acquire(match, worker, seen, above)
        if self.mute:
            self.mute = False
            raise LedgerUnavailable("for a moment")
        return lease

    async def append(self, batch: list[Append]) -> list[Verdict]:
        if self.slow:
            await self.let.acquire()
        return await super().append(batch)


@pytest.fixture(autouse=True)
def titles(monkeypatch: pytest.MonkeyPatch) -> None:
    for title in (Tally, Wide, Patient):
        monkeypatch.setitem(TITLES, title.title, title)


@pytest.fixture
async def store() -> Stumbling:
    return Stumbling()


@pytest.fixture
async def worker(store: Stumbling) -> AsyncIterator[Worker]:
    async def open_ledger() -> Stumbling:
        return store

    layer = InMemoryChannelLayer(capacity=1000)
    running = Worker(open_ledger=open_ledger, layer=layer, room_app=RoomConsumer.as_asgi())
    await running.start()
    yield running
    store.deaf = store.slow = False
    store.let.release()
    await running.stop()


async def a_match(worker: Worker, title: str) -> str:
    def start() -> str:
        return str(services.match_start(title=title, settings={}, players=[ADA, ADA]).id)

    match = await worker.records.call(start)
    assert await worker.locate(match) == worker.id
    return match


async def kept(store: Stumbling, match: str) -> int:
    owner = await store.owner(match)
    assert owner is not None
    return owner.tick


async def test_a_store_that_stumbles_while_a_room_is_taken_over_keeps_it(
    worker: Worker, store: Stumbling
) -> None:
    match = await a_match(worker, "tally")
    await until(lambda: worker.rooms[match].room.tick_no > 2)
    await worker.rooms[match].hand_over("", whole=True)
    await until(lambda: match not in worker.rooms)
    tick = await kept(store, match)
    store.deaf = True
    with pytest.raises(ProtocolError) as refused:
        await worker.locate(match)
    assert refused.value.code == Code.ROOM_UNREACHABLE
    store.deaf = False
    assert await worker.locate(match) == worker.id
    assert worker.rooms[match].room.tick_no >= tick > 0


async def test_who_comes_while_ticks_wait_for_the_store_is_told_of_none_that_it_lacks(
    worker: Worker, store: Stumbling
) -> None:
    match = await a_match(worker, "wide")
    room = worker.rooms[match]
    store.slow = True
    await until(lambda: room.keeper.uncommitted > 0)
    room.take(attach("v"))
    await until(lambda: room.keeper.uncommitted == 4)
    store.slow = False
    store.let.release()
    told = await heard(worker)
    _, snapshot = decode(told.frame, "json")
    assert isinstance(snapshot, Snapshot)
    assert snapshot.tick <= await kept(store, match)


async def test_who_leaves_a_turn_room_while_a_tick_waits_is_away_without_another_event(
    worker: Worker, store: Stumbling
) -> None:
    match = await a_match(worker, "patient")
    room = worker.rooms[match]
    room.take(attach("v", seat=0))
    assert (await heard(worker)).admits
    await until(lambda: room.room.places[0].status == "here" and not room.keeper.uncommitted)
    store.slow = True
    room.take(Say("v", 1, {"t": "add", "n": 1}))
    await until(lambda: room.keeper.uncommitted > 0)
    room.take(Detach("v"))
    store.slow = False
    store.let.release()
    await until(lambda: room.room.places[0].status == "away")


class Waiting:
    """A socket here that looks at a room elsewhere."""

    def __init__(self, owner: str, *, welcomed: bool) -> None:
        self.viewer, self.match, self.owner = f"{owner} {welcomed}", "m", owner
        self.welcomed, self.seat, self.told = welcomed, None, []

    def moved(self, owner: str, *, expected: bool = False) -> None:
        self.told.append(owner)


async def test_who_asked_before_the_room_was_ready_asks_again_when_it_is(worker: Worker) -> None:
    settled, early, late = (
        Waiting("new", welcomed=True),
        Waiting("new", welcomed=False),
        Waiting("old", welcomed=True),
    )
    for socket in (settled, early, late):
        worker.watch(socket)
    worker.courier.down(worker.id, Moved("m", "new"))
    await until(lambda: bool(late.told))
    assert (settled.told, early.told, late.told) == ([], ["new"], ["new"])


async def test_a_store_that_forgot_a_room_gets_it_back_even_if_its_answer_is_lost(
    worker: Worker, store: Stumbling
) -> None:
    match = await a_match(worker, "tally")
    room = worker.rooms[match]
    await until(lambda: room.room.tick_no > 2)
    store.mute = True  # the next room that is acquired is not told so
    assert await store.forget(match, room.keeper.lease.token)
    await until(lambda: not store.mute)
    tick = room.room.tick_no
    await until(lambda: room.room.tick_no > tick + 5)
    assert worker.rooms[match] is room
    assert await kept(store, match) > tick


@pytest.mark.parametrize("title", ["tally", "patient"])
async def test_a_lease_that_was_given_up_while_its_room_ran_costs_the_journal_nothing(
    worker: Worker, store: Stumbling, title: str
) -> None:
    """Whoever handed it over did not hear that it had arrived, and released it."""
    match = await a_match(worker, title)
    room = worker.rooms[match]
    room.take(attach("v", seat=0))
    assert (await heard(worker)).admits
    await until(lambda: room.room.tick_no > 0 and not room.keeper.uncommitted)
    token = room.keeper.lease.token
    assert await store.release(match, token)
    room.take(Say("v", 1, {"t": "add", "n": 7}))
    await until(lambda: room.keeper.lease.token != token and not room.keeper.behind)
    room.take(Say("v", 2, {"t": "add", "n": 8}))
    await until(lambda: room.room.places[0].settled == 2 and not room.keeper.uncommitted)
    assert worker.rooms[match] is room
    entries = await store.read(match)
    assert [entry.tick for entry in entries] == list(range(1, len(entries) + 1))
    again = Room(TITLES[title](), seed=room.spec.seed, settings={}, seats=room.spec.seats)
    for entry in entries:
        again.play(read_tick(entry.payload).record)
    assert again.state.sums[0] == 15


async def test_who_slept_while_the_match_went_on_elsewhere_gives_nothing_back(
    worker: Worker, store: Stumbling
) -> None:
    """The store lost all of it, and what it would be given is older than what was told."""
    match = await a_match(worker, "tally")
    room = worker.rooms[match]
    await until(lambda: room.room.tick_no > 2)

    def goes_on_elsewhere() -> None:
        Match.objects.filter(id=match).update(worker="another", epoch=7)

    await worker.records.call(goes_on_elsewhere)
    assert await store.forget(match, room.keeper.lease.token)
    await until(lambda: match not in worker.rooms)
    assert await store.owner(match) is None


async def another_took(worker: Worker, store: Stumbling, match: str) -> Lease:
    """The lease of another worker, which took the room of this one."""
    owner = await store.owner(match)
    assert owner is not None
    lease = await store.acquire(match, "another", owner.token)
    assert isinstance(lease, Lease)
    return lease


async def test_what_the_clocks_of_two_workers_differ_by_is_nobodys_thinking_time(
    worker: Worker, store: Stumbling
) -> None:
    match = await a_match(worker, "patient")
    room = worker.rooms[match]
    room.take(attach("v", seat=0))
    assert (await heard(worker)).admits
    await until(lambda: room.room.tick_no > 0 and not room.keeper.uncommitted)
    # On a machine that runs for an hour more; and it writes nothing.
    lease = await another_took(worker, store, match)
    await store.beat("another", worker.clock_ms + 3_600_000)
    room.take(Say("v", 1, {"t": "add", "n": 1}))
    await until(lambda: match not in worker.rooms)
    assert await store.release(match, lease.token)
    assert await worker.locate(match) == worker.id
    again = worker.rooms[match].room
    await until(lambda: again.places[0].status == "away")
    assert again.time < 60 * Patient.tick_hz


async def test_a_match_that_another_took_meanwhile_is_not_called_over(
    worker: Worker, store: Stumbling, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = await a_match(worker, "tally")
    await until(lambda: worker.rooms[match].room.tick_no > 2)
    await worker.rooms[match].hand_over("", whole=True)
    await until(lambda: match not in worker.rooms)
    call = worker.records.call

    async def overtaken(function: Any, **asked: Any) -> Any:
        if function is services.match_open:
            lease = await another_took(worker, store, match)
            assert await call(function, **{**asked, "worker": "another", "epoch": lease.epoch})
        return await call(function, **asked)

    monkeypatch.setattr(worker.records, "call", overtaken)
    with pytest.raises(ProtocolError) as refused:
        await worker.locate(match)
    assert refused.value.code == Code.ROOM_UNREACHABLE


async def test_sockets_of_a_worker_that_is_taken_for_dead_are_told_to_ask_again(
    worker: Worker,
) -> None:
    match = await a_match(worker, "tally")
    worker.rooms[match].take(attach("v"))
    assert (await heard(worker)).admits
    await worker._succeed("elsewhere")
    assert not worker.rooms[match].gateways()
    async with asyncio.timeout(60):
        while True:
            message = await worker.layer.receive(worker_channel("elsewhere"))
            if Moved(match, "") in opened(message["body"]):
                return


async def test_a_room_that_stops_before_it_has_its_lease_again_tells_nothing_that_was_not_kept(
    worker: Worker, store: Stumbling
) -> None:
    match = await a_match(worker, "wide")
    room = worker.rooms[match]
    room.take(attach("v"))
    assert (await heard(worker)).admits
    store.slow = True
    await until(lambda: room.keeper.uncommitted > 1)
    await another_took(worker, store, match)
    store.silent = True
    store.slow = False
    store.let.release()
    await until(lambda: room.keeper.behind and not room.keeper.uncommitted)
    said: list[str] = []
    room.keeper.after(None, lambda: said.append("a tick that nobody has"))
    stopping = asyncio.ensure_future(room.hand_over("", whole=True))
    await until(lambda: not room.keeper._waiting)
    store.silent = False
    await asyncio.wait([stopping])
    assert said == []


async def test_a_lease_that_another_acquired_for_us_is_no_answer_that_was_lost(
    worker: Worker, store: Stumbling
) -> None:
    """The match was played elsewhere meanwhile: what this room has is not what was told."""
    match = await a_match(worker, "tally")
    stale = worker.rooms[match]
    await until(lambda: stale.room.tick_no > 2)
    await another_took(worker, store, match)
    taken = await store.owner(match)
    assert taken is not None
    given = await store.acquire(match, worker.id, taken.token)
    assert isinstance(given, Lease)
    stale.check_lease(given.token)
    await until(lambda: worker.rooms.get(match) is not stale)
    there = await store.owner(match)
    assert there is not None
    assert there.token == given.token
