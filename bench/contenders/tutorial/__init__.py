"""What one gets from Channels' tutorials: see ``app.py``."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from bench.contenders import HOST, Cores, Running, Shape, pin
from bench.contenders.processes import started
from bench.wire import CONTROLS, TEXT, Counts, Player, masked

_INPUTS = [
    f'{{"turn":{turn},"thrust":{"true" if thrust else "false"},'
    f'"fire":{"true" if fire else "false"},"seq":'
    for turn, thrust, fire in CONTROLS
]
_STATE = b'{"type": "state"'
SEQS_FROM = 100_000_000
"""Numbers of inputs begin here, each player's elsewhere, so that they are found in the text."""


class TutorialPlayer(Player):
    """Speaks JSON."""

    opcode = TEXT
    read_max = 65_536

    def __init__(self, address: tuple[str, int], number: int, counts: Counts, room: str) -> None:
        super().__init__(address, number, counts)
        self._room = room
        self._base = SEQS_FROM + number * 100_000

    def path(self) -> str:
        return f"/ws/{self._room}"

    def input(self) -> bytes:
        return masked(f"{_INPUTS[self.held]}{self._base + self.seq}}}".encode(), TEXT)

    def frame(self, data: bytes, start: int, now: float) -> None:
        if not data.startswith(_STATE, start):
            return
        self.joined = True
        self.patched(now)
        if self.probe and data.find(b'"ack": %d}' % (self._base + self.probe)) > 0:
            self.shown(now)
        elif self.probe and self.seq - self.probe > 40:
            self.probe = 0


class TutorialTables:
    """A room is a name."""

    def __init__(self, port: int) -> None:
        self._address = (HOST, port)
        self._rooms, self._players = count(), count()

    def rooms(self, count: int, shape: Shape, counts: Counts) -> Iterator[Sequence[Player]]:
        for _ in range(count):
            room = f"room{next(self._rooms)}"
            yield [
                TutorialPlayer(self._address, next(self._players), counts, room)
                for _ in range(shape.seats)
            ]


class Tutorial:
    """Channels' stock consumer on uvicorn, with channels-redis."""

    name = "tutorial"
    title = "Channels as in tutorials"
    guess = 110

    @contextmanager
    def running(self, cores: Cores) -> Iterator[Running]:
        from tests import services

        with ExitStack() as stack:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="tutorial-bench-"))
            )
            store = stack.enter_context(services.running_valkey())
            pin(cores.aside, store.process.pid)
            report, port = folder / "report.json", services.free_port()
            command = [sys.executable, "-m", "bench.contenders.tutorial.app"]
            command += [str(port), store.url, str(report)]
            process = stack.enter_context(started(command, port, cores.server, folder / "log"))
            yield Running(
                ports=[port],
                parts={"server": process.pid},
                stores={"Redis": store.process.pid},
                reports={process.pid: report},
            )

    def tables(self, ports: Sequence[int]) -> TutorialTables:
        return TutorialTables(ports[0])
