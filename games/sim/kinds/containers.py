"""Texts, and values that are made of other values."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict
from numpy.typing import NDArray

from games.sim.bits import BitReader, Bits, BitWriter, LayoutError
from games.sim.diff import REPLACED, Change
from games.sim.kinds.kind import (
    COUNT_MAX,
    Held,
    Kind,
    Problems,
    ViewError,
    is_whole,
    shown,
)
from games.sim.kinds.scalars import FEW, Coded, Number

_ABSENT = object()


def count_problems(name: str, count: object) -> Problems:
    """A bound that a title declares."""
    if is_whole(count) and 1 <= count <= COUNT_MAX:  # type: ignore[operator]  # it is a number
        return []
    return [("", f"{name} must be from 1 to {COUNT_MAX}")]


def inner_problems(kinds: Iterable[tuple[str, object]]) -> Problems:
    """The mistakes in the kinds that another is made of."""
    found: Problems = []
    for name, kind in kinds:
        if isinstance(kind, Kind):
            found += [(f"{name}{path}", problem) for path, problem in kind.problems]
        else:
            found.append((name, f"{shown(kind)} is no kind"))
    return found


class Text(Kind):
    """A text of at most ``max`` characters."""

    max: int

    def __init__(self, max: int) -> None:
        self._be(max, problems=count_problems("max", max), max=max)

    def schema(self) -> dict[str, Any]:
        return {"kind": "text", "max": self.max}

    def hold(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ViewError(f"{shown(value)} is not text")
        if len(value) > self.max:
            raise ViewError(f"{len(value)} characters, at most {self.max} are declared")
        return as_text(value)

    def plain(self, held: str) -> str:
        return held

    def write(self, bits: BitWriter, held: str) -> None:
        bits.data(held.encode())

    def read(self, bits: BitReader) -> str:
        text = read_text(bits, 4 * self.max)
        if len(text) > self.max:
            raise LayoutError(f"{len(text)} characters where at most {self.max} may be")
        return text


def as_text(value: str) -> str:
    """A text that any encoding can carry, of no type but ``str``."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ViewError(f"{shown(value)} has half a character") from None
    return str.__str__(value)


def read_text(bits: BitReader, bytes_max: int | None = None) -> str:
    """A text, behind the count of its bytes."""
    try:
        return bits.data(bytes_max).decode()
    except UnicodeDecodeError as error:
        raise LayoutError("text that is no UTF-8") from error


class Optional(Coded):
    """A value of another kind, or none. Of a scalar, it is a scalar itself: code 0 is none."""

    of: Kind

    def __init__(self, of: Kind) -> None:
        if problems := inner_problems([("", of)]) or _optional_problems(of):
            self._be(of, problems=problems)
        elif of.codes:
            self._be(of, of=of, codes=of.codes + 1, width=of.codes.bit_length())
        else:
            self._be(of, of=of, exact=of.exact)

    def parts(self) -> Iterator[tuple[str, Kind]]:
        yield "", self.of

    def schema(self) -> dict[str, Any]:
        return {"kind": "optional", "of": self.of.schema()}

    def hold(self, value: Any) -> Held:
        if self.codes:
            return 0 if value is None else self.of.hold(value) + 1
        return None if value is None else self.of.hold(value)

    def plain(self, held: Held) -> Any:
        if self.codes:
            return self.of.plain(held - 1) if held else None
        return None if held is None else self.of.plain(held)

    def hold_all(self, values: Any) -> NDArray[np.int64]:
        if len(values) <= FEW:
            return super().hold_all(values)
        given = np.empty(len(values), object)
        given[:] = values
        there = np.asarray(given != None, np.bool_)  # noqa: E711  # of each
        codes = np.zeros(len(values), np.int64)
        assert isinstance(self.of, Coded)
        codes[there] = self.of.hold_all(given[there].tolist()) + 1
        return codes

    def hold_array(self, values: NDArray[Any]) -> NDArray[np.int64]:
        if values.dtype.kind == "O":
            return self.hold_all(values.tolist())
        assert isinstance(self.of, Coded)
        return self.of.hold_array(values) + 1

    def same(self, old: Held, new: Held) -> bool:
        if self.exact or old is None or new is None:
            return bool(old == new)
        return self.of.same(old, new)

    def tell(self, old: Held, new: Held) -> Bits | None:
        if self.codes or old is new:
            return super().tell(old, new)
        if old is None or new is None:
            bits = BitWriter()
            bits.put(0, 1)
            self.write(bits, new)
            return bits.all()
        told = self.of.tell(old, new)
        return None if told is None else (1 << told[1] | told[0], told[1] + 1)

    def write(self, bits: BitWriter, held: Held) -> None:
        if self.codes:
            bits.put(held, self.width)
        elif held is None:
            bits.put(0, 1)
        else:
            bits.put(1, 1)
            self.of.write(bits, held)

    def read(self, bits: BitReader) -> Held:
        if self.codes:
            return super().read(bits)
        return self.of.read(bits) if bits.take(1) else None

    def write_change(self, bits: BitWriter, old: Held, new: Held) -> None:
        told = self.tell(old, new)
        assert told is not None
        bits.put(*told)

    def read_change(self, bits: BitReader, old: Held) -> Held:
        if self.codes or not bits.take(1):
            return self.read(bits)
        if old is None:
            raise LayoutError("a change of what is not there")
        return self.of.read_change(bits, old)

    def change(self, old: Held, new: Held) -> Change:
        if self.codes or old is None or new is None:
            return REPLACED
        return self.of.change(old, new)


