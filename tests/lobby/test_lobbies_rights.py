"""Who may come into a lobby and who runs it: passwords, bans, the host's office, and its end."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from lobby import counters
from lobby.limits import (
    BARRED_MAX,
    LOBBY_EMPTY_S,
    LOBBY_SEEN_S,
    PASSWORD_TRIES_MAX,
    PASSWORD_TRIES_PER_LOBBY_MAX,
)
from lobby.models.lobbies import Lobby
from lobby.services.lobbies import lobbies_expire, lobbies_seen, lobby_start
from tests.lobby.kit import api, fields_of, finish, lobby_of, people, person, refused
from tests.lobby.test_lobbies import change, do, listed, read

pytestmark = pytest.mark.django_db


# --- passwords ------------------------------------------------------------------------------------


def test_a_lobby_with_a_password_is_listed_and_opens_to_those_who_know_it() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby = lobby_of(ann, title="arena", password="open sesame")
    assert "sesame" not in Lobby.objects.get().password
    assert listed(bob) == [str(lobby.id)]
    assert read(bob, lobby).json()["locked"]
    assert refused(do(bob, lobby, "join"), 403, "lobby_password_wrong")
    assert refused(do(bob, lobby, "join", password="sesame"), 403, "lobby_password_wrong")
    assert do(bob, lobby, "join", password="open sesame").status_code == 200
    assert do(bob, lobby, "join").status_code == 200  # in it already
    answer = api(cid).post("/api/lobbies/join/", {"code": lobby.code, "password": "open sesame"})
    assert answer.status_code == 200


def test_a_private_lobby_wants_its_code_before_its_password() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, private=True, password="p")
    assert refused(do(bob, lobby, "join", password="p"), 404, "not_found")
    assert refused(do(bob, lobby, "join", password="x"), 404, "not_found")
    assert refused(do(bob, lobby, "join", code=lobby.code), 403, "lobby_password_wrong")
    assert do(bob, lobby, "join", code=lobby.code, password="p").status_code == 200


def test_the_host_changes_the_password_and_takes_it_away() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, password="old")
    assert change(ann, lobby, password="new").json()["locked"]
    assert refused(do(bob, lobby, "join", password="old"), 403, "lobby_password_wrong")
    assert not change(ann, lobby, password="").json()["locked"]
    assert do(bob, lobby, "join").status_code == 200
    assert "password" in fields_of(change(ann, lobby, password="x" * 65))


def test_guesses_at_a_password_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_700_000_000.0]
    monkeypatch.setattr(counters, "clock", lambda: now[0])
    ann, eve = people("Ann", "Eve")
    lobby = lobby_of(ann, title="arena", password="right")
    for _ in range(PASSWORD_TRIES_MAX):
        assert refused(do(eve, lobby, "join", password="wrong"), 403, "lobby_password_wrong")
    assert refused(do(eve, lobby, "join", password="right"), 429, "too_many_tries")
    assert do(person("Bob"), lobby, "join", password="right").status_code == 200
    now[0] += 60
    assert do(eve, lobby, "join", password="right").status_code == 200


def test_many_accounts_together_get_few_guesses_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "clock", lambda: 1_700_000_000.0)
    lobby = lobby_of(person("Ann"), password="right")
    answers = [
        do(person("Eve"), lobby, "join", password="wrong").status_code
        for _ in range(PASSWORD_TRIES_PER_LOBBY_MAX + 1)
    ]
    assert answers == [403] * PASSWORD_TRIES_PER_LOBBY_MAX + [429]


# --- the host's office ----------------------------------------------------------------------------


def test_who_was_kicked_without_a_ban_may_come_back() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    assert do(ann, lobby, "kick", user=bob.id, ban=False).status_code == 200
    assert do(bob, lobby, "join").status_code == 200


def test_a_ban_can_be_lifted_by_the_host_alone() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby = lobby_of(ann, bob, cid, title="arena")
    do(ann, lobby, "kick", user=bob.id)
    barred = api(ann).get(f"/api/lobbies/{lobby.id}/barred/").json()
    assert [user["name"] for user in barred] == ["Bob"]
    assert refused(api(cid).get(f"/api/lobbies/{lobby.id}/barred/"), 403, "not_host")
    assert refused(do(cid, lobby, "unban", user=bob.id), 403, "not_host")
    assert refused(do(bob, lobby, "unban", user=bob.id), 404, "not_found")
    assert do(ann, lobby, "unban", user=bob.id).json() == []
    assert do(ann, lobby, "unban", user=10**30).status_code == 200
    assert do(bob, lobby, "join").status_code == 200


def test_of_those_who_are_kept_out_the_newest_are_remembered() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    Lobby.objects.update(barred=list(range(-BARRED_MAX, 0)))
    do(ann, lobby, "kick", user=bob.id)
    barred = Lobby.objects.get().barred
    assert (len(barred), barred[-1], barred[0]) == (BARRED_MAX, bob.id, 1 - BARRED_MAX)


def test_a_host_may_pass_the_office_on() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    lobby = lobby_of(ann, bob)
    for nobody in (ann.id, eve.id, 10**30):
        assert "user" in fields_of(do(ann, lobby, "host", user=nobody))
    shown = do(ann, lobby, "host", user=bob.id).json()
    assert shown["host"]["name"] == "Bob"
    assert refused(do(ann, lobby, "host", user=ann.id), 403, "not_host")
    assert refused(do(bob, lobby, "start"), 409, "not_ready")
    do(ann, lobby, "ready", ready=True)
    assert do(bob, lobby, "start").status_code == 201


# --- filters --------------------------------------------------------------------------------------


def test_the_list_is_narrowed_down_by_settings_of_a_title() -> None:
    fast, slow = person("Ann"), person("Bob")
    three = lobby_of(fast, settings={"minutes": 3})
    ten = lobby_of(slow, settings={"minutes": 10, "increment_s": 0})
    for settings, found in (
        ({"minutes": 3}, [three]),
        ({"minutes": 10, "increment_s": 0}, [ten]),
        ({"minutes": 10, "increment_s": 3}, []),
        ({"minutes": {"min": 3, "max": 9}}, [three]),
        ({"minutes": {"min": 4}, "increment_s": {"max": 0}}, [ten]),
        ({"minutes": {"in": [3, 10]}}, [ten, three]),
        ({"minutes": {"in": [1, 10]}}, [ten]),
        ({}, [ten, three]),
    ):
        wanted = json.dumps(settings)
        assert listed(title="chess", settings=wanted) == [str(lobby.id) for lobby in found]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"settings": "{}"}, "settings"),
        ({"title": "chess", "settings": "{"}, "settings"),
        ({"title": "chess", "settings": "[1]"}, "settings"),
        ({"title": "chess", "settings": "[" * 900}, "settings"),
        ({"title": "chess", "settings": '{"minutes": "3"}'}, "settings.minutes"),
        ({"title": "chess", "settings": '{"minutes__gt": 3}'}, "settings.minutes__gt"),
        ({"title": "chess", "settings": '{"minutes": {"min": "3"}}'}, "settings.minutes"),
        ({"title": "chess", "settings": '{"minutes": {"min": true}}'}, "settings.minutes"),
        ({"title": "chess", "settings": '{"minutes": {"max": 1e300}}'}, "settings.minutes"),
        ({"title": "chess", "settings": '{"minutes": {"least": 3}}'}, "settings.minutes"),
        ({"title": "chess", "settings": '{"minutes": {}}'}, "settings.minutes"),
        ({"title": "chess", "settings": '{"minutes": {"in": []}}'}, "settings.minutes"),
        ({"title": "chess", "settings": '{"minutes": {"in": [0]}}'}, "settings.minutes"),
        ({"title": "chess", "settings": "1" * 1001}, "settings"),
        ({"title": "go", "settings": "{}"}, "title"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_field(query: Any, field: str) -> None:
    assert field in fields_of(api().get("/api/lobbies/", query))


# --- deserted lobbies -----------------------------------------------------------------------------


def test_a_lobby_that_everybody_left_without_a_word_is_closed_once() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    deserted, lived_in, playing = lobby_of(ann), lobby_of(bob), lobby_of(cid, title="arena")
    lobby_start(lobby_id=playing.id, user=cid)
    later = timezone.now() + timedelta(seconds=LOBBY_EMPTY_S + 1)
    assert lobbies_seen(user_ids=[bob.id, 10**9], now=later) == 1
    assert lobbies_expire(now=later) == [deserted.id]
    assert lobbies_expire(now=later) == []
    assert refused(do(ann, deserted, "join"), 404, "not_found")
    assert not Lobby.objects.get(id=lived_in.id).closed
    finish(Lobby.objects.get(id=playing.id).match, [0])
    assert lobbies_expire(now=later) == [playing.id]


def test_a_lobby_is_kept_by_what_its_people_ask_for_without_a_socket() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    long_ago = timezone.now() - timedelta(seconds=2 * LOBBY_EMPTY_S)
    for act in (lambda: do(bob, lobby, "join"), lambda: do(bob, lobby, "ready", ready=True)):
        Lobby.objects.update(seen=long_ago)
        act()
        assert lobbies_expire(now=timezone.now()) == []


def test_that_somebody_is_here_is_written_once_a_minute() -> None:
    ann = person("Ann")
    lobby_of(ann)
    now = timezone.now() + timedelta(seconds=LOBBY_SEEN_S + 1)
    assert lobbies_seen(user_ids=[ann.id], now=now) == 1
    assert lobbies_seen(user_ids=[ann.id], now=now + timedelta(seconds=LOBBY_SEEN_S / 2)) == 0


# --- the last seat --------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_of_many_requests_for_the_last_seat_at_one_moment_one_is_granted(
    database: str, running_server: Any, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgres" else ""
    with running_server("uvicorn", env={"DATABASE_URL": url} if url else None) as worker:

        def guest() -> httpx.Client:
            token = httpx.post(f"{worker.url}/api/auth/guest/", json={}).json()["token"]
            return httpx.Client(
                base_url=f"{worker.url}/api/lobbies/", headers={"Authorization": f"Token {token}"}
            )

        host, *rivals = [guest() for _ in range(7)]
        for _ in range(3):
            lobby = host.post("", json={"title": "chess"}).json()["id"]
            together = threading.Barrier(len(rivals))

            def join(client: httpx.Client) -> str:
                together.wait()  # noqa: B023  awaited within this round
                answer = client.post(f"{lobby}/join/", json={}).json()  # noqa: B023
                return str(answer["error"]["code"]) if "error" in answer else "in"

            with ThreadPoolExecutor(len(rivals)) as threads:
                came = sorted(threads.map(join, rivals))
            assert came == ["in", *["lobby_full"] * (len(rivals) - 1)]
            assert len(host.get(f"{lobby}/").json()["members"]) == 2
            for client in (host, *rivals):
                client.post(f"{lobby}/leave/", json={})
