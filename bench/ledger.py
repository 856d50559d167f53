"""What it costs to bring a tick into the journal: ``python -m bench.ledger``.

Batches of one tick for each of so many rooms go out one behind the other, as fast as they are
answered. CPU is that of this process, its threads included, and beside it that of the server. The
result is a Markdown table.
"""

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from time import perf_counter, process_time

from redis.asyncio import Redis

from games.hosting.ledger import Append, Lease, Ledger
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.ledger.in_redis import RedisLedger
from games.hosting.ledger.in_sqlite import SqliteLedger, Synchronous
from tests import services

PAYLOAD_BYTES = 150
"""A tick of `arena` with three inputs."""
ROOMS = (1, 50, 500)
CHECKPOINT_TICKS = 100
"""Five seconds at 20 Hz; checkpoints are not in the figures, but keep the journal short."""


class Server:
    """The CPU of a Redis; of none, nothing."""

    def __init__(self, url: str = "") -> None:
        self._redis = Redis.from_url(url) if url else None

    async def cpu_s(self) -> float:
        if self._redis is None:
            return 0.0
        info = await self._redis.info("cpu")
        return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


@asynccontextmanager
async def memory() -> AsyncIterator[tuple[Ledger, Server]]:
    yield MemoryLedger(perf_counter, trim_unarchived=True), Server()


@asynccontextmanager
async def sqlite(synchronous: Synchronous) -> AsyncIterator[tuple[Ledger, Server]]:
    with tempfile.TemporaryDirectory(prefix="evertick-bench-") as folder:
        ledger = await SqliteLedger.open(
            Path(folder) / "rooms.sqlite3", synchronous=synchronous, trim_unarchived=True
        )
        yield ledger, Server()
        await ledger.close()


@asynccontextmanager
async def valkey(fsync: str) -> AsyncIterator[tuple[Ledger, Server]]:
    with services.valkey("--appendonly", "yes", "--appendfsync", fsync) as url:
        ledger = RedisLedger.connect(url, "bench", trim_unarchived=True, wait_s=30.0)
        yield ledger, Server(url)
        await ledger.close()


STORES: dict[str, Callable[[], AbstractAsyncContextManager[tuple[Ledger, Server]]]] = {
    "memory": memory,
    "SQLite, NORMAL": lambda: sqlite("NORMAL"),
    "SQLite, FULL": lambda: sqlite("FULL"),
    "Valkey, everysec": lambda: valkey("everysec"),
    "Valkey, always": lambda: valkey("always"),
}


async def measure(ledger: Ledger, server: Server, rooms: int, seconds: float) -> str:
    """One line of the table, from its third column on."""
    claims = [await ledger.acquire(f"{rooms}-{n}", "bench") for n in range(rooms)]
    leases = [lease for lease in claims if isinstance(lease, Lease)]
    payload = bytes(PAYLOAD_BYTES)
    taken: list[float] = []
    cpu = server_cpu = 0.0
    tick = 0
    while sum(taken) < seconds:
        cpu_before, server_before = process_time(), await server.cpu_s()
        for _ in range(CHECKPOINT_TICKS):
            tick += 1
            begun = perf_counter()
            verdicts = await ledger.append(
                [Append(lease.match, lease.token, tick, payload) for lease in leases]
            )
            taken.append(perf_counter() - begun)
            assert all(verdict.accepted for verdict in verdicts)
        cpu += process_time() - cpu_before
        server_cpu += await server.cpu_s() - server_before
        for lease in leases:
            await ledger.checkpoint(lease.match, lease.token, tick, b"")
    appends = len(taken) * rooms
    p99 = statistics.quantiles(taken, n=100)[98]
    return (
        f"{appends / sum(taken):,.0f} | {cpu / appends * 1e6:.1f} |"
        f" {server_cpu / appends * 1e6:.1f} |"
        f" {statistics.median(taken) * 1e3:.2f} | {p99 * 1e3:.2f} |"
    )


async def main(seconds: float, only: str) -> None:
    print(
        "| store | rooms a batch | appends a second | CPU here, µs | CPU there, µs | p50, ms"
        " | p99, ms |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, opened in STORES.items():
        if only not in name:
            continue
        async with opened() as (ledger, server):
            for rooms in ROOMS:
                print(f"| {name} | {rooms} | {await measure(ledger, server, rooms, seconds)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of appending, each line")
    parser.add_argument("--only", default="", help="stores whose name has this in it")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.seconds, arguments.only))
