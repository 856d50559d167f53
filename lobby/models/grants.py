"""Grants: by which token or session somebody is signed in, and since when."""

import secrets
from typing import ClassVar

from django.db import models

from lobby.limits import AGENT_CHARS_MAX
from lobby.models.accounts import User


def grant_invent() -> str:
    """A name that nobody guesses, and that opens nothing."""
    return secrets.token_urlsafe(16)


class Grant(models.Model):
    """One way in that is open now: a program's token, or a browser's session.

    Its id goes into what is signed for sockets. With the row, all of that ends.
    """

    id = models.CharField(primary_key=True, max_length=32, default=grant_invent, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    token = models.OneToOneField(
        "knox.AuthToken", on_delete=models.CASCADE, null=True, related_name="grant"
    )
    session = models.CharField(max_length=40, db_index=True, help_text="Its key; empty: a token.")
    agent = models.CharField(max_length=AGENT_CHARS_MAX, help_text="What asked for it, coarsely.")
    created = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(auto_now_add=True, help_text="Within some minutes.")
    expires = models.DateTimeField(null=True, help_text="Empty: never.")

    class Meta:
        ordering: ClassVar = ["-used", "id"]

    def __str__(self) -> str:
        return f"{self.agent} of {self.user_id}"
