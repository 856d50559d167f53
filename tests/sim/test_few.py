"""Tables of few rows are dealt with in another way, of which nobody notices anything."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.sim import (
    Angle,
    Enum,
    Fixed,
    Held,
    Int,
    Kind,
    Optional,
    Rows,
    Table,
    ViewError,
    few,
    fingerprint,
    hold,
    pack,
    pack_change,
    plain,
    same,
    unpack_change,
)
from tests.kinds import later, tables, values

MANY, FEW = -1, 1 << 20


@contextmanager
def taken_as(cells_max: int) -> Iterator[None]:
    """All tables are taken as those of many rows are, or all as those of few."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(few, "CELLS_MAX", cells_max)
        yield


def told(kind: Kind, before: Any, after: Any, whole: Any = None) -> list[Any]:
    """All that can be said of two views, one after the other."""
    old, new = hold(kind, before), hold(kind, after)
    assert isinstance(old, Rows)
    old.whole = new.whole = whole
    change = pack_change(kind, old, new)
    if change is not None:
        assert unpack_change(kind, old, change) == new
    return [
        (old.ids.tolist(), old.cells.tolist()),
        (pack(kind, old), pack(kind, new), fingerprint(kind, new)),
        (change, same(kind, old, new), old == new, len(old)),
        (plain(kind, old), plain(kind, new)),
    ]


def told_either_way(kind: Kind, before: Any, after: Any, whole: Any = None) -> None:
    with taken_as(MANY):
        many = told(kind, before, after, whole)
    with taken_as(FEW):
        assert told(kind, before, after, whole) == many


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_few_rows_are_told_as_many_are(data: st.DataObject) -> None:
    kind = data.draw(tables())
    before = data.draw(values(kind))
    after = data.draw(later(kind, plain(kind, hold(kind, before))))
    sight = data.draw(st.none() | st.sets(st.integers(0, 9)).map(sorted))
    told_either_way(kind, before, after, None if sight is None else np.array(sight, np.int64))


SHIPS = Table(
    200,
    x=Fixed(-4000, 4000, 0.125),
    y=Int(-(2**30), 2**30 - 1),
    angle=Angle(256),
    turn=Angle(2**31 - 1),
    who=Optional(Enum("a", "b")),
)


def ship(chance: random.Random) -> tuple[Any, ...]:
    return (
        chance.choice([chance.uniform(-4000, 4000), 0, 12]),
        chance.choice([-(2**30), 2**30 - 1, chance.randrange(9)]),
        chance.randrange(256),
        chance.choice([0, 2**31 - 2, 2**30, 2**30 - 1, 5]),
        chance.choice([None, "a", "b"]),
    )


@pytest.mark.parametrize("count", [0, 1, 2, 25, 26, 60, 150])
def test_tables_of_any_size_are_told_in_one_way(count: int) -> None:
    chance = random.Random(count)
    before = {number * 3: ship(chance) for number in chance.sample(range(200), count)}
    near = {
        key: (row[0], row[1] - (row[1] > 0), (row[2] + 250) % 256, *row[3:])
        for key, row in before.items()
    }
    some = {**before, **{key: ship(chance) for key in [*before][::7]}}
    others = {key: row for key, row in some.items() if key % 4} | {1: ship(chance)}
    for after in (before, near, some, others, {}):
        told_either_way(SHIPS, before, after)
        told_either_way(SHIPS, after, {str(key): list(row) for key, row in before.items()})


def held(kind: Kind, value: Any) -> Held:
    try:
        return hold(kind, value)
    except ViewError as error:
        return str(error)


@pytest.mark.parametrize(
    "table",
    [
        {1: (0, 0)},
        {1: (0, 0, 0, 0, None, 1)},
        {1: (0, 0, 0, 0, "a"), 2: (0, 0)},
        {1: (0, 0, 0, 0, "c")},
        {1: (0, 0, 256, 0, "a")},
        {1: ("0", 0, 0, 0, "a")},
        {1: (b"0", 0, 0, 0, "a")},
        {1: ([], 0, 0, 0, "a")},
        {1: (0, [], 0, 0, "a")},
        {1: (float("nan"), 0, 0, 0, "a")},
        {1: (0, float("inf"), 0, 0, "a")},
        {1: (0, 0.5, 0, 0, "a")},
        {1: (0, 10**400, 0, 0, "a")},
        {1: {"x": 0}},
        {1: "abcde"},
        {1: np.zeros(5)},
        {1: None},
        {1: iter((0, 0, 0, 0, "a"))},
        {-1: (0, 0, 0, 0, "a")},
        {2**31: (0, 0, 0, 0, "a")},
        {2**70: (0, 0, 0, 0, "a")},
        {"1": (0, 0, 0, 0, "a"), 1: (0, 0, 0, 0, "a")},
        {"01": (0, 0, 0, 0, "a")},
        {1.5: (0, 0, 0, 0, "a")},
        {None: (0, 0, 0, 0, "a")},
        {2: (0, 5.0, np.int8(3), True, None), "1": [np.float32(1.5), False, 0, 0, "b"]},
        {2: {"who": "a", "turn": 1, "angle": 2, "y": 3, "x": 4}, 1: (0, 0, 0, 0, "a")},
    ],
)
def test_few_rows_are_checked_as_many_are(table: Any) -> None:
    with taken_as(MANY):
        many = held(SHIPS, table)
    with taken_as(FEW):
        assert held(SHIPS, table) == many
        hold(SHIPS, {1: (0, 1, 2, 3, "a")})
        assert held(SHIPS, table) == many


def test_what_is_known_of_a_column_is_forgotten_before_it_is_much() -> None:
    kind = Table(9, x=Int(0, 2**30))
    for number in range(5000):
        assert hold(kind, {1: (number,)}).cells.tolist() == [[number]]


def test_rows_in_sight_are_the_same_however_they_are_kept() -> None:
    kind = Table(9, by_seat=True, x=Int(0, 9))
    places = np.array([0, 2])
    for cells_max in (MANY, FEW):
        with taken_as(cells_max):
            rows = hold(kind, {3: (1,), 5: (2,), 7: (3,)})
            assert rows.seen() == rows
            assert rows.seen(places) == hold(kind, {3: (1,), 7: (3,)})
            assert [seen.whole.tolist() for seen in (rows.seen(), rows.seen(places))] == [
                [3, 5, 7],
                [3, 5, 7],
            ]
