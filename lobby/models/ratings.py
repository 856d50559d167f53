"""How good people are in each title, and how each match changed that.

All of it follows from the records of matches (``manage.py ratings_rebuild``); nothing here is ever
edited.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from games.models import Match


class Ladder(models.Model):
    """All ratings of one title: its row is locked while they change, so results count one by one.

    It remembers the last result in there; one that ended before, and is only heard of now, is put
    in where it belongs.
    """

    title = models.CharField(max_length=32, primary_key=True)
    last_ended = models.DateTimeField(null=True)
    last_match = models.UUIDField(null=True)
    seasons = models.JSONField(default=list, help_text="Those in which a match counted, in order.")

    class Meta:
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return self.title


class Rating(models.Model):
    """How good somebody is in a category of a title, as of their last match; in each season, and
    for ever."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings", db_index=False
    )
    title = models.CharField(max_length=32)
    category = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Of the title; empty: it has none.",
    )
    season = models.CharField(max_length=16, blank=True, help_text="Empty: the one that goes on.")
    mu = models.FloatField()
    sigma = models.FloatField()
    played = models.PositiveIntegerField(default=0)
    won = models.PositiveIntegerField(default=0)
    drawn = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    last = models.DateTimeField(help_text="When the last match ended.")
    settled_until = models.DateTimeField(
        null=True, help_text="Until when it may be ranked without another match."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "title", "category", "season"], name="rating_once"
            )
        ]
        indexes: ClassVar = [
            # The leaderboards, in order; those that are not ranked are not in there.
            models.Index(
                fields=["title", "category", "season", "-mu", "user", "settled_until"],
                name="rating_ranked",
                condition=Q(settled_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return " ".join(
            filter(None, [f"{self.user_id} in {self.title}", self.category, self.season])
        )


class RatingChange(models.Model):
    """What one match made of the rating of one of its seats."""

    match = models.ForeignKey(
        Match, on_delete=models.CASCADE, related_name="rating_changes", db_index=False
    )
    seat = models.PositiveSmallIntegerField()
    player = models.PositiveBigIntegerField(
        help_text="The account's number, also when there is no such account any more."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    title = models.CharField(max_length=32)
    category = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Of the title; empty: it has none.",
    )
    season = models.CharField(max_length=16, blank=True)
    ended = models.DateTimeField()
    previous = models.DateTimeField(null=True, help_text="When the player's match before ended.")
    place = models.PositiveSmallIntegerField()
    mu_before = models.FloatField()
    sigma_before = models.FloatField()
    mu = models.FloatField()
    sigma = models.FloatField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["match", "player"], name="rating_change_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["title", "category", "ended", "match"], name="rating_change_order"
            ),
            models.Index(
                fields=["user", "title", "category", "ended"], name="rating_change_history"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.player} in {self.match_id}"
