"""What a title declares of its views: types that say how few bits a value needs."""

from games.sim.kinds.containers import List, Map, Optional, Record, Text
from games.sim.kinds.free import Json
from games.sim.kinds.kind import DeclarationError, Held, Kind, ViewError
from games.sim.kinds.scalars import Angle, Bool, Enum, Fixed, Int
from games.sim.kinds.schema import check, describe, read_kind
from games.sim.kinds.table import Table

__all__ = [
    "Angle",
    "Bool",
    "DeclarationError",
    "Enum",
    "Fixed",
    "Held",
    "Int",
    "Json",
    "Kind",
    "List",
    "Map",
    "Optional",
    "Record",
    "Table",
    "Text",
    "ViewError",
    "check",
    "describe",
    "read_kind",
]
