"""The shapes of titles."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonSchema(serializers.DictField):
    """A JSON schema."""


class SeatRangeOut(serializers.Serializer[Any]):
    min = serializers.IntegerField()
    max = serializers.IntegerField()


class TitleOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    version = serializers.IntegerField()
    seats = SeatRangeOut()
    teams = serializers.IntegerField(help_text="Seat n plays for team n % teams; 0: for itself.")
    realtime = serializers.BooleanField()
    drop_in = serializers.BooleanField(help_text="Whether one may join while it runs.")
    bots = serializers.BooleanField(help_text="Whether there is a bot to play with.")
    rateable = serializers.BooleanField(help_text="Whether its matches may be rated.")
    away = serializers.CharField(
        help_text="What becomes of one who stays away: forfeit, bot, pause."
    )
    grace_s = serializers.IntegerField(help_text="Seconds for which one who is away is waited for.")
    settings = JsonSchema(help_text="Of the settings that its lobbies take.")
