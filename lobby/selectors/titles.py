"""How titles are shown."""

from typing import Any

import msgspec

from games.selectors import category_of
from games.sim import Game, Mode
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
        "team_names": list(game.team_names),
        "realtime": game.realtime,
        "drop_in": game.drop_in,
        "bots": game.has_bot(),
        "rateable": game.can_be_rated(),
        "categories": [
            {"category": each.name, "category_name": each.label} for each in game.categories
        ],
        "modes": [_mode_shown(game, mode) for mode in game.modes],
        "away": game.away.value,
        "grace_s": game.grace_s,
        "settings": msgspec.json.schema(game.Settings),
    }


def _mode_shown(game: type[Game[Any]], mode: Mode) -> Shown:
    seats = mode.seats or game.seats
    return {
        "mode": mode.name,
        "label": mode.label,
        "seats": {"min": seats.start, "max": seats.stop - 1},
        "teams": game.teams or 1,
        "party_max": (seats.stop - 1) // (game.teams or 1),
        "settings": mode.settings,
        "category": category_of(title=game.title, settings=mode.settings),
        "bots_after_s": mode.bots_after_s if game.has_bot() else None,
    }


def seat_range_shown(game: type[Game[Any]]) -> Shown:
    """How many may play."""
    return {"min": game.seats.start, "max": game.seats.stop - 1}
