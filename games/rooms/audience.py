"""All who are told the same, and what they were told.

An audience remembers what it was told lately: whoever missed some is told the difference between
what it knows and what is so now, in one message. What it remembers is a few dozen bytes a tick, of
which the view of that tick is made again when somebody wants it. The views themselves are some
thousand objects a room, which take memory and which the garbage collector has to look at.
"""

from collections import deque
from functools import cached_property
from typing import Any, NamedTuple

from games.limits import DELAYED_VIEWS_MAX, HASH_CHANGES, HISTORY_KEY_EVERY, HISTORY_TICKS_MAX
from games.sim import (
    Change,
    Held,
    Kind,
    fingerprint,
    pack,
    pack_change,
    plain,
    plain_change,
    same,
    unpack_change,
)


class Whole:
    """A view, to be told to one who knows nothing."""

    def __init__(self, kind: Kind, held: Held) -> None:
        self._kind, self._held = kind, held

    def plain(self) -> Any:
        """As JSON says it."""
        return plain(self._kind, self._held)

    def packed(self) -> bytes:
        """As MessagePack says it."""
        return pack(self._kind, self._held)


class Moment(NamedTuple):
    """A tick, and the room's time at it."""

    tick: int
    time: int


class Step:
    """A change from the view of tick ``base`` to that of ``tick``, at the room's ``time``.

    Each encoding is made when somebody wants it, and once.

    Attributes:
        steady: Whether as many periods have passed as ticks.
    """

    def __init__(
        self, base: Moment, now: Moment, kind: Kind, old: Held, new: Held, bits: bytes
    ) -> None:
        self.base, (self.tick, self.time) = base.tick, now
        self.steady = now.time - base.time == now.tick - base.tick
        self.hash: int | None = None
        self._kind, self._old, self._new, self._bits = kind, old, new, bits

    @property
    def back(self) -> int:
        """How many ticks the change spans."""
        return self.tick - self.base

    @cached_property
    def _change(self) -> Change:
        return plain_change(self._kind, self._old, self._new)

    def plain(self) -> Change:
        """As JSON says it."""
        return self._change

    def packed(self) -> bytes:
        """As MessagePack says it."""
        return self._bits


class Told(NamedTuple):
    """A view that was told.

    Attributes:
        moment: When.
        bits: The change from the view told before it; None: ``held`` is the view itself.
    """

    moment: Moment
    bits: bytes | None
    held: Held = None


class History:
    """The last views that an audience was told before the one it knows."""

    def __init__(self, kind: Kind, views_max: int) -> None:
        self._kind = kind
        self._views_max = views_max
        # Beyond those that are asked for, as far back as to the view that they are made from.
        self._told_max = views_max and views_max + HISTORY_KEY_EVERY - 1
        # Where nobody moves it is empty; a deque would be 600 bytes all the same.
        self._told: list[Told] = []
        self._keyless = 0  # how many there are since the last that is there itself

    def keep(self, moment: Moment, held: Held, bits: bytes | None) -> None:
        """This was told next; ``bits`` led to it, where there was something before."""
        if not self._told_max:
            return
        if len(self._told) == self._told_max:
            del self._told[0]
        if bits is None or self._keyless + 1 == HISTORY_KEY_EVERY:
            self._told.append(Told(moment, None, held))
            self._keyless = 0
        else:
            self._told.append(Told(moment, bits))
            self._keyless += 1

    def find(self, tick: int) -> tuple[Moment, Held] | None:
        """The view told at ``tick``; None where that is forgotten, or never was."""
        led: list[Told] = []
        for place, told in enumerate(reversed(self._told)):
            if led or (told.moment.tick == tick and place < self._views_max):
                led.append(told)
                if told.bits is None:
                    return led[0].moment, self._made(led)
        return None

    def _made(self, led: list[Told]) -> Held:
        """The first of these, each of which follows from the next."""
        held = led.pop().held
        for told in reversed(led):
            assert told.bits is not None, "the last one is the only one that is there itself"
            held = unpack_change(self._kind, held, told.bits)
        return held


class Audience:
    """What one audience knows: the view it was last told, and the views before."""

    def __init__(
        self,
        kind: Kind,
        held: Held,
        tick: int = 0,
        time: int = 0,
        views_max: int = HISTORY_TICKS_MAX,
        changes: int = 0,
    ) -> None:
        """One that was told this view, and nothing before.

        Args:
            views_max: How many earlier views are remembered, for those who miss some.
            changes: How many it counts already; those that count from different numbers on do not
                all have their fingerprints made in the same tick.
        """
        self.kind = kind
        self.held = held
        self.tick = tick
        self.time = time
        self._history = History(kind, views_max)
        self._bits: bytes | None = None  # what led to the view that it knows
        self._changes = changes
        self._plain: Any = None

    @property
    def view(self) -> Any:
        """What it knows, as plain values; not to be modified."""
        if self._plain is None:
            self._plain = plain(self.kind, self.held)
        return self._plain

    @property
    def whole(self) -> Whole:
        """What it knows, to be told."""
        return Whole(self.kind, self.held)

    def look(self, held: Held, tick: int, time: int) -> Step | None:
        """What must be told now that this is the view; None if nothing changed."""
        if held is self.held:
            return None
        if (bits := pack_change(self.kind, self.held, held)) is None:
            self.held = held  # the next look is compared with this one at a glance
            return None
        before = Moment(self.tick, self.time)
        step = Step(before, Moment(tick, time), self.kind, self.held, held, bits)
        self._history.keep(before, self.held, self._bits)
        self._bits = bits
        self.held, self.tick, self.time, self._plain = held, tick, time, None
        self._changes += 1
        if self._changes % HASH_CHANGES == 0:
            step.hash = fingerprint(self.kind, held)
        return step

    def since(self, known: int) -> Step | None:
        """What changed since tick ``known``, in one; None where only the whole view will do."""
        if (found := self._history.find(known)) is None:
            return None
        then, held = found
        if (bits := pack_change(self.kind, held, self.held)) is None:
            return None
        return Step(then, Moment(self.tick, self.time), self.kind, held, self.held, bits)


class Past(NamedTuple):
    """What there was to see at an earlier tick.

    Attributes:
        shared: The shared view.
        seen: What spectators see besides.
    """

    tick: int
    time: int
    shared: Held
    seen: Held


class Delay:
    """Holds back what spectators are told."""

    def __init__(self, periods: int) -> None:
        self._periods = periods
        self._waiting: deque[Past] = deque()
        self._newest: Held = None  # what spectators see besides, as it was put last

    @property
    def due(self) -> int | None:
        """Room time at which the next may be told."""
        return self._waiting[0].time + self._periods if self._waiting else None

    def shows_other(self, kind: Kind | None, seen: Held) -> bool:
        """Whether what spectators see besides is not what was put last."""
        return kind is not None and (self._newest is None or not same(kind, self._newest, seen))

    def put(self, tick: int, time: int, shared: Held, seen: Held) -> None:
        """This is so now."""
        self._newest = seen
        if len(self._waiting) >= DELAYED_VIEWS_MAX:
            self._waiting.pop()  # the newest two become one: nothing is told too early
        self._waiting.append(Past(tick, time, shared, seen))

    def take(self, time: int) -> Past | None:
        """The newest that may be told at ``time``; None if nothing new may."""
        past = None
        while (due := self.due) is not None and due <= time:
            past = self._waiting.popleft()
        return past
