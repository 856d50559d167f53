"""Tables as arrays: cells of any width survive as bits, and tables are compared row by row."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.sim import Angle, Enum, Int, Rows, Table, hold, pack, pack_change, unpack, unpack_change
from games.sim import rows as r
from games.sim.bits import BitReader, BitWriter, LayoutError


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 32), max_size=9).map(tuple),
    st.integers(0, 40),
    st.integers(0, 20),
    st.randoms(use_true_random=False),
)
def test_cells_of_any_width_survive_as_bits(
    widths: tuple[int, ...], count: int, before: int, chance: random.Random
) -> None:
    rows = [[chance.getrandbits(width) if width else 0 for width in widths] for _ in range(count)]
    cells = np.array(rows, np.int64).reshape(count, len(widths))
    bits = BitWriter()
    bits.put(0, before)
    r.write_cells(bits, cells, widths)
    bits.put(1, 1)
    data = bits.take()
    said = "0" * before + "".join(
        f"{code:0{width}b}"
        for row in rows
        for code, width in zip(row, widths, strict=True)
        if width
    )
    assert "".join(f"{byte:08b}" for byte in data).startswith(said + "1")
    read = BitReader(data)
    read.take(before)
    assert r.read_cells(read, count, widths).tolist() == cells.tolist()
    assert read.take(1) == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, unique=True, max_size=40).map(sorted))
def test_ascending_ids_survive_as_bits(ids: list[int]) -> None:
    bits = BitWriter()
    r.write_ids(bits, np.array(ids))
    read = r.read_ids(BitReader(bits.take()), len(ids), 2**31)
    assert read.tolist() == ids


def test_ids_beyond_their_bounds_are_refused() -> None:
    bits = BitWriter()
    r.write_ids(bits, np.array([3, 9]))
    with pytest.raises(LayoutError):
        r.read_ids(BitReader(bits.take()), 2, 9)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), max_size=70), st.integers(0, 9))
def test_masks_survive_as_bits(mask: list[bool], before: int) -> None:
    bits = BitWriter()
    bits.put(0, before)
    r.write_mask(bits, np.array(mask, np.bool_))
    read = BitReader(bits.take())
    read.take(before)
    assert r.read_mask(read, len(mask)).tolist() == mask


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(2**32) + 1, 2**32 - 1), max_size=50))
def test_zigzag_is_small_where_the_number_is(numbers: list[int]) -> None:
    folded = r.zigzag(np.array(numbers, np.int64))
    assert folded.tolist() == [2 * n if n >= 0 else -2 * n - 1 for n in numbers]
    assert r.unzigzag(folded).tolist() == numbers


@pytest.mark.parametrize("count", [1, 15, 16, 17, 48, 1000])
def test_the_widths_of_columns_are_those_of_their_largest(count: int) -> None:
    chance = np.random.default_rng(count)
    cells = chance.integers(0, 1 << chance.integers(0, 33, 5), (count, 5))
    largest = cells.max(axis=0).tolist()
    assert r.widths(cells, 5) == tuple(number.bit_length() for number in largest)


ids = st.sets(st.integers(0, 12)).map(sorted).map(lambda found: np.array(found, np.int64))


@settings(max_examples=100, deadline=None)
@given(ids, ids)
def test_is_among_says_for_each_whether_it_is(some: r.Ints, others: r.Ints) -> None:
    assert r.is_among(some, others).tolist() == [number in others for number in some]


@settings(max_examples=100, deadline=None)
@given(ids, ids)
def test_a_difference_says_what_came_went_and_stayed(before: r.Ints, after: r.Ints) -> None:
    old = Rows(before, before.reshape(-1, 1) * 10)
    new = Rows(after, after.reshape(-1, 1) * 10 + 1)
    found = r.difference(old, new)
    assert set(before[found.gone]) == set(before) - set(after)
    assert found.gone_ids.tolist() == before[found.gone].tolist()
    assert set(found.added_ids) == set(after) - set(before)
    assert found.kept.tolist() == sorted({*before} & {*after})
    assert found.before.tolist() == [[10 * number] for number in found.kept]
    assert found.after.tolist() == [[10 * number + 1] for number in found.kept]
    applied = r.apply(old, found.gone, found.after, found.added_ids, found.added)
    assert applied == new


def test_a_new_row_that_is_there_already_is_refused() -> None:
    old = Rows(np.array([1, 2]), np.array([[1], [2]]))
    none = np.empty(0, np.int64)
    with pytest.raises(LayoutError):
        r.apply(old, none, old.cells, np.array([2]), np.array([[5]]))


def test_positions_are_those_of_the_rows_that_there_are() -> None:
    rows = Rows(np.array([1, 5, 9]), np.zeros((3, 0), np.int64))
    assert rows.positions({9, 1, 7}).tolist() == [0, 2]
    assert rows.positions([]).tolist() == []


def test_rows_are_equal_by_their_ids_and_cells() -> None:
    rows = Rows(np.array([1]), np.array([[5]]), whole=np.array([1, 2]), entered=[1])
    assert rows == Rows(np.array([1]), np.array([[5]]))
    assert rows != Rows(np.array([2]), np.array([[5]]))
    assert rows != Rows(np.array([1]), np.array([[6]]))
    assert rows != {1: (5,)}
    assert repr(rows) == "Rows([1], [[5]])"


MANY = Table(
    1000,
    x=Int(0, 32000),
    y=Int(0, 18000),
    vx=Int(-500, 500),
    vy=Int(-500, 500),
    angle=Angle(1000),
    wide=Int(0, 2**31 - 1),
    kind=Enum("a", "b", "c"),
    moves={"x": "vx", "y": "vy"},
)


def many(chance: np.random.Generator, ids: r.Ints) -> Rows:
    count = len(ids)
    held: Rows = hold(
        MANY,
        Rows.of(
            ids,
            x=chance.integers(0, 32001, count),
            y=chance.random(count).round() * 100.0,
            vx=chance.integers(-500, 501, count, np.int16),
            vy=chance.integers(-500, 501, count),
            angle=chance.integers(0, 1000, count, np.uint16),
            wide=chance.integers(0, 2**31, count),
            kind=chance.integers(0, 3, count, np.uint8),
        ),
    )
    return held


@pytest.mark.parametrize("count", [0, 1, 17, 1000])
def test_tables_of_any_size_are_told_whole_and_as_changes(count: int) -> None:
    chance = np.random.default_rng(count)
    old = many(chance, chance.permutation(2 * count)[:count])
    new = many(chance, chance.permutation(2 * count)[:count])
    assert unpack(MANY, pack(MANY, old)) == old
    some = Rows(old.ids, np.where(chance.random((count, 1)) < 0.1, old.cells[::-1], old.cells))
    for after in (new, some):
        change = pack_change(MANY, old, after)
        assert (change is None) == (old == after)
        if change is not None:
            assert unpack_change(MANY, old, change) == after
