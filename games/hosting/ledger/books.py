"""The rules of the room store, written once for all that lives in this process.

``Books`` decides, a ``Shelf`` keeps: in memory, or in a file. Nothing here waits or locks; one
thread uses it. Each method looks first and writes then, so that what it refuses leaves no trace.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Protocol

from games.hosting.ledger.base import (
    HOLLOW,
    Append,
    Checkpoint,
    Claim,
    Entry,
    Lease,
    LeaseLost,
    Loaded,
    OutOfStep,
    Owner,
    Verdict,
    in_order,
    is_lease,
    released,
)


@dataclass(slots=True)
class Room:
    """What is known of a room besides its ticks and blobs.

    Attributes:
        number: Its own in this store, given once.
        token: The owner's, or what ``released`` says; never empty.
        worker: Who had it last.
        tick: The last of its journal.
        first: The oldest that the journal still has is this one, if it is no later than ``tick``.
        archived: Ticks up to this one are archived; ``HOLLOW`` while the tick is.
        newest: Tick of the newest checkpoint, and of the one before; None if there is none.
    """

    number: int
    match: str
    epoch: int = 0
    token: str = ""
    worker: str = ""
    tick: int = 0
    first: int = 1
    archived: int = 0
    newest: int | None = None
    older: int | None = None

    def owner(self) -> Owner:
        holder = self.worker if is_lease(self.token) else ""
        return Owner(holder, self.epoch, self.token, self.tick)


class Shelf(Protocol):
    """Where books keep what they decided."""

    def rooms(self) -> Iterable[Room]:
        """All rooms, as they were saved."""

    def beats(self) -> dict[str, int]:
        """All beats, as they were saved."""

    def save(self, room: Room) -> None:
        """Keep all of ``room`` but its ``tick`` and ``first``, which its ticks tell."""

    def remove(self, room: Room) -> None:
        """Drop the room, its ticks and its checkpoints."""

    def add(self, room: Room, tick: int, payload: bytes) -> None:
        """Keep the next tick, of the room's epoch."""

    def entries(self, room: Room, first: int, last: int) -> list[Entry]:
        """Ticks from ``first`` to ``last``, all of which are there."""

    def trim(self, room: Room, last: int) -> None:
        """Drop the ticks up to ``last``."""

    def put_blob(self, room: Room, tick: int, blob: bytes) -> None:
        """Keep a checkpoint."""

    def blob(self, room: Room, tick: int) -> bytes:
        """A checkpoint that is there."""

    def drop_blob(self, room: Room, tick: int) -> None:
        """Drop a checkpoint that is there."""

    def save_beat(self, worker: str, clock: int | None) -> None:
        """Keep, or with None drop, the beat of a worker."""


