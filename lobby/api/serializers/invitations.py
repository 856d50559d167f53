"""The shapes of invitations."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.base import In, Whole
from lobby.api.serializers.lobbies import LobbyOut


class InvitationIn(In):
    uses = Whole(default=10, help_text="How many may come in by it.")
    hours = Whole(default=24, help_text="For which it is good.")


class InvitationOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    token = serializers.CharField()
    path = serializers.CharField(help_text="Of the page that it is a link to.")
    maker = UserOut()
    invitee = UserOut(allow_null=True, help_text="Null: whoever has the link.")
    uses_left = serializers.IntegerField()
    expires = serializers.DateTimeField()


class InvitedOut(serializers.Serializer[Any]):
    lobby = LobbyOut()
    maker = UserOut()
    expires = serializers.DateTimeField()
