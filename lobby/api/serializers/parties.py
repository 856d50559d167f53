"""The shapes of parties."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.base import Id, In
from lobby.api.serializers.lobbies import JoinIn


class PartyBody(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    leader = UserOut()
    members = UserOut(many=True, help_text="In the order in which they came.")
    invited = UserOut(many=True)


class PartyInvitationOut(serializers.Serializer[Any]):
    party = serializers.IntegerField()
    leader = UserOut()


class PartyOut(serializers.Serializer[Any]):
    party = PartyBody(allow_null=True)
    invitations = PartyInvitationOut(many=True, help_text="To parties of others.")


class PartyIn(In):
    party = Id()


class PartyLobbyIn(JoinIn):
    lobby = serializers.UUIDField()
