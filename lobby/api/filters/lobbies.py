"""What lists of lobbies may be narrowed down by."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet

from lobby.api.filters.base import title_choices
from lobby.models.lobbies import Lobby
from lobby.selectors.lobbies import in_state, lobbies_of, with_seats_free

SEATS_MAX = 1000
"""More seats than any title has."""


class Lobbies(FilterSet):
    """Of the list of lobbies."""

    title = django_filters.ChoiceFilter(choices=title_choices)
    state = django_filters.ChoiceFilter(
        choices=[("open", "open"), ("playing", "playing")], method="of_state"
    )
    seats_free = django_filters.NumberFilter(
        method="of_seats_free",
        min_value=0,
        max_value=SEATS_MAX,
        decimal_places=0,
        help_text="Free for this many more people at least.",
    )
    mine = django_filters.BooleanFilter(
        method="of_mine", help_text="True: those that one is in, private ones too."
    )

    def of_state(self, rows: QuerySet[Lobby], name: str, state: str) -> QuerySet[Lobby]:
        return in_state(rows, state)

    def of_seats_free(self, rows: QuerySet[Lobby], name: str, seats: Any) -> QuerySet[Lobby]:
        return with_seats_free(rows, int(seats))

    def of_mine(self, rows: QuerySet[Lobby], name: str, mine: bool) -> QuerySet[Lobby]:
        return lobbies_of(user_id=self.request.user.id) if mine else rows
