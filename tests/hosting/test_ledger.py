"""Who owns a room, and what happened in it: the same in memory, in a file and in Redis."""

import asyncio
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvloop
from redis.asyncio import Redis

from games.hosting.ledger import (
    HOLLOW,
    Append,
    Checkpoint,
    Claim,
    Entry,
    Lease,
    LeaseLost,
    Ledger,
    LedgerDamaged,
    LedgerInUse,
    LedgerUnavailable,
    Loaded,
    OutOfStep,
    Owner,
    Verdict,
    servers,
)
from games.hosting.ledger.address import parse
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.ledger.in_redis import RedisLedger
from games.hosting.ledger.in_sqlite import SqliteLedger
from tests import services
from tests.chaos.lines import Lines
from tests.line import PATIENT, Line

OK, DUP, CONFLICT, GAP, FENCED = Verdict

Opener = Callable[..., Awaitable[Ledger]]


@pytest.fixture
def prefix() -> str:
    """Of this test's keys, so that tests do not meet in one Redis."""
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A connection of the test's own."""
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture(params=["memory", "sqlite", "redis", "cluster"])
async def open_ledger(
    request: pytest.FixtureRequest, tmp_path: Path, prefix: str
) -> AsyncIterator[Opener]:
    """Opens a store of each kind, once a test."""
    opened: list[Ledger] = []

    async def opener(*, trim_unarchived: bool = False, now: float = 0.0) -> Ledger:
        ledger: Ledger
        if request.param == "memory":
            ledger = MemoryLedger(lambda: now, trim_unarchived=trim_unarchived)
        elif request.param == "sqlite":
            ledger = await SqliteLedger.open(
                tmp_path / "rooms.sqlite3", trim_unarchived=trim_unarchived
            )
        else:
            if request.param == "cluster":
                url = request.getfixturevalue("cluster").url
            else:
                url = request.getfixturevalue("redis_url")
            ledger = RedisLedger.connect(
                url, prefix, replicas=0, trim_unarchived=trim_unarchived, **PATIENT
            )
        opened.append(ledger)
        return ledger

    yield opener
    for ledger in opened:
        await ledger.close()


@pytest.fixture
async def ledger(open_ledger: Opener) -> Ledger:
    """One of each kind."""
    return await open_ledger()


@pytest.fixture
async def redis_ledger(redis_url: str, prefix: str) -> AsyncIterator[RedisLedger]:
    ledger = RedisLedger.connect(redis_url, prefix, **PATIENT)
    yield ledger
    await ledger.close()


async def owned(ledger: Ledger, match: str = "m", worker: str = "a", ticks: int = 0) -> Lease:
    """A room that ``worker`` has taken from whoever had it, with so many more ticks."""
    there = await ledger.owner(match)
    lease = await ledger.acquire(match, worker, there.token if there else "")
    assert isinstance(lease, Lease)
    batch = [tick_of(lease, lease.tick + number) for number in range(1, ticks + 1)]
    assert set(await ledger.append(batch)) <= {OK}
    return lease


def tick_of(lease: Lease, tick: int, payload: bytes = b"") -> Append:
    return Append(lease.match, lease.token, tick, payload or b"tick %d" % tick)


async def ticks(ledger: Ledger, match: str = "m", after: int = 0) -> list[int]:
    """The numbers of those that the journal has."""
    return [entry.tick for entry in await ledger.read(match, after)]


# --- signs of life -----------------------------------------------------------------------------


async def test_a_beat_is_seen_by_all_and_moves(ledger: Ledger) -> None:
    assert await ledger.beats() == {}
    await ledger.beat("a", 1000)
    await ledger.beat("b", 7)
    assert await ledger.beats() == {"a": 1000, "b": 7}
    await ledger.beat("a", 1100)
    assert await ledger.beats() == {"a": 1100, "b": 7}


async def test_who_says_farewell_is_struck_off(ledger: Ledger) -> None:
    await ledger.beat("a", 1)
    assert await ledger.farewell("a") is True
    assert await ledger.beats() == {}
    assert await ledger.farewell("a") is True, "saying it twice does no harm"


async def test_who_still_has_rooms_is_not_struck_off(ledger: Ledger) -> None:
    await ledger.beat("a", 1)
    lease = await owned(ledger)
    assert await ledger.farewell("a") is False
    assert "a" in await ledger.beats()
    await ledger.release("m", lease.token)
    assert await ledger.farewell("a") is True


async def test_who_moved_since_it_seemed_silent_is_not_struck_off(ledger: Ledger) -> None:
    await ledger.beat("a", 1)
    await ledger.beat("a", 2)
    assert await ledger.farewell("a", beat=1) is False
    assert await ledger.beats() == {"a": 2}
    assert await ledger.farewell("a", beat=2) is True


# --- ownership ---------------------------------------------------------------------------------


async def test_a_room_that_nobody_had_is_acquired_at_tick_zero(ledger: Ledger) -> None:
    assert await ledger.owner("m") is None
    lease = await ledger.acquire("m", "a")
    assert isinstance(lease, Lease)
    assert (lease.match, lease.worker, lease.epoch, lease.tick, lease.before) == (
        "m",
        "a",
        1,
        0,
        "",
    )
    assert await ledger.owner("m") == Owner("a", 1, lease.token, 0)


async def test_who_saw_another_token_is_told_who_has_the_room(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=3)
    there = Owner("a", 1, lease.token, 3)
    assert await ledger.acquire("m", "b") == there
    assert await ledger.acquire("m", "b", "1:guessed") == there
    assert await ledger.acquire("unknown", "b", "1:guessed") == Owner("", 0, "", 0)
    assert await ledger.owner("unknown") is None


async def test_a_successor_gets_a_higher_epoch_and_is_told_where_the_journal_ends(
    ledger: Ledger,
) -> None:
    first = await owned(ledger, ticks=2)
    second = await ledger.acquire("m", "b", first.token)
    assert isinstance(second, Lease)
    assert (second.epoch, second.tick, second.before) == (2, 2, "a")
    assert second.token != first.token


