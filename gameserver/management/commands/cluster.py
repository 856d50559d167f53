"""`manage.py cluster`: several workers and all that they need, on this machine."""

import fcntl
import os
import shutil
from argparse import ArgumentParser
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from gameserver import serving
from gameserver.cluster import parts
from gameserver.cluster.supervisor import CannotStart, Interrupted, Part, Supervisor

NO_NGINX = """\
There is no nginx here, so each worker has an address of its own; a browser stays at one, and meets
players of all. With nginx there is one address, and a page goes on at once through another worker:
apt install nginx-light (Debian, Ubuntu), brew install nginx (macOS)."""


class Command(BaseCommand):
    help = (
        "Serves Evertick with several workers, a web process, Redis or Valkey, PostgreSQL and"
        " nginx, until Ctrl-C or SIGTERM. Data and logs are in var/cluster."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS") or 3))
        parser.add_argument(
            "--web",
            type=int,
            default=int(os.environ.get("WEB") or 1),
            help="processes that answer pages and REST, behind nginx; workers do without it",
        )
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument(
            "--server",
            choices=["daphne", "uvicorn"],
            default=os.environ.get("SERVER") or "uvicorn",
        )
        parser.add_argument(
            "--no-nginx",
            action="store_true",
            help="let workers answer at consecutive ports, even where there is an nginx",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.VAR_DIR / "cluster"
        folder.mkdir(parents=True, exist_ok=True)
        supervisor = Supervisor(self.say)
        supervisor.listen()
        with ExitStack() as stack:
            try:
                self.run(Cluster(folder, options, stack), supervisor)
            except CannotStart as error:
                raise SystemExit(f"Cannot start the cluster: {error}") from None
            except Interrupted:
                self.say("\nEnding: players are told, and matches kept for the next start …")
            finally:
                supervisor.stop()
        self.say("All ended.")

    def run(self, cluster: "Cluster", supervisor: Supervisor) -> None:
        """Starts everything, says what there is, and keeps it going.

        Raises:
            CannotStart: something is missing, or failed.
            Interrupted: that is how it ends.
        """
        cluster.plan()
        self.say("Starting …")
        for step in cluster.before:
            supervisor.run(step)
        supervisor.start(*cluster.stores)
        for step in cluster.between:
            supervisor.run(step)
        supervisor.start(*cluster.front)
        supervisor.start(*cluster.workers, *cluster.web)
        for line in cluster.summary():
            self.say(line)
        supervisor.watch()

    def say(self, line: str) -> None:
        """Tells the operator, if their terminal is still there."""
        with suppress(OSError):
            self.stdout.write(line)
            self.stdout.flush()


class Cluster:
    """What belongs to one cluster, in the order of its start.

    Attributes:
        before: What is run to its end before the stores start: the making of a database.
        stores: Redis and PostgreSQL, as far as the environment names none.
        between: What the stores need before there are workers: tables, and a first admin.
        front: nginx, or nothing.
        web: What answers pages and REST; the workers do, where this is empty.
    """

    def __init__(self, folder: Path, options: dict[str, Any], stack: ExitStack) -> None:
        self.before: list[Part] = []
        self.stores: list[Part] = []
        self.between: list[Part] = []
        self.front: list[Part] = []
        self.workers: list[Part] = []
        self.web: list[Part] = []
        self._folder = folder
        self._stack = stack
        self._host, self._port = options["host"], options["port"]
        self._server = options["server"]
        self._nginx = None if options["no_nginx"] else parts.nginx_program()
        first = self._port + (1 if self._nginx else 0)
        self._ports = list(range(first, first + options["workers"]))
        after = first + options["workers"]
        self._web_ports = list(range(after, after + options["web"])) if self._nginx else []
        self._urls: dict[str, str] = {}

    def plan(self) -> None:
        """Finds everything, and starts nothing yet.

        Raises:
            CannotStart: something is missing; all that is.
        """
        self._lock()
        missing = []
        if not self._ports:
            missing.append("a worker: WORKERS must be 1 or more")
        plans = (self._plan_ports, self._check_given, self._plan_redis, self._plan_postgres)
        for plan in plans:
            try:
                plan()
            except parts.Missing as error:
                missing.append(str(error))
        if missing:
            raise CannotStart("this is missing:\n" + "\n".join(f"  - {what}" for what in missing))
        self._plan_rest()

    def summary(self) -> list[str]:
        """What the operator has to know."""
        nginx = self._nginx is not None
        lines = [f"\nEvertick at {parts.address(self._host, self._port)} — Ctrl-C stops it\n"]
        worker_host = parts.LOOPBACK if nginx else self._host
        lines += [
            _row(part, parts.address(worker_host, port))
            for part, port in zip(
                [*self.workers, *self.web], [*self._ports, *self._web_ports], strict=True
            )
        ]
        lines += [_row(part, "keeps the sockets of a room at one worker") for part in self.front]
        lines += [_row(part, self._urls[part.name]) for part in self.stores]
        named = [name for name in ("REDIS_URL", "DATABASE_URL") if os.environ.get(name)]
        if named:
            lines.append(f"  and what {' and '.join(named)} of the environment named")
        if not nginx and parts.nginx_program() is None:
            lines.append(f"\n{NO_NGINX}")
        lines.append(
            f"\nPlay a match in two windows, then `kill -9 {self.workers[0].pid}`: it goes on, and"
            f" the worker is started\nagain. Data and logs are in {self._folder}; what is there is"
            " used by the next start.\n"
        )
        return lines

    # --- the parts ---------------------------------------------------------------------------

    def _lock(self) -> None:
        lock: IO[str] = self._stack.enter_context((self._folder / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"one runs in {self._folder} already; EVERTICK_VAR names another folder"
            ) from None
        for log in self._folder.glob("*.log"):
            log.unlink()

    def _plan_ports(self) -> None:
        host = parts.LOOPBACK if self._nginx else self._host
        wanted = [(host, port) for port in [*self._ports, *self._web_ports]]
        if self._nginx:
            wanted.append((self._host, self._port))
        taken = sorted(port for host, port in wanted if not parts.port_is_free(host, port))
        if taken:
            ports = ", ".join(map(str, taken))
            raise parts.Missing(f"port {ports}: another program uses it; PORT names others")

    def _check_given(self) -> None:
        try:
            if os.environ.get("DATABASE_URL"):
                serving.check_answers()
            elif os.environ.get("REDIS_URL") and not parts.redis_answers(os.environ["REDIS_URL"]):
                raise parts.Missing("the Redis that REDIS_URL names: it does not answer")
        except serving.CannotServe as error:
            raise parts.Missing(str(error)) from error
        finally:
            connection.close()

    def _plan_redis(self) -> None:
        if not os.environ.get("REDIS_URL"):
            part, url = parts.redis_part(self._folder)
            self.stores.append(part)
            self._urls[part.name] = url
            self._urls["REDIS_URL"] = url

    def _plan_postgres(self) -> None:
        if not os.environ.get("DATABASE_URL"):
            found = parts.find_postgres(self._folder)
            log = self._folder / "postgres.log"
            sockets = parts.socket_folder()
            self._stack.callback(shutil.rmtree, sockets, ignore_errors=True)
            part, url = found.part(log, sockets, len(self._ports) + len(self._web_ports))
            self.before += found.making(log)
            self.stores.append(part)
            self._urls[part.name] = url
            self._urls["DATABASE_URL"] = url

    def _plan_rest(self) -> None:
        env = dict(os.environ)
        for name in ("REDIS_URL", "DATABASE_URL"):
            if name in self._urls:
                env[name] = self._urls[name]
        if self._nginx:
            env["NUM_PROXIES"] = "1"
        log = self._folder / "prepare.log"
        self.between = [
            Part("migrate", parts.manage("migrate", "--verbosity", "0"), env, _done, log),
            Part("firstrun", parts.manage("firstrun"), env, _done),
        ]
        if self._nginx:
            ports = self._ports, self._web_ports
            self.front = [
                parts.nginx_part(self._nginx, self._host, self._port, *ports, self._folder)
            ]
        host = parts.LOOPBACK if self._nginx else self._host
        self.workers = [
            parts.worker_part(number, self._server, host, port, env, self._folder)
            for number, port in enumerate(self._ports, 1)
        ]
        self.web = [
            parts.web_part(number, self._server, host, port, env, self._folder)
            for number, port in enumerate(self._web_ports, 1)
        ]


def _done() -> bool:
    return True


def _row(part: Part, what: str) -> str:
    return f"  {part.name:<11} pid {part.pid:<8} {what}"
