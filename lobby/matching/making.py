"""One pass over a pool: who of those who wait plays with whom, now.

Oldest first, each in turn gathers those nearest in rating that it and all whom it gathered accept,
until a match is full; see ``Rules`` for when fewer will do, and when bots. Each belongs to one
match, or waits on with its place kept.
"""

from collections.abc import Iterator, Sequence

from lobby.matching.backfill import Offers, Room
from lobby.matching.pool import Pool
from lobby.matching.results import Fill, Made
from lobby.matching.rules import Rules
from lobby.matching.tickets import Blocked, Ticket


def matches(
    tickets: Sequence[Ticket],
    rules: Rules,
    *,
    now: float,
    rooms: Sequence[Room] = (),
    blocked: Blocked | None = None,
    turn: int = 0,
    first: int = 0,
) -> Iterator[Made | Fill | None]:
    """What comes of those who wait, match by match; None for each whose turn brought nothing.

    The caller may pause at each of them, or stop listening: it has what was told so far, and the
    rest waits on.

    Args:
        rooms: Matches that run, to fill up before new ones are made.
        turn: Counts the passes; who looks at a part only looks at another each turn.
        first: How many of the oldest have their turn last, as an earlier pass ended behind them.
    """
    order = sorted(tickets, key=lambda ticket: (ticket.since, ticket.id))
    order = order[first:] + order[:first]
    against: Blocked = blocked or {}
    if rooms and rules.teams == 1:
        offers = Offers(rooms, rules, against, now)
        left: list[Ticket] = []
        for ticket in order:
            if room := offers.take(ticket):
                yield Fill(ticket, room)
            else:
                left.append(ticket)
        order = left
    yield from Pool(order, rules, against, now, turn).made()
