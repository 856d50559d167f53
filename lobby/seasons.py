"""Seasons: which one a moment belongs to. Each has a name that sorts by time, such as ``2026-03``.

What a season is, is a setting (``SEASON``): ``month``, ``quarter``, ``year``, or ``none``. All are
of the calendar, in UTC; nothing has to be started or ended, and one that is over stays as it is.
"""

import calendar
import re
from datetime import UTC, datetime

from django.conf import settings

ALWAYS = ""
"""The season that never ends: the rating that goes on."""

KINDS = ("month", "quarter", "year", "none")

_NAME = re.compile(r"(?P<year>\d{4})(-(Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?", re.ASCII)


def season_of(moment: datetime) -> str:
    """The season that a moment belongs to; ``ALWAYS`` where there are none."""
    moment = moment.astimezone(UTC)
    match settings.RATINGS["SEASON"]:
        case "month":
            return f"{moment.year:04}-{moment.month:02}"
        case "quarter":
            return f"{moment.year:04}-Q{(moment.month + 2) // 3}"
        case "year":
            return f"{moment.year:04}"
    return ALWAYS


def season_named(season: str) -> str:
    """A season for people: ``March 2026``."""
    found = _NAME.fullmatch(season)
    if found is None:
        return "All time"
    if found["quarter"]:
        return f"Quarter {found['quarter']}, {found['year']}"
    if found["month"]:
        return f"{calendar.month_name[int(found['month'])]} {found['year']}"
    return found["year"]