class Books:
    """All rooms of a store in this process."""

    def __init__(self, shelf: Shelf, *, trim_unarchived: bool = False) -> None:
        self._shelf = shelf
        self._trim_unarchived = trim_unarchived
        self._rooms = {room.match: room for room in shelf.rooms()}
        self._beats = shelf.beats()
        self._numbers = max((room.number for room in self._rooms.values()), default=0)

    # --- signs of life and ownership -----------------------------------------------------------

    def beat(self, worker: str, clock: int) -> None:
        self._beats[worker] = clock
        self._shelf.save_beat(worker, clock)

    def beats(self) -> dict[str, int]:
        return dict(self._beats)

    def farewell(self, worker: str, beat: int | None) -> bool:
        if beat is not None and self._beats.get(worker, beat) != beat:
            return False
        if self.rooms_of(worker):
            return False
        self._beats.pop(worker, None)
        self._shelf.save_beat(worker, None)
        return True

    def acquire_all(self, worker: str, claims: Sequence[Claim]) -> list[Lease | Owner]:
        return [self._acquire(worker, claim) for claim in claims]

    def _acquire(self, worker: str, claim: Claim) -> Lease | Owner:
        room = self._rooms.get(claim.match)
        if (room.token if room else "") != claim.seen:
            return room.owner() if room else Owner("", 0, "", 0)
        if room is None:
            self._numbers += 1
            room = self._rooms[claim.match] = Room(self._numbers, claim.match)
            if claim.above:
                room.tick = room.archived = HOLLOW
        before = room.worker
        room.epoch = max(room.epoch, claim.above) + 1
        room.token = f"{room.epoch}:{token_hex(8)}"
        room.worker = worker
        self._shelf.save(room)
        return Lease(claim.match, worker, room.epoch, room.token, room.tick, before)

    def owner(self, match: str) -> Owner | None:
        room = self._rooms.get(match)
        return room.owner() if room else None

    def rooms_of(self, worker: str) -> dict[str, str]:
        return {
            match: room.token
            for match, room in self._rooms.items()
            if room.owner().worker == worker
        }

    def release(self, match: str, token: str) -> bool:
        room = self._rooms.get(match)
        if room is None or not is_lease(token):
            return False
        if self._holds(room, token):
            room.token = released(token)
            self._shelf.save(room)
        return room.token == released(token)

    def release_all(self) -> None:
        """End every lease: whoever had one is known to be dead."""
        for match, room in self._rooms.items():
            self.release(match, room.token)

    def forget(self, match: str, token: str) -> bool:
        room = self._rooms.get(match)
        if room is None:
            return True
        if not self._holds(room, token):
            return False
        self._shelf.remove(self._rooms.pop(match))
        return True

    # --- journal and checkpoints ---------------------------------------------------------------

    def append(self, batch: Sequence[Append]) -> list[Verdict]:
        refused: dict[tuple[str, str], Verdict] = {}
        verdicts = []
        for match, token, tick, payload in batch:
            verdict = refused.get((match, token)) or self._append(match, token, tick, payload)
            if not verdict.accepted:
                refused[match, token] = verdict
            verdicts.append(verdict)
        return verdicts

    def _append(self, match: str, token: str, tick: int, payload: bytes) -> Verdict:
        room = self._rooms.get(match)
        if room is None or not self._holds(room, token):
            return Verdict.FENCED
        if tick > room.tick + 1 or room.tick == HOLLOW:
            return Verdict.GAP
        if tick <= room.tick:
            return self._repeated(room, tick, payload)
        self._shelf.add(room, tick, payload)
        room.tick = tick
        return Verdict.OK

    def _repeated(self, room: Room, tick: int, payload: bytes) -> Verdict:
        if tick < room.first:
            return Verdict.CONFLICT
        [there] = self._shelf.entries(room, tick, tick)
        return Verdict.DUP if there.payload == payload else Verdict.CONFLICT

    def checkpoint(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        room = self._held(match, token, tick)
        if room.newest is not None and tick <= room.newest:
            return False
        self._shelf.put_blob(room, tick, blob)
        if room.older is not None:
            self._shelf.drop_blob(room, room.older)
        room.older, room.newest = room.newest, tick
        self._shelf.save(room)
        self._trim(room)
        return True

    def archived(self, match: str, token: str, tick: int) -> None:
        room = self._held(match, token, tick)
        if tick > room.archived:
            room.archived = tick
            self._shelf.save(room)
            self._trim(room)

    def _trim(self, room: Room) -> None:
        if room.older is None:
            return
        last = room.older if self._trim_unarchived else min(room.older, room.archived)
        if last >= room.first:
            self._shelf.trim(room, last)
            room.first = last + 1

    def restore(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        room = self._held(match, token)
        if tick < room.tick:
            raise OutOfStep(match, Verdict.CONFLICT)
        if tick == room.tick:
            return False
        self._shelf.trim(room, room.tick)
        for old in (room.older, room.newest):
            if old is not None:
                self._shelf.drop_blob(room, old)
        self._shelf.put_blob(room, tick, blob)
        room.newest, room.older = tick, None
        room.tick, room.first, room.archived = tick, tick + 1, tick
        self._shelf.save(room)
        return True

    def load(self, match: str, token: str, *, older: bool) -> Loaded:
        room = self._held(match, token)
        at = room.older if older and room.older is not None else room.newest
        checkpoint = None if at is None else Checkpoint(at, self._shelf.blob(room, at))
        first = max(room.first, at + 1 if at is not None else 1)
        return in_order(
            match, Loaded(checkpoint, self._shelf.entries(room, first, room.tick)), room.tick
        )

    def read(self, match: str, after: int, count: int) -> list[Entry]:
        room = self._rooms.get(match)
        if room is None:
            return []
        first = max(room.first, after + 1)
        return self._shelf.entries(room, first, min(room.tick, first + count - 1))

    def _held(self, match: str, token: str, tick: int = HOLLOW) -> Room:
        """The room, if the token is its owner's and its journal reaches the tick.

        Raises:
            LeaseLost: another owner.
            OutOfStep: it does not reach it.
        """
        room = self._rooms.get(match)
        if room is None or not self._holds(room, token):
            raise LeaseLost(match, Verdict.FENCED)
        if tick > room.tick:
            raise OutOfStep(match, Verdict.GAP)
        return room

    @staticmethod
    def _holds(room: Room, token: str) -> bool:
        return room.token == token and is_lease(token)
