"""A player of Sketch: it guesses by the letters that are shown, and draws what it has learned to.

It does not look at drawings; what it knows of a word is what the mask and the guesses of the others
tell. It draws piece by piece, and sees on the board how far it has come.
"""

from typing import Any

from games.catalog.sketch.board import CELLS
from games.catalog.sketch.limits import BOARD_WIDTH
from games.catalog.sketch.shapes import Line, drawing_of, is_known
from games.catalog.sketch.words import LISTS, WORDS, fits, is_close, is_right
from games.sim import Rng, View

PIECE = 8
"""Points that it draws at a time: slow enough to be looked at."""

GUESS_ONE_IN = 48
"""Of the times that it is asked, which is more than twice a second, it guesses once in so many …"""
GUESS_FEW_ONE_IN = 32
"""… and in so many, where few words are left: so it finds two words of three, most of them after a
letter was shown, and people who look at the drawing are ahead of it."""
FEW = 12


def think(seat: int, view: View, secret: View | None, rng: Rng) -> dict[str, Any] | None:
    """What it sends, as a client would; None most of the time."""
    if secret is None:
        return None
    if secret["offers"]:
        known = [number for number, word in enumerate(secret["offers"]) if is_known(word)]
        return {"t": "choose", "number": rng.choice(known or range(len(secret["offers"])))}
    if view["phase"] != "drawing":
        return None
    if view["drawer"] == seat:
        return _next_piece(view["strokes"], drawing_of(secret["word"]))
    return None if secret["word"] else _guess(view, secret, rng)


def _next_piece(strokes: dict[str, Any], drawing: list[Line]) -> dict[str, Any] | None:
    """The next points of the drawing; None when it is done."""
    begun = len(strokes)
    if begun:
        there = len(strokes[max(strokes, key=int)]["points"])
        if begun <= len(drawing) and there < len(drawing[begun - 1].points):
            piece = drawing[begun - 1].points[there : there + PIECE]
            return {"t": "more", "points": [_cell(point) for point in piece]}
    if begun >= len(drawing):
        return None
    line = drawing[begun]
    points = [_cell(point) for point in line.points[:PIECE]]
    return {"t": "ink", "colour": line.colour, "size": line.size, "points": points}


def _cell(point: tuple[int, int]) -> int:
    x, y = point
    return min(CELLS - 1, x + BOARD_WIDTH * y)


def _guess(view: View, secret: View, rng: Rng) -> dict[str, Any] | None:
    if rng.below(GUESS_FEW_ONE_IN):
        return None
    said = [line["text"] for line in view["chat"].values() if line["text"]]
    missed = [line["text"] for line in secret["log"].values() if line["kind"] == "close"][-1:]
    words = [word for name in LISTS for word in WORDS[name] if fits(word, view["mask"])]
    fresh = [word for word in words if not any(is_right(guess, word) for guess in (*said, *missed))]
    if not fresh or (len(fresh) > FEW and rng.below(GUESS_ONE_IN) >= GUESS_FEW_ONE_IN):
        return None
    near = [word for word in fresh if any(is_close(guess, word) for guess in missed)]
    return {"t": "say", "text": rng.choice(near or fresh)}
