"""The shapes of titles."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lobby.api.serializers.base import Settings
from lobby.api.serializers.ratings import CategoryOut


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonSchema(serializers.DictField):
    """A JSON schema."""


class SeatRangeOut(serializers.Serializer[Any]):
    min = serializers.IntegerField()
    max = serializers.IntegerField()


class ModeOut(serializers.Serializer[Any]):
    mode = serializers.CharField()
    label = serializers.CharField(help_text="For people.")  # type: ignore[assignment]
    seats = SeatRangeOut()
    teams = serializers.IntegerField(help_text="Of equal size; 1: none.")
    party_max = serializers.IntegerField(help_text="People of one party.")
    settings = Settings()
    category = serializers.CharField(help_text="In which its matches are rated; empty: none.")
    bots_after_s = serializers.IntegerField(
        allow_null=True, help_text="Seconds of waiting until bots sit in; null: never."
    )


class TitleOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    version = serializers.IntegerField()
    seats = SeatRangeOut()
    teams = serializers.IntegerField(help_text="Seat n plays for team n % teams; 0: for itself.")
    team_names = serializers.ListField(
        child=serializers.CharField(), help_text="One for each team; empty: they have none."
    )
    realtime = serializers.BooleanField()
    drop_in = serializers.BooleanField(help_text="Whether one may join while it runs.")
    bots = serializers.BooleanField(help_text="Whether there is a bot to play with.")
    rateable = serializers.BooleanField(help_text="Whether its matches may be rated.")
    categories = CategoryOut(
        many=True, help_text="Kinds of play that are rated apart, by the settings; none: one kind."
    )
    modes = ModeOut(many=True, help_text="What the matchmaker finds people for.")
    away = serializers.CharField(
        help_text="What becomes of one who stays away: forfeit, bot, pause."
    )
    grace_s = serializers.IntegerField(help_text="Seconds for which one who is away is waited for.")
    settings = JsonSchema(help_text="Of the settings that its lobbies take.")
