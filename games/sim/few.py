"""What ``rows`` does for tables of few rows: in plain Python, where numpy takes longer to begin.

Functions of the same name do the same, and write the same bits. A row is a tuple of codes here, and
cells are codes one after the other, row by row.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, compress, cycle, pairwise
from operator import getitem, ne, sub
from typing import NamedTuple

from games.sim.bits import BitWriter

CELLS_MAX = 128
"""Up to so many cells this is quicker: where all change. Where a few do, it is up to far more."""

Row = tuple[int, ...]
Few = dict[int, Row]
"""Rows by id, which ascend."""

Cells = list[int]

_USUAL = 512
"""Differences up to which, either way, it is remembered what they become."""


class Difference(NamedTuple):
    """As ``rows.Difference``."""

    gone: list[int]
    gone_ids: list[int]
    added_ids: list[int]
    added: Cells
    before: list[Row]
    after: list[Row]


def difference(old: Few, new: Few) -> Difference:
    """What came, went and stayed."""
    if old.keys() == new.keys():
        return Difference([], [], [], [], list(old.values()), list(new.values()))
    gone = [place for place, key in enumerate(old) if key not in new]
    added = [key for key in new if key not in old]
    kept = [key for key in old if key in new]
    return Difference(
        gone,
        [key for key in old if key not in new],
        added,
        cells_of([new[key] for key in added]),
        [old[key] for key in kept],
        [new[key] for key in kept],
    )


def cells_of(rows: Iterable[Row]) -> Cells:
    """The cells of rows."""
    return list(chain.from_iterable(rows))


def changes(
    before: list[Row], after: list[Row], angles: tuple[tuple[int, int], ...]
) -> tuple[list[bool], int, Cells]:
    """Which rows changed, how many, and their folded differences."""
    changed = list(map(ne, before, after))
    count = sum(changed)
    if not count:
        return changed, count, []
    columns = len(before[0])
    if count < len(changed):
        before, after = list(compress(before, changed)), list(compress(after, changed))
    differences = map(sub, chain.from_iterable(after), chain.from_iterable(before))
    return changed, count, list(map(getitem, cycle(_folds(columns, angles)), differences))


@lru_cache(maxsize=1024)
def _folds(columns: int, angles: tuple[tuple[int, int], ...]) -> list["_Folds"]:
    """Those of each column."""
    steps = dict(angles)
    return [_folds_of(steps.get(place, 0)) for place in range(columns)]


class _Folds(dict[int, int]):
    """Numbers without a sign by differences, small where those are; the usual ones are kept.

    Args:
        steps: Of the circle on which a difference is the short way round; 0: it is no circle.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self.update({number: self[number] for number in range(-_USUAL, _USUAL + 1)})

    def __missing__(self, difference: int) -> int:
        if self._steps:
            half = self._steps // 2
            difference = (difference + half) % self._steps - half
        return 2 * difference if difference >= 0 else -2 * difference - 1


_folds_of = lru_cache(maxsize=1024)(_Folds)


def widths(cells: Cells, columns: int) -> Row:
    """The bits that each column needs; no cell is negative, and there is one."""
    return tuple([max(cells[place::columns]).bit_length() for place in range(columns)])


def write_cells(bits: BitWriter, cells: Cells, widths: Row) -> None:
    """Row by row, each column in its width."""
    if not cells:
        return
    together = 0
    for code, width in zip(cells, cycle(widths), strict=False):
        together = together << width | code
    bits.put(together, len(cells) // len(widths) * sum(widths))


def write_mask(bits: BitWriter, mask: Sequence[bool]) -> None:
    """One bit each."""
    bits.each(mask, 1)


def write_ids(bits: BitWriter, ids: Sequence[int]) -> None:
    """Ascending numbers, at least one: by their gaps, all in the width of the widest."""
    gaps = [ids[0], *[now - was - 1 for was, now in pairwise(ids)]]
    width = max(gaps).bit_length()
    bits.put(width, 5)
    bits.each(gaps, width)
