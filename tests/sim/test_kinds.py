"""Declarations and what is shown under them: values are checked, quantised and never shared."""

import math
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.sim import (
    Angle,
    Bool,
    DeclarationError,
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
    ViewError,
    describe,
    hold,
    pack,
    plain,
    read_kind,
    same,
)
from games.sim.kinds import check
from tests.kinds import kinds, looks, scalars, values
from tests.values import encoded

BIG = 2**53

# --- declarations ------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(kinds())
def test_a_kind_is_read_from_its_schema(kind: Kind) -> None:
    schema = describe(kind)
    for encoding in (msgspec.json, msgspec.msgpack):
        carried = encoding.decode(encoding.encode(schema))
        assert carried == schema
        assert describe(read_kind(carried)) == schema


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (Int(0, 5), {"kind": "int", "low": 0, "high": 5}),
        (Fixed(-1, 10, 0.125), {"kind": "fixed", "low": -8, "high": 80, "step": 0.125}),
        (Angle(256), {"kind": "angle", "steps": 256}),
        (Bool(), {"kind": "bool"}),
        (Enum("a", "b"), {"kind": "enum", "names": ["a", "b"]}),
        (Text(40), {"kind": "text", "max": 40}),
        (Optional(Bool()), {"kind": "optional", "of": {"kind": "bool"}}),
        (List(Bool(), 3), {"kind": "list", "of": {"kind": "bool"}, "max": 3}),
        (Map(Bool(), 3), {"kind": "map", "of": {"kind": "bool"}, "max": 3}),
        (
            Record(b=Bool(), a=Json()),
            {"kind": "record", "fields": [["b", {"kind": "bool"}], ["a", {"kind": "json"}]]},
        ),
        (Table(9, x=Bool()), {"kind": "table", "rows": 9, "columns": [["x", {"kind": "bool"}]]}),
        (
            Table(9, by_seat=True, spectators=False),
            {"kind": "table", "rows": 9, "columns": [], "by_seat": True, "spectators": False},
        ),
        (
            Table(9, x=Int(0, 9), vx=Int(-1, 1), moves={"x": "vx"}),
            {
                "kind": "table",
                "rows": 9,
                "columns": [
                    ["x", {"kind": "int", "low": 0, "high": 9}],
                    ["vx", {"kind": "int", "low": -1, "high": 1}],
                ],
                "moves": {"x": "vx"},
            },
        ),
    ],
)
def test_a_schema_says_what_is_declared(kind: Kind, schema: dict[str, Any]) -> None:
    assert describe(kind) == schema


