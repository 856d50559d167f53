"""A guest becomes an account, and loses nothing."""

import pytest

from lobby.models.accounts import User
from lobby.models.grants import Grant
from lobby.services.accounts import account_rename, account_upgrade, guest_create
from tests.lobby.kit import api, browser, fields_of, lobby_of, match_of, person, refused

pytestmark = pytest.mark.django_db

NEW = {"username": "Otter", "password": "correct horse"}


def test_the_same_row_goes_on_with_its_matches_lobbies_and_tokens() -> None:
    guest = guest_create()
    client, phone = api(guest), api(guest)
    lobby, match = lobby_of(guest), match_of(guest)
    answer = client.post("/api/me/upgrade/", NEW)
    assert answer.status_code == 200
    assert answer.json()["id"] == guest.id
    assert not answer.json()["guest"]
    assert answer.json()["password"]
    for known in (client, phone):
        assert known.get("/api/me/").json()["username"] == "Otter"
    assert [row["id"] for row in client.get("/api/matches/").json()["results"]] == [str(match.id)]
    assert lobby.members.get().user_id == guest.id
    login = api().post("/api/auth/login/", NEW)
    assert login.json()["user"]["id"] == guest.id


def test_its_sessions_go_on_and_keep_their_grants() -> None:
    guest = guest_create()
    here, there = browser(guest), browser(guest)
    before = set(Grant.objects.values_list("id", flat=True))
    key = here.cookies["sessionid"].value
    assert here.post("/api/me/upgrade/", NEW).status_code == 200
    assert here.cookies["sessionid"].value != key, "no longer the one that a guest had"
    for page in (here, there):
        assert page.get("/api/me/").json()["username"] == "Otter"
    assert set(Grant.objects.values_list("id", flat=True)) == before


def test_an_invented_name_gives_way_and_a_chosen_one_stays() -> None:
    first, second = guest_create(), guest_create()
    account_rename(user=second, name="Captain")
    account_upgrade(user=first, username="Otter", password="correct horse")
    account_upgrade(user=second, username="Badger", password="correct horse")
    assert (first.name, second.name) == ("Otter", "Captain")


def test_others_see_the_new_name_in_the_lobby() -> None:
    guest = guest_create()
    lobby = lobby_of(guest)
    api(guest).post("/api/me/upgrade/", NEW)
    seen = api().get(f"/api/lobbies/{lobby.id}/").json()
    assert [member["user"]["name"] for member in seen["members"]] == ["Otter"]


def test_what_is_refused_leaves_the_guest_as_it_was() -> None:
    User.objects.create_user("taken", name="Taken")
    guest = guest_create()
    client = api(guest)
    answer = client.post("/api/me/upgrade/", {"username": "TAKEN", "password": "short"})
    assert set(fields_of(answer)) == {"username", "password"}
    assert client.get("/api/me/").json()["guest"]


def test_an_account_cannot_be_upgraded_nor_a_visitor() -> None:
    assert refused(api(person()).post("/api/me/upgrade/", NEW), 409, "not_guest")
    assert refused(api().post("/api/me/upgrade/", NEW), 401, "not_authenticated")
