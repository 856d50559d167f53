"""Signing in by an OpenID Connect provider: a real one, if small, and the whole dance."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from rest_framework.test import APIClient

from lobby.models.accounts import User
from lobby.models.grants import Grant
from lobby.services.accounts import account_rename, guest_create
from tests.lobby.kit import api, browser, lobby_of, people, person, refused
from tests.lobby.provider import CLIENT, SECRET, Provider, running_provider

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider, settings: Any) -> Provider:
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": "Example ID",
                    "client_id": CLIENT,
                    "secret": SECRET,
                    "settings": {"server_url": server.url, "oauth_pkce_enabled": True},
                }
            ]
        }
    }
    server.claims = {"sub": "42", "preferred_username": "Otter"}
    server.refuses = ""
    return server


def begin(page: APIClient, **body: str) -> str:
    answer = page.post("/api/auth/external/oidc/", body)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["url"])


def dance(page: APIClient, **body: str) -> Any:
    """There and back again; the answer of our callback."""
    answer = httpx.get(begin(page, **body))
    assert answer.status_code == 302, answer.text
    return page.get(answer.headers["Location"])


def me(page: APIClient) -> dict[str, Any]:
    return dict(page.get("/api/me/").json())


def came(answer: Any, path: str, **query: str) -> bool:
    url = urlsplit(answer.headers["Location"])
    found = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (answer.status_code, url.path, found) == (302, path, query), answer.headers
    return True


def test_without_a_provider_there_is_no_button_and_no_way() -> None:
    assert api().get("/api/auth/external/").json() == []
    assert refused(browser().post("/api/auth/external/oidc/", {}), 404, "not_found")
    page = browser()
    assert b"data-external" not in page.get("/login/").content
    assert page.get("/external/oidc/login/callback/?code=1&state=2").status_code == 404


def test_where_there_is_one_pages_have_a_button(provider: Provider) -> None:
    assert api().get("/api/auth/external/").json() == [{"id": "oidc", "name": "Example ID"}]
    for path in ("/login/", "/register/"):
        assert b"Continue with Example ID" in browser().get(path).content


def test_a_visitor_gets_an_account_and_comes_back_to_it(provider: Provider) -> None:
    provider.claims |= {"email": "Otter@example.org", "email_verified": True}
    page = browser()
    assert came(dance(page, next="/history/?page=2"), "/history/", page="2")
    first = me(page)
    assert (first["username"], first["name"], first["guest"]) == ("Otter", "Otter", False)
    assert (first["email"], first["password"]) == ("otter@example.org", False)
    again = browser()
    assert came(dance(again), "/")
    assert me(again)["id"] == first["id"]
    assert User.objects.count() == 1
    assert Grant.objects.count() == 2


def test_a_guest_becomes_that_account_and_keeps_everything(provider: Provider) -> None:
    guest = guest_create()
    lobby = lobby_of(guest)
    page = browser(guest)
    grant, key = Grant.objects.get().id, page.cookies["sessionid"].value
    assert came(dance(page), "/")
    now = me(page)
    assert (now["id"], now["guest"], now["username"]) == (guest.id, False, "Otter")
    assert lobby.members.get().user_id == guest.id
    assert Grant.objects.get().id == grant, "its sockets stay open"
    assert page.cookies["sessionid"].value != key


def test_a_guest_who_has_an_account_is_signed_in_to_that(provider: Provider) -> None:
    first = browser()
    dance(first)
    guest = guest_create()
    page = browser(guest)
    dance(page)
    assert me(page)["id"] == me(first)["id"] != guest.id
    assert not Grant.objects.filter(user=guest).exists()


def test_somebody_with_an_account_gets_one_more_way_in(provider: Provider) -> None:
    ann, bob = people("Ann", "Bob")
    page = browser(ann)
    assert came(dance(page, next="/account/"), "/account/")
    assert me(page)["username"] == ann.username
    later = browser()
    dance(later)
    assert me(later)["id"] == ann.id
    assert came(dance(browser(bob)), "/account/", error="external_taken")
    assert SocialAccount.objects.get().user_id == ann.id


@pytest.mark.parametrize("verified", [True, False, "true", None])
def test_nobody_gets_into_an_account_by_its_address(provider: Provider, verified: Any) -> None:
    victim = person("Ann", password="correct horse")
    EmailAddress.objects.create(user=victim, email="ann@example.org", verified=True, primary=True)
    provider.claims |= {"email": "ann@example.org", "email_verified": verified}
    page = browser()
    assert came(dance(page), "/")
    assert me(page)["id"] != victim.id
    assert (me(page)["email"], me(page)["email_pending"]) == ("", "")
    assert EmailAddress.objects.get().user_id == victim.id
    assert not SocialAccount.objects.filter(user=victim).exists()


@pytest.mark.parametrize("verified", [False, "true", None])
def test_an_address_that_is_not_verified_means_nothing(provider: Provider, verified: Any) -> None:
    provider.claims |= {"email": "ann@example.org", "email_verified": verified}
    page = browser()
    dance(page)
    assert (me(page)["email"], User.objects.get().email) == ("", "")
    assert not EmailAddress.objects.exists()


@pytest.mark.parametrize(
    "wanted", ["Otter", "admin", "a", "", "very.long.name.of.somebody@example.org", "\u202e<b>x"]
)
def test_a_username_is_found_whatever_the_provider_says(provider: Provider, wanted: str) -> None:
    User.objects.create_user("otter", name="Otter")
    provider.claims["preferred_username"] = wanted
    page = browser()
    assert came(dance(page), "/")
    assert 3 <= len(me(page)["username"]) <= 20
    assert me(page)["username"].lower() not in {"otter", "admin"}


def test_a_name_that_a_guest_chose_stays(provider: Provider) -> None:
    guest = guest_create()
    account_rename(user=guest, name="Captain")
    page = browser(guest)
    dance(page)
    assert (me(page)["name"], me(page)["username"]) == ("Captain", "Otter")


def test_who_was_shut_out_stays_out(provider: Provider) -> None:
    dance(browser())
    User.objects.update(is_active=False)
    page = browser()
    assert came(dance(page), "/login/", error="external_inactive")
    assert page.get("/api/me/").status_code == 401


@pytest.mark.parametrize(
    ("error", "code"), [("access_denied", "external_cancelled"), ("whatever", "external_failed")]
)
def test_what_the_provider_refuses_ends_at_the_login_page(
    provider: Provider, error: str, code: str
) -> None:
    provider.refuses = error
    page = browser()
    answer = dance(page)
    assert came(answer, "/login/", error=code)
    assert b"role=" in page.get(answer.headers["Location"]).content


def test_nobody_is_signed_in_by_the_dance_of_somebody_else(provider: Provider) -> None:
    """A link to our callback with an attacker's code, opened by a victim."""
    back = httpx.get(begin(browser())).headers["Location"]
    victim = browser()
    assert came(victim.get(back), "/login/", error="external_failed")
    assert victim.get("/api/me/").status_code == 401
    assert not User.objects.exists()


