"""Rated lobbies: who may open and join one, and what it makes of its matches."""

from typing import Any

import pytest

from games.catalog import TITLES
from games.models import Match
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.services.lobbies import lobby_join, lobby_start
from tests.lobby.kit import api, fields_of, finish, lobby_of, people, person, refused

pytestmark = pytest.mark.django_db


def open_rated(user: User, **body: Any) -> Any:
    return api(user).post("/api/lobbies/", {"title": "chess", "rated": True} | body)


def change(user: User, lobby: Lobby, **body: Any) -> Any:
    return api(user).patch(f"/api/lobbies/{lobby.id}/", body)


def test_a_lobby_is_casual_unless_its_host_says_otherwise() -> None:
    ann = person("Ann")
    assert not api(ann).post("/api/lobbies/", {"title": "chess"}).json()["rated"]
    answer = open_rated(ann)
    assert answer.status_code == 201
    assert answer.json()["rated"]


@pytest.mark.parametrize("private", [True, False])
def test_a_match_is_rated_as_its_lobby_was_when_it_began(private: bool) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, rated=True, private=private)
    first = lobby_start(lobby_id=lobby.id, user=ann)
    assert refused(change(ann, lobby, rated=False), 409, "already_playing")
    finish(first, [0], [1])
    assert change(ann, lobby, rated=False).status_code == 200
    api(bob).post(f"/api/lobbies/{lobby.id}/ready/", {"ready": True})
    second = lobby_start(lobby_id=lobby.id, user=ann)
    rated = dict(Match.objects.values_list("id", "rated"))
    assert rated == {first.id: True, second.id: False}


def test_whether_it_is_rated_is_a_reason_to_be_asked_again_whether_one_is_ready() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    assert change(ann, lobby, rated=True).status_code == 200
    assert not lobby.members.get(user=bob).ready


def test_guests_play_casual() -> None:
    ann, guest = person("Ann"), person("Guest", guest=True)
    assert list(fields_of(open_rated(guest))) == ["rated"]
    lobby = lobby_of(ann, rated=True)
    join = f"/api/lobbies/{lobby.id}/join/"
    assert refused(api(guest).post(join, {}), 403, "accounts_only")
    assert refused(
        api(guest).post("/api/lobbies/join/", {"code": lobby.code}), 403, "accounts_only"
    )
    mixed = lobby_of(ann, guest)
    assert list(fields_of(change(ann, mixed, rated=True))) == ["rated"]


def test_a_guest_cannot_drop_into_a_rated_match() -> None:
    ann, guest = person("Ann"), person("Guest", guest=True)
    lobby = lobby_of(ann, title="arena", rated=True)
    match = lobby_start(lobby_id=lobby.id, user=ann)
    assert match.rated
    assert refused(api(guest).post(f"/api/lobbies/{lobby.id}/join/", {}), 403, "accounts_only")
    lobby_join(lobby_id=lobby.id, user=person("Bob"))
    assert match.seats.count() == 2


def test_bots_play_casual() -> None:
    ann = person("Ann")
    assert list(fields_of(open_rated(ann, bots=1))) == ["rated"]
    lobby = lobby_of(ann, rated=True)
    assert list(fields_of(change(ann, lobby, bots=1))) == ["rated"]
    assert change(ann, lobby, bots=1, rated=False).status_code == 200


def test_a_title_may_say_that_it_is_never_rated(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, rated=True)
    monkeypatch.setattr(TITLES["chess"], "rateable", False)
    assert not api().get("/api/titles/chess/").json()["rateable"]
    assert list(fields_of(open_rated(ann))) == ["rated"]
    assert not lobby_start(lobby_id=lobby.id, user=ann).rated, "also in a lobby from before"


def test_a_title_for_one_is_never_rated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TITLES["arena"], "seats", range(1, 2))
    assert list(fields_of(open_rated(person("Ann"), title="arena"))) == ["rated"]
