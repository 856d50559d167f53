"""`manage.py serve`, unchanged, in a process that can say what its ticks were like.

``python -m bench.server <report> <core> <profile> python manage.py serve …``: on SIGHUP it writes
what it counted since the last one to ``report`` as JSON, and begins anew. ``core`` -1: any;
``profile`` 1: stacks are sampled from the first to the second SIGHUP, and written beside it.
"""

import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
from django.core.management import execute_from_command_line

from bench.contenders import pin
from bench.hotspots import Sampler
from games import limits

VIEWERS_MAX = 2_000
"""Of a room, here: the product's own limit stands in the way of a thousand players."""


class Witness:
    """Counts what the ticks of this process are like."""

    def __init__(self, path: Path, profile: bool) -> None:
        self._path = path
        self._sampler = Sampler() if profile else None
        self._sampling = False

    def report(self, *_: Any) -> None:
        """Write what was counted, all at once, and count from zero."""
        from games.hosting.meter import Meter
        from gameserver import asgi

        if self._sampler and self._sampling:
            self._sampler.stop(self._path.with_suffix(".stacks"))
        elif self._sampler:
            self._sampler.start()
        self._sampling = not self._sampling
        meter, asgi.worker.meter = asgi.worker.meter, Meter()
        said = {"ticks": meter.ticks, "dropped": meter.dropped, "late_ms_max": meter.late_ms_max}
        said |= {"late_ms_p50": meter.late_ms(0.5), "late_ms_p99": meter.late_ms(0.99)}
        half = self._path.with_suffix(".half")
        half.write_bytes(msgspec.json.encode(said))
        half.rename(self._path)


def main(arguments: list[str]) -> None:
    """See above."""
    report, core, profile, _python, *command = arguments
    pin(int(core))
    limits.VIEWERS_PER_ROOM_MAX = VIEWERS_MAX
    witness = Witness(Path(report), profile == "1")
    signal.signal(signal.SIGHUP, witness.report)
    execute_from_command_line(command)


if __name__ == "__main__":
    main(sys.argv[1:])
