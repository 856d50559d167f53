"""The shapes of leaderboards."""

from typing import Any

from rest_framework import serializers

from lobby.api.serializers.ratings import CategoryOut, RatedOut, RecordOut


class SeasonOut(serializers.Serializer[Any]):
    season = serializers.CharField(help_text="For addresses: `2026-03`; `all`: of all time.")
    name = serializers.CharField(help_text="For people.")
    running = serializers.BooleanField(help_text="Whether it can still change.")


class BoardOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    title_name = serializers.CharField()
    categories = CategoryOut(
        many=True, help_text="Each has a board of its own; none: there is one board."
    )
    seasons = SeasonOut(many=True)


class RankedUserOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class RankOut(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    user = RankedUserOut()
    rating = RatedOut()
    record = RecordOut()


class BoardPageOut(CategoryOut):
    title = serializers.CharField()
    title_name = serializers.CharField()
    duel = serializers.BooleanField(help_text="Whether it is for two.")
    season = SeasonOut()
    count = serializers.IntegerField(help_text="All who are ranked.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = RankOut(many=True)
    me = RankOut(allow_null=True, help_text="One's own row; null where one is not ranked.")


class BoardQuery(serializers.Serializer[Any]):
    category = serializers.CharField(
        required=False,
        max_length=32,
        help_text="Of the title; its first, where nothing is said.",
    )
    season = serializers.CharField(
        required=False, max_length=16, help_text="The one that runs, where nothing is said."
    )
    page = serializers.IntegerField(required=False, default=1, min_value=1)
    around = serializers.ChoiceField(
        ["me"], required=False, help_text="One's own row, and some above and below."
    )
    friends = serializers.ChoiceField(
        ["me"], required=False, help_text="Oneself and one's friends, ranked among each other."
    )
