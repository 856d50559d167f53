"""Where one is signed in: the list, and the end of what is in it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import DjangoAssertNumQueries

from games import services
from lobby.agents import agent_named
from lobby.limits import SESSIONS_PER_USER_MAX
from lobby.models.accounts import User
from lobby.models.grants import Grant
from lobby.selectors.grants import grants_good
from lobby.services.accounts import account_deactivate, account_delete
from tests.lobby.kit import api, browser, people, person, refused

pytestmark = pytest.mark.django_db

SESSIONS = "/api/me/sessions/"


def listed(client: Any) -> list[dict[str, Any]]:
    return list(client.get(SESSIONS).json()["results"])


def current(client: Any) -> str:
    return next(row["id"] for row in listed(client) if row["current"])


@pytest.fixture
def signed_out(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """What the workers were told while something was done."""
    told: list[str] = []

    class Rooms:
        admits = True

        def sign_out(self, *, grants: list[str]) -> None:
            told.extend(grants)

    monkeypatch.setattr(services, "rooms", Rooms())

    def of(action: Any) -> set[str]:
        told.clear()
        with django_capture_on_commit_callbacks(execute=True):
            action()
        return set(told)

    return of


def test_sessions_and_tokens_are_listed_with_what_they_are_used_from() -> None:
    ann = person("Ann", password="correct horse")
    firefox = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/2010 Firefox/140.0"}
    body = {"username": ann.username, "password": "correct horse"}
    token = api().post("/api/auth/login/", body, headers=firefox).json()["token"]
    page, client = browser(ann), api()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    rows = {row["kind"]: row for row in listed(client)}
    assert set(rows) == {"session", "token"}
    assert rows["token"]["agent"] == "Firefox on Linux"
    assert (rows["token"]["current"], rows["session"]["current"]) == (True, False)
    assert {row["kind"]: row["current"] for row in listed(page)} == {
        "token": False,
        "session": True,
    }


def test_a_list_takes_as_many_queries_however_long_it_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ann = person("Ann")
    client = api(ann)
    for length in (1, 9):
        while len(listed(client)) < length:
            api(ann)
        with django_assert_num_queries(4):  # token; which; how many; rows
            assert len(listed(client)) == length


def test_one_of_them_is_ended_and_the_others_stay(signed_out: Any) -> None:
    ann, bob = people("Ann", "Bob")
    here, phone, page = api(ann), api(ann), browser(ann)
    gone = {current(phone), current(page)}
    ended = signed_out(lambda: [here.delete(f"{SESSIONS}{grant}/") for grant in gone])
    assert ended == gone
    assert refused(phone.get("/api/me/"), 401, "token_invalid")
    assert refused(page.get("/api/me/"), 401, "not_authenticated")
    assert [row["current"] for row in listed(here)] == [True]
    assert refused(here.delete(f"{SESSIONS}{current(api(bob))}/"), 404, "not_found")
    for unknown in ("nothing", "%00", "é", "a" * 500):
        assert refused(here.delete(f"{SESSIONS}{unknown}/"), 404, "not_found")


def test_all_others_are_ended_at_once(signed_out: Any) -> None:
    ann = person("Ann")
    here, others = browser(ann), [api(ann), browser(ann)]
    gone = {current(other) for other in others}
    assert signed_out(lambda: here.delete(SESSIONS)) == gone
    assert here.get("/api/me/").status_code == 200
    assert {other.get("/api/me/").status_code for other in others} == {401}
    assert (AuthToken.objects.count(), Session.objects.filter(session_data__gt="").count()) == (
        0,
        1,
    )


@pytest.mark.parametrize("way", ["logout", "end"])
@pytest.mark.parametrize("kind", [api, browser])
def test_who_signs_out_tells_the_sockets(signed_out: Any, kind: Any, way: str) -> None:
    client = kind(person("Ann"))
    mine = current(client)

    def leave() -> None:
        answer = (
            client.post("/api/auth/logout/")
            if way == "logout"
            else client.delete(f"{SESSIONS}{mine}/")
        )
        assert answer.status_code == 204

    assert signed_out(leave) == {mine}
    assert client.get("/api/me/").status_code == 401
    assert not Grant.objects.exists()


@pytest.mark.parametrize("end", [account_delete, account_deactivate])
def test_accounts_that_go_take_all_their_sockets_along(signed_out: Any, end: Any) -> None:
    ann, bob = people("Ann", "Bob")
    clients = [api(ann), browser(ann)]
    mine = {current(client) for client in clients}
    api(bob)
    assert signed_out(lambda: end(user=ann)) == mine
    assert {client.get("/api/me/").status_code for client in clients} == {401}
    assert Grant.objects.get().user_id == bob.id


def test_logging_in_as_somebody_else_ends_the_session_before(signed_out: Any) -> None:
    ann = person("Ann", password="correct horse")
    page = browser(person("Bob"))
    before = current(page)
    body = {"username": ann.username, "password": "correct horse", "session": True}
    assert signed_out(lambda: page.post("/api/auth/login/", body)) == {before}
    assert page.get("/api/me/").json()["id"] == ann.id


def test_workers_learn_in_one_query_which_are_still_good(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    clients = {name: api(person(name)) for name in ("Ann", "Bob", "Cid")}
    grants = {name: current(client) for name, client in clients.items()}
    User.objects.filter(name="Bob").update(is_active=False)
    Grant.objects.filter(id=grants["Cid"]).update(expires=timezone.now() - timedelta(seconds=1))
    with django_assert_num_queries(1):
        assert grants_good(grants={*grants.values(), "unknown"}) == {grants["Ann"]}


def test_a_session_lasts_as_long_again_whenever_it_is_used() -> None:
    page = browser(person("Ann"))
    soon = timezone.now() + timedelta(days=1)
    Grant.objects.update(expires=soon, used=timezone.now() - timedelta(days=13))
    Session.objects.update(expire_date=soon)
    cache.clear()  # some minutes pass
    assert page.get("/api/me/").status_code == 200
    lasts = timezone.now() + timedelta(seconds=django_settings.SESSION_COOKIE_AGE - 60)
    assert Grant.objects.get().expires > lasts
    assert Session.objects.get(expire_date__gt=soon).expire_date > lasts


def test_a_session_from_before_there_were_grants_gets_one() -> None:
    page = browser(person("Ann"))
    Grant.objects.all().delete()
    session = page.session
    del session["grant"]
    session.save()
    long_ago = timezone.now() - timedelta(days=3)
    User.objects.update(last_login=long_ago)
    (row,) = listed(page)
    assert row["current"]
    assert row["created"] == long_ago.isoformat(), "it is no sign that somebody signed in just now"


def test_a_session_that_outlived_its_grant_gets_another() -> None:
    page = browser(person("Ann"))
    Grant.objects.all().delete()
    cache.clear()
    assert page.get("/api/me/").status_code == 200
    assert [row["current"] for row in listed(page)] == [True]


def test_of_too_many_sessions_the_one_unused_for_longest_ends() -> None:
    ann = person("Ann")
    pages = [browser(ann) for _ in range(SESSIONS_PER_USER_MAX + 1)]
    assert [page.get("/api/me/").status_code for page in pages[:2]] == [401, 200]
    assert len(listed(pages[-1])) == SESSIONS_PER_USER_MAX


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18 Safari/6", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537", "Chrome on Android"),
        ("python-httpx/0.28", "python-httpx"),
        ("<b>\u202e\x00" + "x" * 500, "<b>" + "x" * 37),
        ("", "A program"),
    ],
)  # fmt: skip
def test_a_user_agent_is_named_coarsely(header: str, named: str) -> None:
    assert agent_named(header) == named
