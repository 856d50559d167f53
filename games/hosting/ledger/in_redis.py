"""The room store in Redis or Valkey, for any number of workers.

Keys, behind a prefix: ``{match}:m``, ``:j`` and ``:c`` of each room, in one slot, and
``{workers}:beats`` and ``{workers}:rooms:<worker>``, in another. A room and the set in which its
worker finds it are therefore not written at once. The set may name too many rooms, never too few:
a room is entered before it is acquired, under a mark that belongs to that one lease, so that a late
removal cannot hit a later one; and ``rooms_of`` asks the rooms themselves.

- Scripts go by their hash; a server that does not know one (restarted, or the other of a pair) is
  given it, and the call is repeated.
- The client must not repeat by itself: how often and how long is decided by who waits. ``connect``
  sees to that.
- The sign of life has a connection of its own. Behind a batch or a large load it would be late.
- A call that is cancelled or runs out of time gives its connection up; redis-py closes it, and no
  later call can read an answer that was not for it.
- ``replicas``: for a server whose place another may take (Sentinel). An append then counts only
  when so many replicas have it (WAIT), and else as unanswered.
- What survives the death of Redis is what its ``appendfsync`` promises.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha1
from secrets import token_hex
from typing import Any, NamedTuple, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from games.hosting.ledger import scripts
from games.hosting.ledger.base import (
    Append,
    Checkpoint,
    Claim,
    Entry,
    Lease,
    LedgerDamaged,
    LedgerUnavailable,
    Loaded,
    Owner,
    Verdict,
    in_order,
    is_lease,
    released,
    rooms_by_token,
)
from games.limits import (
    BEAT_WAIT_S,
    LEDGER_CONNECTIONS_MAX,
    LEDGER_ROOMS_AT_ONCE_MAX,
    LEDGER_ROOMS_PER_CALL_MAX,
    LEDGER_WAIT_S,
)

T = TypeVar("T")

_STRUCK_OFF_S = 24 * 3600
"""The set of a worker that was struck off may name rooms that it was about to acquire when it died.
This only sweeps it up; should the worker wake and enter a room, its set stays."""


class _Call(NamedTuple):
    script: str
    keys: Sequence[str]
    args: Sequence[str | bytes | int]


class RedisLedger:
    """A ``Ledger`` for any number of workers.

    Attributes:
        round_trips: How often the server was asked, signs of life aside.
    """

    def __init__(
        self,
        redis: "Redis",
        prefix: str,
        *,
        pulse: "Redis | None" = None,
        trim_unarchived: bool = False,
        replicas: int = 0,
        rooms_per_call: int = LEDGER_ROOMS_PER_CALL_MAX,
        wait_s: float = LEDGER_WAIT_S,
        beat_wait_s: float = BEAT_WAIT_S,
    ) -> None:
        """Use a client that is there.

        Args:
            redis: A client that decodes nothing and repeats nothing.
            pulse: The client for signs of life; else the same.
            rooms_per_call: 1 where keys of several rooms may not meet in a script (Cluster).
        """
        assert "{" not in prefix, "braces would put all rooms into one slot"
        self.round_trips = 0
        self._redis = redis
        self._pulse = pulse or redis
        self._prefix = prefix
        self._trim_unarchived = int(trim_unarchived)
        self._replicas = replicas
        self._rooms_per_call = rooms_per_call
        self._wait_s = wait_s
        self._beat_wait_s = beat_wait_s
        self._hashes: dict[str, str] = {}

    @classmethod
    def connect(cls, url: str, prefix: str, **options: Any) -> "RedisLedger":
        """The store at ``url``, with clients as they must be; ``options`` as for the class."""
        redis = _client(url, LEDGER_CONNECTIONS_MAX)
        return cls(redis, prefix, pulse=_client(url, 2), **options)

    # --- signs of life -------------------------------------------------------------------------

    async def beat(self, worker: str, clock: int) -> None:
        async with _answered(self._beat_wait_s):
            await _done(self._pulse.hset(self._beats, worker, str(clock)))

    async def beats(self) -> dict[str, int]:
        async with _answered(self._beat_wait_s):
            beats = await _done(self._pulse.hgetall(self._beats))
        return {_text(worker): int(clock) for worker, clock in beats.items()}

    async def farewell(self, worker: str, beat: int | None = None) -> bool:
        if await self.rooms_of(worker):
            return False
        seen = "" if beat is None else str(beat)
        keys = (self._beats, self._rooms(worker))
        [struck] = await self._run([_Call(scripts.STRIKE, keys, (worker, seen, _STRUCK_OFF_S))])
        return bool(struck)

    # --- ownership -----------------------------------------------------------------------------

    async def acquire(
        self, match: str, worker: str, seen: str = "", above: int = 0
    ) -> Lease | Owner:
        return (await self.acquire_all(worker, [Claim(match, seen, above)]))[0]

    async def acquire_all(self, worker: str, claims: Sequence[Claim]) -> list[Lease | Owner]:
        answers: list[Lease | Owner] = []
        for some in _few_at_a_time(claims):
            answers += await self._acquire_some(worker, some)
        return answers

    async def _acquire_some(self, worker: str, claims: Sequence[Claim]) -> list[Lease | Owner]:
        nonces = [token_hex(8) for _ in claims]
        marks = [f"{claim.match}/{nonce}" for claim, nonce in zip(claims, nonces, strict=True)]
        await self._run(
            [_Call(scripts.ENTER, (self._beats, self._rooms(worker)), (worker, *marks))]
        )
        answers = await self._run(
            _Call(scripts.ACQUIRE, (self._key(match, "m"),), (seen, worker, nonce, str(above)))
            for (match, seen, above), nonce in zip(claims, nonces, strict=True)
        )
        gone: dict[str, list[str]] = {}
        results: list[Lease | Owner] = []
        for claim, mark, (won, *there) in zip(claims, marks, answers, strict=True):
            token, epoch, tick, before = (_text(part) for part in there)
            if won:
                results.append(Lease(claim.match, worker, int(epoch), token, int(tick), before))
                if claim.seen:
                    had, entered = _entered(claim.match, claim.seen, before)
                    gone.setdefault(had, []).append(entered)
            else:
                holder = before if is_lease(token) else ""
                results.append(Owner(holder, int(epoch), token, int(tick)))
                gone.setdefault(worker, []).append(mark)
        await self._leave(gone)
        return results

    async def owner(self, match: str) -> Owner | None:
        async with self._asked():
            fields = ["token", "epoch", "tick", "worker"]
            found = await _done(self._redis.hmget(self._key(match, "m"), fields))
        if found[0] is None:
            return None
        token, epoch, tick, worker = (_text(part) for part in found)
        return Owner(worker if is_lease(token) else "", int(epoch), token, int(tick))

    async def rooms_of(self, worker: str) -> dict[str, str]:
        async with self._asked():
            members = await _done(self._redis.smembers(self._rooms(worker)))
        rooms: dict[str, str] = {}
        for some in _few_at_a_time(sorted(members)):
            rooms |= await self._really_of(worker, [_text(member) for member in some])
        return rooms

    async def _really_of(self, worker: str, marks: Sequence[str]) -> dict[str, str]:
        """The rooms that stand where their worker's set says."""
        matches = [mark.rpartition("/")[0] for mark in marks]
        async with self._asked(), self._redis.pipeline(transaction=False) as pipe:
            for match in matches:
                pipe.hmget(self._key(match, "m"), ["token", "worker"])
            found = await pipe.execute(raise_on_error=False)
        rooms = {}
        for match, mark, fields in zip(matches, marks, found, strict=True):
            if isinstance(fields, ResponseError) and str(fields).startswith("WRONGTYPE"):
                continue  # somebody spoilt this one; the others need a new owner all the same
            if isinstance(fields, Exception):
                raise LedgerUnavailable(f"{type(fields).__name__} {fields}") from fields
            token, holder = fields
            if token and _entered(match, _text(token), _text(holder)) == (worker, mark):
                rooms[match] = _text(token)
        return rooms

    async def release(self, match: str, token: str) -> bool:
        if not is_lease(token):
            return False
        free = released(token)
        _, mark = _entered(match, free, "")
        async with self._asked():
            await _done(self._redis.sadd(self._rooms(""), mark))
        [had] = await self._run([_Call(scripts.RELEASE, (self._key(match, "m"),), (token, free))])
        # The mark is of that one lease: if it was lost before, it will never be a released one.
        await self._leave({_text(had): [mark]})
        return bool(had)

    async def forget(self, match: str, token: str) -> bool:
        [(done, had)] = await self._run([_Call(scripts.FORGET, self._keys(match), (token,))])
        if had:
            await self._leave({_text(had): [_entered(match, token, "")[1]]})
        return bool(done)

    async def _leave(self, gone: dict[str, list[str]]) -> None:
        """Take rooms out of the sets of workers."""
        if not gone:
            return
        async with self._asked(), self._redis.pipeline(transaction=False) as pipe:
            for worker, marks in gone.items():
                pipe.srem(self._rooms(worker), *marks)
            await pipe.execute()

    # --- journal and checkpoints ---------------------------------------------------------------

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        if not batch:
            return []
        rooms = list(rooms_by_token(batch).items())
        calls, places = [], []
        for start in range(0, len(rooms), self._rooms_per_call):
            keys: list[str] = []
            args: list[str | bytes | int] = []
            for (match, token), ticks in rooms[start : start + self._rooms_per_call]:
                keys += (self._key(match, "m"), self._key(match, "j"))
                args += (token, len(ticks))
                for place in ticks:
                    args += (batch[place].tick, batch[place].payload)
                places += ticks
            calls.append(_Call(scripts.APPEND, keys, args))
        answers = await self._run(calls, wait=True)
        verdicts = [Verdict.OK] * len(batch)
        for place, answer in zip(places, (one for call in answers for one in call), strict=True):
            verdicts[place] = _VERDICTS[answer]
        return verdicts

    async def checkpoint(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        args = (token, tick, blob, self._trim_unarchived)
        return await self._fenced(match, _Call(scripts.CHECKPOINT, self._keys(match), args))

    async def archived(self, match: str, token: str, tick: int) -> None:
        args = (token, tick, self._trim_unarchived)
        await self._fenced(match, _Call(scripts.ARCHIVED, self._keys(match), args))

    async def restore(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        args = (token, tick, blob)
        return await self._fenced(match, _Call(scripts.RESTORE, self._keys(match), args))

    async def _fenced(self, match: str, call: _Call) -> bool:
        """Whether something was done, now."""
        [answer] = await self._run([call], wait=True)
        return _accepted(match, answer) is Verdict.OK

    async def load(self, match: str, token: str, *, older: bool = False) -> Loaded:
        args = (token, "older" if older else "newest")
        [(answer, *rest)] = await self._run([_Call(scripts.LOAD, self._keys(match), args)])
        _accepted(match, answer)
        tick, at, blob, entries = rest
        if blob is None:
            raise LedgerDamaged(f"room {match}: the checkpoint of tick {_text(at)} is missing")
        checkpoint = Checkpoint(int(at), blob) if at else None
        return in_order(match, Loaded(checkpoint, _entries(entries)), int(tick))

    async def read(self, match: str, after: int = 0, count: int = 1000) -> list[Entry]:
        async with self._asked():
            found = await _done(
                self._redis.xrange(self._key(match, "j"), min=str(after + 1), count=count)
            )
        return [Entry(_tick(number), int(fields[b"e"]), fields[b"p"]) for number, fields in found]

    # --- tickets -------------------------------------------------------------------------------

    async def spend(self, nonce: str, ttl_s: float) -> bool:
        async with self._asked():
            key = f"{self._prefix}:ticket:{nonce}"
            return bool(await self._redis.set(key, 1, nx=True, px=max(1, int(ttl_s * 1000))))

    async def close(self) -> None:
        await self._redis.aclose()
        await self._pulse.aclose()

    # --- underneath ----------------------------------------------------------------------------

    async def _run(self, calls: Iterable[_Call], *, wait: bool = False) -> list[Any]:
        """The answers of scripts, in one round trip; a second one where they were not known."""
        calls = list(calls)
        async with self._asked():
            answers = await self._evaluate(calls, wait=wait)
            missing = [at for at, one in enumerate(answers) if isinstance(one, NoScriptError)]
            if missing:
                for script in {calls[place].script for place in missing}:
                    await self._redis.script_load(script)
                again = await self._evaluate([calls[place] for place in missing], wait=wait)
                for place, answer in zip(missing, again, strict=True):
                    answers[place] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise LedgerUnavailable(f"{type(answer).__name__} {answer}") from answer
        return answers

    async def _evaluate(self, calls: Sequence[_Call], *, wait: bool) -> list[Any]:
        self.round_trips += 1
        wait = wait and self._replicas > 0
        async with self._redis.pipeline(transaction=False) as pipe:
            for script, keys, args in calls:
                pipe.execute_command("EVALSHA", self._hash(script), len(keys), *keys, *args)
            if wait:
                # It counts what this very connection wrote; a third of the time, for two tries.
                pipe.execute_command("WAIT", self._replicas, int(self._wait_s * 1000 / 3))
            answers = await pipe.execute(raise_on_error=False)
        if wait:
            have = answers.pop()
            if any(not isinstance(answer, Exception) for answer in answers) and (
                isinstance(have, Exception) or have < self._replicas
            ):
                raise LedgerUnavailable(f"{have} of {self._replicas} replicas have it")
        return answers

    def _hash(self, script: str) -> str:
        known = self._hashes.get(script)
        if known is None:
            digest = sha1(script.encode(), usedforsecurity=False).hexdigest()
            known = self._hashes[script] = digest
        return known

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[None]:
        async with _answered(self._wait_s):
            yield

    @property
    def _beats(self) -> str:
        return f"{self._prefix}:{{workers}}:beats"

    def _rooms(self, worker: str) -> str:
        return f"{self._prefix}:{{workers}}:rooms:{worker}"

    def _key(self, match: str, part: str) -> str:
        return f"{self._prefix}:{{{match}}}:{part}"

    def _keys(self, match: str) -> tuple[str, str, str]:
        return self._key(match, "m"), self._key(match, "j"), self._key(match, "c")


_VERDICTS = {verdict.value.encode(): verdict for verdict in Verdict}


def _accepted(match: str, answer: bytes) -> Verdict:
    """The verdict.

    Raises:
        LeaseLost: FENCED.
        OutOfStep: GAP or CONFLICT.
    """
    verdict = _VERDICTS[answer]
    if refusal := verdict.refusal(match):
        raise refusal
    return verdict


def _client(url: str, connections: int) -> "Redis":
    """A client that decodes nothing, repeats nothing and waits as long as it is let."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=None,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,
        socket_connect_timeout=None,
    )
    return Redis.from_pool(pool)


@asynccontextmanager
async def _answered(wait_s: float) -> AsyncIterator[None]:
    """Whatever goes wrong inside is ``LedgerUnavailable``, and so is an answer that is late."""
    try:
        async with asyncio.timeout(wait_s):
            yield
    # A TimeoutError is an OSError. A connection that was reset while it lay idle is a RuntimeError
    # to uvloop when it is written to, and redis-py hands that on.
    except (RedisError, OSError, RuntimeError) as error:
        raise LedgerUnavailable(f"{type(error).__name__} {error}".rstrip()) from error


def _few_at_a_time(rooms: Sequence[T]) -> Iterator[Sequence[T]]:
    """Parts that do not hold up the event loop for long."""
    for start in range(0, len(rooms), LEDGER_ROOMS_AT_ONCE_MAX):
        yield rooms[start : start + LEDGER_ROOMS_AT_ONCE_MAX]


def _entered(match: str, token: str, worker: str) -> tuple[str, str]:
    """The worker in whose set a room of this token stands, and as what."""
    nonce = token.split(":")[1]
    return (worker if is_lease(token) else "", f"{match}/{nonce}")


def _entries(found: Iterable[tuple[bytes, list[bytes]]]) -> list[Entry]:
    return [Entry(_tick(number), int(epoch), payload) for number, (_, epoch, _, payload) in found]


def _tick(number: bytes) -> int:
    """The tick in the id of an entry."""
    return int(number.partition(b"-")[0])


def _text(value: bytes) -> str:
    return value.decode()


async def _done(answer: Any) -> Any:
    """What a command answers; redis-py's types leave open whether it must be awaited."""
    return await answer
