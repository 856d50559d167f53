"""Hockey: skaters of two teams, a puck, and a goal at either end."""

from games.catalog.hockey.rules import Hockey

__all__ = ["Hockey"]
