"""What every kind can do, and the errors of those who declare or show values.

A kind knows a value in three shapes:

- what a title's view returns;
- *held*: checked, quantised, and sharing nothing with the title's state. Scalars are whole numbers
  from 0 on (codes), tables are ``Rows``; lists and maps are lists and dicts of what they hold;
- *plain*: JSON-like, as clients and bots see it.

Held values are not modified by anybody.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from games.sim.bits import BitReader, Bits, BitWriter
from games.sim.diff import REPLACED, Change

Held = Any
"""A value as the server and the Python client hold it."""

Problems = list[tuple[str, str]]
"""What is wrong with a declaration: the path inside the kind, from the dot on, and the mistake."""

COUNT_MAX = 1 << 20
"""Rows, items, keys and characters that a kind may allow: more is no view to be sent in a tick."""
CODES_MAX = 1 << 53
"""Values of a scalar, besides none: JavaScript counts no further."""


class DeclarationError(TypeError):
    """A title declares its views wrongly: ``arena: view.ships.x: low is above high``."""


class ViewError(ValueError):
    """A title shows what it did not declare: ``view.ships.7.x: 4000 is not in 0..3200``."""

    def __init__(self, problem: str, *path: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = list(path)

    def inside(self, name: object) -> None:
        """What was wrong is in the part ``name`` of what is looked at."""
        self.path.insert(0, str(name))

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.problem}" if self.path else self.problem


class Kind:
    """A type of values that a view is made of.

    Attributes:
        codes: Of a scalar: how many values it has; 0: it is no scalar.
        width: Of a scalar: the bits of a value.
        exact: Whether held values are the same if and only if ``==`` says so.
        problems: What is wrong with the declaration.
    """

    codes: int
    width: int
    exact: bool
    problems: Problems
    said: tuple[Any, ...]
    """What it was made of."""

    _DEFAULTS: ClassVar[dict[str, Any]] = {"codes": 0, "width": 0, "exact": True}

    def _be(self, *said: Any, problems: Problems | None = None, **attributes: Any) -> None:
        """Set all there is to set, once: a kind is frozen."""
        self.__dict__.update(self._DEFAULTS, said=said, problems=problems or [], **attributes)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.said == getattr(other, "said", None)

    def __hash__(self) -> int:
        return hash((type(self), self.said))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.said))})"

    def parts(self) -> Iterator[tuple[str, "Kind"]]:
        """The kinds that it is made of: the path to each, and it."""
        yield from ()

    def schema(self) -> dict[str, Any]:
        """The declaration, as it is told to clients."""
        raise NotImplementedError

    def hold(self, value: Any) -> Held:
        """A value of the title's view, held.

        Raises:
            ViewError: it is none of this kind; its path is that inside of this kind.
        """
        raise NotImplementedError

    def plain(self, held: Held) -> Any:
        """A held value as clients see it; shares nothing with it."""
        raise NotImplementedError

    def same(self, old: Held, new: Held) -> bool:
        """Whether there is nothing to tell to who knows ``old``."""
        return bool(old == new)

    def write(self, bits: BitWriter, held: Held) -> None:
        """The whole value."""
        raise NotImplementedError

    def read(self, bits: BitReader) -> Held:
        """What ``write`` wrote."""
        raise NotImplementedError

    def tell(self, old: Held, new: Held) -> Bits | None:
        """What ``write_change`` writes; None if the values are the same. What changes most says
        this itself, since to look for a difference and to say it is one work."""
        if old is new or self.same(old, new):
            return None
        bits = BitWriter()
        self.write_change(bits, old, new)
        return bits.all()

    def write_change(self, bits: BitWriter, old: Held, new: Held) -> None:
        """From one value to another that is not the same."""
        self.write(bits, new)

    def read_change(self, bits: BitReader, old: Held) -> Held:
        """The value that a change leads to from ``old``, which is not modified."""
        return self.read(bits)

    def change(self, old: Held, new: Held) -> Change:
        """For JSON, how to get from one plain value to another that is not the same.

        Returns:
            ``REPLACED`` itself where the new value is the best way to say it.
        """
        return REPLACED


class Scalar(Kind):
    """A kind of few bits: its values are told as codes, from 0 on."""

    def hold_all(self, values: Any) -> NDArray[np.int64]:
        """The codes of a sequence of values; an exception of any type if one is of another kind."""
        return np.fromiter(map(self.hold, values), np.int64, len(values))

    def hold_array(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The same of an array."""
        return self.hold_all(values.tolist())

    def plain_all(self, codes: NDArray[np.int64]) -> list[Any]:
        """The plain values of codes."""
        return list(map(self.plain, codes.tolist()))


def shown(value: Any) -> str:
    """A value in an error's text."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_whole(value: object) -> bool:
    """Whether it is a whole number, and not a truth."""
    return isinstance(value, int) and not isinstance(value, bool)
