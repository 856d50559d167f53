"""The room store in a file: what lets the smallest installation outlive its server's death.

One thread has the file and everything about it. It takes all calls that wait, carries them out in
one transaction, and answers them after the commit: while one commit is under way the next group
gathers (group commit). The event loop only puts calls into a queue.

- **The file is for one process.** A lock beside it (``flock``, which the kernel frees with the
  process, however that ends) keeps a second one out. So whoever opens the file knows that every
  owner in it is dead: all leases end there and then, and each room may be acquired at once.
- **Entries are a log.** Ticks are written one behind the other, and where each room's ticks lie is
  known in memory. With an index in the file instead, each room would change a page of its own in
  each commit; measured with 50 rooms and 150 bytes a tick: 10,000 bytes written and 33 µs for each
  tick with the journal ordered by room, 6,000 bytes and 23 µs with an index beside the log, 760
  bytes and 6 µs like this. Opening reads the log once.
- ``synchronous=NORMAL`` survives the death of the process; ``FULL``, that of the machine as well.
- An error of the file (a full disk) undoes the whole group, and all of it is told
  ``LedgerUnavailable``. What is known in memory is then read anew.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, Literal, TypeVar

from games.hosting.ledger.base import (
    Append,
    Claim,
    Entry,
    Lease,
    LedgerDamaged,
    LedgerError,
    LedgerInUse,
    LedgerUnavailable,
    Loaded,
    Owner,
    Verdict,
)
from games.hosting.ledger.books import Books, Room
from games.limits import BEAT_SAVED_MS, LEDGER_CALLS_PER_COMMIT_MAX, LEDGER_LOCK_WAIT_S

logger = logging.getLogger(__name__)

T = TypeVar("T")

Synchronous = Literal["NORMAL", "FULL"]

_LOCK_POLL_S = 0.02
_VERSION = 1
"""Of the tables below; a file of another version is refused."""

_TABLES = """
CREATE TABLE room (
    number INTEGER PRIMARY KEY, match TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL,
    token TEXT NOT NULL, worker TEXT NOT NULL, archived INTEGER NOT NULL,
    newest INTEGER, older INTEGER
);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, room INTEGER NOT NULL, tick INTEGER NOT NULL, epoch INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE checkpoint (
    room INTEGER NOT NULL, tick INTEGER NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (room, tick)
);
CREATE TABLE beat (worker TEXT PRIMARY KEY, clock INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE nonce (nonce TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
"""


class SqliteLedger:
    """A ``Ledger`` for the one process that has the file."""

    def __init__(self, keeper: "_Keeper") -> None:
        self._keeper = keeper

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        synchronous: Synchronous = "NORMAL",
        trim_unarchived: bool = False,
        now: Callable[[], float] = time.time,
        lock_wait_s: float = LEDGER_LOCK_WAIT_S,
    ) -> "SqliteLedger":
        """The store in the file at ``path``, which is made if it is not there.

        Args:
            synchronous: ``NORMAL`` or ``FULL``, as SQLite means it.
            now: The wall clock, for the nonces of tickets.
            lock_wait_s: How long to wait for a process that is just ending.

        Raises:
            LedgerInUse: another process has it.
            LedgerDamaged: this is no store, or one of another version.
        """
        keeper = _Keeper(path, synchronous, trim_unarchived, now)
        await keeper.start(lock_wait_s)
        return cls(keeper)

    async def beat(self, worker: str, clock: int) -> None:
        # Nobody else watches, and a commit every tenth of a second would never let a disk sleep.
        if not self._keeper.beat_is_fresh(worker, clock):
            await self._keeper.call(lambda books: books.beat(worker, clock))

    async def beats(self) -> dict[str, int]:
        return self._keeper.with_fresh_beats(await self._keeper.call(lambda books: books.beats()))

    async def farewell(self, worker: str, beat: int | None = None) -> bool:
        fresh = self._keeper.take_beat(worker)

        def do(books: Books) -> bool:
            if fresh is not None:
                books.beat(worker, fresh)
            return books.farewell(worker, beat)

        return await self._keeper.call(do)

    async def acquire(
        self, match: str, worker: str, seen: str = "", above: int = 0
    ) -> Lease | Owner:
        return (await self.acquire_all(worker, [Claim(match, seen, above)]))[0]

    async def acquire_all(self, worker: str, claims: Sequence[Claim]) -> list[Lease | Owner]:
        return await self._keeper.call(lambda books: books.acquire_all(worker, claims))

    async def owner(self, match: str) -> Owner | None:
        return await self._keeper.call(lambda books: books.owner(match))

    async def rooms_of(self, worker: str) -> dict[str, str]:
        return await self._keeper.call(lambda books: books.rooms_of(worker))

    async def release(self, match: str, token: str) -> bool:
        return await self._keeper.call(lambda books: books.release(match, token))

    async def forget(self, match: str, token: str) -> bool:
        return await self._keeper.call(lambda books: books.forget(match, token))

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        return await self._keeper.call(lambda books: books.append(batch))

    async def checkpoint(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        return await self._keeper.call(lambda books: books.checkpoint(match, token, tick, blob))

    async def archived(self, match: str, token: str, tick: int) -> None:
        await self._keeper.call(lambda books: books.archived(match, token, tick))

    async def restore(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        return await self._keeper.call(lambda books: books.restore(match, token, tick, blob))

    async def load(self, match: str, token: str, *, older: bool = False) -> Loaded:
        return await self._keeper.call(lambda books: books.load(match, token, older=older))

    async def read(self, match: str, after: int = 0, count: int = 1000) -> list[Entry]:
        return await self._keeper.call(lambda books: books.read(match, after, count))

    async def spend(self, nonce: str, ttl_s: float) -> bool:
        return await self._keeper.spend(nonce, ttl_s)

    async def spent(self, nonce: str) -> bool:
        return await self._keeper.spent(nonce)

    async def close(self) -> None:
        """Carry out what waits, and let go of the file and its lock."""
        await self._keeper.stop()


class _Job(Generic[T]):
    """One call: what to do in the thread, and who is waiting for it."""

    __slots__ = ("do", "done")

    def __init__(self, do: Callable[[], T], done: "asyncio.Future[T]") -> None:
        self.do = do
        self.done = done

    def settle(self, answer: T | None, error: BaseException | None) -> None:
        if self.done.done():
            return  # cancelled meanwhile; nobody else gets its answer
        if error is None:
            self.done.set_result(answer)  # type: ignore[arg-type] # there is one if no error
        else:
            self.done.set_exception(error)


class _Keeper:
    """The thread that has the file. Methods with an underscore run in it, the others in the loop.

    Attributes:
        commits: Transactions so far; fewer than calls.
    """

    def __init__(
        self, path: Path, synchronous: Synchronous, trim_unarchived: bool, now: Callable[[], float]
    ) -> None:
        self.commits = 0
        self._path = path
        self._synchronous = synchronous
        self._trim_unarchived = trim_unarchived
        self._now = now
        self._queue: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="ledger", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._lock: int | None = None
        self._sqlite: sqlite3.Connection | None = None
        self._shelf: _FileShelf
        self._books: Books | None = None
        self._beats: dict[str, int] = {}
        self._beats_saved: dict[str, int] = {}
        self._closed = False

    # --- in the loop ---------------------------------------------------------------------------

    async def start(self, lock_wait_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        opened = self._loop.create_future()
        self._queue.put(_Job(lambda: self._open(lock_wait_s), opened))
        self._thread.start()
        try:
            await opened
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        while self._thread.is_alive():  # noqa: ASYNC110 - a thread sets no event of the loop
            await asyncio.sleep(0.001)

    async def call(self, do: Callable[[Books], T]) -> T:
        return await self._put(lambda: do(self._known()))

    async def spend(self, nonce: str, ttl_s: float) -> bool:
        return await self._put(lambda: self._spend(nonce, ttl_s))

    async def spent(self, nonce: str) -> bool:
        return await self._put(lambda: self._spent(nonce))

    async def _put(self, do: Callable[[], T]) -> T:
        if self._closed:
            raise LedgerUnavailable("the store is closed")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(do, done))
        return await done

    def beat_is_fresh(self, worker: str, clock: int) -> bool:
        """Take a beat; whether it need not be saved yet."""
        self._beats[worker] = clock
        saved = self._beats_saved.get(worker)
        if saved is not None and 0 <= clock - saved < BEAT_SAVED_MS:
            return True
        self._beats_saved[worker] = clock
        return False

    def with_fresh_beats(self, saved: dict[str, int]) -> dict[str, int]:
        return saved | self._beats

    def take_beat(self, worker: str) -> int | None:
        """The newest beat of a worker, which is no longer kept here."""
        self._beats_saved.pop(worker, None)
        return self._beats.pop(worker, None)

    # --- in the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        going = True
        while going:
            jobs = self._gather()
            going = jobs[-1] is not None
            group = [job for job in jobs if job is not None]
            if group:
                self._carry_out(group)
        self._close()

    def _gather(self) -> list[_Job[Any] | None]:
        """Everything that waits, at least one."""
        jobs = [self._queue.get()]
        with contextlib.suppress(Empty):
            while jobs[-1] is not None and len(jobs) < LEDGER_CALLS_PER_COMMIT_MAX:
                jobs.append(self._queue.get_nowait())
        return jobs

    def _carry_out(self, group: list[_Job[Any]]) -> None:
        answers: list[tuple[_Job[Any], Any, BaseException | None]] = []
        try:
            if self._sqlite:
                self._sqlite.execute("BEGIN")
            answers = [(job, *self._answer(job)) for job in group]
            if self._sqlite and self._sqlite.in_transaction:
                self._shelf.flush()
                self._sqlite.execute("COMMIT")
                self.commits += 1
        except Exception as error:  # noqa: BLE001 - told to all of the group, whatever it was
            self._undo(error)
            why = f"{self._path}: {error!r}"
            answers = [(job, None, LedgerUnavailable(why)) for job in group]
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_settle, answers)

    @staticmethod
    def _answer(job: _Job[Any]) -> tuple[Any, BaseException | None]:
        try:
            return job.do(), None
        except LedgerError as error:  # refused before it wrote anything
            return None, error

    def _undo(self, error: Exception) -> None:
        logger.warning("%s: nothing of a commit was written: %r", self._path, error)
        self._books = None
        with contextlib.suppress(sqlite3.Error):
            if self._sqlite and self._sqlite.in_transaction:
                self._sqlite.execute("ROLLBACK")

    def _known(self) -> Books:
        """What is in the file; read anew after an error."""
        if self._books is None:
            assert self._sqlite is not None
            self._shelf = _FileShelf(self._sqlite)
            self._books = Books(self._shelf, trim_unarchived=self._trim_unarchived)
        return self._books

    def _spend(self, nonce: str, ttl_s: float) -> bool:
        self._known()  # or a shelf with ticks of a group that was undone would be used
        return self._shelf.spend(nonce, ttl_s, self._now())

    def _spent(self, nonce: str) -> bool:
        self._known()
        return self._shelf.spent(nonce, self._now())

    def _open(self, lock_wait_s: float) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self._path.with_name(self._path.name + ".lock"), lock_wait_s)
        try:
            self._sqlite = sqlite3.connect(self._path, isolation_level=None)
            self._sqlite.execute("PRAGMA journal_mode=WAL")
            self._sqlite.execute(f"PRAGMA synchronous={self._synchronous}")
            self._sqlite.execute("BEGIN")
            _prepare(self._sqlite)
            self._known().release_all()
            self._shelf.flush()
        except (LedgerDamaged, sqlite3.DatabaseError) as error:
            self._sqlite, sqlite = None, self._sqlite
            if sqlite:
                sqlite.close()
            raise LedgerDamaged(f"{self._path} is no room store of ours: {error}") from error

    def _close(self) -> None:
        if self._sqlite:
            with contextlib.suppress(sqlite3.Error):
                self._sqlite.close()
        if self._lock is not None:
            os.close(self._lock)


def _settle(answers: "list[tuple[_Job[Any], Any, BaseException | None]]") -> None:
    for job, answer, error in answers:
        job.settle(answer, error)


def _locked(path: Path, wait_s: float) -> int:
    """A lock on the file at ``path``; the descriptor that holds it as long as it is open."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() < end:
                time.sleep(_LOCK_POLL_S)
                continue
            os.close(descriptor)
            raise LedgerInUse(f"{path} is locked by another process") from error
        return descriptor


def _prepare(sqlite: sqlite3.Connection) -> None:
    [version] = sqlite.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _TABLES.split(";"):
            sqlite.execute(statement)
        sqlite.execute(f"PRAGMA user_version={_VERSION}")
    elif version != _VERSION:
        raise LedgerDamaged(f"the room store has version {version}, and this is {_VERSION}")


class _FileShelf:
    """Keeps what books decided in the file, and knows where in it the ticks of each room lie."""

    def __init__(self, sqlite: sqlite3.Connection) -> None:
        self._sqlite = sqlite
        self._new: list[tuple[int, int, int, int, bytes]] = []
        self._places: dict[int, array[int]] = {}
        self._next = 1

    def flush(self) -> None:
        """Write the ticks that were added."""
        if self._new:
            self._sqlite.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", self._new)
            self._new = []

    def rooms(self) -> Iterable[Room]:
        rooms = {}
        saved = "SELECT number, match, epoch, token, worker, archived, newest, older FROM room"
        for number, match, epoch, token, worker, archived, newest, older in self._sqlite.execute(
            saved
        ):
            rooms[number] = Room(
                number=number,
                match=match,
                epoch=epoch,
                token=token,
                worker=worker,
                tick=min(archived, 0) if newest is None else newest,
                first=(newest or 0) + 1,
                archived=archived,
                newest=newest,
                older=older,
            )
        for place, number, tick in self._sqlite.execute(
            "SELECT id, room, tick FROM entry ORDER BY id"
        ):
            self._next = place + 1
            if room := rooms.get(number):
                self._found(room, tick, place)
        return rooms.values()

    def _found(self, room: Room, tick: int, place: int) -> None:
        places = self._places.setdefault(room.number, array("q"))
        if not places or tick != room.first + len(places):
            # The first, or one after a hole: then ``load`` tells that some are missing.
            del places[:]
            room.first = tick
        places.append(place)
        room.tick = max(room.tick, tick)

    def beats(self) -> dict[str, int]:
        return dict(self._sqlite.execute("SELECT worker, clock FROM beat"))

    def save(self, room: Room) -> None:
        self._sqlite.execute(
            "INSERT OR REPLACE INTO room VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(room.number, room.match, room.epoch, room.token, room.worker),
                *(room.archived, room.newest, room.older),
            ),
        )

    def remove(self, room: Room) -> None:
        self.trim(room, room.tick)
        self._places.pop(room.number, None)
        self._sqlite.execute("DELETE FROM checkpoint WHERE room = ?", (room.number,))
        self._sqlite.execute("DELETE FROM room WHERE number = ?", (room.number,))

    def add(self, room: Room, tick: int, payload: bytes) -> None:
        self._new.append((self._next, room.number, tick, room.epoch, payload))
        self._places.setdefault(room.number, array("q")).append(self._next)
        self._next += 1

    def entries(self, room: Room, first: int, last: int) -> list[Entry]:
        self.flush()
        places = self._places.get(room.number, array("q"))
        found = []
        for place in places[first - room.first : last + 1 - room.first]:
            one = "SELECT tick, epoch, payload FROM entry WHERE id = ?"
            found.append(Entry(*self._sqlite.execute(one, (place,)).fetchone()))
        return found

    def trim(self, room: Room, last: int) -> None:
        self.flush()
        places = self._places.get(room.number, array("q"))
        gone = places[: last + 1 - room.first]
        self._sqlite.executemany("DELETE FROM entry WHERE id = ?", [(place,) for place in gone])
        del places[: len(gone)]

    def put_blob(self, room: Room, tick: int, blob: bytes) -> None:
        self._sqlite.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (room.number, tick, blob))

    def blob(self, room: Room, tick: int) -> bytes:
        one = "SELECT blob FROM checkpoint WHERE room = ? AND tick = ?"
        found = self._sqlite.execute(one, (room.number, tick)).fetchone()
        if found is None:
            raise LedgerDamaged(f"room {room.match}: the checkpoint of tick {tick} is missing")
        return bytes(found[0])

    def drop_blob(self, room: Room, tick: int) -> None:
        self._sqlite.execute(
            "DELETE FROM checkpoint WHERE room = ? AND tick = ?", (room.number, tick)
        )

    def save_beat(self, worker: str, clock: int | None) -> None:
        if clock is None:
            self._sqlite.execute("DELETE FROM beat WHERE worker = ?", (worker,))
        else:
            self._sqlite.execute("INSERT OR REPLACE INTO beat VALUES (?, ?)", (worker, clock))

    def spend(self, nonce: str, ttl_s: float, now: float) -> bool:
        """Use up a nonce, by the wall clock."""
        self._sqlite.execute("DELETE FROM nonce WHERE until <= ?", (now,))
        added = self._sqlite.execute(
            "INSERT OR IGNORE INTO nonce VALUES (?, ?)", (nonce, now + ttl_s)
        )
        return added.rowcount == 1

    def spent(self, nonce: str, now: float) -> bool:
        """Whether a nonce is used up."""
        one = "SELECT 1 FROM nonce WHERE nonce = ? AND until > ?"
        return self._sqlite.execute(one, (nonce, now)).fetchone() is not None
