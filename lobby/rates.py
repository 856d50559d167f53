"""Counts what people do, in Django's cache, where all workers count together."""

from django.core.cache import cache


def count(key: str, *, ttl_s: int) -> int:
    """One more under ``key``, atomically; how many there are now."""
    cache.add(key, 0, timeout=ttl_s)
    try:
        return cache.incr(key)
    except ValueError:  # thrown out of a full cache between the two lines
        cache.set(key, 1, timeout=ttl_s)
        return 1
