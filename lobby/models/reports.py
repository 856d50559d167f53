"""What people report, and what came of it."""

from typing import ClassVar

from django.db import models

from games.models import Match
from lobby.limits import REPORT_CHARS_MAX
from lobby.models.accounts import User


class Report(models.Model):
    """Somebody says that somebody did what they should not; an operator looks at it."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        HANDLED = "handled", "handled"

    reporter = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="reports_made"
    )
    accused = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        related_name="reports",
        help_text="Empty: of a match, nobody in particular.",
    )
    reason = models.CharField(max_length=REPORT_CHARS_MAX)
    talk = models.CharField(max_length=64, blank=True, help_text="Where it was said.")
    number = models.PositiveBigIntegerField(null=True, help_text="Of the message.")
    match = models.ForeignKey(Match, on_delete=models.SET_NULL, null=True, related_name="+")
    context = models.JSONField(default=list, help_text="What was said before and after, as it was.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN, db_index=True)
    handler = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    outcome = models.CharField(max_length=200, blank=True, help_text="What was done.")
    handled = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"report {self.pk}"
