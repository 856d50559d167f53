"""Counts in Django's cache, which workers share: one more, and how many there are now, at once.

Who reads first and writes later lets through whoever comes in between; here each counts itself
first and then looks. (DRF's throttles read first, and so do both stores of django-axes.) Windows
are fixed: over the end of one, twice as many may pass within a short time; it is never more.
"""

import time
from typing import NamedTuple

from django.core.cache import cache

clock = time.time


class Counted(NamedTuple):
    """Which one of its window something was.

    Attributes:
        number: 1 is the first.
        wait_s: Seconds until the next window.
    """

    number: int
    wait_s: float


def count(what: str, *, window_s: int, now: float | None = None) -> Counted:
    """One more of ``what``."""
    now = clock() if now is None else now
    window = int(now // window_s)
    return Counted(_more(_key(what, window), ttl_s=2 * window_s), (window + 1) * window_s - now)


def counted(what: str, *, window_s: int) -> Counted:
    """How many of ``what`` there were in this window; it is not one more."""
    now = clock()
    window = int(now // window_s)
    return Counted(int(cache.get(_key(what, window), 0)), (window + 1) * window_s - now)


def forget(what: str, *, window_s: int) -> None:
    """As if there had been none of ``what`` in this window."""
    cache.delete(_key(what, int(clock() // window_s)))


def _key(what: str, window: int) -> str:
    return f"{what}:{window}"


def _more(key: str, *, ttl_s: int) -> int:
    if at_once := getattr(cache, "count", None):  # ours in Redis
        return int(at_once(key, ttl_s))
    cache.add(key, 0, timeout=ttl_s)
    try:
        return cache.incr(key)
    except ValueError:  # thrown out of a full cache between the two lines
        cache.set(key, 1, timeout=ttl_s)
        return 1
