"""Who runs which room, who is alive, and which tickets are spent.

A room lives where its first socket came in: the first worker to claim it runs it until it ends. A
worker shows signs of life; one that was silent too long counts as dead, and its rooms as lost.

Promised:      one claim a room; a nonce is spent once, however many ask at the same moment.
Not promised:  that a silent worker knows that it is counted as dead. When it is heard of again,
               ``beat`` tells it so, and it must stop the rooms it had.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from redis.asyncio import Redis

from games.limits import TICKET_TTL_S, WORKER_SILENCE_S

_CLAIM_TTL_S = 24 * 3600
"""A claim is released when its room ends; this only sweeps up after workers that died."""


class RoomStore(Protocol):
    """What workers share about rooms."""

    async def claim(self, match: str, worker: str) -> str:
        """The worker that runs ``match``: ``worker``, if nobody does yet."""

    async def owner(self, match: str) -> str | None:
        """The worker that runs ``match``, if any."""

    async def release(self, match: str, worker: str) -> None:
        """Give up the claim of ``worker`` on ``match``, if it is the one that has it."""

    async def beat(self, worker: str) -> bool:
        """A sign of life. False if this worker was counted as dead meanwhile (or is new)."""

    async def farewell(self, worker: str) -> None:
        """This worker stops."""

    async def alive(self, workers: Iterable[str]) -> set[str]:
        """Those of ``workers`` that have shown a sign of life lately."""

    async def spend(self, nonce: str) -> bool:
        """Use up the nonce of a ticket; False if it was used before."""

    async def close(self) -> None:
        """Let go of connections."""


class MemoryStore:
    """For one worker alone, which is never silent to itself. Time is handed in by ``now``."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._owners: dict[str, str] = {}
        self._alive: set[str] = set()
        self._spent: dict[str, float] = {}

    async def claim(self, match: str, worker: str) -> str:
        return self._owners.setdefault(match, worker)

    async def owner(self, match: str) -> str | None:
        return self._owners.get(match)

    async def release(self, match: str, worker: str) -> None:
        if self._owners.get(match) == worker:
            del self._owners[match]

    async def beat(self, worker: str) -> bool:
        known = worker in self._alive
        self._alive.add(worker)
        return known

    async def farewell(self, worker: str) -> None:
        self._alive.discard(worker)

    async def alive(self, workers: Iterable[str]) -> set[str]:
        return self._alive.intersection(workers)

    async def spend(self, nonce: str) -> bool:
        now = self._now()
        # An expired ticket is refused before its nonce is looked at, so it can be forgotten here.
        for old in [spent for spent, until in self._spent.items() if until <= now]:
            del self._spent[old]
        if nonce in self._spent:
            return False
        self._spent[nonce] = now + TICKET_TTL_S + 1
        return True

    async def close(self) -> None:
        return


class RedisStore:
    """For any number of workers."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._release = redis.register_script(
            "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
        )

    async def claim(self, match: str, worker: str) -> str:
        key = self._room(match)
        owner = await self._redis.set(key, worker, nx=True, get=True, ex=_CLAIM_TTL_S)
        return _text(owner) or worker

    async def owner(self, match: str) -> str | None:
        return _text(await self._redis.get(self._room(match)))

    async def release(self, match: str, worker: str) -> None:
        await self._release(keys=[self._room(match)], args=[worker])

    async def beat(self, worker: str) -> bool:
        silence_ms = int(WORKER_SILENCE_S * 1000)
        return bool(await self._redis.set(self._worker(worker), 1, px=silence_ms, get=True))

    async def farewell(self, worker: str) -> None:
        await self._redis.delete(self._worker(worker))

    async def alive(self, workers: Iterable[str]) -> set[str]:
        asked = list(workers)
        if not asked:
            return set()
        beats = await self._redis.mget([self._worker(worker) for worker in asked])
        return {worker for worker, beat in zip(asked, beats, strict=True) if beat}

    async def spend(self, nonce: str) -> bool:
        key = f"{self._prefix}:ticket:{nonce}"
        return bool(await self._redis.set(key, 1, nx=True, ex=TICKET_TTL_S + 1))

    async def close(self) -> None:
        await self._redis.aclose()

    def _room(self, match: str) -> str:
        return f"{self._prefix}:room:{match}"

    def _worker(self, worker: str) -> str:
        return f"{self._prefix}:worker:{worker}"


def _text(value: object) -> str | None:
    """A value of Redis as text; None where there is none."""
    return value.decode() if isinstance(value, bytes) else None
