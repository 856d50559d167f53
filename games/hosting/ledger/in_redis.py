"""The room store in Redis or Valkey, for any number of workers.

Keys, behind a prefix: ``{match}:m``, ``:j`` and ``:c`` of each room, in one slot, and
``{workers}:beats`` and ``{workers}:rooms:<worker>``, in another. A room and the set in which its
worker finds it are therefore not written at once. The set may name too many rooms, never too few:
a room is entered before it is acquired, under a mark that belongs to that one lease, so that a late
removal cannot hit a later one; and ``rooms_of`` asks the rooms themselves.

- How they are reached, and what is done about a script that a server does not know or a connection
  that broke, is ``servers``.
- The sign of life has a connection of its own. Behind a batch or a large load it would be late.
- ``replicas``: for a server whose place another may take. What is written then counts only when so
  many replicas have it (WAIT), and else as unanswered. So does an acquired room: what its new owner
  reads after that, and may tell, the replicas have as well.
- What survives the death of Redis is what its ``appendfsync`` promises.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from secrets import token_hex
from typing import Any, TypeVar

from redis.exceptions import RedisError, ResponseError

from games.hosting.ledger import scripts
from games.hosting.ledger.address import Kind, parse
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
from games.hosting.ledger.servers import Command, Replicas, Servers, call, command, connect
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


class RedisLedger:
    """A ``Ledger`` for any number of workers."""

    def __init__(
        self,
        store: Servers,
        prefix: str,
        *,
        pulse: Servers | None = None,
        trim_unarchived: bool = False,
        replicas: int = 0,
        rooms_per_call: int = LEDGER_ROOMS_PER_CALL_MAX,
        wait_s: float = LEDGER_WAIT_S,
        beat_wait_s: float = BEAT_WAIT_S,
    ) -> None:
        """Use servers that are connected.

        Args:
            pulse: The same servers for signs of life, by other connections.
            rooms_per_call: 1 where keys of several rooms may not meet in a script (Cluster).
        """
        assert "{" not in prefix, "braces would put all rooms into one slot"
        self._store = store
        self._pulse = pulse or store
        self._prefix = prefix
        self._trim_unarchived = int(trim_unarchived)
        # A third of the time, for two tries.
        self._replicas = Replicas(replicas, int(wait_s * 1000 / 3)) if replicas else None
        self._rooms_per_call = rooms_per_call
        self._wait_s = wait_s
        self._beat_wait_s = beat_wait_s
        self._leaving: set[asyncio.Task[None]] = set()

    @classmethod
    def connect(
        cls, url: str, prefix: str, *, replicas: int | None = None, **options: Any
    ) -> "RedisLedger":
        """The store at ``url``, in one of the forms of ``address``; ``options`` as for the class.

        Args:
            replicas: Else 1 where another server may take the place of one that is gone.
        Raises:
            ValueError: the address makes no sense.
        """
        address = parse(url)
        if replicas is None:
            replicas = int(address.kind.fails_over)
        if address.kind is Kind.CLUSTER:
            options["rooms_per_call"] = 1
        store = connect(address, LEDGER_CONNECTIONS_MAX)
        return cls(store, prefix, pulse=connect(address, 2), replicas=replicas, **options)

    @property
    def round_trips(self) -> int:
        """How often a server was asked, signs of life aside."""
        return self._store.round_trips

    # --- signs of life -------------------------------------------------------------------------

    async def beat(self, worker: str, clock: int) -> None:
        async with _answered(self._beat_wait_s):
            await self._pulse.ask([command("HSET", self._beats, worker, clock)])

    async def beats(self) -> dict[str, int]:
        async with _answered(self._beat_wait_s):
            [beats] = await self._pulse.ask([command("HGETALL", self._beats)])
        return {_text(worker): int(clock) for worker, clock in beats.items()}

    async def farewell(self, worker: str, beat: int | None = None) -> bool:
        if await self.rooms_of(worker):
            return False
        seen = "" if beat is None else str(beat)
        keys = (self._beats, self._rooms(worker))
        struck = await self._one(call(scripts.STRIKE, keys, (worker, seen, _STRUCK_OFF_S)))
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
        keys = (self._beats, self._rooms(worker))
        await self._one(call(scripts.ENTER, keys, (worker, *marks)), self._replicas)
        calls = [
            call(scripts.ACQUIRE, (self._key(match, "m"),), (seen, worker, nonce, str(above)))
            for (match, seen, above), nonce in zip(claims, nonces, strict=True)
        ]
        answers = await self._ask(calls, self._replicas)
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
        self._leave(gone)
        return results

    async def owner(self, match: str) -> Owner | None:
        fields = ("token", "epoch", "tick", "worker")
        found = await self._one(command("HMGET", self._key(match, "m"), *fields))
        if found[0] is None:
            return None
        token, epoch, tick, worker = (_text(part) for part in found)
        return Owner(worker if is_lease(token) else "", int(epoch), token, int(tick))

    async def rooms_of(self, worker: str) -> dict[str, str]:
        members = await self._one(command("SMEMBERS", self._rooms(worker)))
        rooms: dict[str, str] = {}
        for some in _few_at_a_time(sorted(members)):
            rooms |= await self._really_of(worker, [_text(member) for member in some])
        return rooms

    async def _really_of(self, worker: str, marks: Sequence[str]) -> dict[str, str]:
        """The rooms that stand where their worker's set says."""
        matches = [mark.rpartition("/")[0] for mark in marks]
        found = await self._answers(
            [command("HMGET", self._key(match, "m"), "token", "worker") for match in matches]
        )
        rooms = {}
        for match, mark, fields in zip(matches, marks, found, strict=True):
            if isinstance(fields, ResponseError) and str(fields).startswith("WRONGTYPE"):
                continue  # somebody spoilt this one; the others need a new owner all the same
            token, holder = _taken(fields)
            if token and _entered(match, _text(token), _text(holder)) == (worker, mark):
                rooms[match] = _text(token)
        return rooms

    async def release(self, match: str, token: str) -> bool:
        if not is_lease(token):
            return False
        free = released(token)
        _, mark = _entered(match, free, "")
        await self._one(command("SADD", self._rooms(""), mark), self._replicas)
        had = await self._one(call(scripts.RELEASE, (self._key(match, "m"),), (token, free)))
        # The mark is of that one lease: if it was lost before, it will never be a released one.
        self._leave({_text(had): [mark]})
        return bool(had)

    async def forget(self, match: str, token: str) -> bool:
        done, had = await self._one(call(scripts.FORGET, self._keys(match), (token,)))
        if had:
            self._leave({_text(had): [_entered(match, token, "")[1]]})
        return bool(done)

    def _leave(self, gone: dict[str, list[str]]) -> None:
        """Take rooms out of the sets of workers, with nobody waiting: they may name too many."""
        if gone:
            leaving = asyncio.get_running_loop().create_task(self._left(gone))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _left(self, gone: dict[str, list[str]]) -> None:
        with contextlib.suppress(LedgerUnavailable):
            await self._ask(
                [command("SREM", self._rooms(worker), *marks) for worker, marks in gone.items()]
            )

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
            calls.append(call(scripts.APPEND, keys, args))
        answers = await self._ask(calls, self._replicas)
        verdicts = [Verdict.OK] * len(batch)
        for place, answer in zip(places, (one for some in answers for one in some), strict=True):
            verdicts[place] = _VERDICTS[answer]
        return verdicts

    async def checkpoint(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        args = (token, tick, blob, self._trim_unarchived)
        return await self._fenced(match, scripts.CHECKPOINT, args)

    async def archived(self, match: str, token: str, tick: int) -> None:
        args = (token, tick, self._trim_unarchived)
        await self._fenced(match, scripts.ARCHIVED, args)

    async def restore(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        args = (token, tick, blob)
        return await self._fenced(match, scripts.RESTORE, args)

    async def _fenced(self, match: str, script: str, args: Sequence[str | bytes | int]) -> bool:
        """Whether something was done, now."""
        answer = await self._one(call(script, self._keys(match), args), self._replicas)
        return _accepted(match, answer) is Verdict.OK

    async def load(self, match: str, token: str, *, older: bool = False) -> Loaded:
        args = (token, "older" if older else "newest")
        answer, *rest = await self._one(call(scripts.LOAD, self._keys(match), args))
        _accepted(match, answer)
        tick, at, blob, entries = rest
        if blob is None:
            raise LedgerDamaged(f"room {match}: the checkpoint of tick {_text(at)} is missing")
        checkpoint = Checkpoint(int(at), blob) if at else None
        return in_order(match, Loaded(checkpoint, _entries(entries)), int(tick))

    async def read(self, match: str, after: int = 0, count: int = 1000) -> list[Entry]:
        asked = (str(after + 1), "+", "COUNT", count)
        found = await self._one(command("XRANGE", self._key(match, "j"), *asked))
        return [Entry(_tick(number), int(fields[b"e"]), fields[b"p"]) for number, fields in found]

    # --- tickets -------------------------------------------------------------------------------

    async def spend(self, nonce: str, ttl_s: float) -> bool:
        key = self._nonce_key(nonce)
        ttl_ms = max(1, int(ttl_s * 1000))
        return bool(await self._one(command("SET", key, 1, "NX", "PX", ttl_ms), self._replicas))

    async def spent(self, nonce: str) -> bool:
        return bool(await self._one(command("EXISTS", self._nonce_key(nonce))))

    def _nonce_key(self, nonce: str) -> str:
        return f"{self._prefix}:ticket:{nonce}"

    async def close(self) -> None:
        await asyncio.gather(*self._leaving)
        await self._store.close()
        await self._pulse.close()

    # --- underneath ----------------------------------------------------------------------------

    async def _one(self, asked: Command, replicas: Replicas | None = None) -> Any:
        """What is answered to one command."""
        return (await self._ask([asked], replicas))[0]

    async def _ask(self, asked: Sequence[Command], replicas: Replicas | None = None) -> list[Any]:
        """What is answered to each, in one round trip."""
        return [_taken(answer) for answer in await self._answers(asked, replicas)]

    async def _answers(
        self, asked: Sequence[Command], replicas: Replicas | None = None
    ) -> list[Any]:
        """The same, with an exception in the place of one that was refused."""
        async with _answered(self._wait_s):
            return await self._store.ask(asked, replicas)

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


def _taken(answer: Any) -> Any:
    """The answer, where it is not that the command was refused."""
    if isinstance(answer, Exception):
        raise LedgerUnavailable(f"{type(answer).__name__} {answer}") from answer
    return answer


@contextlib.asynccontextmanager
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
