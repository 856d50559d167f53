"""What is rated already goes to the category that the settings of its match say.

Where somebody's matches were of several, their one rating goes to that of the latest; ``manage.py
ratings_rebuild`` then makes of it what it would be, had they been rated apart from the start.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import migrations

from games.catalog import TITLES
from games.selectors import category_of

CHUNK = 1000


def tell(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    rows = {
        name: apps.get_model(app, name).objects.using(alias)
        for app, name in (
            ("games", "Match"), ("lobby", "Lobby"), ("lobby", "Rating"), ("lobby", "RatingChange")
        )
    }  # fmt: skip
    for title, game in TITLES.items():
        if game.categories:
            _tell_of_settings(rows["Lobby"].filter(title=title), title, rows["Lobby"], "id__in")
            played = rows["Match"].filter(title=title, rated=True)
            _tell_of_settings(played, title, rows["RatingChange"], "match_id__in")
            _tell_of_ratings(rows["Rating"].filter(title=title), rows["RatingChange"], title)


def _tell_of_settings(chosen: Any, title: str, told: Any, by: str) -> None:
    """What has settings says of which category those of ``told`` are that it belongs to."""
    settings = chosen.order_by("id").values_list("id", "settings").iterator(chunk_size=CHUNK)
    for chunk in _chunks(settings):
        by_category: dict[str, list[Any]] = {}
        for row_id, values in chunk:
            category = category_of(title=title, settings=values)
            by_category.setdefault(category, []).append(row_id)
        for category, ids in by_category.items():
            told.filter(**{by: ids}).update(category=category)


def _tell_of_ratings(ratings: Any, changes: Any, title: str) -> None:
    for rating in list(ratings.order_by("id")):
        mine = changes.filter(title=title, user_id=rating.user_id)
        if rating.season:
            mine = mine.filter(season=rating.season)
        latest = mine.order_by("-ended", "-match_id").values_list("category", flat=True).first()
        category = category_of(title=title, settings={}) if latest is None else latest
        ratings.filter(id=rating.id).update(category=category)


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(rows, CHUNK // 2)):  # within what SQLite takes in one query
        yield chunk


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0008_late_results"),
        ("lobby", "0012_rating_categories"),
    ]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
