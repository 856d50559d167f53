"""Rock, paper, scissors: a whole game on one page, explained in ``docs/authors.md``."""

from games.catalog.roshambo.rules import Roshambo

__all__ = ["Roshambo"]
