"""`manage.py serve`, unchanged, in a process that can say what it cost.

``python -m bench.server <report> <core> <profile> python manage.py serve …``: after SIGUSR1 it
counts from zero, on SIGUSR2 it writes what it counted to ``report`` as JSON. ``core`` -1: any;
``profile`` 1: stacks are sampled meanwhile, and written beside the report.
"""

import os
import resource
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from django.core.management import execute_from_command_line

from bench.hotspots import Sampler

PACE_STEPS = 10_000
"""Of the loop that the core's speed is told by: a millisecond or two."""


class Report(msgspec.Struct):
    """What one worker cost between two signals; CPU in seconds.

    Attributes:
        waited_s: How long it was ready to run and others had its core: the machine's noise.
        pace_ms: CPU that a fixed piece of Python took in this process at both ends, the middle of
            several: how fast the core was just then. Divide costs by it to compare machines.
        ticks: Of all rooms together, and how many periods were dropped.
        rss_mb: Memory at the end.
    """

    user_s: float
    system_s: float
    waited_s: float
    pace_ms: float
    ticks: int
    dropped: int
    late_ms_p50: float
    late_ms_p99: float
    late_ms_max: float
    rss_mb: float

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


class Witness:
    """Counts what this process costs."""

    def __init__(self, path: Path, profile: bool) -> None:
        self._path = path
        self._sampler = Sampler() if profile else None
        self._paces: list[float] = []
        self._count()

    def _count(self) -> None:
        self._usage = resource.getrusage(resource.RUSAGE_SELF)
        self._waited = waited_s()

    def begin(self, *_: Any) -> None:
        """From zero."""
        from games.hosting.meter import Meter
        from gameserver import asgi

        self._paces = paces_ms()
        asgi.worker.meter = Meter()
        self._count()
        if self._sampler:
            self._sampler.start()

    def end(self, *_: Any) -> None:
        """Write what was counted, all at once."""
        from gameserver import asgi

        if self._sampler:
            self._sampler.stop(self._path.with_suffix(".stacks"))
        usage, meter = resource.getrusage(resource.RUSAGE_SELF), asgi.worker.meter
        waited = waited_s() - self._waited
        report = Report(
            user_s=usage.ru_utime - self._usage.ru_utime,
            system_s=usage.ru_stime - self._usage.ru_stime,
            waited_s=waited,
            pace_ms=statistics.median(self._paces + paces_ms()),
            ticks=meter.ticks,
            dropped=meter.dropped,
            late_ms_p50=meter.late_ms(0.5),
            late_ms_p99=meter.late_ms(0.99),
            late_ms_max=meter.late_ms_max,
            rss_mb=rss_mb(),
        )
        half = self._path.with_suffix(".half")
        half.write_bytes(msgspec.json.encode(report))
        half.rename(self._path)


def waited_s() -> float:
    """Seconds in which this process was ready to run and did not, as Linux counts them."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def paces_ms() -> list[float]:
    """How long the same small piece of Python takes, a few times; stops the worker for 10 ms."""
    taken = []
    for _ in range(5):
        began = time.thread_time()
        kept: dict[int, int] = {}
        for number in range(PACE_STEPS):
            kept[number * 7 % 97] = number + kept.get(number % 97, 0) % 13
        taken.append(1000 * (time.thread_time() - began))
    return taken


def rss_mb() -> float:
    """Memory of this process now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def pin(core: int) -> None:
    """Keep this process, and all it starts, on one core; -1: on any."""
    if core >= 0:
        os.sched_setaffinity(0, {core})


def main(arguments: list[str]) -> None:
    """See above."""
    report, core, profile, _python, *command = arguments
    pin(int(core))
    witness = Witness(Path(report), profile == "1")
    signal.signal(signal.SIGUSR1, witness.begin)
    signal.signal(signal.SIGUSR2, witness.end)
    execute_from_command_line(command)


if __name__ == "__main__":
    main(sys.argv[1:])
