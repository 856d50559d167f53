"""Who is best: leaderboards by title, category and season.

Only settled ratings are ranked: those with a small deviation (``lobby.skill.SETTLED``), and on the
board of all time those that are still so. Equal ones are in the order of their accounts. Accounts
that an operator closed are left out.

What is asked again and again is kept in the cache for ``BOARD_CACHE_S``, and never thrown out
before: a board may be that much older than the ratings, a page a few seconds older than the next
one, and a name or an account that is gone may be seen for so long; how many there are, and who was
closed, for ``BOARD_COUNT_S``. Boards among friends are small,
and read as they are asked for.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, TypeVar

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils import timezone

from games.catalog import TITLES
from lobby.codes import ApiCode, Refused
from lobby.limits import (
    BOARD_AROUND,
    BOARD_BARRED_MAX,
    BOARD_CACHE_S,
    BOARD_COUNT_S,
    BOARD_FRIENDS_MAX,
    BOARD_PAGE_SIZE,
    BOARD_ROWS_MAX,
)
from lobby.models.accounts import User
from lobby.models.ratings import Ladder, Rating
from lobby.seasons import ALWAYS, season_named, season_of
from lobby.selectors.base import Shown
from lobby.selectors.people import friends_of
from lobby.selectors.ratings import category_shown, rated_now, rated_shown, record_shown

ALL = "all"
"""What the season that never ends is called in addresses."""

T = TypeVar("T")


class Board(NamedTuple):
    """A leaderboard: of which title and category, in which season (``ALWAYS``: of all time)."""

    title: str
    category: str
    season: str


class Page(NamedTuple):
    """A part of it.

    Attributes:
        ranked: How many are ranked in all.
        rows: With their ranks.
    """

    ranked: int
    rows: list[Shown]


def titles_rated() -> list[str]:
    """The titles that have leaderboards."""
    return [title for title, game in TITLES.items() if game.can_be_rated()]


def board_of(
    *, title: str, category: str | None = None, season: str | None, now: datetime | None = None
) -> Board:
    """The leaderboard of a title; without a word on the category, the first one, and on the season,
    the one that runs.

    Raises:
        Refused: ``not_found``; ``invalid``, with ``category`` or ``season`` among the fields.
    """
    if title not in titles_rated():
        raise Refused(ApiCode.NOT_FOUND)
    categories = [each.name for each in TITLES[title].categories] or [""]
    category = categories[0] if category is None else category
    if category not in categories:
        raise Refused(ApiCode.INVALID, {"category": ["There is no such category."]})
    if season == ALL:
        return Board(title, category, ALWAYS)
    current = season_of(now or timezone.now())
    if season is None:
        return Board(title, category, current)
    if season not in {current, *seasons_of(title=title)}:
        raise Refused(ApiCode.INVALID, {"season": ["There is no such season."]})
    return Board(title, category, season)


def seasons_of(*, title: str) -> list[str]:
    """The seasons in which a title was played, oldest first."""
    return list(Ladder.objects.filter(title=title).values_list("seasons", flat=True).first() or [])


def board_page(board: Board, number: int) -> Page:
    """The ``number``-th page of a leaderboard; the first is 1.

    Raises:
        Refused: ``not_found``, where there are no ranks.
    """
    ranked = _kept(board, "ranked", lambda: _ranked(board).count(), BOARD_COUNT_S)
    pages = max(1, -(-min(ranked, BOARD_ROWS_MAX) // BOARD_PAGE_SIZE))
    if not 1 <= number <= pages:
        raise Refused(ApiCode.NOT_FOUND)
    first = (number - 1) * BOARD_PAGE_SIZE
    return Page(
        ranked,
        _kept(
            board,
            f"page-{number}",
            lambda: _rows(list(_in_order(board)[first : first + BOARD_PAGE_SIZE]), first + 1),
        ),
    )


def board_around(board: Board, *, user_id: int) -> Page:
    """Somebody's own row with some above and below; nothing where they are not ranked."""
    ranked = _kept(board, "ranked", lambda: _ranked(board).count(), BOARD_COUNT_S)
    return Page(ranked, _kept(board, f"around-{user_id}", lambda: _around(board, user_id)))


def board_friends(board: Board, *, user_id: int) -> Page:
    """Somebody and their friends, ranked among each other."""
    ids = [user_id, *friends_of(user_id)[:BOARD_FRIENDS_MAX]]
    rows = _rows(list(_in_order(board).filter(user_id__in=ids)), 1)
    return Page(len(rows), rows)


def rank_of(board: Board, *, user_id: int) -> Shown | None:
    """Somebody's own row, with its rank; None where they are not ranked."""
    return _kept(board, f"rank-{user_id}", lambda: _own_row(board, user_id))


