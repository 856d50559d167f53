"""What many viewers see of one table: found, compared and told for all of them at once.

A seat alone costs what numpy takes to begin, a dozen times. Here one operation serves all seats of
a room: a *look* is one viewer's sight of one row, and looks stand in arrays, by viewer and then by
row. What is told is what ``Table.tell`` tells of the rows of one seat, bit for bit.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from games.sim import rows as r
from games.sim.area import Circle, Floats
from games.sim.bits import Bits
from games.sim.rows import Ints, Rows

Words = NDArray[np.uint64]

WORD = 64

SQUARES_MAX = 1024
"""Squares side by side in which rows are sorted, at the most."""


class Sights:
    """What each of some viewers sees of a table.

    Attributes:
        rows: The whole table.
        seats: Of the viewers; they ascend.
        looks: Of each look, the place of its viewer among them times the number of rows, plus the
            position of its row; ascending.
        before: What they saw in the look before, as long as nothing came after this one.
    """

    def __init__(
        self, rows: Rows, seats: Sequence[int], looks: Ints, before: "Sights | None" = None
    ) -> None:
        self.rows = rows
        self.seats = seats
        self.looks = looks
        self.begins = np.searchsorted(looks, np.arange(len(seats) + 1) * max(1, len(rows)))
        self.before = before
        if before is not None:
            before.before = None
        self._told: list[Bits | None] | None = None

    @classmethod
    def of(
        cls,
        rows: Rows,
        places: tuple[Floats, Floats],
        sights: Mapping[int, Any],
        before: "Sights | None" = None,
    ) -> "Sights":
        """What seats see by a circle each, or by the ids of rows; None: all.

        Args:
            places: Of each row, in the columns that all circles speak of.
        """
        seats = sorted(sights)
        count = max(1, len(rows))
        round_ = [viewer for viewer, seat in enumerate(seats) if isinstance(sights[seat], Circle)]
        circle, row = within(*places, [sights[seats[viewer]] for viewer in round_])
        looks = [np.array(round_, np.int64)[circle] * count + row]
        for viewer, seat in enumerate(seats):
            if not isinstance(sight := sights[seat], Circle):
                seen = np.arange(len(rows)) if sight is None else rows.positions(sight)
                looks.append(viewer * count + seen)
        return cls(rows, seats, np.sort(np.concatenate(looks)), before)

    def by_seat(self) -> dict[int, "Seen"]:
        """What each seat sees."""
        return {seat: Seen(self, viewer, seat) for viewer, seat in enumerate(self.seats)}

    def positions(self, viewer: int) -> Ints:
        """Where the rows that a viewer sees stand, ascending."""
        begin, end = self.begins[viewer], self.begins[viewer + 1]
        positions: Ints = self.looks[begin:end] - viewer * max(1, len(self.rows))
        return positions

    def told(self, plan: "Plan") -> list[Bits | None]:
        """For each viewer, how what it saw before became this; None where nothing did. Who was no
        viewer before is told what means nothing."""
        if self._told is None:
            assert self.before is not None
            self._told = _tell(self.before, self, plan)
        return self._told


_NONE: list[int] = []


class Seen(Rows):
    """The rows that one viewer sees; picked from the table when somebody wants them."""

    __slots__ = ("seat", "sights", "viewer")

    def __init__(self, sights: Sights, viewer: int, seat: int) -> None:
        self._ids = self._cells = self._few = None
        self.whole = sights.rows.ids
        self.entered = self.left = _NONE
        self.sights, self.viewer, self.seat = sights, viewer, seat

    @property
    def ids(self) -> Ints:
        self._pick()
        return super().ids

    @property
    def cells(self) -> Ints:
        self._pick()
        return super().cells

    def is_next_to(self, old: Rows) -> bool:
        """Whether ``old`` is what the same viewer saw in the look before."""
        return type(old) is Seen and self.sights.before is old.sights and self.seat == old.seat

    def _pick(self) -> None:
        if self._ids is None:
            positions = self.sights.positions(self.viewer)
            self._ids = self.sights.rows.ids[positions]
            self._cells = self.sights.rows.cells[positions]

    def __len__(self) -> int:
        return int(self.sights.begins[self.viewer + 1] - self.sights.begins[self.viewer])


class Plan(NamedTuple):
    """How a table is told.

    Attributes:
        widths: Bits of each column.
        sizes: Bits in which the width of its differences is told.
        counting: How these are counted.
    """

    widths: Ints
    sizes: Ints
    counting: r.Counting


# --- finding -----------------------------------------------------------------------------------


def within(xs: Floats, ys: Floats, circles: Sequence[Circle]) -> tuple[Ints, Ints]:
    """Who sees which of the rows at these places: the numbers of circles, and of rows; as
    ``area.Grid`` finds them, in no order."""
    nobody = np.empty(0, np.int64)
    if not len(xs) or not circles:
        return nobody, nobody
    x, y, radius = np.array([(c.x, c.y, c.radius) for c in circles], np.float64).T
    left, top = float(xs.min()), float(ys.min())
    wide = max(float(xs.max()) - left, float(ys.max()) - top)
    side = max(float(radius.max()), wide / SQUARES_MAX, 1e-9)
    column = ((xs - left) // side).astype(np.int64)
    line = ((ys - top) // side).astype(np.int64)
    columns, lines = int(column.max()) + 1, int(line.max()) + 1
    squares = line * columns + column
    order = np.argsort(squares, kind="stable")
    squares = squares[order]
    first = np.clip((x - radius - left) // side, 0, columns).astype(np.int64)
    last = np.clip((x + radius - left) // side, -1, columns - 1).astype(np.int64)
    highest = np.clip((y - radius - top) // side, 0, lines).astype(np.int64)
    lowest = np.clip((y + radius - top) // side, -1, lines - 1).astype(np.int64)
    viewers, found = [nobody], [nobody]
    for down in range(int((lowest - highest).max()) + 1):  # three at the most
        there = ((highest + down <= lowest) & (first <= last)).nonzero()[0]
        strip = (highest[there] + down) * columns
        begin = np.searchsorted(squares, strip + first[there], "left")
        end = np.searchsorted(squares, strip + last[there], "right")
        viewer = np.repeat(there, end - begin)
        row = order[_ranges(begin, end)]
        across, along = xs[row] - x[viewer], ys[row] - y[viewer]
        near = across * across + along * along <= radius[viewer] * radius[viewer]
        viewers.append(viewer[near])
        found.append(row[near])
    return np.concatenate(viewers), np.concatenate(found)


def _ranges(begins: Ints, ends: Ints) -> Ints:
    """The numbers of each range, one range after the other."""
    counts = ends - begins
    starts = np.cumsum(counts) - counts
    ranges: Ints = np.arange(int(counts.sum())) + np.repeat(begins - starts, counts)
    return ranges


# --- telling -----------------------------------------------------------------------------------


def _tell(old: Sights, new: Sights, plan: Plan) -> list[Bits | None]:
    count = len(new.seats)
    olds, news = max(1, len(old.rows)), max(1, len(new.rows))
    now = _where(old.rows.ids, new.rows.ids)  # of each old row its position in the new table, or -1
    was = _where(new.rows.ids, old.rows.ids)
    viewer, row = np.divmod(old.looks, olds)
    place = np.arange(len(viewer)) - old.begins[viewer]
    if old.seats != new.seats:
        viewer = _where(np.array(old.seats), np.array(new.seats))[viewer]
        remain = viewer >= 0
        viewer, row, place = viewer[remain], row[remain], place[remain]
    there = now[row] >= 0
    stays = np.zeros(len(row), np.bool_)
    stays[there] = r.is_among(viewer[there] * news + now[row[there]], new.looks)
    gone = (~stays).nonzero()[0]
    told = _Told(count)
    # Rows that are gone, by their place among those that the viewer saw.
    told.count(_counts(viewer[gone], count))
    told.gaps(viewer[gone], place[gone])
    told.put(viewer[gone], there[gone], 1)
    # Rows that are new.
    kept = viewer[stays] * news + now[row[stays]]
    viewer, row = np.divmod(new.looks, news)
    added = ~r.is_among(new.looks, kept)
    fresh = row[added]
    told.count(_counts(viewer[added], count))
    told.gaps(viewer[added], new.rows.ids[fresh])
    told.table(viewer[added], new.rows.cells[fresh], plan.widths)
    told.put(viewer[added], was[fresh] >= 0, 1)
    # Rows that stay.
    folded = np.zeros_like(new.rows.cells)
    both = (was >= 0).nonzero()[0]
    moves = np.zeros(len(folded), np.bool_)
    moves[both], folded[both] = r.folded(
        old.rows.cells[was[both]], new.rows.cells[both], plan.counting
    )
    viewer, row = np.divmod(kept, news)
    changed = moves[row]
    changes, stayed = _counts(viewer[changed], count), _counts(viewer, count)
    told.count(changes)
    some = ((changes < stayed) & (changes > 0))[viewer]
    told.put(viewer[some], changed[some], 1)
    viewer, cells = viewer[changed], folded[row[changed]]
    widths = np.zeros((count, len(plan.widths)), np.int64)
    if len(viewer):
        begins = np.flatnonzero(np.diff(viewer, prepend=-1))
        widths[viewer[begins]] = _lengths(np.bitwise_or.reduceat(cells, begins, axis=0))
    moved = changes.nonzero()[0]
    told.table(moved, widths[moved], plan.sizes)
    told.table(viewer, cells, widths[viewer])
    return told.bits()


def _where(ids: Ints, others: Ints) -> Ints:
    """The position of each of ``ids`` among ``others``, or -1; both ascend."""
    if not len(others):
        return np.full(len(ids), -1)
    places = np.searchsorted(others, ids)
    places[places == len(others)] = 0
    return np.where(others[places] == ids, places, -1)


def _counts(viewers: Ints, count: int) -> Ints:
    """How often each viewer is named."""
    return np.bincount(viewers, minlength=count)


def _lengths(numbers: Ints) -> Ints:
    """``int.bit_length`` of each; numbers have less than 53 bits."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)


