"""Who runs which room, who is alive, which tickets are spent: the same in memory and in Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from games.hosting.store import MemoryStore, RedisStore, RoomStore
from games.limits import TICKET_TTL_S, WORKER_SILENCE_S


@pytest.fixture
def prefix() -> str:
    """Of this test's keys, so that tests do not meet in one Redis."""
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A connection of the test's own."""
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture
async def redis_store(redis_url: str, prefix: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(Redis.from_url(redis_url), prefix)
    yield store
    await store.close()


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[RoomStore]:
    """One of each kind."""
    if request.param == "memory":
        yield MemoryStore(lambda: 0.0)
        return
    store = RedisStore(
        Redis.from_url(request.getfixturevalue("redis_url")), request.getfixturevalue("prefix")
    )
    yield store
    await store.close()


# --- claims ------------------------------------------------------------------------------------


async def test_the_first_to_claim_a_room_runs_it(store: RoomStore) -> None:
    assert await store.owner("m") is None
    assert await store.claim("m", "a") == "a"
    assert await store.claim("m", "b") == "a"
    assert await store.claim("m", "a") == "a"
    assert await store.owner("m") == "a"
    assert await store.claim("other", "b") == "b"


async def test_of_fifty_who_claim_at_once_one_gets_it_and_all_are_told_who(
    store: RoomStore,
) -> None:
    told = await asyncio.gather(*[store.claim("m", f"worker-{n}") for n in range(50)])
    assert len(set(told)) == 1
    assert await store.owner("m") == told[0]


async def test_only_its_holder_releases_a_claim(store: RoomStore) -> None:
    await store.claim("m", "a")
    await store.release("m", "b")
    assert await store.owner("m") == "a"
    await store.release("other", "a")
    assert await store.owner("m") == "a"
    await store.release("m", "a")
    assert await store.owner("m") is None
    assert await store.claim("m", "b") == "b"


async def test_releasing_twice_does_not_take_the_room_from_the_next(store: RoomStore) -> None:
    await store.claim("m", "a")
    await store.release("m", "a")
    await store.claim("m", "b")
    await store.release("m", "a")
    assert await store.owner("m") == "b"


# --- signs of life -----------------------------------------------------------------------------


async def test_the_first_sign_of_life_says_that_the_worker_was_not_known(store: RoomStore) -> None:
    assert await store.beat("a") is False
    assert await store.beat("a") is True
    assert await store.beat("b") is False


async def test_those_who_showed_a_sign_of_life_are_alive(store: RoomStore) -> None:
    await store.beat("a")
    await store.beat("b")
    assert await store.alive(["a", "b", "never seen"]) == {"a", "b"}
    assert await store.alive(iter(["b"])) == {"b"}
    assert await store.alive([]) == set()


async def test_who_said_farewell_is_not_alive_and_must_begin_anew(store: RoomStore) -> None:
    await store.beat("a")
    await store.farewell("a")
    assert await store.alive(["a"]) == set()
    assert await store.beat("a") is False
    await store.farewell("never seen")


async def test_a_farewell_leaves_claims_to_those_who_release_them(store: RoomStore) -> None:
    await store.beat("a")
    await store.claim("m", "a")
    await store.farewell("a")
    assert await store.owner("m") == "a"


# --- tickets -----------------------------------------------------------------------------------


async def test_a_nonce_is_spent_once(store: RoomStore) -> None:
    assert await store.spend("n") is True
    assert await store.spend("n") is False
    assert await store.spend("another") is True


async def test_of_fifty_who_spend_a_nonce_at_once_one_succeeds(store: RoomStore) -> None:
    spent = await asyncio.gather(*[store.spend("n") for _ in range(50)])
    assert spent.count(True) == 1


async def test_rooms_workers_and_nonces_of_one_name_do_not_meet(store: RoomStore) -> None:
    assert await store.claim("x", "x") == "x"
    assert await store.beat("x") is False
    assert await store.spend("x") is True
    await store.farewell("x")
    assert await store.owner("x") == "x"
    assert await store.spend("x") is False


# --- what each does with time ------------------------------------------------------------------


async def test_in_memory_a_nonce_is_kept_as_long_as_its_ticket_and_then_forgotten() -> None:
    now = 1000.0
    store = MemoryStore(lambda: now)
    await store.spend("n")
    now += TICKET_TTL_S
    assert await store.spend("n") is False, "the ticket may still be read"
    now += 2
    await store.spend("another")
    assert len(store._spent) == 1, "memory does not grow with every ticket there ever was"


async def test_in_redis_a_nonce_is_kept_longer_than_its_ticket(
    redis: Redis, redis_store: RedisStore, prefix: str
) -> None:
    await redis_store.spend("n")
    assert TICKET_TTL_S * 1000 < await redis.pttl(f"{prefix}:ticket:n") <= (TICKET_TTL_S + 1) * 1000


async def test_a_worker_that_is_silent_too_long_counts_as_dead_and_is_told_so(
    redis: Redis, redis_store: RedisStore, prefix: str
) -> None:
    await redis_store.beat("a")
    key = f"{prefix}:worker:a"
    assert WORKER_SILENCE_S * 900 < await redis.pttl(key) <= WORKER_SILENCE_S * 1000
    await redis.pexpire(key, 0)  # the silence
    assert await redis_store.alive(["a"]) == set()
    assert await redis_store.beat("a") is False
    assert await redis_store.alive(["a"]) == {"a"}


async def test_each_sign_of_life_begins_the_silence_anew(
    redis: Redis, redis_store: RedisStore, prefix: str
) -> None:
    await redis_store.beat("a")
    await redis.pexpire(f"{prefix}:worker:a", 500)
    assert await redis_store.beat("a") is True
    assert await redis.pttl(f"{prefix}:worker:a") > 500


async def test_a_claim_outlives_its_worker_by_no_more_than_a_day(
    redis: Redis, redis_store: RedisStore, prefix: str
) -> None:
    await redis_store.claim("m", "a")
    assert 23 * 3600 < await redis.ttl(f"{prefix}:room:m") <= 24 * 3600


async def test_each_key_in_redis_has_the_prefix_and_an_end(
    redis: Redis, redis_store: RedisStore, prefix: str
) -> None:
    await redis_store.claim("m", "a")
    await redis_store.beat("a")
    await redis_store.spend("n")
    keys = {key.decode() for key in await redis.keys(f"{prefix}*")}
    assert keys == {f"{prefix}:room:m", f"{prefix}:worker:a", f"{prefix}:ticket:n"}
    assert all([await redis.ttl(key) > 0 for key in keys])


async def test_two_deployments_in_one_redis_do_not_meet(
    redis_url: str, redis_store: RedisStore, prefix: str
) -> None:
    other = RedisStore(Redis.from_url(redis_url), f"{prefix}-other")
    await redis_store.claim("m", "a")
    await redis_store.spend("n")
    assert await other.owner("m") is None
    assert await other.spend("n") is True
    await other.close()


async def test_two_workers_on_one_redis_see_the_same(
    redis_url: str, redis_store: RedisStore, prefix: str
) -> None:
    other = RedisStore(Redis.from_url(redis_url), prefix)
    tried = [store.claim("m", name) for store, name in ((redis_store, "a"), (other, "b")) * 10]
    assert len(set(await asyncio.gather(*tried))) == 1
    spent = await asyncio.gather(*[store.spend("n") for store in (redis_store, other) * 25])
    assert spent.count(True) == 1
    await redis_store.beat("a")
    assert await other.alive(["a"]) == {"a"}
    await other.close()
