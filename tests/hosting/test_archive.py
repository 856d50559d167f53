"""Journals on their way to the archive: whatever fails on it, nothing is forgotten before."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from channels.layers import InMemoryChannelLayer
from django.db import DatabaseError
from django.utils import timezone

from games import journals, services
from games.catalog import TITLES
from games.consumers import RoomConsumer
from games.hosting.archive import Archive, ArchiveUnavailable, Collector
from games.hosting.ledger import Append, Entry, Lease, LedgerUnavailable
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.records import Records
from games.hosting.worker import Control, Worker
from games.models import Match
from games.protocol.codes import Code, ProtocolError
from games.rooms.segment import End, Head, Line, Report, Segment, read_segment
from gameserver import storage
from tests.hosting.test_worker import Newer, Start, until, workers_on
from tests.lobby.kit import person
from tests.rooms.test_segment import Played
from tests.titles import Party, Tally

pytestmark = pytest.mark.django_db(transaction=True)

ADA = services.Player(user_id=None, name="Ada")


class Store(MemoryLedger):
    """Keeps what is not archived.

    Attributes:
        deaf: How many answers about what is archived are lost, before anything is done.
    """

    def __init__(self) -> None:
        super().__init__(time.monotonic)
        self.deaf = 0

    async def archived(self, match: str, token: str, tick: int) -> None:
        if self.deaf:
            self.deaf -= 1
            raise LedgerUnavailable("for a moment")
        await super().archived(match, token, tick)


@pytest.fixture(autouse=True)
def titles(monkeypatch: pytest.MonkeyPatch) -> None:
    for title in (Tally, Party):
        monkeypatch.setitem(TITLES, title.title, title)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where the journals of a test are."""
    folder = tmp_path / "journals"
    settings.STORAGES = settings.STORAGES | {
        "journals": {
            "BACKEND": "gameserver.storage.WholeFileStorage",
            "OPTIONS": {"location": folder},
        }
    }
    return folder


def take_away(folder: Path) -> None:
    """From now on the storage fails: no folder can be made here."""
    folder.write_text("")


