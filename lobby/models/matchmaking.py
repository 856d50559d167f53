"""Who waits to be found a match, and which worker finds it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from games.models import Match
from lobby.models.accounts import User


class Ticket(models.Model):
    """A wish to play, of one person or of a party."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        MATCHED = "matched", "matched"
        CANCELLED = "cancelled", "cancelled"
        EXPIRED = "expired", "expired"

    title = models.CharField(max_length=32)
    mode = models.CharField(max_length=32)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    rating = models.FloatField(default=0.0, help_text="Of the party, in points.")
    properties = models.JSONField(default=dict, blank=True)
    query = models.JSONField(
        default=dict, blank=True, help_text="What others' properties have to be."
    )
    bots = models.BooleanField(default=True, help_text="Whether bots may sit in.")
    least = models.PositiveSmallIntegerField(null=True, help_text="Players; empty: as the mode.")
    most = models.PositiveSmallIntegerField(null=True, help_text="Players; empty: as the mode.")
    created = models.DateTimeField(default=timezone.now)
    seen = models.DateTimeField(default=timezone.now, help_text="When somebody looked at it last.")
    ended = models.DateTimeField(null=True, help_text="When it was matched, or given up.")
    match = models.ForeignKey(
        Match, on_delete=models.SET_NULL, null=True, related_name="tickets", help_text="Found."
    )

    class Meta:
        ordering: ClassVar = ["-created", "-id"]
        indexes: ClassVar = [
            # Each pass asks for those who wait; there are few of them among many.
            models.Index(fields=["id"], name="ticket_waiting", condition=Q(state="waiting")),
            models.Index(
                fields=["title", "mode", "-ended"],
                name="ticket_matched",
                condition=Q(state="matched"),
            ),
            models.Index(fields=["ended"], name="ticket_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.mode} {self.pk}"


class Waiter(models.Model):
    """Somebody who waits with a ticket, or did."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="waits")
    waiting = models.BooleanField(default=True, help_text="As long as the ticket does.")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], name="waits_once", condition=Q(waiting=True)),
            models.UniqueConstraint(fields=["ticket", "user"], name="waiter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} with {self.ticket_id}"


class Matcher(models.Model):
    """The worker that finds matches for all: one row.

    The epoch is the fencing token: whoever becomes the matcher raises it, and each write of a pass
    holds only if it is still the same.
    """

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    worker = models.CharField(max_length=64, blank=True)
    epoch = models.PositiveBigIntegerField(default=0)
    since = models.DateTimeField(default=timezone.now, help_text="When it became the matcher.")
    wrote = models.DateTimeField(null=True, help_text="When it wrote a match last.")

    def __str__(self) -> str:
        return f"{self.worker} in epoch {self.epoch}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = self.ONLY
        super().save(*args, **kwargs)
