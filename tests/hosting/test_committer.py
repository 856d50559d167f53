"""The way of ticks into the journal: in order, many at a time, the same again if unanswered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from games.hosting.ledger import (
    Append,
    Lease,
    LeaseLost,
    LedgerFull,
    LedgerUnavailable,
    OutOfStep,
    Verdict,
)
from games.hosting.ledger.committer import Committer
from games.hosting.ledger.in_memory import MemoryLedger
from games.limits import COMMIT_BYTES_MAX, COMMIT_TICKS_MAX

OK, DUP = Verdict.OK, Verdict.DUP


class Store(MemoryLedger):
    """A store that can be held up, cut off, and lose its answers; it knows what it was asked."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.batches: list[list[Append]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.lose_answers = 0
        self.refuse = 0
        self.hang = 0

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        self.batches.append(list(batch))
        await self.open.wait()
        if self.refuse:
            self.refuse -= 1
            raise LedgerUnavailable("refused")
        verdicts = await super().append(batch)
        if self.hang:
            self.hang -= 1
            await asyncio.Event().wait()
        if self.lose_answers:
            self.lose_answers -= 1
            raise LedgerUnavailable("the answer was lost")
        return verdicts

    async def lease(self, match: str) -> Lease:
        lease = await self.acquire(match, "a")
        assert isinstance(lease, Lease)
        return lease


@pytest.fixture
async def store() -> Store:
    return Store()


Start = Callable[..., Awaitable[Committer]]


