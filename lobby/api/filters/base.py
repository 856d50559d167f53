"""What filters of several subjects share."""

from games.catalog import TITLES


def title_choices() -> list[tuple[str, str]]:
    """The registered titles."""
    return [(title, game.name) for title, game in TITLES.items()]
