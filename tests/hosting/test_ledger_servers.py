"""The room store on servers that fail, and others that take their place; all are real."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from secrets import token_hex
from typing import TypeVar

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from games.hosting.ledger import Append, Lease, LedgerUnavailable, Verdict
from games.hosting.ledger.in_redis import RedisLedger
from games.limits import LEDGER_CONNECTIONS_MAX
from tests import services
from tests.line import PATIENT, Line, hurried, without_replicas

OK, DUP, CONFLICT, GAP, FENCED = Verdict

SOON_S = 1.0
"""Seconds for one try, where it is tried again and again."""

T = TypeVar("T")


@asynccontextmanager
async def ledger_at(url: str, prefix: str = "test", **options: float) -> AsyncIterator[RedisLedger]:
    """A store that waits long for its servers; see ``hurried``."""
    ledger = RedisLedger.connect(url, prefix, **(PATIENT | options))
    yield ledger
    await ledger.close()


async def owned(ledger: RedisLedger, match: str = "m", seen: str = "") -> Lease:
    lease = await ledger.acquire(match, "a", seen)
    assert isinstance(lease, Lease)
    return lease


def tick_of(lease: Lease, tick: int) -> Append:
    return Append(lease.match, lease.token, tick, b"tick %d" % tick)


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await met():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def eventually(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer, once there is one."""
    async with asyncio.timeout(60):
        while True:
            with suppress(LedgerUnavailable):
                return await ask()
            await asyncio.sleep(0.02)


# --- one server ---------------------------------------------------------------------------------


async def failed(ledger: RedisLedger) -> int:
    """How many calls fail, of as many at once as there are connections."""
    calls = [ledger.owner("m") for _ in range(LEDGER_CONNECTIONS_MAX)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in answers} <= {LedgerUnavailable, type(None)}
    return sum(isinstance(answer, LedgerUnavailable) for answer in answers)


async def test_connections_that_ended_with_the_server_fail_no_call_after_its_restart() -> None:
    with services.running_valkey() as server:
        async with ledger_at(server.url) as ledger:
            assert await failed(ledger) == 0
            server.kill()
            with services.running_valkey(port=server.port):
                await asyncio.sleep(0.01)  # the loop stood still, and hears only now that they did
                assert await failed(ledger) == 0


async def test_one_call_fails_for_all_connections_that_went_dead(redis_url: str) -> None:
    """As when a machine or a firewall forgets them: nobody is told that they ended."""
    async with Line(redis_url).open() as line, ledger_at(line.url) as ledger:
        assert await failed(ledger) == 0
        line.cut()
        with hurried(ledger), pytest.raises(LedgerUnavailable):
            await ledger.owner("m")
        assert await failed(ledger) == 0


async def test_an_address_that_moves_to_another_server_is_followed() -> None:
    """As with a managed Redis: the server of before lives on, as a replica that takes no writes."""
    with services.running_valkey() as old, services.running_valkey() as new:
        async with (
            Line(old.url).open() as line,
            ledger_at(line.url) as ledger,
            Redis.from_url(new.url) as successor,
            Redis.from_url(old.url) as demoted,
        ):
            lease = await owned(ledger)
            await replicating(successor, old)
            await successor.replicaof("NO", "ONE")
            await demoted.replicaof("127.0.0.1", new.port)
            line.port = new.port
            with pytest.raises(LedgerUnavailable, match="ReadOnly"):
                await ledger.append([tick_of(lease, 1)])
            assert await ledger.append([tick_of(lease, 1)]) == [OK]


