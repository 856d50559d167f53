"""What lists of people may be narrowed down by."""

import django_filters
from django_filters.rest_framework import FilterSet

from lobby.models.people import Notice


class Notices(FilterSet):
    """Of what one was told."""

    unread = django_filters.BooleanFilter(field_name="read", exclude=True)

    class Meta:
        model = Notice
        fields: list[str] = []
