"""The shapes of conversations."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut
from lobby.api.serializers.base import In, Text
from lobby.limits import CHAT_CHARS_MAX


class MessageOut(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="Counted within the conversation, from 1.")
    author = UserOut()
    text = serializers.CharField()
    sent = serializers.DateTimeField()


class HistoryOut(serializers.Serializer[Any]):
    talk = serializers.CharField()
    speaks = serializers.BooleanField(help_text="Whether the caller may say something here.")
    first = serializers.IntegerField()
    upto = serializers.IntegerField(help_text="From `first` to this, nothing else is kept.")
    last = serializers.IntegerField(help_text="The newest number there is.")
    messages = MessageOut(many=True)


class HistoryAsk(serializers.Serializer[Any]):
    before = serializers.IntegerField(required=False, min_value=1, help_text="Older than this.")
    after = serializers.IntegerField(required=False, min_value=0, help_text="Newer than this.")


class SayIn(In):
    text = Text(max_length=4 * CHAT_CHARS_MAX)
