"""What was measured, as it is kept in a file: a run that was broken off goes on where it was."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import msgspec

from bench.contenders.colyseus import installed
from bench.measure import Sample

PACKAGES = (
    "Django",
    "channels",
    "channels-redis",
    "daphne",
    "autobahn",
    "uvicorn",
    "uvloop",
    "websockets",
    "msgspec",
    "numpy",
)


class Run(msgspec.Struct):
    """One contender from its start to more clients than it holds.

    Attributes:
        number: Which of its runs this is, from 0.
        empty_mb: What it holds before the first client.
        first_ms: From asking for a place to the whole state, of players that opened a room, one at
            a time, while nothing else happened; ``next_ms`` of those that came after them.
        loaded: At about 80 % of what it holds.
        steps: With more and more clients, ``loaded`` included.
    """

    contender: str
    number: int
    empty_mb: float
    first_ms: list[float]
    next_ms: list[float]
    loaded: Sample
    steps: list[Sample]

    @property
    def held(self) -> int:
        """Most clients that were served in time."""
        return max((step.load.players for step in self.steps if step.holds), default=0)

    @property
    def client_kb(self) -> float:
        """Memory for each client, their rooms included."""
        more = self.loaded.memory_mb - self.empty_mb
        return 1000 * more / max(1, self.loaded.load.players)


class Table(msgspec.Struct):
    """One of the further measurements; ``notes`` say what makes it worth less."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str] = []


class Results(msgspec.Struct):
    """All of it. ``titles`` are what contenders are called; ``missing`` says why one is not."""

    machine: dict[str, str]
    titles: dict[str, str]
    runs: list[Run] = []
    tables: dict[str, Table] = {}
    missing: dict[str, str] = {}

    def of(self, contender: str) -> list[Run]:
        return [run for run in self.runs if run.contender == contender]

    def held(self, contender: str) -> int:
        """What it holds, as far as is known: the middle of its runs; 0 where there is none."""
        held = sorted(run.held for run in self.of(contender))
        return held[len(held) // 2] if held else 0


def load(path: Path) -> Results:
    """What a file has."""
    return msgspec.json.decode(path.read_bytes(), type=Results)


def save(results: Results, path: Path) -> None:
    """Write it all, at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    half.rename(path)


def machine() -> dict[str, str]:
    """What this is measured on."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    about = {"cpu": models[0] if models else platform.processor(), "cores": str(os.cpu_count())}
    about |= {"kernel": platform.release(), "Python": platform.python_version()}
    return about | {name: version(name) for name in PACKAGES} | installed()
