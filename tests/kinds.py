"""Kinds and values of them, made by hypothesis: as titles declare their views, and show them.

``kinds()`` draws kinds; ``values(kind)`` what a title's view may return for one, in any of the ways
that it may; ``later(kind, value)`` what it may return a tick later, when much is still the same.
"""

from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from games.sim import (
    Angle,
    Bool,
    Enum,
    Fixed,
    Int,
    Json,
    Kind,
    List,
    Map,
    Optional,
    Record,
    Rows,
    Table,
    Text,
    hold,
    plain,
)
from tests.values import plain as json_values

NAMES = ["a", "b", "x", "y", "set", "gone", "ä"]
SAFE = 2**53 - 1
SMALL = 2**20
CHARACTERS = st.characters(exclude_categories=["Cs"])
KEYS = st.sampled_from(["", "0", "1", "a", "b", "é", "\ud7ff", "\ue000", "🚀"]) | st.text(
    CHARACTERS, max_size=3
)
IDS = st.sampled_from([0, 1, 2, 3, 5, 8, 1000, 2**31 - 2, 2**31 - 1]) | st.integers(0, 2**31 - 1)
JSON = json_values(2)


@st.composite
def ints(draw: st.DrawFn, codes_max: int = 2**53) -> Int:
    """Of any size, small ones often."""
    span = draw(st.sampled_from([0, 1, 2, 7, 8, 255, 2**31 - 1, 2**53 - 1]))
    low = draw(st.sampled_from([0, 1, -5, -SAFE, SAFE - min(span, SAFE), -(2**31)]))
    return Int(low, min(SAFE, low + min(span, codes_max - 1)))


@st.composite
def fixed(draw: st.DrawFn, codes_max: int = 2**53) -> Fixed:
    """With steps that are powers of 2, and such that are not."""
    step = draw(st.sampled_from([0.125, 0.25, 1.0, 0.1, 1 / 3, 0.01, 100.0, 1e-9, 1e200]))
    low = draw(st.integers(-1000, 1000) | st.sampled_from([-(2**50), 2**50]))
    span = draw(st.sampled_from([0, 1, 5, 1000, 2**31 - 1, 2**50]))
    return Fixed(low * step, min(low + min(span, codes_max - 1), 2**50) * step, step)


@cache
def scalars(codes_max: int = 2**53) -> st.SearchStrategy[Kind]:
    """Kinds that are told as codes, of at most so many."""
    plain = st.one_of(
        ints(codes_max - 1),
        fixed(codes_max - 1),
        st.sampled_from([1, 2, 3, 5, 256, 2**31 - 1]).map(Angle),
        st.just(Bool()),
        st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(lambda names: Enum(*names)),
    )
    return st.one_of(plain, plain, plain.map(Optional))


@st.composite
def tables(draw: st.DrawFn, by_seat: bool | None = None) -> Table:
    """Of a few columns or none."""
    columns = draw(st.dictionaries(st.sampled_from(NAMES), scalars(2**31), max_size=4))
    seen = draw(st.booleans()) if by_seat is None else by_seat
    spectators = not seen or draw(st.booleans())
    moves = {}
    if draw(st.booleans()):
        place = draw(ints(SMALL) | fixed(SMALL) | st.just(Angle(256)))
        speed = Fixed(-9 * place.step, 0, place.step) if isinstance(place, Fixed) else Int(-9, 12)
        columns |= {"x": place, "vx": speed} if draw(st.booleans()) else {"vx": speed, "x": place}
        moves = {"x": "vx"}
    return Table.of(draw(st.integers(1, 9)), columns, seen, spectators, moves)


@cache  # what is made of strategies is checked by hypothesis each time that it is made
def kinds(leaves_max: int = 6) -> st.SearchStrategy[Kind]:
    """Any kind."""
    leaves = st.one_of(scalars(), st.integers(1, 8).map(Text), tables(), st.just(Json()))
    return st.recursive(leaves, _containers, max_leaves=leaves_max)


