"""The games, one folder each; this is the one line that a new one needs."""

from typing import Any

from games.catalog.arena.rules import Arena
from games.catalog.chess.rules import Chess
from games.catalog.declared import declared
from games.catalog.hockey.rules import Hockey
from games.catalog.liars_dice.rules import LiarsDice
from games.catalog.roshambo.rules import Roshambo
from games.catalog.sketch.rules import Sketch
from games.sim import Game

TITLES: dict[str, type[Game[Any]]] = {
    game.title: declared(game) for game in (Arena, Chess, Hockey, LiarsDice, Roshambo, Sketch)
}


def register(game: type[Game[Any]]) -> None:
    """Add a title from outside this tree.

    Raises:
        TypeError: its declaration is wrong, or its name is taken by another class.
    """
    if TITLES.setdefault(game.title, declared(game)) is not game:
        raise TypeError(f"title {game.title!r} is registered twice")
