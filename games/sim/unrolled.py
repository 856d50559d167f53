"""Loops over the rows of small tables, written out for their columns.

In plain Python, to go from one column to the next takes longer than what is done there. So these
functions are made for each number of columns: with a name for every column, and no loop over them.

Rules of this file: what a function does stands in its docstring and in its template, ``{…}`` being
the columns one after the other; ``few`` is tested against ``rows``, which does the same by numpy.
"""

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

from games.sim.bits import Bits, count_of
from games.sim.rows import Counting

_PACK = """
def pack(rows):
    number = 0
    for [{cell}] in rows:
        row = 0
        {joined}
        number = number << {width} | row
    return number
"""

Row = tuple[int, ...]

_HOLD = """
def hold(table, shown, held, cells, codes):
    [{code}] = codes
    rows = {{}}
    for key, row in table.items():
        if shown.get(key) == row:
            rows[key] = held[key]
        else:
            [{cell}] = row if type(row) is tuple else cells(row)
            rows[key] = ({coded})
    return rows
"""

_MOVE = """
def move(old, new):
    [{widest}] = [{zeros}]
    mask = 0
    rows = []
    for before, after in zip(old, new):
        mask += mask
        if before is not after and before != after:
            mask += 1
            [{was}] = before
            [{cell}] = after
            {folds}
            rows.append(({cell}))
    count = len(rows)
    if not count:
        return None
    {lengths}
    width = {total}
    number, bits = count_of(count)
    if count < len(old):
        number = number << len(old) | mask
        bits += len(old)
    {widths}
    for [{cell}] in rows:
        row = 0
        {joined}
        number = number << width | row
    return number, bits + {sized} + count * width
"""


@lru_cache
def holder(bounds: tuple[tuple[int, int] | None, ...]) -> Callable[..., dict[Any, Row]]:
    """``hold(table, shown, held, cells, codes)``: a table's rows by the code of each cell.

    Rows that look as they do in ``shown`` are taken from ``held``. ``cells`` makes a tuple or list
    of a row that is none; ``codes`` has, for each column, the code of each value. What these raise
    is raised, and ``ValueError`` for a row that has more cells, or fewer.

    Args:
        bounds: Of each column, the least and the greatest whole number, if their codes are their
            distances from the least. They are worked out: to look them up would take a part of
            the memory that is not at hand.
    """
    coded = ""
    for place, bound in enumerate(bounds):
        cell, code = f"c{place}", f"k{place}[c{place}]"
        if bound:
            least, most = bound
            number = f"{cell} - ({least})" if least else cell
            code = f"{number} if type({cell}) is int and {least} <= {cell} <= {most} else {code}"
        coded += f"{code}, "
    made: Callable[..., dict[Any, Row]] = _made("hold", _HOLD, len(bounds), coded=coded)
    return made


Pack = Callable[[Iterable[Row]], int]


@lru_cache
def packer(widths: tuple[int, ...]) -> Pack:
    """``pack(rows)``: rows one after the other, each column in its width."""
    joined = "".join(f"row = row << {width} | c{place}; " for place, width in enumerate(widths))
    made: Pack = _made("pack", _PACK, len(widths), joined=joined, width=sum(widths))
    return made


Move = Callable[[Collection[Row], Collection[Row]], Bits | None]


@lru_cache
def mover(sizes: tuple[int, ...], counting: Counting) -> Move:
    """``move(old, new)``: how rows changed, which are as many as before: as a table says it, from
    the count of the changed ones on; None if none did. There is at least one column.

    Args:
        sizes: Of each column, the bits in which the width of its differences is told.
    """
    columns = len(sizes)
    steps = dict(counting.angles)
    moves = {place: (by, least) for place, by, least in counting.moves}
    folds = []
    for place in sorted(range(columns), key=moves.__contains__, reverse=True):  # by a new speed
        change = f"c{place} - w{place}"
        if place in moves:
            by, least = moves[place]
            change += f" - c{by} - ({least})"
        if place in steps:
            turn, half = steps[place], steps[place] // 2
            change = f"({change} + {half}) % {turn} - {half}"
        folds.append(f"c{place} = {change}")
        fold = f"c{place} + c{place} if c{place} > 0 else ~(c{place} + c{place})"
        folds.append(f"if c{place}: c{place} = {fold}; m{place} |= c{place}")  # most are 0
    made: Move = _made(
        "move",
        _MOVE,
        columns,
        zeros="0, " * columns,
        folds="\n            ".join(folds),
        lengths=_each("m{0} = m{0}.bit_length(); ", columns),
        total=" + ".join(f"m{place}" for place in range(columns)),
        widths="".join(f"number = number << {size} | m{n}; " for n, size in enumerate(sizes)),
        sized=sum(sizes),
        joined=_each("row = row << m{0} | c{0}; ", columns),
    )
    return made


def _made(name: str, template: str, columns: int, **parts: Any) -> Any:
    names = {
        kind: _each(f"{letter}{{0}}, ", columns)
        for kind, letter in (("cell", "c"), ("was", "w"), ("widest", "m"), ("code", "k"))
    }
    made: dict[str, Any] = {"count_of": count_of}
    exec(template.format(**names, **parts), made)  # noqa: S102 - of nothing but numbers
    return made[name]


def _each(part: str, columns: int) -> str:
    return "".join(part.format(place) for place in range(columns))
