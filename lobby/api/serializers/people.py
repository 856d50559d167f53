"""The shapes of what people are to each other, and are told."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.base import In, Text, Whole

PRESENCES = ("offline", "online", "lobby", "match")


@extend_schema_field(OpenApiTypes.OBJECT)
class NoticeData(serializers.DictField):
    """What belongs to a notice; its kind says what that is."""


class FriendOut(serializers.Serializer[Any]):
    user = UserOut()
    since = serializers.DateTimeField()
    presence = serializers.ChoiceField(PRESENCES)


class RequestOut(serializers.Serializer[Any]):
    user = UserOut(help_text="The other one.")
    sent = serializers.DateTimeField()


class BlockOut(serializers.Serializer[Any]):
    user = UserOut()
    chat_only = serializers.BooleanField(help_text="Muted, and nothing else.")
    since = serializers.DateTimeField()


class PersonOut(serializers.Serializer[Any]):
    user = UserOut()
    friend = serializers.BooleanField()
    request = serializers.ChoiceField(["sent", "received"], allow_null=True)
    blocked = serializers.BooleanField(help_text="By the caller.")
    muted = serializers.BooleanField(help_text="By the caller, also where blocked.")
    presence = serializers.ChoiceField(PRESENCES, allow_null=True, help_text="Of friends.")


class FindIn(In):
    username = Text(max_length=150, help_text="The name that they log in with, in any case.")


class NoticeOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="Such as `friend_request`, `lobby_invitation`.")
    data = NoticeData()  # type: ignore[assignment]
    read = serializers.BooleanField()
    created = serializers.DateTimeField()


class ReadIn(In):
    up_to = Whole(min_value=0, help_text="The id of the newest one seen.")


class UnreadOut(serializers.Serializer[Any]):
    unread = serializers.IntegerField()