@pytest.fixture
async def start(store: Store) -> AsyncIterator[Start]:
    """Starts a committer; it ends with the test."""
    running = []

    async def starter(**options: float) -> Committer:
        committer = Committer(store, **({"wait_s": 60.0} | options))  # type: ignore[arg-type]
        running.append(asyncio.create_task(committer.run()))
        return committer

    yield starter
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def settled() -> None:
    """All that can run without waiting has run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_tick_that_was_put_is_in_the_journal_when_it_is_answered(
    store: Store, start: Start
) -> None:
    committer, lease = await start(), await store.lease("m")
    assert await committer.put("m", lease.token, 1, b"x") is OK
    assert [entry.payload for entry in await store.read("m")] == [b"x"]
    assert (committer.batches, committer.ticks, committer.repeats) == (1, 1, 0)


async def test_what_waits_goes_out_in_one_batch_while_another_is_under_way(
    store: Store, start: Start
) -> None:
    committer = await start()
    leases = [await store.lease(f"m{n}") for n in range(50)]
    store.open.clear()
    first = committer.put("m0", leases[0].token, 1, b"")
    await settled()
    later = [
        committer.put(lease.match, lease.token, 1 + (lease.match == "m0"), b"") for lease in leases
    ]
    store.open.set()
    assert await asyncio.gather(first, *later) == [OK] * 51
    assert [len(batch) for batch in store.batches] == [1, 50]


async def test_ticks_of_a_room_are_appended_in_the_order_in_which_they_were_put(
    store: Store, start: Start
) -> None:
    committer, lease = await start(), await store.lease("m")
    puts = [committer.put("m", lease.token, tick, b"%d" % tick) for tick in range(1, 1201)]
    assert set(await asyncio.gather(*puts)) == {OK}
    assert [len(batch) for batch in store.batches] == [COMMIT_TICKS_MAX, COMMIT_TICKS_MAX, 200]


async def test_a_batch_is_bounded_in_bytes_and_one_large_tick_goes_alone(
    store: Store, start: Start
) -> None:
    committer, lease = await start(), await store.lease("m")
    sizes = [10, COMMIT_BYTES_MAX - 10, 1, COMMIT_BYTES_MAX * 2, 5]
    puts = [committer.put("m", lease.token, tick, bytes(n)) for tick, n in enumerate(sizes, 1)]
    await asyncio.gather(*puts)
    assert [[len(tick.payload) for tick in batch] for batch in store.batches] == [
        sizes[:2],
        *([size] for size in sizes[2:]),
    ]


async def test_an_unanswered_batch_is_repeated_as_it_was(store: Store, start: Start) -> None:
    committer, lease = await start(), await store.lease("m")
    store.refuse, store.lose_answers = 2, 2
    first = [committer.put("m", lease.token, tick, b"%d" % tick) for tick in (1, 2)]
    await settled()
    late = committer.put("m", lease.token, 3, b"3")
    assert await asyncio.gather(*first, late) == [DUP, DUP, OK]
    assert len(store.batches) == 6
    assert all(batch == store.batches[0] for batch in store.batches[:5])
    assert [entry.payload for entry in await store.read("m")] == [b"1", b"2", b"3"]
    assert (committer.batches, committer.repeats, committer.away) == (2, 4, False)


async def test_a_store_that_does_not_answer_in_time_is_asked_again(
    store: Store, start: Start
) -> None:
    committer, lease = await start(wait_s=0.05), await store.lease("m")
    store.hang = 2
    assert await committer.put("m", lease.token, 1, b"") is DUP
    assert committer.repeats == 2


async def test_a_refusal_is_told_to_its_room_alone(store: Store, start: Start) -> None:
    committer = await start()
    good, fenced, gap, conflict = [await store.lease(match) for match in "abcd"]
    await store.acquire("b", "other", fenced.token)
    await committer.put("d", conflict.token, 1, b"")
    puts = [
        committer.put("a", good.token, 1, b""),
        committer.put("b", fenced.token, 1, b""),
        committer.put("c", gap.token, 2, b""),
        committer.put("d", conflict.token, 1, b"other"),
        committer.put("a", good.token, 2, b""),
    ]
    answers = await asyncio.gather(*puts, return_exceptions=True)
    assert [type(answer) for answer in answers] == [
        *(Verdict, LeaseLost, OutOfStep, OutOfStep, Verdict)
    ]
    assert await committer.put("a", good.token, 3, b"") is OK


async def test_after_a_refusal_nothing_more_of_that_lease_is_sent(
    store: Store, start: Start
) -> None:
    committer, lease = await start(), await store.lease("m")
    await committer.put("m", lease.token, 1, b"")
    store.open.clear()
    refused = committer.put("m", lease.token, 1, b"other")
    await settled()
    waits = committer.put("m", lease.token, 2, b"")
    store.open.set()
    for put in (refused, waits, committer.put("m", lease.token, 2, b"")):
        with pytest.raises(OutOfStep):
            await put
    assert [entry.tick for entry in await store.read("m")] == [1]
    anew = await store.acquire("m", "a", lease.token)
    assert isinstance(anew, Lease)
    assert await committer.put("m", anew.token, 2, b"") is OK


async def test_when_full_nothing_is_taken_until_there_is_room_again(
    store: Store, start: Start
) -> None:
    committer, lease = await start(waiting_ticks_max=3), await store.lease("m")
    store.open.clear()
    puts = [committer.put("m", lease.token, 1, b"")]
    await settled()
    puts += [committer.put("m", lease.token, tick, b"") for tick in (2, 3)]
    assert committer.full, "what is under way counts"
    with pytest.raises(LedgerFull):
        committer.put("m", lease.token, 4, b"")
    store.open.set()
    await asyncio.gather(*puts)
    assert not committer.full
    assert await committer.put("m", lease.token, 4, b"") is OK


async def test_bytes_that_wait_are_bounded_too(store: Store, start: Start) -> None:
    committer, lease = await start(waiting_bytes_max=100), await store.lease("m")
    store.open.clear()
    put = committer.put("m", lease.token, 1, bytes(100))
    assert committer.full
    store.open.set()
    await put
    assert not committer.full


async def test_who_no_longer_waits_disturbs_nobody(store: Store, start: Start) -> None:
    committer, lease = await start(), await store.lease("m")
    store.open.clear()
    gone = committer.put("m", lease.token, 1, b"")
    other = committer.put("m", lease.token, 2, b"")
    await settled()
    gone.cancel()
    store.open.set()
    assert await other is OK
    assert [entry.tick for entry in await store.read("m")] == [1, 2]


async def test_idle_waits_until_everything_is_answered(store: Store, start: Start) -> None:
    committer, lease = await start(), await store.lease("m")
    await committer.idle()
    store.open.clear()
    put = committer.put("m", lease.token, 1, b"")
    idle = asyncio.ensure_future(committer.idle())
    await settled()
    assert not idle.done()
    store.open.set()
    await idle
    assert put.done()


async def test_who_waits_when_the_committer_stops_is_told_that_nobody_knows(store: Store) -> None:
    committer, lease = Committer(store), await store.lease("m")
    running = asyncio.create_task(committer.run())
    store.open.clear()
    under_way = committer.put("m", lease.token, 1, b"")
    await settled()
    waits = committer.put("m", lease.token, 2, b"")
    running.cancel()
    for put in (under_way, waits):
        with pytest.raises(LedgerUnavailable):
            await put
    with pytest.raises(LedgerUnavailable):
        committer.put("m", lease.token, 3, b"")
    await committer.idle()
