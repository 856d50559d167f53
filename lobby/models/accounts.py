"""Accounts: who somebody is."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower

from lobby.limits import NAME_CHARS_MAX
from lobby.names import name_check


class Users(UserManager["User"]):
    """Finds accounts by username, whatever its case."""

    use_in_migrations = False

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractUser):
    """Somebody who plays: a guest, or one with a password."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(
        max_length=NAME_CHARS_MAX, validators=[name_check], help_text="As others see it."
    )
    guest = models.BooleanField(default=False, help_text="Made by one click, without a password.")

    objects: ClassVar[Users] = Users()

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                name="username_once_in_any_case",
                violation_error_message="A user with that username already exists.",
            )
        ]
        indexes: ClassVar = [
            # Those that an operator closed: leaderboards leave out these few among many.
            models.Index(fields=["id"], name="user_closed", condition=models.Q(is_active=False))
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.name:  # made by `createsuperuser`, which knows no names
            self.name = self.username[:NAME_CHARS_MAX]
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
