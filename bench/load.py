"""The players: one process that makes matches, opens sockets, plays, and counts what comes back.

``python -m bench.load <plan as JSON>``, in the environment of the worker it plays at; prints a
``Load`` as JSON. It makes matches by the same services as the lobby does, in the worker's database,
and says to the worker when counting begins and ends.
"""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import django
import msgspec
import uvloop

from bench.server import Report, pin, waited_s
from bench.wire import Player
from games.protocol.codec import Encoding

SLOTS = 25
"""A period is cut into this many; each has its share of the players, who send at its start."""
JOINING_MAX = 24
"""Sockets that are being opened at once."""
JOIN_S_MAX = 60.0
REPORT_S_MAX = 20.0
"""Seconds for all to be in their seats, and for the worker to report."""
LENGTH_S = 600
"""Of each match: the longest that arena has, and longer than any run here."""


class Plan(msgspec.Struct, frozen=True):
    """What to do.

    Attributes:
        pid: Of the worker; ``report`` is where it reports.
        core: To stay on; -1: any.
    """

    host: str
    port: int
    pid: int
    report: str
    core: int
    title: str
    rooms: int
    players: int
    hz: int
    warmup_s: float
    seconds: float
    encoding: Encoding


class Load(msgspec.Struct):
    """What came of it; rates are for each second.

    Attributes:
        bytes_per_client: Payload of the server's frames.
        patches_min: State messages of the client that got fewest; ``patches_median`` of the middle.
        gap_ms_p50: Time between two state messages, over all clients.
        inputs_min: Inputs of the client that sent fewest.
        asked_again: Inputs that the worker had no place for, all clients.
        cpu_share: Of one core, used by this process; beyond 0.8 it measures itself.
        late_ms_p99: How late this process was to send.
        lost: Clients whose socket closed, by reason.
        server: What the worker says.
    """

    clients: int
    seconds: float
    frames_per_client: float
    bytes_per_client: float
    patches_min: float
    patches_median: float
    gap_ms_p50: float
    gap_ms_p99: float
    gap_ms_max: float
    inputs_min: float
    asked_again: int
    cpu_share: float
    waited_share: float
    late_ms_p99: float
    late_ms_max: float
    lost: dict[str, int]
    server: Report


