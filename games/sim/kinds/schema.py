"""Declarations as clients are told them, and whether they hold."""

from collections.abc import Callable
from typing import Any

from games.sim.kinds.containers import List, Map, Optional, Record, Text
from games.sim.kinds.free import Json
from games.sim.kinds.kind import DeclarationError, Kind
from games.sim.kinds.scalars import Angle, Bool, Enum, Fixed, Int
from games.sim.kinds.table import Table


def check(kind: Kind, name: str) -> None:
    """Whether the declaration of what is called ``name`` holds.

    Raises:
        DeclarationError: names the first field that is wrong.
    """
    for path, problem in kind.problems:
        raise DeclarationError(f"{name}{path}: {problem}")


def describe(kind: Kind) -> dict[str, Any]:
    """The schema by which clients read values of this kind; ``docs/protocol.md`` has its form.

    Raises:
        DeclarationError: the declaration is wrong.
    """
    check(kind, "this kind")
    return kind.schema()


def read_kind(schema: Any) -> Kind:
    """The kind that a schema describes.

    Raises:
        DeclarationError: it describes none.
    """
    try:
        kind = _read(schema)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DeclarationError(f"no schema: {error}") from error
    except RecursionError as error:
        raise DeclarationError("no schema: too deep") from error
    check(kind, "schema")
    return kind


def _read(schema: Any) -> Kind:
    return _READERS[schema["kind"]](schema)


def _fixed(schema: Any) -> Fixed:
    step = schema["step"]
    return Fixed(schema["low"] * step, schema["high"] * step, step)


def _table(schema: Any) -> Table:
    columns = _named(schema["columns"])
    by_seat, spectators = schema.get("by_seat", False), schema.get("spectators", True)
    return Table.of(schema["rows"], columns, by_seat, spectators, schema.get("moves", {}))


def _named(pairs: Any) -> dict[str, Kind]:
    kinds = {str(name): _read(schema) for name, schema in pairs}
    if len(kinds) != len(pairs):
        raise ValueError("a name stands there twice")
    return kinds


_READERS: dict[str, Callable[[Any], Kind]] = {
    "int": lambda schema: Int(schema["low"], schema["high"]),
    "fixed": _fixed,
    "angle": lambda schema: Angle(schema["steps"]),
    "bool": lambda _: Bool(),
    "enum": lambda schema: Enum(*schema["names"]),
    "text": lambda schema: Text(schema["max"]),
    "optional": lambda schema: Optional(_read(schema["of"])),
    "list": lambda schema: List(_read(schema["of"]), schema["max"]),
    "map": lambda schema: Map(_read(schema["of"]), schema["max"]),
    "record": lambda schema: Record(**_named(schema["fields"])),
    "table": _table,
    "json": lambda _: Json(),
}
