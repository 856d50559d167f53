"""The room store behind its links: the real books, and ways to them that fail.

A call travels, is carried out, and its answer travels back. Either way may lose it or hold it up
for longer than the caller waits: it is then carried out although nobody wants it any more, perhaps
after calls that were made later. What is on its way when the store starts anew is gone.
"""

import asyncio
import copy
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from games.hosting.ledger import LedgerUnavailable, Refused
from games.hosting.ledger.in_memory import MemoryLedger
from games.limits import LEDGER_WAIT_S
from tests.simulation.weather import STORE, Weather
from tests.simulation.world import Loop, World

Answer = Any
"""What a method returned, or the ``Refused`` that it raised."""


@dataclass
class Call:
    """One call of one method; ``link`` asked."""

    link: "Link"
    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    done: "asyncio.Future[Answer]"
    life: int

    def __str__(self) -> str:
        # Payloads and blobs are long, and follow from the rest.
        shown = [arg for arg in self.args if isinstance(arg, str | int)]
        if self.method == "append":
            shown = [(one.match[:4], one.token, one.tick) for one in self.args[0]]
        return f"{self.link.name} {self.method} {shown}"


class Store:
    """The one behind all links.

    Attributes:
        stalled: It takes calls, and carries them out when it goes on.
        down: It refuses every connection.
        seen: Told of each call that was carried out, and what came of it.
    """

    def __init__(self, world: World, seen: Callable[[Call, Answer], None]) -> None:
        self.ledger = MemoryLedger(lambda: world.now, trim_unarchived=True)
        self.stalled = self.down = False
        self.life = 0
        self._world = world
        self._seen = seen
        self._waiting: list[Call] = []

    def arrive(self, call: Call) -> None:
        """A call has come all the way."""
        if call.life != self.life:
            return  # its connection ended with the life before
        if self.down:
            call.link.answer(call, LedgerUnavailable("refused"))
        elif self.stalled:
            self._waiting.append(call)
        else:
            self._carry_out(call)

    def _carry_out(self, call: Call) -> None:
        answer: Answer
        try:
            answer = at_once(getattr(self.ledger, call.method)(*call.args, **call.kwargs))
        except Refused as refused:
            answer = refused
        self._world.log(call, "->", f"{answer!s:.60}")
        self._seen(call, answer)
        call.link.answer(call, answer)

    def go_on(self) -> None:
        """Carry out what waited."""
        self.stalled = False
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            self._carry_out(call)

    def fall(self) -> None:
        """Go down, with every connection; what is kept stays."""
        self.down = True
        self.life += 1
        self._waiting.clear()

    def copy(self) -> MemoryLedger:
        """All that is kept now."""
        memo: dict[int, Any] = {id(self.ledger._now): self.ledger._now}
        return copy.deepcopy(self.ledger, memo)

    def empty(self) -> MemoryLedger:
        """A store that knows nothing."""
        return MemoryLedger(lambda: self._world.now, trim_unarchived=True)


class Link:
    """A ``Ledger``: how one worker reaches the store.

    Attributes:
        deaf: No request gets through.
        mute: No answer gets back.
    """

    def __init__(self, store: Store, world: World, weather: Weather, loop: Loop) -> None:
        self.name = loop.name
        self.deaf = self.mute = False
        self._store, self._world, self._weather, self._loop = store, world, weather, loop
        self._rng = world.chance(f"link {loop.name}")

    def __getattr__(self, method: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        if method.startswith("_") or not hasattr(MemoryLedger, method):
            raise AttributeError(method)
        return partial(self._call, method)

    async def close(self) -> None:
        """Let go of the connection."""

    async def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        done = self._loop.create_future()
        call = Call(self, method, args, kwargs, done, self._store.life)
        for way_s in self._weather.way(STORE, self._rng, "request"):
            if not self.deaf:
                self._world.later(way_s, self._store.arrive, call)
        try:
            async with asyncio.timeout(LEDGER_WAIT_S):
                answer = await done
        except TimeoutError:
            raise LedgerUnavailable("no answer") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def answer(self, call: Call, answer: Answer) -> None:
        """The store has an answer; it may get lost."""
        for way_s in self._weather.way(STORE, self._rng, "answer"):
            if not self.mute:
                self._world.later(way_s, self._arrive, call, answer)

    def _arrive(self, call: Call, answer: Answer) -> None:
        if call.life == self._store.life and not call.done.done():
            call.done.set_result(answer)


def at_once(job: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine returns that never waits."""
    try:
        job.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the books never wait")
