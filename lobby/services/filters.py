"""What a page wants to see of the live list, checked."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from games.catalog import TITLES
from lobby.codes import ApiCode, Refused
from lobby.limits import FILTER_CHARS_MAX, FILTER_RATING_MAX, FILTER_SEATS_MAX
from lobby.selectors.lobbies import Wanted
from lobby.services.titles import settings_wished

Points = Annotated[float, Meta(ge=0, le=FILTER_RATING_MAX)]


class Filters(msgspec.Struct, forbid_unknown_fields=True):
    """As pages say it, in the words of ``GET /api/lobbies/``."""

    title: str | None = None
    settings: dict[str, Any] = {}
    rated: bool | None = None
    seats_free: Annotated[int, Meta(ge=0, le=FILTER_SEATS_MAX)] | None = None
    rating_min: Points | None = None
    rating_max: Points | None = None


def filters_checked(filters: object) -> Wanted:
    """What is wanted.

    Raises:
        Refused: ``invalid``; each field by its name, ``settings.<name>`` for a setting.
    """
    try:
        asked = msgspec.convert(filters, Filters)
    except msgspec.ValidationError as error:
        raise Refused(ApiCode.INVALID, {"filters": [str(error)]}) from error
    if asked.title is not None and asked.title not in TITLES:
        raise Refused(ApiCode.INVALID, {"title": ["There is no such title."]})
    if len(msgspec.json.encode(asked.settings)) > FILTER_CHARS_MAX:
        raise Refused(ApiCode.INVALID, {"settings": ["These are too many."]})
    if asked.settings and asked.title is None:
        raise Refused(ApiCode.INVALID, {"settings": ["Name the title as well."]})
    return Wanted(
        title=asked.title,
        wishes=settings_wished(TITLES[asked.title], asked.settings) if asked.title else {},
        rated=asked.rated,
        seats_free=asked.seats_free,
        rating_min=asked.rating_min,
        rating_max=asked.rating_max,
    )