def test_fields_and_columns_may_have_any_name() -> None:
    names = ["self", "rows_max", "by_seat", "kind", "a b", ""]
    fields = [[name, {"kind": "bool"}] for name in names]
    for schema in (
        {"kind": "record", "fields": fields},
        {"kind": "table", "rows": 3, "columns": fields},
    ):
        assert describe(read_kind(schema)) == schema


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (Int(5, 0), "low is above high"),
        (Int(0.0, 5), "low is not a whole number"),  # type: ignore[arg-type]
        (Int(0, True), "high is not a whole number"),
        (Int(0, BIG), "high is beyond 2**53 - 1, where JavaScript stops counting"),
        (Int(-BIG, 0), "low is beyond 2**53 - 1, where JavaScript stops counting"),
        (Int(-1, BIG - 1), "low and high are more than 2**53 - 1 apart"),
        (Fixed(0, 1, 0), "step is not above 0"),
        (Fixed(0, 1, -1), "step is not above 0"),
        (Fixed(1, 0, 0.5), "low is above high"),
        (Fixed("0", 1, 0.5), "low is not a number"),  # type: ignore[arg-type]
        (Fixed(0, math.inf, 0.5), "high is not finite"),
        (Fixed(0, 1, math.nan), "step is not finite"),
        (Fixed(0, 1, 1e-16), "high is more than 2**50 steps from 0"),
        (Fixed(0, 1.7e308, 1e308), "high is more than 2**50 steps from 0"),
        (Angle(0), "steps must be from 1 to 2**53"),
        (Angle(1.5), "steps must be from 1 to 2**53"),  # type: ignore[arg-type]
        (Enum(), "has no names"),
        (Enum("a", 1), "names must be text"),  # type: ignore[arg-type]
        (Enum("a", "b", "a"), "'a' stands there twice"),
        (Text(0), "max must be from 1 to 1048576"),
        (Text("a"), "max must be from 1 to 1048576"),  # type: ignore[arg-type]
        (List(Bool(), 2**20 + 1), "max must be from 1 to 1048576"),
        (Map(Bool(), 0), "max must be from 1 to 1048576"),
        (Optional(Optional(Bool())), "optional twice says no more than once"),
        (Optional(Json()), "anything JSON-like may be none without being optional"),
        (Table(0), "the number of rows must be from 1 to 1048576"),
        (Table(1, spectators=False), "spectators are told of every table that is not by_seat"),
        (
            Table(1, x=Int(0, 9), moves={"x": "vx"}),
            "x and vx, which moves it, must be columns of numbers",
        ),
        (
            Table(1, x=Int(0, 9), vx=Angle(9), moves={"x": "vx"}),
            "x and vx, which moves it, must be columns of numbers",
        ),
        (
            Table(1, x=Int(0, 9), vx=Fixed(0, 9, 0.5), moves={"x": "vx"}),
            "has other steps than vx, which moves it",
        ),
        (
            Table(1, x=Int(0, 9), vx=Int(0, 9), moves={"x": "vx", "vx": "x"}),
            "moves a column, so that none may move it",
        ),
        (
            Table(1, x=Int(0, 2**31 - 1), vx=Int(0, 9), moves={"x": "vx"}),
            "has too many values for vx to move it",
        ),
    ],
)
def test_a_mistake_in_a_declaration_is_named(kind: Kind, problem: str) -> None:
    for call in (lambda: check(kind, "view"), lambda: describe(kind), lambda: hold(kind, 0)):
        with pytest.raises(DeclarationError, match=": ") as caught:
            call()
        assert str(caught.value).endswith(f": {problem}")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Record(a=Int(5, 0)), ".a"),
        (Record(a=Record(b=List(Optional(Int(5, 0)), 3))), ".a.b[]"),
        (Map(Int(5, 0), 3), "{}"),
        (Table(3, a=Int(0, 1), b=Int(5, 0)), ".b"),
        (Table(3, a=Text(5)), ".a"),
        (Table(3, a=Optional(Text(5))), ".a"),
        (Table(3, a=Int(0, 2**31)), ".a"),
        (Table(3, a=Optional(Int(0, 2**31 - 1))), ".a"),
        (Record(a=int), ".a"),  # type: ignore[arg-type]
        (List("a", 3), "[]"),  # type: ignore[arg-type]
        (Optional(None), ""),  # type: ignore[arg-type]
        (Table(3, a=Int), ".a"),  # type: ignore[arg-type]
    ],
)
def test_a_mistake_is_found_wherever_it_is(kind: Kind, path: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        check(kind, "arena: view")
    assert str(caught.value).startswith(f"arena: view{path}: ")


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        [],
        "int",
        {"kind": "float"},
        {"kind": ["int"]},
        {"kind": "int", "low": 0},
        {"kind": "int", "low": 5, "high": 0},
        {"kind": "int", "low": "0", "high": 5},
        {"kind": "fixed", "low": 0, "high": 5, "step": "1"},
        {"kind": "fixed", "low": 0, "high": 10**400, "step": 0.5},
        {"kind": "enum", "names": 5},
        {"kind": "enum", "names": ["a", ["b"]]},
        {"kind": "optional", "of": None},
        {"kind": "record", "fields": {"a": {"kind": "bool"}}},
        {"kind": "record", "fields": [["a", {"kind": "bool"}], ["a", {"kind": "bool"}]]},
        {"kind": "table", "rows": "a", "columns": []},
        {"kind": "table", "rows": 3, "columns": [["a", {"kind": "text", "max": 3}]]},
    ],
)
def test_what_is_no_schema_is_a_declaration_error(schema: Any) -> None:
    with pytest.raises(DeclarationError):
        read_kind(schema)


def test_a_schema_that_is_too_deep_is_a_declaration_error() -> None:
    schema: dict[str, Any] = {"kind": "bool"}
    for _ in range(100_000):
        schema = {"kind": "list", "of": schema, "max": 1}
    with pytest.raises(DeclarationError):
        read_kind(schema)
    while "of" in schema:  # to let go of it all at once would be as deep
        schema = schema["of"]


