"""The shapes of accounts."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.base import Flag, In, Text

PASSWORD_CHARS_MAX = 128
"""Longer ones only make the server work."""

LINK_CHARS_MAX = 500
"""What a link of ours carries is shorter."""


class UserOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    guest = serializers.BooleanField()


class MeOut(UserOut):
    username = serializers.CharField()
    email = serializers.CharField(help_text="Confirmed; empty: none.")
    email_pending = serializers.CharField(help_text="Waits to be confirmed; empty: none.")
    password = serializers.BooleanField(help_text="Whether there is one to log in with.")
    joined = serializers.DateTimeField()


class EnteredOut(serializers.Serializer[Any]):
    """Somebody who is logged in now; the token only where no session was asked for."""

    user = MeOut()
    token = serializers.CharField(required=False)
    expiry = serializers.DateTimeField(required=False, allow_null=True)


class GuestIn(In):
    session = Flag(default=False, help_text="A session instead of a token.")


class LoginIn(GuestIn):
    username = Text(max_length=150)
    password = Text(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)


class RegisterIn(LoginIn):
    email = serializers.EmailField(default="", allow_blank=True)


class UpgradeIn(In):
    username = Text(max_length=150)
    password = Text(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)
    email = serializers.EmailField(default="", allow_blank=True)


class MeIn(In):
    display_name = Text(max_length=150)


class ProofIn(In):
    """Who asks for something that cannot be undone shows once more who they are."""

    password = Text(
        max_length=PASSWORD_CHARS_MAX,
        trim_whitespace=False,
        default="",
        allow_blank=True,
        help_text="Not needed within ten minutes after signing in.",
    )


class EmailIn(ProofIn):
    email = serializers.EmailField(allow_blank=True, help_text="Empty: no address any more.")


class KeyIn(In):
    key = Text(max_length=LINK_CHARS_MAX, help_text="Of the link in the mail.")


class ResetAskIn(In):
    email = serializers.EmailField()


class ResetIn(In):
    uid = Text(max_length=LINK_CHARS_MAX, help_text="Of the link in the mail.")
    token = Text(max_length=LINK_CHARS_MAX, help_text="Of the link in the mail.")
    password = Text(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)


class PasswordIn(In):
    old_password = Text(
        max_length=PASSWORD_CHARS_MAX,
        trim_whitespace=False,
        default="",
        allow_blank=True,
        help_text="Empty only where there is none yet, soon after signing in.",
    )
    new_password = Text(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)


class ProviderOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class ExternalIn(In):
    next = Text(max_length=300, default="/", help_text="A path of this server to come back to.")


class ExternalOut(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Where the browser goes next.")


class IdentityOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    provider = serializers.CharField()
    name = serializers.CharField(help_text="As the provider calls them.")
    since = serializers.DateTimeField()
