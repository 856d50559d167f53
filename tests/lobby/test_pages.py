"""The pages: who may see which, and what their templates are given."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse

from lobby import views
from lobby.models.accounts import User
from lobby.services.accounts import guest_create
from lobby.services.lobbies import lobby_close, lobby_start
from tests.lobby.kit import finish, lobby_of, match_of, people, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the latest template was given; what it makes of that is looked at in a browser."""
    given: dict[str, Any] = {}

    def render(request: HttpRequest, template: str, context: Any = None) -> HttpResponse:
        given.clear()
        given.update(context or {}, template=template)
        return HttpResponse()

    monkeypatch.setattr(views, "render", render)
    return given


def page(user: User | None, name: str, *args: Any) -> Any:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.get(reverse(name, args=args))


@pytest.mark.parametrize("name", ["home", "login", "register"])
def test_visitors_see_what_is_for_all(name: str) -> None:
    for user in (None, person()):
        answer = page(user, name)
        assert answer.status_code == 200
        assert settings.CSRF_COOKIE_NAME in answer.cookies


@pytest.mark.parametrize("name", ["forgot", "login", "register"])
def test_what_leads_to_an_account_says_nothing_of_providers_that_are_not_there(name: str) -> None:
    assert b"data-external" not in page(None, name).content


@pytest.mark.parametrize(("name", "args"), [("reset", ["uid", "token"]), ("email", ["a:b:c"])])
def test_links_of_mails_lead_to_a_button_and_change_nothing_by_themselves(
    name: str, args: list[str]
) -> None:
    answer = page(None, name, *args)
    assert answer.status_code == 200
    assert all(f'value="{arg}"'.encode() in answer.content for arg in args)


def test_ones_account_has_a_page() -> None:
    assert page(None, "account").headers["Location"] == "/login/?next=/account/"
    for user in (person(password="correct horse"), person(), guest_create()):
        content = page(user, "account").content
        assert (b'data-account="password"' in content) == (not user.guest)
        assert (b"old_password" in content) == user.has_usable_password()


def test_a_guest_is_upgraded_where_others_register() -> None:
    assert b'data-form="upgrade"' in page(guest_create(), "register").content
    assert b'data-form="register"' in page(None, "register").content


@pytest.mark.parametrize("name", ["history", "friends"])
def test_ones_own_lists_have_a_page(name: str) -> None:
    assert page(person(), name).status_code == 200


def test_ones_profile_is_the_page_that_others_see() -> None:
    ann = person("Ann")
    assert page(ann, "profile").headers["Location"] == reverse("player", args=[ann.id])


def test_everybody_has_a_page_and_so_have_the_leaderboards() -> None:
    ann, gone = person("Ann"), person("Gone", is_active=False)
    for user in (None, ann, person("Eve")):
        answer = page(user, "player", ann.id)
        assert answer.status_code == 200
        assert f'data-player="{ann.id}"' in answer.content.decode()
        assert page(user, "leaderboards").status_code == 200
    for user_id in (gone.id, 10**15):
        assert page(None, "player", user_id).status_code == 404


def test_the_pages_of_a_lobby_and_of_its_match_can_be_drawn() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    lobby = lobby_of(ann, bob, private=True)
    match = lobby_start(lobby_id=lobby.id, user=ann)
    assert str(match.id) in page(ann, "play", match.id).content.decode()
    for user in (bob, eve):
        assert page(user, "lobby", lobby.id).status_code == 200


@pytest.mark.parametrize("name", ["lobby", "play", "history", "friends", "profile"])
def test_visitors_are_sent_to_log_in_and_back(name: str) -> None:
    args = [uuid.uuid4()] if name in {"lobby", "play"} else []
    answer = page(None, name, *args)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/login/?next={reverse(name, args=args)}"


def test_a_page_is_only_read() -> None:
    assert Client().post("/").status_code == 405


def test_a_lobby_has_its_page(shown: dict[str, Any]) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    for user in (ann, bob):
        assert page(user, "lobby", lobby.id).status_code == 200
        assert shown["lobby"] == str(lobby.id)
        assert not shown["needs_code"]


def test_the_page_of_a_private_lobby_asks_outsiders_for_its_code_and_tells_nothing(
    shown: dict[str, Any],
) -> None:
    ann, eve = people("Ann", "Eve")
    lobby = lobby_of(ann, private=True)
    assert page(ann, "lobby", lobby.id).status_code == 200
    assert not shown["needs_code"]
    assert page(eve, "lobby", lobby.id).status_code == 200
    assert shown == {"lobby": str(lobby.id), "needs_code": True, "template": "lobby/lobby.html"}


def test_a_lobby_that_is_closed_or_never_was_has_no_page() -> None:
    ann = person("Ann")
    lobby = lobby_of(ann)
    lobby_close(lobby_id=lobby.id)
    assert page(ann, "lobby", lobby.id).status_code == 404
    assert page(ann, "lobby", uuid.uuid4()).status_code == 404


def test_a_match_is_played_on_a_page_that_knows_its_client_and_its_lobby(
    shown: dict[str, Any],
) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    match = lobby_start(lobby_id=lobby.id, user=ann)
    assert page(bob, "play", match.id).status_code == 200
    assert shown == {
        "template": "play.html",
        "match": str(match.id),
        "title": "chess",
        "title_name": "Chess",
        "client_url": "/static/titles/chess/main.js",
        "lobby": str(lobby.id),
        "mode": "",
        "me": {"id": bob.id, "name": "Bob", "guest": False},
    }


def test_who_watches_a_match_without_a_lobby_comes_back_to_none(shown: dict[str, Any]) -> None:
    ann, eve = people("Ann", "Eve")
    match = match_of(ann)
    finish(match, [0])
    assert page(eve, "play", match.id).status_code == 200
    assert shown["lobby"] == ""


def test_a_private_match_has_no_page_for_others() -> None:
    ann, eve = people("Ann", "Eve")
    match = match_of(ann, public=False)
    assert page(eve, "play", match.id).status_code == 404
    assert page(eve, "play", uuid.uuid4()).status_code == 404