def test_kinds_are_frozen_and_equal_by_what_they_say() -> None:
    kind = Record(a=Int(0, 5), t=Table(3, x=Bool()), e=Enum("a"))
    assert kind == Record(a=Int(0, 5), t=Table(3, x=Bool()), e=Enum("a"))
    assert kind != Record(a=Int(0, 6), t=Table(3, x=Bool()), e=Enum("a"))
    assert Text(5) != Angle(5)
    assert hash(kind) == hash(Record(a=Int(0, 5), t=Table(3, x=Bool()), e=Enum("a")))
    assert repr(kind) == "Record(a=Int(0, 5), t=Table(3, x=Bool()), e=Enum('a'))"
    with pytest.raises(AttributeError, match="frozen"):
        kind.fields = {}  # type: ignore[misc]


# --- what is held ------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(looks())
def test_plain_values_are_json_and_are_held_as_the_same_again(drawn: tuple[Kind, Any, Any]) -> None:
    kind, held, _ = drawn
    value = plain(kind, held)
    _require_builtins(value)
    assert encoded(msgspec.json.decode(encoded(value))) == encoded(value)
    again = hold(kind, value)
    assert same(kind, again, held)
    assert pack(kind, again) == pack(kind, held)


def _require_builtins(value: Any) -> None:
    assert type(value) in {dict, list, str, int, float, bool, type(None)}
    for inner in value.items() if isinstance(value, dict) else ():
        assert type(inner[0]) is str
        _require_builtins(inner[1])
    for item in value if isinstance(value, list) else ():
        _require_builtins(item)


@settings(max_examples=200, deadline=None)
@given(st.data(), scalars(2**31))
def test_a_column_is_held_as_its_values_are_one_by_one(data: st.DataObject, kind: Kind) -> None:
    for least in (0, 20):
        column = data.draw(st.lists(values(kind), min_size=least, max_size=least + 5))
        table = Table(30, x=kind)
        shown = hold(table, {place: (value,) for place, value in enumerate(column)})
        assert shown.cells[:, 0].tolist() == [hold(kind, value) for value in column]
        expected = [plain(kind, hold(kind, value)) for value in column]
        assert [row["x"] for row in plain(table, shown).values()] == expected


@settings(max_examples=100, deadline=None)
@given(st.integers(-1000, 1000), st.sampled_from([0.1, 0.25, 1 / 3, 7.0]), st.floats(-0.5, 0.5))
def test_fixed_takes_the_nearest_step(steps: int, step: float, beside: float) -> None:
    kind = Fixed(-1000 * step, 1000 * step, step)
    value = max(-1000 * step, min(1000 * step, (steps + beside) * step))
    told = plain(kind, hold(kind, value))
    assert abs(told - value) <= step / 2 * (1 + 1e-9)
    table = Table(1, x=kind, n=Int(0, 0))
    assert plain(table, hold(table, {0: (value, 0)}))["0"]["x"] == told
    assert plain(table, hold(table, Rows.of([0], x=np.array([value]), n=[0])))["0"]["x"] == told


class Suit(StrEnum):
    HEARTS = "hearts"


