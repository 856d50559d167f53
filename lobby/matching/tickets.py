"""Who waits: a ticket for one, or for a party that stays together."""

from collections.abc import Collection, Mapping
from math import inf

import msgspec

RATING = "rating"
"""The name under which a want speaks of the other's rating; no property has it."""

Blocked = Mapping[int, Collection[int]]
"""For each account all whom it must not meet, told from both sides."""


class Want(msgspec.Struct, frozen=True, gc=False):
    """What a property of everybody else must be: a number within a range, or one of some texts.

    Attributes:
        among: The texts; None: a number is wanted.
    """

    name: str
    least: float = -inf
    most: float = inf
    among: frozenset[str] | None = None

    def holds(self, value: str | float | None) -> bool:
        """Whether this value will do; one that is not there never does."""
        if self.among is not None:
            return value in self.among
        return isinstance(value, int | float) and self.least <= value <= self.most


class Ticket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A wish to play.

    Attributes:
        since: When it began to wait, in seconds of the caller's clock.
        people: Ids of accounts; they end in the same match, and the same team.
        rating: Of the party as a whole, in points.
        counts: With how many players the match may have, the least and the most.
        bots: Whether a bot may sit in.
    """

    id: int
    since: float
    people: tuple[int, ...]
    rating: float = 0.0
    properties: Mapping[str, str | float] = {}
    wants: tuple[Want, ...] = ()
    counts: tuple[int, int] = (1, 1 << 30)
    bots: bool = True


def accepts(one: Ticket, other: Ticket) -> bool:
    """Whether ``other`` is what ``one`` wants; it must hold the other way round as well."""
    for want in one.wants:
        known = other.rating if want.name == RATING else other.properties.get(want.name)
        if not want.holds(known):
            return False
    return True


def apart(one: Ticket, other: Ticket, against: Blocked) -> bool:
    """Whether somebody of the one must not meet somebody of the other."""
    return any(
        person in against and not set(other.people).isdisjoint(against[person])
        for person in one.people
    )
