"""How often a password may be tried: counted by account, and before it is looked at."""

import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.db import connections
from django.test import Client

from lobby import counters
from lobby.limits import LOGIN_TRIES_MAX, LOGIN_WINDOW_S
from lobby.services.lockouts import lockout_of, lockout_reset
from tests.lobby.kit import api, browser, person, refused

pytestmark = pytest.mark.django_db

RIGHT, WRONG = "correct horse", "wrong horse"


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """Sets the clock of the counters; each try comes from elsewhere, so addresses do not count."""
    now = [1_000_000.0]
    monkeypatch.setattr(counters, "clock", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] = 1_000_000.0 // LOGIN_WINDOW_S * LOGIN_WINDOW_S + seconds

    move(0)
    return move


_places = iter(range(10**6))


def login(username: str, password: str) -> Any:
    number = next(_places)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    body = {"username": username, "password": password}
    return api().post("/api/auth/login/", body, REMOTE_ADDR=address)


def try_out(username: str) -> None:
    for _ in range(LOGIN_TRIES_MAX):
        assert refused(login(username, WRONG), 401, "credentials_wrong")


def test_after_so_many_tries_even_the_right_password_has_to_wait(at: Any) -> None:
    ann = person("Ann", password=RIGHT)
    try_out(ann.username)
    at(100)
    answer = login(ann.username, RIGHT)
    assert refused(answer, 429, "throttled")
    assert answer.headers["Retry-After"] == str(LOGIN_WINDOW_S - 100)
    assert lockout_of(username=ann.username) == LOGIN_WINDOW_S - 100
    at(LOGIN_WINDOW_S)
    assert login(ann.username, RIGHT).status_code == 200


def test_an_account_is_locked_under_any_way_to_write_its_name() -> None:
    ann = person("Ann", password=RIGHT)
    try_out(ann.username)
    for name in (ann.username.upper(), "Ａ" + ann.username[1:]):
        assert refused(login(name, RIGHT), 429, "throttled")


def test_a_name_that_nobody_has_is_answered_alike() -> None:
    try_out("nobody")
    assert refused(login("nobody", WRONG), 429, "throttled")


def test_others_are_not_locked_out() -> None:
    try_out("nobody")
    bob = person("Bob", password=RIGHT)
    assert login(bob.username, RIGHT).status_code == 200


def test_who_gets_in_begins_anew() -> None:
    ann = person("Ann", password=RIGHT)
    for _ in range(3):
        for _ in range(LOGIN_TRIES_MAX - 1):
            login(ann.username, WRONG)
        assert login(ann.username, RIGHT).status_code == 200


def test_an_operator_may_lift_it() -> None:
    ann = person("Ann", password=RIGHT)
    try_out(ann.username)
    login(ann.username, WRONG)
    lockout_reset(username=ann.username)
    assert lockout_of(username=ann.username) is None
    assert login(ann.username, RIGHT).status_code == 200


def test_the_login_of_the_admin_counts_as_well() -> None:
    op = person("Op", password=RIGHT, is_staff=True)
    form = {"username": op.username, "password": WRONG}
    for _ in range(LOGIN_TRIES_MAX):
        Client().post("/admin/login/", form)
    answer = Client().post("/admin/login/", form | {"password": RIGHT})
    assert answer.status_code == 200
    assert "sessionid" not in answer.cookies
    assert authenticate(None, username=op.username, password=RIGHT) is None


def test_somebody_at_an_open_page_cannot_try_out_passwords_there(settings: Any) -> None:
    ann = person("Ann", password=RIGHT)
    page = browser(ann)
    body = {"old_password": WRONG, "new_password": "battery staple"}
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"login": None}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    for _ in range(LOGIN_TRIES_MAX):
        assert refused(page.post("/api/me/password/", body), 403, "password_wrong")
    answer = page.post("/api/me/password/", body | {"old_password": RIGHT})
    assert refused(answer, 429, "throttled")


def test_a_session_knows_who_was_let_in_by_either_backend() -> None:
    ann = person("Ann", password=RIGHT)
    for backend in ("lobby.backends.LockOut", "django.contrib.auth.backends.ModelBackend"):
        client = Client()
        client.force_login(ann, backend=backend)
        assert client.get("/api/me/").json()["id"] == ann.id


AT_ONCE = 3 * LOGIN_TRIES_MAX


@pytest.fixture(params=["memory", "redis"])
def shared(request: pytest.FixtureRequest, settings: Any) -> None:
    """Either cache that workers have."""
    if request.param == "redis":
        settings.CACHES = {
            "default": {
                "BACKEND": "gameserver.cache.Cache",
                "LOCATION": [request.getfixturevalue("redis_url")],
                "KEY_PREFIX": secrets.token_hex(4),
            }
        }


@pytest.mark.django_db(transaction=True)
def test_of_many_tries_at_once_no_more_are_looked_at(
    shared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = person("Ann", password=RIGHT)
    looked_at: list[str] = []
    check = ModelBackend.authenticate

    def counted(self: Any, request: Any, **credentials: Any) -> Any:
        looked_at.append(credentials["password"])
        time.sleep(0.01)  # as a hash takes: all others come meanwhile
        return check(self, request, **credentials)

    monkeypatch.setattr(ModelBackend, "authenticate", counted)
    gate = threading.Barrier(AT_ONCE)

    def attempt(number: int) -> int:
        try:
            gate.wait(30)
            return int(login(ann.username, WRONG).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = Counter(threads.map(attempt, range(AT_ONCE)))
    assert len(looked_at) == LOGIN_TRIES_MAX
    assert answers == {401: LOGIN_TRIES_MAX, 429: AT_ONCE - LOGIN_TRIES_MAX}