async def test_writes_count_only_when_replicas_have_them_also_when_repeated() -> None:
    with services.running_valkey() as server, services.running_valkey() as copy:
        async with (
            ledger_at(server.url, replicas=1) as ledger,
            Redis.from_url(copy.url) as replica,
        ):
            await replicating(replica, server)
            lease = await owned(ledger)
            assert await ledger.append([tick_of(lease, 1)]) == [OK]
            await replica.replicaof("NO", "ONE")
            batch = [tick_of(lease, 2)]
            with without_replicas(ledger):
                with pytest.raises(LedgerUnavailable, match="0 of 1 replicas"):
                    await ledger.append(batch)
                with pytest.raises(LedgerUnavailable):  # though the repeat has nothing to write
                    await ledger.append(batch)
                with pytest.raises(LedgerUnavailable, match="0 of 1 replicas"):
                    await ledger.acquire("n", "a")
            await replicating(replica, server)
            assert await ledger.append(batch) == [DUP]
            assert await replica.xlen("test:{m}:j") == 2


async def replicating(replica: Redis, primary: services.Valkey) -> None:
    """``replica`` copies ``primary``, and has all that it had."""
    await replica.replicaof("127.0.0.1", primary.port)
    await until(lambda: has_all(replica))


async def has_all(replica: Redis) -> bool:
    return (await replica.info("replication")).get("master_link_status") == "up"


# --- Sentinel -----------------------------------------------------------------------------------


@pytest.fixture
def watched() -> Iterator[services.Watched]:
    with services.running_watched() as watched:
        yield watched


async def test_what_was_accepted_is_at_the_next_primary_when_one_dies(
    watched: services.Watched,
) -> None:
    async with ledger_at(watched.url) as ledger:
        lease = await owned(ledger)
        assert await ledger.append([tick_of(lease, tick) for tick in (1, 2)]) == [OK, OK]
        for replica in watched.replicas:
            replica.stop()
        with (
            without_replicas(ledger),
            pytest.raises(LedgerUnavailable, match="0 of 1 replicas"),
        ):
            await ledger.append([tick_of(lease, 3)])
        watched.primary.kill()
        for replica in watched.replicas:
            replica.go_on()
        batch = [tick_of(lease, tick) for tick in (2, 3, 4)]
        with hurried(ledger, SOON_S):
            verdicts = await eventually(lambda: ledger.append(batch))
        assert verdicts[0] is DUP
        assert {*verdicts} <= {OK, DUP}
        assert [entry.tick for entry in await ledger.read("m")] == [1, 2, 3, 4]


async def test_the_side_of_a_primary_that_hung_accepts_nothing_when_it_wakes(
    watched: services.Watched,
) -> None:
    async with (
        ledger_at(watched.url) as ledger,
        ledger_at(watched.url) as late,
        ledger_at(watched.primary.url, replicas=1) as cut_off,
    ):
        lease, quiet = await owned(ledger, "m"), await owned(ledger, "n")
        assert await ledger.append([tick_of(lease, tick) for tick in range(1, 51)]) == [OK] * 50
        for other in (late, cut_off):
            assert await other.append([tick_of(lease, 50)]) == [DUP]
        watched.primary.stop()
        with hurried(ledger, SOON_S):
            for tick in range(51, 101):
                batch = [tick_of(lease, tick)]
                verdicts = await eventually(lambda batch=batch: ledger.append(batch))
                assert verdicts[0].accepted
            await eventually(lambda: ledger.beat("a", 1))
        assert [entry.tick for entry in await ledger.read("m")] == list(range(1, 101))

        watched.primary.go_on()
        with hurried(cut_off, SOON_S), pytest.raises(LedgerUnavailable):
            await cut_off.append([tick_of(quiet, 1)])
        assert await ledger.read("n") == []
        with hurried(late, SOON_S):
            assert await eventually(lambda: late.append([tick_of(quiet, 1)])) == [OK]
        assert [entry.tick for entry in await ledger.read("n")] == [1]


async def test_a_beat_is_in_time_though_sentinels_hang_and_fails_where_nothing_lives(
    watched: services.Watched,
) -> None:
    for sentinel in watched.sentinels[:2]:
        sentinel.stop()
    async with ledger_at(watched.url) as ledger:
        await ledger.beat("a", 1)
        assert await ledger.beats() == {"a": 1}
        for server in (*watched.replicas, watched.primary):
            server.kill()
        for _ in range(2):
            with hurried(ledger), pytest.raises(LedgerUnavailable):
                await ledger.beat("a", 2)


