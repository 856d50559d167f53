"""What a game is: rules, chance and change, without sockets, clocks or databases.

Everything here is a function of its arguments. A match is a seed, its settings and what entered
the room; run twice, it gives the same state.
"""

from games.sim.diff import Change, diff, patch
from games.sim.game import Away, Game, Outcome, Refusal, Settings, View
from games.sim.rng import Rng

__all__ = [
    "Away",
    "Change",
    "Game",
    "Outcome",
    "Refusal",
    "Rng",
    "Settings",
    "View",
    "diff",
    "patch",
]
