"""What lists of lobbies may be narrowed down by."""

from typing import Any

import django_filters
import msgspec
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet

from games.catalog import TITLES
from lobby.api.filters.base import Flag, title_choices
from lobby.codes import ApiCode, Refused
from lobby.limits import FILTER_CHARS_MAX, FILTER_RATING_MAX, FILTER_SEATS_MAX
from lobby.models.lobbies import Lobby
from lobby.selectors.lobbies import (
    in_state,
    lobbies_of,
    with_host_rated,
    with_seats_free,
    with_settings,
)
from lobby.services.titles import settings_wished


class Lobbies(FilterSet):
    """Of the list of lobbies."""

    title = django_filters.ChoiceFilter(choices=title_choices)
    state = django_filters.ChoiceFilter(
        choices=[("open", "open"), ("playing", "playing")], method="of_state"
    )
    seats_free = django_filters.NumberFilter(
        method="of_seats_free",
        min_value=0,
        max_value=FILTER_SEATS_MAX,
        decimal_places=0,
        help_text="Free for this many more people at least.",
    )
    mine = Flag(method="of_mine", help_text="True: those that one is in, private ones too.")

    settings = django_filters.CharFilter(
        method="of_settings",
        max_length=FILTER_CHARS_MAX,
        help_text="JSON of settings that it has; needs `title`. Each is a value, or bounds, or "
        'some choices: `{"days": 0, "minutes": {"min": 3, "max": 10}, "map": {"in": ["reef"]}}`.',
    )

    rated = Flag(help_text="Whether its matches change ratings.")
    rating_min = django_filters.NumberFilter(
        method="of_rating_min",
        min_value=0,
        max_value=FILTER_RATING_MAX,
        help_text="Of its host, in its title; who never played it has that of a beginner.",
    )
    rating_max = django_filters.NumberFilter(
        method="of_rating_max", min_value=0, max_value=FILTER_RATING_MAX, help_text="The same."
    )

    def of_rating_min(self, rows: QuerySet[Lobby], name: str, rating: Any) -> QuerySet[Lobby]:
        return with_host_rated(rows, least=float(rating))

    def of_rating_max(self, rows: QuerySet[Lobby], name: str, rating: Any) -> QuerySet[Lobby]:
        return with_host_rated(rows, most=float(rating))

    def of_state(self, rows: QuerySet[Lobby], name: str, state: str) -> QuerySet[Lobby]:
        return in_state(rows, state)

    def of_seats_free(self, rows: QuerySet[Lobby], name: str, seats: Any) -> QuerySet[Lobby]:
        return with_seats_free(rows, int(seats))

    def of_mine(self, rows: QuerySet[Lobby], name: str, mine: bool) -> QuerySet[Lobby]:
        return lobbies_of(user_id=self.request.user.id) if mine else rows

    def of_settings(self, rows: QuerySet[Lobby], name: str, text: str) -> QuerySet[Lobby]:
        game = TITLES.get(self.form.cleaned_data["title"])
        if game is None:
            raise Refused(ApiCode.INVALID, {"settings": ["Name the title as well."]})
        try:
            wanted = msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Refused(ApiCode.INVALID, {"settings": ["Not a JSON object."]}) from error
        return with_settings(rows, settings_wished(game, wanted))
