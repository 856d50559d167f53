"""The shapes of matches."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from games.models import Match, Seat
from lobby.api.serializers.base import Flag, In, Settings
from lobby.api.serializers.ratings import RatingChangeOut


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}})
class Ranking(serializers.ListField):
    """Groups of seats, best first."""


class SeatOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    team = serializers.IntegerField(allow_null=True, help_text="Null: they play for themselves.")
    name = serializers.CharField()
    bot = serializers.BooleanField()
    user = serializers.IntegerField(allow_null=True)
    left = serializers.ChoiceField(Seat.Left.choices, allow_blank=True)
    place = serializers.IntegerField(allow_null=True, help_text="1 is the winner; ties share.")
    rating = RatingChangeOut(
        allow_null=True, help_text="What a rated match changed, a moment after its end."
    )


class MatchOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    title_name = serializers.CharField()
    status = serializers.ChoiceField(Match.Status.choices)
    public = serializers.BooleanField()
    rated = serializers.BooleanField()
    settings = Settings()
    seats = SeatOut(many=True)
    seat = serializers.IntegerField(allow_null=True, help_text="The number of one's own.")
    reason = serializers.CharField(allow_blank=True)
    created = serializers.DateTimeField()
    started = serializers.DateTimeField(allow_null=True)
    ended = serializers.DateTimeField(allow_null=True)


class ResultOut(serializers.Serializer[Any]):
    match = serializers.UUIDField()
    status = serializers.ChoiceField(Match.Status.choices)
    rated = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    ranking = Ranking(allow_null=True, help_text="Groups of seats, best first; null: no result.")
    seats = SeatOut(many=True)
    ended = serializers.DateTimeField(allow_null=True)


class TicketIn(In):
    spectate = Flag(default=False)


class TicketOut(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="For the first message of the socket, once.")
    seat = serializers.IntegerField(allow_null=True, help_text="Null: to watch.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    url = serializers.CharField(help_text="Path of the socket.")