def rank_now(board: Board, *, user_id: int) -> int | None:
    """Somebody's rank as it is, not as it was a moment ago; None beyond those that can be paged
    through, so that it costs as little wherever they stand."""
    mine = _ranked(board).filter(user_id=user_id).first()
    if mine is None:
        return None
    ahead = _ranked(board).filter(_above(mine))[:BOARD_ROWS_MAX].count()
    return ahead + 1 if ahead < BOARD_ROWS_MAX else None


# --- how it is shown ----------------------------------------------------------------------------


def board_shown(board: Board) -> Shown:
    """Which leaderboard it is."""
    return {
        "title": board.title,
        "title_name": TITLES[board.title].name,
        **category_shown(board.title, board.category),
        "duel": TITLES[board.title].seats.stop <= 3,
        "season": season_shown(board.season),
    }


def boards_shown(now: datetime | None = None) -> list[Shown]:
    """All leaderboards that there are: each title with its seasons, the one that runs first."""
    current = season_of(now or timezone.now())
    ladders = {ladder.title: ladder for ladder in Ladder.objects.filter(title__in=TITLES)}
    shown: list[Shown] = []
    for title in titles_rated():
        played = ladders[title].seasons if title in ladders else []
        names = sorted({*played, current} - {ALWAYS}, reverse=True)
        names.sort(key=lambda name: name != current)
        shown.append(
            {
                "title": title,
                "title_name": TITLES[title].name,
                "categories": [
                    category_shown(title, each.name) for each in TITLES[title].categories
                ],
                "seasons": [season_shown(name, current) for name in [*names, ALWAYS]],
            }
        )
    return shown


def season_shown(season: str, current: str | None = None) -> Shown:
    """A season: for addresses, for people, and whether it runs."""
    if current is None:
        current = season_of(timezone.now())
    return {
        "season": season or ALL,
        "name": season_named(season),
        "running": season in {current, ALWAYS},
    }


# --- steps of the above -------------------------------------------------------------------------


def _ranked(board: Board) -> QuerySet[Rating]:
    rows = Rating.objects.filter(
        title=board.title,
        category=board.category,
        season=board.season,
        settled_until__isnull=False,
    )
    if board.season == ALWAYS:
        rows = rows.filter(settled_until__gt=timezone.now())
    # By their numbers, which are few: joined, each rank would cost a look at all accounts.
    if barred := _kept(board, "barred", lambda: _barred(rows), BOARD_COUNT_S):
        rows = rows.exclude(user_id__in=barred)
    return rows


def _barred(rows: QuerySet[Rating]) -> list[int]:
    """Those among them whose account an operator closed, the best of them."""
    closed = rows.filter(user__is_active=False).order_by("-mu", "user_id")
    return list(closed.values_list("user_id", flat=True)[:BOARD_BARRED_MAX])


def _in_order(board: Board) -> QuerySet[Rating]:
    return _ranked(board).order_by("-mu", "user_id")


def _above(rating: Rating) -> Q:
    """Those ahead of somebody. The first half is what the index is searched for."""
    return Q(mu__gte=rating.mu) & ~Q(mu=rating.mu, user_id__gte=rating.user_id)


def _below(rating: Rating) -> Q:
    return Q(mu__lte=rating.mu) & ~Q(mu=rating.mu, user_id__lte=rating.user_id)


def _own_row(board: Board, user_id: int) -> Shown | None:
    mine = next(iter(_ranked(board).filter(user_id=user_id)), None)
    if mine is None:
        return None
    return _rows([mine], _ranked(board).filter(_above(mine)).count() + 1)[0]


def _around(board: Board, user_id: int) -> list[Shown]:
    mine = _in_order(board).filter(user_id=user_id).first()
    if mine is None:
        return []
    ahead = _ranked(board).filter(_above(mine)).count()
    nearest = _ranked(board).filter(_above(mine)).order_by("mu", "-user_id")
    above = list(nearest[:BOARD_AROUND])[::-1]
    below = list(_in_order(board).filter(_below(mine))[:BOARD_AROUND])
    return _rows([*above, mine, *below], ahead + 1 - len(above))


def _rows(ratings: list[Rating], first: int) -> list[Shown]:
    now = timezone.now()
    # Asked for by themselves: joined, the names of all rows before a page would be read as well.
    people = User.objects.filter(id__in=[rating.user_id for rating in ratings])
    names = dict(people.values_list("id", "name"))
    return [
        {
            "rank": rank,
            "user": {"id": rating.user_id, "name": names.get(rating.user_id, "")},
            "rating": rated_shown(rated_now(rating, now)),
            "record": record_shown(rating),
        }
        for rank, rating in enumerate(ratings, first)
    ]


def _kept(board: Board, what: str, find: Callable[[], T], seconds: int = BOARD_CACHE_S) -> T:
    """What ``find`` says, or said at the most so many seconds ago."""
    key = f"board:{board.title}:{board.category}:{board.season or ALL}:{what}"
    found = cache.get(key)
    if found is None:
        found = (find(),)  # wrapped: None is an answer too
        cache.set(key, found, timeout=seconds)
    return found[0]
