"""A match that nobody needs for now is rows, and no memory; and goes on as if it had been there."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from games import selectors, services
from games.catalog import TITLES
from games.consumers import room as consumer
from games.hosting import worker as hosting
from games.hosting.relay import Attach, Detach, Say
from games.hosting.worker import Worker
from games.models import Match, Seat, Sleep
from games.protocol.codes import Code, ProtocolError
from games.sim import Away, Outcome
from tests.hosting.reader import Reader
from tests.hosting.test_drain import acquainted
from tests.hosting.test_worker import Start, ended, start, until
from tests.titles import Patient, Sums

__all__ = ["start"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


class Drowsy(Patient):
    """Waits for whoever is away, and ends after two hours."""

    title = "drowsy"
    name = "Drowsy"
    away = Away.STAY

    def due(self, state: Sums) -> int | None:
        return 7200 * self.tick_hz - state.clock

    def outcome(self, state: Sums) -> Outcome | None:
        if state.clock >= 7200 * self.tick_hz:
            return Outcome([[0, 1]], "time_up")
        return super().outcome(state)


class Expectant(Patient):
    """Has to give up a seat within the time for which a room stays awake."""

    title = "expectant"
    name = "Expectant"
    grace_s = 60


@pytest.fixture(autouse=True)
def titles(monkeypatch: pytest.MonkeyPatch) -> None:
    for title in (Expectant, Drowsy):
        monkeypatch.setitem(TITLES, title.title, title)
    monkeypatch.setattr(consumer, "SLEEP_AFTER_S", 600)  # tests let it pass; see `asleep`


PEOPLE = [services.Player(user_id=None, name=name) for name in ("Ada", "Ben")]


async def a_match(worker: Worker, title: str = "drowsy") -> str:
    def begin() -> str:
        return str(services.match_start(title=title, settings={}, players=PEOPLE).id)

    match = await worker.records.call(begin)
    assert await worker.locate(match) == worker.id
    return match


async def asleep(worker: Worker, match: str) -> Sleep:
    """Let the time pass after which it sleeps; it does so, here and in the room store."""
    if room := worker.rooms.get(match):
        await until(room._idle)
        room._doze()
    async with asyncio.timeout(60):
        while match in worker.rooms or await worker.ledger.owner(match):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return await worker.records.call(Sleep.objects.get, match_id=match)


def attach(viewer: str, seat: int) -> Attach:
    return Attach(viewer, "elsewhere", "json", seat, f"session of {seat}", "Ada", 1)


def add(worker: Worker, match: str, seq: int, n: int) -> None:
    worker.rooms[match].take(Say("v", seq, {"t": "add", "n": n}))


async def slept_for(worker: Worker, match: str, passed: timedelta) -> None:
    """Let time pass that nobody lives through."""

    def turn_back() -> None:
        row = Sleep.objects.get(match_id=match)
        row.ticked_at -= passed
        row.wake_at -= passed
        row.save()

    await worker.records.call(turn_back)


async def test_it_leaves_memory_and_comes_back_on_any_worker_as_it_was(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await start()
    match = await a_match(first)
    first.rooms[match].take(attach("v", 0))
    await until(lambda: first.rooms[match].room.places[0].status == "here")
    add(first, match, 1, 41)
    await until(lambda: first.rooms[match].room.state.sums[0] == 41)
    monkeypatch.setattr(consumer, "SLEEP_AFTER_S", 0.05)
    first.rooms[match].take(Detach("v"))
    await until(lambda: match not in first.rooms)
    monkeypatch.setattr(consumer, "SLEEP_AFTER_S", 600)
    kept = await asleep(first, match)
    assert kept.wake_at is not None
    assert abs(kept.wake_at - timezone.now() - timedelta(hours=2)) < timedelta(minutes=5)

    second = await start()
    await slept_for(second, match, timedelta(minutes=30))
    assert await second.locate(match) == second.id
    second.rooms[match].take(attach("v", 0))
    await until(lambda: second.rooms[match].room.places[0].status == "here")
    room = second.rooms[match].room
    assert room.state.sums[0] == 41
    assert room.places[0].settled == 1
    assert 1800 <= room.state.clock / Drowsy.tick_hz < 2100, "who slept was thinking"
    add(second, match, 1, 41)  # sent again, as after any reconnect
    add(second, match, 2, 1)
    await until(lambda: room.state.sums[0] == 42)
    assert room.state.log == [[0, 41], [0, 1]]


async def test_it_wakes_by_itself_when_something_is_due(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "UNOWNED_S", 0.05)
    worker = await start()
    match = await a_match(worker)
    await asleep(worker, match)
    await slept_for(worker, match, timedelta(hours=2))
    await ended(worker, match, "finished", "time_up")
    assert not await worker.records.call(Sleep.objects.exists)


@pytest.mark.parametrize("title", ["expectant", "drowsy"])
async def test_it_stays_awake_while_somebody_looks_on_or_is_waited_for(
    start: Start, title: str
) -> None:
    worker = await start()
    match = await a_match(worker, title)
    room = worker.rooms[match]
    if title == "drowsy":
        room.take(attach("v", 1))
        await until(lambda: room.viewers.on(1) is not None)
    room._doze()
    assert not room._stopped


async def test_it_stays_awake_while_the_room_store_is_away_and_not_for_ever(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await start()
    match = await a_match(worker)
    room = worker.rooms[match]
    await until(room._idle)
    monkeypatch.setattr(consumer, "SLEEP_AFTER_S", 0.01)
    room.keeper._recovering = True
    room._doze()
    await until(lambda: room._sleeper is not None)
    assert not room._stopped
    room.keeper._recovering = False
    await until(lambda: match not in worker.rooms)


@pytest.mark.parametrize("when", ["later", "at once"])
async def test_who_comes_as_it_falls_asleep_is_told_to_look_again(start: Start, when: str) -> None:
    worker, elsewhere = await start(), await start()
    await acquainted(worker, elsewhere)
    match = await a_match(worker)
    reader = Reader(elsewhere, match, worker.id)
    room = worker.rooms[match]
    await until(room._idle)
    room._doze()
    if when == "later":
        await asyncio.sleep(0)  # it is being written down
    room.take(attach("v", 0))
    await asleep(worker, match)
    await until(lambda: reader.moves == [""])


async def test_an_operator_ends_it_in_its_sleep(start: Start) -> None:
    worker = await start()
    match = await a_match(worker)
    await asleep(worker, match)
    await worker.records.call(services.match_end, match_id=UUID(match))
    await ended(worker, match, "abandoned", "ended_by_operator")
    assert not await worker.records.call(Sleep.objects.exists)


async def test_a_seat_that_is_given_up_wakes_it(start: Start) -> None:
    worker = await start()
    match = await a_match(worker)
    await asleep(worker, match)

    def leave() -> list[UUID]:
        user_id = _with_user(match)
        services.seat_vacate(match_id=UUID(match), user_id=user_id, why=Seat.Left.LEFT)
        return selectors.matches_to_wake(now=timezone.now())

    assert await worker.records.call(leave) == [UUID(match)]
    await ended(worker, match, "finished", "left")


def _with_user(match: str) -> int:
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.create(username="ben")
    Seat.objects.filter(match_id=match, number=1).update(user=user)
    return user.pk


async def test_one_whose_database_fails_goes_on_where_the_room_store_has_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import DatabaseError

    def fails(**_: object) -> bool:
        raise DatabaseError("for a moment")

    worker = await start()
    monkeypatch.setattr(services, "match_sleep", fails)
    match = await a_match(worker)
    await until(worker.rooms[match]._idle)
    worker.rooms[match]._doze()
    await until(lambda: match not in worker.rooms)
    assert not await worker.records.call(Sleep.objects.exists)
    monkeypatch.undo()
    monkeypatch.setitem(TITLES, "drowsy", Drowsy)
    assert await worker.locate(match) == worker.id


async def test_what_it_was_before_it_woke_is_not_gone_back_to(start: Start) -> None:
    """The room store forgets it after it woke, and its owner dies: that match is lost."""
    worker = await start()
    match = await a_match(worker)
    await asleep(worker, match)
    assert await worker.locate(match) == worker.id
    assert not await worker.records.call(Sleep.objects.exists)
    await worker.stop()
    released = await worker.ledger.owner(match)
    assert released is not None
    lease = await worker.ledger.acquire(match, "dead", released.token)
    await worker.ledger.forget(match, lease.token)
    heir = await start()
    await until(lambda: not heir.lives(worker.id))
    with pytest.raises(ProtocolError) as refused:
        await heir.locate(match)
    assert refused.value.code == Code.ROOM_LOST


async def test_one_that_died_while_it_woke_sleeps_on(start: Start) -> None:
    """Between acquiring the room and giving it to the room store."""
    worker = await start()
    match = await a_match(worker)
    kept = await asleep(worker, match)
    row = await worker.records.call(Match.objects.get, id=match)
    lease = await worker.ledger.acquire(match, "dead", above=row.epoch)
    await worker.records.call(
        services.match_open, match_id=UUID(match), worker="dead", epoch=lease.epoch
    )
    await until(lambda: not worker.lives("dead"))
    assert await worker.locate(match) == worker.id
    assert worker.rooms[match].room.tick_no >= kept.tick


async def test_one_that_slept_while_this_worker_was_about_to_wake_it_is_not_called_over(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that stood still between acquiring it and reading its row was overtaken by one that
    ran it and had it go to sleep."""
    worker, other = await start(), await start()
    match = await a_match(worker)
    await asleep(worker, match)
    call = worker.records.call

    async def overtaken(function: Any, **asked: Any) -> Any:
        if function is services.match_open:
            monkeypatch.setattr(other, "lives", lambda _: False)
            assert await other.locate(match) == other.id
            await asleep(other, match)
        return await call(function, **asked)

    monkeypatch.setattr(worker.records, "call", overtaken)
    with pytest.raises(ProtocolError) as refused:
        await worker.locate(match)
    assert refused.value.code == Code.ROOM_UNREACHABLE
    monkeypatch.setattr(worker.records, "call", call)
    assert await worker.locate(match) == worker.id, "it goes on"
