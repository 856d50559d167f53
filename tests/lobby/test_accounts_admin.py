"""Accounts as operators see them, and what they may do about them."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from lobby.limits import LOGIN_TRIES_MAX
from lobby.models.accounts import User
from lobby.models.grants import Grant
from lobby.services.lockouts import lockout_of, login_tried
from tests.lobby.kit import api, browser, person

pytestmark = pytest.mark.django_db

ACCOUNTS = "admin:lobby_user_changelist"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(person("Op", is_staff=True, is_superuser=True))
    return client


def act(client: Client, action: str, *users: User) -> str:
    data = {"action": action, "_selected_action": [str(user.pk) for user in users]}
    return str(client.post(reverse(ACCOUNTS), data, follow=True).content.decode())


def lock(user: User) -> None:
    for _ in range(LOGIN_TRIES_MAX + 1):
        login_tried(username=user.username)


def test_a_list_shows_addresses_sign_ins_and_lock_outs(operator: Client) -> None:
    ann = person("Ann")
    EmailAddress.objects.create(user=ann, email="ann@example.org", verified=True, primary=True)
    EmailAddress.objects.create(user=ann, email="new@example.org")
    api(ann), api(ann), browser(ann)
    lock(ann)
    for url in (reverse(ACCOUNTS), reverse("admin:lobby_user_change", args=[ann.pk])):
        page = operator.get(url).content.decode()
        assert "ann@example.org, new@example.org (not confirmed)" in page
        assert "1 sessions, 2 tokens" in page
        assert "icon-yes" in page


def test_a_list_takes_few_queries_however_long(
    operator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        api(person())
    with django_assert_max_num_queries(9):
        operator.get(reverse(ACCOUNTS))


def test_who_is_deactivated_is_out_at_once(operator: Client) -> None:
    ann = person("Ann")
    client, page = api(ann), browser(ann)
    assert "1 deactivated." in act(operator, "deactivate", ann, User.objects.get(name="Op"))
    assert {client.get("/api/me/").status_code, page.get("/api/me/").status_code} == {401}
    assert not Grant.objects.filter(user=ann).exists()
    assert User.objects.get(name="Op").is_active, "nobody shuts themselves out"
    assert "Deactivated" in LogEntry.objects.get().change_message


def test_unticking_active_deactivates_as_well(operator: Client) -> None:
    ann = person("Ann")
    api(ann)
    url = reverse("admin:lobby_user_change", args=[ann.pk])
    form = operator.get(url).context["adminform"].form
    data: dict[str, Any] = {
        name: value for name, value in form.initial.items() if value not in (None, False, [])
    }
    data.pop("is_active")
    answer = operator.post(url, data)
    assert answer.status_code == 302, answer.context["errors"]
    assert not User.objects.get(pk=ann.pk).is_active
    assert not Grant.objects.filter(user=ann).exists()


def test_lock_outs_are_reset_and_people_signed_out(operator: Client) -> None:
    ann, bob = person("Ann"), person("Bob")
    lock(ann)
    api(bob)
    assert "1 may try again." in act(operator, "reset_lock_outs", ann, bob)
    assert lockout_of(username=ann.username) is None
    assert "1 signed out." in act(operator, "sign_out", ann, bob)
    assert not Grant.objects.filter(user=bob).exists()


def test_staff_who_may_only_look_do_nothing() -> None:
    client, ann = Client(), person("Ann")
    client.force_login(person("Looker", is_staff=True))
    act(client, "deactivate", ann)
    assert User.objects.get(pk=ann.pk).is_active


def test_a_password_that_an_operator_sets_ends_tokens_and_sessions(operator: Client) -> None:
    ann, op = person("Ann"), User.objects.get(name="Op")
    client, theirs = api(ann), api(op)
    form = {"password1": "battery staple", "password2": "battery staple", "usable_password": "true"}
    for user in (ann, op):
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        assert operator.post(url, form | {"password2": "x"}).status_code == 200
    assert client.get("/api/me/").status_code == theirs.get("/api/me/").status_code == 200
    for user in (ann, op):
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        assert operator.post(url, form).status_code == 302
    assert client.get("/api/me/").status_code == theirs.get("/api/me/").status_code == 401
    assert operator.get("/api/me/").json()["id"] == op.id, "who did it stays"
    assert Grant.objects.get().user_id == op.id


def test_operators_change_their_own_password_where_all_do(operator: Client) -> None:
    answer = operator.get(reverse("admin:password_change"))
    assert answer.headers["Location"] == "/account/#password"