def _optional_problems(of: Kind) -> Problems:
    if isinstance(of, Optional):
        return [("", "optional twice says no more than once")]
    if of.schema()["kind"] == "json":
        return [("", "anything JSON-like may be none without being optional")]
    return []


class List(Kind):
    """Values of one kind in order, at most ``max`` of them."""

    of: Kind
    max: int

    def __init__(self, of: Kind, max: int) -> None:
        problems = inner_problems([("[]", of)]) + count_problems("max", max)
        exact = not problems and of.exact
        self._be(of, max, problems=problems, of=of, max=max, exact=exact)

    def parts(self) -> Iterator[tuple[str, Kind]]:
        yield "[]", self.of

    def schema(self) -> dict[str, Any]:
        return {"kind": "list", "of": self.of.schema(), "max": self.max}

    def hold(self, value: Any) -> list[Held]:
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not isinstance(value, list | tuple):
            raise ViewError(f"{shown(value)} is not a list")
        if len(value) > self.max:
            raise ViewError(f"{len(value)} items, at most {self.max} are declared")
        hold = self.of.hold
        held: list[Held] = []
        try:
            for item in value:
                held.append(hold(item))  # noqa: PERF401  # its length says which one is wrong
        except ViewError as error:
            error.inside(len(held))
            raise
        return held

    def plain(self, held: list[Held]) -> list[Any]:
        return list(map(self.of.plain, held))

    def same(self, old: list[Held], new: list[Held]) -> bool:
        if self.exact:
            return old == new
        return len(old) == len(new) and all(map(self.of.same, old, new))

    def write(self, bits: BitWriter, held: list[Held]) -> None:
        bits.count(len(held))
        write = self.of.write
        for item in held:
            write(bits, item)

    def read(self, bits: BitReader) -> list[Held]:
        read = self.of.read
        return [read(bits) for _ in range(bits.count(self.max))]

    def write_change(self, bits: BitWriter, old: list[Held], new: list[Held]) -> None:
        changed = self._changed(old, new)
        if changed is None:
            bits.put(0, 1)
            self.write(bits, new)
            return
        bits.put(1, 1)
        bits.count(len(changed))
        for index in changed:
            bits.count(index)
            self.of.write_change(bits, old[index], new[index])
        self.write(bits, new[len(old) :])

    def _changed(self, old: list[Held], new: list[Held]) -> list[int] | None:
        """The indexes of what is another value now; None if the list is best told whole."""
        if not old or len(old) > len(new):
            return None
        same = self.of.same
        changed = [index for index, item in enumerate(old) if not same(item, new[index])]
        replaced = isinstance(self.of, Coded | Text) and 2 * len(changed) >= len(old)
        return None if replaced else changed

    def read_change(self, bits: BitReader, old: list[Held]) -> list[Held]:
        if not bits.take(1):
            return self.read(bits)
        new = list(old)
        for _ in range(bits.count(len(old))):
            index = bits.count(len(old) - 1)
            new[index] = self.of.read_change(bits, old[index])
        more = bits.count(self.max - len(old))
        return new + [self.of.read(bits) for _ in range(more)]

    def change(self, old: list[Held], new: list[Held]) -> Change:
        changed = self._changed(old, new)
        if changed is None:
            return REPLACED
        put: dict[str, Any] = {}
        inner: dict[str, Change] = {}
        for index in changed:
            sort(self.of, str(index), old[index], new[index], put, inner)
        more = [self.of.plain(item) for item in new[len(old) :]]
        if 2 * len(put) >= len(old):
            return REPLACED
        return stated(put, inner, push=more)


def sort(
    kind: Kind,
    key: str,
    old: Held,
    new: Held,
    put: dict[str, Any],
    inner: dict[str, Change],
) -> None:
    """Say a change either in ``put``, as the new value, or in ``inner``, as what changed in it."""
    change = kind.change(old, new)
    if change is REPLACED:
        put[key] = kind.plain(new)
    else:
        inner[key] = change


