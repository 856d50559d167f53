"""Who plays with whom: a function of those who wait, the rules of their pool, and the time.

Nothing here knows Django, a clock or chance. The same input gives the same matches, in the same
order; ``lobby.matchmaker`` hands the input in and carries the output out.
"""

from lobby.matching.backfill import Room
from lobby.matching.making import matches
from lobby.matching.results import Fill, Made
from lobby.matching.rules import Rules, Widening
from lobby.matching.teams import arranged
from lobby.matching.tickets import RATING, Ticket, Want, accepts

__all__ = [
    "RATING",
    "Fill",
    "Made",
    "Room",
    "Rules",
    "Ticket",
    "Want",
    "Widening",
    "accepts",
    "arranged",
    "matches",
]
