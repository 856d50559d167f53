"""How titles are shown."""

from typing import Any

import msgspec

from games.sim import Game
from lobby.selectors.base import Shown


def game_shown(game: type[Game[Any]]) -> Shown:
    """A title, as the lobby shows it; ``settings`` is a JSON schema."""
    return {
        "title": game.title,
        "name": game.name,
        "summary": game.summary,
        "version": game.version,
        "seats": seat_range_shown(game),
        "teams": game.teams,
        "realtime": game.realtime,
        "drop_in": game.drop_in,
        "bots": game.has_bot(),
        "rateable": game.can_be_rated(),
        "away": game.away.value,
        "grace_s": game.grace_s,
        "settings": msgspec.json.schema(game.Settings),
    }


def seat_range_shown(game: type[Game[Any]]) -> Shown:
    """How many may play."""
    return {"min": game.seats.start, "max": game.seats.stop - 1}
