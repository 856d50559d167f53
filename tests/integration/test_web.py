"""Web processes: a worker's own, to which it hands what is no play, and such as have a port."""

import asyncio
import http.client
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests import services
from tests.integration.conftest import ENV
from tests.integration.test_two_workers import Talker
from tests.people import guest, match_of
from tests.services import STOP_S_MAX, Worker


def web_pids(worker: Worker) -> list[int]:
    """All web processes that this worker said are there, oldest first."""
    return [int(pid) for pid in re.findall(r"web process (\d+) answers", worker.log())]


def with_web(worker: Worker, times: int = 1) -> int:
    """The process beside the worker, once it has been started so many times."""
    services.until(lambda: len(web_pids(worker)) >= times)
    return web_pids(worker)[-1]


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def asked(line: http.client.HTTPConnection, path: str, body: bytes | None = None) -> int:
    line.request("GET" if body is None else "POST", path, body)
    answer = line.getresponse()
    answer.read()
    return answer.status


def line_to(worker: Worker) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", worker.port, timeout=STOP_S_MAX)


@pytest.fixture(scope="module")
def worker(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker with a web process beside it; nobody takes its rooms while it stands still."""
    folder = tmp_path_factory.mktemp("web")
    env = ENV | {"REDIS_URL": redis_url, "EVERTICK_PREFIX": folder.name, "WEB_PROCESSES": "1"}
    with services.running_server("uvicorn", env, folder=folder) as running:
        with_web(running)
        yield running


def test_a_connection_goes_to_who_answers_its_next_request(worker: Worker) -> None:
    line = line_to(worker)
    with standing_still(with_web(worker)):
        assert asked(line, "/healthz") == 200, "the worker answers for itself"
    assert asked(line, "/api/titles/") == 200
    own = line.sock
    with standing_still(worker.process.pid):
        for path in ("/api/titles/", "/", "/api/lobbies/?page_size=1"):
            assert asked(line, path) == 200, "nothing of it goes through the worker"
    for path in ("/healthz", "/api/titles/", "/healthz"):
        assert asked(line, path) == 200
    assert line.sock is own, "all that on one connection"


def test_requests_come_whole_in_whatever_pieces(worker: Worker) -> None:
    with socket.create_connection(("127.0.0.1", worker.port), timeout=STOP_S_MAX) as line:
        for piece in (b"PO", b"ST /api/auth/guest/ HT", b"TP/1.1\r\nHost: 127.0.0.1\r\n"):
            line.sendall(piece)
        line.sendall(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
        # Behind it, at once, the next two; the last is for the worker.
        line.sendall(b"}GET /api/titles/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: line.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"201", b"200", b"200"]


def test_a_body_that_is_too_large_is_refused_wherever_it_ends_up(worker: Worker) -> None:
    line = line_to(worker)
    assert asked(line, "/api/auth/guest/", b"x" * 300_000) in (400, 413, 415)
    assert asked(line_to(worker), "/api/titles/") == 200


async def test_play_is_at_the_worker_and_hears_what_the_web_process_was_asked(
    worker: Worker,
) -> None:
    ada, ben = await guest(worker), await guest(worker)
    match = await match_of("tally", ada, ben)
    first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
    await second.player.settle(10)
    lobby = (await ben.get("lobbies/?mine=true"))["results"][0]["id"]
    await ben.post(f"lobbies/{lobby}/leave/")
    await first.player.until(lambda room: room.view["seats"]["1"]["status"] == "gone")
    await first.player.settle(first.player.room.settled + 10)


async def test_the_lobby_socket_is_at_the_web_process(worker: Worker) -> None:
    async with connect(f"{worker.ws_url}/ws/lobby", open_timeout=STOP_S_MAX) as lobby:
        with standing_still(worker.process.pid):
            await lobby.send('{"t":"watch","lobby":null}')
            assert msgspec.json.decode(await lobby.recv())["t"] == "lobbies"


async def test_players_outlive_a_web_process_and_the_worker_stands_in_for_it(
    worker: Worker,
) -> None:
    ada = await guest(worker)
    match = await match_of("tally", ada)
    talker = Talker(await ada.play(match))
    await talker.player.settle(5)
    pids = await asyncio.to_thread(lambda: [with_web(worker), *web_pids(worker)])
    ended = "a web process ended"
    times = worker.log().count(ended)
    os.kill(pids[0], signal.SIGKILL)
    await asyncio.to_thread(services.until, lambda: worker.log().count(ended) > times)
    assert asked(line_to(worker), "/api/titles/") == 200
    await talker.player.settle(talker.player.room.settled + 5)
    assert talker.player.close_code is None
    again = await asyncio.to_thread(with_web, worker, len(pids))
    assert again != pids[0]


def test_nothing_is_left_of_a_worker_that_is_killed(redis_url: str, tmp_path: Path) -> None:
    env = ENV | {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name, "WEB_PROCESSES": "1"}
    with services.running_server("uvicorn", env, folder=tmp_path) as worker:
        pid = with_web(worker)
        worker.process.kill()
        services.until(lambda: not is_alive(pid))


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_web_process_with_a_port_of_its_own_has_no_room(
    redis_url: str, tmp_path: Path
) -> None:
    env = ENV | {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name}
    with ExitStack() as stack:
        web, worker = (
            stack.enter_context(
                services.running_server(server, env | {"ROLE": role}, folder=tmp_path)
            )
            for server, role in (("daphne", "web"), ("uvicorn", "all"))
        )
        ada, ben = await guest(web), await guest(web)
        match = await match_of("tally", ada, ben)
        with pytest.raises(InvalidStatus):
            await connect(f"{web.ws_url}/ws/room/{match}", origin=web.url)  # type: ignore[arg-type]
        first = Talker(await ada.play(match, worker=worker))
        await first.player.settle(5)
        lobby = (await ben.get("lobbies/?mine=true"))["results"][0]["id"]
        await ben.post(f"lobbies/{lobby}/leave/")
        await first.player.until(lambda room: room.view["seats"]["1"]["status"] == "gone")
        worker.process.kill()
        await first.player.closed()
        await asyncio.to_thread(services.until, lambda: "is silent" in web.log())
        assert "goes on here" not in web.log()
