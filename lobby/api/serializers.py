"""The shapes that go in and come out. ``…In`` checks a body; ``…Out`` says what is answered.

What is answered is made by ``lobby.selectors``, for the live list too; a test holds it to these.
"""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from games.models import Match, Seat
from lobby.limits import CODE_LENGTH, LOBBY_NAME_CHARS_MAX
from lobby.models import Lobby

PASSWORD_CHARS_MAX = 128
"""Longer ones only make the server work."""


class In(serializers.Serializer[Any]):
    """A body; fields that it does not know are an error, or a typing mistake would go unseen."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(
                dict.fromkeys(sorted(unknown), "There is no such field.")
            )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """Text and nothing that merely could be text, such as a number."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Not a text.")
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Settings(serializers.DictField):
    """Any object; the title says what belongs in it."""


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonSchema(serializers.DictField):
    """A JSON schema."""


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}})
class Ranking(serializers.ListField):
    """Groups of seats, best first."""


# --- errors -------------------------------------------------------------------------------------


class ErrorBody(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs.")
    message = serializers.CharField(help_text="For people.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text="What is wrong with each field; nested ones are named `settings.length_s`.",
    )


class ErrorOut(serializers.Serializer[Any]):
    error = ErrorBody()


# --- accounts -----------------------------------------------------------------------------------


class UserOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    guest = serializers.BooleanField()


class MeOut(UserOut):
    username = serializers.CharField()
    email = serializers.CharField()
    joined = serializers.DateTimeField()


class EnteredOut(serializers.Serializer[Any]):
    """Somebody who is logged in now; the token only where no session was asked for."""

    user = MeOut()
    token = serializers.CharField(required=False)
    expiry = serializers.DateTimeField(required=False, allow_null=True)


class GuestIn(In):
    session = serializers.BooleanField(default=False, help_text="A session instead of a token.")


class LoginIn(GuestIn):
    username = Text(max_length=150)
    password = Text(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)


class RegisterIn(LoginIn):
    email = serializers.EmailField(default="", allow_blank=True)


class MeIn(In):
    display_name = Text(max_length=150)


# --- titles -------------------------------------------------------------------------------------


class SeatRangeOut(serializers.Serializer[Any]):
    min = serializers.IntegerField()
    max = serializers.IntegerField()


class TitleOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    version = serializers.IntegerField()
    seats = SeatRangeOut()
    realtime = serializers.BooleanField()
    drop_in = serializers.BooleanField(help_text="Whether one may join while it runs.")
    bots = serializers.BooleanField(help_text="Whether there is a bot to play with.")
    away = serializers.CharField(
        help_text="What becomes of one who stays away: forfeit, bot, pause."
    )
    grace_s = serializers.IntegerField(help_text="Seconds for which one who is away is waited for.")
    settings = JsonSchema(help_text="Of the settings that its lobbies take.")


# --- lobbies ------------------------------------------------------------------------------------


class HostOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class SeatsOut(SeatRangeOut):
    taken = serializers.IntegerField(help_text="By people; bots make room for them.")


class MemberOut(serializers.Serializer[Any]):
    user = UserOut()
    ready = serializers.BooleanField()
    host = serializers.BooleanField()


class LobbyOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    title_name = serializers.CharField()
    name = serializers.CharField()
    private = serializers.BooleanField()
    code = serializers.CharField(allow_null=True, help_text="Lets others in; null to outsiders.")
    host = HostOut(allow_null=True)
    state = serializers.ChoiceField(Lobby.State.choices)
    settings = Settings()
    seats = SeatsOut()
    members = MemberOut(many=True)
    bots = serializers.IntegerField()
    match = serializers.UUIDField(allow_null=True, help_text="While one is being played.")
    created = serializers.DateTimeField()


class LobbyIn(In):
    title = Text(max_length=32)
    name = Text(max_length=LOBBY_NAME_CHARS_MAX, default="", allow_blank=True)
    settings = Settings(default=dict)
    private = serializers.BooleanField(default=False)
    bots = serializers.IntegerField(default=0, min_value=0)


class LobbyChangeIn(In):
    name = Text(max_length=LOBBY_NAME_CHARS_MAX, required=False)
    settings = Settings(required=False)
    private = serializers.BooleanField(required=False)
    bots = serializers.IntegerField(required=False, min_value=0)


class JoinIn(In):
    code = Text(max_length=32, default="", allow_blank=True, help_text="Of a private lobby.")


class JoinByCodeIn(In):
    code = Text(max_length=32, help_text=f"{CODE_LENGTH} letters, in either case.")


class ReadyIn(In):
    ready = serializers.BooleanField()


class KickIn(In):
    user = serializers.IntegerField(help_text="The id of a member.")


class StartedOut(serializers.Serializer[Any]):
    match = serializers.UUIDField()


# --- matches ------------------------------------------------------------------------------------


class SeatOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    name = serializers.CharField()
    bot = serializers.BooleanField()
    user = serializers.IntegerField(allow_null=True)
    left = serializers.ChoiceField(Seat.Left.choices, allow_blank=True)
    place = serializers.IntegerField(allow_null=True, help_text="1 is the winner; ties share.")


class MatchOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    title_name = serializers.CharField()
    status = serializers.ChoiceField(Match.Status.choices)
    public = serializers.BooleanField()
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
    reason = serializers.CharField(allow_blank=True)
    ranking = Ranking(allow_null=True, help_text="Groups of seats, best first; null: no result.")
    seats = SeatOut(many=True)
    ended = serializers.DateTimeField(allow_null=True)


class TicketIn(In):
    spectate = serializers.BooleanField(default=False)


class TicketOut(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="For the first message of the socket, once.")
    seat = serializers.IntegerField(allow_null=True, help_text="Null: to watch.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    url = serializers.CharField(help_text="Path of the socket.")
