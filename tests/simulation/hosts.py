"""Machines on which workers run: they start, sleep, are cut off, are told to go, or die at once."""

from functools import partial

from games.consumers import RoomConsumer
from games.hosting.ledger import LedgerError
from games.hosting.worker import Worker
from tests.simulation.database import Database, SimulatedRecords
from tests.simulation.network import Browser, Layer, Network, Socket
from tests.simulation.store import Link, Store
from tests.simulation.weather import Weather
from tests.simulation.world import Loop, World

RESTART_S = (0.1, 1.5)
"""Seconds until what ended is started again, by whoever looks after processes; from, to."""
NOTICE_S = (0.01, 0.5)
"""Seconds until a browser notices that the process at the other end is gone."""
CLOCK_S = 1e5
"""Monotonic clocks begin anywhere up to here, and run up to a hundredth too fast or too slow."""


class Surroundings:
    """All that workers stand on."""

    def __init__(
        self, world: World, weather: Weather, store: Store, network: Network, database: Database
    ) -> None:
        self.world, self.weather = world, weather
        self.store, self.network, self.database = store, network, database


class Host:
    """One machine, and the process on it; after its end comes another.

    Attributes:
        worker: None while there is no process, or while it is starting.
        leaving: Whether it was told to go.
    """

    def __init__(self, number: int, around: Surroundings) -> None:
        self.number = number
        self.worker: Worker | None = None
        self.leaving = False
        self.loop: Loop
        self.link: Link
        self.layer: Layer
        self._around = around
        self._rng = around.world.chance(f"host {number}")
        self._lives = 0
        self._loops: list[Loop] = []
        self._sockets: list[Socket] = []
        self.start()

    @property
    def name(self) -> str:
        """Of the process, not of the machine."""
        return self.loop.name

    @property
    def well(self) -> bool:
        """Whether its worker serves, and nothing is amiss."""
        link = self.link
        cut = link.deaf or link.mute or self.layer.worker in self._around.network.apart
        return self.worker is not None and not (self.loop.asleep or self.leaving or cut)

    # --- from start to end -----------------------------------------------------------------------

    def start(self) -> None:
        """A new process."""
        around = self._around
        self._lives += 1
        self.loop = Loop(
            around.world,
            f"w{self.number}.{self._lives}",
            begun=self._rng.uniform(0, CLOCK_S),
            rate=self._rng.uniform(0.99, 1.01),
        )
        self._loops.append(self.loop)
        self.leaving = False
        self.link = Link(around.store, around.world, around.weather, self.loop)
        self.layer = Layer(around.network, around.world, self.loop)
        self.loop.create_task(self._begin())

    async def _begin(self) -> None:
        async def open_ledger() -> Link:
            return self.link

        worker = Worker(
            open_ledger=open_ledger,  # type: ignore[arg-type]
            layer=self.layer,  # type: ignore[arg-type]
            room_app=RoomConsumer.as_asgi(),
        )
        worker.records = SimulatedRecords(self._around.database, self.loop)  # type: ignore[assignment]
        self.layer.worker = worker.id
        self._around.world.log(self.name, "is worker", worker.id)
        try:
            await worker.start()
        except LedgerError:
            self.crash()
        else:
            self.worker = worker

    def crash(self) -> None:
        """The process is gone, at once; another is started after a while."""
        world = self._around.world
        self.loop.dead, self.worker = True, None
        for socket in self._sockets:
            world.later(self._rng.uniform(*NOTICE_S), socket.end)
        self._sockets.clear()
        world.later(self._rng.uniform(*RESTART_S), self.start)

    def leave(self) -> None:
        """The process is told to go, and does so when it has handed its rooms over."""
        assert self.worker is not None
        self.leaving = True
        stopping = self.loop.create_task(self.worker.stop())
        stopping.add_done_callback(partial(self._left, self.loop))

    def _left(self, loop: Loop, stopped: object) -> None:
        if loop is self.loop and not loop.dead:
            self.crash()

    # --- what is done to it ----------------------------------------------------------------------

    def open(self, browser: Browser, match: str, encoding: str) -> Socket:
        """A browser opens a socket here."""
        assert self.worker is not None
        socket = Socket(self._around.world, self.loop, self.worker, browser, match, encoding)
        self._sockets.append(socket)
        return socket

    def bury(self) -> None:
        """The story is told."""
        for loop in self._loops:
            loop.bury()
