"""Views as bits: what is read is what was written, and any bytes at all end well."""

import zlib
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from games.sim import (
    Angle,
    Bool,
    Enum,
    Fixed,
    Int,
    Json,
    Kind,
    LayoutError,
    List,
    Map,
    Optional,
    Record,
    Rows,
    Table,
    Text,
    fingerprint,
    hold,
    pack,
    pack_change,
    patch,
    plain,
    plain_change,
    same,
    unpack,
    unpack_change,
)
from games.sim.bits import BitReader, BitWriter
from tests.kinds import kinds, later, looks, records, tables, values
from tests.values import encoded

Looks = tuple[Kind, Any, Any]


def told(value: Any) -> bytes:
    """Equal only for plain values of the same types."""
    return encoded(value)


# --- the laws ----------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(looks())
def test_what_is_read_is_what_was_written(drawn: Looks) -> None:
    """Whole, and as a change; neither value is modified."""
    kind, old, new = drawn
    before = told(plain(kind, old))
    again = unpack(kind, pack(kind, old))
    assert told(plain(kind, again)) == before
    assert same(kind, again, old)
    change = pack_change(kind, old, new)
    assert (change is None) == same(kind, old, new)
    if change is not None:
        assert told(plain(kind, unpack_change(kind, old, change))) == told(plain(kind, new))
    assert told(plain(kind, old)) == before


@settings(max_examples=100, deadline=None)
@given(looks(tables()))
def test_a_change_of_a_table_leads_from_one_to_the_other(drawn: Looks) -> None:
    kind, old, new = drawn
    change = pack_change(kind, old, new)
    assert (change is None) == (old == new)
    if change is not None:
        assert unpack_change(kind, old, change) == new


@settings(max_examples=100, deadline=None)
@given(looks(records()))
def test_a_change_for_json_leads_to_the_same(drawn: Looks) -> None:
    kind, old, new = drawn
    change = plain_change(kind, old, new)
    assert bool(change) == (not same(kind, old, new))
    carried = msgspec.json.decode(msgspec.json.encode(change))
    assert told(patch(plain(kind, old), change)) == told(plain(kind, new))
    known = msgspec.json.decode(told(plain(kind, old)))
    assert told(patch(known, carried)) == told(plain(kind, new))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_changes_one_after_another_lead_to_the_last(data: st.DataObject) -> None:
    kind = data.draw(records())
    held = hold(kind, data.draw(values(kind)))
    seen = [held]
    for _ in range(4):
        seen.append(hold(kind, data.draw(later(kind, plain(kind, seen[-1])))))
    for old, new in pairwise(seen):
        change = pack_change(kind, old, new)
        held = held if change is None else unpack_change(kind, held, change)
    assert told(plain(kind, held)) == told(plain(kind, seen[-1]))
    assert fingerprint(kind, held) == fingerprint(kind, seen[-1])


@settings(max_examples=60, deadline=None)
@given(looks())
def test_a_fingerprint_is_that_of_what_is_told(drawn: Looks) -> None:
    kind, old, new = drawn
    assert fingerprint(kind, unpack(kind, pack(kind, old))) == fingerprint(kind, old)
    if fingerprint(kind, old) != fingerprint(kind, new):
        assert not same(kind, old, new)


# --- any bytes at all --------------------------------------------------------------------------

BOUNDED = Record(
    n=Int(0, 5),
    angle=Angle(3),
    name=Optional(Enum("a", "b", "c")),
    text=Text(4),
    log=List(Optional(Record(x=Bool(), y=Fixed(0, 1, 0.1))), 4),
    bag=Map(List(Int(0, 9), 3), 3),
    rows=Table(9, by_seat=True, x=Int(0, 99), a=Angle(5), e=Enum("a", "b", "c")),
    bare=Table(9),
    free=Json(),
)
SHOWN = {
    "n": 3,
    "angle": 1,
    "name": "c",
    "text": "é",
    "log": [None, {"x": True, "y": 0.5}],
    "bag": {"k": [1, 2], "ä": []},
    "rows": {3: (5, 1, "a"), 9: (6, 4, "b")},
    "bare": {0: (), 1: (), 5: ()},
    "free": {"a": [1, {"b": None}]},
}


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=40))
@example(b"\xff" * 40)
@example(b"\x00" * 40)
def test_any_bytes_are_a_value_or_a_layout_error(data: bytes) -> None:
    _read(BOUNDED, data)
    _read_change(BOUNDED, hold(BOUNDED, SHOWN), data)


