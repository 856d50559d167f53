"""Tells people what results made of their ratings, as soon as they count.

It may be lost on its way, and what is told of a match is in its record as well
(``GET /api/matches/<id>/``). What ended long ago is no news, and told to nobody: after an outage
of whoever counts, pages would be told of hundreds.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.dispatch import Signal
from django.utils import timezone

from games.catalog import TITLES
from lobby.limits import RESULT_NEWS_S
from lobby.models.accounts import User
from lobby.models.ratings import RatingChange
from lobby.seasons import ALWAYS
from lobby.selectors.base import Shown
from lobby.selectors.leaderboards import Board, rank_now
from lobby.selectors.ratings import category_shown, change_shown
from lobby.services.people import notify

match_counted = Signal()
"""``match_id``, ``seats``: what its result made of each seat's rating, for all who look on."""


def results_told(changes: Sequence[RatingChange], **_: Any) -> None:
    """Receives ``lobby.services.ratings.results_counted``."""
    since = timezone.now() - timedelta(seconds=RESULT_NEWS_S)
    by_match: defaultdict[UUID, list[RatingChange]] = defaultdict(list)
    for change in changes:
        if change.ended >= since:
            by_match[change.match_id].append(change)
    ids = {change.player for rows in by_match.values() for change in rows}
    names = dict(User.objects.filter(id__in=ids).values_list("id", "name"))
    for match_id, rows in by_match.items():
        seats = [{"number": row.seat, "rating": change_shown(row)} for row in rows]
        match_counted.send_robust(RatingChange, match_id=match_id, seats=seats)
        for row in rows:
            if row.user_id in names:
                notify(row.user_id, "result", _notice(row, rows, names), keep=False)


def _notice(mine: RatingChange, rows: Sequence[RatingChange], names: dict[int, str]) -> Shown:
    game = TITLES.get(mine.title)
    return {
        "match": str(mine.match_id),
        "title": mine.title,
        "title_name": game.name if game else mine.title,
        **category_shown(mine.title, mine.category),
        "rank": _rank(mine),
        "opponents": [_seat(row, names) for row in rows if row is not mine],
    } | _seat(mine, names)


def _seat(row: RatingChange, names: dict[int, str]) -> Shown:
    user = {"id": row.player, "name": names[row.player]} if row.player in names else None
    return {"user": user, "place": row.place, "rating": change_shown(row)}


def _rank(row: RatingChange) -> int | None:
    if row.user_id is None or change_shown(row)["provisional"]:
        return None
    return rank_now(Board(row.title, row.category, ALWAYS), user_id=row.user_id)
