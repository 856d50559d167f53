"""Mistakes in the environment that `manage.py check` names before anything starts."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.files.storage import InvalidStorageError, storages
from django.utils.module_loading import import_string

from games.hosting.ledger.address import Kind, parse
from lobby.seasons import KINDS

ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


@register
def environment_makes_sense(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """What the environment chose is something that Evertick can work with."""
    found: list[CheckMessage] = [
        Error(
            f"ORIGINS: {origin!r} is no full origin",
            hint="Write scheme and host, and no path: https://play.example.org",
            id="evertick.E001",
        )
        for origin in settings.ORIGINS
        if not _is_origin(origin)
    ]
    found += _redis_makes_sense()
    found += _providers_make_sense()
    if settings.DATABASES["default"].get("ENGINE") not in ENGINES:
        found.append(
            Error(
                "DATABASE_URL is no address of a database that is supported",
                hint="Use postgres://…, or leave it unset for SQLite.",
                id="evertick.E003",
            )
        )
    try:
        storages["journals"]
    except (InvalidStorageError, TypeError) as error:
        found.append(
            Error(
                f"JOURNALS_STORAGE or JOURNALS_OPTIONS: {error}",
                hint="Name a Django storage class that is installed, and its options as JSON.",
                id="evertick.E004",
            )
        )
    found += _lobby_makes_sense()
    return found


def _lobby_makes_sense() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.RATINGS["SEASON"] not in KINDS:
        found.append(
            Error(
                f"SEASON: {settings.RATINGS['SEASON']!r} is no length of a season",
                hint=f"Choose one of {', '.join(KINDS)}.",
                id="evertick.E008",
            )
        )
    try:
        import_string(settings.EVERTICK_CHAT_FILTER)
    except ImportError as error:
        found.append(
            Error(
                f"EVERTICK_CHAT_FILTER: {error}",
                hint="Write the dotted path of a function; lobby/words.py says what it is given.",
                id="evertick.E009",
            )
        )
    return found


def _providers_make_sense() -> list[CheckMessage]:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    urls = [app["settings"]["server_url"] for app in apps]
    found: list[CheckMessage] = [
        Error(
            f"OIDC_SERVER_URL: {url!r} is no address of a provider",
            hint="Write scheme and host: https://id.example.org/realms/play",
            id="evertick.E006",
        )
        for url in urls
        if urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).netloc
    ]
    found += [
        Error(
            "OIDC_SERVER_URL is set, and OIDC_CLIENT_ID is not",
            hint="The provider gives it to you, with OIDC_SECRET, when you register this server.",
            id="evertick.E007",
        )
        for app in apps
        if not app["client_id"]
    ]
    return found


def _redis_makes_sense() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name, number in (("REDIS_URL", 2), ("JOURNAL_URL", 4)):
        url = settings.EVERTICK[name]
        if name == "JOURNAL_URL" and url == settings.EVERTICK["REDIS_URL"]:
            continue  # it is the same one, and named already
        try:
            kind = parse(url).kind if url else Kind.SERVER
        except ValueError as error:
            found.append(
                Error(
                    f"{name} is no address of a Redis: {error}",
                    hint="For example redis://127.0.0.1:6379/0; docs/deploy.md has all forms.",
                    id=f"evertick.E00{number}",
                )
            )
            continue
        if name == "REDIS_URL" and kind is Kind.CLUSTER:
            found.append(
                Error(
                    "REDIS_URL is a Cluster, on which neither channel layer nor cache work",
                    hint="Name one server or Sentinels there, and the Cluster in JOURNAL_URL.",
                    id="evertick.E005",
                )
            )
    return found


def _is_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    return bool(
        parts.scheme in {"http", "https"}
        and parts.netloc
        and origin == f"{parts.scheme}://{parts.netloc}"
    )
