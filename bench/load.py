"""The players: one process that fills rooms, plays in all of them, and counts what comes back.

``python -m bench.load <contender> <ports> <core>``. It reads orders from its standard input, a
line of JSON each, and answers each on its standard output; between them it plays on.
"""

import gc
import os
import resource
import select
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from time import perf_counter

import msgspec

from bench.contenders import HZ, Shape, Tables, contenders, pin
from bench.wire import Counts, Player

SLOTS = 25
"""A period is cut into this many; each has its share of the players, who send at its start."""
TIMED_MAX = 50
"""Players whose inputs are timed into the state: one of each room, over all slots."""
JOINING_MAX = 16
"""Players that are on their way to their seats at once."""
JOIN_S_MAX = 60.0
REST_S = 0.001
"""Seconds between two looks at the sockets: what comes meanwhile is read at once, which spares this
process half of its wakings, and is timed that much late at most."""
BATCH = 256
"""Sockets that are read before it is time to send again."""


class Fill(msgspec.Struct, tag="fill"):
    """More rooms, full of players; one at a time where ``alone``, to see what each takes. For the
    rest see ``Shape``."""

    rooms: int
    seats: int = 10
    title: str = "arena"
    asleep: bool = False
    alone: bool = False


class Count(msgspec.Struct, tag="count"):
    """Play on for so long, and say what came back."""

    seconds: float


class Idle(msgspec.Struct, tag="idle"):
    """Play on for so long, or do not even send where ``silent``."""

    seconds: float
    silent: bool = False


Order = Fill | Count | Idle


class Filled(msgspec.Struct):
    """What it took to fill rooms.

    Attributes:
        first_ms: From asking for a place to the whole state, of each player that opened a room.
        next_ms: Of all others.
        lost: Players that did not come in, by reason.
    """

    players: int
    first_ms: list[float]
    next_ms: list[float]
    lost: dict[str, int]


