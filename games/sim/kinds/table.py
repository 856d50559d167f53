"""Many rows of the same columns, by whole numbers: what moves in a title.

Rules of this file: no loop over rows or cells where a title is well; only to find what is wrong.
Tables of few rows are an exception, where numpy would cost more than it saves.
"""

import operator
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from games.sim import few as f
from games.sim import rows as r
from games.sim import sights, unrolled
from games.sim.bits import BitReader, Bits, BitWriter, LayoutError, count_of
from games.sim.diff import Change
from games.sim.kinds.containers import count_problems, inner_problems, stated
from games.sim.kinds.kind import Kind, Problems, Scalar, ViewError, shown
from games.sim.kinds.scalars import Angle, Fixed, Int, Number
from games.sim.rows import Columns, Ints, Rows
from games.sim.sights import Seen

CODES_MAX = 1 << 31
"""Of a column: two codes then differ by 32 bits at the most."""

KNOWN_MAX = 2048
"""Values of a column whose codes are remembered."""

_NO_ROW = 4
"""Bits that say that there is none; they are zeros."""
_NO_ROWS = 2 * _NO_ROW
"""Bits that say that no row is gone, and none is new."""

_NOTHING: dict[Any, Any] = {}

_WRONG = (ValueError, TypeError, LookupError, OverflowError, struct.error)
"""What numpy, struct and the columns' kinds raise at values that do not fit."""


