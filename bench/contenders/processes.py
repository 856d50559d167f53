"""Starting contenders that are no workers of Evertick."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.contenders import HOST, Missing, pin

ROOT = Path(__file__).resolve().parent.parent.parent
START_S_MAX = 30.0
STOP_S_MAX = 6.0


@contextmanager
def started(
    command: list[str],
    port: int,
    core: int,
    log: Path,
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server on this core that accepts on ``port``; it ends with the block.

    Raises:
        Missing: it does not come up; with what it said.
    """
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: pin(core),  # noqa: PLW1509 - no threads here
        )
    try:
        end = time.monotonic() + START_S_MAX
        while not _accepts(port):
            if process.poll() is not None or time.monotonic() > end:
                raise Missing(f"it does not come up:\n{log.read_text('utf-8', 'replace')}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
