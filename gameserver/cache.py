"""Django's cache in Redis, at one round trip a question and without a new client for each."""

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class _Client(RedisCacheClient):
    """Keeps its client: it has the pool's connections one at a time anyhow, and to make one costs
    more than to ask."""

    _kept: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept

    def count(self, key: str, timeout: int | None) -> int:
        """One more of ``key``, and how many there are now; it begins at nothing."""
        pipeline = self.get_client(key, write=True).pipeline(transaction=False)
        pipeline.set(key, 0, ex=timeout, nx=True).incr(key)
        return int(pipeline.execute()[-1])


class Cache(RedisCache):
    """One server, or one behind Sentinels."""

    def __init__(self, server: list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

    def count(self, key: str, timeout: Any = DEFAULT_TIMEOUT) -> int:
        """One more of ``key``, and how many there are now; it begins at nothing, and is forgotten
        after ``timeout`` seconds."""
        name = self.make_and_validate_key(key)
        client: Any = self._cache
        found: int = client.count(name, self.get_backend_timeout(timeout))
        return found
