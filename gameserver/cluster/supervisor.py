"""Processes that belong together: started in order, started again where one dies, ended together.

Rules of this file:
- Signals leave a mark, and whatever waits looks at it. None can fall between the start of a process
  and the note that it runs.
- Each part leads a process group of its own. So Ctrl-C in a terminal is heard here alone and the
  parts end in order; and what a dead part leaves behind is found.
- What was started first ends last, since the others need it until they are done.
- Whichever way ``stop`` is reached, no process stays.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLL_S = 0.1
START_S_MAX = 60.0
"""Seconds for the parts of a group to answer; three workers take ten on a small busy one."""

STOP_S_MAX = 10.0
"""Seconds for the parts of a group to end; a worker promises five."""

RETRY_S = 2.0
"""Seconds until a part is tried again that died before it answered: what it needs is not there."""

LOG_LINES_SHOWN = 15

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """The parts could not be started; the text says why."""


class Interrupted(Exception):
    """A signal asked for the end."""


@dataclass
class Part:
    """One program, and how to deal with it.

    Attributes:
        answers: Whether it does its work; asked until it first does.
        log: Where it writes; to this terminal if None.
        end: The signal that asks it to end in good order.
        user: Whom it runs as; this user if None.
        ready: It has answered since it was last started.
        nice: How much it stands back behind others.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    answers: Callable[[], bool]
    log: Path | None = None
    end: signal.Signals = signal.SIGTERM
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False
    due: float = 0.0
    nice: int = 0

    @property
    def pid(self) -> int:
        """Of its last process; 0 before the first."""
        return self.process.pid if self.process else 0

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start its process.

        Raises:
            OSError: the program or the log cannot be opened.
        """
        self.ready = False
        sink = self.log.open("ab") if self.log else None
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands, and no shell
                self.command,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT if sink else None,
                start_new_session=True,
                # Safe: there are no threads here, and it imports nothing.
                preexec_fn=self._begin,  # noqa: PLW1509
                **self._as_user(),
            )
        finally:
            if sink:
                sink.close()

    def ask_to_end(self) -> None:
        """Ask it to end in good order."""
        if self.process and self.alive:
            self.process.send_signal(signal.SIGCONT)  # a stopped process would not hear the next
            self.process.send_signal(self.end)

    def kill(self) -> None:
        """End its process, and all that belong to it."""
        if self.process:
            with suppress(ProcessLookupError, PermissionError):  # macOS: nothing but a dead one
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()

    def how_it_ended(self) -> str:
        """In words."""
        code = self.process.returncode if self.process else None
        if code is not None and code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def last_words(self) -> str:
        """The end of its log."""
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join(f"    {line}" for line in lines)

    def _begin(self) -> None:
        """Runs in the new process: it ends in good order should this one be killed."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.nice(self.nice)
        if _LIBC:
            _LIBC.prctl(_PR_SET_PDEATHSIG, self.end)

    def _as_user(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {
            "user": self.user,
            "group": pwd.getpwnam(self.user).pw_gid,
            "extra_groups": [],
        }


class Supervisor:
    """The parts that run, in groups, in the order of their start."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """``say`` tells the operator a line."""
        self._say = say
        self._groups: list[list[Part]] = []
        self._signals = 0

    def listen(self) -> None:
        """From now on Ctrl-C and its like leave a mark instead of ending this process."""
        for number in SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._note)

    def run(self, part: Part) -> None:
        """Run a part that ends by itself, to its end.

        Raises:
            CannotStart: it failed.
            Interrupted: a signal asked for the end.
        """
        self._begin([part])
        while part.alive:
            self._wait()
        self._groups.pop()
        if part.process and part.process.returncode:
            raise CannotStart(_failed(part, part.how_it_ended()))

    def start(self, *parts: Part) -> None:
        """Start these parts together, and wait until each has answered.

        Raises:
            CannotStart: one ended, or did not answer.
            Interrupted: a signal asked for the end.
        """
        self._begin(list(parts))
        end = time.monotonic() + START_S_MAX
        while not all(part.ready for part in parts):
            self._wait()
            for part in parts:
                if not part.alive:
                    raise CannotStart(_failed(part, part.how_it_ended()))
                part.ready = part.ready or part.answers()
                if not part.ready and time.monotonic() > end:
                    raise CannotStart(_failed(part, f"did not answer within {START_S_MAX:.0f} s"))

    def watch(self) -> None:
        """Start again whatever dies, until a signal asks for the end.

        Raises:
            Interrupted: that is how it ends.
        """
        while True:
            self._wait()
            for group in self._groups:
                for part in group:
                    self._tend(part)

    def stop(self) -> None:
        """End all parts, what was started last first; at once where a second signal came."""
        for group in reversed(self._groups):
            for part in group:
                part.ask_to_end()
            end = time.monotonic() + STOP_S_MAX
            while any(part.alive for part in group) and not self._in_a_hurry(end):
                time.sleep(POLL_S)
            for part in group:
                if part.alive:
                    self._say(f"{part.name} had not ended yet, and was killed")
                part.kill()
        self._groups.clear()

    # --- inside ------------------------------------------------------------------------------

    def _begin(self, parts: list[Part]) -> None:
        self._groups.append(parts)
        for part in parts:
            try:
                part.start()
            except OSError as error:
                raise CannotStart(f"{part.name} could not be started: {error}") from error

    def _tend(self, part: Part) -> None:
        if part.alive:
            if not part.ready and part.answers():
                part.ready = True
                self._say(f"{part.name} is back: pid {part.pid}")
        elif not part.due:
            part.kill()  # what it left behind would keep its port
            self._say(f"{part.name} (pid {part.pid}) {part.how_it_ended()}; starting it again")
            part.due = time.monotonic() + (0 if part.ready else RETRY_S)
        elif time.monotonic() >= part.due:
            part.due = 0
            part.start()

    def _wait(self) -> None:
        if self._signals:
            raise Interrupted
        time.sleep(POLL_S)
        if self._signals:
            raise Interrupted

    def _in_a_hurry(self, end: float) -> bool:
        return self._signals > 1 or time.monotonic() > end

    def _note(self, number: int, frame: object) -> None:
        self._signals += 1


def _failed(part: Part, how: str) -> str:
    words = part.last_words()
    return f"{part.name} {how}" + (f"; the end of {part.log}:\n{words}" if words else "")
