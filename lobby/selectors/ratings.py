"""What may be asked about ratings, and how they are shown.

Matchmaking asks ``ratings_of``. A skill is shown as it is now: who has not played for long is less
sure, and in the end provisional again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from games.catalog import TITLES
from games.models import Match, Seat
from games.selectors import match_as_watched, seat_of, seats_of
from lobby.codes import ApiCode, Refused
from lobby.limits import HISTORY_POINTS_MAX, PROFILE_MATCHES_MAX
from lobby.models.accounts import User
from lobby.models.ratings import Rating, RatingChange
from lobby.seasons import ALWAYS
from lobby.selectors.base import Shown
from lobby.skill import Rated, Skill, idle, provisional, rated, shown


def ratings_of(
    user_ids: Iterable[int], title: str, category: str, now: datetime | None = None
) -> dict[int, Rated]:
    """How good each of these is in a category of a title; who never played in it has the rating of
    a beginner."""
    now = now or timezone.now()
    ids = set(user_ids)
    rows = Rating.objects.filter(title=title, category=category, season=ALWAYS, user_id__in=ids)
    known = {row.user_id: rated_now(row, now) for row in rows}
    return {user_id: known.get(user_id, _BEGINNER) for user_id in ids}


def rated_now(rating: Rating, now: datetime) -> Rated:
    """A rating as of ``now``; that of a season is as it was at its last match."""
    skill = Skill(rating.mu, rating.sigma)
    return rated(idle(skill, rating.last, now) if rating.season == ALWAYS else skill)


def ratings_of_player(*, user_id: int) -> list[Rating]:
    """Somebody's ratings that go on, of known titles; most played first."""
    rows = Rating.objects.filter(user_id=user_id, season=ALWAYS, title__in=TITLES)
    return list(rows.order_by("-played", "title", "category"))


class Point(NamedTuple):
    """What there is to show of a ``RatingChange``; of hundreds, without a model for each."""

    match_id: UUID
    ended: datetime
    mu_before: float
    mu: float
    sigma: float


def changes_of_player(*, user_id: int, title: str, category: str) -> list[Point]:
    """How each of somebody's latest matches changed their rating, oldest first."""
    rows = RatingChange.objects.filter(user_id=user_id, title=title, category=category)
    points = rows.order_by("-ended", "-match_id").values_list(*Point._fields)
    return [Point(*row) for row in points[:HISTORY_POINTS_MAX]][::-1]


def matches_of_player(*, user_id: int, viewer_id: int | None) -> list[Match]:
    """Somebody's latest matches, as ``viewer_id`` may know them: public ones, and shared ones."""
    rows = with_changes(seats_of(user_id=user_id))
    if viewer_id != user_id:
        rows = rows.filter(match__public=True)
    latest = [seat.match for seat in rows[:PROFILE_MATCHES_MAX]]
    return [
        match if viewer_id and seat_of(match, viewer_id) else match_as_watched(match)
        for match in latest
    ]


def with_changes(rows: QuerySet[Seat]) -> QuerySet[Seat]:
    """The same seats, with what their matches changed; in one query more."""
    return rows.prefetch_related("match__rating_changes")


def player_named(*, user_id: int) -> User:
    """Somebody whose page may be looked at.

    Raises:
        Refused: ``not_found``.
    """
    user = next(iter(User.objects.filter(id=user_id, is_active=True)), None)
    if user is None:
        raise Refused(ApiCode.NOT_FOUND)
    return user


# --- how it is shown ----------------------------------------------------------------------------


def category_shown(title: str, category: str) -> Shown:
    """A category of a title, for people as well; empty where the title has none."""
    game = TITLES.get(title)
    labels = {each.name: each.label for each in game.categories} if game else {}
    return {"category": category, "category_name": labels.get(category, category)}


def rated_shown(skill: Rated) -> Shown:
    """A rating, for people."""
    return {
        "shown": skill.shown,
        "deviation": round(skill.sigma),
        "provisional": skill.provisional,
    }


def record_shown(rating: Rating) -> Shown:
    """How somebody's matches ended."""
    return {
        "played": rating.played,
        "won": rating.won,
        "drawn": rating.drawn,
        "lost": rating.lost,
    }


def rating_shown(rating: Rating, now: datetime) -> Shown:
    """Somebody's rating in a title."""
    game = TITLES.get(rating.title)
    return {
        "title": rating.title,
        "title_name": game.name if game else rating.title,
        **category_shown(rating.title, rating.category),
        "duel": game is not None and game.seats.stop <= 3,
        "rating": rated_shown(rated_now(rating, now)),
        "record": record_shown(rating),
        "last": rating.last.isoformat(),
    }


def change_shown(change: RatingChange | Point) -> Shown:
    """What a match made of a rating; the difference is that of the numbers that people see."""
    before, after = shown(change.mu_before), shown(change.mu)
    return {
        "before": before,
        "after": after,
        "change": after - before,
        "provisional": provisional(change.sigma),
    }


def changes_shown(match: Match) -> dict[int, Shown]:
    """The same of each seat whose rating a match changed; none as long as it goes on."""
    if match.ended is None or not match.rated:
        return {}
    return {change.seat: change_shown(change) for change in match.rating_changes.all()}


def history_shown(changes: Sequence[Point]) -> list[Shown]:
    """The course of a rating, for a plot."""
    return [
        {"match": str(change.match_id), "at": change.ended.isoformat()} | change_shown(change)
        for change in changes
    ]


def ratings_exported(user: User) -> Shown:
    """All that is kept of somebody's ratings, for themselves."""
    ratings = Rating.objects.filter(user=user).order_by("title", "category", "season")
    changes = RatingChange.objects.filter(user=user).order_by("title", "ended", "match_id")
    return {
        "ratings": [
            {
                "title": row.title,
                "category": row.category,
                "season": row.season,
                "mu": row.mu,
                "sigma": row.sigma,
                "last": row.last.isoformat(),
            }
            | record_shown(row)
            for row in ratings
        ],
        "changes": [
            {
                "title": row.title,
                "category": row.category,
                "match": str(row.match_id),
                "ended": row.ended.isoformat(),
                "place": row.place,
                "mu_before": row.mu_before,
                "mu": row.mu,
            }
            for row in changes.iterator()
        ],
    }


_BEGINNER = rated(Skill())
