"""What a game is: rules, chance and change, without sockets, clocks or databases.

Everything here is a function of its arguments. A match is a seed, its settings and what entered
the room; run twice, it gives the same state.
"""

from games.sim.area import Circle, Grid
from games.sim.bits import LayoutError
from games.sim.diff import Change, diff, patch
from games.sim.game import Away, Category, Game, Mode, Outcome, Refusal, Settings, View
from games.sim.holder import Holder
from games.sim.kinds import (
    Angle,
    Bool,
    DeclarationError,
    Enum,
    Fixed,
    Held,
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
    describe,
    read_kind,
)
from games.sim.pack import (
    fingerprint,
    hold,
    pack,
    pack_change,
    plain,
    plain_change,
    same,
    unpack,
    unpack_change,
)
from games.sim.past import Past
from games.sim.rng import Rng
from games.sim.rows import Rows

__all__ = [
    "Angle",
    "Away",
    "Bool",
    "Category",
    "Change",
    "Circle",
    "DeclarationError",
    "Enum",
    "Fixed",
    "Game",
    "Grid",
    "Held",
    "Holder",
    "Int",
    "Json",
    "Kind",
    "LayoutError",
    "List",
    "Map",
    "Mode",
    "Optional",
    "Outcome",
    "Past",
    "Record",
    "Refusal",
    "Rng",
    "Rows",
    "Settings",
    "Table",
    "Text",
    "View",
    "ViewError",
    "describe",
    "diff",
    "fingerprint",
    "hold",
    "pack",
    "pack_change",
    "patch",
    "plain",
    "plain_change",
    "read_kind",
    "same",
    "unpack",
    "unpack_change",
]
