"""A worker that leaves gives its rooms to others, each to one that can run it."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from games import services
from games.catalog import TITLES
from games.consumers import RoomConsumer
from games.hosting import worker as hosting
from games.hosting.ledger import Owner
from games.hosting.relay import Down, Run, Say, worker_channel
from games.hosting.roles import Role, by_weight, new_id
from games.hosting.worker import Worker
from games.models import Worker as WorkerRow
from games.protocol.codes import Close, Code, ProtocolError
from tests.hosting.reader import Reader
from tests.hosting.test_worker import Start, a_match, ended, start, tally, until
from tests.titles import Tally

__all__ = ["start", "tally"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)


class Newer(Tally):
    """Rules that can go on with no match of the older ones."""

    version = 2


def under(title: type[Tally]) -> Callable[..., Any]:
    """The application of rooms, in a worker that has these rules."""
    app = RoomConsumer.as_asgi()

    async def run(scope: Any, receive: Any, send: Any) -> None:
        here = TITLES[title.title]
        TITLES[title.title] = title  # read before the room first waits for anything

        async def say(message: Any) -> None:
            TITLES[title.title] = here
            await send(message)

        await app(scope, receive, say)

    return run


async def with_rules(start: Start, title: type[Tally], **options: Any) -> Worker:
    here = TITLES[title.title]
    TITLES[title.title] = title
    try:
        return await start(room_app=under(title), **options)
    finally:
        TITLES[title.title] = here


async def acquainted(*workers: Worker) -> None:
    """Wait until each of them knows that the others live."""
    for worker in workers:
        others = {other.id for other in workers} - {worker.id}
        await until(lambda worker=worker, others=others: others <= worker._others)


async def owner(worker: Worker, match: str) -> str:
    known = await worker.ledger.owner(match)
    assert isinstance(known, Owner)
    return known.worker


async def test_rooms_go_to_others_at_once_and_sockets_everywhere_are_told(start: Start) -> None:
    leaving, staying = await start(), await start()
    await acquainted(leaving, staying)
    match = await a_match(leaving)
    here, there = Reader(leaving, match, leaving.id), Reader(staying, match, leaving.id)
    await until(lambda: leaving.rooms[match].room.tick_no > 3)
    await leaving.drain()
    assert not leaving.rooms
    assert staying.rooms.keys() == {match}
    assert staying.rooms[match].room.tick_no > 3
    await until(lambda: here.moves == there.moves == [staying.id])
    await until(lambda: here.asked == 1)
    assert there.asked == 0


async def test_a_room_whose_heir_does_not_hear_of_it_is_free(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, staying = await start(), await start()
    await acquainted(leaving, staying)
    match = await a_match(leaving)
    there = Reader(staying, match, leaving.id)
    down = leaving.courier.down
    lost: list[Run] = []

    def lose(worker: str, said: Down) -> None:
        if isinstance(said, Run):
            lost.append(said)
        else:
            down(worker, said)

    monkeypatch.setattr(leaving.courier, "down", lose)
    monkeypatch.setattr(hosting, "TAKEN_S", 0.1)
    await leaving.drain()
    assert [run.lease.worker for run in lost] == [staying.id]
    assert await owner(staying, match) == ""
    await until(lambda: there.moves == [""])
    assert await staying.locate(match) == staying.id


async def test_an_heir_that_leaves_itself_hands_the_room_on(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, heir, staying = await start(), await start(), await start()
    await acquainted(leaving, heir, staying)
    match = await a_match(leaving)
    monkeypatch.setattr(leaving._finder, "heir", lambda match: heir.id)
    monkeypatch.setattr(heir._finder, "heir", lambda match: staying.id)
    heir.draining = True
    await leaving.drain()
    assert staying.rooms.keys() == {match}


async def test_who_comes_while_a_worker_leaves_is_told(start: Start) -> None:
    leaving, staying = await start(), await start()
    await acquainted(leaving, staying)
    await leaving.drain()
    late = await start()
    await acquainted(late, leaving, staying)
    await until(lambda: late.hosts == [staying.id])


async def test_a_lease_that_nobody_here_knows_of_is_given_up_at_the_second_sweep(
    start: Start,
) -> None:
    worker = await start()
    match = str(uuid4())
    await worker.ledger.acquire(match, worker.id)
    await worker._sweep_leases()
    assert await owner(worker, match) == worker.id  # the word that it is ours may be on its way
    await worker._sweep_leases()
    assert await owner(worker, match) == ""


async def looked_at(start: Start, at: str) -> tuple[Worker, Worker, Reader]:
    """A worker that is to leave with a room of its own, one that stays, and a socket on seat 0 of
    the room, at either."""
    workers = {"leaving": await start(), "staying": await start()}
    leaving, staying = workers["leaving"], workers["staying"]
    await acquainted(leaving, staying)
    match = await a_match(leaving)
    reader = Reader(workers[at], match, leaving.id)
    workers[at].post(match, leaving.id, reader.ask_in(0))
    await until(lambda: leaving.rooms[match].viewers.on(0) is not None)
    return leaving, staying, reader


@pytest.mark.parametrize("at", ["leaving", "staying"])
async def test_whoever_looks_on_is_let_in_by_the_heir_without_asking(start: Start, at: str) -> None:
    leaving, staying, reader = await looked_at(start, at)
    match, its_worker = reader.match, reader.worker
    opened: list[str] = []
    services_open = services.match_open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "match_open", lambda **kw: opened.append("") or services_open(**kw))
        patch.setattr(reader, "ask_to_move", lambda: None)  # it takes its time
        draining = asyncio.ensure_future(leaving.drain())
        await until(lambda: reader.moves == [staying.id])
        tick = staying.rooms[match].room.tick_no
        await until(lambda: any(shown > tick for shown in reader.shown))
        await draining
    assert reader.expected == 1
    assert reader.shown == sorted(reader.shown)
    room = staying.rooms[match]
    assert (room.viewers.on(0).id, room.viewers.on(0).gateway) == (reader.viewer, its_worker.id)
    assert room.room.places[0].status == "here"
    assert not opened, "what its row says came along"


@pytest.mark.parametrize("at", ["leaving", "staying"])
async def test_whoever_went_while_the_room_did_is_away_there(start: Start, at: str) -> None:
    leaving, staying, reader = await looked_at(start, at)
    match, its_worker = reader.match, reader.worker
    its_worker.unwatch(reader)  # and what it says is lost
    reader.leave()
    await leaving.drain()
    await until(lambda: staying.rooms[match].viewers.on(0) is None)
    await until(lambda: staying.rooms[match].room.places[0].status == "away")


async def test_a_room_is_told_of_a_viewer_whose_farewell_was_lost(start: Start) -> None:
    here, there = await start(), await start()
    await acquainted(here, there)
    match = await a_match(here)
    reader = Reader(there, match, here.id)
    there.post(match, here.id, reader.ask_in(0))
    await until(lambda: here.rooms[match].viewers.on(0) is not None)
    there.unwatch(reader)
    reader.leave()
    here.rooms[match].take(Say(reader.viewer, 1, {"t": "add", "n": 1}))  # acknowledged to it alone
    await until(lambda: here.rooms[match].viewers.on(0) is None)


async def test_a_room_that_ends_while_heirs_are_written_down_holds_up_no_other(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, staying, third = await start(), await start(), await start()
    await acquainted(leaving, staying, third)
    matches = [await a_match(leaving) for _ in range(2)]
    heirs = dict(zip(matches, sorted([staying.id, third.id]), strict=True))
    monkeypatch.setattr(leaving._finder, "heir", heirs.__getitem__)
    hand_over = services.matches_hand_over

    def meanwhile(**said: Any) -> set[UUID]:
        leaving.rooms.pop(matches[1], None)
        return hand_over(**said)

    monkeypatch.setattr(services, "matches_hand_over", meanwhile)
    await leaving.drain()
    assert await owner(leaving, matches[0]) == heirs[matches[0]]


async def test_a_worker_that_leaves_takes_no_rooms_and_finds_them_through_others(
    start: Start,
) -> None:
    leaving, staying = await start(), await start()
    await acquainted(leaving, staying)
    await leaving.drain()
    match = await a_match_somewhere(leaving)
    assert await leaving.locate(match) == staying.id
    assert not leaving.admits
    await until(lambda: staying.hosts == [])


async def test_alone_it_leaves_its_rooms_for_who_comes_next(start: Start) -> None:
    leaving = await start()
    match = await a_match(leaving)
    reader = Reader(leaving, match, leaving.id)
    await leaving.drain()
    assert await owner(leaving, match) == ""
    assert (reader.moves, reader.asked) == ([""], 0)
    assert leaving.admits, "there is no other to go to"
    with pytest.raises(ProtocolError) as refused:
        await leaving.locate(match)
    assert refused.value.close == Close.UNAVAILABLE
    after = await start()
    assert await after.locate(match) == after.id


async def test_a_room_goes_to_a_worker_with_its_rules_if_there_is_one(start: Start) -> None:
    newer = [await with_rules(start, Newer) for _ in range(3)]
    leaving, older = await with_rules(start, Tally), await with_rules(start, Tally)
    await acquainted(leaving, older, *newer)
    matches = [await a_match(leaving) for _ in range(6)]
    await leaving.drain()
    assert older.rooms.keys() == set(matches)


async def test_what_nobody_else_can_run_comes_back_until_the_worker_stops(start: Start) -> None:
    newer = [await with_rules(start, Newer) for _ in range(2)]
    leaving = await with_rules(start, Tally, drain_s=0.3)
    await acquainted(leaving, *newer)
    match = await a_match(leaving)
    await until(lambda: leaving.rooms[match].room.tick_no > 3)
    await leaving.drain()
    await until(lambda: match in leaving.rooms)
    tick = leaving.rooms[match].room.tick_no
    await until(lambda: leaving.rooms[match].room.tick_no > tick)
    assert not newer[0].rooms.keys() | newer[1].rooms.keys()
    await leaving.stop()
    await ended(newer[0], match, "abandoned", "rules_changed")


async def test_of_a_dead_worker_a_room_goes_on_where_its_rules_are(start: Start) -> None:
    newer = [await with_rules(start, Newer) for _ in range(2)]
    older = await with_rules(start, Tally)
    await acquainted(older, *newer)
    match = await a_match(older)
    await until(lambda: older.rooms[match].room.tick_no > 3)
    await older.rooms[match].hand_over(
        "", whole=True
    )  # a checkpoint of the old rules, and nobody has it
    for worker in newer:
        with pytest.raises(ProtocolError) as refused:
            await worker.locate(match)
        assert refused.value.code == Code.ROOM_UNREACHABLE
    await until(lambda: match in older.rooms)


async def test_what_nobody_at_all_can_run_is_abandoned(start: Start) -> None:
    older = await with_rules(start, Tally)
    match = await a_match(older)
    await until(lambda: older.rooms[match].room.tick_no > 3)
    await older.stop()
    newer = await with_rules(start, Newer)
    with pytest.raises(ProtocolError) as refused:
        await newer.locate(match)
    assert refused.value.code == Code.ROOM_LOST
    await ended(newer, match, "abandoned", "rules_changed")


async def test_a_room_whose_heir_never_heard_of_it_is_asked_for_by_its_sockets(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, staying = await start(), await start()
    await acquainted(leaving, staying)
    match = await a_match(leaving)
    reader = Reader(staying, match, leaving.id)
    down = leaving.courier.down

    def loses(to: str, message: Down) -> None:
        if not isinstance(message, Run):
            down(to, message)

    monkeypatch.setattr(leaving.courier, "down", loses)
    monkeypatch.setattr(hosting, "TAKEN_S", 0.1)
    await leaving.drain()
    await until(lambda: "" in reader.moves)
    assert await staying.locate(match) == staying.id


async def test_an_operator_has_a_worker_drained_once_there_is_another(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "WORKER_ROW_S", 0.02)
    worker = await start()
    match = await a_match(worker)

    def row() -> tuple[int, bool]:
        shown = WorkerRow.objects.filter(id=worker.id).first()
        return (shown.rooms, shown.draining) if shown else (0, False)

    async with asyncio.timeout(60):
        while await worker.records.call(row) != (1, False):  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.01)
    assert await worker.records.call(services.worker_drain, worker=worker.id)
    tick = worker.rooms[match].room.tick_no
    await until(lambda: worker.rooms[match].room.tick_no > tick + 3)
    other = await start()
    await until(lambda: match in other.rooms)
    async with asyncio.timeout(60):
        while await worker.records.call(row) != (0, True):  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.01)


# --- roles -------------------------------------------------------------------------------------


async def a_match_somewhere(worker: Worker) -> str:
    def begin() -> str:
        return str(services.match_start(title="tally", settings={}, players=[], bots=2).id)

    return await worker.records.call(begin)


async def test_a_gateway_has_a_host_run_what_it_is_asked_for(start: Start) -> None:
    gateway = await start(role=Role.GATEWAY)
    hosts = [await start(role=Role.HOST) for _ in range(2)]
    await acquainted(gateway, *hosts)
    matches = [await a_match_somewhere(gateway) for _ in range(8)]
    for match in matches:
        first = by_weight(match, [host.id for host in hosts])[0]
        assert await gateway.locate(match) == first
    assert not gateway.rooms
    assert all(host.rooms for host in hosts), "each has its share"


async def test_a_gateway_says_what_the_host_said(start: Start) -> None:
    gateway, host = await start(role=Role.GATEWAY), await start(role=Role.HOST)
    await acquainted(gateway, host)
    match = await a_match_somewhere(gateway)
    await gateway.records.call(services.match_end, match_id=UUID(match))
    with pytest.raises(ProtocolError) as refused:
        await gateway.locate(match)
    assert (refused.value.code, refused.value.close) == (Code.MATCH_OVER, Close.NOT_FOUND)


async def test_gateways_alone_take_no_rooms_and_lose_none(start: Start) -> None:
    gateway, host = await start(role=Role.GATEWAY), await start(role=Role.HOST)
    await acquainted(gateway, host)
    match = await a_match_somewhere(gateway)
    assert await gateway.locate(match) == host.id
    await host.stop()
    with pytest.raises(ProtocolError) as refused:
        await gateway.locate(match)
    assert refused.value.code == Code.ROOM_UNREACHABLE
    another = await start(role=Role.HOST)
    await acquainted(gateway, another)
    async with asyncio.timeout(60):
        while await owner(gateway, match) != another.id:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)
    assert await gateway.locate(match) == another.id


async def test_sockets_are_not_sent_where_no_worker_keeps_any(start: Start) -> None:
    worker, host = await start(), await start(role=Role.HOST)
    await acquainted(worker, host)
    match = await a_match(worker)
    reader = Reader(worker, match, worker.id)
    await worker.drain()
    await until(lambda: reader.moves == [host.id])
    await asyncio.sleep(0)
    assert reader.asked == 0
    assert worker.admits


async def test_a_web_process_is_given_no_room_and_no_socket(start: Start) -> None:
    worker, web = await start(), await start(role=Role.WEB)
    await acquainted(worker, web)
    match = await a_match(worker)
    assert await web.locate(match) == worker.id
    assert not worker.hosts
    reader = Reader(worker, match, worker.id)
    await worker.drain()
    assert reader.moves == [""], "the room is free, and nobody was given it"
    assert reader.asked == 0, "there is nowhere to move to"
    assert worker.admits
    with pytest.raises(ProtocolError) as refused:
        await web.locate(match)
    assert refused.value.code == Code.ROOM_UNREACHABLE
    assert not web.rooms
    assert not web.has_part("matchmaking")


def test_a_channel_of_any_worker_is_one_that_the_layer_takes() -> None:
    for role in Role:
        assert len(worker_channel(new_id(role, TITLES))) < 60
