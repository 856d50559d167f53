"""One ticket whose turn it is, and those that it gathers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from lobby.matching.results import Made
from lobby.matching.teams import arranged, packable
from lobby.matching.tickets import Ticket, accepts, apart

if TYPE_CHECKING:
    from lobby.matching.pool import Pool

WALK_MAX = 64
"""Neighbours that one looks at by walking. Where tickets have no wants, a match of 16 is found in
about 30."""


class Settled(msgspec.Struct, frozen=True, gc=False):
    """A match, and where its tickets stand in the pool."""

    match: Made
    places: list[int]


class Group:
    """One ticket, and those that it gathers."""

    __slots__ = (
        "ceiling", "floor", "highest", "lowest", "most", "people", "places", "pool", "room",
        "tickets",
    )  # fmt: skip

    def __init__(self, pool: "Pool", place: int) -> None:
        ticket, rating, reach = pool.tickets[place], pool.ratings[place], pool.reach[place]
        self.pool = pool
        self.places = [place]
        self.tickets = [ticket]
        self.people = len(ticket.people)
        self.lowest = self.highest = rating
        self.floor, self.ceiling = rating - reach, rating + reach
        self.most = min(pool.rules.most, ticket.counts[1])
        self.room: int = self.most // pool.rules.teams * pool.rules.teams
        """How many people there may be."""

    @property
    def full(self) -> bool:
        """Whether it has all the people that there may be."""
        return self.people >= self.room

    def gather(self, *, upward: bool = False) -> bool:
        """Take in who fits until the match is full; whether nobody who might fit was left out.

        Args:
            upward: None that is rated lower. The nearest may lie on both sides, and be too far
                from each other; but of any who are close enough together, one is the lowest.
        """
        if self.full:
            return True
        pool, first = self.pool, self.places[0]
        for count, place in enumerate(pool.walk(first, upward=upward)):
            if count == WALK_MAX:
                break
            if self._takes(place):
                return True
        else:
            return True
        places, whole = pool.beyond(first, upward=upward)
        known = set(self.places)
        for place in places:
            if place not in known and self._takes(place):
                return True
        return whole

    def _takes(self, place: int) -> bool:
        """Take a ticket in, if it fits; whether the match is full by it."""
        pool = self.pool
        rating, reach = pool.ratings[place], pool.reach[place]
        if not self.floor <= rating <= self.ceiling:
            return False
        if self.highest - rating > reach or rating - self.lowest > reach:
            return False
        ticket = pool.tickets[place]
        if not self._has_room(ticket) or not self._agrees(ticket):
            return False
        self.floor, self.ceiling = (
            max(self.floor, rating - reach),
            min(self.ceiling, rating + reach),
        )
        self.lowest, self.highest = min(self.lowest, rating), max(self.highest, rating)
        self.most = min(self.most, ticket.counts[1])
        self.room = self.most // pool.rules.teams * pool.rules.teams
        self.people += len(ticket.people)
        self.places.append(place)
        self.tickets.append(ticket)
        return self.full

    def _has_room(self, ticket: Ticket) -> bool:
        teams = self.pool.rules.teams
        room = min(self.most, ticket.counts[1]) // teams * teams
        if self.people + len(ticket.people) > room:
            return False
        if any(room < other.counts[0] for other in (ticket, *self.tickets)):
            return False
        return teams == 1 or packable(_sizes([*self.tickets, ticket]), teams, room // teams)

    def _agrees(self, ticket: Ticket) -> bool:
        """Whether all who are here and a new one take each other."""
        against = self.pool.against
        for other in self.tickets:
            if ticket.wants and not accepts(ticket, other):
                return False
            if other.wants and not accepts(other, ticket):
                return False
            if against and apart(ticket, other, against):
                return False
        return True

    def settled(self) -> Settled | None:
        """The match that they make, if they make one by now."""
        rules, waited = self.pool.rules, self.pool.waited[self.places[0]]
        if self.full and (settled := self._settle(self.places, 0)):
            return settled
        bots = rules.bots_after_s is not None and waited >= rules.bots_after_s
        if bots and self.tickets[0].bots and (settled := self._with_bots()):
            return settled
        if waited < rules.fill_s:
            return None
        for count in range(len(self.places), 0, -1):
            if settled := self._settle(self._content(self.places[:count]), 0):
                return settled
        return None

    def _content(self, places: list[int]) -> list[int]:
        """Those of these to whom so many players are enough."""
        tickets = self.pool.tickets
        while True:
            people = sum(len(tickets[place].people) for place in places)
            content = [place for place in places if tickets[place].counts[0] <= people]
            if len(content) == len(places):
                return content
            places = content

    def _with_bots(self) -> Settled | None:
        """The match of those who take bots, with as many bots as it needs."""
        rules = self.pool.rules
        places = [place for place in self.places if self.pool.tickets[place].bots]
        tickets = [self.pool.tickets[place] for place in places]
        people = sum(len(ticket.people) for ticket in tickets)
        least = max(rules.least, *(ticket.counts[0] for ticket in tickets))
        wanted = max(people, least, min(rules.bots_to, self.room))
        total = -(-wanted // rules.teams) * rules.teams
        return self._settle(places, total - people)

    def _settle(self, places: list[int], bots: int) -> Settled | None:
        """These with so many bots, if that is a match of the one whose turn it is."""
        rules = self.pool.rules
        if not places or places[0] != self.places[0]:
            return None
        tickets = [self.pool.tickets[place] for place in places]
        total = sum(len(ticket.people) for ticket in tickets) + bots
        least = max(rules.least, *(ticket.counts[0] for ticket in tickets))
        if total % rules.teams or not least <= total <= self.room:
            return None
        size = total // rules.teams
        parted = arranged(tickets, rules.teams, size, full=bots == 0)
        if parted is None:
            return None
        missing = [size - sum(len(ticket.people) for ticket in team) for team in parted]
        match = Made(tuple(tickets), tuple(map(tuple, parted)), tuple(missing))
        return Settled(match, places)


def _sizes(tickets: Sequence[Ticket]) -> tuple[int, ...]:
    return tuple(sorted((len(ticket.people) for ticket in tickets), reverse=True))
