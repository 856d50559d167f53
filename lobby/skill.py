"""How good somebody is, as numbers: what a result makes of them. Pure arithmetic, no rows.

A skill is a mean and a deviation (``mu``, ``sigma``), on the scale that chess made familiar: all
begin at 1500, and of two whose skill is well known and 400 apart the better one wins ten times as
often as the other. What others are shown is the mean, with a question mark while the deviation is
large.

The model is Weng and Lin's Bradley-Terry with partial pairing (JMLR 12, 2011, algorithm 2), of the
package ``openskill``; each player is compared with up to four neighbours on either side of the
ranking, and those comparisons are averaged. Why this one, for titles of two and of many alike:

- For two players it is plain Bradley-Terry: what Elo and Glicko are, in one step after each match,
  with a draw as half a win. So one scale serves all titles, and no player has to learn another.
- For many, a match counts once. Full pairing adds up as many comparisons as there are opponents:
  with twelve players everybody was far too sure after one match, and five times as far off. And
  Plackett-Luce, the package's usual choice, has a scale that stretches with the number of players,
  which in a title for two to sixteen means nothing.
- Glicko-2 knows two players only, and of its packages for Python one was last released in 2024, and
  the others are first versions. ``openskill`` is maintained, and has types.

Where people play in teams (``after_team_match``) a team is one player whose skill is that of its
people together; a match says nothing of team mates against each other.

A new version of the package may give other numbers: then ``manage.py ratings_rebuild``, or the
history that was written before would not follow from the results.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from openskill.models import BradleyTerryPart

MU = 1500.0
"""Of somebody of whom nothing is known."""

SIGMA = 250.0
"""Of the same: twice ``BETA``, as the model's authors have it. So a first win is worth about 80."""

BETA = 400 / math.log(10) / math.sqrt(2)
"""Chance in one match. With this one, a difference of 400 is odds of ten to one (see above)."""

GAMMA = 2.0
"""How quickly a deviation shrinks. With 1 one is known after some 26 matches, in simulated
populations of 60, with 2 after 11 or 12, whatever the number of seats; and means are as good."""

TAU = 12.0
"""What is added to a deviation (squared) at each match, for people learn: so it stays at some 60,
and a win between equals is worth about 10 for ever."""

IDLE_VARIANCE_PER_DAY = 23.0
"""What is added to a deviation, squared, in each day without a match: from 60 to ``SETTLED`` within
a year, as at lichess."""

SETTLED = 110.0
"""A deviation up to which a number is worth being ranked; above, it is shown with a question mark.
That of lichess."""


class Skill(NamedTuple):
    """What is known of somebody."""

    mu: float = MU
    sigma: float = SIGMA


class Rated(NamedTuple):
    """What others may know of somebody's skill in a title, now.

    Attributes:
        shown: The number that people see.
        provisional: Whether it is still, or again, a guess.
    """

    mu: float
    sigma: float
    shown: int
    provisional: bool


def after_match(players: Sequence[tuple[int, Skill]]) -> list[Skill]:
    """What a result makes of everybody who took part, in the same order.

    Args:
        players: The place and the skill before of each, two at least; equal places are a tie.
    """
    teams = [[_model.rating(mu=skill.mu, sigma=skill.sigma)] for _, skill in players]
    rated = _model.rate(teams, ranks=[float(place) for place, _ in players])
    return [Skill(player.mu, player.sigma) for (player,) in rated]


def after_team_match(teams: Sequence[tuple[int, Sequence[Skill]]]) -> list[list[Skill]]:
    """What a result makes of everybody who took part, team by team, in the same order.

    A team is as good as its people together, and each takes a share of what the result says of it:
    the less is known of somebody, the larger. Strengths add up as differences from ``MU``, so that
    whoever is missing counts as somebody of whom nothing is known.

    Args:
        teams: The place and the skills before of each, two at least; equal places are a tie.
    """
    sides = [
        [_model.rating(mu=skill.mu - MU, sigma=skill.sigma) for skill in skills]
        for _, skills in teams
    ]
    rated = _model.rate(sides, ranks=[float(place) for place, _ in teams])
    return [[Skill(MU + player.mu, player.sigma) for player in side] for side in rated]


def idle(skill: Skill, since: datetime | None, now: datetime) -> Skill:
    """The same skill, after a time in which nothing was heard of it; ``since``: the last match."""
    if since is None or now <= since:
        return skill
    grown = skill.sigma**2 + IDLE_VARIANCE_PER_DAY * (now - since).total_seconds() / 86400
    return Skill(skill.mu, max(skill.sigma, min(SIGMA, math.sqrt(grown))))


def settled_until(skill: Skill, last: datetime) -> datetime | None:
    """Until when a skill counts as known, if its last match was then; None if it is not."""
    if skill.sigma > SETTLED:
        return None
    return last + timedelta(days=(SETTLED**2 - skill.sigma**2) / IDLE_VARIANCE_PER_DAY)


def rated(skill: Skill) -> Rated:
    """A skill as it is shown."""
    return Rated(skill.mu, skill.sigma, shown(skill.mu), provisional(skill.sigma))


def shown(mu: float) -> int:
    """The number for people."""
    return round(mu)


def provisional(sigma: float) -> bool:
    """Whether a number with this deviation is still a guess."""
    return sigma > SETTLED


def _gamma(*_: object) -> float:
    return GAMMA


_model = BradleyTerryPart(mu=MU, sigma=SIGMA, beta=BETA, tau=TAU, gamma=_gamma)
