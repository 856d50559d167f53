"""What waits to be written to one socket, and what is on its way to the reader: both bounded.

Servers do not say what a client has received: one buffers without end, another makes its caller
wait. So the client reports it. What was written and not reported yet is in flight, and while that
fills the window nothing more is written. What comes meanwhile waits here; when there is no place
for it, what waits is dropped, not the socket: the reader has fallen behind, and once it reports
again it needs one catch-up, not the past in pieces. So a slow reader costs only itself.

Where the server can be handed a frame without waiting (``direct``), one that need not wait goes at
once; ``run`` sees to the others, and is called for while there are some: most sockets are idle, and
a task that sleeps is as large as all the rest here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from games.limits import (
    OUTBOX_BYTES_MAX,
    OUTBOX_FRAMES_MAX,
    SILENT_READER_S,
    WINDOW_BYTES_MAX,
    WINDOW_FRAMES_MAX,
)

Write = Callable[[bytes], Awaitable[None]]

Direct = Callable[[bytes], bool]
"""Write a frame now; False where it has to wait."""

UNKNOWN = -1
"""No tick: the reader may hold anything, and a catch-up is a snapshot."""


class Timer(Protocol):
    """Something that happens later, unless it is cancelled."""

    def cancel(self) -> None:
        """It does not happen."""


Later = Callable[[float, Callable[[], None]], Timer]
"""Have something called after so many seconds, as the event loop's ``call_later`` does."""


def _nobody_cares() -> None:
    """What to do about a reader who is not waited for."""


class _Waiting(NamedTuple):
    frame: bytes
    tick: int
    is_answer: bool


