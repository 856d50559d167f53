"""One contender on one core, its players on another, and what both cost between two moments.

CPU, memory and waiting are read from Linux, the same for everyone; how late ticks were, each
contender says itself.
"""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TypeVar

import msgspec

from bench.contenders import HZ, Contender, Cores, Missing, Running, pin
from bench.contenders.processes import ROOT
from bench.load import Count, Fill, Filled, Idle, Load, Order
from tests.services import ServiceError

PATCHES_MIN = 19.5
GAP_MS_P99_MAX = 75.0
"""What "holds" means: every client gets so many patches a second, and 99 of 100 come in time."""
NOISE_MAX = 0.05
"""Share of the time in which others had these cores, beyond which times mean little."""
REPORT_S_MAX = 20.0
SETTLE_S = 1.0
PACE_STEPS = 10_000
"""Of the loop that the core's speed is told by: a millisecond or two."""

_TICKS_A_S = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
T = TypeVar("T")


class PlayersFailed(Exception):
    """The process that plays ended; the text is what it said."""


FAILURES = (Missing, PlayersFailed, ServiceError, TimeoutError)
"""After which one contender is left out, and the others go on."""


class Ticks(msgspec.Struct):
    """What the ticks of one process were like, as it says itself.

    Attributes:
        dropped: Periods that it did not catch up with.
        late_ms_p50: When a tick began, against when it was due.
    """

    ticks: int = 0
    dropped: int = 0
    late_ms_p50: float = 0
    late_ms_p99: float = 0
    late_ms_max: float = 0


def together(several: list[Ticks]) -> Ticks:
    """Of several processes; their lateness is that of the latest."""
    return Ticks(
        ticks=sum(one.ticks for one in several),
        dropped=sum(one.dropped for one in several),
        late_ms_p50=max((one.late_ms_p50 for one in several), default=0),
        late_ms_p99=max((one.late_ms_p99 for one in several), default=0),
        late_ms_max=max((one.late_ms_max for one in several), default=0),
    )


class Cost(msgspec.Struct):
    """What a process took, in seconds of CPU, and what it holds.

    Attributes:
        waited_s: How long it was ready to run and others had its core.
    """

    user_s: float
    system_s: float
    waited_s: float
    memory_mb: float

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


class Sample(msgspec.Struct):
    """Some seconds of play.

    Attributes:
        parts: Of the contender's processes, by what they do; ``stores`` of those behind them.
        ticks: Of all its rooms together.
        pace_ms: CPU that a fixed piece of Python took on the contender's core just before and
            after: how fast the core was. Divide costs by it to compare machines and hours.
    """

    load: Load
    parts: dict[str, Cost]
    stores: dict[str, Cost]
    ticks: Ticks
    pace_ms: float

    @property
    def cpu_s(self) -> float:
        return sum(part.cpu_s for part in self.parts.values())

    @property
    def share(self) -> float:
        """Of its core, used by the contender."""
        return self.cpu_s / self.load.seconds

    @property
    def us_a_tick(self) -> float:
        """Microseconds of CPU for each client and tick."""
        return self.us_of(self.cpu_s)

    def us_of(self, cpu_s: float) -> float:
        """So much CPU, for each client and tick."""
        return 1e6 * cpu_s / max(1, self.load.players) / self.load.seconds / HZ

    @property
    def memory_mb(self) -> float:
        return sum(part.memory_mb for part in self.parts.values())

    @property
    def noise(self) -> float:
        """Share of the time in which contender or players stood in line for their core. Parts that
        share a core stand behind each other, which is no noise."""
        waited = min(part.waited_s for part in self.parts.values())
        return (
            waited if len(self.parts) == 1 else 0.0
        ) / self.load.seconds + self.load.waited_share

    @property
    def holds(self) -> bool:
        """Whether every client was served in time."""
        load = self.load
        served = load.patches_min >= PATCHES_MIN and load.gap_ms_p99 < GAP_MS_P99_MAX
        return served and not load.lost