@pytest.mark.parametrize("released", [True, False])
async def test_of_fifty_challengers_who_saw_the_same_exactly_one_gets_the_room(
    ledger: Ledger, released: bool
) -> None:
    lease = await owned(ledger)
    if released:
        await ledger.release("m", lease.token)
    there = await ledger.owner("m")
    assert there is not None
    answers = await asyncio.gather(
        *[ledger.acquire("m", f"worker-{n}", there.token) for n in range(50)]
    )
    [won] = [answer for answer in answers if isinstance(answer, Lease)]
    told = {answer for answer in answers if isinstance(answer, Owner)}
    assert told == {Owner(won.worker, 2, won.token, 0)}
    assert await ledger.rooms_of(won.worker) == {"m": won.token}
    for n in range(50):
        if f"worker-{n}" != won.worker:
            assert await ledger.rooms_of(f"worker-{n}") == {}


async def test_many_rooms_are_acquired_at_once_each_by_itself(ledger: Ledger) -> None:
    had = await owned(ledger, "had", "a", ticks=1)
    kept = await owned(ledger, "kept", "c")
    claims = [Claim("had", had.token), Claim("kept", "1:old"), Claim("new", above=6)]
    first, second, third = await ledger.acquire_all("b", claims)
    assert isinstance(first, Lease)
    assert (first.epoch, first.tick, first.before) == (2, 1, "a")
    assert second == Owner("c", 1, kept.token, 0)
    assert isinstance(third, Lease)
    assert third.epoch == 7
    assert await ledger.rooms_of("b") == {"had": first.token, "new": third.token}
    assert await ledger.rooms_of("a") == {}
    assert await ledger.acquire_all("b", []) == []


async def test_the_epoch_only_rises_also_after_a_release(ledger: Ledger) -> None:
    epochs = []
    for worker in "abc" * 3:
        lease = await owned(ledger, worker=worker)
        epochs.append(lease.epoch)
        if worker == "b":
            assert await ledger.release("m", lease.token)
    assert epochs == list(range(1, 10))


async def test_who_knows_more_than_the_store_gets_an_epoch_above_what_it_had(
    ledger: Ledger,
) -> None:
    lease = await ledger.acquire("m", "a", above=41)
    assert isinstance(lease, Lease)
    assert lease.epoch == 42
    again = await ledger.acquire("m", "a", lease.token, above=3)
    assert isinstance(again, Lease)
    assert again.epoch == 43
    assert await ledger.forget("m", again.token)
    assert await ledger.acquire("m", "a", again.token, above=43) == Owner("", 0, "", 0)
    anew = await ledger.acquire("m", "a", above=43)
    assert isinstance(anew, Lease)
    assert anew.epoch == 44


async def test_a_room_that_was_forgotten_comes_back_under_another_token(ledger: Ledger) -> None:
    old = await owned(ledger, ticks=1)
    await ledger.forget("m", old.token)
    new = await owned(ledger)
    assert new.epoch == old.epoch, "nothing is known of it"
    assert await ledger.append([tick_of(old, 1)]) == [FENCED]
    assert await ledger.append([tick_of(new, 1)]) == [OK]


async def test_a_successor_finds_the_rooms_of_a_worker_and_their_tokens(ledger: Ledger) -> None:
    leases = [await owned(ledger, match, "a") for match in ("m", "n", "o")]
    await owned(ledger, "p", "b")
    tokens = {lease.match: lease.token for lease in leases}
    assert await ledger.rooms_of("a") == tokens
    assert isinstance(await ledger.acquire("n", "b", tokens["n"]), Lease)
    await ledger.forget("o", tokens["o"])
    assert await ledger.rooms_of("a") == {"m": tokens["m"]}
    assert set(await ledger.rooms_of("b")) == {"n", "p"}
    assert await ledger.rooms_of("nobody") == {}


async def test_a_released_room_is_found_by_anyone_and_keeps_what_it_has(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=2)
    await ledger.checkpoint("m", lease.token, 1, b"state")
    assert await ledger.release("m", lease.token) is True
    there = await ledger.owner("m")
    assert there is not None
    assert (there.worker, there.epoch, there.tick) == ("", 1, 2)
    assert await ledger.rooms_of("a") == {}
    assert await ledger.rooms_of("") == {"m": there.token}
    heir = await ledger.acquire("m", "b", there.token)
    assert isinstance(heir, Lease)
    assert (heir.epoch, heir.tick, heir.before) == (2, 2, "a")
    assert await ledger.rooms_of("") == {}
    assert await ledger.load("m", heir.token) == Loaded(
        Checkpoint(1, b"state"), [Entry(2, 1, b"tick 2")]
    )


async def test_who_has_lost_a_room_can_neither_release_nor_forget_it(ledger: Ledger) -> None:
    old = await owned(ledger, ticks=1)
    new = await owned(ledger, worker="b")
    assert await ledger.release("m", old.token) is False
    assert await ledger.forget("m", old.token) is False
    assert await ledger.owner("m") == Owner("b", 2, new.token, 1)
    assert await ledger.rooms_of("") == {}
    assert await ledger.release("m", new.token) is True
    assert await ledger.release("m", new.token) is True, "a repeat"
    assert await ledger.release("unknown", new.token) is False
    assert set(await ledger.rooms_of("")) == {"m"}


async def test_a_forgotten_room_leaves_nothing_and_may_be_forgotten_again(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=3)
    await ledger.checkpoint("m", lease.token, 2, b"state")
    assert await ledger.forget("m", lease.token) is True
    assert await ledger.forget("m", lease.token) is True
    assert await ledger.owner("m") is None
    assert await ledger.read("m") == []
    assert await ledger.rooms_of("a") == {}
    again = await owned(ledger)
    assert await ledger.load("m", again.token) == Loaded(None, [])


async def test_the_token_of_a_released_room_lets_nobody_write(ledger: Ledger) -> None:
    lease = await owned(ledger)
    await ledger.release("m", lease.token)
    there = await ledger.owner("m")
    assert there is not None
    for token in (there.token, "", lease.token):
        assert await ledger.append([Append("m", token, 1, b"x")]) == [FENCED]
        assert await ledger.forget("m", token) is False
    assert await ledger.release("m", there.token) is False
    assert await ledger.release("m", "") is False


