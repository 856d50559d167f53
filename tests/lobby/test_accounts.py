"""Guests, registration, login, logout and one's own account, as a client sees them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.utils import timezone
from knox.crypto import hash_token
from knox.models import AuthToken

from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.services.accounts import account_delete, token_issue
from tests.lobby.kit import api, fields_of, lobby_of, match_of, person, refused

pytestmark = pytest.mark.django_db

GOOD = {"username": "Otter", "password": "correct horse"}


def register(**changes: Any) -> Any:
    return api().post("/api/auth/register/", GOOD | changes)


def login(**changes: Any) -> Any:
    return api().post("/api/auth/login/", GOOD | changes)


def me(token: str) -> Any:
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client.get("/api/me/")


def test_one_click_makes_a_guest_with_a_pleasant_name_and_a_token() -> None:
    answer = api().post("/api/auth/guest/")
    assert answer.status_code == 201
    body = answer.json()
    assert body["user"]["guest"]
    assert len(body["user"]["name"].split()) == 3
    assert me(body["token"]).json()["id"] == body["user"]["id"]
    assert not User.objects.get().has_usable_password()


def test_a_guest_cannot_be_logged_in_to() -> None:
    username = api().post("/api/auth/guest/").json()["user"]["username"]
    assert refused(login(username=username, password=""), 400, "invalid")
    assert refused(login(username=username, password="!"), 401, "credentials_wrong")


def test_a_new_account_is_logged_in_and_shown_under_its_username() -> None:
    answer = register(email="o@example.org")
    assert answer.status_code == 201
    body = answer.json()
    assert body["user"]["name"] == "Otter"
    assert body["user"]["email"] == ""
    assert body["user"]["email_pending"] == "o@example.org"
    assert not body["user"]["guest"]
    assert me(body["token"]).status_code == 200


def test_a_token_is_stored_hashed_only() -> None:
    token = register().json()["token"]
    stored = AuthToken.objects.get()
    assert token not in (stored.digest, stored.token_key)
    assert stored.expiry > timezone.now()


@pytest.mark.parametrize("username", ["otter", "OTTER", "Otter", "Ｏtter"])
def test_a_username_is_taken_in_any_case_and_width(username: str) -> None:
    register()
    assert fields_of(register(username=username)) == {"username": ["This username is taken."]}
    assert User.objects.count() == 1


@pytest.mark.parametrize("username", ["ab", "a" * 21, "a b c", "a\u202eb", "ann\x00", "\u3164" * 3])
def test_a_username_of_the_wrong_form_is_refused(username: str) -> None:
    assert list(fields_of(register(username=username))) == ["username"]


@pytest.mark.parametrize("password", ["short", "password", "1234567890123", "otter"])
def test_a_weak_password_is_refused_with_reasons(password: str) -> None:
    fields = fields_of(register(password=password))
    assert list(fields) == ["password"]
    assert not User.objects.exists()


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert set(fields_of(register(username="a b", password="short"))) == {"username", "password"}


def test_a_wrong_address_is_refused() -> None:
    assert list(fields_of(register(email="nowhere"))) == ["email"]


def test_the_password_may_begin_and_end_with_spaces() -> None:
    register(password="  correct horse  ")
    assert login(password="  correct horse  ").status_code == 200
    assert login(password="correct horse").status_code == 401


def test_login_takes_the_username_in_any_case() -> None:
    register()
    answer = login(username="oTTer")
    assert answer.status_code == 200
    assert me(answer.json()["token"]).json()["username"] == "Otter"


def test_an_unknown_name_and_a_wrong_password_are_answered_alike() -> None:
    register()
    wrong, unknown = login(password="wrong horse"), login(username="nobody")
    assert refused(wrong, 401, "credentials_wrong")
    assert wrong.json() == unknown.json()
    assert wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"] == "Token"


def test_an_unknown_name_takes_as_many_hashes_as_a_wrong_password(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "iterations", 10)
    register()
    person("Guest", password=None)
    hashed: list[str] = []
    encode = hashers.PBKDF2PasswordHasher.encode

    def counted(self: Any, password: str, *args: Any, **more: Any) -> str:
        hashed.append(password)
        return encode(self, password, *args, **more)

    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "encode", counted)
    login(password="wrong horse")
    once = len(hashed)
    login(username="nobody", password="wrong horse")
    assert once > 0
    assert len(hashed) == 2 * once


def test_a_disabled_account_cannot_log_in_and_its_token_is_dead() -> None:
    token = register().json()["token"]
    User.objects.update(is_active=False)
    assert refused(login(), 401, "credentials_wrong")
    assert refused(me(token), 401, "token_invalid")


def test_logout_ends_the_token_that_asked_and_no_other() -> None:
    register()
    first, second = login().json()["token"], login().json()["token"]
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Token {first}")
    assert client.post("/api/auth/logout/").status_code == 204
    assert refused(me(first), 401, "token_invalid")
    assert me(second).status_code == 200


def test_logout_of_nobody_is_refused() -> None:
    assert refused(api().post("/api/auth/logout/"), 401, "not_authenticated")


def test_an_expired_token_is_refused() -> None:
    token = register().json()["token"]
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert refused(me(token), 401, "token_invalid")


def test_tokens_that_expired_are_cleared_away_when_another_is_used() -> None:
    token = register().json()["token"]
    user = User.objects.get()
    token_issue(user=user)
    AuthToken.objects.exclude(digest=hash_token(token)).update(
        expiry=timezone.now() - timedelta(seconds=1)
    )
    cache.clear()  # as time does
    assert me(token).status_code == 200
    assert AuthToken.objects.get().digest == hash_token(token)


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token nonsense", "Token \xff\xfe"])
def test_a_token_that_was_never_given_out_is_refused(header: str) -> None:
    client = api()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert refused(client.get("/api/me/"), 401, "token_invalid")


def test_of_too_many_tokens_the_oldest_ends() -> None:
    user = person()
    tokens = [token_issue(user=user)[0] for _ in range(21)]
    assert refused(me(tokens[0]), 401, "token_invalid")
    assert me(tokens[1]).status_code == me(tokens[-1]).status_code == 200
    assert AuthToken.objects.count() == 20


def test_me_needs_an_account() -> None:
    assert refused(api().get("/api/me/"), 401, "not_authenticated")


def test_a_new_name_is_tidied_and_seen_by_others() -> None:
    user = person("Ann")
    lobby = lobby_of(user)
    answer = api(user).patch("/api/me/", {"display_name": "  Amber   Otter "})
    assert answer.json()["name"] == "Amber Otter"
    seen = api().get(f"/api/lobbies/{lobby.id}/").json()
    assert seen["members"][0]["user"]["name"] == seen["host"]["name"] == "Amber Otter"


@pytest.mark.parametrize("name", ["", " ", "a" * 21, "a\u202eb", "a\x07b", 7, None, ["a"]])
def test_a_name_that_cannot_be_shown_is_refused(name: Any) -> None:
    user = person("Ann")
    answer = api(user).patch("/api/me/", {"display_name": name})
    assert list(fields_of(answer)) == ["display_name"]
    user.refresh_from_db()
    assert user.name == "Ann"


@pytest.mark.parametrize("field", ["guest", "is_staff", "is_superuser", "id", "username"])
def test_nothing_else_of_an_account_can_be_set(field: str) -> None:
    user = person("Ann")
    answer = api(user).patch("/api/me/", {"display_name": "Bob", field: True})
    assert list(fields_of(answer)) == [field]
    assert list(fields_of(register(**{field: True}) if field != "username" else answer)) == [field]


def test_a_deleted_account_leaves_its_lobbies_to_others_and_its_seats_their_names() -> None:
    ann, bob = person("Ann"), person("Bob")
    lobby, alone, match = lobby_of(ann, bob), lobby_of(ann), match_of(ann, bob)
    account_delete(user=ann)
    lobby.refresh_from_db()
    assert lobby.host == bob
    assert Lobby.objects.get(id=alone.id).closed
    assert [seat.name for seat in match.seats.all()] == ["Ann", "Bob"]
