"""Running matches, which are filled up before new ones are made."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf

import msgspec

from lobby.matching.rules import Rules
from lobby.matching.tickets import RATING, Blocked, Ticket

ROOMS_MAX = 16
"""Running matches, nearest in rating, that one is offered in a pass."""


class Room(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A running match that people may drop into.

    Attributes:
        people: Who plays in it now.
        players: How many they are with bots.
        free: Seats that are left.
        rating: The mean of ``people``.
    """

    id: str
    people: frozenset[int]
    players: int
    free: int
    rating: float = 0.0


class Offers:
    """The running matches of a pool that have seats left."""

    def __init__(self, rooms: Sequence[Room], rules: Rules, against: Blocked, now: float) -> None:
        self.rules = rules
        self.against = against
        self.now = now
        self.rooms = sorted((room for room in rooms if room.free > 0), key=_place)

    def take(self, ticket: Ticket) -> str | None:
        """The room that a ticket's people drop into, if there is one; they are in it then."""
        reach = self.rules.widening.reach(self.now - ticket.since)
        for room in islice(self._near(ticket.rating), ROOMS_MAX):
            if abs(room.rating - ticket.rating) > reach:
                return None
            if _fits(ticket, room, self.against):
                self.rooms.remove(room)
                if room.free > len(ticket.people):
                    insort(self.rooms, _with(room, ticket), key=_place)
                return room.id
        return None

    def _near(self, rating: float) -> Iterator[Room]:
        """Each, the nearest in rating first."""
        high = bisect_left(self.rooms, (rating, ""), key=_place)
        low = high - 1
        while low >= 0 or high < len(self.rooms):
            down = rating - self.rooms[low].rating if low >= 0 else inf
            up = self.rooms[high].rating - rating if high < len(self.rooms) else inf
            if down <= up:
                yield self.rooms[low]
                low -= 1
            else:
                yield self.rooms[high]
                high += 1


def _place(room: Room) -> tuple[float, str]:
    return room.rating, room.id


def _fits(ticket: Ticket, room: Room, against: Blocked) -> bool:
    """Whether a ticket's people may drop into a room. What is wanted of others' properties nobody
    can say of those who play already, so such a ticket waits for its like."""
    players = room.players + len(ticket.people)
    return (
        len(ticket.people) <= room.free
        and ticket.counts[0] <= players <= ticket.counts[1]
        and (ticket.bots or room.players == len(room.people))
        and all(want.name == RATING and want.holds(room.rating) for want in ticket.wants)
        and not any(room.people & set(against.get(person, ())) for person in ticket.people)
    )


def _with(room: Room, ticket: Ticket) -> Room:
    """The room once a ticket's people are in it."""
    count = len(ticket.people)
    before = len(room.people)
    return Room(
        id=room.id,
        people=room.people | set(ticket.people),
        players=room.players + count,
        free=room.free - count,
        rating=(room.rating * before + ticket.rating * count) / (before + count),
    )
