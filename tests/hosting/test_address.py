"""What an operator writes is what is connected to, and what makes no sense is said."""

import pytest

from games.hosting.ledger.address import Kind, parse


def test_sentinels_a_primary_and_a_database() -> None:
    address = parse("redis+sentinel://h1:26380,h2,[::1]:5/rooms/3")
    assert address.kind is Kind.SENTINEL
    assert address.hosts == (("h1", 26380), ("h2", 26379), ("::1", 5))
    assert address.primary == "rooms"
    assert address.options == {"db": 3}
    assert address.sentinel_options == {}
    assert parse("redis+sentinel://h1/rooms").options.get("db", 0) == 0


def test_the_password_is_the_servers_and_sentinels_have_their_own() -> None:
    login = "who:p%40ss@"
    address = parse(f"redis+sentinel://{login}h1,h2/rooms?sentinel_password=s")
    assert address.options == {"username": "who", "password": "p@ss"}
    assert address.sentinel_options == {"password": "s"}
    assert parse("redis+sentinel://:p@h1/rooms").sentinel_options == {}


def test_tls_is_for_all_of_them() -> None:
    address = parse("rediss+sentinel://h1/rooms?ssl_ca_certs=/ca.pem")
    tls = {"ssl": True, "ssl_ca_certs": "/ca.pem"}
    assert (address.options, address.sentinel_options) == (tls, tls)
    assert parse("rediss+cluster://h1").options == {"ssl": True}


def test_a_cluster_is_some_of_its_nodes() -> None:
    address = parse("redis+cluster://:p@h1:7000,h2:7001")
    assert (address.kind, address.hosts) == (Kind.CLUSTER, (("h1", 7000), ("h2", 7001)))
    assert address.options == {"password": "p"}
    assert parse("redis+cluster://h1/0").hosts == (("h1", 6379),)


def test_one_server_is_what_redis_py_makes_of_it() -> None:
    address = parse("redis://:p@h1:7/2")
    assert address.kind is Kind.SERVER
    assert address.options == {"host": "h1", "port": 7, "db": 2, "password": "p"}
    assert parse("unix:///run/redis?db=1").options["path"] == "/run/redis"


@pytest.mark.parametrize(
    "url",
    [
        "http://:secret@h1",
        "",
        "redis+other://:secret@h1",
        "unix+sentinel:///run/redis",
        "redis+sentinel://:secret@h1:26379",
        "redis+sentinel://:secret@h1:26379/",
        "redis+sentinel://:secret@h1:x/rooms",
        "redis+sentinel://:secret@h1,/rooms",
        "redis+sentinel://:secret@/rooms",
        "redis+sentinel://:secret@h1/rooms/first",
        "redis+cluster://:secret@h1/1",
        "redis+cluster://:secret@h1/rooms",
    ],
)
def test_what_makes_no_sense_is_said_without_the_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        parse(url)
    assert "secret" not in str(refused.value)