class Card(msgspec.Struct):
    rank: int


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (Int(0, 5), 5.0, 5),
        (Int(0, 5), np.int8(5), 5),
        (Int(0, 5), np.float32(5), 5),
        (Int(0, 5), True, 1),
        (Fixed(0, 5, 0.5), 3, 3.0),
        (Fixed(0, 5, 0.1), np.float32(0.1), 0.1),
        (Fixed(0, 5, 1), 4.6, 5.0),
        (Bool(), 1, True),
        (Bool(), 0.0, False),
        (Bool(), np.bool_(True), True),
        (Enum("hearts"), Suit.HEARTS, "hearts"),
        (Text(9), Suit.HEARTS, "hearts"),
        (Text(1), "🚀", "🚀"),
        (Text(9), np.str_("a"), "a"),
        (Optional(Int(0, 5)), None, None),
        (Optional(Int(0, 5)), 0, 0),
        (Optional(Int(0, BIG - 1)), BIG - 1, BIG - 1),
        (List(Int(0, 5), 3), (1, 2), [1, 2]),
        (List(Int(0, 5), 3), np.array([1, 2]), [1, 2]),
        (Map(Int(0, 5), 3), {Suit.HEARTS: 1}, {"hearts": 1}),
        (
            Json(),
            {"a": (1, Card(5), np.int64(3), np.array([1.5]))},
            {"a": [1, {"rank": 5}, 3, [1.5]]},
        ),
        (Json(), {1: {2: math.nan}}, {"1": {"2": None}}),
        (Table(3, x=Int(0, 5)), {np.int64(7): np.array([5]).tolist()}, {"7": {"x": 5}}),
        (Table(3), {7: ()}, {"7": {}}),
        (Table(3, x=Int(0, 5)), {}, {}),
    ],
)
def test_values_are_taken_for_what_they_are(kind: Kind, value: Any, told: Any) -> None:
    shown = plain(kind, hold(kind, value))
    assert encoded(shown) == encoded(told)
    _require_builtins(shown)


SHIPS = Record(ships=Table(3, x=Int(0, 3200), y=Fixed(0, 1, 0.5), who=Optional(Enum("a", "b"))))


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        (Int(0, 3200), 4000, "view: 4000 is not in 0..3200"),
        (Int(0, 5), -1, "view: -1 is not in 0..5"),
        (Int(0, 5), 1.5, "view: 1.5 is not a whole number"),
        (Int(0, 5), "1", "view: '1' is not a whole number"),
        (Int(0, 5), None, "view: None is not a whole number"),
        (Int(0, 5), math.nan, "view: nan is not a whole number"),
        (Int(0, 5), math.inf, "view: inf is not a whole number"),
        (Fixed(0, 5, 0.1), 5.06, "view: 5.06 is not in 0..5"),
        (Fixed(0, 5, 0.1), math.nan, "view: nan is not in 0..5"),
        (Fixed(0, 5, 0.1), -math.inf, "view: -inf is not in 0..5"),
        (Fixed(0, 5, 0.1), "1", "view: '1' is not a number"),
        (Fixed(0, 5, 0.1), None, "view: None is not a number"),
        (Angle(256), 256, "view: 256 is not in 0..255"),
        (Bool(), 2, "view: 2 is neither true nor false"),
        (Bool(), "true", "view: 'true' is neither true nor false"),
        (Enum("a", "b"), "c", "view: 'c' is none of a, b"),
        (Enum("a", "b"), 0, "view: 0 is none of a, b"),
        (Enum("a", "b"), ["a"], "view: ['a'] is none of a, b"),
        (Text(3), "abcd", "view: 4 characters, at most 3 are declared"),
        (Text(3), 5, "view: 5 is not text"),
        (Text(3), "\ud800", "view: '\\ud800' has half a character"),
        (List(Bool(), 2), [1, 1, 1], "view: 3 items, at most 2 are declared"),
        (List(Bool(), 2), [1, 5], "view.1: 5 is neither true nor false"),
        (List(Bool(), 2), {0: 1}, "view: {0: 1} is not a list"),
        (Map(Bool(), 1), {"a": 1, "b": 1}, "view: 2 keys, at most 1 are declared"),
        (Map(Bool(), 1), {"a": 5}, "view.a: 5 is neither true nor false"),
        (Map(Bool(), 1), {1: 1}, "view: key 1 is not text"),
        (Map(Bool(), 1), [1], "view: [1] is not a map"),
        (Record(a=Bool()), {}, "view.a: is missing"),
        (Record(a=Bool()), {"a": 1, "b": 1}, "view.b: is not declared"),
        (Record(a=Bool()), None, "view: None is not a map"),
        (
            Record(a=Optional(Record(b=Bool()))),
            {"a": {"b": 5}},
            "view.a.b: 5 is neither true nor false",
        ),
        (Json(), "\ud800", "view: is nothing that JSON can say: a text with half a character"),
        (Json(), {"a": {1j}}, "view: is nothing that JSON can say: a value of type complex"),
        (Table(3), [1], "view: [1] is no table"),
        (Table(1, x=Bool()), {1: (1,), 2: (1,)}, "view: 2 rows, at most 1 are declared"),
        (Table(1, x=Bool()), {"a": (1,)}, "view: 'a' is no row's number"),
        (Table(1, x=Bool()), {"01": (1,)}, "view: '01' is no row's number"),
        (Table(1, x=Bool()), {1.5: (1,)}, "view: 1.5 is no row's number"),
        (Table(1, x=Bool()), {-1: (1,)}, "view: row -1 is not in 0..2147483647"),
        (Table(1, x=Bool()), {2**31: (1,)}, "view: row 2147483648 is not in 0..2147483647"),
        (
            Table(1, x=Bool()),
            {2**70: (1,)},
            "view: 1180591620717411303424 is no row's number",
        ),
        (Table(2, x=Bool()), {1: (1,), "1": (1,)}, "view: row 1 stands there twice"),
        (Table(1, x=Bool()), {1: (1, 2)}, "view.1: 2 cells, where 1 columns are declared"),
        (Table(1, x=Bool()), {1: {"y": 1}}, "view.1.x: is missing"),
        (Table(1, x=Bool()), {1: {"x": 1, "y": 1}}, "view.1.y: is not declared"),
        (Table(1, x=Bool()), {1: 5}, "view.1: 5 is no row"),
        (SHIPS, {"ships": {7: (4000, 0, "a")}}, "view.ships.7.x: 4000 is not in 0..3200"),
        (SHIPS, {"ships": {7: (1, 2.5, "a")}}, "view.ships.7.y: 2.5 is not in 0..1"),
        (SHIPS, {"ships": {7: (1, 1, "c")}}, "view.ships.7.who: 'c' is none of a, b"),
        (SHIPS, {"ships": {7: (1, "1", "a")}}, "view.ships.7.y: '1' is not a number"),
        (
            SHIPS,
            {"ships": Rows.of([7], x=np.array([4000]), y=np.array([0]), who=["a"])},
            "view.ships.7.x: 4000 is not in 0..3200",
        ),
        (
            SHIPS,
            {"ships": Rows.of([7], x=np.array([1]), y=np.array([math.nan]), who=["a"])},
            "view.ships.7.y: nan is not in 0..1",
        ),
        (
            SHIPS,
            {"ships": Rows.of([7], x=np.array([1]), y=np.array([1]), who=np.array([3]))},
            "view.ships.7.who: 3 is none of a, b",
        ),
    ],
)
def test_what_is_not_declared_is_named(kind: Kind, value: Any, error: str) -> None:
    with pytest.raises(ViewError) as caught:
        hold(kind, value)
    assert str(caught.value) == error


