"""What a result makes of skills: the properties that people rely on."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from openskill.models import BradleyTerryFull

from lobby.skill import (
    BETA,
    GAMMA,
    MU,
    SETTLED,
    SIGMA,
    TAU,
    Skill,
    after_match,
    after_team_match,
    idle,
    rated,
    settled_until,
)

KNOWN = Skill(1500, 60)


@pytest.mark.parametrize("places", [(1, 2), (2, 1), (1, 1)])
def test_for_two_it_is_plain_bradley_terry(places: tuple[int, int]) -> None:
    plain = BradleyTerryFull(mu=MU, sigma=SIGMA, beta=BETA, tau=TAU, gamma=lambda *_: GAMMA)
    skills = [Skill(1720, 80), Skill(1510, 130)]
    wanted = plain.rate([[plain.rating(mu=s.mu, sigma=s.sigma)] for s in skills], list(places))
    found = after_match(list(zip(places, skills, strict=True)))
    assert found == [Skill(player.mu, player.sigma) for (player,) in wanted]


def test_four_hundred_points_are_odds_of_ten_to_one() -> None:
    """Of two who are known, the better one loses ten times as much as a win brings."""
    better, worse = Skill(1900, 1e-3), Skill(1500, 1e-3)
    (won, _), (lost, _) = (after_match([(a, better), (3 - a, worse)]) for a in (1, 2))
    assert (better.mu - lost.mu) / (won.mu - better.mu) == pytest.approx(10, rel=0.05)


def test_a_draw_brings_the_two_closer() -> None:
    better, worse = after_match([(1, Skill(1700, 60)), (1, Skill(1500, 60))])
    assert better.mu < 1700
    assert worse.mu > 1500


@pytest.mark.parametrize("seats", [2, 3, 8, 16])
def test_a_match_counts_once_however_many_play(seats: int) -> None:
    after = after_match([(place, Skill()) for place in range(1, seats + 1)])
    assert [skill.mu for skill in after] == sorted((s.mu for s in after), reverse=True)
    assert after[0].mu - MU == pytest.approx(79, abs=3)
    assert all(skill.sigma > 0.85 * SIGMA for skill in after)


def test_the_order_in_which_players_are_named_says_nothing() -> None:
    players = [(1, Skill(1400, 90)), (2, Skill(1650, 70)), (3, Skill(1500, 250))]
    one = dict(zip(players, after_match(players), strict=True))
    other = dict(zip(players[::-1], after_match(players[::-1]), strict=True))
    assert one == other


def test_all_of_a_team_win_together_and_who_is_known_least_moves_most() -> None:
    known, new = Skill(1500, 60), Skill()
    (first, second), losers = after_team_match([(1, [known, new]), (2, [new, new])])
    assert MU < first.mu < second.mu
    assert all(skill.mu < MU and skill.sigma < SIGMA for skill in losers)
    assert first.sigma < 61


def test_a_team_of_one_is_rated_as_that_one() -> None:
    better, worse = Skill(1720, 80), Skill(1510, 130)
    alone = after_match([(2, better), (1, worse)])
    (one,), (other,) = after_team_match([(2, [better]), (1, [worse])])
    for skill, wanted in ((one, alone[0]), (other, alone[1])):
        assert skill == (pytest.approx(wanted.mu), pytest.approx(wanted.sigma))


def test_a_win_over_a_better_team_brings_more_and_a_draw_brings_teams_closer() -> None:
    average, strong = [KNOWN, KNOWN], [Skill(1500, 60), Skill(1700, 60)]
    (won, _), _ = after_team_match([(1, average), (2, average)])
    (upset, _), _ = after_team_match([(1, average), (2, strong)])
    assert upset.mu > won.mu > MU
    (level, _), (down, _) = after_team_match([(1, average), (1, strong)])
    assert level.mu > MU > down.mu


def test_whoever_is_missing_in_a_team_counts_as_somebody_unknown() -> None:
    (alone,), two = after_team_match([(1, [KNOWN]), (1, [KNOWN, KNOWN])])
    assert alone.mu == pytest.approx(MU)
    assert [skill.mu for skill in two] == [pytest.approx(MU)] * 2


@pytest.mark.parametrize("seats", [2, 6])
def test_one_is_known_after_a_dozen_matches_and_stays_movable(seats: int) -> None:
    random, skills = Random(5), [Skill()] * 24
    for number in range(60):
        random.shuffle(skills)
        for first in range(0, len(skills), seats):
            places = random.sample(range(1, seats + 1), seats)
            table = list(zip(places, skills[first : first + seats], strict=True))
            skills[first : first + seats] = after_match(table)
        known = sum(skill.sigma <= SETTLED for skill in skills)
        assert known == 0 or number >= 8
        assert known == len(skills) or number <= 18
    assert 45 < min(s.sigma for s in skills) <= max(s.sigma for s in skills) < 80


def test_time_makes_less_sure_and_never_less_than_of_a_beginner() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert idle(KNOWN, None, now) == idle(KNOWN, now, now) == idle(KNOWN, now, now - DAY) == KNOWN
    year = idle(KNOWN, now - 365 * DAY, now)
    assert year.mu == KNOWN.mu
    assert year.sigma == pytest.approx(SETTLED, abs=1)
    assert idle(KNOWN, now - 9999 * DAY, now).sigma == SIGMA
    until = settled_until(KNOWN, now)
    assert until is not None
    assert idle(KNOWN, now, until).sigma == pytest.approx(SETTLED)
    assert settled_until(Skill(1500, SETTLED + 1), now) is None


def test_a_number_is_a_guess_while_its_deviation_is_large() -> None:
    assert rated(Skill()) == (1500, 250, 1500, True)
    assert rated(Skill(1612.6, 60)) == (1612.6, 60, 1613, False)


DAY = timedelta(days=1)
