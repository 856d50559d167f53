"""The servers in which the room store in Redis is kept, as one place to ask.

Rules of this file:
- Nothing repeats a call that may have been carried out: how often and how long is decided by who
  waits. A script that a server does not know (restarted, or another in its place) is given to it,
  and the call is repeated; it was not carried out.
- A call that is cancelled or runs out of time gives its connection up; redis-py closes it, and no
  later call can read an answer that was not for it.
- Whatever goes wrong with one connection has likely happened to the others: those that are idle
  are closed as well, or each of them would fail a call of its own.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from hashlib import sha1
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
)
from redis.maint_notifications import MaintNotificationsConfig

from games.hosting.ledger.address import Address, Host, Kind
from games.limits import LEDGER_LOOKUP_WAIT_S

T = TypeVar("T")


class TooFewReplicas(RedisError):
    """It was written, and may be lost with this one server."""


class Command(NamedTuple):
    """What a server is asked.

    Attributes:
        key: One of the keys it is about. All are of one slot.
        parts: The words on the line.
        script: The text behind the hash among them, if it calls a script.
    """

    key: str
    parts: tuple[str | bytes | int, ...]
    script: str = ""


class Replicas(NamedTuple):
    """How many must have what is written before it counts, and how long they are waited for."""

    needed: int
    wait_ms: int


class Servers(Protocol):
    """One server, or several that share the keys."""

    @property
    def round_trips(self) -> int:
        """How often one of them was asked."""

    async def ask(self, commands: Sequence[Command], replicas: Replicas | None = None) -> list[Any]:
        """What is answered to each, in order; an exception in the place of one that was refused.

        Raises:
            RedisError, OSError: no answer; what was carried out is not known.
        """

    async def close(self) -> None:
        """Let go of all connections."""


class Server:
    """One server."""

    def __init__(self, pool: "Pool") -> None:
        self.round_trips = 0
        self._pool = pool
        self._redis = Redis.from_pool(pool)

    async def ask(
        self,
        commands: Sequence[Command],
        replicas: Replicas | None = None,
        *,
        asking: bool = False,
    ) -> list[Any]:
        """As ``Servers.ask``; with ``asking`` for keys that are on their way to this server."""
        try:
            answers = await self._answers(commands, replicas, asking)
            if unknown := _places(answers, NoScriptError):
                for script in {commands[at].script for at in unknown}:
                    await self._redis.script_load(script)
                again = await self._answers([commands[at] for at in unknown], replicas, asking)
                _put(answers, unknown, again)
        except (RedisError, OSError, asyncio.CancelledError):
            await self._pool.let_go()
            raise
        if _places(answers, ReadOnlyError):
            await self._pool.let_go()  # another is in its place, maybe under the same address
        return answers

    async def _answers(
        self, commands: Sequence[Command], replicas: Replicas | None, asking: bool
    ) -> list[Any]:
        """In one round trip."""
        self.round_trips += 1
        async with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                if asking:
                    pipe.execute_command("ASKING")
                pipe.execute_command(*command.parts)
            if replicas:
                # It counts what this very connection wrote.
                pipe.execute_command("WAIT", replicas.needed, replicas.wait_ms)
            answers: list[Any] = await pipe.execute(raise_on_error=False)
        have = answers.pop() if replicas else None
        if asking:
            del answers[::2]
        if isinstance(have, Exception):
            raise have
        written = not all(map(_is_refusal, answers))
        if replicas and have is not None and have < replicas.needed and written:
            raise TooFewReplicas(f"{have} of {replicas.needed} replicas have it")
        return answers

    async def close(self) -> None:
        await self._redis.aclose()
        await self._pool.aclose()


PLAIN: dict[str, Any] = {
    "retry": Retry(NoBackoff(), 0),
    "socket_timeout": None,
    "socket_connect_timeout": None,
    # Where notices of maintenance may come, redis-py looks at no connection before it is used
    # again, and would take one that the server has closed, or with an answer left on it.
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}
"""Connections that repeat nothing, and wait as long as they are let."""


class Pool(BlockingConnectionPool):
    """Connections to one server: so many, and who needs one more waits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"timeout": None} | PLAIN | options)

    async def let_go(self) -> None:
        """Close those that nobody uses, without a word to a server that may not listen."""
        for connection in tuple(self._available_connections):
            await connection.disconnect(nowait=True)


