"""What goes wrong in the large: whole processes, whole ways, the whole store."""

from collections.abc import Callable

from games.limits import LEDGER_WAIT_S
from tests.simulation.browsers import Viewer
from tests.simulation.hosts import Host, Surroundings
from tests.simulation.oracle import Oracle

PAUSE_S = (0.0, 1.0)
"""Seconds from one fault to the next, divided by how bad it is to be; from, to."""
HEALTHY_S = 1.5 + LEDGER_WAIT_S
"""Seconds of peace before and after the store loses something that a living owner has to give
back: then nothing else may fail, or it would be lost with good reason. Giving it back takes a few
answers, one of which may be lost."""

WEIGHTS = {
    "crash": 4,
    "sleep": 4,
    "nap": 3,
    "drain": 2,
    "store deaf": 2,
    "store mute": 2,
    "store cut": 2,
    "apart": 3,
    "stall": 2,
    "restart": 2,
    "amnesia": 1,
    "database away": 2,
    "socket cut": 6,
    "ruin": 0.3,
}


class Nemesis:
    """Draws faults, and carries them out until ``until``."""

    def __init__(
        self, around: Surroundings, hosts: list[Host], viewers: list[Viewer], oracle: Oracle
    ) -> None:
        self._around, self._hosts, self._viewers, self._oracle = around, hosts, viewers, oracle
        self._world = around.world
        self._rng = around.world.chance("nemesis")
        self._until = 0.0
        self._busy_until = 0.0  # some fault lasts until then
        self._mending = 0

    def begin(self, until: float) -> None:
        """Go on until then."""
        self._until = until
        self._later()

    @property
    def at_peace(self) -> bool:
        """Whether everything that it broke is whole again."""
        return not self._mending and not self._around.store.down

    def _later(self, rest_s: float = 0.0) -> None:
        pause_s = self._rng.uniform(*PAUSE_S) / self._around.weather.factor**0.5
        self._world.later(rest_s + pause_s, self._strike)

    def _strike(self) -> None:
        if self._world.now >= self._until:
            return
        [kind] = self._rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
        if kind == "amnesia":
            return self._amnesia()
        getattr(self, f"_{kind.replace(' ', '_')}")()
        self._later()

    def _for(self, seconds: tuple[float, float], mend: Callable[[], None]) -> None:
        """It lasts so long, then it is mended."""
        lasts_s = self._rng.uniform(*seconds)
        self._mending += 1
        self._busy_until = max(self._busy_until, self._world.now + lasts_s)

        def mended() -> None:
            self._mending -= 1
            mend()

        self._world.later(lasts_s, mended)

    def _host(self) -> Host | None:
        """A machine whose process runs."""
        hosts = [host for host in self._hosts if host.worker is not None and not host.loop.asleep]
        return self._rng.choice(hosts) if hosts else None

    # --- processes -------------------------------------------------------------------------------

    def _crash(self) -> None:
        if host := self._host():
            self._world.fault("crash", host.name)
            host.crash()

    def _drain(self) -> None:
        if (host := self._host()) and not host.leaving:
            self._world.fault("drain", host.name)
            host.leave()

    def _sleep(self) -> None:
        self._stop("sleep", (0.6, 2.5))

    def _nap(self) -> None:
        self._stop("nap", (0.02, 0.4))

    def _stop(self, kind: str, seconds: tuple[float, float]) -> None:
        if host := self._host():
            loop = host.loop
            self._world.fault(kind, host.name)
            loop.asleep = True
            self._for(seconds, loop.wake)

    # --- ways ------------------------------------------------------------------------------------

    def _store_deaf(self) -> None:
        self._cut(deaf=True)

    def _store_mute(self) -> None:
        self._cut(mute=True)

    def _store_cut(self) -> None:
        self._cut(deaf=True, mute=True)

    def _cut(self, *, deaf: bool = False, mute: bool = False) -> None:
        host = self._rng.choice(self._hosts)
        link = host.link
        self._world.fault("cut from the store", host.name, deaf, mute)
        link.deaf, link.mute = deaf, mute

        def mend() -> None:
            link.deaf = link.mute = False

        self._for((0.1, 2.0), mend)

    def _apart(self) -> None:
        """One worker and all others do not hear each other."""
        worker = self._rng.choice(self._hosts).layer.worker
        apart = self._around.network.apart
        self._world.fault("apart", worker)
        apart.add(worker)
        self._for((0.1, 3.0), lambda: apart.discard(worker))

    def _socket_cut(self) -> None:
        viewer = self._rng.choice(self._viewers)
        if viewer.connected:
            self._world.fault("socket cut", viewer.name)
            viewer.cut(self._rng.choice([0.0, self._rng.uniform(0.0, 3.0)]))

    # --- the store and the database --------------------------------------------------------------

    def _stall(self) -> None:
        store = self._around.store
        if not (store.down or store.stalled):
            self._world.fault("store stalls")
            store.stalled = True
            self._for((0.05, 1.5), store.go_on)

    def _restart(self) -> None:
        if not self._around.store.down:
            self._world.fault("store restarts")
            self._fall((0.05, 1.0))

    def _fall(self, seconds: tuple[float, float]) -> None:
        store = self._around.store
        store.fall()

        def mend() -> None:
            store.down = False

        self._for(seconds, mend)

    def _database_away(self) -> None:
        database = self._around.database
        if not database.away:
            self._world.fault("database away")
            database.away = True

            def mend() -> None:
                database.away = False

            self._for((0.05, 2.0), mend)

    def _amnesia(self) -> None:
        """The store starts anew without its tail, or without anything, while all owners live."""
        store, now = self._around.store, self._world.now
        if self._mending or now < self._busy_until + HEALTHY_S or not self._all_well():
            return self._later()
        kept = self._rng.choice([store.copy, store.empty])()
        loses_s = self._rng.uniform(0.0, 0.5)

        def lose() -> None:
            self._world.fault("store loses")
            self._fall((0.05, 0.3))
            store.ledger = kept

        self._world.later(loses_s, lose)
        self._later(loses_s + HEALTHY_S)

    def _all_well(self) -> bool:
        return all(host.well for host in self._hosts) and not self._around.store.down

    def _ruin(self) -> None:
        """The store loses everything, and all workers die: what was not over is lost."""
        if self._world.now < self._until * 0.7:
            return  # a story that ends early tells little
        self._world.fault("ruin")
        for host in self._hosts:
            if not host.loop.dead:
                host.crash()
        if not self._around.store.down:
            self._fall((0.05, 0.3))
        self._around.store.ledger = self._around.store.empty()
        for truth in self._oracle.truths.values():
            asleep = truth.row.slept is not None  # and goes on from there
            lost = truth.row.status != "starting" and not asleep
            truth.excused = truth.excused or lost
