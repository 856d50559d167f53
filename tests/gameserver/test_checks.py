"""A mistake in the environment is named by `manage.py check`."""

import pytest

from gameserver.checks import environment_makes_sense


def found(settings, **changes) -> list[str]:
    for name, value in changes.items():
        setattr(settings, name, value)
    return [message.id for message in environment_makes_sense(None)]


def test_defaults_make_sense(settings):
    assert found(settings) == []


@pytest.mark.parametrize(
    "origin",
    ["play.example.org", "https://play.example.org/", "ftp://example.org", "https://", "*"],
)
def test_origin_that_is_not_full_is_named(settings, origin: str):
    assert found(settings, ORIGINS=["https://example.org:8443", origin]) == ["evertick.E001"]


@pytest.mark.parametrize(
    ("name", "url", "code"),
    [
        ("REDIS_URL", "http://127.0.0.1:6379", "evertick.E002"),
        ("REDIS_URL", "redis+sentinel://127.0.0.1:26379", "evertick.E002"),
        ("JOURNAL_URL", "redis+claster://127.0.0.1:7000", "evertick.E004"),
        ("REDIS_URL", "redis+cluster://127.0.0.1:7000", "evertick.E005"),
    ],
)
def test_redis_address_that_makes_no_sense_there_is_named(settings, name: str, url: str, code: str):
    assert found(settings, EVERTICK=settings.EVERTICK | {name: url}) == [code]


def test_redis_may_be_watched_and_the_room_store_a_cluster(settings):
    urls = {
        "REDIS_URL": "redis+sentinel://127.0.0.1:26379/mymaster/0",
        "JOURNAL_URL": "redis+cluster://127.0.0.1:7000,127.0.0.1:7001",
    }
    assert found(settings, EVERTICK=settings.EVERTICK | urls) == []


@pytest.mark.parametrize(
    ("url", "client", "codes"),
    [
        ("https://id.example.org", "evertick", []),
        ("id.example.org", "evertick", ["evertick.E006"]),
        ("https://id.example.org", "", ["evertick.E007"]),
    ],
)
def test_a_provider_that_cannot_be_asked_is_named(
    settings, url: str, client: str, codes: list[str]
):
    app = {"provider_id": "oidc", "client_id": client, "settings": {"server_url": url}}
    providers = {"openid_connect": {"APPS": [app]}}
    assert found(settings, SOCIALACCOUNT_PROVIDERS=providers) == codes


def test_database_of_another_kind_is_named(settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.mysql")
    assert found(settings) == ["evertick.E003"]


@pytest.mark.parametrize(
    "storage",
    [
        {"BACKEND": "nowhere.at.All"},
        {"BACKEND": "gameserver.storage.WholeFileStorage", "OPTIONS": {"bucket": "journals"}},
    ],
)
def test_storage_for_journals_that_is_not_there_is_named(settings, storage: dict[str, object]):
    storages = settings.STORAGES | {"journals": storage}
    assert found(settings, STORAGES=storages) == ["evertick.E004"]


def test_season_of_a_strange_length_is_named(settings):
    assert found(settings, RATINGS={"SEASON": "quarter"}) == []
    assert found(settings, RATINGS={"SEASON": "week"}) == ["evertick.E008"]


def test_a_word_filter_that_is_not_there_is_named(settings):
    assert found(settings, EVERTICK_CHAT_FILTER="lobby.words.msaked") == ["evertick.E009"]
    assert found(settings, EVERTICK_CHAT_FILTER="nowhere.at.all") == ["evertick.E009"]
