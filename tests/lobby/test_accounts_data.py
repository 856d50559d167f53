"""Names, the export of all that is known, and the end of an account."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.models import Match
from lobby import counters
from lobby.limits import NAME_CHANGES_MAX, NAME_CHANGES_S
from lobby.models.accounts import User
from lobby.models.grants import Grant
from lobby.names import name_is_invented, name_is_reserved, name_looks
from lobby.services.accounts import EXPORTS, guest_create
from tests.lobby.kit import (
    api,
    browser,
    fields_of,
    finish,
    lobby_of,
    match_of,
    people,
    person,
    rated_match,
    refused,
)

pytestmark = pytest.mark.django_db

# --- names --------------------------------------------------------------------------------------


def rename(client: Any, name: str) -> Any:
    return client.patch("/api/me/", {"display_name": name})


@pytest.mark.parametrize(
    "name",
    ["Admin", "ADMIN", "ａｄｍｉｎ", "аdmin", "adm1n", "a.d.m.i.n", "Ádmin", "admin 2", "Staff",
     "Evertick", "ЕvеrtІсk", "M0derat0r", "Bot 1", "syѕtem"],
)  # fmt: skip
def test_names_that_pass_for_those_who_run_the_server_are_refused(name: str) -> None:
    assert name_is_reserved(name)
    assert list(fields_of(rename(api(person()), name))) == ["display_name"]


@pytest.mark.parametrize(
    "name", ["Otter", "Administer", "Modesty", "Roots", "Bottom", "Штаб", "管理", "Rootbeer"]
)
def test_other_names_are_free(name: str) -> None:
    assert not name_is_reserved(name)
    assert rename(api(person()), name).status_code == 200


def test_nobody_passes_for_somebody_of_the_staff() -> None:
    person("Grace Hopper", is_staff=True)
    client = api(person())
    for name in ("grace hopper", "GraceHopper", "Grасe H0pper"):
        assert list(fields_of(rename(client, name))) == ["display_name"]
    body = {"username": "GraceHopper", "password": "correct horse"}
    assert list(fields_of(api().post("/api/auth/register/", body))) == ["username"]


def test_the_staff_are_called_as_they_like() -> None:
    assert rename(api(person("Op", is_staff=True)), "Admin").status_code == 200


def test_a_reserved_username_is_not_to_be_had() -> None:
    body = {"username": "аdmin", "password": "correct horse"}
    assert list(fields_of(api().post("/api/auth/register/", body))) == ["username"]
    assert list(fields_of(api(guest_create()).post("/api/me/upgrade/", body))) == ["username"]


def test_a_name_changes_so_often_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    day = 20_000 * NAME_CHANGES_S
    now = [day + 3600.0]
    monkeypatch.setattr(counters, "clock", lambda: now[0])
    client = api(person())
    for number in range(NAME_CHANGES_MAX):
        assert rename(client, f"Otter {number}").status_code == 200
    assert rename(client, "Otter 4").status_code == 200, "it is that already"
    answer = rename(client, "Badger")
    assert refused(answer, 429, "throttled")
    assert answer.headers["Retry-After"] == str(NAME_CHANGES_S - 3600)
    now[0] = day + NAME_CHANGES_S
    assert rename(client, "Badger").status_code == 200


def test_what_looks_alike_is_alike() -> None:
    assert name_looks("Ill") == name_looks("1LL") == name_looks("lІl")
    assert name_looks("Otter") != name_looks("0ttar")
    assert name_is_invented(guest_create().name)
    assert not name_is_invented("Captain Otter 7")


# --- export -------------------------------------------------------------------------------------


def test_all_that_is_known_of_somebody_is_theirs_to_have() -> None:
    ann, bob = people("Ann", "Bob")
    lobby, match = lobby_of(ann, bob), match_of(ann, bob)
    match_of(bob)
    answer = api(ann).get("/api/me/export/")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    body = answer.json()
    assert set(body) == set(EXPORTS)
    assert body["account"]["username"] == ann.username
    assert [row["id"] for row in body["lobbies"]] == [str(lobby.id)]
    assert [row["id"] for row in body["matches"]] == [str(match.id)]
    assert [row["kind"] for row in body["sessions"]] == ["token"]
    assert bob.username not in answer.content.decode(), "others are known by their names alone"


def test_what_is_known_takes_as_many_queries_however_much_was_played() -> None:
    ann, bob = people("Ann", "Bob")
    client, counts = api(ann), []
    for length in (1, 3):
        while Match.objects.count() < length:
            finish(rated_match(ann, bob), [0], [1])
        client.get("/api/me/")
        with CaptureQueriesContext(connection) as asked:
            assert len(client.get("/api/me/export/").json()["matches"]) == length
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_subject_adds_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXPORTS, "ships", lambda user: [user.name])
    assert api(person("Ann")).get("/api/me/export/").json()["ships"] == ["Ann"]


# --- the end ------------------------------------------------------------------------------------


def delete(client: Any, password: str = "") -> Any:
    return client.post("/api/me/delete/", {"password": password})


def test_an_account_is_deleted_by_who_has_the_password() -> None:
    ann = person("Ann", password="correct horse")
    client, page = api(ann), browser(ann)
    Grant.objects.update(created="2020-01-01T00:00Z")
    assert refused(delete(client), 403, "proof_needed")
    assert refused(delete(client, "wrong"), 403, "password_wrong")
    assert User.objects.exists()
    assert delete(page, "correct horse").status_code == 204
    assert not User.objects.exists()
    assert not Grant.objects.exists()
    assert refused(page.get("/api/me/"), 401, "not_authenticated")
    assert refused(client.get("/api/me/"), 401, "token_invalid")


def test_who_signed_in_just_now_needs_no_password_and_a_guest_has_none() -> None:
    assert delete(api(person())).status_code == 204
    guest = guest_create()
    client = api(guest)
    Grant.objects.update(created="2020-01-01T00:00Z")
    assert delete(client).status_code == 204


def test_matches_go_on_without_who_is_gone_and_keep_the_name() -> None:
    ann, bob = people("Ann", "Bob")
    lobby, match = lobby_of(ann, bob), match_of(ann, bob)
    assert delete(api(ann)).status_code == 204
    assert [seat.name for seat in match.seats.all()] == ["Ann", "Bob"]
    assert [member.user_id for member in lobby.members.all()] == [bob.id]
