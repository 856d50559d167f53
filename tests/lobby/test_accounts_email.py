"""Addresses, and passwords by way of them."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from rest_framework.test import APIClient

from lobby import mails
from lobby.limits import EMAIL_KEY_TTL_S, MAILS_PER_ADDRESS_MAX
from lobby.models.accounts import User
from lobby.models.grants import Grant
from lobby.services.accounts import guest_create
from tests.lobby.kit import api, browser, fields_of, links, person, refused

pytestmark = pytest.mark.django_db

OLD, NEW = "correct horse", "battery staple"


def sent() -> list[EmailMessage]:
    """What was sent since the last look."""
    mails.mails_sent()
    outbox, mail.outbox = mail.outbox, []
    return outbox


def account(name: str = "Ann", email: str = "") -> User:
    user = person(name, password=OLD)
    if email:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        User.objects.filter(id=user.id).update(email=email)
        user.refresh_from_db()
    return user


def emails(client: APIClient) -> tuple[str, str]:
    me = client.get("/api/me/").json()
    return me["email"], me["email_pending"]


def set_email(client: APIClient, email: str, password: str = OLD) -> Any:
    return client.post("/api/me/email/", {"email": email, "password": password})


def key_of(message: EmailMessage) -> str:
    return links(str(message.body)).removeprefix("/email/").strip("/")


def verify(key: str) -> Any:
    return api().post("/api/auth/email/verify/", {"key": key})


def test_an_address_counts_once_its_owner_confirmed_it() -> None:
    client = api(account())
    assert set_email(client, "Ann@Example.org").status_code == 202
    assert emails(client) == ("", "ann@example.org")
    (message,) = sent()
    assert message.to == ["ann@example.org"]
    assert verify(key_of(message)).status_code == 204
    assert emails(client) == ("ann@example.org", "")
    assert User.objects.get().email == "ann@example.org"


def test_the_old_address_counts_until_the_new_one_is_confirmed_and_is_told_then() -> None:
    client = api(account(email="old@example.org"))
    set_email(client, "new@example.org")
    assert emails(client) == ("old@example.org", "new@example.org")
    (message,) = sent()
    verify(key_of(message))
    assert emails(client) == ("new@example.org", "")
    assert [one.to for one in sent()] == [["old@example.org"]]


def test_a_link_is_good_once_and_for_the_latest_address_only() -> None:
    client = api(account())
    set_email(client, "first@example.org")
    set_email(client, "second@example.org")
    first, second = map(key_of, sent())
    assert refused(verify(first), 400, "link_invalid")
    assert verify(second).status_code == 204
    assert refused(verify(second), 400, "link_invalid")


@pytest.mark.parametrize("key", ["x", "a:b:c", "é", "a" * 500])
def test_what_we_did_not_send_confirms_nothing(key: str) -> None:
    assert refused(verify(key), 400, "link_invalid")


def test_a_link_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    set_email(api(account()), "ann@example.org")
    key = key_of(sent()[0])
    import time

    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + EMAIL_KEY_TTL_S + 2)
    assert refused(verify(key), 400, "link_invalid")


def test_whether_somebody_has_an_address_is_told_to_its_owner_alone() -> None:
    account(email="taken@example.org")
    eve = api(account("Eve"))
    free, taken = set_email(eve, "free@example.org"), set_email(eve, "taken@example.org")
    assert (free.status_code, set(free.json())) == (taken.status_code, set(taken.json()))
    told = {message.to[0]: str(message.body) for message in sent()}
    assert "/email/" in told["free@example.org"]
    assert "/email/" not in told["taken@example.org"]


def test_of_two_who_claim_an_address_the_first_to_confirm_has_it() -> None:
    ann, eve = api(account("Ann")), api(account("Eve"))
    set_email(eve, "ann@example.org")
    set_email(ann, "ann@example.org")
    eves, anns = map(key_of, sent())
    assert verify(anns).status_code == 204
    assert refused(verify(eves), 400, "link_invalid")
    assert emails(ann) == ("ann@example.org", "")


def test_an_address_is_changed_by_who_has_the_password() -> None:
    client = api(account())
    assert refused(set_email(client, "a@example.org", "wrong"), 403, "password_wrong")
    Grant.objects.update(created="2020-01-01T00:00Z")
    assert refused(set_email(client, "a@example.org", ""), 403, "proof_needed")
    assert list(fields_of(set_email(client, "nowhere"))) == ["email"]
    assert sent() == []


def test_an_address_can_be_taken_back() -> None:
    client = api(account(email="ann@example.org"))
    assert set_email(client, "").status_code == 202
    assert emails(client) == ("", "")
    assert [one.to for one in sent()] == [["ann@example.org"]]


def test_the_link_can_be_sent_again_and_nobody_is_flooded() -> None:
    client = api(account())
    set_email(client, "ann@example.org")
    for _ in range(MAILS_PER_ADDRESS_MAX + 2):
        assert client.post("/api/me/email/again/").status_code == 202
    keys = [key_of(message) for message in sent()]
    assert len(keys) == MAILS_PER_ADDRESS_MAX
    assert verify(keys[-1]).status_code in (204, 400)


def test_a_registration_with_an_address_sends_the_link() -> None:
    body = {"username": "Otter", "password": OLD, "email": "o@example.org"}
    assert api().post("/api/auth/register/", body).status_code == 201
    (message,) = sent()
    assert verify(key_of(message)).status_code == 204


# --- passwords ----------------------------------------------------------------------------------


def ask(email: str) -> Any:
    return api().post("/api/auth/reset/", {"email": email})


def choose(message: EmailMessage, password: str = NEW) -> Any:
    found = re.fullmatch(r"/reset/([^/]+)/([^/]+)/", links(str(message.body)))
    assert found
    body = {"uid": found[1], "token": found[2], "password": password}
    return api().post("/api/auth/reset/confirm/", body)


def login(user: User, password: str) -> int:
    body = {"username": user.username, "password": password}
    return int(api().post("/api/auth/login/", body).status_code)


def test_a_forgotten_password_is_replaced_by_mail_and_everybody_is_signed_out() -> None:
    user = account(email="ann@example.org")
    client, page = api(user), browser(user)
    assert ask("ANN@example.org").status_code == 202
    (message,) = sent()
    assert user.username in message.body
    assert choose(message).status_code == 204
    assert refused(client.get("/api/me/"), 401, "token_invalid")
    assert refused(page.get("/api/me/"), 401, "not_authenticated")
    assert (login(user, OLD), login(user, NEW)) == (401, 200)
    assert refused(choose(message), 400, "link_invalid")


def test_a_weak_new_password_is_refused_and_the_link_stays_good() -> None:
    account(email="ann@example.org")
    ask("ann@example.org")
    (message,) = sent()
    assert list(fields_of(choose(message, "short"))) == ["password"]
    assert choose(message).status_code == 204


def test_unknown_unconfirmed_and_known_addresses_are_answered_alike() -> None:
    account(email="ann@example.org")
    set_email(api(account("Eve")), "eve@example.org")
    gone = account("Bob", email="bob@example.org")
    User.objects.filter(id=gone.id).update(is_active=False)
    sent()
    names = ("ann", "eve", "bob", "nobody")
    answers = [ask(f"{name}@example.org") for name in names]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    assert [message.to for message in sent()] == [["ann@example.org"]]


@pytest.mark.parametrize("uid", ["", "x", "MQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_forged_link_sets_no_password(uid: str) -> None:
    account()
    answer = api().post(
        "/api/auth/reset/confirm/", {"uid": uid or "-", "token": "a-b", "password": NEW}
    )
    assert refused(answer, 400, "link_invalid")


def change(client: APIClient, old: str = OLD, new: str = NEW) -> Any:
    return client.post("/api/me/password/", {"old_password": old, "new_password": new})


def test_a_changed_password_ends_all_but_the_one_who_changed_it() -> None:
    user = account(email="ann@example.org")
    here, there, token = browser(user), browser(user), api(user)
    assert change(here).status_code == 204
    assert here.get("/api/me/").status_code == 200
    assert refused(there.get("/api/me/"), 401, "not_authenticated")
    assert refused(token.get("/api/me/"), 401, "token_invalid")
    assert login(user, NEW) == 200
    assert [message.to for message in sent()] == [["ann@example.org"]]


def test_a_token_that_changes_the_password_stays() -> None:
    user = account()
    token, page = api(user), browser(user)
    assert change(token).status_code == 204
    assert token.get("/api/me/").status_code == 200
    assert refused(page.get("/api/me/"), 401, "not_authenticated")


def test_a_password_is_changed_by_who_knows_it_into_one_that_is_good() -> None:
    client = api(account())
    assert refused(change(client, old="wrong"), 403, "password_wrong")
    assert list(fields_of(change(client, new="short"))) == ["new_password"]


def test_a_guest_has_neither_address_nor_password_and_is_told_how_to_get_them() -> None:
    client = api(guest_create())
    assert refused(change(client, old=""), 409, "is_guest")
    assert refused(set_email(client, "g@example.org", ""), 409, "is_guest")
    assert sent() == []


def test_the_first_password_needs_a_recent_sign_in() -> None:
    user = person()
    client = api(user)
    Grant.objects.update(created="2020-01-01T00:00Z")
    assert refused(change(client, old=""), 403, "proof_needed")
    assert change(api(user), old="").status_code == 204
