"""The shapes of tokens and sessions."""

from typing import Any

from rest_framework import serializers


class SessionOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(["session", "token"], help_text="Of a browser, or of a program.")
    agent = serializers.CharField(help_text="What it is used from, coarsely.")
    created = serializers.DateTimeField()
    used = serializers.DateTimeField(help_text="When it was used last, within five minutes.")
    expires = serializers.DateTimeField(allow_null=True)
    current = serializers.BooleanField(help_text="Whether it is the one that asks.")


class EndedOut(serializers.Serializer[Any]):
    ended = serializers.IntegerField()
