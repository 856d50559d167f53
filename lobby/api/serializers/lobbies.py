"""The shapes of lobbies."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.base import In, Settings, Text
from lobby.api.serializers.titles import SeatRangeOut
from lobby.limits import CODE_LENGTH, LOBBY_NAME_CHARS_MAX
from lobby.models.lobbies import Lobby


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
    rated = serializers.BooleanField(help_text="Its matches change ratings; guests cannot join.")
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
    rated = serializers.BooleanField(
        default=False, help_text="For people with accounts, and without bots."
    )
    bots = serializers.IntegerField(default=0, min_value=0)


class LobbyChangeIn(In):
    name = Text(max_length=LOBBY_NAME_CHARS_MAX, required=False)
    settings = Settings(required=False)
    private = serializers.BooleanField(required=False)
    rated = serializers.BooleanField(required=False)
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
