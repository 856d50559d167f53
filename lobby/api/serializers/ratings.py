"""The shapes of ratings."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.accounts import UserOut


class RatedOut(serializers.Serializer[Any]):
    shown = serializers.IntegerField(help_text="The number for people; all begin at 1500.")
    deviation = serializers.IntegerField(help_text="How sure it is; large is unsure.")
    provisional = serializers.BooleanField(help_text="Shown with a question mark, and not ranked.")


class RatingChangeOut(serializers.Serializer[Any]):
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    change = serializers.IntegerField()
    provisional = serializers.BooleanField()


class RatingPointOut(RatingChangeOut):
    match = serializers.UUIDField()
    at = serializers.DateTimeField()


class RecordOut(serializers.Serializer[Any]):
    played = serializers.IntegerField()
    won = serializers.IntegerField(help_text="At the first place, alone or not.")
    drawn = serializers.IntegerField(help_text="All at the same place.")
    lost = serializers.IntegerField(help_text="All others.")


class CategoryOut(serializers.Serializer[Any]):
    category = serializers.CharField(help_text="Of the title; empty where it has none.")
    category_name = serializers.CharField(help_text="For people.")


class RatingOut(CategoryOut):
    title = serializers.CharField()
    title_name = serializers.CharField()
    duel = serializers.BooleanField(help_text="Whether it is for two.")
    rating = RatedOut()
    record = RecordOut()
    last = serializers.DateTimeField(help_text="When the last rated match ended.")
    rank = serializers.IntegerField(
        allow_null=True, help_text="Of all time; null where it is not ranked."
    )
    history = RatingPointOut(
        many=True,
        help_text="The latest matches, oldest first; empty unless one title is asked for.",
    )


class PlayerRatingsOut(serializers.Serializer[Any]):
    user = UserOut()
    ratings = RatingOut(many=True)
