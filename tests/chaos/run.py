"""One run: rooms full of players at a cluster, faults drawn from a seed, and the judgement."""

import asyncio
import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from games.catalog import TITLES
from games.hosting.ledger import LedgerError
from games.hosting.ledger.in_redis import RedisLedger
from games.sim import Game
from tests.chaos.cluster import PREFIX, Cluster, database_url
from tests.chaos.gaps import measure
from tests.chaos.nemesis import KINDS, Done, Fault, Nemesis, draw
from tests.chaos.oracle import Journal, Match, Verdict, final_state, judge
from tests.chaos.players import Member
from tests.chaos.titles import Steady
from tests.line import PATIENT
from tests.people import Person, guest, match_of, persistently

ROOMS = ("steady", "arena", "chess", "steady", "liars_dice")
WORKERS = 3
CALM_S_MAX = 120.0
"""Seconds after the last fault in which everybody must be back, and every input be settled."""

SETTINGS: dict[str, dict[str, Any]] = {
    "arena": {"length_s": 600},
    "chess": {"minutes": 180},
}

SPECS = """
import json
from games.models import Match
print(json.dumps([
    [str(m.id), m.title, m.seed, m.settings,
     [[s.number, s.name, s.bot] for s in m.seats.all()], m.status, m.ranking]
    for m in Match.objects.all()]))
Match.objects.all().delete()
"""
"""What the database says of all matches. They go with it: the next run has an empty store."""


@dataclass
class Plan:
    """What a run is; all of it but the order of events within a millisecond."""

    seed: int
    seconds: float = 60.0
    rooms: tuple[str, ...] = ROOMS
    pause_s: tuple[float, float] = (0.2, 3.0)
    kinds: tuple[str, ...] = tuple(KINDS)
    database: str = "sqlite"
    server: str = "uvicorn"

    @property
    def faults(self) -> list[Fault]:
        return draw(self.seed, self.seconds, len(self.rooms), self.pause_s, self.kinds)


@dataclass
class Result:
    """What came of it.

    Attributes:
        gaps: In seconds, by kind of fault.
    """

    plan: Plan
    verdict: Verdict = field(default_factory=Verdict)
    faults: list[Fault] = field(default_factory=list)
    gaps: dict[str, list[float]] = field(default_factory=dict)
    logs: str = ""


def run_all(plans: Sequence[Plan]) -> Iterator[Result]:
    """Carry plans out, one after another, at one cluster: their databases and servers are the same.
    Each takes its seconds, and about ten more to begin and to judge."""
    with ExitStack() as stack:
        for number, plan in enumerate(plans):
            if number == 0:
                cluster = Cluster(WORKERS, database_url(stack, plan.database), plan.server)
                stack.callback(cluster.close)
            cluster.begin()
            yield asyncio.run(Run(plan, cluster).all())


def game_of(title: str) -> Game[Any]:
    """The rules, as this process has them."""
    return Steady() if title == "steady" else TITLES[title]()


