"""Numbers, truths and names: values that are told as codes.

Numbers are taken by their value: 5, 5.0 and numpy's 5 are the same to ``Int``.
"""

import math
import operator
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from games.sim.bits import BitReader, Bits, BitWriter, LayoutError
from games.sim.kinds.kind import (
    CODES_MAX,
    Held,
    Problems,
    Scalar,
    ViewError,
    is_whole,
    shown,
)

SAFE = 2**53 - 1
"""The largest whole number that JavaScript counts to."""
STEPS_MAX = 2**50
"""Of a ``Fixed``, either way from 0: up to there, ``q * step / step`` rounds to ``q``."""

FEW = 16
"""Values up to which one after the other is quicker than numpy's beginning."""

Ints = NDArray[np.int64]


class Coded(Scalar):
    """A scalar whose codes are written as they are."""

    def tell(self, old: Held, new: Held) -> Bits | None:
        return None if old == new else (new, self.width)

    def write(self, bits: BitWriter, held: int) -> None:
        bits.put(held, self.width)

    def read(self, bits: BitReader) -> int:
        code = bits.take(self.width)
        if code >= self.codes:
            raise LayoutError(f"code {code} of {self.codes}")
        return code


class Number(Coded):
    """A scalar that is a whole number of steps.

    Attributes:
        least: The number of code 0.
        step: What one is worth; None: 1, and nothing but whole numbers is taken.
    """

    least: int
    step: float | None

    def _number(
        self, *said: Any, least: int, codes: int, step: float | None = None, **more: Any
    ) -> None:
        width = (codes - 1).bit_length()
        self._be(*said, least=least, codes=codes, width=width, step=step, **more)

    def hold(self, value: Any) -> int:
        if type(value) is not int:
            value = _whole(value)
        code: int = value - self.least
        if 0 <= code < self.codes:
            return code
        raise ViewError(f"{shown(value)} is not in {self.least}..{self.least + self.codes - 1}")

    def plain(self, held: int) -> Any:
        return held + self.least

    def hold_all(self, values: Sequence[Any]) -> Ints:
        count = len(values)
        if count <= FEW:
            return super().hold_all(values)
        if self.step is None:
            try:
                return self._checked(np.frombuffer(struct.pack(f"{count}q", *values), np.int64))
            except struct.error:
                pass  # there are floats among them, or worse
        return self.hold_array(np.frombuffer(struct.pack(f"{count}d", *values), np.float64))

    def hold_array(self, values: NDArray[Any]) -> Ints:
        kind = values.dtype.kind
        if self.step is None and (kind in "bi" or (kind == "u" and values.itemsize < 8)):
            return self._checked(values)
        if kind not in "biuf":
            return self.hold_all(values.tolist())
        numbers = values.astype(np.float64, copy=False)
        steps = np.rint(numbers if self.step is None else numbers / self.step)
        if self.step is None and not (steps == numbers).all():
            raise ValueError("not whole")
        if not (np.abs(steps) <= CODES_MAX).all():
            raise ValueError("far out of bounds")
        return self._checked(steps.astype(np.int64))

    def _checked(self, numbers: NDArray[Any]) -> Ints:
        codes: Ints = numbers.astype(np.int64, copy=False) - self.least
        if len(codes) and int(codes.view(np.uint64).max()) >= self.codes:
            raise ValueError("out of bounds")
        return codes

    def plain_all(self, codes: Ints) -> list[Any]:
        values: list[Any] = (codes + self.least).tolist()
        return values


def _whole(value: Any) -> int:
    """A number of any type that is whole."""
    try:
        return operator.index(value)
    except TypeError:
        if isinstance(value, float | np.floating) and float(value).is_integer():
            return int(value)
    raise ViewError(f"{shown(value)} is not a whole number")


class Int(Number):
    """A whole number from ``low`` to ``high``, both included."""

    low: int
    high: int

    def __init__(self, low: int, high: int) -> None:
        if problems := _bounds(low, high):
            self._be(low, high, problems=problems)
        else:
            self._number(low, high, least=low, codes=high - low + 1, low=low, high=high)

    def schema(self) -> dict[str, Any]:
        return {"kind": "int", "low": self.low, "high": self.high}


def _bounds(low: object, high: object) -> Problems:
    for name, bound in (("low", low), ("high", high)):
        if not is_whole(bound):
            return [("", f"{name} is not a whole number")]
        if abs(bound) > SAFE:  # type: ignore[arg-type]  # it is one
            return [("", f"{name} is beyond 2**53 - 1, where JavaScript stops counting")]
    return _span(low, high)  # type: ignore[arg-type]


def _span(low: int, high: int) -> Problems:
    if low > high:
        return [("", "low is above high")]
    if high - low >= CODES_MAX:
        return [("", "low and high are more than 2**53 - 1 apart")]
    return []


