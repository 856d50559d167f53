"""What comes of a pass."""

import msgspec

from lobby.matching.tickets import Ticket


class Made(msgspec.Struct, frozen=True, gc=False):
    """A new match.

    Attributes:
        tickets: Whose it is, the oldest first among equals in rank.
        teams: The tickets of each team; one team if the rules have none.
        bots: How many bots each team gets.
    """

    tickets: tuple[Ticket, ...]
    teams: tuple[tuple[Ticket, ...], ...]
    bots: tuple[int, ...]


class Fill(msgspec.Struct, frozen=True, gc=False):
    """A ticket whose people drop into a running match."""

    ticket: Ticket
    room: str
