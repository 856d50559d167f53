"""Bugs, planted in the real code one at a time: the simulation must find each of them.

What holds the promises is a handful of comparisons and orders; each of these takes one away. All
that this knows of the insides of the server stands in this file.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

import msgspec

from games.consumers import PlayerConsumer
from games.hosting.ledger import Lease, Loaded, Verdict
from games.hosting.ledger.books import Books, Room
from games.hosting.ledger.committer import Committer
from games.hosting.ledger.watch import Watch
from games.hosting.relay import Moved
from games.hosting.worker import Worker
from games.rooms.entries import Input
from games.rooms.inbox import Inbox
from games.rooms.journal import read_tick, write_tick
from tests.simulation.store import Link

Mutant = Callable[[], AbstractContextManager[Any]]

MUTANTS: dict[str, Mutant] = {}


def mutant(name: str) -> Callable[[Callable[[], Iterator[Any]]], Mutant]:
    """Register a planted bug under a name that says what is missing."""

    def register(plant: Callable[[], Iterator[Any]]) -> Mutant:
        MUTANTS[name] = contextmanager(plant)
        return MUTANTS[name]

    return register


# --- in the store --------------------------------------------------------------------------------


@mutant("no token is compared")
def no_token() -> Iterator[None]:
    def holds(room: Room, token: str) -> bool:
        return True

    with patch.object(Books, "_holds", staticmethod(holds)):
        yield


@mutant("no tick number is compared")
def no_tick() -> Iterator[None]:
    def append(books: Books, match: str, token: str, tick: int, payload: bytes) -> Verdict:
        room = books._rooms.get(match)
        if room is None or not books._holds(room, token):
            return Verdict.FENCED
        room.tick += 1
        books._shelf.add(room, room.tick, payload)
        return Verdict.OK

    with patch.object(Books, "_append", append):
        yield


@mutant("a lease is given to whoever asks, whatever it has seen")
def no_comparison_in_acquire() -> Iterator[None]:
    acquire = Books._acquire

    def takes(books: Books, worker: str, claim: Any) -> Any:
        owner = books.owner(claim.match)
        mine = claim._replace(seen=owner.token if owner else "")
        lease = acquire(books, worker, mine)
        if owner is not None and isinstance(lease, Lease):
            room = books._rooms[claim.match]
            room.token = owner.token  # and so two have the same
            return lease._replace(token=owner.token)
        return lease

    with patch.object(Books, "_acquire", takes):
        yield


# --- in a worker ---------------------------------------------------------------------------------


@mutant("told before it is kept")
def told_before_kept() -> Iterator[None]:
    put = Committer.put

    def answers_at_once(self: Committer, *args: Any) -> "asyncio.Future[Verdict]":
        put(self, *args)
        done: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        done.set_result(Verdict.OK)
        return done

    with patch.object(Committer, "put", answers_at_once):
        yield


@mutant("read before it is acquired")
def read_before_acquired() -> Iterator[None]:
    """The room as it was when the lease was asked for; what came between is not seen."""
    call = Link._call

    @wraps(call)
    async def reads_first(link: Link, method: str, *args: Any, **kwargs: Any) -> Any:
        known: dict[str, Loaded] = link.__dict__.setdefault("known", {})
        if method == "acquire":
            match = args[0]
            token = await call(link, "owner", match)
            known.pop(match, None)
            if token is not None:
                known[match] = link._store.ledger._books.load(match, token.token, older=False)
        elif method == "load" and args[0] in known:
            await call(link, "owner", args[0])
            return known.pop(args[0])
        return await call(link, method, *args, **kwargs)

    with patch.object(Link, "_call", reads_first):
        yield


@mutant("a batch without an answer counts as kept")
def unanswered_is_kept() -> Iterator[None]:
    async def commit(self: Committer, batch: list[Any]) -> list[Verdict]:
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._ledger.append(batch)
        except Exception:  # noqa: BLE001 - that is the bug
            return [Verdict.OK] * len(batch)

    with patch.object(Committer, "_commit", commit):
        yield


@mutant("a tick is built anew where it has to be repeated")
def built_anew() -> Iterator[None]:
    """More time has passed meanwhile, and so the tick says."""
    append = Link._call

    async def rebuilds(link: Link, method: str, *args: Any, **kwargs: Any) -> Any:
        if method != "append":
            return await append(link, method, *args, **kwargs)
        tried: dict[tuple[str, int], int] = link.__dict__.setdefault("tried", {})
        batch = []
        for one in args[0]:
            again = tried.setdefault((one.token, one.tick), 0)
            tried[one.token, one.tick] += 1
            batch.append(one._replace(payload=_later(one.payload, again)) if again else one)
        return await append(link, method, batch)

    with patch.object(Link, "_call", rebuilds):
        yield


def _later(payload: bytes, periods: int) -> bytes:
    written = read_tick(payload)
    record = msgspec.structs.replace(written.record, elapsed=written.record.elapsed + periods)
    return write_tick(msgspec.structs.replace(written, record=record))


@mutant("a refusal is taken for an answer")
def refusal_is_accepted() -> Iterator[None]:
    with patch.object(Verdict, "accepted", property(lambda self: True)):
        yield


@mutant("sockets that were given up while their worker slept are left alone")
def sockets_stay_behind() -> Iterator[None]:
    """Neither does their worker notice that it slept, nor does it hear so from a room."""
    begin, on_moved = Worker.start, Worker._on_moved

    async def start(self: Worker) -> None:
        self.options = self.options._replace(lease_s=float("inf"))  # the watch has its own
        await begin(self)

    def hears(self: Worker, moved: Moved) -> None:
        if moved.owner:
            on_moved(self, moved)

    with patch.object(Worker, "start", start), patch.object(Worker, "_on_moved", hears):
        yield


@mutant("nobody hears that a room moved")
def nobody_moves() -> Iterator[None]:
    with sockets_stay_behind(), patch.object(Worker, "_on_moved", lambda self, moved: None):
        yield


@mutant("the rooms of the silent are left alone")
def nobody_succeeds() -> Iterator[None]:
    with (
        patch.object(Watch, "is_silent", lambda self, worker: False),
        patch.object(Worker, "_is_left", lambda self, match, worker: False),
    ):
        yield


# --- in a room -----------------------------------------------------------------------------------


@mutant("an input that comes again is taken again")
def taken_again() -> Iterator[None]:
    offer = Inbox.offer

    def takes(self: Inbox, seat: int, seq: int, data: Any, seen: int = -1) -> Any:
        session, last = self._line[seat]
        if seq <= last:
            self._waiting.append(Input(seat, session, seq, data, seen))
            return None
        return offer(self, seat, seq, data, seen)

    with patch.object(Inbox, "offer", takes):
        yield


@mutant("an input is taken whatever came before it")
def taken_out_of_order() -> Iterator[None]:
    def takes(self: Inbox, seat: int, seq: int, data: Any, seen: int = -1) -> None:
        session, last = self._line[seat]
        if seq > last:
            self._line[seat] = (session, seq)
            self._waiting.append(Input(seat, session, seq, data, seen))

    with patch.object(Inbox, "offer", takes):
        yield


@mutant("a new owner begins to count inputs anew")
def counts_anew() -> Iterator[None]:
    def resume(self: Inbox, line: dict[int, tuple[str, int]]) -> None:
        self._line = {seat: (session, 0) for seat, (session, _) in line.items()}

    with patch.object(Inbox, "resume", resume):
        yield


@mutant("what is overtaken on its way is told all the same")
def overtaken() -> Iterator[None]:
    told = PlayerConsumer.told

    def forgets(self: PlayerConsumer, message: Any) -> None:
        self._tick = -1
        told(self, message)

    with patch.object(PlayerConsumer, "told", forgets):
        yield
