"""What people say to each other, and who may not for a while."""

from typing import ClassVar

from django.db import models

from lobby.limits import CHAT_BURST_MAX, CHAT_CHARS_MAX
from lobby.models.accounts import User


class Talk(models.Model):
    """A conversation: of a lobby, of a match, or of two friends.

    Its messages are numbered without a gap, in the order in which they are told.
    """

    name = models.CharField(
        max_length=64, unique=True, help_text="lobby:<id>, match:<id>, or direct:<id>-<id>."
    )
    last = models.PositiveBigIntegerField(default=0, help_text="The number of the newest message.")
    updated = models.DateTimeField(auto_now=True, db_index=True)

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """Something that was said."""

    talk = models.ForeignKey(Talk, on_delete=models.CASCADE, related_name="messages")
    number = models.PositiveBigIntegerField()
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="messages")
    text = models.CharField(max_length=CHAT_CHARS_MAX)
    sent = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["talk", "number"], name="message_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.number} in {self.talk_id}"


class Voice(models.Model):
    """How much an account may say: shared by all workers, as its row is."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="voice"
    )
    tokens = models.FloatField(default=CHAT_BURST_MAX, help_text="Messages it may send at once.")
    filled = models.DateTimeField(null=True, help_text="When that was so.")
    muted_until = models.DateTimeField(null=True, blank=True, help_text="By an operator.")
    reason = models.CharField(max_length=200, blank=True, help_text="The account is told this.")

    def __str__(self) -> str:
        return f"voice of {self.user_id}"
