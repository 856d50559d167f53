"""Holds the same view again and again, tick after tick: what looks as it did is not held anew.

Most of a view stays as it was, even in titles in which everything moves: walls, scores, names. To
find that out costs less than to check and round it again. What stayed is the same held object as
before, so whoever compares sees it at a glance.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from games.sim.diff import compare
from games.sim.kinds.containers import Record
from games.sim.kinds.free import Json
from games.sim.kinds.kind import Held, Kind, ViewError
from games.sim.kinds.table import Table

Hold = Callable[[Any], Held]

_NOTHING = object()


class Holder:
    """Holds the values of one kind, one after another.

    What is shown is compared with a copy of what was shown before. Of tables, that has the same
    rows, if they are tuples, which stay as they are; tables that are shown in another way are held
    anew each time.
    """

    def __init__(self, kind: Kind, path: str) -> None:
        """``path``: what the value is called in errors."""
        self._hold = _holder(kind)
        self._path = path

    def hold(self, value: Any) -> Held:
        """As ``games.sim.hold``; the same object as before where nothing changed.

        Raises:
            ViewError: it is not what is declared.
        """
        try:
            return self._hold(value)
        except ViewError as error:
            error.inside(self._path)
            raise


def _holder(kind: Kind) -> Hold:
    if kind.codes:
        return kind.hold
    if isinstance(kind, Json):
        return _RememberedJson(kind).hold
    if isinstance(kind, Table):
        return _RememberedTable(kind).hold
    if not _has(kind, Table | Json):
        return _Remembered(kind).hold
    return _Parts(kind).hold if isinstance(kind, Record) else _Compared(kind).hold


def _has(kind: Kind, wanted: Any) -> bool:
    return any(isinstance(part, wanted) or _has(part, wanted) for _, part in kind.parts())


_LASTING = {type(None), bool, int, float, str}


def _copy(value: Any) -> Any:
    """The value as it is now; nothing if there is something in it of which that is not known."""
    try:
        return _copied(value)
    except TypeError:
        return _NOTHING


def _copied(value: Any) -> Any:
    kind = type(value)
    if kind in _LASTING:
        return value
    if kind is dict:
        if _LASTING.issuperset(map(type, value.values())):
            return value.copy()
        return {key: _copied(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return kind(map(_copied, value))
    if issubclass(kind, Struct) and _lasts(value):
        return value
    raise TypeError


def _lasts(struct: Struct) -> bool:
    frozen: bool = struct.__struct_config__.frozen
    return frozen and _LASTING.issuperset(map(type, astuple(struct)))


class _Remembered:
    """Remembers a value as it was shown, in a copy. Its kind takes equal values as the same."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._shown: Any = _NOTHING
        self._held: Held = None

    def hold(self, value: Any) -> Held:
        try:
            if type(value) is type(self._shown) and value == self._shown:
                return self._held
        except ValueError:
            pass  # an array in it does not say in a word whether it is equal to something
        self._held = self._kind.hold(value)
        self._shown = _copy(value)
        return self._held


class _RememberedTable:
    """Remembers a table in a copy, if it is a map of rows that stay as they are: tuples. Rows that
    look as they did are not held anew."""

    def __init__(self, kind: Table) -> None:
        self._kind = kind
        self._shown: dict[Any, Any] | None = None
        self._held: Held = None

    def hold(self, value: Any) -> Held:
        shown = self._shown
        if type(value) is not dict:
            self._held, self._shown = self._kind.hold(value), None
            return self._held
        if shown is None:
            self._held = self._kind.hold(value)
        else:
            try:
                if value == shown:
                    return self._held
            except ValueError:
                pass  # as above
            self._held = self._kind.hold_again(value, shown, self._held)
        self._shown = value.copy() if {*map(type, value.values())} <= {tuple} else None
        return self._held


class _RememberedJson:
    """Remembers what was held of any value: True and 1 are two things there."""

    def __init__(self, kind: Json) -> None:
        self._kind = kind
        self._held: Held = _NOTHING

    def hold(self, value: Any) -> Held:
        if compare(self._held, value):
            self._held = self._kind.hold(value)
        return self._held


class _Compared:
    """Remembers what was held, and holds anew to compare."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._held: Held = _NOTHING

    def hold(self, value: Any) -> Held:
        held = self._kind.hold(value)
        if self._held is _NOTHING or not self._kind.same(self._held, held):
            self._held = held
        return self._held


class _Parts:
    """Remembers a record field by field."""

    def __init__(self, kind: Record) -> None:
        self._kind = kind
        self._fields = [(name, _holder(field), field.codes) for name, field in kind.fields.items()]
        self._held: dict[str, Held] | None = None

    def hold(self, value: Any) -> Held:
        if type(value) is not dict or value.keys() != self._kind.fields.keys():
            return self._kind.hold(value)  # which says what is wrong
        before = self._held
        held: dict[str, Held] = {}
        same = before is not None
        name = ""
        try:
            for name, hold, codes in self._fields:
                part = held[name] = hold(value[name])
                if same and part is not (was := before[name]):  # type: ignore[index]  # it is there
                    same = bool(codes) and part == was
        except ViewError as error:
            error.inside(name)
            raise
        if not same:
            self._held = held
        return before if same else held
