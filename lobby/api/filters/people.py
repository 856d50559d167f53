"""What lists of people may be narrowed down by."""

from django_filters.rest_framework import FilterSet

from lobby.api.filters.base import Flag
from lobby.models.people import Notice


class Notices(FilterSet):
    """Of what one was told."""

    unread = Flag(field_name="read", exclude=True)

    class Meta:
        model = Notice
        fields: list[str] = []