def _containers(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    may_be_none = inner.filter(lambda kind: not isinstance(kind, Optional | Json))
    return st.one_of(
        may_be_none.map(Optional),
        st.builds(List, inner, st.integers(1, 5)),
        st.builds(Map, inner, st.integers(1, 5)),
        records(inner),
    )


def records(inner: st.SearchStrategy[Kind] | None = None) -> st.SearchStrategy[Record]:
    """What a view is: fields of any kind."""
    fields = st.dictionaries(
        st.sampled_from(NAMES), kinds(3) if inner is None else inner, max_size=4
    )
    return fields.map(lambda named: Record(**named))


@cache
def values(kind: Kind) -> st.SearchStrategy[Any]:
    """What a title may show for a kind."""
    match kind:
        case Int(low=low, high=high):
            return st.integers(low, high) | st.sampled_from([low, high])
        case Fixed(low=low, high=high, step=step):
            exact = st.integers(low, high).map(lambda steps: steps * step)
            return exact | st.floats(low * step, high * step)
        case Angle(steps=steps):
            return st.integers(0, steps - 1)
        case Bool():
            return st.booleans()
        case Enum(names=names):
            return st.sampled_from(names)
        case Optional(of=of):
            return st.none() | values(of)
        case _:
            return _larger(kind)


def _larger(kind: Kind) -> st.SearchStrategy[Any]:
    match kind:
        case Text(max=most):
            return st.text(CHARACTERS, max_size=most)
        case List(of=of, max=most):
            return st.lists(values(of), max_size=most)
        case Map(of=of, max=most):
            return st.dictionaries(KEYS, values(of), max_size=most)
        case Record(fields=fields):
            return st.fixed_dictionaries({name: values(part) for name, part in fields.items()})
        case Table():
            return _shown_tables(kind)
        case Json():
            return JSON
    raise AssertionError(kind)


@st.composite
def _shown_tables(draw: st.DrawFn, table: Table) -> Any:
    return draw(shown(table, draw(_rows(table))))


@cache
def _rows(table: Table) -> st.SearchStrategy[dict[int, dict[str, Any]]]:
    row = st.fixed_dictionaries({name: values(kind) for name, kind in table.columns.items()})
    return st.dictionaries(IDS, row, max_size=min(table.rows, 5))


@st.composite
def shown(draw: st.DrawFn, table: Table, rows: dict[int, dict[str, Any]]) -> Any:
    """A table in any of the ways in which a title may show it."""
    way = draw(st.sampled_from(["maps", "tuples", "lists", "text ids", "columns", "arrays"]))
    cells = {key: tuple(row[name] for name in table.columns) for key, row in rows.items()}
    match way:
        case "maps":
            return rows
        case "tuples":
            return cells
        case "lists":
            return {key: list(row) for key, row in cells.items()}
        case "text ids":
            return {str(key): row for key, row in cells.items()}
    columns: dict[str, Any] = {name: [row[name] for row in rows.values()] for name in table.columns}
    if way == "columns":
        return Rows.of(list(rows), **columns)
    arrays = {name: _array(table.columns[name], column) for name, column in columns.items()}
    return Rows.of(np.array(list(rows), np.int64), **arrays)


def _array(kind: Kind, column: list[Any]) -> Any:
    match kind:
        case Int() | Angle():
            return np.array(column, np.int64)
        case Fixed():
            return np.array(column, np.float64)
        case Bool():
            return np.array(column, np.bool_)
        case Enum(names=names):
            return np.array([names.index(name) for name in column], np.uint8)
    return np.array([*column, None], object)[:-1]


@st.composite
def later(draw: st.DrawFn, kind: Kind, value: Any) -> Any:
    """What a title may show next: like ``value``, but for a few things.

    Args:
        value: Of plain lists and dicts, as ``games.sim.plain`` returns it.
    """
    if draw(st.integers(0, 3)) == 0:
        return draw(values(kind))
    match kind:
        case Record(fields=fields):
            return {name: draw(later(part, value[name])) for name, part in fields.items()}
        case Optional(of=of) if value is not None:
            return draw(later(of, value))
        case List(of=of, max=most):
            kept = [draw(later(of, item)) for item in value]
            more = draw(st.lists(values(of), max_size=2))
            return [*kept, *more][:most]
        case Map(of=of, max=most):
            kept = {
                key: draw(later(of, item)) for key, item in value.items() if draw(st.booleans())
            }
            more = draw(st.dictionaries(KEYS, values(of), max_size=1))
            return dict(list({**kept, **more}.items())[:most])
        case Table():
            return draw(_later_table(kind, value))
    return value


@st.composite
def _later_table(draw: st.DrawFn, table: Table, value: dict[str, Any]) -> Any:
    rows: dict[int, dict[str, Any]] = {}
    for key, cells in value.items():
        what = draw(st.integers(0, 3))
        if what == 0:
            continue
        rows[int(key)] = dict(cells)
        if what == 1 and table.columns:
            name = draw(st.sampled_from(sorted(table.columns)))
            rows[int(key)][name] = draw(values(table.columns[name]))
    new = draw(_rows(table)) if draw(st.booleans()) else {}
    return draw(shown(table, dict(list({**rows, **new}.items())[: table.rows])))


@st.composite
def looks(draw: st.DrawFn, kind: st.SearchStrategy[Kind] | None = None) -> tuple[Kind, Any, Any]:
    """A kind, a value of it, and one that may come next; held."""
    drawn = draw(kinds() if kind is None else kind)
    before = hold(drawn, draw(values(drawn)))
    return drawn, before, hold(drawn, draw(later(drawn, plain(drawn, before))))