def stated(put: dict[str, Any], inner: dict[str, Change], **more: list[Any]) -> Change:
    """The parts of a change that have something to say."""
    parts: Change = {"set": put, "in": inner, **more}
    return {name: part for name, part in parts.items() if part}


class Map(Kind):
    """Values of one kind by text keys, at most ``max`` of them."""

    of: Kind
    max: int

    def __init__(self, of: Kind, max: int) -> None:
        problems = inner_problems([("{}", of)]) + count_problems("max", max)
        exact = not problems and of.exact
        self._be(of, max, problems=problems, of=of, max=max, exact=exact)

    def parts(self) -> Iterator[tuple[str, Kind]]:
        yield "{}", self.of

    def schema(self) -> dict[str, Any]:
        return {"kind": "map", "of": self.of.schema(), "max": self.max}

    def hold(self, value: Any) -> dict[str, Held]:
        if not isinstance(value, Mapping):
            raise ViewError(f"{shown(value)} is not a map")
        if len(value) > self.max:
            raise ViewError(f"{len(value)} keys, at most {self.max} are declared")
        hold = self.of.hold
        held: dict[str, Held] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise ViewError(f"key {shown(key)} is not text")
            try:
                held[as_text(key)] = hold(item)
            except ViewError as error:
                error.inside(key)
                raise
        return held

    def plain(self, held: dict[str, Held]) -> dict[str, Any]:
        plain = self.of.plain
        return {key: plain(item) for key, item in held.items()}

    def same(self, old: dict[str, Held], new: dict[str, Held]) -> bool:
        if self.exact:
            return old == new
        same = self.of.same
        return old.keys() == new.keys() and all(same(old[key], item) for key, item in new.items())

    def write(self, bits: BitWriter, held: dict[str, Held]) -> None:
        bits.count(len(held))
        for key in sorted(held):
            bits.data(key.encode())
            self.of.write(bits, held[key])

    def read(self, bits: BitReader) -> dict[str, Held]:
        read = self.of.read
        held: dict[str, Held] = {}
        for key in self._keys(bits, self.max):
            held[key] = read(bits)
        return held

    @staticmethod
    def _keys(bits: BitReader, most: int) -> Iterator[str]:
        """As many keys as are counted, ascending; what belongs to each is read in between."""
        last = None
        for _ in range(bits.count(most)):
            key = read_text(bits)
            if last is not None and key <= last:
                raise LayoutError("keys that do not ascend")
            yield key
            last = key

    def write_change(self, bits: BitWriter, old: dict[str, Held], new: dict[str, Held]) -> None:
        gone, added, changed = self._compare(old, new)
        bits.count(len(gone))
        for key in gone:
            bits.data(key.encode())
        bits.count(len(added))
        for key in added:
            bits.data(key.encode())
            self.of.write(bits, new[key])
        bits.count(len(changed))
        for key in changed:
            bits.data(key.encode())
            self.of.write_change(bits, old[key], new[key])

    def _compare(
        self, old: dict[str, Held], new: dict[str, Held]
    ) -> tuple[list[str], list[str], list[str]]:
        """The keys that are gone, new, and stand for another value; each ascending."""
        same = self.of.same
        added: list[str] = []
        changed: list[str] = []
        for key, item in new.items():
            before = old.get(key, _ABSENT)
            if before is _ABSENT:
                added.append(key)
            elif not same(before, item):
                changed.append(key)
        gone = [key for key in old if key not in new]
        return sorted(gone), sorted(added), sorted(changed)

    def read_change(self, bits: BitReader, old: dict[str, Held]) -> dict[str, Held]:
        new = dict(old)
        for key in self._keys(bits, len(old)):
            if key not in old:
                raise LayoutError("a key is gone that was not there")
            del new[key]
        for key in self._keys(bits, self.max - len(new)):
            new[key] = self.of.read(bits)
        for key in self._keys(bits, len(old)):
            if key not in old:
                raise LayoutError("a change of what is not there")
            new[key] = self.of.read_change(bits, old[key])
        if len(new) > self.max:
            raise LayoutError(f"{len(new)} keys where at most {self.max} may be")
        return new

    def change(self, old: dict[str, Held], new: dict[str, Held]) -> Change:
        gone, added, changed = self._compare(old, new)
        put = {key: self.of.plain(new[key]) for key in added}
        inner: dict[str, Change] = {}
        for key in changed:
            sort(self.of, key, old[key], new[key], put, inner)
        return stated(put, inner, gone=gone)


