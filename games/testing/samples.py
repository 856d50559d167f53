"""Values of any type that msgspec understands, drawn by a seed: inputs and settings.

Many numbers lie at an end of what is allowed, since that is where rules break.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect

from games.sim import Rng

WIDE = 2**53 - 1  # the largest integer that JavaScript holds exactly
ITEMS_MAX = 4
LETTERS = " 01abcXYZ_-é✓"


class CannotDrawError(TypeError):
    """There is no telling what a value of this type would be."""


def draw(kind: Any, rng: Rng) -> Any:
    """An instance of ``kind``, within the bounds that its ``Meta`` names.

    Raises:
        CannotDrawError: it has a pattern too intricate for this, or a type that is not known here.
    """
    return _draw(inspect.type_info(kind), rng)


def draw_data(kind: Any, rng: Rng) -> Any:
    """The same as it stands in a message; one type of a union at a time, each as often."""
    info = inspect.type_info(kind)
    types = list(info.types) if isinstance(info, inspect.UnionType) else [info]
    rng.shuffle(types)
    for one in types:
        try:
            return msgspec.to_builtins(_draw(one, rng))
        except CannotDrawError as error:
            reason = error
    raise reason


def _draw(kind: inspect.Type, rng: Rng) -> Any:
    match kind:
        case inspect.Metadata(type=inner):
            return _draw(inner, rng)
        case inspect.UnionType(types=types):
            return _draw(rng.choice(types), rng)
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: _draw(field.type, rng) for field in fields})
        case inspect.TupleType(item_types=types):
            return tuple(_draw(one, rng) for one in types)
        case inspect.ListType(item_type=item):
            return [_draw(item, rng) for _ in range(_length(kind, rng))]
        case inspect.DictType(key_type=key, value_type=value):
            pairs = range(_length(kind, rng))
            return {_draw(key, rng): _draw(value, rng) for _ in pairs}
        case _:
            return _draw_leaf(kind, rng)


def _draw_leaf(kind: inspect.Type, rng: Rng) -> Any:
    match kind:
        case inspect.LiteralType(values=values):
            return rng.choice(values)
        case inspect.EnumType(cls=cls):
            return rng.choice(list(cls))
        case inspect.IntType():
            return _integer(kind, rng)
        case inspect.FloatType():
            return _float(kind, rng)
        case inspect.StrType():
            return _text(kind, rng)
    if type(kind) not in OTHERS:
        raise CannotDrawError(f"no values of {type(kind).__name__} are known")
    return OTHERS[type(kind)](rng)


def _anything(rng: Rng) -> Any:
    return rng.choice([None, True, 0, 1, -1, 0.5, "", "1", [], [0], {}, {"t": "x"}])


OTHERS: dict[Any, Callable[[Rng], Any]] = {
    inspect.NoneType: lambda rng: None,
    inspect.BoolType: lambda rng: rng.below(2) == 1,
    inspect.BytesType: lambda rng: bytes(rng.below(256) for _ in range(rng.below(8))),
    inspect.AnyType: _anything,
}


def _length(kind: Any, rng: Rng) -> int:
    least = kind.min_length or 0
    most = least + ITEMS_MAX if kind.max_length is None else kind.max_length
    return rng.between(least, min(most, least + ITEMS_MAX))


def _integer(kind: inspect.IntType, rng: Rng) -> int:
    low = kind.ge if kind.ge is not None else -WIDE if kind.gt is None else kind.gt + 1
    high = kind.le if kind.le is not None else WIDE if kind.lt is None else kind.lt - 1
    step = kind.multiple_of or 1
    least, most = -int(-low // step), int(high // step)
    near = min(most, max(least, rng.below(10)))
    any_one, end = rng.between(least, most), rng.choice([least, most])
    return int(step) * rng.choice([any_one, any_one, near, end])


def _float(kind: inspect.FloatType, rng: Rng) -> float:
    bounds = [bound for bound in (kind.ge, kind.gt, kind.le, kind.lt) if bound is not None]
    low, high = (min(bounds), max(bounds)) if len(bounds) == 2 else (-1e6, 1e6)
    if len(bounds) == 1:
        low, high = (bounds[0], bounds[0] + 1e6) if kind.le is kind.lt else (-1e6, bounds[0])
    between = low + (high - low) * rng.between(1, 999) / 1000
    ends = [end for end, open_at in ((low, kind.gt), (high, kind.lt)) if end != open_at]
    return float(rng.choice([between, *ends]))


def _text(kind: inspect.StrType, rng: Rng) -> str:
    if kind.pattern is None:
        return "".join(rng.choice(LETTERS) for _ in range(_length(kind, rng)))
    for _ in range(50):
        text = "".join(_matching(_parsed(kind.pattern), rng))
        least, most = kind.min_length or 0, kind.max_length
        if len(text) >= least and (most is None or len(text) <= most):
            return text
    raise CannotDrawError(f"nothing of the right length matches {kind.pattern!r}")


# --- Text of a pattern ----------------------------------------------------------------------------


def _parsed(pattern: str) -> Any:
    from re import _parser  # type: ignore[attr-defined]

    return _parser.parse(pattern)


def _matching(parts: Any, rng: Rng) -> list[str]:
    """What matches the parts of a parsed pattern, one after the other."""
    return [text for op, value in parts for text in _matching_one(str(op), value, rng)]


def _matching_one(op: str, value: Any, rng: Rng) -> list[str]:
    match op:
        case "LITERAL":
            return [chr(value)]
        case "ANY":
            return [rng.choice(LETTERS)]
        case "AT":
            return []
        case "IN":
            return [_one_of(value, rng)]
        case "BRANCH":
            return _matching(rng.choice(value[1]), rng)
        case "SUBPATTERN":
            return _matching(value[3], rng)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, part = value
            times = rng.between(least, min(int(most), least + ITEMS_MAX))
            return [text for _ in range(times) for text in _matching(part, rng)]
    raise CannotDrawError(f"a pattern with {op} is too intricate")


def _one_of(options: Any, rng: Rng) -> str:
    op, value = rng.choice(list(options))
    match str(op):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(rng.between(*value))
        case "CATEGORY" if str(value) in CATEGORIES:
            return rng.choice(CATEGORIES[str(value)])
    raise CannotDrawError(f"a pattern with {op} is too intricate")


CATEGORIES = {"CATEGORY_DIGIT": "0123456789", "CATEGORY_WORD": "aZ_0", "CATEGORY_SPACE": " "}
