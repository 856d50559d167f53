"""What is compared: how each contender is started, and how its players speak.

A contender is a class with ``name``, ``title``, ``running`` (in the process that measures) and
``tables`` (in the process that plays). Everything else is the same for all.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from bench.wire import Counts, Player

HOST = "127.0.0.1"
HZ = 20
"""Ticks and inputs a second, everywhere."""


class Missing(Exception):
    """Something that this contender needs is not there; the text says what."""


class Cores(NamedTuple):
    """Where things run; -1: anywhere. Stores stand ``aside``, with the players."""

    server: int
    aside: int


class Shape(NamedTuple):
    """Rooms to be made: ``seats`` in each; ``asleep``: matches that were played before, and sleep.

    For all but Evertick any title is arena, in a world that is larger for more seats.
    """

    seats: int
    title: str = "arena"
    asleep: bool = False


@dataclass
class Running:
    """A contender that runs.

    Attributes:
        ports: Where players connect; with several, rooms go to them in turn.
        parts: Its processes by what they do; what they cost is the contender's.
        stores: Its stores, on the other core.
        reports: Where each process that ticks writes what its ticks were like, by process.
        env: What the players' process needs to know.
    """

    ports: list[int]
    parts: dict[str, int]
    stores: dict[str, int] = field(default_factory=dict)
    reports: dict[int, Path] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


class Tables(Protocol):
    """Where players find their rooms; lives in the process that plays."""

    def rooms(self, count: int, shape: Shape, counts: Counts) -> Iterator[Sequence[Player]]:
        """The players of new rooms. The first one opens its room, the others come after it."""


class Contender(Protocol):
    """One of those that are compared.

    Attributes:
        name: On the command line; ``title`` in tables.
        guess: Clients that it is thought to hold where the pace is 1 ms.
    """

    name: str
    title: str
    guess: int

    def running(self, cores: Cores) -> AbstractContextManager[Running]:
        """Start it.

        Raises:
            Missing: it cannot be had here.
        """

    def tables(self, ports: Sequence[int]) -> Tables:
        """How its players come to their rooms."""


def pin(core: int, pid: int = 0) -> None:
    """Keep a process, and all it will start, on one core; -1: on any."""
    if core >= 0:
        os.sched_setaffinity(pid, {core})


def contenders() -> dict[str, Contender]:
    """All of them, by name, in the order of the tables."""
    from bench.contenders.colyseus import Colyseus
    from bench.contenders.evertick import Evertick
    from bench.contenders.tutorial import Tutorial

    everyone: list[Contender] = [
        Evertick("evertick", "Evertick, uvicorn"),
        Evertick("evertick-redis", "Evertick, uvicorn, Redis journal", redis=True),
        Evertick(
            "evertick-apart",
            "Evertick, players on another worker",
            redis=True,
            roles=("host", "gateway"),
        ),
        Evertick("evertick-two", "Evertick, two workers", redis=True, roles=("all", "all")),
        Evertick("evertick-daphne", "Evertick, Daphne", server="daphne", guess=300),
        Colyseus("colyseus", "Colyseus", mode="stock", guess=950),
        Colyseus("colyseus-tuned", "Colyseus, timers tuned", mode="tuned", guess=1250),
        Tutorial(),
    ]
    return {contender.name: contender for contender in everyone}
