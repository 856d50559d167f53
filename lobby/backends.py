"""Stands before Django's own check of names and passwords, wherever that is asked: over REST, in
the admin, and where somebody has to show again who they are."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from lobby.services.lockouts import LOCKED_S, login_tried


class LockOut(ModelBackend):
    """Lets no more tries at one account through than its window has. Whether a password is right is
    for the next backend to say; whom a session is of, this one knows as well."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> None:
        """Counts this try.

        Raises:
            PermissionDenied: there were too many, and the password is not looked at.
        """
        if username is None or password is None:
            return
        if wait_s := login_tried(username=username):
            if request is not None:
                setattr(request, LOCKED_S, wait_s)
            raise PermissionDenied
