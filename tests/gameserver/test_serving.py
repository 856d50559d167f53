"""`manage.py serve` as an operator meets it: real processes, on both servers."""

import importlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosedError
from websockets.frames import CloseCode
from websockets.sync.client import connect

from games.limits import HAND_OVER_S, LAST_WORDS_S, MOVE_SPREAD_S, MOVE_WAIT_S, TAKEN_S
from gameserver.serving import (
    SOCKET_BYTES_MAX,
    CannotServe,
    ServerName,
    check_web,
    spare_texts,
)
from tests.services import (
    ROOT,
    START_S_MAX,
    STOP_S_MAX,
    Worker,
    free_port,
    manage,
    migrate,
    running_server,
    worker_env,
)

SERVERS = ["daphne", "uvicorn"]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A var folder whose database is ready."""
    folder = tmp_path_factory.mktemp("var")
    migrate(worker_env(folder))
    return folder


@pytest.fixture(scope="module", params=SERVERS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Worker]]:
    """A worker that somebody else has started, and its server."""
    with running_server(request.param, folder=tmp_path_factory.mktemp("running")) as worker:
        yield request.param, worker


def refused(env: dict[str, str], *arguments: str) -> str:
    """What a worker says that does not start: one line, and exit code 1."""
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(free_port()), *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=START_S_MAX,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_worker_says_where_it_is_answers_and_ends_cleanly_when_told_to(
    server: str, number: signal.Signals, migrated: Path
):
    with running_server(server, folder=migrated) as worker:
        assert httpx.get(f"{worker.url}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{worker.url}/").status_code == 200
        (line,) = worker.log().splitlines()
        assert line.startswith(f"Evertick at {worker.url} ({server}, sqlite, one worker)")
        worker.process.send_signal(number)
        assert worker.process.wait(STOP_S_MAX) == 0, worker.log()
        assert "Traceback" not in worker.log()


def test_all_that_a_worker_waits_for_at_its_end_is_less_than_five_seconds():
    """On any machine: what it does besides takes none of its time where it has one to itself."""
    waits = (HAND_OVER_S, TAKEN_S, LAST_WORDS_S)
    assert sum(waits) < 5
    assert MOVE_SPREAD_S + MOVE_WAIT_S + TAKEN_S + LAST_WORDS_S < 5


def test_oversized_message_closes_its_socket_with_the_reason(running: tuple[str, Worker]):
    _, worker = running
    with connect(f"{worker.ws_url}/ws/room/{uuid4()}") as socket:
        socket.send(b"x" * (SOCKET_BYTES_MAX + 1))
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv(timeout=60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == CloseCode.MESSAGE_TOO_BIG


def test_taken_port_is_said(running: tuple[str, Worker], migrated: Path):
    server, worker = running
    line = refused(worker_env(migrated), "--server", server, "--port", str(worker.port))
    assert f"port {worker.port} of 127.0.0.1 is taken" in line


def test_second_worker_with_the_same_folder_is_told_what_to_do(running: tuple[str, Worker]):
    server, worker = running
    line = refused(worker_env(worker.folder), "--server", server)
    assert "another server uses the same var folder" in line


def test_daphne_makes_no_texts_for_a_log_that_nobody_reads(monkeypatch: pytest.MonkeyPatch):
    """Fails where autobahn has other names for what makes them."""
    makers = [
        (importlib.import_module(module), name)
        for module in ("autobahn.twisted.websocket", "autobahn.websocket.protocol")
        for name in ("hltype", "hlval")
    ]
    for module, name in makers:
        assert getattr(module, name)("text") != "text"
        monkeypatch.setattr(module, name, getattr(module, name))  # is put back at the end
    spare_texts()
    for module, name in makers:
        assert getattr(module, name)("text") == "text"


def test_missing_migrations_are_counted(migrated: Path, tmp_path: Path):
    assert "migrations are not applied; run `manage.py migrate`" in refused(worker_env(tmp_path))
    (tmp_path / "evertick.sqlite3").write_bytes((migrated / "evertick.sqlite3").read_bytes())
    manage("migrate", "knox", "zero", env=worker_env(tmp_path))
    assert "not applied" in refused(worker_env(tmp_path))


@pytest.mark.parametrize("server", SERVERS)
def test_redis_that_does_not_answer_is_said_without_its_password(server: str, migrated: Path):
    port = free_port()
    env = worker_env(migrated, {"REDIS_URL": f"redis://user:hidden@127.0.0.1:{port}/0"})
    line = refused(env, "--server", server)
    assert f"no Redis at redis://…@127.0.0.1:{port}/0" in line
    assert "unset REDIS_URL" in line
    assert "hidden" not in line


@pytest.mark.parametrize(
    ("server", "number", "chosen", "why"),
    [
        ("uvicorn", 1, {"REDIS_URL": ""}, "they reach rooms by Redis; set REDIS_URL"),
        ("daphne", 1, {}, "needs --server uvicorn, on Linux"),
        ("uvicorn", -1, {}, "it is a number of processes"),
        ("uvicorn", 1, {"WEB_NICE": -1}, "it can be 0 to 19"),
    ],
)
def test_web_processes_say_what_they_need(
    monkeypatch: pytest.MonkeyPatch,
    server: ServerName,
    number: int,
    chosen: dict[str, object],
    why: str,
):
    kept = settings.EVERTICK | {"REDIS_URL": "redis://127.0.0.1", "ROLE": "all"} | chosen
    monkeypatch.setattr(settings, "EVERTICK", kept)
    check_web(server, 0)
    with pytest.raises(CannotServe, match=why):
        check_web(server, number)


def test_database_that_does_not_answer_is_said_without_its_password(tmp_path: Path):
    port = free_port()
    env = worker_env(
        tmp_path, {"DATABASE_URL": f"postgres://user:hidden@127.0.0.1:{port}/evertick"}
    )
    line = refused(env)
    assert f"no database at 127.0.0.1:{port}/evertick" in line
    assert "hidden" not in line


@pytest.mark.parametrize("server", SERVERS)
def test_worker_joins_others_by_redis_and_postgresql(
    server: str, redis_url: str, postgres_url: str
):
    env = {"REDIS_URL": redis_url, "DATABASE_URL": postgres_url}
    with running_server(server, env=env) as worker:
        assert httpx.get(f"{worker.url}/").status_code == 200
        assert f"({server}, postgresql, workers joined by Redis)" in worker.log()


def test_first_run_makes_an_admin_once(migrated: Path):
    env = worker_env(migrated)
    said = manage("firstrun", env=env).stdout
    password = said.split("password")[1].split()[0]
    assert "/admin/" in said
    assert manage("firstrun", env=env).stdout == ""
    check = (
        "from django.contrib.auth import authenticate; "
        f"print(authenticate(username='admin', password={password!r}).is_superuser)"
    )
    assert manage("shell", "-c", check, env=env).stdout.strip().endswith("True")


def test_deployment_check_has_nothing_to_say(tmp_path: Path):
    env = worker_env(tmp_path, {"SECURE": "1"})
    manage("check", "--deploy", "--fail-level", "WARNING", env=env)


def test_secure_worker_sends_browsers_to_https_but_answers_healthz(migrated: Path):
    with running_server(env={"SECURE": "1"}, folder=migrated) as worker:
        answer = httpx.get(f"{worker.url}/")
        assert answer.status_code == 301
        assert answer.headers["Location"].startswith("https://")
        assert httpx.get(f"{worker.url}/healthz").status_code == 200
