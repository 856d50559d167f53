"""The titles of this tree as workers under test play them. To import this changes them, so only
such workers do, by ``EVERTICK_TITLES``.

They wait for whoever is missing as the tests' own titles do, and a match of arena may be shorter.
"""

from typing import Annotated

from msgspec import Meta

from games.catalog import TITLES
from games.catalog.arena.rules import Arena, ArenaSettings
from tests.titles import PATIENCE_S

__all__ = ["Arena"]


class Brief(ArenaSettings):
    length_s: Annotated[int, Meta(ge=20)] = 180


Arena.Settings = Brief

for game in TITLES.values():
    game.grace_s = PATIENCE_S
