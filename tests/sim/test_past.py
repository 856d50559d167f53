"""The past that a title keeps in its state: bounded, in order, and the same after a checkpoint."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.sim.past import Past


@given(size=st.integers(1, 8), values=st.lists(st.integers(), min_size=1, max_size=30))
def test_it_answers_as_a_list_of_all_that_was_kept_would(size: int, values: list[int]) -> None:
    past: Past[int] = Past(size)
    for value in values:
        past.keep(value)
    known = values[::-1][:size]
    for ago in range(size + 3):
        assert past.at(ago) == known[min(ago, len(known) - 1)]
    assert len(past) == len(known)


def test_it_never_holds_more_than_its_size() -> None:
    past: Past[int] = Past(3)
    for value in range(100):
        past.keep(value)
    assert sorted(past.ring) == [97, 98, 99]


def test_before_anything_was_kept_there_is_no_answer() -> None:
    with pytest.raises(LookupError):
        Past[int](3).at(0)


def test_the_future_is_not_known() -> None:
    past: Past[int] = Past(3)
    past.keep(1)
    with pytest.raises(ValueError, match="future"):
        past.at(-1)


@given(
    size=st.integers(1, 6),
    before=st.lists(st.integers(0, 99), min_size=1, max_size=15),
    after=st.lists(st.integers(0, 99), max_size=15),
)
def test_it_goes_on_from_a_checkpoint(size: int, before: list[int], after: list[int]) -> None:
    one: Past[int] = Past(size)
    for value in before:
        one.keep(value)
    other = msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=Past[int])
    for value in after:
        one.keep(value)
        other.keep(value)
    assert [one.at(ago) for ago in range(size)] == [other.at(ago) for ago in range(size)]


def test_two_pasts_share_nothing() -> None:
    one: Past[int] = Past(2)
    other: Past[int] = Past(2)
    one.keep(1)
    assert len(other) == 0