def _hold_of(name: str, kind: Kind) -> tuple[str, Callable[[Any], Held], int, int]:
    """How the field of a record is held; whole numbers from ``least`` on, as many as ``codes``, are
    held by their distance from it."""
    if isinstance(kind, Number) and kind.step is None:
        return name, kind.hold, kind.least, kind.codes
    return name, kind.hold, 0, 0


class Record(Kind):
    """A map with exactly these keys, each with a kind of its own.

    Attributes:
        fields: Name and kind of each, in order.
    """

    fields: Mapping[str, Kind]
    _holds: list[tuple[str, Callable[[Any], Held], int, int]]
    _tells: list[tuple[str, int, Callable[[Held, Held], Bits | None]]]

    def __init__(self, /, **fields: Kind) -> None:
        problems = inner_problems((f".{name}", kind) for name, kind in fields.items())
        exact = not problems and all(kind.exact for kind in fields.values())
        self._be(
            *fields.items(),
            problems=problems,
            fields=fields,
            exact=exact,
            _holds=[] if problems else [_hold_of(name, kind) for name, kind in fields.items()],
            _tells=[] if problems else [(name, k.width, k.tell) for name, k in fields.items()],
        )

    def __repr__(self) -> str:
        return f"Record({', '.join(f'{name}={kind!r}' for name, kind in self.fields.items())})"

    def parts(self) -> Iterator[tuple[str, Kind]]:
        for name, kind in self.fields.items():
            yield f".{name}", kind

    def schema(self) -> dict[str, Any]:
        fields = [[name, kind.schema()] for name, kind in self.fields.items()]
        return {"kind": "record", "fields": fields}

    def hold(self, value: Any) -> dict[str, Held]:
        if isinstance(value, Struct):
            value = asdict(value)
        elif not isinstance(value, dict):
            raise ViewError(f"{shown(value)} is not a map")
        if value.keys() != self.fields.keys():
            raise self._misfit(value)
        held: dict[str, Held] = {}
        name = ""
        try:
            for name, hold, least, codes in self._holds:
                part = value[name]
                if type(part) is int and 0 <= (code := part - least) < codes:
                    held[name] = code
                else:
                    held[name] = hold(part)
        except ViewError as error:
            error.inside(name)
            raise
        return held

    def _misfit(self, value: dict[Any, Any]) -> ViewError:
        for name in self.fields:
            if name not in value:
                return ViewError("is missing", name)
        more = next(name for name in value if name not in self.fields)
        return ViewError("is not declared", str(more))

    def plain(self, held: dict[str, Held]) -> dict[str, Any]:
        return {name: kind.plain(held[name]) for name, kind in self.fields.items()}

    def same(self, old: dict[str, Held], new: dict[str, Held]) -> bool:
        return old == new if self.exact else not self._changed(old, new)

    def write(self, bits: BitWriter, held: dict[str, Held]) -> None:
        for name, kind in self.fields.items():
            kind.write(bits, held[name])

    def read(self, bits: BitReader) -> dict[str, Held]:
        return {name: kind.read(bits) for name, kind in self.fields.items()}

    def tell(self, old: dict[str, Held], new: dict[str, Held]) -> Bits | None:
        flags = number = total = 0
        for name, width, of in self._tells:
            flags <<= 1
            before, after = old[name], new[name]
            if before is after:
                continue
            if width:
                if before != after:
                    flags |= 1
                    number = number << width | after
                    total += width
            elif (told := of(before, after)) is not None:
                flags |= 1
                number = number << told[1] | told[0]
                total += told[1]
        return (flags << total | number, len(self._tells) + total) if flags else None

    def write_change(self, bits: BitWriter, old: dict[str, Held], new: dict[str, Held]) -> None:
        told = self.tell(old, new)
        assert told is not None
        bits.put(*told)

    def _changed(self, old: dict[str, Held], new: dict[str, Held]) -> list[str]:
        changed = []
        for name, kind in self.fields.items():
            before, after = old[name], new[name]
            if before is not after and not (
                before == after if kind.exact else kind.same(before, after)
            ):
                changed.append(name)
        return changed

    def read_change(self, bits: BitReader, old: dict[str, Held]) -> dict[str, Held]:
        flags = bits.take(len(self.fields))
        new = dict(old)
        bit = 1 << len(self.fields)
        for name, kind in self.fields.items():
            bit >>= 1
            if flags & bit:
                new[name] = kind.read_change(bits, old[name])
        return new

    def change(self, old: dict[str, Held], new: dict[str, Held]) -> Change:
        put: dict[str, Any] = {}
        inner: dict[str, Change] = {}
        for name in self._changed(old, new):
            sort(self.fields[name], name, old[name], new[name], put, inner)
        return stated(put, inner)
