"""Everything that can enter a room, as it stands in the journal.

A room is a function of its seed, its settings and these. What a room concludes by itself (a grace
time that ran out) is not among them: replay concludes it again.
"""

from typing import Any

import msgspec


class _Entry(msgspec.Struct, tag_field="e", array_like=True):
    pass


class Input(_Entry, tag="input"):
    """A seat asked for something.

    Attributes:
        session: The client session that numbered it.
        seen: Tick of the view that its sender was looking at, or -1.
    """

    seat: int
    session: str
    seq: int
    data: Any
    seen: int = -1


class BotMove(_Entry, tag="bot"):
    """A bot asked for something; recorded because replay never asks a bot."""

    seat: int
    data: Any


class Connect(_Entry, tag="connect"):
    """A client session opened the seat. In a drop-in title this may be a new seat."""

    seat: int
    session: str
    name: str


class Disconnect(_Entry, tag="disconnect"):
    """The client session that held the seat has no socket any more."""

    seat: int
    session: str


class Vacate(_Entry, tag="vacate"):
    """The seat was given up: ``left`` or ``kicked``."""

    seat: int
    why: str


Entry = Input | BotMove | Connect | Disconnect | Vacate


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One tick of the journal.

    Attributes:
        tick: Its number; consecutive, from 1.
        elapsed: How much time it let pass, in periods.
        entries: What entered, in the order in which it was applied.
    """

    tick: int
    elapsed: int
    entries: list[Entry]
