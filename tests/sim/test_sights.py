"""What many seats see of a table is told as if each were told alone."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from games.sim import Angle, Circle, Enum, Fixed, Grid, Int, Optional, Rows, Table, hold
from games.sim.sights import Seen, Sights, within

KIND = Table(
    2000,
    by_seat=True,
    x=Fixed(0, 100, 0.5),
    y=Int(0, 100),
    angle=Angle(256),
    wide=Int(-(2**30), 2**30 - 1),
    wider=Int(0, 2**31 - 1),
    mood=Optional(Enum("a", "b")),
    moves={"y": "wide", "angle": "wide"},
)

places = st.integers(0, 100)
rows = st.tuples(
    places,
    places,
    st.integers(0, 255),
    st.sampled_from([0, 0, 0, -(2**30), 2**30 - 1]),
    st.sampled_from([0, 0, 0, 1, 2**31 - 1]),
    st.sampled_from([None, "a", "b"]),
)
tables = st.dictionaries(st.integers(0, 30) | st.integers(0, 2**31 - 1), rows, max_size=40)
circles = st.builds(
    Circle, st.floats(-20, 120), st.floats(-20, 120), st.sampled_from([0.0, 1.0, 20.0, 60.0, 200.0])
)
sights = st.one_of(circles, circles, circles, st.none(), st.lists(st.integers(0, 30)))
viewers = st.dictionaries(st.integers(0, 12), sights, max_size=12)


def near(table: Any) -> st.SearchStrategy[Any]:
    """The table a moment later: most rows stay, and some of them move a little."""
    moved = {key: st.just(row) | rows | _beside(row) for key, row in table.items()}
    kept = st.fixed_dictionaries({}, optional=moved)
    return st.builds(lambda kept, more: {**more, **kept}, kept, st.just({}) | tables)


def _beside(row: Any) -> st.SearchStrategy[Any]:
    x, y, angle, *rest = row
    return st.just((min(100, x + 1), max(0, y - 1), (angle + 250) % 256, *rest))


def look(rows: Rows, seen: dict[int, Any], before: Sights | None) -> Sights:
    return Sights.of(rows, (KIND.column(rows, "x"), KIND.column(rows, "y")), seen, before)


def alone(rows: Rows, sight: Any) -> Rows:
    """What one seat sees, found by itself."""
    if sight is None:
        return rows.seen()
    if not isinstance(sight, Circle):
        return rows.seen(rows.positions(sight))
    grid = Grid(KIND.column(rows, "x"), KIND.column(rows, "y"), sight.radius)
    return rows.seen(grid.within(sight))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_all_seats_are_told_what_each_alone_would_be(data: st.DataObject) -> None:
    table, seen = data.draw(tables), data.draw(viewers)
    before: Sights | None = None
    last: dict[int, tuple[Rows, Seen]] = {}
    for _ in range(3):
        held = hold(KIND, table)
        sights = look(held, seen, before)
        now = sights.by_seat()
        for seat, sight in seen.items():
            by_itself = alone(held, sight)
            assert len(now[seat]) == len(by_itself)
            if seat in last:
                assert now[seat].is_next_to(last[seat][1])
                assert KIND.tell(last[seat][1], now[seat]) == KIND.tell(last[seat][0], by_itself)
            assert now[seat] == by_itself
            last[seat] = by_itself, now[seat]
        last = {seat: rows for seat, rows in last.items() if seat in seen}
        before = sights
        table = data.draw(near(table))
        seen = data.draw(st.just(seen) | viewers)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(places, places), max_size=40), st.lists(circles, max_size=12))
def test_circles_hold_the_rows_that_are_near_enough(
    at: list[tuple[int, int]], seen: list[Circle]
) -> None:
    xs, ys = np.array(at, np.float64).reshape(-1, 2).T
    viewer, row = within(xs, ys, seen)
    expected = [
        (number, place)
        for number, circle in enumerate(seen)
        for place, (x, y) in enumerate(at)
        if (x - circle.x) ** 2 + (y - circle.y) ** 2 <= circle.radius**2
    ]
    assert sorted(zip(viewer.tolist(), row.tolist(), strict=True)) == expected


def test_what_was_seen_two_looks_ago_is_compared_by_itself() -> None:
    sights: list[Sights] = []
    for x in (1, 2, 3):
        held = hold(KIND, {1: (x, 0, 0, 0, 0, None), 2: (9, 9, 0, 0, 0, None)})
        sights.append(look(held, {0: Circle(0, 0, 5), 1: None}, sights[-1] if sights else None))
    first, second, third = (each.by_seat()[0] for each in sights)
    assert third.is_next_to(second)
    assert not third.is_next_to(first)
    assert not second.is_next_to(first), "nobody asks any more, so it is not kept"
    assert KIND.tell(first, third) == KIND.tell(alone(sights[0].rows, [1]), third)
    assert sights[0].before is sights[1].before is None