NUMBERS = Table(99, x=Int(-5, 5), y=Int(0, 3200))
FLOATS = Table(99, x=Int(-5, 5), y=Fixed(0, 3200, 0.5))
WRONG: list[Any] = [
    6,
    -6,
    1.5,
    2**60,
    2**70,
    10**400,
    math.nan,
    math.inf,
    "1",
    None,
    1j,
    [1],
    Decimal("1.5"),
]


@pytest.mark.parametrize("kind", [NUMBERS, FLOATS])
@pytest.mark.parametrize("value", WRONG, ids=repr)
@pytest.mark.parametrize("count", [1, 40])
def test_one_wrong_cell_is_found_among_many(kind: Table, value: Any, count: int) -> None:
    rows: dict[int, Any] = {number: (number % 5, number) for number in range(count)}
    rows[count - 1] = (value, 1)
    with pytest.raises(ViewError, match=rf"^view\.{count - 1}\.x: "):
        hold(kind, rows)
    with pytest.raises(ViewError, match=rf"^view\.{count - 1}\.x: "):
        hold(kind, Rows.of(list(rows), x=[x for x, _ in rows.values()], y=[0] * count))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, np.float32, np.float64])
def test_arrays_of_any_numbers_are_taken(dtype: Any) -> None:
    shown = Rows.of(np.arange(3), x=np.array([1, 2, 3], dtype), y=np.array([3, 2, 1], dtype))
    for kind in (NUMBERS, FLOATS):
        assert [row["y"] for row in plain(kind, hold(kind, shown)).values()] == [3, 2, 1]
        over = Rows.of(np.arange(1), x=np.array([100], dtype), y=np.array([1], dtype))
        with pytest.raises(ViewError, match=r"^view\.0\.x: 100"):
            hold(kind, over)


