"""The shapes of lobbies."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.base import Flag, Id, In, Settings, Text, Whole
from lobby.api.serializers.titles import SeatRangeOut
from lobby.limits import CODE_LENGTH, LOBBY_NAME_CHARS_MAX, LOBBY_PASSWORD_CHARS_MAX
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
    away = serializers.BooleanField(help_text="Has no socket open; always false in lists.")
    team = serializers.IntegerField(allow_null=True, help_text="Chosen; null: whichever.")
    seat = serializers.IntegerField(allow_null=True, help_text="Chosen; null: whichever.")


class LobbyOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    title_name = serializers.CharField()
    name = serializers.CharField()
    private = serializers.BooleanField()
    category = serializers.CharField(
        help_text="In which of its title's categories they are rated; empty where it has none."
    )
    rated = serializers.BooleanField(help_text="Its matches change ratings; guests cannot join.")
    locked = serializers.BooleanField(help_text="Whether it asks for a password.")
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
    private = Flag(default=False)
    rated = Flag(default=False, help_text="For people with accounts, and without bots.")
    password = Text(max_length=LOBBY_PASSWORD_CHARS_MAX, default="", allow_blank=True)
    bots = Whole(default=0, min_value=0)


class LobbyChangeIn(In):
    name = Text(max_length=LOBBY_NAME_CHARS_MAX, required=False)
    settings = Settings(required=False)
    private = Flag(required=False)
    rated = Flag(required=False)
    password = Text(
        max_length=LOBBY_PASSWORD_CHARS_MAX,
        required=False,
        allow_blank=True,
        help_text="Empty: none any more.",
    )
    bots = Whole(required=False, min_value=0)


class JoinIn(In):
    code = Text(max_length=32, default="", allow_blank=True, help_text="Of a private lobby.")
    password = Text(max_length=LOBBY_PASSWORD_CHARS_MAX, default="", allow_blank=True)


class JoinByCodeIn(In):
    code = Text(max_length=32, help_text=f"{CODE_LENGTH} letters, in either case.")
    password = Text(max_length=LOBBY_PASSWORD_CHARS_MAX, default="", allow_blank=True)


class ReadyIn(In):
    ready = Flag()


class SeatIn(In):
    team = Whole(default=None, allow_null=True)
    seat = Whole(default=None, allow_null=True)


class PersonIn(In):
    user = Id(help_text="The id of somebody.")


class KickIn(In):
    user = Id(help_text="The id of a member.")
    ban = Flag(default=True, help_text="Keep them out from now on.")


class StartedOut(serializers.Serializer[Any]):
    match = serializers.UUIDField()
