"""Which rows of a table are in sight: a circle each, found by a grid.

The grid is made once a tick and table. A circle then looks at the rows of the squares that it
touches, however many rows there are beyond: 100 seats cost ten times what 10 do, not a hundred.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


_LINE = 1 << 20
"""Squares of a grid side by side, at most."""


class Circle(NamedTuple):
    """Rows are in sight whose columns ``across`` and ``down`` are within ``radius`` of a place.

    Attributes:
        x, y, radius: In the units of the columns.
    """

    x: float
    y: float
    radius: float
    across: str = "x"
    down: str = "y"


class Grid:
    """The places of a table's rows, sorted into squares."""

    def __init__(self, xs: Floats, ys: Floats, side: float) -> None:
        """``side``: of a square; about the radius that will be asked for is best."""
        self._xs, self._ys = xs, ys
        self._left, right = (float(xs.min()), float(xs.max())) if len(xs) else (0.0, 0.0)
        self._top, bottom = (float(ys.min()), float(ys.max())) if len(ys) else (0.0, 0.0)
        # So many that their numbers fit, however small the circles.
        self._side = max(side, 1e-9, (right - self._left) / _LINE, (bottom - self._top) / _LINE)
        column = ((xs - self._left) // self._side).astype(np.int64)
        line = ((ys - self._top) // self._side).astype(np.int64)
        self._columns = int(column.max()) + 1 if len(xs) else 1
        self._lines = int(line.max()) + 1 if len(xs) else 1
        squares = line * self._columns + column
        self._order = np.argsort(squares, kind="stable")
        self._squares = squares[self._order]

    def within(self, circle: Circle) -> Ints:
        """The positions of the rows in sight, ascending; one on the edge is."""
        x, y, radius = circle.x, circle.y, circle.radius
        first = max(0, int((x - radius - self._left) // self._side))
        last = min(self._columns - 1, int((x + radius - self._left) // self._side))
        top = max(0, int((y - radius - self._top) // self._side))
        bottom = min(self._lines - 1, int((y + radius - self._top) // self._side))
        if first > last or top > bottom:
            return self._order[:0]
        lines = np.arange(top, bottom + 1) * self._columns
        begins = np.searchsorted(self._squares, lines + first, "left").tolist()
        ends = np.searchsorted(self._squares, lines + last, "right").tolist()
        strips = [self._order[begin:end] for begin, end in zip(begins, ends, strict=True)]
        near = strips[0] if len(strips) == 1 else np.concatenate(strips)
        across, down = self._xs[near] - x, self._ys[near] - y
        seen: Ints = near[across * across + down * down <= radius * radius]
        seen.sort()
        return seen
