"""The lines between workers and the store, each of which can fail.

``python -m tests.chaos.lines CONTROL STORE_PORT PORT…`` passes on what comes in at each port. It
is a process of its own, so that nothing on a line waits for the players. A line is

- ``whole``: all that comes in goes on at once;
- ``cut``: connections are reset, those there are and those that come;
- ``hole``: nothing arrives, on either side;
- ``mute``: requests arrive at the store, and its answers do not come back;
- ``slow``: all arrives in order, and later by ``DELAY_S`` each way.

What fell into a hole arrives when the line is whole again, as TCP sends again what was not
acknowledged: also what somebody asked for who has given up waiting long ago.
"""

import asyncio
import random
import socket
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from tests import services

STATES = ("whole", "cut", "hole", "mute", "slow")

DELAY_S = (0.03, 0.08)
"""Each way, on a slow line; from, to."""

CHUNK_BYTES = 1 << 16


class Lines:
    """The process with the lines, as it is seen from outside.

    Attributes:
        ports: Where each line begins.
    """

    def __init__(self, folder: Path, store_port: int, count: int) -> None:
        self.ports = [services.free_port() for _ in range(count)]
        self._control = folder / "lines"
        self._stack = ExitStack()
        command = [sys.executable, "-m", "tests.chaos.lines", str(self._control)]
        command += [str(port) for port in (store_port, *self.ports)]
        log = folder / "lines.log"
        process = self._stack.enter_context(services._child(command, log))
        services._wait_until(self._control.exists, process, log, "the lines to the store")

    def turn(self, line: int, state: str) -> None:
        """Make a line what it is to be; it is so when this returns."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self._control))
            control.sendall(f"{line} {state}\n".encode())
            control.recv(1)

    def close(self) -> None:
        self._stack.close()


class Line:
    """One line, with any number of connections."""

    def __init__(self, store_port: int) -> None:
        self._store_port = store_port
        self._state = "whole"
        self._requests = asyncio.Event()
        self._answers = asyncio.Event()
        self._ends: set[asyncio.StreamWriter] = set()
        self.turn("whole")

    def turn(self, state: str) -> None:
        assert state in STATES, state
        self._state = state
        for gate, shut in ((self._requests, {"hole"}), (self._answers, {"hole", "mute"})):
            gate.clear() if state in shut else gate.set()
        if state == "cut":
            for end in self._ends:
                _reset(end)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody connected: the way on to the store, for as long as both want."""
        if self._state == "cut":
            return _reset(writer)
        try:
            store_reader, store_writer = await asyncio.open_connection(
                "127.0.0.1", self._store_port
            )
        except OSError:
            return _reset(writer)
        ends = {writer, store_writer}
        self._ends |= ends
        try:
            await asyncio.gather(
                self._pass_on(reader, store_writer, self._requests),
                self._pass_on(store_reader, writer, self._answers),
            )
        finally:
            self._ends -= ends
            for end in ends:
                end.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        """One direction, to its end."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._arrive(on_the_way, writer, gate))
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                delay_s = random.uniform(*DELAY_S) if self._state == "slow" else 0.0
                on_the_way.put_nowait((time.monotonic() + delay_s, data))
        on_the_way.put_nowait((0.0, b""))
        await arriving

    async def _arrive(
        self,
        on_the_way: "asyncio.Queue[tuple[float, bytes]]",
        writer: asyncio.StreamWriter,
        gate: asyncio.Event,
    ) -> None:
        while True:
            due, data = await on_the_way.get()
            if (wait_s := due - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            await gate.wait()
            if not data:
                writer.close()
                return
            writer.write(data)


def _reset(end: asyncio.StreamWriter) -> None:
    """End a connection without a word, or what was still to be sent."""
    at_once = struct.pack("ii", 1, 0)
    end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    end.transport.abort()


async def main(control: str, store_port: int, ports: Sequence[int]) -> None:
    lines = [Line(store_port) for _ in ports]
    for line, port in zip(lines, ports, strict=True):
        await asyncio.start_server(line.connected, "127.0.0.1", port)

    async def turn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            number, state = (await reader.readline()).decode().split()
            lines[int(number)].turn(state)
            writer.write(b".")

    await asyncio.start_unix_server(turn, control)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