class _Told:
    """Gathers bits for all viewers: what is put in first comes first for each."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._viewers: list[Ints] = []
        self._values: list[Words] = []
        self._widths: list[Ints] = []
        self._says = np.zeros(count, np.bool_)

    def put(self, viewers: Ints, values: Any, widths: Any) -> None:
        """For each of ``viewers``, which ascend, a value in so many bits."""
        self._viewers.append(viewers)
        self._values.append(np.asarray(values).astype(np.uint64))
        self._widths.append(np.broadcast_to(widths, len(viewers)))

    def count(self, counts: Ints) -> None:
        """For each viewer how many follow; whoever is told of none each time is told nothing."""
        self._says |= counts > 0
        left, values, widths = counts.copy(), np.zeros_like(counts), np.full_like(counts, 4)
        while (more := left > 7).any():
            values = np.where(more, values << 4 | 8 | left & 7, values)
            widths += 4 * more
            left = np.where(more, left >> 3, left)
        self.put(np.arange(self._count), values << 4 | left, widths)

    def gaps(self, viewers: Ints, ids: Ints) -> None:
        """Numbers that ascend for each viewer: by their gaps, all in the width of the widest."""
        if not len(viewers):
            return
        begins = np.flatnonzero(np.diff(viewers, prepend=-1))
        gaps = np.diff(ids, prepend=0) - 1
        gaps[begins] = ids[begins]
        widths = np.zeros(self._count, np.int64)
        widths[viewers[begins]] = _lengths(np.maximum.reduceat(gaps, begins))
        self.put(viewers[begins], widths[viewers[begins]], 5)
        self.put(viewers, gaps, widths[viewers])

    def table(self, viewers: Ints, cells: Ints, widths: Any) -> None:
        """Rows of cells, each in its width."""
        widths = np.broadcast_to(widths, cells.shape)
        self.put(np.repeat(viewers, cells.shape[1]), cells.ravel(), widths.ravel())

    def bits(self) -> list[Bits | None]:
        """What each viewer is told."""
        viewers = np.concatenate(self._viewers)
        order = np.argsort(viewers, kind="stable")
        widths = np.concatenate(self._widths)[order]
        order, widths = order[widths > 0], widths[widths > 0]
        viewers, values = viewers[order], np.concatenate(self._values)[order]
        totals = np.bincount(viewers, widths, self._count).astype(np.int64)
        words = (totals + WORD - 1) // WORD
        bases = np.cumsum(words) - words
        ends = np.cumsum(widths)
        starts = ends - widths - (np.cumsum(totals) - totals - WORD * bases)[viewers]
        together = _joined(values, widths, starts, int(words.sum()))
        data = together.astype(">u8").tobytes()
        return [
            (int.from_bytes(data[8 * base : 8 * (base + size)], "big") >> -total % WORD, total)
            if says
            else None
            for says, base, size, total in zip(
                *(part.tolist() for part in (self._says, bases, words, totals)), strict=True
            )
        ]


def _joined(values: Words, widths: Ints, starts: Ints, words: int) -> Words:
    """Words in which each value stands in so many bits from its start on; no two overlap."""
    together = np.zeros(words, np.uint64)
    if not len(values):
        return together
    word = starts // WORD
    beyond = starts % WORD + widths - WORD  # bits that go into the next word
    high = np.where(beyond > 0, values >> _shift(beyond), values << _shift(-beyond))
    firsts = np.flatnonzero(np.diff(word, prepend=-1))
    together[word[firsts]] = np.bitwise_or.reduceat(high, firsts)
    over = (beyond > 0).nonzero()[0]
    together[word[over] + 1] |= values[over] << _shift(WORD - beyond[over])
    return together


def _shift(bits: Ints) -> Words:
    return np.clip(bits, 0, WORD - 1).astype(np.uint64)
