"""What a tick of one room costs, part by part: CPU of the server without its sockets.

    python -m bench.tick [--seats 10] [--seconds 10] [--rounds 15] [--profile]

Ten seats of ``arena`` that send an input each in every tick, and change their mind every half
second, as the players of ``bench.run`` do. A part's time is its own, without that of the parts that
it calls. The same match is played again and again, and of each tick the best time counts, so that
other work on the machine hardly shows. The whole is measured apart, without looking inside. Counts
are the same in every run: calls of functions, in Python and in C.
"""

import argparse
import cProfile
import gc
import pstats
import random
import sys
from collections import defaultdict
from collections.abc import Callable
from time import perf_counter_ns
from types import FrameType
from typing import Any

from bench.measure import paces_ms
from games.catalog import TITLES
from games.limits import CHECKPOINT_S
from games.protocol import codec
from games.rooms import Room, Tick
from games.rooms.checkpoint import hash_of
from games.rooms.journal import Written, write_tick
from games.sim import Game

MIND_EVERY = 10
"""Ticks between two changes of mind."""
WARM_UP = 40
"""Ticks before it counts: all ships are there, and shots fly."""


class Match:
    """A room whose players send what a script says; ``tick`` does all that a worker does for one
    tick but its sockets and its store.

    Attributes:
        told: Bytes of frames to all seats together; ``kept``: bytes for the journal.
    """

    def __init__(self, game: Game[Any], seats: int, settings: dict[str, Any] | None = None) -> None:
        self._random = random.Random(5)
        self._seq = 0
        self.seats = range(seats)
        self.told = self.kept = 0
        self._controls: list[dict[str, Any]] = [{}] * seats
        names = [(seat, f"Player {seat}", False) for seat in self.seats]
        self.room = Room(game, seed=5, settings=settings or {}, seats=names)
        for seat, name, _ in names:
            self.room.connect(seat, f"session-{seat:04}", name)
        self.room.tick()
        for _ in range(WARM_UP):
            self.tick()

    def tick(self) -> None:
        """Inputs in, a tick, and everything to tell and to keep as bytes."""
        self.offer()
        tick = self.advance()
        self.encode(tick)
        self.keep(tick)

    def offer(self) -> None:
        """An input of each seat."""
        self._seq += 1
        room, seen = self.room, self.room.tick_no - 2
        for seat in self.seats:
            if (self._seq + seat) % MIND_EVERY == 0 or self._seq == 1:
                self._controls[seat] = self._some()
            room.offer(seat, self._seq, self._controls[seat].copy(), seen)

    def _some(self) -> dict[str, Any]:
        chance = self._random.random
        turn = self._random.choice((-1, 0, 1))
        return {"turn": turn, "thrust": chance() < 0.5, "fire": chance() < 0.35}

    def advance(self) -> Tick:
        """The room's part of it."""
        return self.room.tick()

    def encode(self, tick: Tick) -> None:
        """What all are told, once, and what each seat is told besides."""
        shared = b""
        if tick.shared is not None:
            shared = codec.frame(tick.shared, encoding="msgpack")
        self.told += len(shared) * len(self.seats)
        for own in tick.own.values():
            self.told += len(codec.encode(own, "msgpack"))

    def keep(self, tick: Tick) -> None:
        """The journal's entry, and a checkpoint with its hash every few seconds."""
        hashed = ""
        if tick.record.tick % (CHECKPOINT_S * self.room.game.tick_hz) == 0:
            hashed = hash_of(self.room.checkpoint())
        written = Written(1_000_000, tick.record, hashed, self.room.game.version)
        self.kept += len(write_tick(written))


