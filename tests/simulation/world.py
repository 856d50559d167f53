"""Time, chance, and the event loops of processes: one thread, and no moment that is not meant.

Every process has a loop of its own, so that it can stop for a while, or for ever, without the
others noticing; all loops share one line of what is to be done. Where nothing is to be done at this
moment, time jumps to the next.
"""

import asyncio
import hashlib
import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

TRACE_LINES = 20_000
"""Lines of a trace that are kept to be shown; its hash is of all of them."""


class World:
    """What all share: the time, the chance, and the trace of what happened.

    Attributes:
        now: Seconds since the beginning.
        steps: Callbacks that were run.
        faults: How often chance did what, by kind.
        lines: The end of the trace.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now = 0.0
        self.steps = 0
        self.faults: Counter[str] = Counter()
        self.lines: deque[str] = deque(maxlen=TRACE_LINES)
        self.ready: deque[asyncio.Handle] = deque()
        self._trace = hashlib.blake2b(digest_size=8)
        self._timers: list[tuple[float, int, asyncio.Handle]] = []
        self._put = 0
        self._outside = Loop(self, "outside")

    def chance(self, purpose: str) -> random.Random:
        """Draws for one purpose: what is drawn for another does not change them."""
        return random.Random(f"{self.seed} {purpose}")

    def log(self, *what: object) -> None:
        """Have something stand in the trace."""
        line = " ".join((f"{self.now:9.4f}", *map(str, what)))
        self._trace.update(line.encode())
        self.lines.append(line)

    def fault(self, kind: str, *what: object) -> None:
        """Something goes wrong."""
        self.faults[kind] += 1
        self.log("!", kind, *what)

    @property
    def hash(self) -> str:
        """A fingerprint of all that happened."""
        return self._trace.hexdigest()

    # --- time ------------------------------------------------------------------------------------

    def later(self, seconds: float, call: Callable[..., Any], *args: Any) -> None:
        """Have something done outside of all processes."""
        self.put(self.now + seconds, asyncio.Handle(call, args, self._outside))

    def put(self, when: float, handle: asyncio.Handle) -> None:
        """Have ``handle`` run at that time; of several at one time, in this order."""
        self._put += 1
        heapq.heappush(self._timers, (max(when, self.now), self._put, handle))

    def run(self, until: float, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Let time pass, as long as ``goes_on``."""
        while goes_on():
            if self.ready:
                handle = self.ready.popleft()
            elif self._timers and self._timers[0][0] <= until:
                self.now, _, handle = heapq.heappop(self._timers)
            else:
                self.now = until
                return
            if not handle.cancelled():
                self.steps += 1
                handle._loop._run(handle)  # type: ignore[attr-defined]


class Loop(asyncio.AbstractEventLoop):
    """The event loop of one process.

    Attributes:
        asleep: Its process is stopped; what is due waits for it to go on.
        dead: Its process is gone; nothing of it happens any more.
        failed: What no task has caught.
    """

    def __init__(self, world: World, name: str, *, begun: float = 0.0, rate: float = 1.0) -> None:
        """Args:
        begun: What its clock shows at the beginning of the world.
        rate: Seconds of its clock in one of the world's.
        """
        self.name = name
        self.asleep = self.dead = False
        self.failed: list[dict[str, Any]] = []
        self._world = world
        self._begun, self._rate = begun, rate
        self._missed: list[asyncio.Handle] = []
        self._tasks: dict[asyncio.Task[Any], None] = {}

    # --- what a process does to it, or suffers ---------------------------------------------------

    def _run(self, handle: asyncio.Handle) -> None:
        if self.asleep or self.dead:
            self._missed.append(handle)
            return
        asyncio._set_running_loop(self)
        try:
            handle._run()  # type: ignore[attr-defined]
        finally:
            asyncio._set_running_loop(None)

    def wake(self) -> None:
        """Go on, with all that was due meanwhile."""
        self.asleep = False
        if not self.dead:
            self._world.ready.extend(self._missed)
            self._missed.clear()

    def bury(self) -> None:
        """End all tasks, once the story is told: Python wants every coroutine to have an end."""
        while self._tasks:
            self.dead = False  # the end of a worker that was told to go is the end of its process
            self.wake()
            for task in list(self._tasks):
                task.cancel()
            self._world.run(self._world.now)
        self.dead = True

    # --- what asyncio asks of a loop -------------------------------------------------------------

    def time(self) -> float:
        return self._begun + self._rate * self._world.now

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._world.ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._world.put((when - self._begun) / self._rate, timer)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Any = None
    ) -> "asyncio.Task[Any]":
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.failed.append(context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.dead

    def is_closed(self) -> bool:
        return self.dead
