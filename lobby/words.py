"""What may be said: the word filter that is there unless ``EVERTICK_CHAT_FILTER`` names another.

A filter is a function that is given a text and returns what others are to read: the same, or less
of it; None: the message is refused. It runs on a thread that may wait, though all that is said at
this worker waits behind it.
"""

import logging
import re
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)

Filter = Callable[[str], str | None]

_WORDS = (
    "arsehole", "asshole", "bastard", "bitch", "bollocks", "cunt", "dickhead", "fuck", "fucker",
    "fucking", "motherfucker", "shit", "slut", "twat", "wanker", "whore",
)  # fmt: skip
"""A beginning, in one language. Whoever runs a server for a crowd knows what is said there."""

_MASKED = re.compile(rf"\b(?:{'|'.join(_WORDS)})s?\b", re.IGNORECASE)


def masked(text: str) -> str | None:
    """The text with a few English words as asterisks.

    It takes whole words, as they are spelt: whoever wants to get by it does, and nobody is kept
    from speaking of Scunthorpe.
    """
    return _MASKED.sub(lambda found: "*" * len(found[0]), text)


@cache
def _load(path: str) -> Filter:
    found: Filter = import_string(path)
    return found


def filtered(text: str) -> str | None:
    """What the filter of this server makes of ``text``; None also where the filter fails."""
    try:
        return _load(settings.EVERTICK_CHAT_FILTER)(text)
    except Exception:
        log.exception("%s failed; the message was refused", settings.EVERTICK_CHAT_FILTER)
        return None