class Stopwatch:
    """Times of parts that call each other, each without those it calls."""

    def __init__(self) -> None:
        self.ns: dict[str, int] = defaultdict(int)
        self._inner = [0]

    def of(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with its time noted under ``name``."""

        def timed(*args: Any, **named: Any) -> Any:
            self._inner.append(0)
            begun = perf_counter_ns()
            try:
                return call(*args, **named)
            finally:
                taken = perf_counter_ns() - begun
                self.ns[name] += taken - self._inner.pop()
                self._inner[-1] += taken

        return timed

    def hang_on(self, match: Match) -> None:
        """Time the parts of this match from now on: what is called once a tick, or to look would
        cost more than what is seen."""
        room: Any = match.room
        game, sight = room.game, room._sight
        for holder, method, name in (
            (match, "offer", "inbox: inputs come in"),
            (game, "advance", "rules: a period passes"),
            (room, "follow", "room: inputs applied and settled"),
            (game, "view", "view: made by the title"),
            (sight, "look", "view: held"),
            (room._everybody, "look", "view: compared and packed"),
            (room, "_tell_seats", "own: made, held, compared, packed"),
            (room, "_tell", "room: the rest of telling"),
            (room, "tick", "room: the rest"),
            (match, "encode", "encode: frames"),
            (match, "keep", "keep: journal, checkpoint"),
        ):
            setattr(holder, method, self.of(name, getattr(holder, method)))


class Calls:
    """Counts calls while it is entered."""

    def __init__(self) -> None:
        self.python = self.c = 0

    def __enter__(self) -> "Calls":
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            self.python += 1
        elif event == "c_call":
            self.c += 1


def whole(kind: type[Game[Any]], seats: int, ticks: int, rounds: int) -> float:
    """µs a tick, of matches that are all the same: of each tick its best time."""
    best = [1 << 60] * ticks
    for _ in range(rounds):
        match = Match(kind(), seats)
        for number in range(ticks):
            begun = perf_counter_ns()
            match.tick()
            best[number] = min(best[number], perf_counter_ns() - begun)
    return sum(best) / ticks / 1000


def parts(kind: type[Game[Any]], seats: int, ticks: int, rounds: int) -> dict[str, float]:
    """The same by part."""
    best: dict[str, list[int]] = {}
    for _ in range(rounds):
        match, watch = Match(kind(), seats), Stopwatch()
        watch.hang_on(match)
        for number in range(ticks):
            watch.ns.clear()
            match.tick()
            for name, ns in watch.ns.items():
                times = best.setdefault(name, [1 << 60] * ticks)
                times[number] = min(times[number], ns)
    return {
        name: sum(ns for ns in times if ns < 1 << 60) / ticks / 1000 for name, times in best.items()
    }


def main() -> None:
    """Print the parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--title", default="arena")
    parser.add_argument("--seats", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=10, help="of each match, at its rate")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", action="store_true", help="by function, instead")
    plan = parser.parse_args()
    kind = TITLES[plan.title]
    ticks = plan.seconds * kind.tick_hz
    if plan.profile:
        whole(kind, plan.seats, ticks, rounds=1)  # what is remembered is remembered then
        match = Match(kind(), plan.seats)
        profile = cProfile.Profile()
        with profile:
            for _ in range(ticks):
                match.tick()
        pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(40)
        return
    gc.freeze()  # as the server does
    gc.set_threshold(50_000, 20, 50)
    print("| part | µs a tick |\n|---|---:|")
    for name, us in parts(kind, plan.seats, ticks, plan.rounds).items():
        print(f"| {name} | {us:.1f} |")
    us = whole(kind, plan.seats, ticks, plan.rounds)
    print(f"| **the whole**, measured apart | **{us:.1f}** |")
    match = Match(kind(), plan.seats)
    told, kept = match.told, match.kept
    with Calls() as calls:
        for _ in range(ticks):
            match.tick()
    print(
        f"\n{plan.seats} seats: {calls.python / ticks:.0f} calls of Python and "
        f"{calls.c / ticks:.0f} of C a tick; {(match.told - told) / ticks / plan.seats:.1f} bytes "
        f"a seat and tick, {(match.kept - kept) / ticks:.0f} for the journal. "
        f"Pace {min(paces_ms(-1)):.2f} ms."
    )


if __name__ == "__main__":
    main()
