"""Pages ask with a session and must show the CSRF token; programs ask with a token of their own."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from lobby.models.accounts import User
from tests.lobby.kit import api, person, refused

pytestmark = pytest.mark.django_db

WAYS_IN = {
    "guest": {},
    "register": {"username": "Otter", "password": "correct horse"},
    "login": {"username": "Zoe", "password": "correct horse"},
}


class Page(Client):
    """A browser on one of our pages."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True, raise_request_exception=False)
        self.get("/")

    @property
    def csrf(self) -> str:
        return self.cookies[settings.CSRF_COOKIE_NAME].value

    def ask(self, path: str, body: Any = None, *, csrf: str | None = None, **headers: Any) -> Any:
        more = {"X-CSRFToken": csrf} if csrf is not None else {}
        return self.post(
            f"/api/{path}", body or {}, content_type="application/json", headers=more | headers
        )


@pytest.fixture
def zoe() -> User:
    return User.objects.create_user("Zoe", password="correct horse", name="Zoe")


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_session_begins_with_the_csrf_token_and_brings_no_other(way: str, zoe: User) -> None:
    page = Page()
    answer = page.ask(f"auth/{way}/", WAYS_IN[way] | {"session": True}, csrf=page.csrf)
    assert answer.status_code in {200, 201}
    assert set(answer.json()) == {"user"}
    assert page.get("/api/me/").json()["id"] == answer.json()["user"]["id"]


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("csrf", [None, "", "x" * 32])
def test_no_session_begins_without_the_csrf_token(way: str, csrf: str | None, zoe: User) -> None:
    page, before = Page(), User.objects.count()
    answer = page.ask(f"auth/{way}/", WAYS_IN[way] | {"session": True}, csrf=csrf)
    assert refused(answer, 403, "csrf_failed")
    assert settings.SESSION_COOKIE_NAME not in page.cookies
    assert User.objects.count() == before


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_token_needs_no_csrf_token(way: str, zoe: User) -> None:
    answer = Page().ask(f"auth/{way}/", WAYS_IN[way])
    assert answer.status_code in {200, 201}
    assert answer.json()["token"]
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_another_site_cannot_begin_a_session() -> None:
    page = Page()
    foreign = {"Origin": "https://evil.example"}
    answer = page.ask("auth/guest/", {"session": True}, csrf=page.csrf, **foreign)
    assert refused(answer, 403, "csrf_failed")


def test_login_gives_the_session_a_new_key(zoe: User) -> None:
    page = Page()
    page.ask("auth/guest/", {"session": True}, csrf=page.csrf)
    planted = page.cookies[settings.SESSION_COOKIE_NAME].value
    page.ask("auth/login/", WAYS_IN["login"] | {"session": True}, csrf=page.csrf)
    assert page.cookies[settings.SESSION_COOKIE_NAME].value != planted
    old = Client()
    old.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert refused(old.get("/api/me/"), 401, "not_authenticated")


def test_with_a_session_reading_needs_no_csrf_token_and_writing_does() -> None:
    page = Page()
    page.ask("auth/guest/", {"session": True}, csrf=page.csrf)
    assert page.get("/api/me/").status_code == 200
    assert refused(page.ask("lobbies/", {"title": "chess"}), 403, "csrf_failed")
    assert page.ask("lobbies/", {"title": "chess"}, csrf=page.csrf).status_code == 201


def test_json_dressed_up_as_a_form_of_another_site_is_refused() -> None:
    page = Page()
    page.ask("auth/guest/", {"session": True}, csrf=page.csrf)
    body = '{"title": "chess"}'
    for headers in ({}, {"X-CSRFToken": page.csrf}):
        answer = page.post("/api/lobbies/", body, content_type="text/plain", headers=headers)
        assert refused(answer, 415, "unsupported_media_type")


def test_logout_ends_the_session() -> None:
    page = Page()
    page.ask("auth/guest/", {"session": True}, csrf=page.csrf)
    assert refused(page.ask("auth/logout/"), 403, "csrf_failed")
    assert page.ask("auth/logout/", csrf=page.csrf).status_code == 204
    assert refused(page.get("/api/me/"), 401, "not_authenticated")


def test_a_program_with_a_token_needs_no_csrf_token() -> None:
    assert api(person()).post("/api/lobbies/", {"title": "chess"}).status_code == 201
