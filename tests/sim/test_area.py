"""The grid finds exactly the rows that are within a circle."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from games.sim.area import Circle, Grid

places = st.integers(-300, 300)
points = st.lists(st.tuples(places, places), max_size=40)


def columns(there: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(there, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


@settings(max_examples=300, deadline=None)
@given(
    points,
    st.tuples(st.integers(-500, 500), st.integers(-500, 500)),
    st.integers(0, 400),
    st.integers(1, 300),
)
def test_the_grid_finds_what_is_within_the_circle_and_nothing_else(
    there: list[tuple[int, int]], eye: tuple[int, int], radius: int, side: int
) -> None:
    x, y = eye
    near = [
        number
        for number, (px, py) in enumerate(there)
        if (px - x) ** 2 + (py - y) ** 2 <= radius**2
    ]
    assert Grid(*columns(there), side).within(Circle(x, y, radius)).tolist() == near


def test_a_field_without_rows_shows_none() -> None:
    assert Grid(*columns([]), 10).within(Circle(0, 0, 1000)).tolist() == []


def test_a_circle_of_no_size_sees_what_stands_in_its_middle() -> None:
    assert Grid(*columns([(5, 5), (6, 5)]), 0).within(Circle(5, 5, 0)).tolist() == [0]


def test_circles_as_small_as_nothing_are_told_apart_in_a_wide_field() -> None:
    wide = [(0, 9_000_000), (9_000_000, 0), (5_000_000, 5_000_000), (1, 9_000_000)]
    grid = Grid(*columns(wide), 0)
    assert [grid.within(Circle(x, y, 0)).tolist() for x, y in wide] == [[0], [1], [2], [3]]
    assert int(np.abs(grid._squares).max()) < 1 << 41, "else numbers of squares wrap around"
