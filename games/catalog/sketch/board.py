"""The whiteboard: what may be put on it, and what lies there.

A point is one number, the cell of the grid that it lies on. Strokes are kept by number, so that
each tick tells of what was added alone, and taking one back costs no more than its number.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from games.catalog.sketch.limits import (
    BOARD_HEIGHT,
    BOARD_WIDTH,
    COLOURS,
    FILLS_MAX,
    POINTS_MAX,
    POINTS_PER_INPUT_MAX,
    SIZES,
    STROKES_MAX,
)
from games.sim import Enum, Int, List, Map, Record, Refusal, View

CELLS = BOARD_WIDTH * BOARD_HEIGHT

Cell = Annotated[int, Meta(ge=0, lt=CELLS)]
Colour = Annotated[int, Meta(ge=0, lt=COLOURS)]
Points = Annotated[list[Cell], Meta(min_length=1, max_length=POINTS_PER_INPUT_MAX)]

STROKES = Map(
    Record(
        tool=Enum("brush", "fill"),
        colour=Int(0, COLOURS - 1),
        size=Int(0, SIZES - 1),
        points=List(Int(0, CELLS - 1), POINTS_MAX),
    ),
    STROKES_MAX,
)


class Ink(msgspec.Struct, tag="ink", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "ink", "colour": 1, "size": 2, "points": [81, 85]}``: a new stroke; a cell is
    ``x + 800 * y``. Colour 0 is that of the paper: it rubs out."""

    colour: Colour
    size: Annotated[int, Meta(ge=0, lt=SIZES)]
    points: Points


class More(msgspec.Struct, tag="more", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "more", "points": [86, 90]}``: the stroke goes on."""

    points: Points


class Fill(msgspec.Struct, tag="fill", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "fill", "colour": 1, "cell": 81}``: fill the area around a cell."""

    colour: Colour
    cell: Cell


class Undo(msgspec.Struct, tag="undo", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "undo"}``: take the last stroke back."""


class Clear(msgspec.Struct, tag="clear", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "clear"}``: an empty board."""


Drawing = Ink | More | Fill | Undo | Clear


class Stroke(msgspec.Struct):
    """A line through its points, or an area filled from one."""

    tool: Literal["brush", "fill"]
    colour: int
    size: int
    points: list[int]


class Board(msgspec.Struct):
    """What lies on the board.

    Attributes:
        points: Of all strokes together.
        open: Whether the last stroke may go on.
        touched: Whether there ever was something.
    """

    strokes: dict[int, Stroke] = {}
    points: int = 0
    open: bool = False
    touched: bool = False

    def view(self) -> View:
        return {
            str(number): {
                "tool": stroke.tool,
                "colour": stroke.colour,
                "size": stroke.size,
                "points": stroke.points,
            }
            for number, stroke in self.strokes.items()
        }

    def draw(self, input: Drawing) -> Refusal | None:
        """Carry it out, or say why not."""
        match input:
            case Ink(colour, size, points):
                return self._add(Stroke("brush", colour, size, list(points)))
            case Fill(colour, cell):
                return self._add(Stroke("fill", colour, 0, [cell]))
            case More(points):
                return self._go_on(points)
            case Undo():
                if not self.strokes:
                    return Refusal("nothing_there")
                _, stroke = self.strokes.popitem()
                self.points -= len(stroke.points)
                self.open = False
            case Clear():
                if not self.strokes:
                    return Refusal("nothing_there")
                self.strokes, self.points, self.open = {}, 0, False
        return None

    def _add(self, stroke: Stroke) -> Refusal | None:
        fills = stroke.tool == "fill" and self._fills() >= FILLS_MAX
        if fills or len(self.strokes) >= STROKES_MAX or self._is_full(stroke.points):
            return Refusal("canvas_full")
        last = next(reversed(self.strokes), 0)
        self.strokes[last + 1] = stroke
        self.points += len(stroke.points)
        self.open = stroke.tool == "brush"
        self.touched = True
        return None

    def _go_on(self, points: list[int]) -> Refusal | None:
        if not self.open:
            return Refusal("no_stroke")
        if self._is_full(points):
            return Refusal("canvas_full")
        self.strokes[next(reversed(self.strokes))].points += points
        self.points += len(points)
        return None

    def _is_full(self, points: list[int]) -> bool:
        return self.points + len(points) > POINTS_MAX

    def _fills(self) -> int:
        return sum(stroke.tool == "fill" for stroke in self.strokes.values())
