"""Web processes beside a worker: they answer pages and REST, so that no tick waits for one.

The worker has the port. It reads the first line of each request, and hands the connection on, with
what it read, to one of its web processes; from then on it has nothing to do with it, and no byte
goes through it. The next request on that connection may be for the worker: then it comes back.

Rules of this file:
- The path alone says whose a request is, so both sides agree (``is_of_worker``).
- A connection is handed on between two requests only, with nothing left to write.
- Nobody waits for a web process that is not there: then the worker answers itself. One that is
  there and takes no more is overloaded, and the worker says so; else it would be next.
- A web process ends with its worker, however that ends: it reads the end of their channel.
"""

import array
import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import h11
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol

from games.hosting.roles import Role

logger = logging.getLogger(__name__)

WORKER_PATHS = (b"/ws/room/", b"/healthz")
"""What the worker answers itself: its players' sockets, and whether it takes any."""

LINE_BYTES_MAX = 8 * 1024
"""Bytes without the end of a line that are waited for; what is longer is no request of ours, and
is left to whoever has it."""

LETTER_BYTES_MAX = 64 * 1024
"""Bytes that were read of a connection which is handed on: as many as a body may have behind nginx.
With more it stays where it is."""

LETTERS_A_TURN = 16
"""Connections taken in before others of the loop have their turn."""

AGAIN_S = 1.0
"""Seconds until one that ended is started again."""

END_S_MAX = 2.0
"""Seconds for one to end, with what it is answering."""

_READY = b"ready"
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)


def is_of_worker(line: bytes) -> bool:
    """Whether the request that begins with this line is one for the worker itself."""
    return line.partition(b" ")[2].startswith(WORKER_PATHS)


class Channel:
    """One end of the way between a worker and a web process."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.end = end

    def listen(
        self, take: Callable[[bytes, socket.socket | None], None], ended: Callable[[], None]
    ) -> None:
        """Hear what the other side hands on, until it ends; on the loop that runs."""
        self._take, self._ended = take, ended
        asyncio.get_running_loop().add_reader(self.end, self._read)

    def send(self, data: bytes, connection: int | None = None) -> None:
        """Hand on a connection, by its file descriptor.

        Raises:
            BlockingIOError: the other side is behind.
            OSError: it is gone, or it is too much at once.
        """
        if len(data) > LETTER_BYTES_MAX:
            raise OSError(errno.EMSGSIZE, "too much was read")
        files = () if connection is None else (connection,)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        self.end.sendmsg([data], rights)

    def close(self) -> None:
        """The other side reads the end of it."""
        with contextlib.suppress(RuntimeError):  # no loop runs any more
            asyncio.get_running_loop().remove_reader(self.end)
        self.end.close()

    def _read(self) -> None:
        for _ in range(LETTERS_A_TURN):
            try:
                data, files, _, _ = socket.recv_fds(self.end, LETTER_BYTES_MAX, 1)
            except BlockingIOError:
                return
            except OSError:
                data, files = b"", []
            if not data:
                asyncio.get_running_loop().remove_reader(self.end)
                self._ended()
                return
            self._take(data, socket.socket(fileno=files[0]) if files else None)


class Doorway(H11Protocol):
    """uvicorn's protocol of HTTP, which hands on what is for another process.

    Args:
        hand_on: Given the first line of a request, who takes it; None: it is for this process.
        first: What was read of the connection before it came here.
    """

    def __init__(
        self,
        hand_on: Callable[[bytes], Callable[["Doorway", bytes], bool] | None],
        *args: Any,
        first: bytes = b"",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._hand_on = hand_on
        self._begun = first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if first := self._begun:
            self._begun = b""
            super().data_received(first)

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is not h11.IDLE or self.conn.trailing_data[0]:  # inside a request
            super().data_received(data)
            return
        begun, self._begun = self._begun + data, b""
        line, end, _ = begun.partition(b"\n")
        if not end and len(begun) < LINE_BYTES_MAX:
            self._begun = begun
            return
        taker = self._hand_on(line)
        if taker is None or self.transport.get_write_buffer_size() or not taker(self, begun):
            super().data_received(begun)

    def let_go(self) -> None:
        """The connection is another process's now; here it is forgotten, and not shut down."""
        self._unset_keepalive_if_required()
        self.transport.abort()

    def refuse(self) -> None:
        """Nobody can answer now."""
        self.transport.write(_BUSY)
        self.transport.close()


