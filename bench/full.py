"""What rooms of ten alone do not show; `make bench-full` runs all of it.

Each measurement is a function below that makes one table. Loads are shares of what the contenders
were found to hold, so the comparison goes first.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from bench.contenders import Cores, contenders
from bench.contenders.processes import ROOT
from bench.measure import FAILURES, Bout, Sample, bout, two_cores
from bench.results import Results, Table

SECONDS = 8.0
SEATS = 10
IDLE_S = 20.0
IDLE_SOCKETS = 10_000
SLEEPERS = 100_000


class Full:
    """The measurements; each method makes the table of its name."""

    def __init__(self, found: Results, cores: Cores) -> None:
        self._found = found
        self._cores = cores
        self._all = contenders()

    def _held(self, name: str) -> int:
        return self._found.held(name) or self._all[name].guess

    def _titled(self, name: str) -> str:
        return self._found.titles.get(name, self._all[name].title)

    def _bout(self, name: str) -> AbstractContextManager[Bout]:
        return bout(self._all[name], self._cores)

    def overload(self) -> Table:
        """One and a half times of what each holds: who gets what?"""
        rows = []
        for name in ("evertick", "evertick-daphne", "colyseus", "colyseus-tuned"):
            with suppress(*FAILURES), self._bout(name) as fight:
                fight.grow(round(1.5 * self._held(name)), SEATS)
                sample = fight.sample(SECONDS)
                load, ticks = sample.load, sample.ticks
                rows.append(
                    [
                        self._titled(name),
                        f"{load.players}",
                        _three(load.patches_min, load.patches_median, load.patches_max),
                        f"{ticks.late_ms_p50:.0f} / {ticks.late_ms_p99:.0f}",
                        f"{load.applied_ms_p50:.0f} / {load.applied_ms_p99:.0f}",
                        f"{100 * load.cpu_share:.0f} %",
                        f"{sum(load.lost.values())}",
                    ]
                )
        columns = ["", "clients", "patches/s min / median / max"]
        columns += ["ticks late p50 / p99, ms", "input to state p50 / p99, ms"]
        columns += ["players' share of their core", "lost"]
        return Table("At one and a half times its own capacity", columns, rows)

    def apart(self) -> Table:
        """The same clients beside their rooms, and on another worker; half of them on one worker,
        and on each of two."""
        half = round(0.3 * self._held("evertick-apart"))
        clients = 2 * half
        rows = []
        for name, count in (
            ("evertick-redis", clients),
            ("evertick-apart", clients),
            ("evertick-redis", half),
            ("evertick-two", clients),
        ):
            with self._bout(name) as fight:
                fight.grow(count, SEATS)
                sample = fight.sample(SECONDS)
                titled = f"{self._titled(name)}: {sample.load.players}"
                for part, cost in (sample.parts | sample.stores).items():
                    rows.append([titled, part, f"{sample.us_of(cost.cpu_s):.1f}", ""])
                rows[-1][-1] = (
                    f"{sample.load.applied_ms_p50:.0f} / {sample.load.applied_ms_p99:.0f}"
                )
        columns = ["", "process", "CPU a client and tick, µs", "input to state p50 / p99, ms"]
        title = "Players on another worker than their rooms, and several workers on one core"
        note = "At two workers players come in where their room is; each has half of the clients."
        return Table(title, columns, rows, [note])

    def crowd(self) -> Table:
        """One room of a hundred, one of a thousand."""
        rows = []
        for seats in (100, 1000):
            for name in ("evertick", "colyseus", "colyseus-tuned"):
                with suppress(*FAILURES), self._bout(name) as fight:
                    filled = fight.fill(1, seats, title=f"crowd_{seats}")
                    sample = fight.sample(SECONDS, settle_s=3.0)
                    load = sample.load
                    rows.append(
                        [
                            f"{self._titled(name)}, {filled.players:,}",
                            f"{100 * sample.share:.0f} %",
                            f"{sample.us_a_tick:.0f}",
                            f"{load.read_bytes:,.0f}",
                            _three(load.patches_min, load.patches_median, load.patches_max),
                            f"{load.applied_ms_p50:.0f}",
                            f"{100 * load.cpu_share:.0f} %",
                        ]
                    )
        columns = ["one room", "CPU", "a client and tick, µs", "bytes a client and second"]
        columns += ["patches/s min / median / max", "input to state, ms"]
        columns += ["players' share of their core"]
        notes = [
            "Worlds are as dense as those of ten. A thousand are told what is within 1,000 units:",
            "with Evertick by its sight, with Colyseus by a view for each client. Those who did",
            "not get in within 80 seconds are left out.",
            "Input to state is that of one player.",
        ]
        return Table("Crowds", columns, rows, notes)

    def api(self) -> Table:
        """Play while the REST API works."""
        rows = []
        with self._bout("evertick") as fight:
            fight.grow(round(0.5 * self._held("evertick")), SEATS)
            rows.append(_timed("play alone", fight.sample(SECONDS)))
            for rate in (20, 50):
                command = [sys.executable, "-m", "bench.api", str(fight.running.ports[0])]
                command += [str(rate), str(SECONDS + 3), str(self._cores.aside)]
                asking = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                sample = fight.sample(SECONDS)
                said = asking.communicate()[0].strip()
                rows.append(_timed(f"and {rate} requests a second ({said})", sample))
        columns = ["", "clients", "CPU of the worker", "ticks late p50 / p99 / max, ms"]
        columns += ["input to state p50 / p99, ms"]
        note = "Requests: guests who sign up, open a lobby, look at the lists, and leave."
        return Table("Play while the REST API works", columns, rows, [note])

    def rooms(self) -> Table:
        """What a room holds, and what a client holds besides."""
        rows = []
        for name in ("evertick", "colyseus-tuned"):
            with suppress(*FAILURES), self._bout(name) as fight:
                fight.fill(2, SEATS)
                fight.idle(2.0)
                empty = fight.memory_mb()
                fight.fill(40, 1)
                fight.idle(2.0)
                alone = fight.memory_mb() - empty
                fight.fill(30, SEATS)
                fight.idle(2.0)
                full = fight.memory_mb() - empty - alone
                client = (full / 30 - alone / 40) / (SEATS - 1)
                room = alone / 40 - client
                rows.append([self._titled(name), f"{1000 * client:.0f}", f"{1000 * room:.0f}"])
        columns = ["", "a client, kB", "a room, kB"]
        note = (
            "From 40 rooms of one and 30 rooms of ten; collectors of garbage make it rough, and"
            " what a room keeps grows with the ticks it remembers."
        )
        return Table("Memory", columns, rows, [note])

    def idle(self) -> Table:
        """Sockets on which nothing happens: chess, nobody moves."""
        with self._bout("evertick") as fight:
            fight.idle(1.0, silent=True)
            empty = fight.memory_mb()
            began = time.monotonic()
            filled = fight.fill(IDLE_SOCKETS // 2, 2, title="chess")
            took = time.monotonic() - began
            fight.idle(12.0, silent=True)
            held, share = fight.memory_mb(), self._share(fight)
            row = [f"{filled.players:,}", f"{1000 * (held - empty) / filled.players:.1f}"]
            row += [f"{100 * share:.0f} %", f"{filled.players / took:.0f}"]
            row += [f"{sum(filled.lost.values())}"]
        columns = ["sockets", "kB each, half a room included", "CPU", "joined a second", "lost"]
        note = "CPU is of pings, one a socket every five seconds, and their answers."
        return Table("Idle sockets on one worker: 5,000 matches of chess", columns, [row], [note])

    def sleepers(self) -> Table:
        """Open matches that nobody looks at."""
        with self._bout("evertick") as fight:
            fight.idle(1.0)
            empty = fight.memory_mb()
            nothing = self._share(fight)
            command = [sys.executable, "-m", "bench.sleepers", str(SLEEPERS)]
            subprocess.run(command, cwd=ROOT, env=os.environ | dict(fight.running.env), check=True)
            fight.idle(12.0)  # the worker looks for rooms to wake meanwhile
            held, share = fight.memory_mb(), self._share(fight)
            woken = fight.fill(20, 2, title="chess", asleep=True, alone=True)
            took = sorted(woken.first_ms)
            row = [f"{SLEEPERS:,}", f"{100 * nothing:.1f} %", f"{100 * share:.1f} %"]
            row += [f"{held - empty:.1f}"]
            row += [f"{took[len(took) // 2]:.0f} / {took[-1]:.0f}" if took else "–"]
        columns = ["matches", "CPU without them", "with them", "more memory, MB"]
        columns += ["room wakes in p50 / max, ms"]
        note = "What is left is signs of life, and looking for work."
        return Table("Sleeping matches of chess on one worker", columns, [row], [note])

    def _share(self, fight: Bout) -> float:
        """Of its core, while it has nothing to do."""
        before = fight.cpu_s()
        fight.idle(IDLE_S, silent=True)
        return (fight.cpu_s() - before) / IDLE_S


def _three(*values: float) -> str:
    return " / ".join(f"{value:.1f}" for value in values)


def _timed(what: str, sample: Sample) -> list[str]:
    ticks, load = sample.ticks, sample.load
    return [
        what,
        f"{load.players}",
        f"{100 * sample.share:.0f} %",
        _three(ticks.late_ms_p50, ticks.late_ms_p99, ticks.late_ms_max),
        f"{load.applied_ms_p50:.0f} / {load.applied_ms_p99:.0f}",
    ]


TABLES = ("overload", "crowd", "apart", "api", "rooms", "idle", "sleepers")


def run(found: Results, only: list[str] | None, save: Callable[[], None]) -> None:
    """All tables, or these; what the file has already is not measured again unless it is named."""
    full = Full(found, two_cores())
    for name in only or [name for name in TABLES if name not in found.tables]:
        print(f"{name} …", flush=True)
        try:
            found.tables[name] = getattr(full, name)()
        except FAILURES as problem:
            print(f"  left out: {problem}", flush=True)
        else:
            save()