class PrimaryPool(SentinelConnectionPool, Pool):
    """Connections to whichever server is the primary; who opens one asks the Sentinels first."""

    def __init__(self, address: Address, connections: int) -> None:
        options = {"max_connections": connections} | address.options
        sentinels = Sentinels(address)
        super().__init__(address.primary, sentinels, **options)  # type: ignore[no-untyped-call]

    async def aclose(self) -> None:
        await super().aclose()
        await self.sentinel_manager.aclose()


class Sentinels(Sentinel):
    """Who knows which server is the primary.

    redis-py asks one after another and believes the first: one that hangs would use up the time of
    every call, and one that was cut off with the old primary still swears by it.
    """

    def __init__(self, address: Address) -> None:
        options = PLAIN | address.sentinel_options
        super().__init__(address.hosts, sentinel_kwargs=options)  # type: ignore[no-untyped-call]

    async def discover_master(self, service_name: str) -> Host:
        """The primary, by the word of the newest failover.

        Raises:
            MasterNotFoundError: nobody knows one that lives.
        """
        asked = [self._word(sentinel, service_name) for sentinel in self.sentinels]
        if primary := await _newest(asked):
            return primary
        raise MasterNotFoundError(f"no Sentinel knows a primary {service_name!r} that lives")

    async def _word(self, sentinel: "Redis", primary: str) -> tuple[int, Host] | None:
        state: Any = await sentinel.sentinel_master(primary)
        if not self.check_master_state(state, primary):
            return None
        return state["config-epoch"], (state["ip"], state["port"])


class Cluster:
    """Servers that share the keys, by slot.

    redis-py's own client is not used for it. After a node is gone its pipelines go on asking that
    node; ASKING may take another connection than what it is for; and behind what was sent on to
    another node there is no WAIT.
    """

    def __init__(self, address: Address, connections: int) -> None:
        options = dict(address.options)
        kind = SSLConnection if options.pop("ssl", False) else Connection
        self._options = {"max_connections": connections, "connection_class": kind} | options
        self._known = address.hosts
        self._servers: dict[Host, Server] = {}
        self._slots: dict[int, Host] = {}
        self._doubts, self._settled = 1, 0
        self._learning = asyncio.Lock()

    @property
    def round_trips(self) -> int:
        return sum(server.round_trips for server in self._servers.values())

    async def ask(self, commands: Sequence[Command], replicas: Replicas | None = None) -> list[Any]:
        try:
            await self._learn()
            answers = await self._ask_owners(commands, replicas)
            if moved := _places(answers, MovedError):
                self._doubts += 1
                await self._learn()
                again = await self._ask_owners([commands[at] for at in moved], replicas)
                _put(answers, moved, again)
            for at in _places(answers, AskError):  # one by one: a slot is on its way only rarely
                there = self._at((answers[at].host, answers[at].port))
                _put(answers, [at], await there.ask([commands[at]], replicas, asking=True))
        except (RedisError, OSError, asyncio.CancelledError):
            self._doubts += 1
            raise
        return answers

    async def close(self) -> None:
        await asyncio.gather(*[server.close() for server in self._servers.values()])

    async def _ask_owners(
        self, commands: Sequence[Command], replicas: Replicas | None
    ) -> list[Any]:
        """All servers at once, each in one round trip."""
        places: dict[Host, list[int]] = {}
        for at, command in enumerate(commands):
            places.setdefault(self._owner(command.key), []).append(at)
        told = await asyncio.gather(
            *[
                self._at(host).ask([commands[at] for at in some], replicas)
                for host, some in places.items()
            ],
            return_exceptions=True,  # none goes on in the background when another fails
        )
        answers: list[Any] = [None] * len(commands)
        for some, part in zip(places.values(), told, strict=True):
            if isinstance(part, BaseException):
                raise part
            _put(answers, some, part)
        return answers

    def _owner(self, key: str) -> Host:
        slot = key_slot(key.encode())
        if slot not in self._slots:
            raise ClusterDownError(f"no node has slot {slot}")
        return self._slots[slot]

    def _at(self, host: Host) -> Server:
        if host not in self._servers:
            options = {"host": host[0], "port": host[1]} | self._options
            self._servers[host] = Server(Pool(**options))
        return self._servers[host]

    async def _learn(self) -> None:
        """Ask the nodes who has what, if there was reason to doubt it since that was done."""
        if self._settled == self._doubts:
            return
        async with self._learning:
            doubts = self._doubts
            if self._settled == doubts:
                return  # somebody else did meanwhile
            nodes = {*self._known, *self._servers}
            slots = await _newest([_slots(host, self._at(host)) for host in nodes])
            if slots is None:
                raise ClusterDownError("no node knows who has which keys")
            self._slots, self._settled = slots, doubts
            for host in self._servers.keys() - {*self._known, *slots.values()}:
                await self._servers.pop(host).close()


