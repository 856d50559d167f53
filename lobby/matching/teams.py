"""Parts people into teams of equal size, parties together, as even in rating as may be."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

from lobby.matching.tickets import Ticket

SWAPS_MAX = 64
"""Exchanges that are tried out to even teams; sixteen players are even after a handful."""

TRIES_MAX = 2000
"""Steps in which parties are fitted into teams. Two to eight teams of sixteen players need some
dozens; whatever needs more counts as one that does not fit."""


def arranged(
    tickets: Sequence[Ticket], teams: int, size: int, *, full: bool = True
) -> list[list[Ticket]] | None:
    """These parties in ``teams`` teams; None if they do not fit.

    Args:
        size: Of each team.
        full: Whether no place may stay empty.
    Returns:
        No exchange of two parties of one size would make the teams more even.
    """
    people = sum(len(ticket.people) for ticket in tickets)
    if people > teams * size or (full and people != teams * size):
        return None
    if teams == 1:
        return [list(tickets)]
    largest_first = sorted(tickets, key=lambda ticket: (-len(ticket.people), -ticket.rating))
    filled: list[list[Ticket]] = [[] for _ in range(teams)]
    if not _fit(largest_first, filled, size, [TRIES_MAX]):
        return None
    _even(filled)
    return filled


@lru_cache(maxsize=4096)
def packable(sizes: tuple[int, ...], teams: int, size: int) -> bool:
    """Whether parties of these sizes, the largest first, fit into so many teams."""

    def fit(left: tuple[int, ...], rooms: tuple[int, ...]) -> bool:
        if not left:
            return True
        return any(
            fit(left[1:], tuple(sorted((*rooms[:index], room - left[0], *rooms[index + 1 :]))))
            for index, room in enumerate(rooms)
            if room >= left[0] and room not in rooms[:index]
        )

    return sum(sizes) <= teams * size and fit(sizes, (size,) * teams)


def strength(team: Sequence[Ticket]) -> float:
    """The sum of the ratings of all who are in it."""
    return sum(ticket.rating * len(ticket.people) for ticket in team)


def unevenness(teams: Sequence[Sequence[Ticket]]) -> float:
    """The sum of the squares of the teams' strengths, which is least where they are equal."""
    mean = sum(map(strength, teams)) / len(teams)
    return sum((strength(team) - mean) ** 2 for team in teams)


def _fit(left: Sequence[Ticket], filled: list[list[Ticket]], size: int, tries: list[int]) -> bool:
    """Put each party into a team, the weakest first; back and forth until all have a place."""
    if not left:
        return True
    party = left[0]
    rooms: set[int] = set()
    for team in sorted(filled, key=lambda team: (_taken(team), strength(team))):
        room = size - _taken(team)
        if room < len(party.people) or room in rooms:
            continue
        if tries[0] <= 0:
            return False
        tries[0] -= 1
        team.append(party)
        if _fit(left[1:], filled, size, tries):
            return True
        team.pop()
        rooms.add(room)  # a team with as much room would end the same
    return False


def _taken(team: Sequence[Ticket]) -> int:
    return sum(len(ticket.people) for ticket in team)


def _even(teams: list[list[Ticket]]) -> None:
    """Exchange parties of one size for as long as that makes the teams more even."""
    for _ in range(SWAPS_MAX):
        if not _exchange(teams):
            return


def _exchange(teams: list[list[Ticket]]) -> bool:
    for one, other in combinations(teams, 2):
        gap = strength(one) - strength(other)
        best, found = abs(gap) - 1e-9, None
        for here, mine in enumerate(one):
            for there, theirs in enumerate(other):
                if len(mine.people) != len(theirs.people):
                    continue
                moved = (mine.rating - theirs.rating) * len(mine.people)
                if abs(gap - 2 * moved) < best:
                    best, found = abs(gap - 2 * moved), (here, there)
        if found is not None:
            here, there = found
            one[here], other[there] = other[there], one[here]
            return True
    return False
