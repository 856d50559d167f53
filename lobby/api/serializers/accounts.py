"""The shapes of accounts."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.base import In, Text

PASSWORD_CHARS_MAX = 128
"""Longer ones only make the server work."""


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
