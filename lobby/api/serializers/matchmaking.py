"""The shapes of matchmaking."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.base import Flag, In, Text, Whole
from lobby.models.matchmaking import Ticket

_PROPERTY = {"oneOf": [{"type": "string"}, {"type": "number"}]}


@extend_schema_field({"type": "object", "additionalProperties": _PROPERTY})
class Properties(serializers.DictField):
    """Numbers and texts."""


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "min": {"type": "number"},
                "max": {"type": "number"},
                "in": {"type": "array", "items": {"type": "string"}},
            },
        },
    }
)
class Query(serializers.DictField):
    """What properties of others have to be."""


class MatchmakingTicketOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    title_name = serializers.CharField()
    mode = serializers.CharField()
    mode_label = serializers.CharField()
    state = serializers.ChoiceField(Ticket.State.choices)
    people = UserOut(many=True, help_text="The party that waits with it.")
    properties = Properties()
    query = Query()
    bots = serializers.BooleanField()
    least = serializers.IntegerField(allow_null=True)
    most = serializers.IntegerField(allow_null=True)
    created = serializers.DateTimeField()
    waited_s = serializers.FloatField(help_text="Seconds until now, or until it ended.")
    estimate_s = serializers.FloatField(
        allow_null=True, help_text="Seconds that one like this waits in all; null: not known."
    )
    match = serializers.UUIDField(allow_null=True, help_text="As soon as it is found.")


class MatchmakingTicketIn(In):
    title = Text(max_length=32)
    mode = Text(max_length=32, default="", allow_blank=True, help_text="Empty: the first.")
    properties = Properties(default=dict, help_text="For others to ask for.")
    query = Query(
        default=dict,
        help_text="What properties of all others have to be; `rating` is their rating.",
    )
    bots = Flag(default=True, help_text="Whether bots may sit in.")
    least = Whole(default=None, allow_null=True, min_value=1, max_value=1000)
    most = Whole(default=None, allow_null=True, min_value=1, max_value=1000)