class Outbox:
    """The way out of one socket.

    Attributes:
        behind: Whether something was dropped that the reader has not been told in another way.
        tick: Of the shared view that the reader holds once it has received all that was written;
            -1 where that is not known.
        direct: How to write without waiting, if there is such a way.
    """

    __slots__ = (
        "_ending",
        "_flight",
        "_flight_bytes",
        "_got",
        "_later",
        "_running",
        "_silent",
        "_silent_s",
        "_start",
        "_timer",
        "_waiting",
        "_waiting_bytes",
        "behind",
        "direct",
        "tick",
    )

    def __init__(
        self,
        start: Callable[[], None],
        silent: Callable[[], None] = _nobody_cares,
        *,
        silent_s: float = SILENT_READER_S,
        later: Later | None = None,
    ) -> None:
        """Args:
        start: Called when ``run`` has something to do and does not run: it is to be, in a task.
        silent: Called when a reader who is waited for has reported nothing for ``silent_s``; what
            waited for it is dropped.
        """
        self.behind = False
        self.tick = UNKNOWN
        self.direct: Direct | None = None
        # Both short, and mostly empty; a deque would be 600 bytes all the same.
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._flight: list[int] = []  # the sizes of frames that were not reported yet
        self._flight_bytes = 0
        self._got = 0
        self._ending = False
        self._running = False  # ``run``, or it will at once
        self._start, self._silent = start, silent
        self._silent_s, self._later = silent_s, later
        self._timer: Timer | None = None

    # --- in ------------------------------------------------------------------------------------

    def put(self, frame: bytes, tick: int = UNKNOWN) -> None:
        """Have what changed written, unless this reader is behind.

        Args:
            tick: Of the shared view to which the frame leads; -1 if it says nothing of that.
        """
        if self.behind or self._ending or self._pass(frame, tick):
            return
        if self._is_full(len(frame)):
            self._fall_behind()
            return
        self._add(frame, tick)

    def offer(self, frame: bytes) -> None:
        """Have a frame written if there is place for it: an answer that may be asked for again."""
        if not (self._ending or self._pass(frame) or self._is_full(len(frame))):
            self._add(frame, is_answer=True)

    def put_now(self, frame: bytes, tick: int = UNKNOWN) -> None:
        """Have a frame written whatever waits: an answer, a catch-up, a last word; ``tick`` as
        above."""
        if self._ending or self._pass(frame, tick):
            return
        if self._is_full(len(frame)):
            self._fall_behind()
        while self._is_full(len(frame)):
            self._pop()
        self._add(frame, tick, is_answer=True)

    def got(self, frames: int) -> bool:
        """The reader has received so many frames, from the first on; False if that cannot be."""
        more = frames - self._got
        if not 0 <= more <= len(self._flight):
            return False
        if more:
            self._got = frames
            self._flight_bytes -= sum(self._flight[:more])
            del self._flight[:more]
            self._stop_watch()
            if self._waiting or self.behind:
                self._watch()
                self._rouse()
        return True

    def end(self) -> None:
        """Take nothing more; ``run`` writes the rest, whatever is in flight."""
        self._ending = True
        self._stop_watch()
        self._silent = _nobody_cares  # nobody is waited for any more
        self._rouse()
        self._start = _nobody_cares  # ``run`` is called for once more at most

    # --- out -----------------------------------------------------------------------------------

    async def run(self, write: Write, caught_up: Callable[[int], None]) -> bool:
        """Write what may be written now; whether it was the last that there is to write.

        Args:
            caught_up: Called when a reader who fell behind takes frames again, with the tick that
                it holds; whatever is put then may build on the room's state at that moment.
        """
        while True:
            if self._waiting and (self._ending or self._fits(len(self._waiting[0].frame))):
                frame = self._take()
                await write(frame)
            elif self._ending:
                return True
            elif self.behind and self._is_near():
                self._catch_up(caught_up)
            else:
                if self._waiting or self.behind or self._timer is not None:
                    self._watch()
                self._running = False
                return False

    def _pass(self, frame: bytes, tick: int = UNKNOWN) -> bool:
        """Write a frame without waiting, if nothing waits before it and the window has room."""
        if self._running or self._waiting or self.direct is None:
            return False
        if not (self._fits(len(frame)) and self.direct(frame)):
            return False
        self._sent(len(frame), tick)
        return True

    def _take(self) -> bytes:
        frame, tick, _ = self._pop()
        self._sent(len(frame), tick)
        return frame

    def _sent(self, size: int, tick: int) -> None:
        """A frame is on its way from here on."""
        self._flight.append(size)
        self._flight_bytes += size
        if tick != UNKNOWN:
            self.tick = tick

    def _catch_up(self, caught_up: Callable[[int], None]) -> None:
        # Where the answer leads the reader, the next change that is written says.
        tick, self.tick, self.behind = self.tick, UNKNOWN, False
        self._watch()
        caught_up(tick)

    def _add(self, frame: bytes, tick: int = UNKNOWN, *, is_answer: bool = False) -> None:
        self._waiting.append(_Waiting(frame, tick, is_answer))
        self._waiting_bytes += len(frame)
        self._rouse()

    def _pop(self) -> _Waiting:
        first = self._waiting.pop(0)
        self._waiting_bytes -= len(first.frame)
        return first

    def _fall_behind(self) -> None:
        """Drop all that a catch-up says in another way; answers stay."""
        self.behind = True
        self._waiting = [waiting for waiting in self._waiting if waiting.is_answer]
        self._waiting_bytes = sum(len(waiting.frame) for waiting in self._waiting)
        self._watch()
        self._rouse()

    def _rouse(self) -> None:
        if not self._running:
            self._running = True
            self._start()

    # --- how much ------------------------------------------------------------------------------

    def _is_full(self, size: int) -> bool:
        """Whether a frame of that size has no place; one alone always has."""
        count, waiting = len(self._waiting), self._waiting_bytes
        return count >= OUTBOX_FRAMES_MAX or (count > 0 and waiting + size > OUTBOX_BYTES_MAX)

    def _fits(self, size: int) -> bool:
        """Whether a frame of that size may be written; where nothing is in flight, any may."""
        count, flight = len(self._flight), self._flight_bytes
        return not count or (count < WINDOW_FRAMES_MAX and flight + size <= WINDOW_BYTES_MAX)

    def _is_near(self) -> bool:
        """Whether so little is in flight that a catch-up written now is not old when it arrives."""
        few = len(self._flight) <= WINDOW_FRAMES_MAX // 2
        return few and self._flight_bytes <= WINDOW_BYTES_MAX // 2

    # --- how long ------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Wait for a report no longer than is allowed, or no more if nothing depends on one."""
        head = self._waiting[0].frame if self._waiting else None
        stalls = self.behind or (head is not None and not self._fits(len(head)))
        if not stalls or self._ending:
            self._stop_watch()
        elif self._timer is None:
            later = self._later or asyncio.get_running_loop().call_later
            self._timer = later(self._silent_s, self._give_up)

    def _stop_watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _give_up(self) -> None:
        self._waiting.clear()
        self._fall_behind()
        self._silent()