class Run:
    """The steps of one run."""

    def __init__(self, plan: Plan, cluster: Cluster) -> None:
        self.plan = plan
        self.cluster = cluster
        self.rng = random.Random(plan.seed ^ 0xC4A05)
        self.ledger = RedisLedger.connect(cluster.store.url, PREFIX)
        self.people: list[Person] = []
        self.members: dict[str, list[Member]] = {}

    async def all(self) -> Result:
        await self._gather_people()
        journal = Journal(self.cluster.store.url, PREFIX, self.members)
        following = asyncio.create_task(journal.follow())
        nemesis = Nemesis(self.cluster, list(self.members), self._owners)
        result = Result(self.plan)
        for member in self._everybody():
            member.play()
        try:
            await asyncio.sleep(1)
            await nemesis.run(self.plan.faults)
            await self._calm(result.verdict)
            for member in self._everybody():
                await member.leave()
            await self._stop_workers()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await self._judge(journal, result)
        result.faults = [done.fault for done in nemesis.done]
        result.verdict.complaints += _never_moved(nemesis.done)
        result.gaps = measure(nemesis.done, self._realtime())
        result.logs = self.cluster.said()
        for person in self.people:
            await person.http.aclose()
        await self.ledger.close()
        return result

    def _everybody(self) -> list[Member]:
        return [member for members in self.members.values() for member in members]

    def _realtime(self) -> list[Member]:
        return [member for member in self._everybody() if member.game.realtime]

    # --- before --------------------------------------------------------------------------------

    async def _gather_people(self) -> None:
        """Two players and a spectator for each room, at different workers, in both encodings."""
        for number, title in enumerate(self.plan.rooms):
            slots = self.cluster.slots
            at = [(number + step) % len(slots) for step in range(3)]
            three = [await guest(slots[slot].worker) for slot in at]
            self.people += three
            match = await match_of(title, *three[:2], settings=SETTINGS.get(title, {}))
            self.members[match] = []
            for place, (person, slot) in enumerate(zip(three, at, strict=True)):
                member = Member(
                    self.cluster,
                    game_of(title),
                    match,
                    seat=place if place < 2 else None,
                    encoding="json" if (number + place) % 3 == 0 else "msgpack",
                    rng=random.Random(self.rng.getrandbits(60)),
                )
                come = partial(self._come, member, person, slot, spectate=place == 2)
                await persistently(come)
                self.members[match].append(member)

    async def _come(self, member: Member, person: Person, slot: int, *, spectate: bool) -> None:
        await member.join(await person.ticket(member.match, spectate=spectate), slot)

    async def _owners(self) -> list[str]:
        try:
            owners = [await self.ledger.owner(match) for match in self.members]
        except LedgerError:
            return []  # the store is away
        return [owner.worker if owner else "" for owner in owners]

    # --- after ---------------------------------------------------------------------------------

    async def _calm(self, verdict: Verdict) -> None:
        """With everything whole, everybody is back in the room, and every input is settled."""
        known = {member: member.room.settled for member in self._everybody()}

        def back(member: Member) -> bool:
            if member.over:
                return True
            plays = member.seat is not None and member.game.title == "steady"
            return member.connected and (not plays or member.room.settled > known[member] + 5)

        await self._until(verdict, back, "is not back")
        for member in self._everybody():
            await member.hush()
        await self._until(verdict, lambda member: member.settled, "has open inputs")
        await asyncio.sleep(0.3)

    async def _until(self, verdict: Verdict, holds: Any, what: str) -> None:
        end = time.monotonic() + CALM_S_MAX
        while missing := [member for member in self._everybody() if not holds(member)]:
            if time.monotonic() > end:
                verdict.complaints += [f"{member.name} {what}" for member in missing]
                return
            await asyncio.sleep(0.05)

    async def _stop_workers(self) -> None:
        """Each leaves its rooms whole in the store."""
        loop = asyncio.get_running_loop()
        stops = [
            loop.run_in_executor(self.cluster.threads, self.cluster.drain, slot)
            for slot in self.cluster.slots
        ]
        await asyncio.gather(*stops)

    async def _judge(self, journal: Journal, result: Result) -> None:
        await self.ledger.close()  # its connections may be to a store that was killed
        self.ledger = RedisLedger.connect(self.cluster.store.url, PREFIX, **PATIENT)
        await journal.finish(self.ledger)
        said = await asyncio.to_thread(self.cluster.ask, SPECS)
        rows = [Match(*row) for row in json.loads(said.strip().splitlines()[-1])]
        for row in (row for row in rows if row.id in self.members):
            members = self.members[row.id]
            final = await final_state(self.ledger, row.id)
            verdict = await asyncio.to_thread(
                judge, game_of(row.title), row, members, journal, final
            )
            result.verdict.add(verdict)
        result.verdict.complaints += journal.complaints


def _never_moved(faults: list[Done]) -> list[str]:
    """Rooms that a worker kept to itself, although it was cut off and nothing else was amiss."""
    return [
        f"{done.fault}: nobody took over {len(done.kept)} of {len(done.matches)} rooms"
        for done in faults
        if done.kept and not any(done.overlaps(other) for other in faults if other is not done)
    ]
