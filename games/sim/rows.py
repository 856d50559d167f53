"""The rows of a table as arrays of whole numbers: one operation for all of them.

A table is what changes most in a real-time title, and what there is most of. So nothing here loops
over rows: numpy compares, subtracts and shifts them all at once. There are whole numbers only, so
that every machine finds the same. For tables of few rows, ``few`` does the same without numpy.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from games.sim import few as f
from games.sim.bits import BitReader, BitWriter, LayoutError
from games.sim.few import Few

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

ID_MAX = 2**31 - 1
CODE_BITS_MAX = 32
"""Of a column, and of the difference of two of its codes."""

_WORD = 64
_MANY = 16


class Rows:
    """Rows by id; not to be modified.

    They are kept as they came, as arrays or one by one, and made to the other when that is wanted.

    Attributes:
        whole: The ids of the table of which these are the rows in sight; None: these are all.
        entered: Ids that the change which led here brought into sight, though they were there
            before. As ``left``, it is known of rows that were read from a change, and belongs to
            it: once the same object is told again, nothing has happened.
        left: Ids that it took out of sight, though they are still there.
    """

    __slots__ = ("_cells", "_few", "_ids", "entered", "left", "whole")

    def __init__(
        self,
        ids: Ints | None,
        cells: Ints | None,
        whole: Ints | None = None,
        entered: Sequence[int] = (),
        left: Sequence[int] = (),
        few: Few | None = None,
    ) -> None:
        """``few``: the rows one by one, at least one, if there are no arrays of them."""
        self._ids = ids
        self._cells = cells
        self._few = few
        self.whole = whole
        self.entered = list(entered)
        self.left = list(left)

    @property
    def ids(self) -> Ints:
        """Ascending."""
        if self._ids is None:
            assert self._few is not None
            self._ids = np.array([*self._few], np.int64)
        return self._ids

    @property
    def cells(self) -> Ints:
        """Row by row the code of each column."""
        if self._cells is None:
            assert self._few is not None
            self._cells = np.array([*self._few.values()], np.int64)
        return self._cells

    @property
    def few(self) -> Few | None:
        """The rows one by one; None where they are too many for that."""
        if self._few is None and self.cells.size <= f.CELLS_MAX:
            rows = map(tuple, self.cells.tolist())
            self._few = dict(zip(self.ids.tolist(), rows, strict=True))
        return self._few

    @staticmethod
    def of(ids: Any, /, **columns: Any) -> "Columns":
        """A table for a title's view, by its columns: arrays of the same length, or lists.

        Args:
            ids: Whole numbers from 0 to 2**31 - 1, in any order.
            columns: By name. In arrays, an ``Enum`` is the position of its name.
        """
        return Columns(ids, columns)

    def __len__(self) -> int:
        return len(self.ids if self._few is None else self._few)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows):
            return NotImplemented
        if (few := self.few) is not None and (others := other.few) is not None:
            return few == others
        return (
            len(self.ids) == len(other.ids)
            and self.ids.tobytes() == other.ids.tobytes()
            and self.cells.tobytes() == other.cells.tobytes()
        )

    __hash__ = None  # type: ignore[assignment]  # arrays inside

    def __repr__(self) -> str:
        return f"Rows({self.ids.tolist()}, {self.cells.tolist()})"

    def positions(self, ids: Iterable[int]) -> Ints:
        """Where the rows of these ids stand, ascending; ids that there are not are left out."""
        return is_among(self.ids, np.array(sorted(ids), np.int64)).nonzero()[0]

    def seen(self, positions: Ints | None = None) -> "Rows":
        """The rows in sight, which stand at these positions; None: all."""
        if positions is None:
            return Rows(self._ids, self._cells, self.ids, few=self._few)
        return Rows(self.ids[positions], self.cells[positions], self.ids)


class Columns:
    """A table as a title shows it, by its columns."""

    __slots__ = ("columns", "ids")

    def __init__(self, ids: Any, columns: Mapping[str, Any]) -> None:
        self.ids = ids
        self.columns = columns


class Counting(NamedTuple):
    """How the differences of two rows' codes are counted, where that is not new less old.

    Attributes:
        angles: Place of each column that goes round in a circle, and in how many steps: the short
            way round.
        moves: Place of each column that another one moves, the place of that one, and the number
            of its code 0: from where the new speed takes the old code.
    """

    angles: tuple[tuple[int, int], ...] = ()
    moves: tuple[tuple[int, int, int], ...] = ()


class Difference(NamedTuple):
    """How one table became another.

    Attributes:
        gone: Positions of the rows that are gone, in the old table.
        gone_ids: Their ids.
        added_ids: Ids of the rows that are new.
        added: Their cells.
        before: The cells of the rows that stayed, as they were.
        after: The same now.
        kept: The ids of the rows that stayed.
    """

    gone: Ints
    gone_ids: Ints
    added_ids: Ints
    added: Ints
    before: Ints
    after: Ints
    kept: Ints


_NONE = np.empty(0, np.int64)


def difference(old: Rows, new: Rows) -> Difference:
    """What came, went and stayed."""
    if old.ids is new.ids or (
        len(old.ids) == len(new.ids) and old.ids.tobytes() == new.ids.tobytes()
    ):
        none = new.cells[:0]
        return Difference(_NONE, _NONE, _NONE, none, old.cells, new.cells, new.ids)
    stays = is_among(old.ids, new.ids)
    was = is_among(new.ids, old.ids)
    return Difference(
        (~stays).nonzero()[0],
        old.ids[~stays],
        new.ids[~was],
        new.cells[~was],
        old.cells[stays],
        new.cells[was],
        new.ids[was],
    )


def changes(before: Ints, after: Ints, counting: Counting) -> tuple[Mask, int, Ints]:
    """Which rows changed, how many, and their folded differences."""
    differences = after - before
    changed: Mask = np.logical_or.reduce(differences, axis=1)
    count = int(np.count_nonzero(changed))
    if count < len(changed):
        some = changed.nonzero()[0]
        differences, after = differences.take(some, axis=0), after.take(some, axis=0)
    _count(differences, after, counting)
    return changed, count, zigzag(differences)


def folded(before: Ints, after: Ints, counting: Counting) -> tuple[Mask, Ints]:
    """Which rows changed, and the differences of all, as ``changes`` gives those of these."""
    differences = after - before
    changed: Mask = np.logical_or.reduce(differences, axis=1)
    _count(differences, after, counting)
    return changed, zigzag(differences)


def _count(differences: Ints, after: Ints, counting: Counting) -> None:
    """Make plain differences what is told."""
    for place, by, least in counting.moves:
        differences[:, place] -= after[:, by] + least
    for place, steps in counting.angles:
        turn = differences[:, place]
        turn += steps // 2
        turn %= steps
        turn -= steps // 2


def uncounted(before: Ints, differences: Ints, counting: Counting) -> Ints:
    """The rows that ``before`` became, of differences as they are told."""
    after = before + differences
    for place, by, least in counting.moves:
        after[:, place] += after[:, by] + least
    for place, steps in counting.angles:
        after[:, place] %= steps
    return after


def is_among(ids: Ints, others: Ints) -> Mask:
    """Which of ``ids`` are among ``others``; both ascend."""
    if not len(others):
        return np.zeros(len(ids), np.bool_)
    places = np.searchsorted(others, ids)
    places[places == len(others)] = 0
    found: Mask = others[places] == ids
    return found


def apply(old: Rows, gone: Ints, kept_cells: Ints, ids: Ints, cells: Ints) -> Rows:
    """The table without the rows at ``gone``, the others being ``kept_cells``, with new ones.

    Raises:
        LayoutError: a new row has an id that is there already.
    """
    kept = np.delete(old.ids, gone) if len(gone) else old.ids
    if not len(ids):
        return Rows(kept, kept_cells)
    all_ids = np.concatenate((kept, ids))
    order = np.argsort(all_ids, kind="stable")
    all_ids = all_ids[order]
    if not ascends(all_ids):
        raise LayoutError("a new row that is there already")
    return Rows(all_ids, np.concatenate((kept_cells, cells))[order])


def ascends(ids: Ints) -> bool:
    """Whether each is above the one before."""
    return len(ids) < 2 or bool((ids[1:] > ids[:-1]).all())


# --- as bits -----------------------------------------------------------------------------------


class Plan(NamedTuple):
    """How the columns of a row are put into words of 64 bits, most significant first.

    Attributes:
        width: Bits of a row.
        weights: (columns, words): what a code is multiplied with so that it stands in its place.
        words: How many bits of each word are used: its lowest.
        word: Of each column, the word in which it stands.
        shifts: Of each column, how many bits stand below it in its word.
        masks: Of each column, as many ones as it is wide.
        letters: Bits in which the word of a row is written, if it is a single one.
    """

    width: int
    weights: Ints
    words: list[int]
    word: Ints
    shifts: Ints
    masks: Ints
    letters: int


@lru_cache(maxsize=4096)
def plan(widths: tuple[int, ...]) -> Plan:
    """The plan for columns of these widths, each at most 32."""
    words: list[int] = [0]
    word: list[int] = []
    for width in widths:
        if words[-1] + width > _WORD:
            words.append(0)
        words[-1] += width
        word.append(len(words) - 1)
    shifts = []
    left = list(words)
    for width, place in zip(widths, word, strict=True):
        left[place] -= width
        shifts.append(left[place])
    weights = np.zeros((len(widths), len(words)), np.uint64)
    for column, (place, shift) in enumerate(zip(word, shifts, strict=True)):
        weights[column, place] = (1 << shift) % (1 << _WORD)
    return Plan(
        sum(widths),
        weights.view(np.int64),
        words,
        np.array(word, np.int64),
        np.array(shifts, np.int64),
        np.array([(1 << width) - 1 for width in widths], np.int64),
        next((size for size in (8, 16, 32) if sum(widths) <= size), _WORD),
    )


def write_cells(bits: BitWriter, cells: Ints, widths: tuple[int, ...]) -> None:
    """Row by row, each column in its width."""
    plan_ = plan(widths)
    total = len(cells) * plan_.width
    if not total:
        return
    words = cells @ plan_.weights
    if len(plan_.words) == 1:
        size = plan_.letters
        spread = np.unpackbits(words.astype(f">u{size // 8}").view(np.uint8))
        packed = np.packbits(spread.reshape(-1, size)[:, size - plan_.width :])
    else:
        spread = np.unpackbits(words.astype(">u8").view(np.uint8))
        parts = spread.reshape(len(cells), len(plan_.words), _WORD)
        used = [parts[:, i, _WORD - width :] for i, width in enumerate(plan_.words)]
        packed = np.packbits(np.concatenate(used, axis=1))
    bits.put(int.from_bytes(packed.tobytes(), "big") >> (-total & 7), total)


def read_cells(bits: BitReader, count: int, widths: tuple[int, ...]) -> Ints:
    """``count`` rows of columns of these widths."""
    plan_ = plan(widths)
    total = count * plan_.width
    data, before = bits.block(total)
    if not total:
        return np.zeros((count, len(widths)), np.int64)
    spread = np.unpackbits(np.frombuffer(data, np.uint8))[before : before + total]
    spread = spread.reshape(count, plan_.width)
    words = np.zeros((count, len(plan_.words), _WORD), np.uint8)
    start = 0
    for i, width in enumerate(plan_.words):
        words[:, i, _WORD - width :] = spread[:, start : start + width]
        start += width
    packed = np.packbits(words).view(">u8").astype(np.int64).reshape(count, -1)
    cells: Ints = packed[:, plan_.word] >> plan_.shifts & plan_.masks
    return cells


def write_mask(bits: BitWriter, mask: Mask) -> None:
    """One bit each."""
    packed = np.packbits(mask).tobytes()
    bits.put(int.from_bytes(packed, "big") >> (-len(mask) & 7), len(mask))


def read_mask(bits: BitReader, count: int) -> Mask:
    """``count`` times yes or no."""
    data, before = bits.block(count)
    spread = np.unpackbits(np.frombuffer(data, np.uint8))
    return spread[before : before + count].astype(np.bool_)


def write_ids(bits: BitWriter, ids: Ints) -> None:
    """Ascending numbers, at least one: by their gaps, all in the width of the widest."""
    gaps = ids.copy()
    gaps[1:] -= ids[:-1] + 1
    width = int(gaps.max()).bit_length()
    bits.put(width, 5)
    write_cells(bits, gaps.reshape(-1, 1), (width,))


def read_ids(bits: BitReader, count: int, limit: int) -> Ints:
    """``count`` ascending numbers below ``limit``; at least one."""
    width = bits.take(5)
    steps = read_cells(bits, count, (width,))[:, 0] + 1
    ids: Ints = np.cumsum(steps) - 1
    if ids[-1] >= limit:
        raise LayoutError("a number beyond its bounds")
    return ids


def widths(cells: Ints, columns: int) -> tuple[int, ...]:
    """The bits that each column needs; no cell is negative, and there is one."""
    count = len(cells)
    if count > _MANY:  # in short rows, numpy spends its time going from one to the next
        together = cells[: count - count % _MANY].reshape(-1, _MANY * columns)
        first = np.bitwise_or.reduce(together, axis=0).reshape(_MANY, columns)
        cells = np.concatenate((first, cells[count - count % _MANY :]))
    return tuple(map(int.bit_length, np.bitwise_or.reduce(cells, axis=0).tolist()))


def zigzag(differences: Ints) -> Ints:
    """Whole numbers without a sign, small where they were small."""
    folded: Ints = (differences << 1) ^ (differences >> 63)
    return folded


def unzigzag(folded: Ints) -> Ints:
    """What ``zigzag`` was given."""
    differences: Ints = (folded >> 1) ^ -(folded & 1)
    return differences
