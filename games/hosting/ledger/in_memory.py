"""The room store in memory: for tests, and to show what the others must do. Time is handed in."""

from collections.abc import Callable, Iterable, Sequence

from games.hosting.ledger.base import Append, Claim, Entry, Lease, Loaded, Owner, Verdict
from games.hosting.ledger.books import Books, Room


class MemoryShelf:
    """Keeps what books decided as long as the process lives."""

    def __init__(self) -> None:
        self._entries: dict[int, list[Entry]] = {}
        self._blobs: dict[int, dict[int, bytes]] = {}

    def rooms(self) -> Iterable[Room]:
        return ()

    def beats(self) -> dict[str, int]:
        return {}

    def save(self, room: Room) -> None:
        return

    def save_beat(self, worker: str, clock: int | None) -> None:
        return

    def remove(self, room: Room) -> None:
        self._entries.pop(room.number, None)
        self._blobs.pop(room.number, None)

    def add(self, room: Room, tick: int, payload: bytes) -> None:
        self._entries.setdefault(room.number, []).append(Entry(tick, room.epoch, payload))

    def entries(self, room: Room, first: int, last: int) -> list[Entry]:
        start = first - room.first
        return self._entries.get(room.number, [])[start : last + 1 - room.first]

    def trim(self, room: Room, last: int) -> None:
        if room.number in self._entries:
            del self._entries[room.number][: last + 1 - room.first]

    def put_blob(self, room: Room, tick: int, blob: bytes) -> None:
        self._blobs.setdefault(room.number, {})[tick] = blob

    def blob(self, room: Room, tick: int) -> bytes:
        return self._blobs[room.number][tick]

    def drop_blob(self, room: Room, tick: int) -> None:
        del self._blobs[room.number][tick]


class Spent:
    """Nonces that were used up, for as long as they are remembered."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def spend(self, nonce: str, ttl_s: float, now: float) -> bool:
        for old in [spent for spent, until in self._until.items() if until <= now]:
            del self._until[old]
        if nonce in self._until:
            return False
        self._until[nonce] = now + ttl_s
        return True

    def has(self, nonce: str, now: float) -> bool:
        return self._until.get(nonce, now) > now


class MemoryLedger:
    """A ``Ledger`` for one process alone, which forgets with it."""

    def __init__(self, now: Callable[[], float], *, trim_unarchived: bool = False) -> None:
        self._now = now
        self._books = Books(MemoryShelf(), trim_unarchived=trim_unarchived)
        self._spent = Spent()

    async def beat(self, worker: str, clock: int) -> None:
        self._books.beat(worker, clock)

    async def beats(self) -> dict[str, int]:
        return self._books.beats()

    async def farewell(self, worker: str, beat: int | None = None) -> bool:
        return self._books.farewell(worker, beat)

    async def acquire(
        self, match: str, worker: str, seen: str = "", above: int = 0
    ) -> Lease | Owner:
        return self._books.acquire_all(worker, [Claim(match, seen, above)])[0]

    async def acquire_all(self, worker: str, claims: Sequence[Claim]) -> list[Lease | Owner]:
        return self._books.acquire_all(worker, claims)

    async def owner(self, match: str) -> Owner | None:
        return self._books.owner(match)

    async def rooms_of(self, worker: str) -> dict[str, str]:
        return self._books.rooms_of(worker)

    async def release(self, match: str, token: str) -> bool:
        return self._books.release(match, token)

    async def forget(self, match: str, token: str) -> bool:
        return self._books.forget(match, token)

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        return self._books.append(batch)

    async def checkpoint(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        return self._books.checkpoint(match, token, tick, blob)

    async def archived(self, match: str, token: str, tick: int) -> None:
        self._books.archived(match, token, tick)

    async def restore(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        return self._books.restore(match, token, tick, blob)

    async def load(self, match: str, token: str, *, older: bool = False) -> Loaded:
        return self._books.load(match, token, older=older)

    async def read(self, match: str, after: int = 0, count: int = 1000) -> list[Entry]:
        return self._books.read(match, after, count)

    async def spend(self, nonce: str, ttl_s: float) -> bool:
        return self._spent.spend(nonce, ttl_s, self._now())

    async def spent(self, nonce: str) -> bool:
        return self._spent.has(nonce, self._now())

    async def close(self) -> None:
        return
