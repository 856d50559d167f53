"""Which of the people of a lobby sits on which seat of its match."""

from collections.abc import Sequence
from typing import Any

from games.sim import Game
from lobby.codes import ApiCode, Refused
from lobby.models.lobbies import Member


def place_checked(game: type[Game[Any]], team: int | None, seat: int | None) -> int | None:
    """The team that a choice of ``team`` and ``seat`` stands for, if there are such.

    Raises:
        Refused: ``invalid``, with ``team`` or ``seat`` among the fields.
    """
    if team is not None and not 0 <= team < game.teams:
        problem = f"From 0 to {game.teams - 1}." if game.teams else "This title has no teams."
        raise Refused(ApiCode.INVALID, {"team": [problem]})
    if seat is None:
        return team
    if not 0 <= seat < game.seats.stop - 1:
        raise Refused(ApiCode.INVALID, {"seat": [f"From 0 to {game.seats.stop - 2}."]})
    if team is not None and seat % game.teams != team:
        raise Refused(ApiCode.INVALID, {"seat": ["This seat is of another team."]})
    return seat % game.teams if game.teams else None


def seated(members: Sequence[Member], *, seats: int, teams: int) -> list[Member | None]:
    """Who sits on each of ``seats`` seats; None is left for a bot.

    Who chose a seat gets it, if the match has it; who chose a team gets one of its seats; the
    others follow in their order. As seats go round the teams, no team has two more than another.

    Raises:
        Refused: ``teams_uneven``: one team was chosen by more than it has seats.
    """
    placed: list[Member | None] = [None] * seats
    later = []
    for member in members:
        if member.seat is not None and member.seat < seats:
            placed[member.seat] = member
        else:
            later.append(member)
    for member in sorted(later, key=lambda member: member.team is None):
        free = (
            number
            for number, taken in enumerate(placed)
            if taken is None and (member.team is None or number % teams == member.team)
        )
        number = next(free, None)
        if number is None:
            raise Refused(ApiCode.TEAMS_UNEVEN)
        placed[number] = member
    return placed
