"""Chess: the rules, a small bot, and the board in the browser."""

from games.catalog.chess.rules import Chess

__all__ = ["Chess"]
