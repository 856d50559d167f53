"""A Redis that Sentinels watch, for the channel layer and the cache.

The room store has its own way there (``games.hosting.ledger.servers``), which waits less and asks
for more.
"""

from typing import Any

from redis.sentinel import Sentinel, SentinelConnectionPool

from games.hosting.ledger.address import Address, Kind, parse

LOOKUP_WAIT_S = 0.5
"""Seconds for each Sentinel to answer; they are asked one after another."""


class PrimaryPool(SentinelConnectionPool):
    """Connections of threads to the primary, as Django's cache makes them from an address."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> "PrimaryPool":
        address = parse(url)
        sentinels = Sentinel(address.hosts, sentinel_kwargs=_asking(address))
        return cls(address.primary, sentinels, **options | address.options)


def layer_host(url: str) -> dict[str, Any]:
    """A server as channels-redis takes it."""
    if not is_sentinel(url):
        return {"address": url}
    address = parse(url)
    return {
        "sentinels": address.hosts,
        "master_name": address.primary,
        "sentinel_kwargs": _asking(address),
        **address.options,
    }


def is_sentinel(url: str) -> bool:
    """Whether an address names Sentinels; not if it makes no sense, which ``checks`` says."""
    try:
        return parse(url).kind is Kind.SENTINEL
    except ValueError:
        return False


def _asking(address: Address) -> dict[str, Any]:
    waits = {"socket_timeout": LOOKUP_WAIT_S, "socket_connect_timeout": LOOKUP_WAIT_S}
    return waits | address.sentinel_options