def sent(channel: Channel, door: Doorway, data: bytes) -> bool:
    """Whether a connection was handed on; it stays here where the other side is gone.

    Raises:
        BlockingIOError: the other side is behind.
    """
    try:
        channel.send(data, door.transport.get_extra_info("socket").fileno())
    except BlockingIOError:
        raise
    except OSError:
        return False
    door.let_go()
    return True


class Companions:
    """The web processes of this worker."""

    def __init__(self, number: int) -> None:
        """Not started yet."""
        self._number = number
        self._ready: list[Channel] = []
        self._turn = count()
        self._keeping: list[asyncio.Task[None]] = []
        self._adopt: Callable[[bytes, socket.socket], None]

    def start(self, adopt: Callable[[bytes, socket.socket], None]) -> None:
        """Start them, and start again those that end.

        Args:
            adopt: Takes in a connection that came back, with what was read of it.
        """
        self._adopt = adopt
        loop = asyncio.get_running_loop()
        self._keeping = [loop.create_task(self._keep()) for _ in range(self._number)]

    async def stop(self) -> None:
        """End them; what they are answering is answered."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)

    def hand_on(self, line: bytes) -> Callable[[Doorway, bytes], bool] | None:
        """Who takes in the request that begins with this line; None: this worker."""
        return None if is_of_worker(line) or not self._ready else self._pass

    def _pass(self, door: Doorway, data: bytes) -> bool:
        full = False
        for _ in range(len(self._ready)):
            channel = self._ready[next(self._turn) % len(self._ready)]
            try:
                if sent(channel, door, data):
                    return True
            except BlockingIOError:
                full = True
        if full:
            door.refuse()
        return full

    async def _keep(self) -> None:
        while True:
            try:
                await self._run()
                logger.warning("a web process ended; it is started again")
            except OSError as error:
                logger.warning("a web process could not be started: %s", error)
            await asyncio.sleep(AGAIN_S)

    async def _run(self) -> None:
        """Start one, and wait until it ended."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel, ended = Channel(ours), asyncio.Event()
        with theirs:
            process = _started(theirs.fileno())
        try:

            def take(data: bytes, connection: socket.socket | None) -> None:
                if connection is None:
                    logger.info("web process %s answers pages and REST", process.pid)
                    self._ready.append(channel)
                else:
                    self._adopt(data, connection)

            channel.listen(take, ended.set)
            await ended.wait()
        finally:
            if channel in self._ready:
                self._ready.remove(channel)
            channel.close()
            await asyncio.to_thread(_ended, process)


def _started(channel: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "serve"]
    command += ["--server", "uvicorn", "--role", Role.WEB, "--beside", str(channel)]
    return subprocess.Popen(command, pass_fds=[channel], stdin=subprocess.DEVNULL)  # noqa: S603


def _ended(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(END_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Beside:
    """The worker, as its web process sees it."""

    def __init__(self, channel: int) -> None:
        """Args:
        channel: The file descriptor of this end.
        """
        self._channel = Channel(socket.socket(fileno=channel))
        os.nice(settings.EVERTICK["WEB_NICE"])
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which ends this

    def start(
        self, adopt: Callable[[bytes, socket.socket], None], ended: Callable[[], None]
    ) -> None:
        """Take connections in from now on, until the worker ends."""

        def take(data: bytes, connection: socket.socket | None) -> None:
            if connection is not None:
                adopt(data, connection)

        self._channel.listen(take, ended)
        self._channel.send(_READY)

    def hand_on(self, line: bytes) -> Callable[[Doorway, bytes], bool] | None:
        """Who takes in the request that begins with this line; None: this process."""
        return self._pass if is_of_worker(line) else None

    def _pass(self, door: Doorway, data: bytes) -> bool:
        try:
            return sent(self._channel, door, data)
        except BlockingIOError:
            door.refuse()
            return True