async def test_a_release_that_comes_late_does_not_take_the_room_from_its_next_owner(
    ledger: Ledger,
) -> None:
    first = await owned(ledger)
    await ledger.release("m", first.token)
    seen = await ledger.owner("m")
    assert seen is not None
    second = await owned(ledger, worker="b")
    await ledger.release("m", second.token)
    late = await ledger.acquire("m", "a", seen.token)
    assert isinstance(late, Owner), "who saw an earlier release does not acquire after a later one"
    assert await ledger.rooms_of("a") == {}


# --- journal -----------------------------------------------------------------------------------


async def test_ticks_are_appended_one_after_another_by_the_owner(ledger: Ledger) -> None:
    lease = await owned(ledger)
    assert await ledger.append([tick_of(lease, 1)]) == [OK]
    assert await ledger.append([tick_of(lease, 2), tick_of(lease, 3)]) == [OK, OK]
    assert await ledger.read("m") == [Entry(n, 1, b"tick %d" % n) for n in (1, 2, 3)]
    assert await ledger.read("m", after=1, count=1) == [Entry(2, 1, b"tick 2")]
    assert await ledger.read("unknown") == []
    assert await ledger.append([]) == []


async def test_payloads_and_blobs_are_kept_to_the_byte(ledger: Ledger) -> None:
    lease = await owned(ledger)
    payloads = [bytes(range(256)), b"\x00", b"\xff\xfe", b"\r\n$-1\r\n", bytes(70_000)]
    batch = [tick_of(lease, n, payload) for n, payload in enumerate(payloads, 1)]
    assert set(await ledger.append(batch)) == {OK}
    assert [entry.payload for entry in await ledger.read("m")] == payloads
    blob = bytes(range(256)) * 4000
    await ledger.checkpoint("m", lease.token, 5, blob)
    assert (await ledger.load("m", lease.token)).checkpoint == Checkpoint(5, blob)


async def test_an_empty_payload_and_an_empty_blob_are_some_too(ledger: Ledger) -> None:
    lease = await owned(ledger)
    assert await ledger.append([Append("m", lease.token, 1, b"")]) == [OK]
    assert await ledger.append([Append("m", lease.token, 1, b"")]) == [DUP]
    assert await ledger.checkpoint("m", lease.token, 1, b"")
    assert await ledger.load("m", lease.token) == Loaded(Checkpoint(1, b""), [])


async def test_a_batch_serves_many_rooms_and_answers_in_its_own_order(ledger: Ledger) -> None:
    leases = [await owned(ledger, f"m{n}") for n in range(100)]
    batch = [tick_of(lease, tick) for tick in (1, 2) for lease in leases]
    batch[7] = tick_of(leases[7], 9)  # a gap, and with it the tick after
    batch[150] = batch[150]._replace(token="1:other")
    verdicts = await ledger.append(batch)
    expected = [OK] * 200
    expected[7] = expected[107] = GAP
    expected[150] = FENCED
    assert verdicts == expected
    assert await ticks(ledger, "m7") == []
    assert await ticks(ledger, "m50") == [1]
    assert await ticks(ledger, "m99") == [1, 2]


async def test_a_repeat_is_told_as_such_and_changes_nothing(ledger: Ledger) -> None:
    lease = await owned(ledger)
    batch = [tick_of(lease, n) for n in (1, 2, 3)]
    assert await ledger.append(batch) == [OK, OK, OK]
    assert await ledger.append(batch) == [DUP, DUP, DUP], "not only the last tick is known again"
    assert await ledger.append([*batch[1:], tick_of(lease, 4)]) == [DUP, DUP, OK]
    assert await ticks(ledger) == [1, 2, 3, 4]


async def test_another_content_for_a_tick_is_refused_and_so_is_what_follows(
    ledger: Ledger,
) -> None:
    lease = await owned(ledger, ticks=3)
    batch = [tick_of(lease, 3, b"other"), tick_of(lease, 4)]
    assert await ledger.append(batch) == [CONFLICT, CONFLICT]
    assert await ledger.append([tick_of(lease, 1, b"other")]) == [CONFLICT]
    assert await ledger.read("m", after=2) == [Entry(3, 1, b"tick 3")]


async def test_a_gap_is_refused_and_so_is_what_follows(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=1)
    assert await ledger.append([tick_of(lease, 3), tick_of(lease, 2)]) == [GAP, GAP]
    assert await ticks(ledger) == [1]
    assert await ledger.append([tick_of(lease, 2), tick_of(lease, 4)]) == [OK, GAP]
    assert await ticks(ledger) == [1, 2]


async def test_there_is_no_tick_before_the_first(ledger: Ledger) -> None:
    lease = await owned(ledger)
    assert await ledger.append([tick_of(lease, 0)]) == [CONFLICT]
    assert await ledger.append([tick_of(lease, -1)]) == [CONFLICT]
    assert await ledger.append([tick_of(lease, 1)]) == [OK]


async def test_a_stale_owner_never_writes(ledger: Ledger) -> None:
    old = await owned(ledger, ticks=2)
    new = await owned(ledger, worker="b")
    assert await ledger.append([tick_of(old, 3)]) == [FENCED]
    assert await ledger.append([tick_of(old, 2)]) == [FENCED], "not even what is there"
    for refused in (
        ledger.checkpoint("m", old.token, 2, b"stale"),
        ledger.archived("m", old.token, 2),
        ledger.restore("m", old.token, 9, b"stale"),
        ledger.load("m", old.token),
    ):
        with pytest.raises(LeaseLost):
            await refused
    assert await ledger.load("m", new.token) == Loaded(
        None, [Entry(1, 1, b"tick 1"), Entry(2, 1, b"tick 2")]
    )
    assert await ledger.owner("m") == Owner("b", 2, new.token, 2)


