"""One story: a few workers and rooms, a while of faults, then calm, in which all must be well."""

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import patch
from uuid import UUID

from django.core import signing
from django.db import DatabaseError
from django.test import override_settings
from django.utils import timezone

from games import catalog
from games.consumers import room
from games.hosting.ledger import LedgerError, Loaded, books
from games.rooms import Room
from tests.simulation.browsers import Viewer
from tests.simulation.database import Database, Row
from tests.simulation.hosts import Host, Surroundings
from tests.simulation.nemesis import Nemesis
from tests.simulation.network import Network
from tests.simulation.oracle import Oracle, room_of
from tests.simulation.store import Store, at_once
from tests.simulation.titles import TITLES
from tests.simulation.weather import Weather
from tests.simulation.world import World

WORKERS = 3
ROOMS = ("count", "race")
FAULTS_S = 12.0
CALM_S_MAX = 30.0
"""Seconds after the last fault in which all must be well again."""
HUSH_S = 1.0
"""Seconds before the last fault from which on nobody plays."""
GLANCE_S = 0.5
"""Seconds between two looks whether it is."""

EPOCH = 1_900_000_000
"""What the wall clock shows at the beginning."""


@dataclass(frozen=True)
class Result:
    """What came of one seed.

    Attributes:
        seconds: That passed in the world; ``took_s``: of this processor.
        calm_s: How long it took after the last fault until all was well.
    """

    seed: int
    complaints: list[str]
    hash: str
    lines: list[str]
    faults: dict[str, int]
    seconds: float
    took_s: float
    steps: int
    checks: int
    inputs: int
    calm_s: float


def run(seed: int, badness: float = 1.0) -> Result:
    """Tell the story of a seed; ``badness`` multiplies how much goes wrong."""
    begun = time.process_time()
    world = World(seed)
    with steady(world), story(world, badness) as told:
        told.play()
    return Result(
        seed=seed,
        complaints=told.oracle.complaints,
        hash=told.hash,
        lines=list(world.lines),
        faults=dict(world.faults),
        seconds=world.now,
        took_s=time.process_time() - begun,
        steps=world.steps,
        checks=told.oracle.checks,
        inputs=sum(viewer.room.settled for viewer in told.viewers),
        calm_s=told.calm_s,
    )


@contextmanager
def steady(world: World) -> Iterator[None]:
    """Take the clock and all chance from the world, and nothing from the machine."""
    rng = world.chance("secrets")

    def token(nbytes: int = 16) -> str:
        return rng.randbytes(nbytes).hex()

    def now() -> datetime:
        return datetime.fromtimestamp(EPOCH + world.now, UTC)

    with ExitStack() as stack:
        for name, draw in {
            "token_hex": token,
            "token_urlsafe": token,
            "randbelow": rng.randrange,
            "randbits": rng.getrandbits,
        }.items():
            stack.enter_context(patch.object(secrets, name, draw))
        stack.enter_context(patch.object(books, "token_hex", token))
        stack.enter_context(patch.object(timezone, "now", now))
        # Rooms fall asleep as soon as the faults have left them without a viewer.
        stack.enter_context(patch.object(room, "SLEEP_AFTER_S", 0.2))
        clock = SimpleNamespace(time=lambda: EPOCH + world.now)
        stack.enter_context(patch.object(signing, "time", clock))
        stack.enter_context(override_settings(SECRET_KEY="of no worth"))
        stack.enter_context(patch.dict(catalog.TITLES, TITLES, clear=True))
        yield


@contextmanager
def story(world: World, badness: float) -> Iterator["Story"]:
    """What is needed to tell it; whatever happens, no coroutine is left without an end."""
    told = Story(world, badness)
    listener = Listener(told.oracle)
    logger = logging.getLogger("games")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    try:
        yield told
    finally:
        logger.removeHandler(listener)
        told.end()  # of which nothing is to be heard
        logger.setLevel(level)
        logger.propagate = propagate


