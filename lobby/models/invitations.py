"""Invitations to lobbies: links for whoever has them, and letters to one person."""

import secrets
from typing import ClassVar

from django.db import models

from lobby.models.accounts import User
from lobby.models.lobbies import Lobby


def token_invent() -> str:
    """What a link ends with: 128 bits, so nobody guesses one."""
    return secrets.token_urlsafe(16)


class Invitation(models.Model):
    """A way into a lobby, past its code and its password; taking it back deletes it."""

    lobby = models.ForeignKey(Lobby, on_delete=models.CASCADE, related_name="invitations")
    maker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations_made")
    invitee = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        related_name="invitations",
        help_text="For them alone.",
    )
    token = models.CharField(max_length=32, unique=True, default=token_invent)
    uses_left = models.PositiveSmallIntegerField()
    expires = models.DateTimeField(db_index=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lobby", "invitee"], name="invited_once")
        ]

    def __str__(self) -> str:
        return f"invitation to {self.lobby_id}"