class Table(Kind):
    """Rows by id, a whole number from 0 to 2**31 - 1; each column is a scalar.

    Attributes:
        rows: How many there may be.
        columns: Name and kind of each, in order.
        by_seat: Whether each seat is told only the rows in its sight; ``Game.sees`` says which.
        spectators: Whether spectators are told all rows of such a table, or none.
        moves: Names of columns, each with that of another which moves it: its speed, in the same
            steps. What follows from the speed is not told, so that a row that goes on as it went
            takes hardly a bit. Both are numbers of one step, or an angle is moved by whole numbers,
            and nothing moves a speed.
    """

    rows: int
    columns: Mapping[str, Scalar]
    by_seat: bool
    spectators: bool
    moves: Mapping[str, str]
    _empty: Rows
    _widths: tuple[int, ...]
    _codes: Ints
    _counting: r.Counting
    _sizes: tuple[int, ...]
    _numbers: "_Numbers | None"
    _row: Callable[[Any], Any]
    _known: "list[_Known]"
    _codes_of: Callable[..., f.Few]
    _width: int
    _pack: unrolled.Pack
    _plan: sights.Plan
    _moved: unrolled.Move

    def __init__(
        self,
        rows_max: int,
        /,
        *,
        by_seat: bool = False,
        spectators: bool = True,
        moves: Mapping[str, str] = _NOTHING,
        **columns: Kind,
    ) -> None:
        self._make(rows_max, columns, by_seat, spectators, moves)

    @classmethod
    def of(
        cls,
        rows: int,
        columns: Mapping[str, Kind],
        by_seat: bool,
        spectators: bool,
        moves: Mapping[str, str] = _NOTHING,
    ) -> "Table":
        """A table whose columns may have any name."""
        table = cls.__new__(cls)
        table._make(rows, columns, by_seat, spectators, moves)
        return table

    def _make(
        self,
        rows: int,
        columns: Mapping[str, Kind],
        by_seat: bool,
        spectators: bool,
        moves: Mapping[str, str],
    ) -> None:
        said = (rows, by_seat, spectators, *sorted(moves.items()), *columns.items())
        problems = _problems(rows, columns, by_seat, spectators)
        problems += [] if problems else _moves_problems(columns, moves)
        if problems:
            self._be(*said, problems=problems)
            return
        kinds = list(columns.values())
        counting = _counting(columns, moves)
        sizes = tuple(_most(columns, moves, name).bit_length() for name in columns)
        self._be(
            *said,
            rows=rows,
            columns=columns,
            by_seat=by_seat,
            spectators=spectators,
            moves=moves,
            _empty=Rows(np.empty(0, np.int64), np.empty((0, len(kinds)), np.int64)),
            _widths=tuple(kind.width for kind in kinds),
            _codes=np.array([kind.codes for kind in kinds], np.int64),
            _counting=counting,
            _sizes=sizes,
            _numbers=_Numbers.of(kinds),
            _row=_row_of(list(columns)),
            _codes_of=unrolled.holder(tuple(map(_bounds, kinds))),
            _width=sum(kind.width for kind in kinds),
            _pack=unrolled.packer(tuple(kind.width for kind in kinds)),
            _plan=sights.Plan(
                np.array([kind.width for kind in kinds], np.int64),
                np.array(sizes, np.int64),
                counting,
            ),
            _moved=unrolled.mover(sizes, counting) if kinds else _unmoved,
            _known=list(map(_Known, kinds)),
        )

    def __repr__(self) -> str:
        columns = "".join(f", {name}={kind!r}" for name, kind in self.columns.items())
        moves = f", moves={dict(self.moves)!r}" if self.moves else ""
        return f"Table({self.rows}{', by_seat=True' if self.by_seat else ''}{moves}{columns})"

    def parts(self) -> Iterator[tuple[str, Kind]]:
        for name, kind in self.columns.items():
            yield f".{name}", kind

    def schema(self) -> dict[str, Any]:
        columns = [[name, kind.schema()] for name, kind in self.columns.items()]
        schema: dict[str, Any] = {"kind": "table", "rows": self.rows, "columns": columns}
        if self.by_seat:
            schema["by_seat"] = True
        if not self.spectators:
            schema["spectators"] = False
        if self.moves:
            schema["moves"] = dict(self.moves)
        return schema

    def column(self, rows: Rows, name: str) -> NDArray[np.float64]:
        """The values of a column of numbers, in its own units.

        Raises:
            TypeError: its values are no numbers.
        """
        place = list(self.columns).index(name)
        kind = self.columns[name]
        if not isinstance(kind, Number):
            raise TypeError(f"column {name} is not made of numbers")
        steps = (rows.cells[:, place] + kind.least).astype(np.float64)
        return steps if kind.step is None else steps * kind.step

    # --- from the title ------------------------------------------------------------------------

    def hold(self, value: Any) -> Rows:
        if isinstance(value, Columns):
            ids, cells = self._hold_columns(value)
        elif isinstance(value, dict):
            if not value:
                return self._empty
            if (few := self._hold_few(value)) is not None:
                return Rows(None, None, few=few)
            ids, cells = self._hold_rows(value)
        else:
            raise ViewError(f"{shown(value)} is no table")
        if not r.ascends(ids):
            order = np.argsort(ids, kind="stable")
            ids, cells = ids[order], cells[order]
            if not r.ascends(ids):
                twice = ids[1:][ids[1:] == ids[:-1]][0]
                raise ViewError(f"row {twice} stands there twice")
        if len(ids) and not (ids[0] >= 0 and ids[-1] <= r.ID_MAX):
            wrong = ids[0] if ids[0] < 0 else ids[-1]
            raise ViewError(f"row {wrong} is not in 0..{r.ID_MAX}")
        return Rows(ids, cells)

    def _bound(self, count: int) -> None:
        if count > self.rows:
            raise ViewError(f"{count} rows, at most {self.rows} are declared")

    def hold_again(self, table: dict[Any, Any], shown: dict[Any, Any], held: Rows) -> Rows:
        """The same of a map, where rows that look as in ``shown``, which is held in ``held``, are
        taken from there: they are the same objects then."""
        if table and (before := held.few) and (few := self._hold_few(table, shown, before)):
            return Rows(None, None, few=few)
        return self.hold(table)

    def _hold_few(
        self, table: dict[Any, Any], shown: dict[Any, Any] = _NOTHING, held: f.Few = _NOTHING
    ) -> f.Few | None:
        """The rows one by one; None where they are many, or something is wrong or unusual."""
        if len(table) * len(self._known) > f.CELLS_MAX or len(table) > self.rows:
            return None
        try:
            few = self._codes_of(table, shown, held, self._row, self._known)
            ids = list(few)
            if {*map(type, ids)} != {int}:
                ids = _ids(few).tolist()
                few = dict(zip(ids, few.values(), strict=True))
        except _WRONG:
            return None
        ordered = sorted(few)
        if len(ordered) < len(table) or ordered[0] < 0 or ordered[-1] > r.ID_MAX:
            return None
        return few if ordered == ids else {key: few[key] for key in ordered}

    def _hold_rows(self, table: dict[Any, Any]) -> tuple[Ints, Ints]:
        self._bound(len(table))
        try:
            return _ids(table), self._cells(list(table.values()))
        except _WRONG as error:
            self._look_for_the_mistake(table)
            raise ViewError(f"has a cell that does not fit: {error}") from error

    def _cells(self, rows: list[Any]) -> Ints:
        """The codes of rows, each a tuple or list in the order of the columns, or a map."""
        if not {*map(type, rows)} <= {tuple, list}:
            rows = list(map(self._row, rows))
        count = len(self.columns)
        if {*map(len, rows)} != {count}:
            raise ValueError("more or fewer cells than columns")
        if not count:
            return np.empty((len(rows), 0), np.int64)
        if self._numbers:
            return self._numbers.hold(rows, len(rows))
        cells = np.empty((len(rows), count), np.int64)
        for place, (kind, values) in enumerate(
            zip(self.columns.values(), zip(*rows, strict=True), strict=True)
        ):
            cells[:, place] = kind.hold_all(values)
        return cells

    def _look_for_the_mistake(self, table: dict[Any, Any]) -> None:
        """Say which cell is wrong, and why."""
        for key, row in table.items():
            try:
                _ids({key: row})
            except _WRONG:
                raise ViewError(f"{shown(key)} is no row's number") from None
            try:
                self._check_row(row)
            except ViewError as error:
                error.inside(key)
                raise

    def _check_row(self, row: Any) -> None:
        names = list(self.columns)
        if isinstance(row, dict):
            for name in chain(names, row):
                if name not in row:
                    raise ViewError("is missing", name)
                if name not in self.columns:
                    raise ViewError("is not declared", str(name))
            row = [row[name] for name in names]
        if not isinstance(row, tuple | list):
            raise ViewError(f"{shown(row)} is no row")
        if len(row) != len(names):
            raise ViewError(f"{len(row)} cells, where {len(names)} columns are declared")
        for name, value in zip(names, row, strict=True):
            try:
                self.columns[name].hold(value)
            except ViewError as error:
                error.inside(name)
                raise

    def _hold_columns(self, table: Columns) -> tuple[Ints, Ints]:
        if table.columns.keys() != self.columns.keys():
            wrong = min(table.columns.keys() ^ self.columns.keys())
            missing = wrong in self.columns
            raise ViewError(f"column {wrong} is {'missing' if missing else 'not declared'}")
        ids = np.array(table.ids)
        if ids.ndim != 1 or (len(ids) and ids.dtype.kind not in "iu"):
            raise ViewError(f"{shown(table.ids)} are no rows' numbers")
        self._bound(len(ids))
        if len(ids) and int(ids.max()) > r.ID_MAX:
            raise ViewError(f"row {ids.max()} is not in 0..{r.ID_MAX}")
        if self._numbers:
            columns = [table.columns[name] for name in self.columns]
            if (numbers := self._numbers.hold_columns(columns, len(ids))) is not None:
                return ids.astype(np.int64, copy=False), numbers
        cells = np.empty((len(ids), len(self.columns)), np.int64)
        for place, (name, kind) in enumerate(self.columns.items()):
            cells[:, place] = _column(name, kind, table.columns[name], ids)
        return ids.astype(np.int64, copy=False), cells

    # --- plain ---------------------------------------------------------------------------------

    def plain(self, held: Rows) -> dict[str, Any]:
        if (few := held.few) and self.columns:
            parts = zip(self.columns.values(), zip(*few.values(), strict=True), strict=True)
            rows = self._named(map(kind.plain, codes) for kind, codes in parts)
            return dict(zip(map(str, few), rows, strict=True))
        return dict(zip(_keys(held.ids), self._plain_rows(held.cells), strict=True))

    def _plain_rows(self, cells: Ints) -> list[dict[str, Any]]:
        if not self.columns:
            return [{} for _ in range(len(cells))]
        return self._named(self._plain_columns(cells))

    def _named(self, columns: Iterable[Iterable[Any]]) -> list[dict[str, Any]]:
        """Rows of the cells of these columns."""
        names = tuple(self.columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def _plain_columns(self, cells: Ints) -> list[list[Any]]:
        return [kind.plain_all(cells[:, place]) for place, kind in enumerate(self.columns.values())]

    def change(self, old: Rows, new: Rows) -> Change:
        found = r.difference(old, new)
        ids, gone = found.added_ids, found.gone_ids
        return stated(
            dict(zip(_keys(ids), self._plain_rows(found.added), strict=True)),
            self._inner(found.before, found.after, found.kept),
            gone=_keys(gone),
            enter=_keys(ids[_still(ids, old.whole)]) if self.by_seat else [],
            leave=_keys(gone[_still(gone, new.whole)]) if self.by_seat else [],
        )

    def _inner(self, before: Ints, after: Ints, kept: Ints) -> dict[str, Change]:
        """By row, the cells that changed."""
        where = before != after
        rows = where.any(axis=1).nonzero()[0]
        columns = self._plain_columns(after[rows])
        names = tuple(self.columns)
        inner: dict[str, Change] = {key: {"set": {}} for key in _keys(kept[rows])}
        sets = [change["set"] for change in inner.values()]
        lines, places = where[rows].nonzero()
        for line, place in zip(lines.tolist(), places.tolist(), strict=True):
            sets[line][names[place]] = columns[place][line]
        return inner

    # --- as bits -------------------------------------------------------------------------------

    def write(self, bits: BitWriter, held: Rows) -> None:
        if (few := held.few) is None:
            self._write_many(bits, held.ids, held.cells)
        else:
            bits.put(*self._some(list(few), few.values()))

    def _some(self, ids: list[int], rows: Collection[f.Row]) -> Bits:
        """How few rows are told, whole."""
        number, width = count_of(len(ids))
        if not ids:
            return number, width
        gaps, more = f.ids_as_bits(ids)
        cells = len(ids) * self._width
        return (number << more | gaps) << cells | self._pack(rows), width + more + cells

    def _write_many(self, bits: BitWriter, ids: Ints, cells: Ints) -> None:
        bits.count(len(ids))
        if len(ids):
            r.write_ids(bits, ids)
            r.write_cells(bits, cells, self._widths)

    def read(self, bits: BitReader) -> Rows:
        return Rows(*self._read_rows(bits, self.rows))

    def _read_rows(self, bits: BitReader, most: int) -> tuple[Ints, Ints]:
        count = bits.count(most)
        if not count:
            return self._empty.ids, self._empty.cells
        ids = r.read_ids(bits, count, r.ID_MAX + 1)
        cells = r.read_cells(bits, count, self._widths)
        if (cells >= self._codes).any():
            raise LayoutError("a code that its column does not have")
        return ids, cells

    def tell(self, old: Rows, new: Rows) -> Bits | None:
        if old is new:
            return None
        if type(new) is Seen and new.is_next_to(old):
            return new.sights.told(self._plan)[new.viewer]
        before, after = old.few, new.few
        if before is None or after is None:
            return self._tell_of_many(old, new)
        if before.keys() == after.keys():
            moved = self._moved(before.values(), after.values())
            return moved and (moved[0], _NO_ROWS + moved[1])
        return self._tell_of_few(f.difference(before, after), old, new)

    def _tell_of_few(self, found: f.Difference, old: Rows, new: Rows) -> Bits:
        """Where rows are gone or new."""
        bits = BitWriter()
        bits.put(*count_of(len(found.gone)))
        if found.gone:
            bits.put(*f.ids_as_bits(found.gone))
            if self.by_seat:
                r.write_mask(bits, _still(found.gone_ids, new.whole))
        bits.put(*self._some(found.added_ids, found.added))
        if self.by_seat and found.added:
            r.write_mask(bits, _still(found.added_ids, old.whole))
        bits.put(*(self._moved(found.before, found.after) or (0, _NO_ROW)))
        return bits.all()

    def _tell_of_many(self, old: Rows, new: Rows) -> Bits | None:
        found = r.difference(old, new)
        changed, count, folded = r.changes(found.before, found.after, self._counting)
        if not (count or len(found.gone) or len(found.added_ids)):
            return None
        bits = BitWriter()
        bits.count(len(found.gone))
        if len(found.gone):
            r.write_ids(bits, found.gone)
            if self.by_seat:
                r.write_mask(bits, _still(found.gone_ids, new.whole))
        self._write_many(bits, found.added_ids, found.added)
        if self.by_seat and len(found.added_ids):
            r.write_mask(bits, _still(found.added_ids, old.whole))
        bits.count(count)
        if count:
            if count < len(changed):
                r.write_mask(bits, changed)
            widths = r.widths(folded, len(self._widths))
            for width, size in zip(widths, self._sizes, strict=True):
                bits.put(width, size)
            r.write_cells(bits, folded, widths)
        return bits.all()

    def write_change(self, bits: BitWriter, old: Rows, new: Rows) -> None:
        told = self.tell(old, new)
        assert told is not None
        bits.put(*told)

    def read_change(self, bits: BitReader, old: Rows) -> Rows:
        gone, left = self._empty.ids, np.zeros(0, np.bool_)
        if count := bits.count(len(old)):
            gone = r.read_ids(bits, count, len(old))
            if self.by_seat:
                left = r.read_mask(bits, count)
        kept = np.delete(old.cells, gone, axis=0) if len(gone) else old.cells
        ids, cells = self._read_rows(bits, self.rows - len(kept))
        entered = np.zeros(0, np.bool_)
        if self.by_seat and len(ids):
            entered = r.read_mask(bits, len(ids))
        rows = r.apply(old, gone, self._read_differences(bits, kept), ids, cells)
        if self.by_seat:
            rows.entered = ids[entered].tolist() if len(ids) else []
            rows.left = old.ids[gone][left].tolist() if len(gone) else []
        return rows

    def _read_differences(self, bits: BitReader, before: Ints) -> Ints:
        count = bits.count(len(before))
        if not count:
            return before
        changed: Any = slice(None)
        if count < len(before):
            changed = r.read_mask(bits, len(before))
            if np.count_nonzero(changed) != count:
                raise LayoutError("more or fewer rows changed than are counted")
        widths = tuple(map(bits.take, self._sizes))
        if widths and max(widths) > r.CODE_BITS_MAX:
            raise LayoutError("a difference that no column has")
        differences = r.unzigzag(r.read_cells(bits, count, widths))
        after = r.uncounted(before[changed], differences, self._counting)
        if (after < 0).any() or (after >= self._codes).any():
            raise LayoutError("a code that its column does not have")
        cells = before.copy()
        cells[changed] = after
        return cells


def _keys(ids: Ints) -> list[str]:
    return list(map(str, ids.tolist()))


def _still(ids: Ints | list[int], whole: Ints | None) -> r.Mask:
    """Which of the rows that come or go are, or were, in the whole table: they only changed sight.
    Nobody knows where the whole table is not known."""
    return np.zeros(len(ids), np.bool_) if whole is None else r.is_among(np.asarray(ids), whole)


def _bounds(kind: Kind) -> tuple[int, int] | None:
    """The least and the greatest value of a column of whole numbers."""
    if not isinstance(kind, Number) or kind.step is not None:
        return None
    return kind.least, kind.least + kind.codes - 1


def _counting(columns: Mapping[str, Kind], moves: Mapping[str, str]) -> r.Counting:
    places = {name: place for place, name in enumerate(columns)}
    return r.Counting(
        tuple((places[n], kind.codes) for n, kind in columns.items() if isinstance(kind, Angle)),
        tuple((places[n], places[by], columns[by].least) for n, by in moves.items()),  # type: ignore[attr-defined]  # a number
    )


def _most(columns: Mapping[str, Kind], moves: Mapping[str, str], name: str) -> int:
    """The most bits that a difference of this column takes, with its sign."""
    far = columns[name].codes - 1
    if name in moves and not isinstance(columns[name], Angle):
        speed: Any = columns[moves[name]]
        far += max(abs(speed.least), abs(speed.least + speed.codes - 1))
    return far.bit_length() + 1


def _unmoved(old: object, new: object) -> None:
    """Rows without columns do not change."""


class _Known(dict[Any, int]):
    """The codes of values of one kind, looked up: most values were there before. Those of a
    ``Fixed`` were not, where it moves, and are not kept."""

    def __init__(self, kind: Kind) -> None:
        self._hold = kind.hold
        self._keeps = not isinstance(kind, Fixed)

    def __missing__(self, value: Any) -> int:
        code: int = self._hold(value)
        if self._keeps:
            if len(self) >= KNOWN_MAX:
                self.clear()
            self[value] = code
        return code


class _Numbers:
    """Holds rows of nothing but numbers, all cells at once."""

    def __init__(self, kinds: list[Number]) -> None:
        self._columns = len(kinds)
        self._least = np.array([kind.least for kind in kinds], np.int64)
        self._codes = np.array([kind.codes for kind in kinds], np.uint64)
        self._lowest = self._least.astype(np.float64)
        self._highest = np.array([kind.least + kind.codes - 1 for kind in kinds], np.float64)
        self._steps = np.array([kind.step or 1.0 for kind in kinds], np.float64)
        self._whole = np.array([kind.step is None for kind in kinds], np.bool_)
        self._fixed = not self._whole.all()

    @classmethod
    def of(cls, kinds: Sequence[Kind]) -> "_Numbers | None":
        """None where there is another kind among them."""
        numbers = [kind for kind in kinds if isinstance(kind, Number)]
        return cls(numbers) if kinds and len(numbers) == len(kinds) else None

    def hold(self, rows: list[Any], count: int) -> Ints:
        """The codes.

        Raises:
            ValueError, struct.error, OverflowError: one does not fit.
        """
        values = tuple(chain.from_iterable(rows))
        if not self._fixed:
            try:
                data = struct.pack(f"{len(values)}q", *values)
            except struct.error:
                pass  # there are floats among them, or worse
            else:
                return self._of_whole(np.frombuffer(data, np.int64).reshape(count, -1))
        data = struct.pack(f"{len(values)}d", *values)
        return self._of_floats(np.frombuffer(data, np.float64).reshape(count, -1))

    def hold_columns(self, columns: list[Any], count: int) -> Ints | None:
        """The codes; None if a column is no array of so many numbers, or one does not fit."""
        if not all(
            isinstance(column, np.ndarray)
            and column.shape == (count,)
            and column.dtype.kind in "biuf"
            for column in columns
        ):
            return None
        whole = not self._fixed and all(column.dtype.kind in "bi" for column in columns)
        numbers: NDArray[Any] = np.empty((count, self._columns), np.int64 if whole else np.float64)
        for place, column in enumerate(columns):
            numbers[:, place] = column
        try:
            return self._of_whole(numbers) if whole else self._of_floats(numbers)
        except ValueError:
            return None

    def _of_whole(self, numbers: Ints) -> Ints:
        codes = numbers - self._least
        if (codes.view(np.uint64) >= self._codes).any():
            raise ValueError("out of bounds")
        return codes

    def _of_floats(self, numbers: NDArray[np.float64]) -> Ints:
        steps = np.rint(numbers / self._steps)
        fits = (steps >= self._lowest) & (steps <= self._highest)
        if not (fits & ((steps == numbers) | ~self._whole)).all():
            raise ValueError("out of bounds")
        return steps.astype(np.int64) - self._least


def _column(name: str, kind: Scalar, values: Any, ids: Ints) -> Ints:
    """The codes of a column, or which of its values is wrong."""
    given = values if isinstance(values, np.ndarray) else None
    if not isinstance(values, Sequence | np.ndarray):
        raise ViewError(f"column {name} is neither an array nor a list")
    if len(values) != len(ids) or (given is not None and given.ndim != 1):
        raise ViewError(f"column {name} is of another length than the rows' numbers")
    try:
        return kind.hold_all(list(values)) if given is None else kind.hold_array(given)
    except _WRONG as error:
        listed = list(values) if given is None else given.tolist()
        for key, value in zip(ids.tolist(), listed, strict=True):
            try:
                kind.hold(value)
            except ViewError as wrong:
                wrong.inside(name)
                wrong.inside(key)
                raise wrong from None
        raise ViewError(f"column {name}: {error}") from error


def _ids(table: dict[Any, Any]) -> Ints:
    """The ids of rows, which are whole numbers or decimal text."""
    try:
        return np.frombuffer(struct.pack(f"{len(table)}q", *table), np.int64)
    except struct.error:
        numbers = list(map(int, table))
        if list(map(str, numbers)) != list(map(str, table)):
            raise ValueError("not decimal") from None
        return np.array(numbers, np.int64)


def _row_of(names: list[str]) -> Callable[[Any], Any]:
    """A function from a row, which may be a map, to its cells in order."""
    take = operator.itemgetter(*names) if names else None
    count = len(names)

    def cells(row: Any) -> Any:
        if isinstance(row, tuple | list):
            return row
        if not isinstance(row, dict):
            raise TypeError("no row")
        if len(row) != count:
            raise ValueError("more or fewer cells than columns")
        taken = take(row) if take else ()
        return (taken,) if count == 1 else taken

    return cells


def _moves_problems(columns: Mapping[str, Kind], moves: Mapping[str, str]) -> Problems:
    found: Problems = []
    for name, by in moves.items():
        moved, speed = columns.get(name), columns.get(by)
        if not isinstance(moved, Int | Fixed | Angle) or not isinstance(speed, Int | Fixed):
            found.append(("", f"{name} and {by}, which moves it, must be columns of numbers"))
        elif moved.step != speed.step:
            found.append((f".{name}", f"has other steps than {by}, which moves it"))
        elif by in moves:
            found.append((f".{by}", "moves a column, so that none may move it"))
        elif _most(columns, moves, name) > r.CODE_BITS_MAX:
            found.append((f".{name}", f"has too many values for {by} to move it"))
    return found


def _problems(rows: object, columns: Mapping[str, Any], by_seat: Any, spectators: Any) -> Problems:
    found = count_problems("the number of rows", rows)
    found += inner_problems((f".{name}", kind) for name, kind in columns.items())
    for name, kind in columns.items():
        if not isinstance(kind, Kind) or kind.problems:
            continue
        if not kind.codes:
            found.append((f".{name}", "a column must be a number, a truth or a name"))
        elif kind.codes > CODES_MAX:
            found.append((f".{name}", "a column has at most 2**31 values"))
    if not spectators and not by_seat:
        found.append(("", "spectators are told of every table that is not by_seat"))
    return found