def test_a_code_is_good_once(provider: Provider) -> None:
    page = browser()
    back = httpx.get(begin(page)).headers["Location"]
    assert came(page.get(back), "/")
    assert came(page.get(back), "/login/", error="external_failed")


def test_a_provider_that_is_away_is_named(provider: Provider, settings: Any) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = browser().post("/api/auth/external/oidc/", {})
    assert refused(answer, 502, "external_failed")


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_the_way_back_leads_nowhere_else(provider: Provider, wanted: str) -> None:
    assert came(dance(browser(), next=wanted), "/")


def test_it_begins_with_the_csrf_token_only(provider: Provider) -> None:
    page = browser()
    page.credentials()
    assert refused(page.post("/api/auth/external/oidc/", {}), 403, "csrf_failed")


def test_an_identity_is_forgotten_but_not_the_only_way_in(provider: Provider) -> None:
    page = browser()
    dance(page)
    (mine,) = page.get("/api/me/external/").json()["results"]
    assert (mine["provider"], mine["name"]) == ("Example ID", "Otter")
    path = f"/api/me/external/{mine['id']}/"
    page.credentials(HTTP_X_CSRFTOKEN=page.cookies["csrftoken"].value)
    assert refused(page.delete(path), 409, "external_last")
    assert refused(api(person()).delete(path), 404, "not_found")
    new = {"new_password": "correct horse"}
    assert page.post("/api/me/password/", new).status_code == 204
    page.credentials(HTTP_X_CSRFTOKEN=page.cookies["csrftoken"].value)
    assert page.delete(path).status_code == 204
    assert page.get("/api/me/external/").json()["results"] == []