class Fixed(Number):
    """A number that is rounded to whole multiples of ``step``, from ``low`` to ``high``.

    Attributes:
        step: Between two values that can be told.
        low, high: In steps.
    """

    low: int
    high: int
    step: float

    def __init__(self, low: float, high: float, step: float) -> None:
        if problems := _fixed_problems(low, high, step):
            self._be(low, high, step, problems=problems)
            return
        first, last = round(low / step), round(high / step)
        self._number(
            *(low, high, step),
            least=first,
            codes=last - first + 1,
            step=float(step),
            low=first,
            high=last,
        )

    def schema(self) -> dict[str, Any]:
        return {"kind": "fixed", "low": self.low, "high": self.high, "step": self.step}

    def hold(self, value: Any) -> int:
        try:
            code = round(float(value) / self.step) - self.least
        except (TypeError, ValueError, OverflowError):
            code = -1
        else:
            if isinstance(value, str):
                code = -1
        if 0 <= code < self.codes:
            return code
        if not isinstance(value, int | float | np.number):
            raise ViewError(f"{shown(value)} is not a number")
        low, high = self.low * self.step, self.high * self.step
        raise ViewError(f"{shown(value)} is not in {low:.12g}..{high:.12g}")

    def plain(self, held: int) -> float:
        return (held + self.least) * self.step

    def plain_all(self, codes: Ints) -> list[float]:
        values: list[float] = ((codes + self.least) * self.step).tolist()
        return values


def _fixed_problems(low: object, high: object, step: object) -> Problems:
    for name, number in (("low", low), ("high", high), ("step", step)):
        if isinstance(number, bool) or not isinstance(number, int | float):
            return [("", f"{name} is not a number")]
        if not math.isfinite(number):
            return [("", f"{name} is not finite")]
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    assert isinstance(step, int | float)
    if step <= 0:
        return [("", "step is not above 0")]
    for name, number in (("low", low), ("high", high)):
        steps = number / step
        if abs(steps) > STEPS_MAX or not math.isfinite(round(steps) * float(step)):
            return [("", f"{name} is more than 2**50 steps from 0")]
    return _span(round(low / step), round(high / step))


class Angle(Number):
    """A direction: one of ``steps`` on a circle, so that the last is next to the first."""

    steps: int

    def __init__(self, steps: int) -> None:
        if not is_whole(steps) or not 1 <= steps <= CODES_MAX:
            self._be(steps, problems=[("", "steps must be from 1 to 2**53")])
        else:
            self._number(steps, least=0, codes=steps, steps=steps)

    def schema(self) -> dict[str, Any]:
        return {"kind": "angle", "steps": self.steps}


class Bool(Number):
    """True or false."""

    def __init__(self) -> None:
        self._number(least=0, codes=2)

    def schema(self) -> dict[str, Any]:
        return {"kind": "bool"}

    def hold(self, value: Any) -> int:
        if value is True:
            return 1
        if value is False:
            return 0
        if isinstance(value, np.bool_):
            return int(value)
        try:
            return super().hold(value)
        except ViewError:
            raise ViewError(f"{shown(value)} is neither true nor false") from None

    def plain(self, held: int) -> bool:
        return held == 1

    def plain_all(self, codes: Ints) -> list[bool]:
        truths: list[bool] = (codes == 1).tolist()
        return truths


class Enum(Coded):
    """One of a few names."""

    names: tuple[str, ...]
    _places: dict[str, int]

    def __init__(self, *names: str) -> None:
        if not names:
            self._be(problems=[("", "has no names")])
        elif not all(isinstance(name, str) for name in names):
            self._be(*names, problems=[("", "names must be text")])
        elif twice := [name for name in names if names.count(name) > 1]:
            self._be(*names, problems=[("", f"{twice[0]!r} stands there twice")])
        else:
            count = len(names)
            places = {name: place for place, name in enumerate(names)}
            width = (count - 1).bit_length()
            self._be(*names, names=names, codes=count, width=width, _places=places)

    def schema(self) -> dict[str, Any]:
        return {"kind": "enum", "names": list(self.names)}

    def hold(self, value: Any) -> int:
        try:
            return self._places[value]
        except (KeyError, TypeError):
            raise ViewError(f"{shown(value)} is none of {', '.join(self.names)}") from None

    def plain(self, held: int) -> str:
        return self.names[held]

    def hold_all(self, values: Sequence[Any]) -> Ints:
        return np.fromiter(map(self._places.__getitem__, values), np.int64, len(values))

    def hold_array(self, values: NDArray[Any]) -> Ints:
        if values.dtype.kind not in "iu":
            return self.hold_all(values.tolist())
        codes: Ints = values.astype(np.int64)
        if len(codes) and int(codes.view(np.uint64).max()) >= self.codes:
            raise ViewError(f"not every number is the place of one of {len(self.names)} names")
        return codes

    def plain_all(self, codes: Ints) -> list[str]:
        return list(map(self.names.__getitem__, codes.tolist()))
