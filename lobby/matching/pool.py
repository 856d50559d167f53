"""Those of a pool who are not matched yet, in the order of their ratings.

What it costs: tickets stand in a chain that those who are matched drop out of. So the nearest are
found by walking, and mostly the first that is looked at will do. Who is not served by a short walk
looks at the nearest of the whole range at once (numpy), up to ``LOOKS_MAX``; where there are more,
at another part each turn.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from lobby.matching.groups import Group
from lobby.matching.results import Made
from lobby.matching.rules import Rules
from lobby.matching.tickets import Blocked, Ticket

LOOKS_MAX = 512
"""Others that one looks at in a pass beyond the walk, so that tickets which fit nobody cost little:
512 looks are about half a millisecond."""


class Pool:
    """See above; a place is an index into that order."""

    def __init__(
        self, order: Sequence[Ticket], rules: Rules, against: Blocked, now: float, turn: int
    ) -> None:
        self.rules = rules
        self.against = against
        self.turn = turn
        count = len(order)
        ratings = np.fromiter((ticket.rating for ticket in order), float, count)
        since = np.fromiter((ticket.since for ticket in order), float, count)
        widening = rules.widening
        waited = np.maximum(0.0, now - since)
        reach = np.minimum(widening.limit, widening.start + widening.per_s * waited)
        ranks = np.argsort(ratings, kind="stable")  # of equals the older stands first
        self.turns: list[int] = np.argsort(ranks, kind="stable").tolist()
        self.tickets = [order[index] for index in ranks.tolist()]
        self.all_ratings = ratings[ranks]
        self.all_reach = reach[ranks]
        self.ratings: list[float] = self.all_ratings.tolist()
        self.reach: list[float] = self.all_reach.tolist()
        self.waited: list[float] = waited[ranks].tolist()
        # Place `count` is no ticket, but the end of the chain on both sides.
        self.after = [*range(1, count + 1), count]
        self.before = [*range(-1, count - 1), count - 1]
        self.before[0] = count
        self.here = np.ones(count, dtype=bool)

    def made(self) -> Iterator[Made | None]:
        """Each new match, and None for each that had its turn and waits on."""
        pairs = self.rules.most == 2 and self.rules.teams <= 2
        for place in self.turns:
            if not self.here[place]:
                continue
            group = Group(self, place)
            whole = group.gather()
            if not pairs and not group.full:
                upward = Group(self, place)
                upward.gather(upward=True)
                group = max(group, upward, key=lambda found: found.people)
            if made := group.settled():
                for gone in made.places:
                    self._drop(gone)
                yield made.match
                continue
            if pairs and whole:
                self._drop(place)  # it fits with nobody, so nobody fits with it
            yield None

    def _drop(self, place: int) -> None:
        """Take a ticket out of the chain."""
        before, after = self.before[place], self.after[place]
        self.after[before], self.before[after] = after, before
        self.here[place] = False

    def walk(self, place: int, *, upward: bool = False) -> Iterator[int]:
        """The neighbours of a ticket, the nearest first; or those alone that are rated as high."""
        ratings, reach = self.ratings, self.reach[place]
        own, end = ratings[place], len(ratings)
        low, high = end if upward else self.before[place], self.after[place]
        while True:
            down = own - ratings[low] if low != end else reach + 1
            up = ratings[high] - own if high != end else reach + 1
            if down <= up and down <= reach:
                yield low
                low = self.before[low]
            elif up <= reach:
                yield high
                high = self.after[high]
            else:
                return

    def beyond(self, place: int, *, upward: bool = False) -> tuple[list[int], bool]:
        """All who are in reach of a ticket both ways, the nearest first, or a part of them; and
        whether it is all."""
        own, reach = self.ratings[place], self.reach[place]
        first = int(np.searchsorted(self.all_ratings, own if upward else own - reach, "left"))
        last = int(np.searchsorted(self.all_ratings, own + reach, "right"))
        away = np.abs(self.all_ratings[first:last] - own)
        near = np.flatnonzero(self.here[first:last] & (away <= self.all_reach[first:last]))
        if len(near) <= LOOKS_MAX:
            near = near[np.argsort(away[near], kind="stable")]
            return (near + first).tolist(), True
        start = self.turn * LOOKS_MAX % len(near)
        part = np.roll(near[np.argsort(away[near], kind="stable")], -start)[:LOOKS_MAX]
        return (part + first).tolist(), False
