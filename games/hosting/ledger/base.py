"""What every room store promises: one owner a room, one content a tick, nothing accepted is lost.

Safety rests on the comparison in each write, never on a lease: a write carries the token of its
owner and the number of its tick, and is refused unless both are what the store expects. When
somebody *may* try to take a room over is decided elsewhere (``watch``); if that is wrong, a room
changes hands without need, and nothing else happens.

Why one sign of life a worker, and no lease a room: a worker dies with all its rooms, so one counter
says it for all of them. With a lease of half a second and a beat each tenth, a worker costs ten
small writes a second; leases of 5,000 rooms would cost 50,000, more than their journal.

Rules that hold for every implementation:

- No time of the store's decides anything about rooms. (The nonces of tickets do expire by it.)
- A token is an epoch and a random part, and compared as a whole: where the store lost its tail,
  an epoch can be given twice, a token cannot.
- Every call is whole or not at all for each room; a batch is whole for each of its rooms.
- ``LedgerUnavailable``, a timeout or a cancellation leave open whether a call was carried out. It
  may even be carried out **later**, after calls that were made after it (its bytes wait in a line
  that was given up). Therefore each call may be repeated as it is, and none that comes late undoes
  what was accepted meanwhile: writes are fenced, tokens never come back, journals only grow.
- An answer belongs to the call that asked, however many calls were cancelled before.

Ticks are numbered from 1, without gaps; a room that nothing happened in yet is at tick 0.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol


class LedgerError(Exception):
    """Something about the room store is not as it should be."""


class LedgerUnavailable(LedgerError):
    """No answer, or the store can take nothing now: repeat the identical call, a little later.

    Whether it was carried out is not known.
    """


class LedgerDamaged(LedgerError):
    """What is stored does not hold together (something removed by hand, a broken file)."""


class LedgerInUse(LedgerError):
    """Another process has this store, and it is for one alone."""


class LedgerFull(LedgerError):
    """Too much waits to be written; nothing was taken. See ``Committer.full``."""


class Refused(LedgerError):
    """The store holds something else than the caller thinks. The room must stop, and be read anew.

    Attributes:
        verdict: Why.
    """

    def __init__(self, match: str, verdict: "Verdict") -> None:
        super().__init__(f"room {match}: {verdict.name}")
        self.match = match
        self.verdict = verdict


class LeaseLost(Refused):
    """The room has another owner, or none, or is gone. What this one computed must not be told."""


class OutOfStep(Refused):
    """The lease is right, and the tick is not: the store lost some, or the caller is mistaken."""


class Verdict(Enum):
    """What became of one tick that was to be appended."""

    OK = "ok"
    DUP = "dup"
    """It is there already, the same to the byte: as good as OK."""
    CONFLICT = "conflict"
    """Another content is there under that number (or one so old that it was trimmed)."""
    GAP = "gap"
    """The tick before it is not there."""
    FENCED = "fenced"
    """The token is not that of the owner now, or the room is gone."""

    @property
    def accepted(self) -> bool:
        """The tick is in the journal, as it was handed in."""
        return self in {Verdict.OK, Verdict.DUP}

    def refusal(self, match: str) -> Refused | None:
        """What its room is to be told: ``LeaseLost`` or ``OutOfStep``; None if accepted."""
        if self.accepted:
            return None
        return LeaseLost(match, self) if self is Verdict.FENCED else OutOfStep(match, self)


class Append(NamedTuple):
    """One tick of one room, to be appended to its journal. The payload is opaque."""

    match: str
    token: str
    tick: int
    payload: bytes


HOLLOW = -1
"""The tick of a room that ran before, and of which the store has nothing."""


class Claim(NamedTuple):
    """The wish to own a room.

    Attributes:
        seen: The token that ``owner`` or ``rooms_of`` told; empty if the room was unknown.
        above: An epoch that the new one must exceed, for one who knows that the room ran before:
            the owner that still lives, or the match row. A store that does not know the room takes
            nothing for it then but ``restore``.
    """

    match: str
    seen: str = ""
    above: int = 0


class Lease(NamedTuple):
    """The right to write a room, until somebody else acquires it.

    Attributes:
        tick: The last of the journal, at the moment of acquiring; 0 if there is nothing, and
            ``HOLLOW`` if the store lost the room, and nobody has restored it since.
        before: The worker that had it before, even if it gave it up; empty if nobody did. The last
            value it wrote with ``beat`` tells until when its clock ran.
    """

    match: str
    worker: str
    epoch: int
    token: str
    tick: int
    before: str


class Owner(NamedTuple):
    """Who has a room.

    Attributes:
        worker: Empty if it was released and nobody has acquired it since.
        token: What ``Claim.seen`` must be to acquire it now.
    """

    worker: str
    epoch: int
    token: str
    tick: int


class Entry(NamedTuple):
    """One tick of a journal; the epoch tells which owner wrote it, and never falls."""

    tick: int
    epoch: int
    payload: bytes


class Checkpoint(NamedTuple):
    """A whole room as it was after a tick. The blob is opaque."""

    tick: int
    blob: bytes


class Loaded(NamedTuple):
    """What a room is made of: its newest checkpoint, if any, and all ticks after it."""

    checkpoint: Checkpoint | None
    entries: list[Entry]


class Ledger(Protocol):
    """The room store. Every method may raise ``LedgerUnavailable``."""

    # --- signs of life -------------------------------------------------------------------------

    async def beat(self, worker: str, clock: int) -> None:
        """A sign of life: one small write, whatever number of rooms.

        Args:
            clock: Milliseconds of the worker's monotonic clock. That it moves says that the worker
                lives; its last value, until when the thinking times of its rooms are charged.
        """

    async def beats(self) -> dict[str, int]:
        """The last value of each worker that was not struck off."""

    async def farewell(self, worker: str, beat: int | None = None) -> bool:
        """Strike a worker off, if no room is under it any more; whether it is.

        Args:
            beat: The value at which it fell silent, if somebody else strikes it off: if it moved
                since, nothing is done.
        """

    # --- ownership -----------------------------------------------------------------------------

    async def acquire(
        self, match: str, worker: str, seen: str = "", above: int = 0
    ) -> Lease | Owner:
        """Own a room, if its token is still ``seen``; else who has it.

        Of any number who saw the same token one gets the lease. The epoch rises by at least one,
        and from then on nothing is accepted from the owner before. Read the room after it, never
        before. An ``Owner`` without a token means that the store does not know the room.

        Whoever was left without an answer asks again: if it is told that it owns the room itself,
        it acquires once more, over the token that it was told.
        """

    async def acquire_all(self, worker: str, claims: Sequence[Claim]) -> list[Lease | Owner]:
        """``acquire`` for many rooms in a few round trips, each by itself; answers in order."""

    async def owner(self, match: str) -> Owner | None:
        """Who has a room; None if the store does not know it."""

    async def rooms_of(self, worker: str) -> dict[str, str]:
        """The token of each room of a worker, by match, for those who take them over.

        With an empty name: the rooms that were released, or whose process ended with the store,
        and that nobody has acquired since.
        """

    async def release(self, match: str, token: str) -> bool:
        """Give a room up; anyone may acquire it at once. False if the lease was lost before.

        True also if that was done before, and nobody has acquired it since.

        Journal and checkpoints stay. After an unanswered release the room counts as given
        up: its owner must not go on with it.
        """

    async def forget(self, match: str, token: str) -> bool:
        """Remove all of a room whose match is over. False if the lease was lost (and nothing done).

        True also if it was gone. The epoch is forgotten too: whoever acquires it once more hands
        in ``above``. What is not archived yet is lost.
        """

    # --- journal and checkpoints ---------------------------------------------------------------

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Append ticks of any number of rooms in one round trip; a verdict for each, in order.

        A tick is accepted if the token is the owner's and its number is the next. Repeated, it is
        DUP as long as it is in the journal. Several ticks of one room stand in their order; after
        the first that is refused, the rest of that room and token is refused with the same verdict.
        When this returns, what was accepted is as durable as the store is told to be.
        """

    async def checkpoint(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        """Keep the whole room as it was after ``tick``; False if there is one as new already.

        The newest two are kept. The journal is trimmed up to the older one, but (unless the store
        was told to trim without archive) never beyond what ``archived`` has said.

        Raises:
            LeaseLost: another owner.
            OutOfStep: the journal does not reach that tick.
        """

    async def archived(self, match: str, token: str, tick: int) -> None:
        """All ticks up to this one are archived, and need not be kept in the journal for that.

        A smaller number than before changes nothing.

        Raises:
            LeaseLost: another owner.
            OutOfStep: the journal does not reach that tick.
        """

    async def restore(self, match: str, token: str, tick: int, blob: bytes) -> bool:
        """Begin the journal anew after ``tick`` with this checkpoint, where the store has less.

        For an owner that lives when the store lost the end of a journal or all of it, and for a
        room that slept in the database. What is there is dropped. False if the journal ends at
        that very tick: nothing was lost, and nothing is done. Never goes back.

        Raises:
            LeaseLost: another owner.
            OutOfStep: the journal reaches beyond that tick (``CONFLICT``).
        """

    async def load(self, match: str, token: str, *, older: bool = False) -> Loaded:
        """What the room is made of, all of one moment; for its owner alone.

        That it needs the token is what keeps a checkpoint from being read before the epoch is
        written: who reads first may miss what the owner before still appends.

        Args:
            older: From the checkpoint before the newest, if there is one, should the newest be
                unreadable.

        Raises:
            LeaseLost: another owner.
            LedgerDamaged: ticks are missing.
        """

    async def read(self, match: str, after: int = 0, count: int = 1000) -> list[Entry]:
        """Ticks after ``after`` that the journal still has, from the oldest; for the archive."""

    # --- tickets -------------------------------------------------------------------------------

    async def spend(self, nonce: str, ttl_s: float) -> bool:
        """Use up a nonce; False if it was used in the last ``ttl_s`` seconds."""

    async def spent(self, nonce: str) -> bool:
        """Whether a nonce is used up; it stays as it is."""

    async def close(self) -> None:
        """Let go of connections and files. Releases nothing."""


def released(token: str) -> str:
    """The token of a room whose owner with this one released it. It comes once, like that."""
    return f"{token}:"


def is_lease(token: str) -> bool:
    """Whether a token can be an owner's."""
    return bool(token) and not token.endswith(":")


def in_order(match: str, loaded: Loaded, tick: int) -> Loaded:
    """``loaded``, if it leads without a gap to ``tick``, the last of the journal.

    Raises:
        LedgerDamaged: it does not.
    """
    first = loaded.checkpoint.tick + 1 if loaded.checkpoint else 1
    if [entry.tick for entry in loaded.entries] != list(range(first, tick + 1)):
        has = f"{loaded.entries[0].tick} to {loaded.entries[-1].tick}" if loaded.entries else "none"
        raise LedgerDamaged(f"room {match}: ticks {first} to {tick} should be there, {has} are")
    return loaded


def rooms_by_token(batch: Sequence[Append]) -> Mapping[tuple[str, str], list[int]]:
    """Where in the batch the ticks of each room and token stand."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, tick in enumerate(batch):
        places.setdefault((tick.match, tick.token), []).append(place)
    return places