@settings(max_examples=150, deadline=None)
@given(kinds(), st.binary(max_size=30), st.data())
def test_any_bytes_are_a_value_of_any_kind_or_a_layout_error(
    kind: Kind, noise: bytes, data: st.DataObject
) -> None:
    _read(kind, noise)
    _read_change(kind, hold(kind, data.draw(values(kind))), noise)


@settings(max_examples=150, deadline=None)
@given(looks(), st.data())
def test_bytes_that_were_spoilt_on_the_way_are_a_value_or_a_layout_error(
    drawn: Looks, data: st.DataObject
) -> None:
    kind, old, new = drawn
    _read(kind, data.draw(_spoilt(pack(kind, new))))
    change = pack_change(kind, old, new)
    if change is not None:
        _read_change(kind, old, data.draw(_spoilt(change)))


@st.composite
def _spoilt(draw: st.DrawFn, data: bytes) -> bytes:
    spoilt = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        if spoilt:
            spoilt[draw(st.integers(0, len(spoilt) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(spoilt[: draw(st.integers(len(spoilt) // 2, len(spoilt)))])


def _read(kind: Kind, data: bytes) -> None:
    """What is read, if anything, is as good as what a title shows: it is of its kind."""
    try:
        held = unpack(kind, data)
    except LayoutError:
        return
    _require_of_kind(kind, held)


def _read_change(kind: Kind, old: Any, data: bytes) -> None:
    try:
        held = unpack_change(kind, old, data)
    except LayoutError:
        return
    _require_of_kind(kind, held)


def _require_of_kind(kind: Kind, held: Any) -> None:
    again = hold(kind, plain(kind, held))
    assert repr(again) == repr(held) or same(kind, again, held)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Int(0, 5), b""),
        (Int(0, 5), b"\xc0"),  # 6
        (Int(0, 5), b"\x01"),  # a bit after the end
        (Int(0, 5), b"\x00\x00"),  # a byte after the end
        (Optional(Enum("a", "b")), b"\xc0"),
        (Text(1), b"\x26\x16\x20"),  # two characters
        (Text(5), b"\x1f\xf0"),  # no UTF-8
        (Text(5), b"\xff" * 9),  # a count without end
        (Text(5), b"\xff\xff\xff\xff\xff\x00"),
        (List(Record(), 5), b"\x60"),
        (List(Record(), 5), b"\xf7"),
        (Map(Bool(), 5), b"\x21\x61\x01\x61\x00"),  # the same key twice
        (Table(3), b"\x40\x00"),
        (Table(3), b"\x2f\xff\xff\xff\xff" + b"\x00" * 4),  # the second row is 2**31
        (Table(3, x=Int(0, 2)), b"\x10\x60"),
        (Json(), b""),
        (Json(), b"\x1c\x10"),  # no MessagePack: 0xc1
        (Json(), b"\x38\x10\x10\x20"),  # a key that is a number
        (Json(), b"\x3c\x40\x10\x00"),  # bytes
        (Json(), b"\x27\xf0"),  # cut off
    ],
)
def test_what_is_no_value_is_refused(kind: Kind, data: bytes) -> None:
    with pytest.raises(LayoutError):
        unpack(kind, data)


def test_a_promise_of_much_takes_no_memory() -> None:
    """Lists of things without bits could otherwise promise a million in three bytes, many times."""
    nothing = List(List(Record(), 1 << 20), 1 << 20)
    bits = BitWriter()
    bits.count(1000)
    for _ in range(1000):
        bits.count(1 << 20)
    with pytest.raises(LayoutError, match="more things than there can be"):
        unpack(nothing, bits.take())


def test_a_deep_message_is_a_layout_error() -> None:
    bits = BitWriter()
    bits.data(b"\x91" * 100_000 + b"\xc0")
    with pytest.raises(LayoutError):
        unpack(Json(), bits.take())


@pytest.mark.parametrize(
    "change",
    [
        {"gone": ["b"]},
        {"in": {"a": {"set": {"9": 1}}}},
        {"in": {"a": {"push": 5}}},
        {"in": {"b": {}}},
        {"in": 5},
        {"set": [1]},
        {"push": [1]},
        [1],
        5,
    ],
)
def test_a_json_change_that_does_not_fit_is_a_layout_error(change: Any) -> None:
    bits = BitWriter()
    bits.put(1, 1)
    bits.data(msgspec.msgpack.encode(change))
    with pytest.raises(LayoutError):
        unpack_change(Json(), {"a": [1]}, bits.take())
    with pytest.raises(LayoutError):
        unpack_change(Json(), 5, bits.take())


# --- the layout, by hand -----------------------------------------------------------------------


def bits_of(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


def fill(bits: str) -> str:
    bits = bits.replace(" ", "")
    return bits + "0" * (-len(bits) % 8)


@pytest.mark.parametrize(
    ("kind", "value", "bits"),
    [
        (Int(0, 0), 0, ""),
        (Int(-2, 5), 3, "101"),
        (Fixed(-1, 1, 0.5), 0.26, "011"),
        (Angle(256), 255, "11111111"),
        (Bool(), True, "1"),
        (Enum("a", "b", "c"), "c", "10"),
        (Optional(Enum("a", "b", "c")), None, "00"),
        (Optional(Enum("a", "b", "c")), "c", "11"),
        (Text(9), "a", "0001 01100001"),
        (Text(9), "x" * 9, "1001 0001" + "01111000" * 9),
        (Json(), 5, "0001 00000101"),
        (Optional(Text(5)), None, "0"),
        (Optional(Text(5)), "", "1 0000"),
        (List(Bool(), 5), [True, False, True], "0011 101"),
        (Map(Bool(), 5), {"b": True, "a": False}, "0010 0001 01100001 0 0001 01100010 1"),
        (Record(a=Bool(), b=Int(0, 3)), {"b": 2, "a": True}, "1 10"),
        (Table(9, x=Int(0, 3)), {}, "0000"),
        (Table(9, x=Int(0, 3)), {5: (1,), 7: (2,)}, "0010 00011 101 001 01 10"),
        (Table(9, x=Bool(), y=Int(0, 3)), {0: (1, 2), 1: (0, 3)}, "0010 00000 1 10 0 11"),
    ],
)
def test_a_whole_value_has_the_bits_of_the_layout(kind: Kind, value: Any, bits: str) -> None:
    assert bits_of(pack(kind, hold(kind, value))) == fill(bits)


T = Table(9, x=Int(0, 99), a=Angle(8))
S = Table(9, by_seat=True, x=Int(0, 1))
C = Table(9, a=Angle(8), v=Int(-5, 5), moves={"a": "v"})
M = Table(9, x=Int(0, 99), v=Int(-5, 5), moves={"x": "v"})


@pytest.mark.parametrize(
    ("kind", "old", "new", "bits"),
    [
        (Int(0, 7), 1, 7, "111"),
        (Text(5), "a", "", "0000"),
        (Json(), 1, 2, "0 0001 00000010"),
        (Optional(Text(5)), None, "", "0 1 0000"),
        (Optional(Text(5)), "a", None, "0 0"),
        (Optional(Text(5)), "a", "", "1 0000"),
        (List(Bool(), 9), [0, 0, 0], [0, 1, 0, 1], "1 0001 0001 1 0001 1"),
        (List(Bool(), 9), [0, 0], [0], "0 0001 0"),
        (Map(Bool(), 9), {"a": 0}, {"b": 1}, "0001 0001 01100001 0001 0001 01100010 1 0000"),
        (Map(Bool(), 9), {"a": 0}, {"a": 1}, "0000 0000 0001 0001 01100001 1"),
        (Record(a=Bool(), b=Int(0, 3)), {"a": 0, "b": 0}, {"a": 0, "b": 3}, "01 11"),
        # one of two rows: x by +3, which is 6; the angle by -1, which is 1
        (T, {1: (5, 0), 2: (0, 0)}, {1: (8, 7), 2: (0, 0)},
         "0000 0000 0001 10 0011 001 110 1"),
        # the only row: nothing says which
        (T, {1: (5, 0)}, {1: (5, 4)}, "0000 0000 0001 0000 011 111"),
        # it went on by its new speed, which is 4; and by one less than that
        (M, {1: (10, 3)}, {1: (14, 4)}, "0000 0000 0001 0000 010 10"),
        (M, {1: (10, 3)}, {1: (12, 3)}, "0000 0000 0001 0001 000 1"),
        (C, {1: (7, 3)}, {1: (2, 3)}, "0000 0000 0001 000 000"),
        (C, {1: (7, 3)}, {1: (0, 3)}, "0000 0000 0001 010 000 11"),
        (M, {1: (10, 3)}, {1: (10, 3), 2: (0, 0)},
         "0000 0001 00010 10 0000000 0101 0000"),
        # the first of two is gone, and one is new
        (T, {1: (5, 0), 2: (0, 0)}, {2: (0, 0), 3: (9, 1)},
         "0001 00000 0001 00010 11 0001001 001 0000"),
        # a row is gone and one is new; nobody knows the whole table
        (S, {1: (0,)}, {2: (1,)}, "0001 00000 0 0001 00010 10 1 0 0000"),
    ],
)  # fmt: skip
def test_a_change_has_the_bits_of_the_layout(kind: Kind, old: Any, new: Any, bits: str) -> None:
    change = pack_change(kind, hold(kind, old), hold(kind, new))
    assert change is not None
    assert bits_of(change) == fill(bits)


def test_a_json_node_tells_its_change_where_that_is_possible() -> None:
    kind = Json()
    change = pack_change(kind, {"a": [1, 2, 3], "b": 1}, {"a": [1, 2, 4], "b": 1})
    assert change is not None
    bits = BitReader(change)
    assert bits.take(1) == 1
    assert msgspec.msgpack.decode(bits.data()) == {"in": {"a": {"set": {"2": 4}}}}


@pytest.mark.parametrize(("old", "new", "turn"), [(255, 0, 1), (0, 255, -1), (0, 128, -128)])
def test_an_angle_of_a_table_turns_the_short_way(old: int, new: int, turn: int) -> None:
    kind = Table(1, a=Angle(256))
    before, after = hold(kind, {0: (old,)}), hold(kind, {0: (new,)})
    change = pack_change(kind, before, after)
    assert change is not None
    bits = BitReader(change)
    assert (bits.take(4), bits.take(4), bits.take(4)) == (0, 0, 1)
    folded = bits.take(bits.take(4))
    assert folded == (2 * turn if turn >= 0 else -2 * turn - 1)
    assert unpack_change(kind, before, change) == after


CANONICAL: list[tuple[Any, bytes]] = [
    (None, b"n"),
    (True, b"t"),
    (False, b"f"),
    (0, b"i0;"),
    (-0.0, b"i0;"),
    (-7, b"i-7;"),
    (7.0, b"i7;"),
    (2**53 + 1, b"i9007199254740992;"),
    (1e21, b"i1000000000000000000000;"),
    (float("nan"), b"n"),
    (float("-inf"), b"n"),
    (0.5, b"d\x3f\xe0\x00\x00\x00\x00\x00\x00"),
    ("é", b"s2:\xc3\xa9"),
    ([1, "a"], b"[i1;s1:a]"),
    ({"b": [], "a": {}}, b"{s1:a{}s1:b[]}"),
    ({"\U0001f680": 1, "\ue000": 2}, "{s3:\ue000i2;s4:\U0001f680i1;}".encode()),
]


@pytest.mark.parametrize(("value", "form"), CANONICAL)
def test_json_has_one_form_for_its_fingerprint(value: Any, form: bytes) -> None:
    bits = BitWriter()
    bits.data(form)
    assert fingerprint(Json(), value) == zlib.crc32(bits.take())


def test_a_fingerprint_is_that_of_the_layout() -> None:
    kind = Record(n=Int(0, 99), t=Table(9, x=Int(0, 99)))
    held = hold(kind, {"n": 5, "t": {7: (5,)}})
    assert fingerprint(kind, held) == zlib.crc32(pack(kind, held))


# --- by seat -----------------------------------------------------------------------------------

SIGHTED = Record(ships=Table(9, by_seat=True, x=Int(0, 9)))


def sight(shown: dict[int, int], *whole: int) -> dict[str, Rows]:
    held = hold(SIGHTED, {"ships": {key: (x,) for key, x in shown.items()}})
    held["ships"].whole = np.array(whole, np.int64) if whole else None
    return held


def test_a_row_that_only_comes_into_sight_or_leaves_it_is_marked() -> None:
    old = sight({1: 1, 2: 2, 3: 3}, 1, 2, 3, 5)
    new = sight({3: 4, 5: 5, 6: 6}, 1, 3, 5, 6)
    change = pack_change(SIGHTED, old, new)
    assert change is not None
    read = unpack_change(SIGHTED, old, change)["ships"]
    assert read == new["ships"]
    assert (read.entered, read.left) == ([5], [1])
    told = plain_change(SIGHTED, old, new)
    assert told["in"]["ships"]["enter"] == ["5"]
    assert told["in"]["ships"]["leave"] == ["1"]
    assert patch(plain(SIGHTED, old), told) == plain(SIGHTED, new)


def test_where_the_whole_table_is_not_known_no_row_is_marked() -> None:
    old, new = sight({1: 1, 2: 2}), sight({2: 2, 3: 3})
    change = pack_change(SIGHTED, old, new)
    assert change is not None
    read = unpack_change(SIGHTED, old, change)["ships"]
    assert (read.entered, read.left) == ([], [])
    assert set(plain_change(SIGHTED, old, new)["in"]["ships"]) == {"set", "gone"}


def test_what_happens_beyond_the_sight_is_no_change() -> None:
    assert pack_change(SIGHTED, sight({1: 1}, 1), sight({1: 1}, 1, 2)) is None


def test_a_mark_belongs_to_its_change() -> None:
    old, new = sight({1: 1}, 1, 2), sight({1: 1, 2: 2}, 1, 2)
    entering = pack_change(SIGHTED, old, new)
    moved = pack_change(SIGHTED, new, sight({1: 1, 2: 3}, 1, 2))
    assert entering is not None
    assert moved is not None
    known = unpack_change(SIGHTED, old, entering)
    assert known["ships"].entered == [2]
    assert unpack_change(SIGHTED, known, moved)["ships"].entered == []


# --- what is shared, and what cannot be said ---------------------------------------------------


def test_what_did_not_change_is_the_same_object_after_a_change() -> None:
    kind = Record(a=Table(3, x=Int(0, 9)), b=Map(Json(), 3), n=Int(0, 9))
    old = hold(kind, {"a": {1: (1,)}, "b": {"k": [1], "l": [2]}, "n": 1})
    new = hold(kind, {"a": {1: (1,)}, "b": {"k": [1], "l": [3]}, "n": 1})
    change = pack_change(kind, old, new)
    assert change is not None
    read = unpack_change(kind, old, change)
    assert read["a"] is old["a"]
    assert read["b"]["k"] is old["b"]["k"]


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (Json(), None, {}),
        (Int(0, 1), 0, 1),
        (Optional(Record()), None, {}),
        (List(Json(), 1), [1], []),
    ],
)
def test_a_value_that_becomes_another_is_told_whole_to_json(kind: Kind, old: Any, new: Any) -> None:
    with pytest.raises(ValueError, match="to be told whole"):
        plain_change(kind, old, new)
