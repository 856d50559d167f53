"""What filters of several subjects share."""

from typing import Any

import django_filters
from django import forms

from games.catalog import TITLES


def title_choices() -> list[tuple[str, str]]:
    """The registered titles."""
    return [(title, game.name) for title, game in TITLES.items()]


class FlagField(forms.Field):
    """``true`` or ``false``; what is neither is not taken for "not asked"."""

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        known = {"true": True, "false": False}.get(str(value).lower())
        if known is None:
            raise forms.ValidationError("Neither true nor false.")
        return known


class Flag(django_filters.BooleanFilter):
    """Whether something is so."""

    field_class = FlagField
