"""Each test begins with no requests counted, and with passwords that are quick to check."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from lobby import mails


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def no_mail_is_late() -> Iterator[None]:
    """What a test had sent is in no other's box."""
    yield
    mails.mails_sent()


@pytest.fixture(autouse=True)
def quick_passwords(settings: pytest.FixtureRequest) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
