"""Throttles: nobody gets more than the rate, whatever they try."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from lobby.api.throttles import Throttle, network_of, rate_read
from lobby.api.views.titles import TitleList
from tests.lobby.kit import api, person, refused

NOON = 1_700_000_000.0


@pytest.fixture
def rates(settings: Any) -> Any:
    """Sets the rates of scopes."""

    def set_rates(**changes: str | None) -> None:
        rates = dict.fromkeys(["guest", "login", "write", "read", "ticket"]) | changes
        settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}

    return set_rates


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, in the test's hand."""
    time = [NOON]
    monkeypatch.setattr(Throttle, "clock", staticmethod(lambda: time[0]))
    return time


def test_of_ten_times_as_many_at_once_no_more_than_the_rate_pass(rates: Any, now: Any) -> None:
    rates(read="20/min")
    view, together = TitleList.as_view(), threading.Barrier(20)

    def ask(_: int) -> list[int]:
        together.wait()
        return [view(RequestFactory().get("/api/titles/")).status_code for _ in range(10)]

    with ThreadPoolExecutor(20) as threads:
        statuses = [status for part in threads.map(ask, range(20)) for status in part]
    assert statuses.count(200) == 20
    assert statuses.count(429) == 180


@pytest.mark.django_db
def test_one_who_asked_too_often_is_told_how_long_to_wait(rates: Any, now: list[float]) -> None:
    rates(read="2/min")
    now[0] = NOON // 60 * 60 + 15.5
    client = api()
    assert [client.get("/api/titles/").status_code for _ in range(2)] == [200, 200]
    answer = client.get("/api/titles/")
    assert refused(answer, 429, "throttled")
    assert answer.headers["Retry-After"] == "45"
    now[0] += 45
    assert client.get("/api/titles/").status_code == 200


@pytest.mark.django_db
def test_accounts_are_counted_apart_at_one_address(rates: Any) -> None:
    rates(read="1/day")
    ann, bob = api(person("Ann")), api(person("Bob"))
    assert ann.get("/api/me/").status_code == bob.get("/api/me/").status_code == 200
    assert refused(ann.get("/api/me/"), 429, "throttled")


@pytest.mark.django_db
def test_reading_and_writing_are_counted_apart(rates: Any) -> None:
    rates(read="1/day", write="1/day")
    client = api(person())
    assert client.get("/api/me/").status_code == 200
    assert client.post("/api/lobbies/", {"title": "chess"}).status_code == 201
    assert refused(client.post("/api/lobbies/", {"title": "chess"}), 429, "throttled")


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["guest", "login", "register"])
def test_a_forged_forwarding_header_brings_no_new_allowance(rates: Any, way: str) -> None:
    rates(guest="2/day", login="2/day")

    def ask(number: int) -> int:
        header = {"X-Forwarded-For": f"10.0.0.{number}"}
        return api().post(f"/api/auth/{way}/", {}, headers=header).status_code

    assert [ask(number) for number in range(4)][2:] == [429, 429]


@pytest.mark.django_db
def test_a_new_account_brings_no_new_allowance_to_log_in(rates: Any) -> None:
    rates(login="1/day")
    body = {"username": "a", "password": "b"}
    assert api(person()).post("/api/auth/login/", body).status_code == 401
    assert refused(api(person()).post("/api/auth/login/", body), 429, "throttled")


def test_behind_a_trusted_proxy_its_word_counts(settings: Any) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    header = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7"}
    request = Request(RequestFactory().get("/", headers=header))
    assert Throttle().get_ident(request) == "203.0.113.7"


@pytest.mark.django_db
def test_without_a_rate_nothing_is_counted(rates: Any) -> None:
    rates(read=None)
    assert {api().get("/api/titles/").status_code for _ in range(30)} == {200}


@pytest.mark.parametrize(
    ("rate", "read"),
    [("20/min", (20, 60)), ("1/s", (1, 1)), ("30/hour", (30, 3600)), ("5/day", (5, 86400))],
)
def test_rates_are_read_as_drf_reads_them(rate: str, read: tuple[int, int]) -> None:
    assert rate_read(rate) == read


def test_one_customer_of_ipv6_is_counted_as_one() -> None:
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2:ffff::1")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("") == network_of("unix:") == "unknown"
