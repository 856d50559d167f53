"""Where a Redis is, as an operator writes it.

``redis://[user:password@]host:6379/0``
    One server. With TLS ``rediss``; on this machine also ``unix:///path/of/socket?db=0``.
``redis+sentinel://[user:password@]host1:26379,host2:26379/mymaster/0``
    The primary of that name, whichever it is; Sentinels at these hosts know. ``rediss+sentinel``.
``redis+cluster://[user:password@]host1:7000,host2:7001``
    The Cluster to which these hosts belong. ``rediss+cluster``.

User and password are those of the servers. Where the Sentinels ask for some of their own, they are
given as ``?sentinel_username=…&sentinel_password=…``. Everything else behind the question mark is
an option of redis-py's connections, such as ``ssl_ca_certs``. With TLS, Sentinels speak it as well.
"""

from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url

Host = tuple[str, int]


class Kind(Enum):
    """How many servers there are, and who says which to ask."""

    SERVER = ""
    SENTINEL = "sentinel"
    CLUSTER = "cluster"

    @property
    def fails_over(self) -> bool:
        """Whether another server takes the place of one that is gone, with what it has by then."""
        return self is not Kind.SERVER


PORTS = {Kind.SERVER: 6379, Kind.SENTINEL: 26379, Kind.CLUSTER: 6379}
"""Where they listen, if the address does not say."""


class Address(NamedTuple):
    """What an address says.

    Attributes:
        hosts: Of Sentinels, or of some nodes of a Cluster; empty for one server.
        primary: The name under which Sentinels know it.
        options: What a connection to a server needs besides, by redis-py's names; for one server,
            all that it needs.
        sentinel_options: What a connection to a Sentinel needs besides.
    """

    kind: Kind
    hosts: tuple[Host, ...]
    primary: str
    options: dict[str, Any]
    sentinel_options: dict[str, Any]


def parse(url: str) -> Address:
    """What ``url`` says.

    Raises:
        ValueError: it makes no sense; the text says why, and holds no password.
    """
    parts = urlsplit(url)
    scheme, _, how = parts.scheme.partition("+")
    if not how:
        return Address(Kind.SERVER, (), "", dict(parse_url(url)), {})
    if scheme not in {"redis", "rediss"} or how not in {"sentinel", "cluster"}:
        raise ValueError(f"{parts.scheme!r} is no kind of Redis")
    kind = Kind(how)
    login, at, hosts = parts.netloc.rpartition("@")
    found = tuple(_host(one, PORTS[kind]) for one in hosts.split(","))
    path = parts.path.strip("/")
    primary, _, db = path.partition("/") if kind is Kind.SENTINEL else ("", "", path)
    if kind is Kind.SENTINEL and not primary:
        raise ValueError("the name of the primary is missing behind the hosts, such as /mymaster/0")
    if not (db or "0").isdecimal():
        raise ValueError(f"{db!r} is no number of a database")
    if kind is Kind.CLUSTER and int(db or 0):
        raise ValueError("a Cluster has one database, 0")

    # redis-py reads the rest, so that it means the same in every address.
    options: dict[str, Any] = dict(parse_url(f"{scheme}://{login}{at}-/{db}?{parts.query}"))
    del options["host"]
    tls = {"ssl": True} if options.pop("connection_class", None) else {}
    ssl = {name: value for name, value in options.items() if name.startswith("ssl_")}
    own = {
        name: options.pop(f"sentinel_{name}")
        for name in ("username", "password")
        if f"sentinel_{name}" in options
    }
    return Address(kind, found, primary, options | tls, ssl | own | tls)


def _host(text: str, port: int) -> Host:
    """One of several, ``host``, ``host:port`` or ``[::1]:port``."""
    try:
        parts = urlsplit(f"//{text}")
        if not parts.hostname:
            raise ValueError
        return parts.hostname, parts.port or port
    except ValueError:
        raise ValueError(f"{text!r} is no host and port") from None