def quantile(ordered: list[float], share: float) -> float:
    """The value that this share of all does not exceed; 0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


# --- matches ------------------------------------------------------------------------------------


def make_seats(plan: Plan) -> list[tuple[str, int, int]]:
    """Matches with people in them: match, seat and user of each player to come."""
    from django.contrib.auth import get_user_model
    from django.db import transaction

    from games import services

    users = get_user_model().objects
    stamp = f"{os.getpid()}-{time.time_ns()}"
    made = users.bulk_create(
        users.model(username=f"bench-{stamp}-{number}", name=f"Player {number}", guest=True)
        for number in range(plan.rooms * plan.players)
    )
    seats = []
    with transaction.atomic():
        for first in range(0, len(made), plan.players):
            people = made[first : first + plan.players]
            match = services.match_start(
                title=plan.title,
                settings={"length_s": LENGTH_S},
                players=[services.Player(user.pk, user.name) for user in people],
            )
            seats += [(str(match.id), seat, user.pk) for seat, user in enumerate(people)]
    return seats


# --- play ---------------------------------------------------------------------------------------


async def join_all(plan: Plan, seats: list[tuple[str, int, int]]) -> list[Player]:
    """All players in their seats."""
    gate = asyncio.Semaphore(JOINING_MAX)

    async def join(number: int, match: str, seat: int, user: int) -> Player:
        async with gate:
            return await open_player(plan, number, match, seat, user)

    async with asyncio.timeout(JOIN_S_MAX):
        return await asyncio.gather(*(join(number, *seat) for number, seat in enumerate(seats)))


async def open_player(plan: Plan, number: int, match: str, seat: int, user: int) -> Player:
    """One player in their seat."""
    from games.tickets import ticket_issue

    ticket = ticket_issue(match=match, seat=seat, user=user, name=f"Player {number}")
    host = f"{plan.host}:{plan.port}"
    _, player = await asyncio.get_running_loop().create_connection(
        lambda: Player(f"/ws/room/{match}", host, ticket, plan.encoding, number),
        plan.host,
        plan.port,
    )
    await player.joined
    return player


class Hands:
    """Sends the inputs of all players, evenly over each period."""

    def __init__(self, players: list[Player], hz: int) -> None:
        self._slots = [players[slot::SLOTS] for slot in range(SLOTS)]
        self._slot_s = 1 / hz / SLOTS
        self.late_ms: list[float] = []

    async def run(self) -> None:
        """Until cancelled; who is late makes up for it."""
        start, number = perf_counter(), 0
        while True:
            number += 1
            due = start + number * self._slot_s
            if (wait := due - perf_counter()) > 0:
                await asyncio.sleep(wait)
            elif number % SLOTS == 0:
                await asyncio.sleep(0)  # what arrives has its turn, however late we are
            self.late_ms.append(1000 * (perf_counter() - due))
            for player in self._slots[number % SLOTS]:
                if not player.closed:
                    player.send_input()


async def play(plan: Plan, seats: list[tuple[str, int, int]]) -> Load:
    """Join, warm up, count, and say what was counted."""
    players = await join_all(plan, seats)
    gc.collect()
    gc.freeze()
    gc.disable()
    hands = Hands(players, plan.hz)
    sending = asyncio.create_task(hands.run())
    await asyncio.sleep(plan.warmup_s)

    os.kill(plan.pid, signal.SIGUSR1)
    for player in players:
        player.reset()
    hands.late_ms.clear()
    began, cpu, waited = perf_counter(), time.process_time(), waited_s()
    await asyncio.sleep(plan.seconds)
    os.kill(plan.pid, signal.SIGUSR2)
    seconds = perf_counter() - began
    cpu_share = (time.process_time() - cpu) / seconds
    waited_share = (waited_s() - waited) / seconds
    counted = [
        (player.arrivals, player.sent, player.frames, player.payload_bytes, player.asked_again)
        for player in players
    ]
    late = sorted(hands.late_ms)

    report = await asyncio.to_thread(read_report, Path(plan.report))
    sending.cancel()
    lost: dict[str, int] = {}
    for player in players:
        if player.closed:
            lost[player.closed] = lost.get(player.closed, 0) + 1
        player.close()
    return sum_up(counted, late, seconds, lost, report, cpu_share, waited_share)


def read_report(path: Path) -> Report:
    """What the worker wrote, as soon as it did."""
    end = perf_counter() + REPORT_S_MAX
    while not path.exists():
        if perf_counter() > end:
            raise TimeoutError("the worker does not report")
        time.sleep(0.01)
    return msgspec.json.decode(path.read_bytes(), type=Report)


def sum_up(
    counted: list[tuple[Any, int, int, int, int]],
    late: list[float],
    seconds: float,
    lost: dict[str, int],
    report: Report,
    cpu_share: float,
    waited_share: float,
) -> Load:
    """All players' counts in one."""
    clients = len(counted)
    patches = sorted(len(arrivals) / seconds for arrivals, *_ in counted)
    gaps = sorted(gap for arrivals, *_ in counted for gap in gaps_ms(arrivals))
    return Load(
        clients=clients,
        seconds=seconds,
        frames_per_client=sum(frames for _, _, frames, _, _ in counted) / clients / seconds,
        bytes_per_client=sum(size for _, _, _, size, _ in counted) / clients / seconds,
        patches_min=patches[0],
        patches_median=quantile(patches, 0.5),
        gap_ms_p50=quantile(gaps, 0.5),
        gap_ms_p99=quantile(gaps, 0.99),
        gap_ms_max=quantile(gaps, 1.0),
        inputs_min=min(sent for _, sent, *_ in counted) / seconds,
        asked_again=sum(again for *_, again in counted),
        cpu_share=cpu_share,
        waited_share=waited_share,
        late_ms_p99=quantile(late, 0.99),
        late_ms_max=quantile(late, 1.0),
        lost=lost,
        server=report,
    )


def gaps_ms(arrivals: Any) -> Iterator[float]:
    """Times between one state message and the next."""
    return (1000 * (after - before) for before, after in pairwise(arrivals))


def main(argument: str) -> None:
    """See above."""
    plan = msgspec.json.decode(argument, type=Plan)
    pin(plan.core)
    django.setup()
    seats = make_seats(plan)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        load = runner.run(play(plan, seats))
    sys.stdout.write(msgspec.json.encode(load).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
