"""Values of any type that msgspec understands, made by hypothesis: messages, inputs, settings."""

import math
from datetime import UTC
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

SAFE = 2**53 - 1
"""The largest integer that JavaScript holds exactly."""


def plain(depth_max: int = 4) -> st.SearchStrategy[Any]:
    """What JSON can say: the data of an input, or a view's value; ``True``, 1 and 1.0 often."""
    values = st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, 1, 0.0, 1.0, "", "1"]),
        st.integers(-SAFE, SAFE),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),  # -0.0 is 0.0
        st.text(max_size=5),
    )
    for _ in range(depth_max):
        values = st.one_of(
            values,
            st.lists(values, max_size=3),
            st.dictionaries(st.text(max_size=2), values, max_size=3),
        )
    return values


def views() -> st.SearchStrategy[dict[str, Any]]:
    """Maps with text keys, of which few differ, so that two of them have some in common."""
    keys = st.sampled_from("abc012")
    leaves = st.sampled_from([None, False, True, 0, 1, 2, 0.0, 1.0, 0.5, "", "a", "1"])
    values = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=6,
    )
    return st.dictionaries(keys, values, max_size=4)


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Instances of ``kind``, within the bounds that its ``Meta`` names."""
    return _of(inspect.type_info(kind))


def _of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.Metadata(type=inner):
            made = _of(inner)
        case inspect.UnionType(types=types):
            made = st.one_of(*map(_of, types))
        case (
            inspect.StructType(cls=cls, fields=fields)
            | inspect.NamedTupleType(cls=cls, fields=fields)
        ):
            made = st.builds(cls, **{field.name: _of(field.type) for field in fields})
        case inspect.TupleType(item_types=types):
            made = st.tuples(*map(_of, types))
        case inspect.ListType(item_type=item):
            most = 4 if kind.max_length is None else kind.max_length
            made = st.lists(_of(item), min_size=kind.min_length or 0, max_size=most)
        case inspect.DictType(key_type=key, value_type=value):
            made = st.dictionaries(_of(key), _of(value), max_size=3)
        case _:
            made = _leaf(kind)
    return made


def _leaf(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case inspect.IntType():
            return _integers(kind)
        case inspect.FloatType(ge=low, le=high):
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case inspect.StrType():
            return _text(kind)
        case _:
            return OTHERS[type(kind)]


OTHERS: dict[Any, st.SearchStrategy[Any]] = {
    inspect.NoneType: st.none(),
    inspect.BoolType: st.booleans(),
    inspect.BytesType: st.binary(max_size=20),
    inspect.DateTimeType: st.datetimes(timezones=st.just(UTC)),
    inspect.AnyType: plain(2),
}
"""A kind that is missing here is a KeyError: a title of this tree needs it, so add it."""


def _integers(kind: inspect.IntType) -> st.SearchStrategy[int]:
    low = kind.ge if kind.ge is not None else -SAFE if kind.gt is None else kind.gt + 1
    high = kind.le if kind.le is not None else SAFE if kind.lt is None else kind.lt - 1
    step = kind.multiple_of or 1
    return st.integers(math.ceil(low / step), high // step).map(lambda count: count * step)


def _text(kind: inspect.StrType) -> st.SearchStrategy[str]:
    least, most = kind.min_length or 0, kind.max_length
    if kind.pattern is None:
        return st.text(min_size=least, max_size=20 if most is None else most)
    matching = st.from_regex(kind.pattern)
    return matching.filter(lambda text: least <= len(text) <= (len(text) if most is None else most))


def encoded(value: Any) -> bytes:
    """Bytes that are equal only for values of the same types: ``True``, 1 and 1.0 differ."""
    return msgspec.json.encode(value, order="deterministic")
