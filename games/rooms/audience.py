"""All who are told the same, and what they were told.

An audience remembers the views that it was told lately, not the messages: whoever missed some is
told the difference between what it knows and what is so now, in one message.
"""

from collections import deque
from functools import cached_property
from typing import Any, NamedTuple

from games.limits import DELAYED_VIEWS_MAX, HASH_CHANGES, HISTORY_TICKS_MAX
from games.sim import Change, Held, Kind, fingerprint, pack, pack_change, plain, plain_change, same


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
        self._past: deque[tuple[Moment, Held]] = deque(maxlen=views_max)
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
        self._past.append((before, self.held))
        self.held, self.tick, self.time, self._plain = held, tick, time, None
        self._changes += 1
        if self._changes % HASH_CHANGES == 0:
            step.hash = fingerprint(self.kind, held)
        return step

    def since(self, known: int) -> Step | None:
        """What changed since tick ``known``, in one; None where only the whole view will do."""
        for then, held in self._past:
            if then.tick == known and (bits := pack_change(self.kind, held, self.held)) is not None:
                return Step(then, Moment(self.tick, self.time), self.kind, held, self.held, bits)
        return None


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
