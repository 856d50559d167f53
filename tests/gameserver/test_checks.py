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


def test_redis_address_of_another_kind_is_named(settings):
    redis = settings.EVERTICK | {"REDIS_URL": "http://127.0.0.1:6379"}
    assert found(settings, EVERTICK=redis) == ["evertick.E002"]


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