async def test_nothing_is_written_to_a_room_that_is_gone(ledger: Ledger) -> None:
    lease = await owned(ledger)
    await ledger.forget("m", lease.token)
    assert await ledger.append([tick_of(lease, 1)]) == [FENCED]
    with pytest.raises(LeaseLost):
        await ledger.checkpoint("m", lease.token, 0, b"")
    assert await ledger.owner("m") is None


async def test_entries_tell_the_epoch_that_wrote_them(ledger: Ledger) -> None:
    await owned(ledger, ticks=2)
    await owned(ledger, worker="b", ticks=1)
    assert [entry.epoch for entry in await ledger.read("m")] == [1, 1, 2]


async def test_a_new_lease_of_the_same_owner_may_repeat_what_is_there(ledger: Ledger) -> None:
    """So an owner whose store lost its tail can append again all it remembers."""
    await owned(ledger, ticks=2)
    lease = await owned(ledger)
    batch = [tick_of(lease, n) for n in (1, 2, 3)]
    assert await ledger.append(batch) == [DUP, DUP, OK]


# --- checkpoints and trimming ------------------------------------------------------------------


async def test_a_room_is_loaded_from_its_newest_checkpoint_and_all_after_it(
    ledger: Ledger,
) -> None:
    lease = await owned(ledger, ticks=5)
    assert await ledger.checkpoint("m", lease.token, 2, b"two")
    assert await ledger.checkpoint("m", lease.token, 4, b"four")
    four = Loaded(Checkpoint(4, b"four"), [Entry(5, 1, b"tick 5")])
    assert await ledger.load("m", lease.token) == four
    two = await ledger.load("m", lease.token, older=True)
    assert two.checkpoint == Checkpoint(2, b"two")
    assert [entry.tick for entry in two.entries] == [3, 4, 5]


async def test_without_an_older_checkpoint_the_newest_is_what_there_is(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=1)
    assert await ledger.load("m", lease.token, older=True) == Loaded(None, [Entry(1, 1, b"tick 1")])
    await ledger.checkpoint("m", lease.token, 1, b"one")
    assert await ledger.load("m", lease.token, older=True) == Loaded(Checkpoint(1, b"one"), [])


async def test_a_checkpoint_before_the_first_tick_is_one(ledger: Ledger) -> None:
    lease = await owned(ledger)
    assert await ledger.checkpoint("m", lease.token, 0, b"start")
    assert not await ledger.checkpoint("m", lease.token, 0, b"start")
    assert await ledger.load("m", lease.token) == Loaded(Checkpoint(0, b"start"), [])


async def test_a_checkpoint_that_is_no_newer_changes_nothing(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=3)
    await ledger.checkpoint("m", lease.token, 2, b"two")
    assert await ledger.checkpoint("m", lease.token, 2, b"other") is False
    assert await ledger.checkpoint("m", lease.token, 1, b"late") is False
    assert (await ledger.load("m", lease.token)).checkpoint == Checkpoint(2, b"two")
    assert (await ledger.load("m", lease.token, older=True)).checkpoint == Checkpoint(2, b"two")


async def test_a_checkpoint_of_what_is_not_in_the_journal_is_refused(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=1)
    with pytest.raises(OutOfStep) as refused:
        await ledger.checkpoint("m", lease.token, 2, b"")
    assert refused.value.verdict is GAP
    with pytest.raises(OutOfStep):
        await ledger.archived("m", lease.token, 2)


async def test_the_journal_is_trimmed_behind_the_older_checkpoint_once_archived(
    ledger: Ledger,
) -> None:
    lease = await owned(ledger, ticks=9)
    for tick in (3, 6):
        await ledger.checkpoint("m", lease.token, tick, b"")
    assert await ticks(ledger) == list(range(1, 10)), "nothing is archived"
    await ledger.archived("m", lease.token, 2)
    assert await ticks(ledger) == list(range(3, 10)), "no more than that"
    await ledger.archived("m", lease.token, 8)
    assert await ticks(ledger) == list(range(4, 10)), "the older checkpoint may still be needed"
    await ledger.checkpoint("m", lease.token, 9, b"")
    assert await ticks(ledger) == [7, 8, 9]
    await ledger.archived("m", lease.token, 1)
    assert await ticks(ledger) == [7, 8, 9], "what comes late takes nothing back"
    assert [entry.tick for entry in (await ledger.load("m", lease.token, older=True)).entries] == [
        *(7, 8, 9)
    ]


async def test_one_checkpoint_alone_trims_nothing(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=3)
    await ledger.archived("m", lease.token, 3)
    await ledger.checkpoint("m", lease.token, 3, b"")
    assert await ticks(ledger) == [1, 2, 3]


async def test_without_an_archive_checkpoints_alone_trim(open_ledger: Opener) -> None:
    ledger = await open_ledger(trim_unarchived=True)
    lease = await owned(ledger, ticks=9)
    await ledger.checkpoint("m", lease.token, 3, b"")
    await ledger.checkpoint("m", lease.token, 6, b"")
    assert await ticks(ledger) == [4, 5, 6, 7, 8, 9]
    assert await ledger.append([tick_of(lease, 10)]) == [OK]


async def test_a_tick_that_was_trimmed_cannot_be_known_again(open_ledger: Opener) -> None:
    ledger = await open_ledger(trim_unarchived=True)
    lease = await owned(ledger, ticks=4)
    await ledger.checkpoint("m", lease.token, 2, b"")
    await ledger.checkpoint("m", lease.token, 4, b"")
    assert await ledger.append([tick_of(lease, 2)]) == [CONFLICT]
    assert await ledger.append([tick_of(lease, 3), tick_of(lease, 5)]) == [DUP, OK]


async def test_the_next_owner_reads_what_the_last_wrote_and_nothing_after(ledger: Ledger) -> None:
    old = await owned(ledger, ticks=4)
    await ledger.checkpoint("m", old.token, 2, b"two")
    new = await owned(ledger, worker="b")
    assert await ledger.append([tick_of(old, 5)]) == [FENCED]
    loaded = await ledger.load("m", new.token)
    assert loaded == Loaded(Checkpoint(2, b"two"), [Entry(3, 1, b"tick 3"), Entry(4, 1, b"tick 4")])
    assert await ledger.append([tick_of(new, 5, b"mine")]) == [OK]
    assert (await ledger.load("m", new.token)).entries[-1] == Entry(5, 2, b"mine")


