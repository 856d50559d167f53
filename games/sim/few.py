"""What ``rows`` does for tables of few rows: in plain Python, where numpy takes longer to begin.

Functions of the same name do the same, and write the same bits. A row is a tuple of codes here, and
cells are codes one after the other, row by row.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, cycle, pairwise
from typing import NamedTuple

from games.sim.bits import BitWriter

CELLS_MAX = 128
"""Up to so many cells this is quicker: where all change. Where a few do, it is up to far more."""

Row = tuple[int, ...]
Few = dict[int, Row]
"""Rows by id, which ascend."""

Cells = list[int]


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
