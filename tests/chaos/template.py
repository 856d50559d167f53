"""A worker short of its start, from which others are forked.

A start of ``manage.py serve`` is two seconds of imports on a core of its own, and next to nothing
else. In a run that kills a worker every second or two that would be most of what the machine does,
so the imports are done once: ``python -m tests.chaos.template SOCKET``, in the environment of the
workers. Each fork then runs ``manage.py`` from its first line, with an output of its own.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from select import select
from subprocess import TimeoutExpired

from tests import services

WANTED = (
    "gameserver.asgi",
    "gameserver.management.commands.serve",
    "gameserver.urls",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "uvloop",
)
"""Modules that bring along nearly all that a worker imports."""


class Forked:
    """A process that is no child of this one; as much of a ``Popen`` as is needed here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs; then 0, since its exit code is for its parent alone to know."""
        return 0 if select([self._fd], [], [], 0)[0] else None

    def wait(self, timeout: float | None = None) -> int:
        if not select([self._fd], [], [], timeout)[0]:
            raise TimeoutExpired(f"process {self.pid}", timeout or 0)
        return 0

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._fd, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        os.close(self._fd)


class Template:
    """The process to fork from, as it is seen from outside. What it forked ends with it."""

    def __init__(self, folder: Path, name: str, env: Mapping[str, str]) -> None:
        self._address = folder / f"template-{name}"
        self._stack = ExitStack()
        self._log = folder / f"template-{name}.log"
        command = [sys.executable, "-m", "tests.chaos.template", str(self._address)]
        self._process = self._stack.enter_context(services._child(command, self._log, env))

    def wait(self) -> None:
        """Return when it can be forked."""
        services._wait_until(self._address.exists, self._process, self._log, "a template")

    def manage(self, *arguments: str, log: Path) -> Forked:
        """Run ``manage.py`` in a fork; all that it says goes to ``log``."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(self._address))
            asking.sendall(json.dumps([str(log), *arguments]).encode() + b"\n")
            with asking.makefile() as answer:
                return Forked(int(answer.readline()))

    def close(self) -> None:
        self._stack.close()


def prepare() -> None:
    """Import what a worker will."""
    import django

    django.setup()
    from django.core.management import call_command

    import gameserver

    for module in WANTED:
        import_module(module)
    call_command("check", stdout=sys.stderr)
    # This one makes the worker, with an id of its own: it is for each fork to import anew.
    del sys.modules["gameserver.asgi"], gameserver.asgi


def main(address: str) -> None:
    prepare()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    while True:
        asked, _ = listener.accept()
        log, *arguments = json.loads(asked.makefile().readline())
        bury()
        pid = os.fork()
        if pid == 0:
            listener.close()
            asked.close()
            return manage(log, arguments)
        asked.sendall(f"{pid}\n".encode())
        asked.close()


def bury() -> None:
    """Those that ended before stay in the table of processes until now, so that whoever asked for
    them found them there."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def manage(log: str, arguments: Sequence[str]) -> None:
    from django.core.management import execute_from_command_line

    services._begin_child()
    sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.close(sink)
    execute_from_command_line(["manage.py", *arguments])


if __name__ == "__main__":
    main(sys.argv[1])
