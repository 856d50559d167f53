"""What ``rows`` does for tables of few rows: in plain Python, where numpy takes longer to begin.

Both find the same, and say it in the same bits. A row is a tuple of codes here. What is done cell
by cell is in ``unrolled``.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from games.sim.bits import Bits

CELLS_MAX = 256
"""Up to so many cells this is quicker: where all change. Where a few do, it is up to far more."""

Row = tuple[int, ...]
Few = dict[int, Row]
"""Rows by id, which ascend."""


class Difference(NamedTuple):
    """As ``rows.Difference``."""

    gone: list[int]
    gone_ids: list[int]
    added_ids: list[int]
    added: list[Row]
    before: list[Row]
    after: list[Row]


def difference(old: Few, new: Few) -> Difference:
    """What came, went and stayed."""
    gone, before, after = [], [], []
    for place, (key, row) in enumerate(old.items()):
        if key in new:
            before.append(row)
            after.append(new[key])
        else:
            gone.append(place)
    ids = list(old)
    added = [key for key in new if key not in old] if len(new) > len(before) else []
    return Difference(
        gone, [ids[place] for place in gone], added, [new[key] for key in added], before, after
    )


def ids_as_bits(ids: Sequence[int]) -> Bits:
    """As ``rows.write_ids``."""
    gaps = [ids[0], *[now - was - 1 for was, now in pairwise(ids)]]
    number = width = max(gaps).bit_length()
    for gap in gaps:
        number = number << width | gap
    return number, 5 + width * len(gaps)
