"""What lists of matches may be narrowed down by."""

import django_filters
from django_filters.rest_framework import FilterSet

from games.models import Match
from lobby.api.filters.base import title_choices


class Matches(FilterSet):
    """Of one's history, which is of seats."""

    title = django_filters.ChoiceFilter("match__title", choices=title_choices)
    status = django_filters.ChoiceFilter("match__status", choices=Match.Status.choices)
