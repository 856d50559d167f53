"""The durable record of play: matches and who sat where. Live state is not here, but in rooms."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Match(models.Model):
    """One match: which title, with what settings, who ran it, and what came of it."""

    class Status(models.TextChoices):
        STARTING = "starting", "starting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        ABANDONED = "abandoned", "abandoned"
        FAULTED = "faulted", "faulted"

    LIVE: ClassVar = (Status.STARTING, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=32, db_index=True)
    rules_version = models.PositiveIntegerField()
    settings = models.JSONField(default=dict)
    seed = models.PositiveBigIntegerField(help_text="Of all chance in it; secret until it ends.")
    public = models.BooleanField(default=True, help_text="Whether anybody may watch.")
    rated = models.BooleanField(
        default=False, help_text="Whether its result changes ratings; as it was when it began."
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.STARTING)
    worker = models.CharField(max_length=64, blank=True, help_text="The worker that runs it.")
    epoch = models.PositiveBigIntegerField(default=0, help_text="Which owner that is.")
    opening = models.JSONField(
        null=True, help_text="Number, name and bot of each seat when it began."
    )
    end_requested = models.BooleanField(default=False)
    ranking = models.JSONField(null=True, help_text="Groups of seats, best first.")
    reason = models.CharField(max_length=64, blank=True, help_text="Why it ended.")
    fault = models.TextField(blank=True, help_text="Traceback, where the rules failed.")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    archived = models.DateTimeField(
        null=True, help_text="When some of its journal was archived last; empty if nothing is."
    )
    counted = models.DateTimeField(
        null=True, help_text="When the result of a rated match reached the ratings."
    )
    counts_as = models.DateTimeField(
        null=True,
        help_text="When it counts as ended in ratings, where its result came too late for them.",
    )

    class Meta:
        verbose_name_plural = "matches"
        ordering: ClassVar = ["-created"]
        indexes: ClassVar = [
            models.Index(fields=["-created"]),
            # Workers sweep those that wait for one; there are few of them among many.
            models.Index(fields=["created"], name="match_waiting", condition=Q(status="starting")),
            # Of those that run, most may sleep, and none of these has a worker.
            models.Index(
                fields=["worker"], name="match_awake", condition=Q(status="running", worker__gt="")
            ),
            # Of many old matches, those that still have a journal to remove.
            models.Index(
                fields=["ended"], name="match_archived", condition=Q(archived__isnull=False)
            ),
            # Results that the ratings have still to hear of: few, and gone in a moment.
            models.Index(
                fields=["title", "ended", "id"],
                name="match_due",
                condition=Q(rated=True, status="finished", counted__isnull=True),
            ),
            # All that were ever rated, in the order in which they count.
            models.Index(
                fields=["title", "ended", "id"],
                name="match_rated",
                condition=Q(rated=True, status="finished"),
            ),
            # Those among them, few, that count later than they ended.
            models.Index(
                fields=["title", "counts_as", "id"],
                name="match_rated_late",
                condition=Q(counts_as__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {str(self.id)[:8]}"

    @property
    def live(self) -> bool:
        """Whether it is still to be played or being played."""
        return self.status in self.LIVE


class Seat(models.Model):
    """A place in a match, and who took it."""

    class Left(models.TextChoices):
        NOT = "", "in play"
        LEFT = "left", "left"
        KICKED = "kicked", "kicked"

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="seats")
    number = models.PositiveSmallIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="seats",
        db_index=False,
    )
    name = models.CharField(max_length=40, help_text="As it was shown in the match.")
    bot = models.BooleanField(default=False)
    left = models.CharField(max_length=8, choices=Left, default=Left.NOT, blank=True)
    place = models.PositiveSmallIntegerField(null=True, help_text="1 is the winner; ties share.")
    joined = models.DateTimeField(
        default=timezone.now, help_text="When it was first taken; leaving does not change it."
    )

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["match", "number"], name="seat_number_once"),
            models.UniqueConstraint(
                fields=["match", "user"], name="seat_user_once", condition=Q(user__isnull=False)
            ),
        ]
        indexes: ClassVar = [
            # Somebody's history, in order.
            models.Index(fields=["user", "-joined", "-id"], name="seat_history"),
        ]

    def __str__(self) -> str:
        return f"seat {self.number}: {self.name}"


class Sleep(models.Model):
    """A running match that nobody looks at, and in which nothing happens soon: it is here, and in
    no worker's memory."""

    match = models.OneToOneField(
        Match, on_delete=models.CASCADE, primary_key=True, related_name="sleep"
    )
    tick = models.PositiveBigIntegerField(help_text="Its last.")
    room = models.BinaryField(help_text="The whole room after it: a checkpoint.")
    ticked_at = models.DateTimeField(help_text="When that tick was: from here its clocks run.")
    wake_at = models.DateTimeField(
        null=True, db_index=True, help_text="When something happens in it by itself."
    )

    def __str__(self) -> str:
        return f"sleep of {self.match_id} since tick {self.tick}"


class Worker(models.Model):
    """A server process, as operators see it: it writes this row every few seconds.

    Nothing is decided by it, but for what an operator asks.
    """

    id = models.CharField(max_length=64, primary_key=True)
    role = models.CharField(max_length=8)
    address = models.CharField(max_length=128, help_text="Host and process.")
    rooms = models.PositiveIntegerField(default=0, help_text="That it runs.")
    sockets = models.PositiveIntegerField(default=0, help_text="That it keeps.")
    started = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField(auto_now=True)
    draining = models.BooleanField(default=False, help_text="It gives its rooms to others.")
    drain_requested = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["-seen"]

    def __str__(self) -> str:
        return self.id
