"""Holding a view again and again: as ``hold`` does, and what looks as before is the same object."""

import copy
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.sim import (
    Bool,
    Fixed,
    Holder,
    Int,
    Json,
    Kind,
    List,
    Map,
    Optional,
    Record,
    Table,
    Text,
    ViewError,
    hold,
    plain,
    same,
)
from tests.kinds import kinds, later, values
from tests.values import encoded

NUMBERS = List(Int(0, 9), 3)
VIEW = Record(
    time=Int(0, 9999),
    ships=Table(9, x=Int(0, 99), y=Fixed(0, 9, 0.5)),
    bag=Map(Record(n=Int(0, 9), of=Optional(Text(9))), 9),
    paths=List(NUMBERS, 9),
    any=Json(),
    inner=Record(walls=Table(9, x=Int(0, 99)), on=Bool(), free=Map(Json(), 9)),
)


def shown() -> dict[str, Any]:
    return {
        "time": 5000,
        "ships": {1: (5, 0.5), 2: (6, 1.5)},
        "bag": {"a": {"n": 1, "of": "x"}, "b": {"n": 2, "of": None}},
        "paths": [[1, 2], [3]],
        "any": {"list": [1, {"deep": 1}], "n": 5},
        "inner": {"walls": {1: (5,)}, "on": True, "free": {"k": [1]}},
    }


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_view_is_held_as_if_it_were_the_first(data: st.DataObject) -> None:
    kind = data.draw(kinds())
    holder = Holder(kind, "view")
    value = data.draw(values(kind))
    for _ in range(4):
        expected = hold(kind, value)
        now = holder.hold(value)
        assert same(kind, now, expected)
        assert encoded(plain(kind, now)) == encoded(plain(kind, expected))
        value = data.draw(later(kind, plain(kind, expected)) | st.just(value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (VIEW, shown()),
        (VIEW.fields["ships"], shown()["ships"]),
        (Record(a=VIEW.fields["bag"], b=NUMBERS), {"a": shown()["bag"], "b": [1]}),
        (Optional(NUMBERS), [1]),
        (Json(), shown()["any"]),
    ],
)
def test_what_looks_as_before_is_the_same_object(kind: Kind, value: Any) -> None:
    holder = Holder(kind, "view")
    before = holder.hold(value)
    assert holder.hold(value) is before
    assert holder.hold(copy.deepcopy(value)) is before


def test_parts_that_look_as_before_are_the_same_objects() -> None:
    holder = Holder(VIEW, "view")
    before = holder.hold(shown())
    after = holder.hold({**shown(), "time": 5001, "paths": []})
    assert after["time"] == 5001
    for name in ("ships", "bag", "any"):
        assert after[name] is before[name]
    assert after["inner"]["walls"] is before["inner"]["walls"]
    assert before["time"] == 5000


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("time",), 1),
        (("ships", 1), (5, 1.0)),
        (("ships", 3), (5, 1.0)),
        (("bag", "a"), {"n": 1, "of": "y"}),
        (("bag", "a", "n"), 2),
        (("bag", "b", "of"), "y"),
        (("paths", 1), [4]),
        (("paths", 0, 1), 9),
        (("any", "n"), 6),
        (("any", "n"), 5.0),
        (("any", "list", 1, "deep"), True),
        (("inner", "walls", 1), (6,)),
        (("inner", "on"), False),
        (("inner", "free", "k", 0), 2),
        (("inner", "free", "k", 0), True),
    ],
)
@pytest.mark.parametrize("tuples", [False, True])
def test_a_view_that_its_title_changes_in_place_is_noticed(
    path: tuple[Any, ...], value: Any, tuples: bool
) -> None:
    holder = Holder(VIEW, "view")
    view = shown()
    if tuples:
        view["paths"] = tuple(view["paths"])  # which stays, and what is in it does not
        if path == ("paths", 1):
            return
    before = holder.hold(view)
    kept = encoded(plain(VIEW, before))
    part: Any = view
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    after = holder.hold(view)
    assert encoded(plain(VIEW, after)) == encoded(plain(VIEW, hold(VIEW, view))) != kept
    assert encoded(plain(VIEW, before)) == kept


def test_rows_that_are_lists_may_change_in_place() -> None:
    holder = Holder(VIEW.fields["ships"], "view")
    table = {1: [5, 0.5]}
    holder.hold(table)
    table[1][0] = 6
    assert plain(VIEW.fields["ships"], holder.hold(table)) == {"1": {"x": 6, "y": 0.5}}


class Frozen(msgspec.Struct, frozen=True):
    n: int
    of: Any


class Loose(msgspec.Struct):
    n: int
    of: Any


@pytest.mark.parametrize("kind", [Frozen, Loose])
def test_a_struct_is_shown_as_a_map_of_its_fields_is(kind: Any) -> None:
    view = Record(bag=Record(n=Int(0, 9), of=Optional(Text(9))))
    holder = Holder(view, "view")
    before = holder.hold({"bag": kind(1, "x")})
    assert plain(view, before) == {"bag": {"n": 1, "of": "x"}}
    assert holder.hold({"bag": kind(1, "x")}) is before or kind is Loose
    after = holder.hold({"bag": kind(2, None)})
    assert plain(view, after) == {"bag": {"n": 2, "of": None}}
    with pytest.raises(ViewError, match=r"view.bag.n: 10 is not in 0\.\.9"):
        holder.hold({"bag": kind(10, None)})


def test_a_struct_that_its_title_changes_in_place_is_noticed() -> None:
    holder = Holder(Record(a=NUMBERS, b=Record(n=Int(0, 9), of=NUMBERS)), "view")
    for shown in (Loose(1, [2]), Frozen(1, [2])):
        assert holder.hold({"a": [], "b": shown})["b"] == {"n": 1, "of": [2]}
        shown.of.append(3)
        assert holder.hold({"a": [], "b": shown})["b"] == {"n": 1, "of": [2, 3]}


def test_arrays_are_held_wherever_they_stand() -> None:
    kind = Record(path=NUMBERS)
    holder = Holder(kind, "view")
    for numbers in ([1, 2], np.array([1, 2]), np.array([1, 2]), np.array([1]), [1, 2], [3]):
        assert holder.hold({"path": numbers}) == {"path": list(numbers)}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"time": -1}, "view.time: -1 is not in 0..9999"),
        ({"ships": {1: (5, 0.5), 2: (100, 1.5)}}, "view.ships.2.x: 100 is not in 0..99"),
        ({"ships": {1: np.array([5])}}, "view.ships.1: array([5]) is no row"),
        ({"bag": {"a": {"n": 10, "of": None}}}, "view.bag.a.n: 10 is not in 0..9"),
        ({"paths": [[1, 2], [3, 4, 5, 6]]}, "view.paths.1: 4 items, at most 3 are declared"),
        ({"any": {1j}}, "view.any: is nothing that JSON can say: a value of type complex"),
        ({"inner": {"walls": {}, "on": 2}}, "view.inner.free: is missing"),
        ({"more": 1}, "view.more: is not declared"),
    ],
)
def test_what_is_not_declared_is_named_as_by_hold(change: dict[str, Any], error: str) -> None:
    view = {**shown(), **change}
    with pytest.raises(ViewError) as caught:
        hold(VIEW, view)
    assert str(caught.value) == error
    holder = Holder(VIEW, "view")
    for _ in range(2):
        before = holder.hold(shown())
        with pytest.raises(ViewError) as caught:
            holder.hold(view)
        assert str(caught.value) == error
        assert holder.hold(shown()) == before
