"""What was promised, held against what happened: transcripts of all viewers, and the journal.

The journal is copied while it is written, and read once more in the end (``kept``), as far as it is
still there. Its replay is the one truth: everything that anybody was told must be in it, and every
input that was acknowledged, once and in order.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import redis.asyncio
from redis.exceptions import RedisError

from games.hosting.ledger import Entry, Lease, Loaded
from games.hosting.ledger.in_redis import RedisLedger
from games.rooms import Record, Room
from games.rooms.entries import Input
from games.rooms.journal import go_on, read_tick
from games.sim import Game
from tests.chaos.players import Member, Told, digest


class Match(NamedTuple):
    """A match as the database has it."""

    id: str
    title: str
    seed: int
    settings: dict[str, Any]
    seats: list[tuple[int, str, bool]]
    status: str
    ranking: list[list[int]] | None


@dataclass
class Verdict:
    """What a run, or many, came to.

    Attributes:
        acknowledged: Inputs whose sender was told that they are settled.
        lost: Of these, how many the journal does not have.
        twice: Inputs that the journal has more than once.
        contradictions: Views that a viewer was told and that the replay does not have for that
            tick, or that two viewers were told differently.
        views: Views that were told, and compared.
        back: Snapshots of a tick before the last one known; allowed, if the replay has them.
        complaints: Everything that must not be, in words.
    """

    acknowledged: int = 0
    refused: int = 0
    lost: int = 0
    twice: int = 0
    contradictions: int = 0
    views: int = 0
    ticks: int = 0
    back: int = 0
    owners: int = 0
    reconnects: int = 0
    complaints: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


# --- the journal ---------------------------------------------------------------------------------


async def kept(ledger: RedisLedger, match: str) -> list[Entry]:
    """All ticks of a match that can still be read, in order: the one place that knows where."""
    entries: list[Entry] = []
    while more := await ledger.read(match, entries[-1].tick if entries else 0):
        entries += more
    return entries


class Journal:
    """A copy of the journals of some rooms, kept up while the store lives and dies."""

    def __init__(self, url: str, prefix: str, matches: Iterable[str]) -> None:
        self.entries: dict[str, dict[int, Entry]] = {match: {} for match in matches}
        self.complaints: list[str] = []
        self._url = url
        self._keys = {f"{prefix}:{{{match}}}:j": match for match in self.entries}
        self._last = dict.fromkeys(self._keys, "0-0")

    async def follow(self) -> None:
        """Copy, until cancelled."""
        while True:
            with suppress(RedisError, OSError):
                async with redis.asyncio.Redis.from_url(self._url, socket_timeout=5) as client:
                    while True:
                        await self._copy(client)
            await asyncio.sleep(0.05)

    async def _copy(self, client: Any) -> None:
        found = await client.xread(self._last, count=1000, block=500)
        for key, entries in found:
            name = key.decode()
            for number, fields in entries:
                self._last[name] = number.decode()
                tick = int(number.partition(b"-")[0])
                self.put(self._keys[name], Entry(tick, int(fields[b"e"]), fields[b"p"]))

    def put(self, match: str, entry: Entry) -> None:
        """A tick was read; once there it must stay what it is."""
        there = self.entries[match].setdefault(entry.tick, entry)
        if there != entry:
            self.complaints.append(f"tick {entry.tick} of {match} was written twice, differently")

    async def finish(self, ledger: RedisLedger) -> None:
        """Read what is kept: it may have more than was copied, and must not have anything else."""
        for match in self.entries:
            for entry in await kept(ledger, match):
                self.put(match, entry)

    def records(self, match: str) -> list[Record]:
        """All ticks, from the first; complains where there are gaps, or epochs that fall."""
        entries = [self.entries[match][tick] for tick in sorted(self.entries[match])]
        if [entry.tick for entry in entries] != list(range(1, len(entries) + 1)):
            self.complaints.append(f"the copied journal of {match} has gaps")
            return []
        epochs = [entry.epoch for entry in entries]
        if epochs != sorted(epochs):
            self.complaints.append(f"an older owner of {match} wrote after a newer one")
        return [read_tick(entry.payload).record for entry in entries]


async def final_state(ledger: RedisLedger, match: str) -> Loaded | None:
    """What the store has of a room that nobody runs any more; None if it forgot it.

    It takes the room, since only an owner may read it.
    """
    owner = await ledger.owner(match)
    if owner is None:
        return None
    lease = await ledger.acquire(match, "the oracle", owner.token)
    assert isinstance(lease, Lease), f"somebody still runs {match}"
    return await ledger.load(match, lease.token)


# --- judgement -----------------------------------------------------------------------------------


class Truth:
    """One room, led through its journal.

    Attributes:
        room: As it is in the end.
        inputs: By session, in the order of the journal: number and data.
        refused: Codes of refused inputs, by session and number.
    """

    def __init__(self, game: Game[Any], match: Match, records: list[Record]) -> None:
        self.room = Room(game, seed=match.seed, settings=match.settings, seats=match.seats)
        self.inputs: defaultdict[str, list[tuple[int, Any]]] = defaultdict(list)
        self.refused: dict[tuple[str, int], str] = {}
        self._shared: dict[int | None, list[bytes]] = defaultdict(list)
        self._own: dict[int | None, dict[int, bytes]] = defaultdict(dict)
        self._seats = [None, *(seat for seat, _, _ in match.seats)]
        self._look()
        for record in records:
            self._play(record)

    @property
    def last(self) -> int:
        """The last tick."""
        return self.room.tick_no

    def shared(self, seat: int | None, tick: int) -> bytes | None:
        """The shared view after a tick."""
        views = self._shared[None if seat is None else -1]
        return views[tick] if 0 <= tick < len(views) else None

    def own(self, seat: int | None, tick: int) -> bytes | None:
        """The own view of a seat after a tick."""
        return self._own[seat].get(tick)

    def _play(self, record: Record) -> None:
        tick = self.room.play(record)
        sessions = {}
        for entry in record.entries:
            if isinstance(entry, Input):
                self.inputs[entry.session].append((entry.seq, entry.data))
                sessions[entry.seat] = entry.session
        for seat, own in tick.own.items():
            for seq, code in own.refused:
                self.refused[sessions[seat], seq] = code
        self._look()

    def _look(self) -> None:
        room = self.room
        for group, audience in ((None, room._watchers), (-1, room._everybody)):
            views = self._shared[group]
            fresh = not views or audience.tick == room.tick_no
            views.append(digest(audience.kind, audience.held) if fresh else views[-1])
        for seat, audience in room._own.items():
            held = self._own[seat]
            fresh = room.tick_no - 1 not in held or audience.tick == room.tick_no
            now = digest(audience.kind, audience.held) if fresh else held[room.tick_no - 1]
            held[room.tick_no] = now


def judge(
    game: Game[Any],
    match: Match,
    members: list[Member],
    journal: Journal,
    final: Loaded | None,
) -> Verdict:
    """Everything that was promised of one room."""
    verdict = Verdict()
    truth = Truth(game, match, journal.records(match.id))
    verdict.ticks = truth.last
    verdict.owners = len({entry.epoch for entry in journal.entries[match.id].values()})
    for member in members:
        verdict.complaints += member.complaints
        verdict.reconnects += member.reconnects
        _judge_inputs(verdict, truth, member)
        _judge_views(verdict, truth, member)
    _judge_each_other(verdict, members)
    _judge_end(verdict, truth, match)
    if final is not None:
        _judge_state(verdict, truth, game, match, final)
    return verdict


def _judge_inputs(verdict: Verdict, truth: Truth, member: Member) -> None:
    if member.seat is None:
        return
    room, written = member.room, truth.inputs[member.room.session]
    acknowledged = set(room.acknowledged)
    verdict.acknowledged += len(acknowledged)
    verdict.refused += len(room.refused)
    counts = Counter(seq for seq, _ in written)
    if lost := sorted(acknowledged - counts.keys()):
        verdict.lost += len(lost)
        verdict.complaints.append(f"{member.name}: acknowledged and lost: {lost[:10]}")
    if twice := [seq for seq, count in counts.items() if count > 1]:
        verdict.twice += len(twice)
        verdict.complaints.append(f"{member.name}: applied twice: {twice[:10]}")
    if [seq for seq, _ in written] != list(range(1, len(written) + 1)):
        verdict.complaints.append(f"{member.name}: its inputs are not in order")
    if wrong := [seq for seq, data in written if room.inputs.get(seq) != data]:
        verdict.complaints.append(f"{member.name}: inputs it never sent: {wrong[:10]}")
    for seq, code in room.refused.items():
        if truth.refused.get((room.session, seq)) != code:
            verdict.complaints.append(f"{member.name}: input {seq} was not refused: {code}")
    if truth.room.game.title == "steady":
        _judge_count(verdict, truth, member, len(written))


def _judge_count(verdict: Verdict, truth: Truth, member: Member, written: int) -> None:
    """In this title the state itself says what was applied."""
    room = member.room
    refused = {seq for session, seq in truth.refused if session == room.session}
    sent = [data["n"] for seq, data in room.inputs.items() if seq <= written and seq not in refused]
    if [n for seat, n in truth.room.state.log if seat == member.seat] != sent:
        verdict.complaints.append(f"{member.name}: the state is not what was sent")


def _judge_views(verdict: Verdict, truth: Truth, member: Member) -> None:
    for told, view_of in ((member.room.shared, truth.shared), (member.room.private, truth.own)):
        newest = -1
        for one in told:
            if truth.room.outcome and one.tick > truth.last:
                continue  # who comes and goes after the end is not kept
            verdict.views += 1
            if one.tick < newest:
                verdict.back += 1
                if not one.whole:
                    verdict.complaints.append(f"{member.name}: tick {one.tick} after {newest}")
            newest = max(newest, one.tick)
            if view_of(member.seat, one.tick) != one.digest:
                verdict.contradictions += 1
                verdict.complaints.append(
                    f"{member.name}: told of tick {one.tick} what the journal does not have"
                    f" ({'whole' if one.whole else 'a change'}, at {one.at:.2f},"
                    f" the journal ends at {truth.last})"
                )


def _judge_each_other(verdict: Verdict, members: list[Member]) -> None:
    views: dict[tuple[bool, int], Told] = {}
    for member in members:
        for one in member.room.shared:
            other = views.setdefault((member.seat is None, one.tick), one)
            if other.digest != one.digest:
                verdict.contradictions += 1
                verdict.complaints.append(f"{member.name}: another saw tick {one.tick} differently")


def _judge_end(verdict: Verdict, truth: Truth, match: Match) -> None:
    outcome = truth.room.outcome
    if outcome is None and match.status != "running":
        verdict.complaints.append(f"{match.title} {match.id} does not run: {match.status}")
    if outcome is not None and (match.status, match.ranking) != ("finished", outcome.ranking):
        verdict.complaints.append(
            f"{match.title} {match.id}: {match.status} {match.ranking}, by the rules {outcome}"
        )


def _judge_state(
    verdict: Verdict, truth: Truth, game: Game[Any], match: Match, final: Loaded
) -> None:
    """What the next owner would begin with is what the whole journal leads to."""
    if final.checkpoint is None:
        room = Room(game, seed=match.seed, settings=match.settings, seats=match.seats)
    else:
        room = Room.resumed(game, final.checkpoint.blob, settings=match.settings)
    written = [read_tick(entry.payload) for entry in final.entries]
    go_on(room, written)
    if room.hash() != truth.room.hash():
        verdict.complaints.append(f"{match.title} {match.id}: checkpoint and replay differ")