class Listener(logging.Handler):
    """Whatever the server logs as an error is one, unless store or database were away."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__(logging.ERROR)
        self._oracle = oracle

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, LedgerError | DatabaseError):
            self._oracle.blame(f"logged: {record.getMessage()}: {error!r}")


class Story:
    """Everybody who takes part.

    Attributes:
        hash: Of the trace, as soon as it is told.
        calm_s: See ``Result``.
    """

    def __init__(self, world: World, badness: float) -> None:
        self.world = world
        self.hash = ""
        self.calm_s = 0.0
        self._weather = Weather(world, badness)
        database = Database(world, self._given_up)
        rng = world.chance("matches")
        for title in ROOMS:
            match = UUID(int=rng.getrandbits(128), version=4)
            seats = [(0, "Ada", False), (1, "Ben", False)]
            created = datetime.fromtimestamp(EPOCH, UTC)
            row = Row(title, rng.getrandbits(60), seats, created)
            database.rows.matches[match] = row
        self.oracle = Oracle(database.rows.matches)
        self._store = Store(world, self.oracle.saw)
        network = Network(world, self._weather)
        around = Surroundings(world, self._weather, self._store, network, database)
        self._hosts = [Host(number, around) for number in range(WORKERS)]
        self.viewers = [
            Viewer(world, self.oracle, self._hosts, match, seat, encoding)
            for match in self.oracle.truths
            for seat, encoding in ((0, "msgpack"), (1, "json"), (None, "msgpack"))
        ]
        self._nemesis = Nemesis(around, self._hosts, self.viewers, self.oracle)

    def _given_up(self, match: str) -> None:
        """A worker records that the store lost a match. One that asked slowly records it of a match
        that another has begun meanwhile; that is counted, and nothing more asked of the match."""
        truth = self.oracle.truths[match]
        if not truth.excused:
            self.world.fault("given up by a slow owner", match)
            truth.excused = True

    def play(self) -> None:
        """Faults, then calm; it ends at the first complaint."""
        world = self.world
        self._nemesis.begin(FAULTS_S)
        world.run(FAULTS_S - HUSH_S, self._goes_on)
        # What is lost last has to be found without anything that comes after it.
        for viewer in self.viewers:
            viewer.playing = False
        world.run(FAULTS_S, self._goes_on)
        self._weather.factor = 0.0
        world.run(FAULTS_S + CALM_S_MAX / 2, lambda: self._goes_on() and not self._whole)
        calm = world.now
        self._until(calm, self._unwell)
        self.calm_s = world.now - calm
        if self._goes_on():
            self._compare()
        self.hash = world.hash

    def _goes_on(self) -> bool:
        return not self.oracle.complaints

    @property
    def _whole(self) -> bool:
        return self._nemesis.at_peace and all(host.well for host in self._hosts)

    def _until(self, calm: float, unwell: "Callable[[], list[str]]") -> None:
        """Wait until nothing is unwell; too long is a complaint."""
        while self._goes_on() and (wrong := unwell()):
            if self.world.now > calm + CALM_S_MAX:
                self.oracle.complaints += [f"in the calm: {one}" for one in wrong]
            self.world.run(self.world.now + GLANCE_S, self._goes_on)

    def _open(self) -> list[str]:
        """Who is not in its room."""
        return [
            f"{viewer.name} is not in its room"
            for viewer in self.viewers
            if not (viewer.connected or viewer.over)
        ]

    def _unwell(self) -> list[str]:
        """What is not as it has to become by itself."""
        wrong = self._open() + self.oracle.recorded()
        for viewer in self.viewers:
            room, truth = viewer.room, self.oracle.truths[viewer.match]
            if not viewer.settled:
                wrong.append(f"{viewer.name}: {room.settled} of {room.sent} inputs are settled")
            seen = truth.shown(None, truth.room.tick_no)
            if not (viewer.over or truth.outcome or truth.excused) and room.shared_print != seen:
                wrong.append(f"{viewer.name} does not see the room as it is")
        for match, truth in self.oracle.truths.items():
            owners = len(self._live(match))
            if owners != 1 and not (truth.excused or truth.outcome):
                wrong.append(f"{owners} workers run {match}")
        return wrong

    def _live(self, match: str) -> list[Room]:
        """The room, at each worker that believes to run it."""
        workers = [host.worker for host in self._hosts if host.worker is not None]
        return [worker.rooms[match].room for worker in workers if match in worker.rooms]

    def _compare(self) -> None:
        """Each room that lives is what its journal says, and so is what a new owner would make."""
        for match, truth in self.oracle.truths.items():
            if truth.excused or truth.outcome:
                continue
            [live] = self._live(match)
            loaded = at_once(self._store.ledger.load(match, truth.token))
            assert isinstance(loaded, Loaded)
            if room_of(truth, loaded).hash() != truth.room.hash():
                self.oracle.blame(f"{match}: a new owner would begin elsewhere")
            if live.tick_no == truth.room.tick_no and live.hash() != truth.room.hash():
                self.oracle.blame(f"{match}: the room that lives is not what its journal says")

    def end(self) -> None:
        """Leave nothing behind."""
        for host in self._hosts:
            host.bury()
