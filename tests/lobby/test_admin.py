"""Accounts and lobbies in the admin."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.models.ratings import Rating, RatingChange
from lobby.services.accounts import guest_create
from lobby.services.lobbies import lobby_start
from lobby.services.ratings import ratings_sweep
from tests.lobby.kit import finish, lobby_of, match_of, people, person, rated_match

pytestmark = pytest.mark.django_db

LOBBIES = "admin:lobby_lobby_changelist"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(person("Op", is_staff=True, is_superuser=True))
    return client


def close(client: Client, *lobbies: Lobby) -> Any:
    data = {"action": "close_lobbies", "_selected_action": [str(lobby.id) for lobby in lobbies]}
    return client.post(reverse(LOBBIES), data, follow=True)


def test_lobbies_are_listed_filtered_and_searched(operator: Client) -> None:
    ann, bob = people("Ann", "Bob")
    chess, arena = lobby_of(ann, bob, name="Sunday chess"), lobby_of(ann, title="arena")
    lobby_start(lobby_id=arena.id, user=ann)
    for query, found in (
        ({}, {chess, arena}),
        ({"title": "chess"}, {chess}),
        ({"state": "playing"}, {arena}),
        ({"state": "closed"}, set()),
        ({"q": "Sunday"}, {chess}),
        ({"q": ann.username}, {chess, arena}),
    ):
        answer = operator.get(reverse(LOBBIES), query)
        assert answer.status_code == 200
        assert set(answer.context["cl"].result_list) == found, query


def test_a_list_of_lobbies_takes_few_queries_however_long(
    operator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        lobby_of(*people("Ann", "Bob"), title="arena")
    with django_assert_max_num_queries(9):
        operator.get(reverse(LOBBIES))


def test_closing_lobbies_is_counted_and_logged(operator: Client) -> None:
    first, second = lobby_of(person()), lobby_of(person())
    assert "2 closed." in close(operator, first, second).content.decode()
    assert Lobby.objects.filter(closed=True).count() == 2
    assert "0 closed." in close(operator, first).content.decode()
    entries = LogEntry.objects.values_list("object_id", "change_message")
    assert set(entries) == {(str(lobby.id), "Closed by an operator.") for lobby in (first, second)}


def test_of_a_lobby_its_name_alone_is_edited(operator: Client) -> None:
    lobby = lobby_of(person("Ann"))
    path = reverse("admin:lobby_lobby_change", args=[lobby.id])
    assert operator.get(path).status_code == 200
    forged = {
        "name": "Decent", "closed": "on", "code": "AAAAAA", "title": "arena",
        "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert operator.post(path, forged).status_code == 302
    lobby.refresh_from_db()
    assert (lobby.name, lobby.closed, lobby.title) == ("Decent", False, "chess")
    assert lobby.code != "AAAAAA"
    assert operator.get(reverse("admin:lobby_lobby_add")).status_code == 403
    assert operator.post(reverse("admin:lobby_lobby_delete", args=[lobby.id])).status_code == 403


def test_staff_who_may_only_look_close_nothing() -> None:
    user = person("Eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_lobby"))
    client, lobby = Client(), lobby_of(person())
    client.force_login(user)
    assert client.get(reverse(LOBBIES)).status_code == 200
    close(client, lobby)
    assert not Lobby.objects.get().closed


def test_guests_are_told_from_accounts(operator: Client) -> None:
    guest = guest_create()
    path = reverse("admin:lobby_user_changelist")
    answer = operator.get(path, {"guest__exact": 1})
    assert list(answer.context["cl"].result_list) == [guest]
    for user in (guest, person("Ann")):
        page = reverse("admin:lobby_user_change", args=[user.id])
        assert operator.get(page).status_code == 200


def test_an_account_can_be_made_by_hand(operator: Client) -> None:
    path = reverse("admin:lobby_user_add")
    assert operator.get(path).status_code == 200
    data = {
        "username": "Otter", "usable_password": "true",
        "password1": "correct horse", "password2": "correct horse",
    }  # fmt: skip
    assert operator.post(path, data).status_code == 302
    assert User.objects.get(username="Otter").name == "Otter"


def test_deleting_accounts_passes_their_lobbies_on(operator: Client) -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby, match = lobby_of(ann, bob, cid, title="arena"), match_of(ann, bob)
    path = reverse("admin:lobby_user_delete", args=[ann.id])
    assert operator.post(path, {"post": "yes"}).status_code == 302
    data = {"action": "delete_selected", "_selected_action": [bob.id], "post": "yes"}
    assert operator.post(reverse("admin:lobby_user_changelist"), data).status_code == 302
    lobby.refresh_from_db()
    assert lobby.host == cid
    assert [seat.user for seat in match.seats.all()] == [None, None]


def test_a_name_is_text_and_never_markup(operator: Client) -> None:
    name = "<script>x</script>"
    lobby = lobby_of(person(name), name=name)
    for path in (
        reverse(LOBBIES),
        reverse("admin:lobby_lobby_change", args=[lobby.id]),
        reverse("admin:lobby_user_changelist"),
    ):
        assert name not in operator.get(path).content.decode()


# --- ratings --------------------------------------------------------------------------------------


def rebuild(client: Client) -> Any:
    data = {"action": "rebuild_titles", "_selected_action": ["chess"]}
    return client.post(reverse("admin:lobby_ladder_changelist"), data, follow=True)


def test_ratings_are_listed_searched_and_never_edited(operator: Client) -> None:
    ann, bob = people("Ann", "Bob")
    finish(rated_match(ann, bob), [0], [1])
    ratings_sweep()
    for name in ("rating", "ratingchange"):
        path = reverse(f"admin:lobby_{name}_changelist")
        for query, count in (({}, 2), ({"q": ann.username}, 1), ({"title": "arena"}, 0)):
            found = operator.get(path, query | ({"season": ""} if name == "rating" else {}))
            assert len(found.context["cl"].result_list) == count, (name, query)
    rating = Rating.objects.get(user=ann, season="")
    path = reverse("admin:lobby_rating_change", args=[rating.pk])
    assert operator.get(path).status_code == 200
    assert operator.post(path, {"mu": 9000}).status_code == 403
    assert operator.get(reverse("admin:lobby_rating_add")).status_code == 403


def test_a_title_is_rebuilt_and_that_is_noted(operator: Client) -> None:
    ann, bob = people("Ann", "Bob")
    finish(rated_match(ann, bob), [0], [1])
    ratings_sweep()
    Rating.objects.update(mu=9000)
    assert "Chess: 1 matches." in rebuild(operator).content.decode()
    assert not Rating.objects.filter(mu=9000).exists()
    assert RatingChange.objects.count() == 2
    assert LogEntry.objects.filter(change_message__contains="rebuilt").count() == 1


def test_a_title_with_many_matches_is_left_to_the_command(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lobby.admin.ratings.REBUILD_MATCHES_MAX", 0)
    ann, bob = people("Ann", "Bob")
    finish(rated_match(ann, bob), [0], [1])
    ratings_sweep()
    Rating.objects.update(mu=9000)
    assert "manage.py ratings_rebuild chess" in rebuild(operator).content.decode()
    assert Rating.objects.filter(mu=9000).exists()