# --- Cluster ------------------------------------------------------------------------------------


@pytest.fixture
def prefix() -> str:
    """Of this test's keys, so that tests do not meet in one Cluster."""
    return f"test-{token_hex(6)}"


async def rooms(ledger: RedisLedger, count: int) -> list[Lease]:
    return [await owned(ledger, f"m{number}") for number in range(count)]


async def test_in_a_cluster_a_batch_asks_each_node_once(
    cluster: services.Clustered, prefix: str
) -> None:
    async with ledger_at(cluster.url, prefix, replicas=0) as ledger:
        leases = await rooms(ledger, 50)
        assert await ledger.append([tick_of(lease, 1) for lease in leases]) == [OK] * 50
        before = ledger.round_trips
        assert await ledger.append([tick_of(lease, 2) for lease in leases]) == [OK] * 50
        assert ledger.round_trips == before + len(cluster.nodes)


async def test_a_room_on_its_way_to_another_node_is_found(
    cluster: services.Clustered, prefix: str
) -> None:
    async with ledger_at(cluster.url, prefix, replicas=0) as ledger, AsyncExitStack() as stack:
        lease = await owned(ledger, "nomad")
        assert await ledger.append([tick_of(lease, 1)]) == [OK]
        slot = key_slot(b"nomad")
        clients = [await stack.enter_async_context(Redis.from_url(n.url)) for n in cluster.nodes]
        ids = [await client.execute_command("CLUSTER MYID") for client in clients]
        at = [slot < 5461, slot < 10923, True].index(True)
        there = (at + 1) % 3
        source, target = clients[at], clients[there]

        await target.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[at])
        await source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[there])
        port, keys = cluster.nodes[there].port, [f"{prefix}:{{nomad}}:{part}" for part in "mj"]
        move = ("MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS", *keys)
        await source.execute_command(*move)
        assert await ledger.append([tick_of(lease, 1), tick_of(lease, 2)]) == [DUP, OK]
        for client in (target, source):
            await client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[there])
        assert await ledger.append([tick_of(lease, 2), tick_of(lease, 3)]) == [DUP, OK]
        assert [entry.tick for entry in await ledger.read("nomad")] == [1, 2, 3]
        before = ledger.round_trips
        await ledger.owner("nomad")
        assert ledger.round_trips == before + 1, "it is known where the room is now"


async def test_a_cluster_goes_on_where_a_node_had_a_replica() -> None:
    with services.running_cluster() as cluster:
        async with ledger_at(cluster.url, replicas=0) as ledger:
            leases = await rooms(ledger, 12)
            assert await ledger.append([tick_of(lease, 1) for lease in leases]) == [OK] * 12
            cluster.nodes[0].kill()
            batch = [tick_of(lease, 2) for lease in leases]
            with hurried(ledger, SOON_S):
                verdicts = await eventually(lambda: ledger.append(batch))
                assert set(verdicts) <= {OK, DUP}
                await eventually(lambda: ledger.beat("a", 1))
            for lease in leases:
                assert [entry.tick for entry in await ledger.read(lease.match)] == [1, 2]


async def test_in_a_cluster_writes_count_only_when_replicas_have_them(
    cluster: services.Clustered, prefix: str
) -> None:
    """The first node alone has a replica; what is known of workers is there, m0 too, m1 is not."""
    async with (
        ledger_at(cluster.url, prefix) as ledger,
        ledger_at(cluster.url, prefix, replicas=0) as careless,
    ):
        lease = await owned(ledger, "m0")
        assert await ledger.append([tick_of(lease, 1)]) == [OK]
        with (
            without_replicas(ledger),
            pytest.raises(LedgerUnavailable, match="0 of 1 replicas"),
        ):
            await ledger.acquire("m1", "a")
        there = await ledger.owner("m1")
        assert there is not None
        lease = await owned(careless, "m1", there.token)
        with (
            without_replicas(ledger),
            pytest.raises(LedgerUnavailable, match="0 of 1 replicas"),
        ):
            await ledger.append([tick_of(lease, 1)])