def bring_back(folder: Path) -> None:
    folder.unlink()


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms that are over go at once, and what cannot be archived is left after a few tries."""
    monkeypatch.setattr("games.consumers.room.LINGER_S", 0.0)
    monkeypatch.setattr("games.hosting.worker.ARCHIVE_CLOSE_PAUSES_S", (0.05,) * 4)


@pytest.fixture
async def store() -> Store:
    return Store()


@pytest.fixture
async def start(store: Store) -> AsyncIterator[Start]:
    async with workers_on(store, archives=True) as start:
        yield start


@pytest.fixture
async def worker(start: Start) -> Worker:
    return await start()


# --- a journal that was not played here ----------------------------------------------------------


class Kept:
    """A match whose journal is in the room store, without a room.

    Attributes:
        lost: How often ticks were given up.
    """

    def __init__(self, store: Store, archive: Archive, lease: Lease, played: Played) -> None:
        self.store, self.archive, self.lease, self.played = store, archive, lease, played
        self.lost = 0
        origin = played.origin
        self.spec = services.RoomSpec(
            match=lease.match,
            title=origin.title,
            settings=origin.settings,
            seed=origin.seed,
            seats=origin.seats,
        )
        self.tick = 0

    async def write(self, upto: int) -> None:
        """Go on with the journal, and make checkpoints as a room does."""
        match, token = self.lease.match, self.lease.token
        for line in self.played.lines[self.tick : upto]:
            await self.store.append([Append(match, token, line.tick, line.payload)])
        self.tick = upto
        await self.store.checkpoint(match, token, upto - 1, b"")
        await self.store.checkpoint(match, token, upto, b"")

    async def collect(self, end: End | None = None, after: int = 0) -> int:
        return await self.archive.collect(
            self.spec, self.lease.token, after=after, upto=self.tick, end=end
        )

    def collector(self) -> Collector:
        return Collector(self.archive, self.store, self.spec, gave_up=self.gave_up)

    def gave_up(self) -> None:
        self.lost += 1

    async def ticks(self) -> list[int]:
        """Those that the room store still has."""
        return [entry.tick for entry in await self.store.read(self.lease.match)]

    def ranges(self) -> list[tuple[int, int]]:
        return [(segment.first, segment.last) for segment in journals.stored(self.lease.match)]

    def report(self, *, over: bool = False) -> Report:
        return journals.check(self.lease.match, self.played.kind.title, over=over)


@pytest.fixture
async def kept(store: Store) -> AsyncIterator[Kept]:
    records = Records()
    archive = Archive(store, records)

    def start() -> str:
        return str(services.match_start(title="tally", settings={}, players=[ADA, ADA]).id)

    match = await records.call(start)
    lease = await store.acquire(match, "w")
    assert isinstance(lease, Lease)
    played = Played(Tally, 39)
    played.origin = type(played.origin)(
        match=match, title="tally", seed=9, settings={}, seats=played.origin.seats
    )
    yield Kept(store, archive, lease, played)
    archive.stop()
    await records.close()


async def test_what_is_archived_leaves_the_room_store_and_leads_where_it_led(kept: Kept) -> None:
    await kept.write(20)
    assert await kept.ticks() == list(range(1, 21)), "nothing is trimmed before"
    assert await kept.collect() == 20
    assert await kept.ticks() == [20]
    await kept.write(39)
    assert await kept.collect(End(None), after=20) == 39
    assert kept.ranges() == [(1, 20), (21, 39)]
    report = kept.report(over=True)
    assert (report.ok, report.last, report.ended) == (True, 39, True)


async def test_a_long_journal_is_read_and_written_in_pieces(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_READ_TICKS", 5)
    monkeypatch.setattr("games.hosting.archive.SEGMENT_BYTES_MAX", 200)
    await kept.write(39)
    await kept.collect(End(None))
    ranges = kept.ranges()
    assert len(ranges) > 2
    assert all((last - first + 1) % 5 == 0 for first, last in ranges[:-1])
    assert kept.report(over=True).ok
    ends = [read_segment(journals.read(s.name)).end for s in journals.stored(kept.lease.match)]
    assert [end is not None for end in ends] == [False] * (len(ranges) - 1) + [True]


async def test_what_leaves_the_room_store_while_it_is_read_is_no_gap_in_a_segment(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept.write(39)
    read, others = kept.store.read, [kept.collect]

    async def read_slowly(match: str, after: int = 0, count: int = 1000) -> list[Entry]:
        """Another one archives all of it behind the first part."""
        if after == 5 and others:
            await others.pop()()
        return await read(match, after, count)

    monkeypatch.setattr(kept.store, "read", read_slowly)
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_READ_TICKS", 5)
    await kept.collect(End(None))
    assert kept.ranges() == [(1, 5), (1, 39), (39, 39)]
    assert kept.report(over=True) == Report(39, 39, 2, ended=True, finding=None)


async def test_a_death_between_file_and_word_leaves_an_overlap_that_agrees(
    kept: Kept, store: Store
) -> None:
    await kept.write(20)
    store.deaf = 1
    with pytest.raises(LedgerUnavailable):
        await kept.collect()
    assert len(await kept.ticks()) == 20
    await kept.write(39)
    await kept.collect(End(None))  # its heir knows nothing of the file
    assert kept.ranges() == [(1, 20), (1, 39)]
    assert kept.report(over=True) == Report(39, 39, 2, ended=True, finding=None)
    await kept.collect(End(None))
    assert kept.report(over=True).ok, "and once more"


async def test_the_same_segment_is_not_written_twice(kept: Kept, folder: Path) -> None:
    await kept.write(39)
    await kept.collect()
    (path,) = files(folder)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    segment = read_segment(path.read_bytes())
    await asyncio.to_thread(journals.store, segment)
    assert [path] == files(folder)
    assert before == (path.stat().st_mtime_ns, path.stat().st_ino)


async def test_an_end_is_kept_where_another_thread_writes_the_same_ticks_without_it(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept.write(39)
    without = Segment(
        Head(origin=kept.played.origin, rules=Tally.version, first=1, last=39),
        [Line(*entry) for entry in await kept.store.read(kept.lease.match)],
    )
    flush, others = storage._flush, [without._replace(end=End(None))]

    def flush_late(path: Path) -> None:
        """Another thread finds no file there either, and has its own there first."""
        while others:
            journals.store(others.pop())
        flush(path)

    monkeypatch.setattr(storage, "_flush", flush_late)
    await asyncio.to_thread(journals.store, without)
    assert kept.ranges() == [(1, 39), (1, 39)]
    assert kept.report(over=True) == Report(39, 39, 2, ended=True, finding=None)


async def test_half_of_a_file_is_under_no_name(kept: Kept, folder: Path) -> None:
    await kept.write(20)
    await kept.collect()
    (path,) = files(folder)
    path.with_name("0000000021-0000000039.evj.part").write_bytes(path.read_bytes()[:30])
    assert kept.ranges() == [(1, 20)]
    await kept.write(39)
    await kept.collect(after=20)
    assert kept.report().last == 39


async def test_an_end_without_ticks_is_still_an_end(kept: Kept) -> None:
    await kept.write(39)
    await kept.collect()
    match, token = kept.lease.match, kept.lease.token
    await kept.store.restore(match, token, 39, b"")
    await kept.collect(End(None), after=39)
    assert kept.ranges() == [(1, 39), (40, 39)]
    assert kept.report(over=True).ended


async def test_a_worker_that_lost_the_room_trims_nothing(kept: Kept) -> None:
    await kept.write(20)
    await kept.store.acquire(kept.lease.match, "other", kept.lease.token)
    with pytest.raises(Exception, match="FENCED"):
        await kept.collect()
    assert len(await kept.ticks()) == 20


async def test_a_live_room_is_archived_when_it_has_enough_ticks_or_waited_long_enough(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_TICKS", 10)
    collector, token = kept.collector(), kept.lease.token
    await kept.write(9)
    await collector.behind(9, token)
    assert kept.ranges() == []
    await kept.write(10)
    await collector.behind(10, token)
    await kept.write(15)
    await collector.behind(15, token)
    assert kept.ranges() == [(1, 10)]
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_S", 0.0)
    await collector.behind(15, token)
    assert kept.ranges() == [(1, 10), (11, 15)]


async def test_a_live_room_goes_on_while_the_storage_is_away(
    kept: Kept, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_TICKS", 10)
    take_away(folder)
    collector, token = kept.collector(), kept.lease.token
    await kept.write(20)
    await collector.behind(20, token)
    assert len(await kept.ticks()) == 20
    bring_back(folder)
    await kept.write(39)
    await collector.behind(39, token)
    assert kept.ranges() == [(1, 39)]
    assert kept.lost == 0


async def test_rather_than_fill_the_room_store_ticks_are_given_up_and_that_is_found(
    kept: Kept, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_TICKS", 10)
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_BACKLOG_TICKS_MAX", 19)
    take_away(folder)
    collector, token = kept.collector(), kept.lease.token
    await kept.write(20)
    await collector.behind(20, token)
    assert await kept.ticks() == [20]
    assert kept.lost == 1
    assert "ticks 1 to 20" in caplog.text
    bring_back(folder)
    await kept.write(39)
    await collector.behind(39, token)
    finding = kept.report().finding
    assert finding is not None
    assert (finding.tick, finding.why) == (1, "gap")


# --- matches, and the workers that run them ------------------------------------------------------


async def a_match(worker: Worker, title: str = "tally") -> str:
    def start() -> str:
        players = [ADA] if TITLES[title].drop_in else [ADA, ADA]
        return str(services.match_start(title=title, settings={}, players=players).id)

    match = await worker.records.call(start)
    assert await worker.locate(match) == worker.id
    return match


async def play(worker: Worker, match: str, n: int) -> None:
    """Have seat 0 add ``n``."""
    room = worker.rooms[match].room  # type: ignore[attr-defined]
    if room.places[0].status != "here":
        room.connect(0, "a session", "Ada")
    room.offer(0, room.places[0].settled + 1, {"t": "add", "n": n})
    await until(lambda: [0, n] in room.state.log)


def win(worker: Worker, match: str) -> None:
    room = worker.rooms[match].room  # type: ignore[attr-defined]
    seq = room.places[0].settled + 1
    room.offer(0, seq, {"t": "misbehave", "how": "win"})


async def forgotten(store: Store, match: str) -> None:
    async with asyncio.timeout(60):
        while await store.owner(match):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def released(store: Store, match: str) -> None:
    async with asyncio.timeout(60):
        while match not in await store.rooms_of(""):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def report(worker: Worker, match: str) -> Report:
    def check() -> Report:
        row = Match.objects.get(id=match)
        assert row.archived is not None
        return journals.check(match, row.title, over=True)

    return await worker.records.call(check)


async def test_a_finished_match_is_archived_and_then_forgotten(
    worker: Worker, store: Store
) -> None:
    match = await a_match(worker)
    await play(worker, match, 7)
    win(worker, match)
    await forgotten(store, match)
    found = await report(worker, match)
    assert found.ok
    assert found.ended
    assert found.played == found.last > 1
    assert found.compared >= 2, "where it began and where it ended"
    (*_, last) = journals.stored(match)
    end = read_segment(journals.read(last.name)).end
    assert end is not None
    assert end.outcome is not None
    assert end.outcome.reason == "won"


async def test_a_match_that_an_operator_ended_is_archived_too(worker: Worker, store: Store) -> None:
    match = await a_match(worker)
    await play(worker, match, 7)
    await asyncio.to_thread(Control(worker).end, match_id=UUID(match))
    await forgotten(store, match)
    found = await report(worker, match)
    assert (found.ok, found.ended) == (True, True), str(found)


async def test_nothing_is_forgotten_while_the_storage_is_away(
    worker: Worker, store: Store, folder: Path
) -> None:
    take_away(folder)
    match = await a_match(worker)
    await play(worker, match, 7)
    win(worker, match)
    await released(store, match)
    assert (await store.read(match))[0].tick == 1
    assert match not in worker.rooms, "the match itself is over, storage or not"
    bring_back(folder)
    await worker._sweep_closed()
    await forgotten(store, match)
    assert (await report(worker, match)).ok


async def test_a_result_that_could_not_be_recorded_is_not_forgotten(
    worker: Worker, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: Any) -> bool:
        raise DatabaseError("for a while")

    match = await a_match(worker)
    await play(worker, match, 7)
    with monkeypatch.context() as broken:
        broken.setattr(services, "match_finish", fails)
        win(worker, match)
        await until(lambda: match in worker._closing)
        await until(lambda: match not in worker._closing)
    assert await store.owner(match) is not None
    await worker._sweep()
    await forgotten(store, match)
    row = await worker.records.call(Match.objects.get, id=match)
    assert (row.status, row.reason) == ("finished", "won")
    assert (await report(worker, match)).ok


async def test_a_match_that_waits_for_the_archive_stays_with_its_worker(
    worker: Worker, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.hosting.worker.ARCHIVE_CLOSE_PAUSES_S", (60.0,))
    take_away(folder)
    match = await a_match(worker)
    await play(worker, match, 7)
    win(worker, match)
    await until(lambda: match in worker._closing)
    before = await store.owner(match)
    await worker._sweep_leases()
    with pytest.raises(ProtocolError) as refused:
        await worker.locate(match)
    assert refused.value.code == Code.MATCH_OVER
    assert await store.owner(match) == before


async def test_what_cannot_be_archived_for_a_day_is_lost_and_said_so(
    worker: Worker, store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    take_away(folder)
    match = await a_match(worker)
    await play(worker, match, 7)
    win(worker, match)
    await released(store, match)

    def a_day_ago() -> None:
        row = Match.objects.get(id=match)
        assert row.ended is not None
        Match.objects.filter(id=match).update(ended=row.ended - timedelta(hours=25))

    await worker.records.call(a_day_ago)
    await worker._sweep_closed()
    await forgotten(store, match)
    assert f"the rest of the journal of match {match} is lost" in caplog.text


async def test_what_a_worker_left_of_a_match_that_was_over_its_heir_archives(
    worker: Worker, store: Store, start: Start, folder: Path
) -> None:
    take_away(folder)
    match = await a_match(worker)
    await play(worker, match, 7)
    win(worker, match)
    await until(lambda: match in worker._closing)
    await worker.stop()
    bring_back(folder)
    heir = await start()
    await until(lambda: heir.beats.is_silent(worker.id))
    await forgotten(store, match)
    assert (await report(heir, match)).ok


async def test_a_match_that_several_workers_ran_is_one_in_the_archive(
    worker: Worker, store: Store, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_TICKS", 3)
    monkeypatch.setattr("games.hosting.keeper.CHECKPOINT_S", 0.0)
    match = await a_match(worker)
    for n in (1, 2, 3):
        await play(worker, match, n)
    await until(lambda: bool(journals.stored(match)))
    await worker.stop()
    heir = await start()
    await heir.locate(match)
    for n in (4, 5):
        await play(heir, match, n)
    win(heir, match)
    await forgotten(store, match)
    found = await report(heir, match)
    assert (found.ok, found.ended) == (True, True), str(found)
    epochs = {
        line.epoch
        for segment in journals.stored(match)
        for line in read_segment(journals.read(segment.name)).lines
    }
    assert len(epochs) == 2


async def test_newer_rules_begin_a_part_of_their_own(
    worker: Worker, store: Store, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = await a_match(worker)
    await play(worker, match, 7)
    await worker.stop()
    monkeypatch.setitem(TITLES, Tally.title, Newer)
    heir = await start()
    await heir.locate(match)
    await play(heir, match, 8)
    win(heir, match)
    await forgotten(store, match)
    found = await report(heir, match)
    assert found.finding is not None
    assert (found.finding.tick, found.finding.why) == (1, "wrong_rules")
    assert not found.wrong
    assert 0 < found.played < found.last
    monkeypatch.setitem(TITLES, Tally.title, Tally)
    older = await report(heir, match)
    assert older.finding is not None
    assert older.finding.tick == older.played + 1
    assert older.played + found.played == found.last


async def test_what_the_room_store_lost_is_named_and_what_follows_is_archived(
    worker: Worker, store: Store
) -> None:
    match = await a_match(worker)
    await play(worker, match, 7)
    keeper = worker.rooms[match].keeper  # type: ignore[attr-defined]
    token = keeper.lease.token
    await store.forget(match, token)
    await until(lambda: keeper.lease.token != token and not keeper.behind)
    await play(worker, match, 8)
    win(worker, match)
    await forgotten(store, match)
    found = await report(worker, match)
    assert found.finding is not None
    assert (found.finding.tick, found.finding.why) == (1, "gap")
    (segment,) = journals.stored(match)
    assert found.played == found.last - segment.first + 1, "all that was not lost"
    assert 1 < segment.first < found.last


async def test_who_sat_down_later_is_not_there_at_the_beginning(
    worker: Worker, store: Store, start: Start
) -> None:
    match = await a_match(worker, "party")
    await play(worker, match, 7)

    def sit() -> int:
        bob = services.Player(person("Bob").id, "Bob")
        return services.match_seat_take(match_id=UUID(match), player=bob).number

    assert await worker.records.call(sit) == 1
    worker.rooms[match].room.connect(1, "another session", "Bob")  # type: ignore[attr-defined]
    await until(lambda: 1 in worker.rooms[match].room.places)  # type: ignore[attr-defined]
    await worker.committer.idle()
    heir = await start()
    owner = await store.owner(match)
    assert owner is not None
    lease = await store.acquire(match, "nobody", owner.token)  # before there is any checkpoint
    assert isinstance(lease, Lease)
    assert (await store.load(match, lease.token)).checkpoint is None
    await until(lambda: match not in worker.rooms)
    assert await store.release(match, lease.token)
    if await heir.locate(match) != heir.id:  # the sweep of the other one was quicker
        heir = worker
    assert heir.rooms[match].room.places[1].name == "Bob"  # type: ignore[attr-defined]
    await play(heir, match, 8)
    win(heir, match)
    await forgotten(store, match)
    assert (await report(heir, match)).ok


@pytest.mark.parametrize(("days", "left"), [(30, 0), (60, 1), (0, 1)])
async def test_a_worker_removes_journals_when_their_time_is_over(
    worker: Worker, store: Store, days: int, left: int
) -> None:
    match = await a_match(worker)
    await play(worker, match, 7)
    win(worker, match)
    await forgotten(store, match)

    def long_ago() -> None:
        Match.objects.filter(id=match).update(ended=timezone.now() - timedelta(days=45))

    await worker.records.call(long_ago)
    archive = Archive(store, worker.records, days=days)
    await archive.prune()
    archive.stop()
    assert len(journals.stored(match)) == left


async def test_without_an_archive_nothing_is_stored(folder: Path, store: Store) -> None:
    async def open_ledger() -> Store:
        return store

    worker = Worker(
        open_ledger=open_ledger,
        layer=InMemoryChannelLayer(capacity=100),
        room_app=RoomConsumer.as_asgi(),
    )
    await worker.start()
    try:
        match = await a_match(worker)
        await play(worker, match, 7)
        win(worker, match)
        await forgotten(store, match)
    finally:
        await worker.stop()
    assert files(folder) == []


async def test_a_storage_that_never_answers_counts_as_away(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    let = threading.Event()
    monkeypatch.setattr("games.hosting.archive.ARCHIVE_WAIT_S", 0.05)
    monkeypatch.setattr(journals, "store", lambda segment: let.wait())
    await kept.write(20)
    try:
        with pytest.raises(ArchiveUnavailable, match="Timeout"):
            await kept.collect()
    finally:
        let.set()


async def test_a_storage_that_fails_in_its_own_way_counts_as_away(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any) -> None:
        raise RuntimeError("as only this storage does")

    monkeypatch.setattr(journals, "store", fails)
    await kept.write(20)
    with pytest.raises(ArchiveUnavailable, match="as only this storage does"):
        await kept.collect()