class Bout:
    """A contender that runs, and its players."""

    def __init__(self, running: Running, players: subprocess.Popen[bytes], cores: Cores) -> None:
        self.running = running
        self._players = players
        self._cores = cores
        self.clients = 0

    def fill(
        self,
        rooms: int,
        seats: int = 10,
        *,
        title: str = "arena",
        asleep: bool = False,
        alone: bool = False,
    ) -> Filled:
        """So many rooms more; see ``Fill``."""
        filled = self._ask(Fill(rooms, seats, title, asleep, alone), Filled)
        self.clients += filled.players
        return filled

    def grow(self, clients: int, seats: int = 10) -> Filled:
        """As many rooms more as it takes for so many clients."""
        return self.fill(max(0, round((clients - self.clients) / seats)), seats)

    def idle(self, seconds: float, *, silent: bool = False) -> None:
        """Play on, or do not even send."""
        self._ask(Idle(seconds, silent), type(None))

    def sample(self, seconds: float, settle_s: float = SETTLE_S) -> Sample:
        """Play on for a moment, then so long that it is counted."""
        self.idle(settle_s)
        paces = paces_ms(self._cores.server)
        self._reports()
        before, stores_before = self._costs(self.running.parts), self._costs(self.running.stores)
        load = self._ask(Count(seconds), Load)
        after, stores_after = self._costs(self.running.parts), self._costs(self.running.stores)
        ticks = self._reports()
        return Sample(
            load=load,
            parts=_between(before, after),
            stores=_between(stores_before, stores_after),
            ticks=together(ticks),
            pace_ms=statistics.median(paces + paces_ms(self._cores.server)),
        )

    def memory_mb(self) -> float:
        """What its processes hold now."""
        return sum(cost.memory_mb for cost in self._costs(self.running.parts).values())

    def cpu_s(self) -> float:
        """What its processes have used."""
        return sum(cost.cpu_s for cost in self._costs(self.running.parts).values())

    def _costs(self, processes: dict[str, int]) -> dict[str, Cost]:
        return {name: cost_of(pid) for name, pid in processes.items()}

    def _reports(self) -> list[Ticks]:
        """What each process that ticks has counted since the last time."""
        for pid, path in self.running.reports.items():
            path.unlink(missing_ok=True)
            os.kill(pid, signal.SIGHUP)
        end = time.monotonic() + REPORT_S_MAX
        said = []
        for path in self.running.reports.values():
            while not path.exists():
                if time.monotonic() > end:
                    raise TimeoutError("the contender does not report")
                time.sleep(0.005)
            said.append(msgspec.json.decode(path.read_bytes(), type=Ticks))
        return said

    def _ask(self, order: Order, kind: type[T]) -> T:
        assert self._players.stdin is not None
        assert self._players.stdout is not None
        try:
            self._players.stdin.write(msgspec.json.encode(order) + b"\n")
            self._players.stdin.flush()
        except BrokenPipeError:
            raise PlayersFailed("the players ended") from None
        answer = self._players.stdout.readline()
        if not answer:
            raise PlayersFailed("the players ended")
        return msgspec.json.decode(answer, type=kind)


@contextmanager
def bout(contender: Contender, cores: Cores) -> Iterator[Bout]:
    """Start a contender, and players who have not come yet.

    Raises:
        Missing: it cannot be had here.
    """
    with contender.running(cores) as running:
        ports = ",".join(map(str, running.ports))
        command = [sys.executable, "-m", "bench.load", contender.name, ports, str(cores.aside)]
        players = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | dict(running.env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            yield Bout(running, players, cores)
        finally:
            assert players.stdin is not None
            players.stdin.close()
            players.kill()
            players.wait()


def two_cores() -> Cores:
    """One for the contender, one for its players and stores; where there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return Cores(cores[0], cores[1]) if len(cores) > 1 else Cores(-1, -1)


# --- what Linux knows of a process ---------------------------------------------------------------


def cost_of(pid: int) -> Cost:
    """All that a process has used so far, its threads included."""
    process = Path("/proc") / str(pid)
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    waited = 0
    for thread in (process / "task").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            waited += int((thread / "schedstat").read_text().split()[1])
    return Cost(
        user_s=int(fields[11]) / _TICKS_A_S,
        system_s=int(fields[12]) / _TICKS_A_S,
        waited_s=waited / 1e9,
        memory_mb=int((process / "statm").read_text().split()[1]) * _PAGE_MB,
    )


def _between(before: dict[str, Cost], after: dict[str, Cost]) -> dict[str, Cost]:
    return {
        name: Cost(
            user_s=cost.user_s - before[name].user_s,
            system_s=cost.system_s - before[name].system_s,
            waited_s=max(0.0, cost.waited_s - before[name].waited_s),
            memory_mb=cost.memory_mb,
        )
        for name, cost in after.items()
    }


def paces_ms(core: int) -> list[float]:
    """How long the same small piece of Python takes on this core, a few times."""
    taken: list[float] = []

    def run() -> None:
        pin(core)
        for _ in range(5):
            began = time.thread_time()
            kept: dict[int, int] = {}
            for number in range(PACE_STEPS):
                kept[number * 7 % 97] = number + kept.get(number % 97, 0) % 13
            taken.append(1000 * (time.thread_time() - began))

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return taken