@pytest.mark.parametrize(
    "shown",
    [
        Rows.of([1], x=[1]),
        Rows.of([1], x=[1], y=[1], z=[1]),
        Rows.of([1, 2], x=[1], y=[1, 2]),
        Rows.of([1], x=np.array([[1]]), y=[1]),
        Rows.of(5, x=[], y=[]),
        Rows.of([1.5], x=[1], y=[1]),
        Rows.of(["1"], x=[1], y=[1]),
        Rows.of([-1], x=[1], y=[1]),
        Rows.of(np.array([2**63], np.uint64), x=[1], y=[1]),
        Rows.of([1, 1], x=[1, 1], y=[1, 1]),
        Rows.of([1], x=5, y=[1]),
        Rows.of(range(100), x=[0] * 100, y=[0] * 100),
        Rows.of([1], x=np.array([2**64 - 5], np.uint64), y=[1]),
        Rows.of([1], x=np.array(["1"]), y=[1]),
        Rows.of([1], x=np.array([1j]), y=[1]),
    ],
)
def test_columns_that_do_not_fit_are_refused(shown: Any) -> None:
    with pytest.raises(ViewError, match=r"^view"):
        hold(NUMBERS, shown)


def test_a_table_that_is_held_already_is_not_taken_for_values() -> None:
    with pytest.raises(ViewError, match="is no table"):
        hold(NUMBERS, hold(NUMBERS, {1: (1, 1)}))


def test_columns_of_names_may_be_places_or_names() -> None:
    kind = Table(3, e=Enum("a", "b"), o=Optional(Int(0, 5)))
    told = {"1": {"e": "b", "o": None}, "2": {"e": "a", "o": 5}}
    for names in (["b", "a"], np.array([1, 0]), np.array(["b", "a"])):
        shown = Rows.of([1, 2], e=names, o=np.array([None, 5]))
        assert plain(kind, hold(kind, shown)) == told
    numbers = Rows.of([1], e=["a"], o=np.array([5]))
    assert plain(kind, hold(kind, numbers))["1"]["o"] == 5


def test_a_column_of_numbers_is_told_in_its_units() -> None:
    kind = Table(3, x=Int(-5, 5), y=Fixed(-1, 1, 0.5), e=Enum("a"))
    held = hold(kind, {1: (-5, 0.5, "a"), 2: (5, -1, "a")})
    assert kind.column(held, "x").tolist() == [-5.0, 5.0]
    assert kind.column(held, "y").tolist() == [0.5, -1.0]
    with pytest.raises(TypeError):
        kind.column(held, "e")


def test_what_is_held_shares_nothing_with_what_was_shown() -> None:
    kind = Record(
        free=Json(),
        log=List(Json(), 3),
        bag=Map(List(Bool(), 3), 3),
        rows=Table(3, x=Int(0, 9)),
        columns=Table(3, x=Int(0, 9)),
    )
    ids, x = np.array([1, 2]), np.array([1, 2])
    shown: dict[str, Any] = {
        "free": {"a": [1]},
        "log": [[1]],
        "bag": {"k": [True]},
        "rows": {1: [1]},
        "columns": Rows.of(ids, x=x),
    }
    held = hold(kind, shown)
    before = encoded(plain(kind, held))
    shown["free"]["a"].append(2)
    shown["log"][0].append(2)
    shown["bag"]["k"].append(False)
    shown["rows"][1][0] = 5
    ids += 1
    x += 1
    assert encoded(plain(kind, held)) == before


def test_what_is_plain_shares_nothing_with_what_is_held() -> None:
    kind = Record(free=Json(), log=List(Json(), 3))
    held = hold(kind, {"free": {"a": [1]}, "log": [[1]]})
    value = plain(kind, held)
    value["free"]["a"].append(2)
    value["log"][0].append(2)
    assert plain(kind, held) == {"free": {"a": [1]}, "log": [[1]]}


def test_an_error_names_the_path_that_it_was_given() -> None:
    with pytest.raises(ViewError, match=r"^secret\.a: 5 is neither"):
        hold(Record(a=Bool()), {"a": 5}, "secret")
