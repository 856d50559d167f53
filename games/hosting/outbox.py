"""What waits to be written to one socket: bounded in frames and bytes.

When it is full, what waits is dropped, not the socket: the reader has fallen behind, and once it
takes frames again it needs one catch-up, not the past in pieces. So a slow reader costs only
itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from games.limits import OUTBOX_BYTES_MAX, OUTBOX_FRAMES_MAX

Write = Callable[[bytes], Awaitable[None]]


class Outbox:
    """The way out of one socket."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._ending = False
        self._wake: asyncio.Future[None] | None = None
        self.behind = False

    def put(self, frame: bytes) -> None:
        """Have a frame written, unless this reader is behind."""
        if self.behind or self._ending:
            return
        if len(self._frames) >= OUTBOX_FRAMES_MAX or self._bytes + len(frame) > OUTBOX_BYTES_MAX:
            self._fall_behind()
            return
        self._add(frame)

    def put_now(self, frame: bytes) -> None:
        """Have a frame written whatever waits: an answer, a catch-up, a last word."""
        if self._ending:
            return
        if len(self._frames) >= OUTBOX_FRAMES_MAX:
            self._fall_behind()
        self._add(frame)

    def end(self) -> None:
        """Take nothing more; ``run`` returns once the rest is written."""
        self._ending = True
        self._rouse()

    async def run(self, write: Write, caught_up: Callable[[], None]) -> None:
        """Write frames until the end.

        Args:
            caught_up: Called when a reader who fell behind has taken all that was left for it.
        """
        while True:
            while self._frames:
                frame = self._frames.popleft()
                self._bytes -= len(frame)
                await write(frame)
            if self._ending:
                return
            if self.behind:
                self.behind = False
                caught_up()
                continue
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def _add(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._bytes += len(frame)
        self._rouse()

    def _fall_behind(self) -> None:
        self.behind = True
        self._frames.clear()
        self._bytes = 0
        self._rouse()

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
