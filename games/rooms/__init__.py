"""One room without I/O: what enters it, how it ticks, and what each audience must hear."""

from games.rooms.audience import Audience
from games.rooms.checkpoint import Place, WrongRules, rules_of
from games.rooms.entries import Entry, Record
from games.rooms.room import Room, RulesFault, Tick, replay

__all__ = [
    "Audience",
    "Entry",
    "Place",
    "Record",
    "Room",
    "RulesFault",
    "Tick",
    "WrongRules",
    "replay",
    "rules_of",
]