# --- what the store lost -----------------------------------------------------------------------


async def test_an_owner_that_lives_gives_back_what_the_store_forgot(ledger: Ledger) -> None:
    lost = await owned(ledger, ticks=3)
    await ledger.forget("m", lost.token)  # the store came back without its data
    assert await ledger.append([tick_of(lost, 4)]) == [FENCED]
    lease = await ledger.acquire("m", "a", above=lost.epoch)
    assert isinstance(lease, Lease)
    assert (lease.epoch, lease.tick) == (2, HOLLOW)
    assert await ledger.append([tick_of(lease, 0), tick_of(lease, 1)]) == [GAP, GAP]
    assert await ledger.restore("m", lease.token, 3, b"three") is True
    assert await ledger.append([tick_of(lease, 4)]) == [OK]
    assert await ledger.load("m", lease.token) == Loaded(
        Checkpoint(3, b"three"), [Entry(4, 2, b"tick 4")]
    )
    assert await ledger.load("m", lease.token, older=True) == await ledger.load("m", lease.token)


async def test_a_room_that_lost_its_tail_begins_anew_where_its_owner_is(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=5)
    for tick in (2, 4):
        await ledger.checkpoint("m", lease.token, tick, b"old")
    assert await ledger.restore("m", lease.token, 90, b"ninety") is True
    assert await ticks(ledger) == []
    assert await ledger.load("m", lease.token) == Loaded(Checkpoint(90, b"ninety"), [])
    assert await ledger.append([tick_of(lease, 91), tick_of(lease, 92)]) == [OK, OK]
    assert await ledger.checkpoint("m", lease.token, 91, b"")
    assert await ledger.checkpoint("m", lease.token, 92, b"")
    await ledger.archived("m", lease.token, 92)
    assert await ticks(ledger) == [92]


async def test_to_restore_never_goes_back(ledger: Ledger) -> None:
    lease = await owned(ledger, ticks=2)
    await ledger.restore("m", lease.token, 9, b"nine")
    assert await ledger.restore("m", lease.token, 9, b"nine") is False, "a repeat"
    assert await ledger.append([tick_of(lease, 10)]) == [OK]
    with pytest.raises(OutOfStep):  # the first, carried out late
        await ledger.restore("m", lease.token, 9, b"nine")
    assert await ticks(ledger) == [10]


# --- a store that is away ----------------------------------------------------------------------


