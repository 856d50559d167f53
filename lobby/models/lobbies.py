"""The lobbies in which people gather before they play."""

import secrets
import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from games.catalog import TITLES
from games.models import Match
from games.sim import Game
from lobby.limits import CODE_CHARS, CODE_LENGTH, LOBBY_NAME_CHARS_MAX
from lobby.models.accounts import User
from lobby.names import name_check


def code_invent() -> str:
    """A code that lets somebody into a lobby."""
    return "".join(secrets.choice(CODE_CHARS) for _ in range(CODE_LENGTH))


class Lobby(models.Model):
    """Where people gather and choose before a match, and come back to after it.

    Its state is derived: closed for good, else whatever its match says.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        PLAYING = "playing", "playing"
        CLOSED = "closed", "closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=32, db_index=True)
    name = models.CharField(max_length=LOBBY_NAME_CHARS_MAX, validators=[name_check])
    host = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="hosted")
    settings = models.JSONField(default=dict)
    private = models.BooleanField(default=False)
    category = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="In which of its title's categories its matches are rated, by its settings.",
    )
    rated = models.BooleanField(
        default=False, help_text="Its matches change ratings: no guests, no bots."
    )
    code = models.CharField(max_length=CODE_LENGTH, unique=True, default=code_invent)
    password = models.CharField(
        max_length=128, blank=True, default="", help_text="Hashed; empty: it has none."
    )
    bots = models.PositiveSmallIntegerField(default=0)
    barred = models.JSONField(default=list, blank=True, help_text="Ids of those who were kicked.")
    closed = models.BooleanField(default=False)
    match = models.ForeignKey(
        Match, on_delete=models.SET_NULL, null=True, related_name="lobbies", help_text="The latest."
    )
    rounds = models.PositiveIntegerField(default=0, help_text="Matches started so far.")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)
    seen = models.DateTimeField(
        default=timezone.now, help_text="When somebody of it was here last, to the minute."
    )

    class Meta:
        verbose_name_plural = "lobbies"
        ordering: ClassVar = ["-created", "id"]
        indexes: ClassVar = [
            models.Index(
                fields=["-created"],
                name="lobby_listed",
                condition=models.Q(closed=False, private=False),
            ),
            models.Index(fields=["seen"], name="lobby_deserted", condition=models.Q(closed=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.title})"

    @property
    def state(self) -> "Lobby.State":
        if self.closed:
            return self.State.CLOSED
        if self.match is not None and self.match.live:
            return self.State.PLAYING
        return self.State.OPEN

    @property
    def game(self) -> type[Game[Any]]:
        """The rules that are played here."""
        return TITLES[self.title]


class Member(models.Model):
    """Somebody in a lobby."""

    lobby = models.ForeignKey(Lobby, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    ready = models.BooleanField(default=False)
    team = models.PositiveSmallIntegerField(null=True, help_text="The side they chose.")
    seat = models.PositiveSmallIntegerField(null=True, help_text="The seat they chose.")
    joined = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["joined", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lobby", "user"], name="lobby_member_once"),
            models.UniqueConstraint(
                fields=["lobby", "seat"],
                name="lobby_seat_once",
                condition=models.Q(seat__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.lobby_id}"
