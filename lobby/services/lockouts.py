"""How often the password of one account may be tried, from wherever: counted before it is looked
at, so that of any number at once no more get through. Unknown names are counted alike."""

import hashlib
import unicodedata
from typing import Any

from django.contrib.auth.models import AbstractUser

from lobby.counters import count, counted, forget
from lobby.limits import LOGIN_TRIES_MAX, LOGIN_WINDOW_S

LOCKED_S = "evertick_locked_s"
"""The attribute of a request whose password was not looked at: for how long that goes on."""


def login_tried(*, username: str) -> float | None:
    """One more try; seconds to wait, if it is one too many."""
    tries = count(_what(username), window_s=LOGIN_WINDOW_S)
    return tries.wait_s if tries.number > LOGIN_TRIES_MAX else None


def lockout_of(*, username: str) -> float | None:
    """For how many seconds nobody gets in by this name; None: they may try."""
    tries = counted(_what(username), window_s=LOGIN_WINDOW_S)
    return tries.wait_s if tries.number > LOGIN_TRIES_MAX else None


def lockout_reset(*, username: str) -> None:
    """Its tries begin anew."""
    forget(_what(username), window_s=LOGIN_WINDOW_S)


def login_succeeded(user: AbstractUser, **_: Any) -> None:
    """Receives ``user_logged_in``."""
    lockout_reset(username=user.username)


def _what(username: str) -> str:
    """Of fixed length, and of characters that any cache takes."""
    name = unicodedata.normalize("NFKC", username).casefold()
    return f"login:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:32]}"
