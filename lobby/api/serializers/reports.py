"""The shapes of reports."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.base import Id, In, Text, Whole
from lobby.limits import REPORT_CHARS_MAX


class MessageReportIn(In):
    talk = Text(max_length=64)
    number = Whole(min_value=1)
    reason = Text(max_length=REPORT_CHARS_MAX)


class PlayerReportIn(In):
    user = Id()
    match = serializers.UUIDField(default=None, allow_null=True)
    reason = Text(max_length=REPORT_CHARS_MAX)


class MatchReportIn(In):
    match = serializers.UUIDField()
    reason = Text(max_length=REPORT_CHARS_MAX)


class ReportOut(serializers.Serializer[Any]):
    report = serializers.IntegerField(help_text="To refer to it.")