def test_a_connection_that_was_reset_while_it_lay_idle_is_a_store_that_is_away(
    redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """On uvloop, to which writing there is an error of another kind."""
    lines = Lines(tmp_path, urlsplit(redis_url).port or 6379, 1)

    async def ask() -> None:
        ledger = RedisLedger.connect(f"redis://127.0.0.1:{lines.ports[0]}/0", prefix, **PATIENT)
        await ledger.owner("m")
        lines.turn(0, "cut")
        await asyncio.sleep(0.1)  # the loop hears of it
        with pytest.raises(LedgerUnavailable):
            await ledger.owner("m")
        await ledger.close()

    with closing(lines):
        uvloop.run(ask())


# --- tickets -----------------------------------------------------------------------------------


async def test_a_nonce_is_spent_once(ledger: Ledger) -> None:
    assert await ledger.spend("n", 30) is True
    assert await ledger.spend("n", 30) is False
    assert await ledger.spend("another", 30) is True


async def test_whether_a_nonce_is_spent_can_be_asked_without_spending_it(ledger: Ledger) -> None:
    assert await ledger.spent("n") is False
    assert await ledger.spend("n", 30) is True
    assert await ledger.spent("n") is True
    assert await ledger.spent("another") is False


async def test_of_fifty_who_spend_a_nonce_at_once_one_succeeds(ledger: Ledger) -> None:
    spent = await asyncio.gather(*[ledger.spend("n", 30) for _ in range(50)])
    assert spent.count(True) == 1


async def test_a_nonce_is_remembered_as_long_as_was_asked() -> None:
    now = 1000.0
    ledger = MemoryLedger(lambda: now)
    await ledger.spend("n", 30)
    now += 29
    assert await ledger.spend("n", 30) is False
    assert await ledger.spent("n") is True
    now += 2
    assert await ledger.spent("n") is False
    assert await ledger.spend("n", 30) is True


# --- calls that nobody waits for any more ------------------------------------------------------


async def test_a_cancelled_call_gives_its_answer_to_nobody_else(ledger: Ledger) -> None:
    leases = [await owned(ledger, f"m{n}", f"worker-{n}") for n in range(20)]
    for n in range(20):
        cancelled = asyncio.ensure_future(ledger.owner(f"m{n}"))
        await asyncio.sleep(0)
        cancelled.cancel()
        wanted = leases[-1 - n]
        there = await ledger.owner(wanted.match)
        assert there is not None
        assert there.token == wanted.token
        with suppress(asyncio.CancelledError):
            await cancelled


# --- the file ----------------------------------------------------------------------------------

APPENDER = """
import asyncio, sys
from pathlib import Path
from games.hosting.ledger import Append
from games.hosting.ledger.in_sqlite import SqliteLedger

async def main():
    ledger = await SqliteLedger.open(Path(sys.argv[1]))
    lease = await ledger.acquire("m", "a")
    await ledger.beat("a", 12345)
    tick = 0
    while True:
        tick += 1
        [verdict] = await ledger.append([Append("m", lease.token, tick, b"tick %d" % tick)])
        print(tick, verdict.name, flush=True)
        if tick % 50 == 0:
            await ledger.checkpoint("m", lease.token, tick, b"at %d" % tick)

asyncio.run(main())
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "var" / "rooms.sqlite3"


@pytest.fixture
def appender(file: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that appends to the file as fast as it can, and says each tick that it was told."""
    command = [sys.executable, "-c", APPENDER, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=services.ROOT) as process:
        yield process
        process.kill()


async def test_all_that_was_acknowledged_is_in_the_file_of_a_killed_process(
    file: Path, appender: "subprocess.Popen[bytes]"
) -> None:
    assert appender.stdout is not None
    for _ in range(333):
        line = appender.stdout.readline()
    appender.send_signal(signal.SIGKILL)
    line = (line + appender.stdout.read()).splitlines()[-1]
    told = int(line.split()[0])
    assert line.endswith(b" OK")
    ledger = await SqliteLedger.open(file)
    there = await ledger.owner("m")
    assert there is not None
    assert there.worker == "", "its owner is known to be dead"
    assert there.tick in {told, told + 1}
    assert await ledger.rooms_of("") == {"m": there.token}
    lease = await ledger.acquire("m", "b", there.token)
    assert isinstance(lease, Lease)
    assert (lease.epoch, lease.before) == (2, "a")
    assert (await ledger.beats())["a"] == 12345
    entries = await ledger.read("m", count=100_000)
    assert entries == [Entry(n, 1, b"tick %d" % n) for n in range(1, there.tick + 1)]
    loaded = await ledger.load("m", lease.token)
    assert loaded.checkpoint is not None
    assert loaded.checkpoint.tick >= 300
    await ledger.close()


async def test_a_file_is_for_one_process_at_a_time(
    file: Path, appender: "subprocess.Popen[bytes]"
) -> None:
    assert appender.stdout is not None
    appender.stdout.readline()
    with pytest.raises(LedgerInUse, match="locked by another process"):
        await SqliteLedger.open(file, lock_wait_s=0)
    waiting = asyncio.ensure_future(SqliteLedger.open(file, lock_wait_s=20))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    appender.kill()
    await (await waiting).close()


async def test_a_file_is_free_again_after_a_close(file: Path) -> None:
    first = await SqliteLedger.open(file)
    with pytest.raises(LedgerInUse):
        await SqliteLedger.open(file, lock_wait_s=0)
    lease = await owned(first, ticks=3)
    await first.close()
    await first.close()
    with pytest.raises(LedgerUnavailable):
        await first.owner("m")
    second = await SqliteLedger.open(file)
    assert await second.append([tick_of(lease, 4)]) == [FENCED], "all leases ended"
    assert (await owned(second, worker="b", ticks=1)).epoch == 2
    assert [entry.epoch for entry in await second.read("m")] == [1, 1, 1, 2]
    await second.close()


async def test_a_file_knows_after_opening_all_it_knew_before(file: Path) -> None:
    ledger = await SqliteLedger.open(file)
    for match in ("m", "n", "o"):
        lease = await owned(ledger, match, ticks=9)
        for tick in (4, 7):
            await ledger.checkpoint(match, lease.token, tick, b"at %d" % tick)
        if match == "n":
            await ledger.archived("n", lease.token, 8)
        if match == "o":
            await ledger.restore("o", lease.token, 50, b"fifty")
    gone = await owned(ledger, "gone", ticks=3)
    await ledger.forget("gone", gone.token)
    before = {match: await ledger.read(match) for match in ("m", "n", "o", "gone")}
    assert await ledger.spend("nonce", 1000)
    await ledger.close()
    ledger = await SqliteLedger.open(file)
    assert {match: await ledger.read(match) for match in ("m", "n", "o", "gone")} == before
    assert set(await ledger.rooms_of("")) == {"m", "n", "o"}
    lease = await owned(ledger, "n", "b", ticks=1)
    assert lease.tick == 9
    assert [entry.tick for entry in (await ledger.load("n", lease.token)).entries] == [8, 9, 10]
    lease = await owned(ledger, "o", "b", ticks=1)
    assert lease.tick == 50
    assert (await ledger.load("o", lease.token)).checkpoint == Checkpoint(50, b"fifty")
    assert await ledger.spend("nonce", 1000) is False
    await ledger.close()


async def test_calls_that_wait_share_a_commit(file: Path) -> None:
    ledger = await SqliteLedger.open(file)
    leases = [await owned(ledger, f"m{n}") for n in range(50)]
    before = ledger._keeper.commits
    await asyncio.gather(*[ledger.append([tick_of(lease, 1)]) for lease in leases])
    assert ledger._keeper.commits - before <= 25, "all but the first few wait for the first"
    await ledger.close()


async def test_a_full_disk_is_told_and_leaves_no_half_tick(file: Path) -> None:
    ledger = await SqliteLedger.open(file)
    first, second = await owned(ledger, "m", ticks=1), await owned(ledger, "n", ticks=1)
    sqlite = ledger._keeper._sqlite
    assert sqlite is not None

    async def pages_max(pages: int) -> None:
        await ledger._keeper.call(
            lambda _: sqlite.execute(f"PRAGMA max_page_count={pages}").fetchone()
        )

    await pages_max(1)
    big = [tick_of(first, 2), tick_of(second, 2, bytes(100_000))]
    with pytest.raises(LedgerUnavailable, match="full"):
        await ledger.append(big)
    await pages_max(1_000_000)
    assert await ledger.spend("n", 30)
    assert await ticks(ledger, "m") == [1]
    assert await ledger.append(big) == [OK, OK]
    assert await ticks(ledger, "n") == [1, 2]
    await ledger.close()


async def test_a_refused_call_does_not_undo_those_it_shares_a_commit_with(file: Path) -> None:
    ledger = await SqliteLedger.open(file)
    lease = await owned(ledger)
    good, bad, also = await asyncio.gather(
        ledger.append([tick_of(lease, 1)]),
        ledger.checkpoint("m", "1:other", 0, b""),
        ledger.append([tick_of(lease, 2)]),
        return_exceptions=True,
    )
    assert (good, also) == ([OK], [OK])
    assert isinstance(bad, LeaseLost)
    await ledger.close()


async def test_beats_reach_the_file_once_a_second_and_readers_at_once(file: Path) -> None:
    ledger = await SqliteLedger.open(file)
    before = ledger._keeper.commits
    for clock in range(0, 2500, 100):
        await ledger.beat("a", clock)
    assert ledger._keeper.commits - before == 3
    assert await ledger.beats() == {"a": 2400}
    await ledger.close()


def newer_store(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA user_version=99")
    other.close()


OTHER_FILES: dict[str, Callable[[Path], object]] = {
    "no database": lambda file: file.write_bytes(b"no database at all" * 100),
    "of a newer version": newer_store,
}


@pytest.mark.parametrize("kind", OTHER_FILES)
async def test_a_file_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "rooms.sqlite3"
    OTHER_FILES[kind](file)
    with pytest.raises(LedgerDamaged, match="no room store of ours"):
        await SqliteLedger.open(file, lock_wait_s=0)
    with pytest.raises(LedgerDamaged):  # and not: in use
        await SqliteLedger.open(file, lock_wait_s=0)


async def test_a_room_whose_ticks_were_removed_by_hand_is_not_loaded_and_others_are(
    file: Path,
) -> None:
    ledger = await SqliteLedger.open(file)
    await owned(ledger, "m", ticks=5)
    await owned(ledger, "n", ticks=5)
    await ledger.close()
    with sqlite3.connect(file) as sqlite:
        sqlite.execute("DELETE FROM entry WHERE tick = 3 AND room = 1")
    sqlite.close()
    ledger = await SqliteLedger.open(file)
    lease = await owned(ledger, "m")
    with pytest.raises(LedgerDamaged, match="ticks 1 to 5 should be there, 4 to 5 are"):
        await ledger.load("m", lease.token)
    other = await owned(ledger, "n")
    assert len((await ledger.load("n", other.token)).entries) == 5
    await ledger.close()


# --- Redis -------------------------------------------------------------------------------------


async def test_in_redis_a_batch_is_one_round_trip(redis_ledger: RedisLedger) -> None:
    # One tick each before: a server that does not know the script yet is asked twice.
    leases = [await owned(redis_ledger, f"m{n}", ticks=1) for n in range(100)]
    before = redis_ledger.round_trips
    await redis_ledger.append([tick_of(lease, tick) for lease in leases for tick in (2, 3)])
    assert redis_ledger.round_trips == before + 1


async def test_scripts_that_the_server_forgot_are_given_to_it_again(
    redis: Redis, redis_ledger: RedisLedger
) -> None:
    leases = [await owned(redis_ledger, f"m{n}") for n in range(100)]
    await redis.script_flush()
    assert set(await redis_ledger.append([tick_of(lease, 1) for lease in leases])) == {OK}
    await redis.script_flush()
    assert (await redis_ledger.load("m0", leases[0].token)).entries == [Entry(1, 1, b"tick 1")]


async def test_the_keys_of_a_room_are_in_one_slot_and_end_with_it(
    redis: Redis, redis_ledger: RedisLedger, prefix: str
) -> None:
    lease = await owned(redis_ledger, ticks=2)
    await redis_ledger.checkpoint("m", lease.token, 1, b"")
    keys = sorted(key.decode() for key in await redis.keys(f"{prefix}:{{m}}:*"))
    assert keys == [f"{prefix}:{{m}}:{part}" for part in "cjm"]
    await redis_ledger.forget("m", lease.token)
    await redis_ledger.farewell("a")
    assert await redis.keys(f"{prefix}*") == []


async def test_a_room_whose_keys_were_removed_or_spoilt_stops_and_no_other(
    redis: Redis, redis_ledger: RedisLedger, prefix: str
) -> None:
    leases = [await owned(redis_ledger, f"m{n}", ticks=1) for n in range(4)]
    await redis.delete(f"{prefix}:{{m0}}:m")
    await redis.set(f"{prefix}:{{m1}}:m", "spoilt")
    await redis.set(f"{prefix}:{{m2}}:j", "spoilt")
    batch = [tick_of(lease, tick) for lease in leases for tick in (2, 3)]
    assert await redis_ledger.append(batch) == [FENCED] * 6 + [OK] * 2
    assert set(await redis_ledger.rooms_of("a")) == {"m2", "m3"}, "others find what is left"


async def test_ticks_and_checkpoints_removed_by_hand_are_noticed(
    redis: Redis, redis_ledger: RedisLedger, prefix: str
) -> None:
    lease = await owned(redis_ledger, ticks=5)
    await redis.xdel(f"{prefix}:{{m}}:j", "3-0")
    with pytest.raises(LedgerDamaged, match="ticks 1 to 5 should be there"):
        await redis_ledger.load("m", lease.token)
    await redis_ledger.checkpoint("m", lease.token, 4, b"four")
    assert len((await redis_ledger.load("m", lease.token)).entries) == 1
    await redis.delete(f"{prefix}:{{m}}:c")
    with pytest.raises(LedgerDamaged, match="checkpoint of tick 4 is missing"):
        await redis_ledger.load("m", lease.token)


async def test_a_redis_without_memory_is_unavailable_and_leaves_no_half_tick() -> None:
    with services.valkey("--maxmemory-policy", "noeviction") as url:
        ledger = RedisLedger.connect(url, "test", **PATIENT)
        leases = [await owned(ledger, f"m{n}", ticks=1) for n in range(3)]
        async with Redis.from_url(url) as redis:
            await redis.config_set("maxmemory", 1)
            batch = [tick_of(lease, 2) for lease in leases]
            with pytest.raises(LedgerUnavailable, match="OutOfMemory"):
                await ledger.append(batch)
            assert await ticks(ledger, "m0") == [1]
            await redis.config_set("maxmemory", 0)
        assert await ledger.append(batch) == [OK, OK, OK]
        await ledger.close()


async def test_what_was_acknowledged_survives_the_death_of_redis() -> None:
    durable = ("--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes")
    with services.valkey(*durable) as url:
        ledger = RedisLedger.connect(url, "test", **PATIENT)
        lease = await owned(ledger, ticks=50)
        await ledger.checkpoint("m", lease.token, 20, b"twenty")
        async with Redis.from_url(url) as redis:
            with suppress(OSError, Exception):
                await redis.execute_command("DEBUG", "CRASH-AND-RECOVER", 50)
        batch = [tick_of(lease, 50), tick_of(lease, 51)]
        verdicts = await eventually(lambda: ledger.append(batch))
        assert verdicts == [DUP, OK], "and its scripts are gone, and the lease is the same"
        assert await ledger.rooms_of("a") == {"m": lease.token}
        loaded = await ledger.load("m", lease.token)
        assert loaded.checkpoint == Checkpoint(20, b"twenty")
        assert [entry.tick for entry in loaded.entries] == list(range(21, 52))
        await ledger.close()


async def test_a_lease_handed_out_after_a_lost_tail_is_none_of_those_that_were_lost(
    redis: Redis, redis_ledger: RedisLedger, prefix: str
) -> None:
    first = await owned(redis_ledger, ticks=1)
    key = f"{prefix}:{{m}}:m"
    tail = await redis.dump(key)
    lost = await owned(redis_ledger, worker="b")
    await redis.restore(key, 0, tail, replace=True)
    there = await redis_ledger.owner("m")
    assert there == Owner("a", first.epoch, first.token, 1)
    new = await redis_ledger.acquire("m", "c", first.token)
    assert isinstance(new, Lease)
    assert new.epoch == lost.epoch, "the epoch comes twice"
    assert await redis_ledger.append([tick_of(lost, 2)]) == [FENCED]
    assert await redis_ledger.append([tick_of(new, 2)]) == [OK]
    assert set(await redis_ledger.rooms_of("c")) == {"m"}
    assert await redis_ledger.rooms_of("b") == {}


async def test_a_room_is_found_under_its_worker_even_where_the_worker_was_struck_off_meanwhile(
    redis: Redis, redis_ledger: RedisLedger, prefix: str
) -> None:
    await redis_ledger.beat("a", 1)
    assert await redis_ledger.farewell("a", beat=1)
    lease = await owned(redis_ledger)
    assert "a" in await redis_ledger.beats(), "to enter a room is a sign of life"
    assert await redis_ledger.rooms_of("a") == {"m": lease.token}
    assert await redis.ttl(f"{prefix}:{{workers}}:rooms:a") == -1


async def test_a_room_that_was_entered_and_not_acquired_is_not_told(
    redis: Redis, redis_ledger: RedisLedger, prefix: str
) -> None:
    lease = await owned(redis_ledger)
    await redis.sadd(f"{prefix}:{{workers}}:rooms:b", "m/0123456789abcdef", "unknown/0123")
    await redis.sadd(f"{prefix}:{{workers}}:rooms:", "m/1")
    assert await redis_ledger.rooms_of("b") == {}
    assert await redis_ledger.rooms_of("") == {}
    assert await redis_ledger.rooms_of("a") == {"m": lease.token}


async def test_two_deployments_in_one_redis_do_not_meet(
    redis_url: str, redis_ledger: RedisLedger, prefix: str
) -> None:
    other = RedisLedger.connect(redis_url, f"{prefix}-other", **PATIENT)
    await owned(redis_ledger)
    await redis_ledger.beat("a", 1)
    assert await other.owner("m") is None
    assert await other.beats() == {}
    await other.close()


# --- Redis behind a bad line -------------------------------------------------------------------


@pytest.fixture
async def line(redis_url: str) -> AsyncIterator[Line]:
    async with Line(redis_url).open() as line:
        yield line


async def test_an_answer_on_a_slow_line_reaches_nobody_but_who_asked(
    line: Line, prefix: str
) -> None:
    ledger = RedisLedger(servers.connect(parse(line.url), 1), prefix, **PATIENT)
    leases = [await owned(ledger, f"m{n}", f"worker-{n}") for n in range(20)]
    line.delay_s = 0.02
    for n in range(20):
        cancelled = asyncio.ensure_future(ledger.owner(f"m{n}"))
        await asyncio.sleep(0.01)
        cancelled.cancel()
        with suppress(asyncio.CancelledError):
            await cancelled
        there = await ledger.owner(leases[-1 - n].match)
        assert there is not None
        assert there.token == leases[-1 - n].token
    await ledger.close()


async def test_a_lost_answer_is_told_and_the_repeat_is_known_again(line: Line, prefix: str) -> None:
    ledger = RedisLedger.connect(line.url, prefix, **PATIENT)
    lease = await owned(ledger, ticks=1)  # or the server would not know the script
    line.answers = False
    for call in (ledger.append([tick_of(lease, 2)]), ledger.acquire("n", "a")):
        lost, asking = line.lost, asyncio.ensure_future(call)
        while line.lost == lost:  # noqa: ASYNC110 - it is a number
            await asyncio.sleep(0.01)
        line.end()
        with pytest.raises(LedgerUnavailable):
            await asking
    line.answers = True
    assert await ledger.append([tick_of(lease, 2)]) == [DUP]
    there = await ledger.acquire("n", "a")
    if isinstance(there, Owner):  # it was carried out: told to oneself, and acquired over that
        assert there.worker == "a"
        there = await ledger.acquire("n", "a", there.token)
    assert isinstance(there, Lease)
    await ledger.close()


async def test_without_a_server_each_call_says_so() -> None:
    ledger = RedisLedger.connect(f"redis://127.0.0.1:{services.free_port()}/0", "test")
    for call in (
        ledger.beat("a", 1),
        ledger.beats(),
        ledger.acquire("m", "a"),
        ledger.owner("m"),
        ledger.rooms_of("a"),
        ledger.append([Append("m", "1:x", 1, b"")]),
        ledger.load("m", "1:x"),
        ledger.spend("n", 1),
        ledger.spent("n"),
    ):
        with pytest.raises(LedgerUnavailable):
            await call
    await ledger.close()


async def eventually(ask: Callable[[], Awaitable[list[Verdict]]]) -> list[Verdict]:
    """The answer, once there is one."""
    async with asyncio.timeout(60):
        while True:
            with suppress(LedgerUnavailable):
                return await ask()
            await asyncio.sleep(0.02)