async def _slots(host: Host, node: Server) -> tuple[int, dict[int, Host]] | None:
    """Who has which slot, as one node knows it, and at which epoch; None if it lost the others."""
    asked = [Command("", ("CLUSTER INFO",)), Command("", ("CLUSTER SLOTS",))]
    info, ranges = await node.ask(asked)
    if _is_refusal(info) or _is_refusal(ranges) or info["cluster_state"] != "ok":
        return None
    slots: dict[int, Host] = {}
    for first, last, (name, port, *_), *_ in ranges:
        # A node that knows no name of its own means the one by which it was asked.
        primary = (name.decode() if name else host[0], port)
        slots |= dict.fromkeys(range(first, last + 1), primary)
    return int(info["cluster_current_epoch"]), slots


def _places(answers: Sequence[Any], kind: type[Exception]) -> list[int]:
    """Where something was refused for this very reason."""
    return [at for at, answer in enumerate(answers) if type(answer) is kind]


def _put(answers: list[Any], places: Sequence[int], some: Sequence[Any]) -> None:
    for at, answer in zip(places, some, strict=True):
        answers[at] = answer


def _is_refusal(answer: Any) -> bool:
    return isinstance(answer, Exception)


async def _newest(asked: Iterable[Coroutine[Any, Any, tuple[int, T] | None]]) -> T | None:
    """Of what is told, that with the highest epoch.

    All are asked at once, and who answers much later than the first is not waited for.
    """
    words: list[tuple[int, T]] = []
    waiting = {asyncio.create_task(one) for one in asked}
    try:
        while waiting:
            wait_s = LEDGER_LOOKUP_WAIT_S if words else None
            told, waiting = await asyncio.wait(
                waiting, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not told:
                break
            words += [word for word in map(_told, told) if word]
    finally:
        for late in waiting:
            late.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return max(words, key=itemgetter(0))[1] if words else None


def _told(answer: "asyncio.Task[T | None]") -> T | None:
    try:
        return answer.result()
    except (RedisError, OSError):
        return None


def connect(address: Address, connections: int) -> Servers:
    """The servers at an address, with at most so many connections to each."""
    if address.kind is Kind.SENTINEL:
        return Server(PrimaryPool(address, connections))
    if address.kind is Kind.CLUSTER:
        return Cluster(address, connections)
    return Server(Pool(**{"max_connections": connections} | address.options))


def command(name: str, key: str, *args: str | bytes | int) -> Command:
    """One of the server's own commands on one key."""
    return Command(key, (name, key, *args))


def call(script: str, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Command:
    """A script, by its hash."""
    return Command(keys[0], ("EVALSHA", _hash(script), len(keys), *keys, *args), script)


_hashes: dict[str, str] = {}


def _hash(script: str) -> str:
    known = _hashes.get(script)
    if known is None:
        known = _hashes[script] = sha1(script.encode(), usedforsecurity=False).hexdigest()
    return known