class Load(msgspec.Struct):
    """What players saw; rates are for each second.

    Attributes:
        read_bytes: WebSocket frames from the server, their headers included, each player.
        patches_min: State messages of the player that got fewest.
        gap_ms_p50: Time between two state messages, over all players.
        applied_ms_p50: From sending an input to the first state that shows it.
        inputs_min: Inputs of the player that sent fewest.
        asked_again: Inputs that the server had no place for, all players.
        cpu_share: Of one core, used by this process; beyond 0.8 it measures itself.
        waited_share: Of the time in which it was ready to run and something else had its core.
        late_ms_p99: How late this process was to send.
        lost: Players whose socket closed, by reason.
    """

    players: int
    seconds: float
    read_bytes: float
    patches_min: float
    patches_median: float
    patches_max: float
    gap_ms_p50: float
    gap_ms_p99: float
    gap_ms_max: float
    applied: int
    applied_ms_p50: float
    applied_ms_p99: float
    inputs_min: float
    asked_again: int
    cpu_share: float
    waited_share: float
    late_ms_p99: float
    late_ms_max: float
    lost: dict[str, int]


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed; 0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def waited_s() -> float:
    """Seconds in which this process was ready to run and did not, as Linux counts them."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Crowd:
    """All players, and the loop that plays them.

    Each sends at a moment of the period that stays its own, evenly over all of it.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.counts = Counts()
        self.players: list[Player] = []
        self._slots: list[list[Player]] = [[] for _ in range(SLOTS)]
        self._slot_s = 1 / HZ / SLOTS
        self._slot = 0
        self._due = perf_counter()
        self._late = array("d")
        self._timed = 0
        self._silent = False
        self._poll = select.epoll()
        self._called: dict[int, Callable[[], None]] = {}

    def watch(self, file: int, call: Callable[[], None]) -> None:
        """Call whenever there is something to read."""
        self._called[file] = call
        self._poll.register(file, select.EPOLLIN)

    def play(self, until: float) -> None:
        """Read and send until then."""
        while perf_counter() < until:
            self.turn()

    def turn(self) -> None:
        """Rest if there is time, read what came, and send what is due."""
        if perf_counter() < self._due:
            time.sleep(REST_S)
        called = self._called
        for file, _ in self._poll.poll(0, BATCH):
            called[file]()
        now = perf_counter()
        while now >= self._due:
            self._late.append(now - self._due)
            self._due += self._slot_s
            self._slot = (self._slot + 1) % SLOTS
            if not self._silent:
                for player in self._slots[self._slot]:
                    if not player.closed:
                        player.send_input(now)
                now = perf_counter()
            if now - self._due > self._slot_s:
                break  # what arrives has its turn, however late we are

    # --- orders ----------------------------------------------------------------------------------

    def fill(self, order: Fill) -> Filled:
        """See ``Fill``; they play as soon as they are in."""
        tables = self._tables.rooms(
            order.rooms, Shape(order.seats, order.title, order.asleep), self.counts
        )
        filled = Filled(0, [], [], {})
        rooms = [list(room) for room in tables]
        end = perf_counter() + JOIN_S_MAX + 0.02 * order.rooms * order.seats
        at_once = 1 if order.alone else JOINING_MAX
        firsts = [room[0] for room in rooms]
        self._seat(firsts, at_once, end, filled.first_ms, filled)
        others = list(chain.from_iterable(room[1:] for room in rooms))
        self._seat(others, at_once, end, filled.next_ms, filled)
        for player in firsts[: max(0, TIMED_MAX - self._timed)]:
            player.timed = True
            self._timed += 1
        return filled

    def _seat(
        self, waiting: list[Player], at_once: int, end: float, took_ms: list[float], filled: Filled
    ) -> None:
        """Bring players to their seats, so many at once."""
        coming: dict[Player, float] = {}
        queue = iter(waiting)
        left = True
        while left or coming:
            while left and len(coming) < at_once:
                player = next(queue, None)
                if player is None:
                    left = False
                    break
                coming[player] = perf_counter()
                player.dial(self.watch)
            self.turn()
            now = perf_counter()
            for player, since in list(coming.items()):
                if player.joined:
                    took_ms.append(1000 * (now - since))
                    self.players.append(player)
                    self._slots[len(self.players) % SLOTS].append(player)
                    filled.players += 1
                elif player.closed or now > end:
                    why = player.closed or "did not come in"
                    filled.lost[why] = filled.lost.get(why, 0) + 1
                    player.fail(why)
                else:
                    continue
                del coming[player]

    def count(self, order: Count) -> Load:
        """See ``Count``."""
        for player in self.players:
            player.reset()
        self.counts.reset()
        self._late = array("d")
        began, cpu, waited = perf_counter(), time.process_time(), waited_s()
        self.play(began + order.seconds)
        seconds = perf_counter() - began
        used, stood = time.process_time() - cpu, waited_s() - waited
        return self._summed(seconds, used / seconds, stood / seconds)

    def _summed(self, seconds: float, cpu_share: float, waited_share: float) -> Load:
        players = self.players
        patches = sorted(player.patches / seconds for player in players)
        gaps, applied = sorted(self.counts.gaps), sorted(self.counts.applied)
        late = sorted(self._late)
        lost: dict[str, int] = {}
        for player in players:
            if player.closed:
                lost[player.closed] = lost.get(player.closed, 0) + 1
        return Load(
            players=len(players),
            seconds=seconds,
            read_bytes=sum(player.read for player in players) / max(1, len(players)) / seconds,
            patches_min=quantile(patches, 0),
            patches_median=quantile(patches, 0.5),
            patches_max=quantile(patches, 1),
            gap_ms_p50=1000 * quantile(gaps, 0.5),
            gap_ms_p99=1000 * quantile(gaps, 0.99),
            gap_ms_max=1000 * quantile(gaps, 1),
            applied=len(applied),
            applied_ms_p50=1000 * quantile(applied, 0.5),
            applied_ms_p99=1000 * quantile(applied, 0.99),
            inputs_min=min((player.sent for player in players), default=0) / seconds,
            asked_again=self.counts.asked_again,
            cpu_share=cpu_share,
            waited_share=waited_share,
            late_ms_p99=1000 * quantile(late, 0.99),
            late_ms_max=1000 * quantile(late, 1),
            lost=lost,
        )

    def idle(self, order: Idle) -> None:
        """See ``Idle``."""
        self._silent = order.silent
        self.play(perf_counter() + order.seconds)


def orders(crowd: Crowd) -> Iterator[Order]:
    """One after another, as they come; the crowd plays meanwhile. Ends with the input."""
    lines: list[bytes] = []
    rest = b""
    ended = False

    def read() -> None:
        nonlocal rest, ended
        data = os.read(0, 65_536)
        ended = not data
        *whole, rest = (rest + data).split(b"\n")
        lines.extend(whole)

    crowd.watch(0, read)
    while not ended:
        crowd.play(perf_counter() + 0.02)
        while lines:
            yield msgspec.json.decode(lines.pop(0), type=Order)


def main(name: str, ports: str, core: str) -> None:
    """See above."""
    pin(int(core))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    crowd = Crowd(contenders()[name].tables([int(port) for port in ports.split(",")]))
    gc.collect()
    gc.freeze()
    gc.disable()
    for order in orders(crowd):
        answer = getattr(crowd, type(order).__name__.lower())(order)
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
