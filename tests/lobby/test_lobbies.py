"""Lobbies, as a client sees them: making, finding, joining, leaving, changing, starting."""

import uuid
from typing import Any

import msgspec
import pytest
from pytest_django import DjangoAssertNumQueries

from games.catalog import TITLES
from games.models import Match, Seat
from lobby.limits import CODE_CHARS, CODE_LENGTH, LOBBIES_PER_USER_MAX
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.services.lobbies import lobby_close, lobby_start
from tests.lobby.kit import api, fields_of, finish, lobby_of, people, person, refused, run

pytestmark = pytest.mark.django_db


def do(user: User | None, lobby: Lobby | uuid.UUID, what: str = "", /, **body: Any) -> Any:
    """Posts to a lobby."""
    lobby_id = lobby.id if isinstance(lobby, Lobby) else lobby
    return api(user).post(f"/api/lobbies/{lobby_id}/{what}/", body)


def read(user: User | None, lobby: Lobby) -> Any:
    return api(user).get(f"/api/lobbies/{lobby.id}/")


def change(user: User, lobby: Lobby, **body: Any) -> Any:
    return api(user).patch(f"/api/lobbies/{lobby.id}/", body)


def listed(user: User | None = None, **filters: Any) -> list[str]:
    answer = api(user).get("/api/lobbies/", filters)
    assert answer.status_code == 200, answer.content
    return [lobby["id"] for lobby in answer.json()["results"]]


# --- titles ---------------------------------------------------------------------------------------


def test_titles_are_told_with_what_a_form_needs() -> None:
    titles = {title["title"]: title for title in api().get("/api/titles/").json()}
    assert set(titles) == set(TITLES)
    arena = titles["arena"]
    assert arena["seats"] == {"min": 1, "max": 16}
    assert arena["drop_in"]
    assert arena["bots"]
    assert arena["settings"] == msgspec.json.schema(TITLES["arena"].Settings)
    assert api().get("/api/titles/arena/").json() == arena


def test_an_unknown_title_is_not_found() -> None:
    assert refused(api().get("/api/titles/go/"), 404, "not_found")


# --- making ---------------------------------------------------------------------------------------


def test_a_new_lobby_has_its_maker_as_host_and_every_setting() -> None:
    ann = person("Ann")
    answer = api(ann).post("/api/lobbies/", {"title": "chess", "settings": {"minutes": 3}})
    assert answer.status_code == 201
    lobby = answer.json()
    assert lobby["name"] == "Chess with Ann"
    assert lobby["host"] == {"id": ann.id, "name": "Ann"}
    assert lobby["settings"] == {"minutes": 3, "increment_s": 3, "days": 0}
    assert lobby["seats"] == {"min": 2, "max": 2, "taken": 1}
    assert lobby["state"] == "open"
    assert lobby["match"] is None
    assert lobby["members"] == [
        {
            "user": {"id": ann.id, "name": "Ann", "guest": False},
            "ready": False,
            "host": True,
            "away": True,
            "team": None,
            "seat": None,
        }
    ]
    assert len(lobby["code"]) == CODE_LENGTH
    assert set(lobby["code"]) <= set(CODE_CHARS)


def test_a_lobby_needs_an_account() -> None:
    assert refused(api().post("/api/lobbies/", {"title": "chess"}), 401, "not_authenticated")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "go"}, "title"),
        ({"title": 7}, "title"),
        ({"title": "chess", "name": "a" * 51}, "name"),
        ({"title": "chess", "name": "a\u202eb"}, "name"),
        ({"title": "chess", "private": "perhaps"}, "private"),
        ({"title": "chess", "bots": -1}, "bots"),
        ({"title": "chess", "bots": 2}, "bots"),
        ({"title": "chess", "bots": 10**30}, "bots"),
        ({"title": "chess", "host": 1}, "host"),
        ({"title": "chess", "settings": []}, "settings"),
        ({"title": "chess", "settings": {"minutes": 0}}, "settings.minutes"),
        ({"title": "chess", "settings": {"minutes": 10**30}}, "settings.minutes"),
        ({"title": "chess", "settings": {"minutes": "3"}}, "settings.minutes"),
        ({"title": "chess", "settings": {"minutes": None}}, "settings.minutes"),
        ({"title": "chess", "settings": {"minute": 3}}, "settings.minute"),
        ({"title": "sketch", "settings": {"own_words": "two,,three"}}, "settings.own_words"),
        ({"title": "sketch", "settings": {"own_words": "ab," * 700 + "ab"}}, "settings.own_words"),
    ],
)
def test_a_lobby_of_the_wrong_shape_is_refused_by_field(body: Any, field: str) -> None:
    assert list(fields_of(api(person()).post("/api/lobbies/", body))) == [field]
    assert not Lobby.objects.exists()


def test_a_text_of_another_form_is_refused_in_words_for_people() -> None:
    body = {"title": "sketch", "settings": {"own_words": "1984"}}
    assert fields_of(api(person()).post("/api/lobbies/", body)) == {
        "settings.own_words": ["This is not of the form that is asked for."]
    }


def test_a_title_without_a_bot_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TITLES["chess"], "has_bot", classmethod(lambda cls: False))
    client = api(person())
    assert fields_of(client.post("/api/lobbies/", {"title": "chess", "bots": 1})) == {
        "bots": ["This title has no bot."]
    }
    assert client.post("/api/lobbies/", {"title": "chess", "bots": 0}).status_code == 201


def test_one_is_in_a_few_lobbies_at_most() -> None:
    ann, bob = people("Ann", "Bob")
    mine = [lobby_of(ann) for _ in range(LOBBIES_PER_USER_MAX)]
    other = lobby_of(bob)
    assert refused(api(ann).post("/api/lobbies/", {"title": "chess"}), 409, "too_many_lobbies")
    assert refused(do(ann, other, "join"), 409, "too_many_lobbies")
    assert refused(
        api(ann).post("/api/lobbies/join/", {"code": other.code}), 409, "too_many_lobbies"
    )
    assert do(ann, mine[0], "join").status_code == 200  # in it already
    assert do(ann, mine[0], "leave").status_code == 204
    assert do(ann, other, "join").status_code == 200


# --- finding --------------------------------------------------------------------------------------


def test_the_list_shows_public_lobbies_newest_first_to_everybody() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    first, hidden, closed, last = lobby_of(ann), lobby_of(bob, private=True), lobby_of(bob), None
    last = lobby_of(cid)
    lobby_close(lobby_id=closed.id)
    assert listed() == listed(bob) == [str(last.id), str(first.id)]
    assert str(hidden.id) not in listed(ann)


def test_the_list_of_ones_own_has_private_ones_too() -> None:
    ann, bob = people("Ann", "Bob")
    hidden = lobby_of(ann, private=True)
    lobby_of(bob)
    assert listed(ann, mine="true") == [str(hidden.id)]
    assert listed(None, mine="true") == []


def test_the_list_narrows_by_title_state_and_free_seats() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    full, half = lobby_of(ann, bob), lobby_of(cid)
    arena, playing = lobby_of(bob, ann, title="arena"), lobby_of(cid, title="arena")
    match = lobby_start(lobby_id=playing.id, user=cid)
    assert listed(title="arena") == [str(playing.id), str(arena.id)]
    assert listed(state="playing") == [str(playing.id)]
    assert listed(state="open") == [str(arena.id), str(half.id), str(full.id)]
    assert listed(seats_free=1) == [str(playing.id), str(arena.id), str(half.id)]
    assert listed(seats_free=15) == [str(playing.id)]
    assert listed(seats_free=1, title="chess") == [str(half.id)]
    finish(match, [0])
    assert listed(state="playing") == []


@pytest.mark.parametrize(
    "filters",
    [
        {"title": "go"},
        {"state": "shut"},
        {"seats_free": "x"},
        {"seats_free": -1},
        {"seats_free": 1e9},
    ],
)
def test_a_filter_that_means_nothing_is_refused(filters: Any) -> None:
    assert list(fields_of(api().get("/api/lobbies/", filters))) == list(filters)


def test_the_list_comes_in_pages_of_a_bounded_size() -> None:
    for _ in range(3):
        lobby_of(person())
    page = api().get("/api/lobbies/?page_size=2").json()
    assert (page["count"], len(page["results"]), page["previous"]) == (3, 2, None)
    rest = api().get(page["next"]).json()
    assert len(rest["results"]) == 1
    assert rest["next"] is None
    assert len(api().get("/api/lobbies/?page_size=1000000").json()["results"]) == 3


def test_a_list_takes_as_many_queries_however_long_it_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(2):
        lobby_of(*people("Ann", "Bob"), title="arena")
    client = api()
    with django_assert_num_queries(3):  # how many; lobbies; members
        client.get("/api/lobbies/")
    for number in range(8):
        lobby = lobby_of(*people("Ann", "Bob", "Cid"), title="arena")
        if number % 2 and lobby.host:
            lobby_start(lobby_id=lobby.id, user=lobby.host)
    with django_assert_num_queries(3):
        answer = client.get("/api/lobbies/")
    assert len(answer.json()["results"]) == 10


def test_a_title_that_is_gone_takes_its_lobbies_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lobby = lobby_of(person())
    Lobby.objects.update(title="gone")
    assert listed() == []
    assert refused(read(None, lobby), 404, "not_found")


def test_the_code_is_told_to_members_only() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    assert read(ann, lobby).json()["code"] == lobby.code
    assert read(bob, lobby).json()["code"] is None
    assert read(None, lobby).json()["code"] is None
    rows = api(ann).get("/api/lobbies/").json()["results"]
    assert [row["code"] for row in rows] == [lobby.code]


def test_a_private_lobby_and_none_at_all_look_alike_to_others() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, private=True)
    assert read(ann, lobby).status_code == 200
    nothing = api(bob).get(f"/api/lobbies/{uuid.uuid4()}/")
    for answer in (read(bob, lobby), read(None, lobby)):
        assert refused(answer, 404, "not_found")
        assert answer.json() == nothing.json()


# --- joining --------------------------------------------------------------------------------------


def test_joining_a_public_lobby_needs_no_code() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    answer = do(bob, lobby, "join")
    assert answer.status_code == 200
    assert [member["user"]["name"] for member in answer.json()["members"]] == ["Ann", "Bob"]
    assert do(bob, lobby, "join").json() == answer.json()  # twice is once


@pytest.mark.parametrize("code", [{}, {"code": ""}, {"code": "AAAAAA"}])
def test_joining_a_private_lobby_without_its_code_is_as_if_there_were_none(code: Any) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, private=True)
    Lobby.objects.update(code="BBBBBB")
    assert refused(do(bob, lobby, "join", **code), 404, "not_found")


def test_a_code_lets_one_in_in_either_case() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby = lobby_of(ann, title="arena", private=True)
    assert do(bob, lobby, "join", code=f" {lobby.code.lower()} ").status_code == 200
    answer = api(cid).post("/api/lobbies/join/", {"code": lobby.code.lower()})
    assert answer.json()["id"] == str(lobby.id)
    assert refused(api(cid).post("/api/lobbies/join/", {"code": "AAAAAA"}), 404, "not_found")
    assert "code" in fields_of(api(cid).post("/api/lobbies/join/", {}))


def test_a_full_lobby_takes_nobody() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    assert refused(do(cid, lobby_of(ann, bob), "join"), 409, "lobby_full")


def test_bots_make_room_for_people() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bots=1)
    assert do(bob, lobby, "join").status_code == 200
    do(bob, lobby, "ready", ready=True)
    match = Match.objects.get(id=do(ann, lobby, "start").json()["match"])
    assert [seat.bot for seat in match.seats.all()] == [False, False]


def test_a_running_match_without_drop_in_keeps_its_lobby_shut() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby = lobby_of(ann, bob)
    lobby_start(lobby_id=lobby.id, user=ann)
    assert refused(do(cid, lobby, "join"), 409, "already_playing")


def test_joining_a_running_drop_in_match_takes_a_seat_in_it() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, title="arena")
    match = lobby_start(lobby_id=lobby.id, user=ann)
    run(match)
    answer = do(bob, lobby, "join")
    assert answer.json()["match"] == str(match.id)
    assert [(seat.number, seat.user) for seat in match.seats.all()] == [(0, ann), (1, bob)]


def test_a_member_without_a_seat_gets_one_by_joining_again() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, title="arena")
    match = lobby_start(lobby_id=lobby.id, user=ann)
    Seat.objects.filter(user=bob).delete()
    assert do(bob, lobby, "join").status_code == 200
    assert match.seats.filter(user=bob).count() == 1


def test_one_who_left_a_drop_in_match_gets_the_old_seat_back() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, title="arena")
    match = lobby_start(lobby_id=lobby.id, user=ann)
    number = match.seats.get(user=bob).number
    do(bob, lobby, "leave")
    assert match.seats.get(user=bob).left == Seat.Left.LEFT
    do(bob, lobby, "join")
    assert (match.seats.get(user=bob).number, match.seats.get(user=bob).left) == (number, "")


def test_a_drop_in_match_with_all_seats_taken_by_bots_takes_nobody_into_its_lobby() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, title="arena", bots=15)
    lobby_start(lobby_id=lobby.id, user=ann)
    assert refused(do(bob, lobby, "join"), 409, "match_full")
    assert lobby.members.count() == 1


# --- leaving --------------------------------------------------------------------------------------


def test_a_leaving_host_is_followed_by_the_longest_standing_member() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby = lobby_of(ann, bob, cid, title="arena")
    assert do(ann, lobby, "leave").status_code == 204
    shown = read(cid, lobby).json()
    assert shown["host"]["name"] == "Bob"
    assert [member["host"] for member in shown["members"]] == [True, False]
    do(ann, lobby, "join")
    do(bob, lobby, "leave")
    assert read(ann, lobby).json()["host"]["name"] == "Cid"


def test_the_last_one_out_closes_the_lobby() -> None:
    ann = person("Ann")
    lobby = lobby_of(ann)
    do(ann, lobby, "leave")
    assert listed() == []
    assert refused(read(ann, lobby), 404, "not_found")
    assert refused(do(ann, lobby, "join"), 404, "not_found")
    assert refused(api(ann).post("/api/lobbies/join/", {"code": lobby.code}), 404, "not_found")


def test_leaving_a_running_match_gives_up_the_seat() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    match = lobby_start(lobby_id=lobby.id, user=ann)
    do(bob, lobby, "leave")
    assert {seat.name: seat.left for seat in match.seats.all()} == {"Ann": "", "Bob": "left"}


@pytest.mark.parametrize("what", ["leave", "ready", "start", "kick"])
@pytest.mark.parametrize("private", [True, False])
def test_one_who_is_not_in_it_can_do_nothing_to_a_lobby(what: str, private: bool) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    lobby = lobby_of(ann, bob, private=private)
    body = {"ready": {"ready": True}, "kick": {"user": bob.id}}.get(what, {})
    nothing = do(eve, uuid.uuid4(), what, **body)
    answer = do(eve, lobby, what, **body)
    assert refused(answer, 404, "not_found")
    assert answer.json() == nothing.json()
    assert refused(change(eve, lobby, name="Mine"), 404, "not_found")
    assert refused(do(None, lobby, what, **body), 401, "not_authenticated")


# --- kicking --------------------------------------------------------------------------------------


def test_one_who_was_kicked_is_out_for_good() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    match = lobby_start(lobby_id=lobby.id, user=ann)
    answer = do(ann, lobby, "kick", user=bob.id)
    assert [member["user"]["name"] for member in answer.json()["members"]] == ["Ann"]
    assert match.seats.get(user=bob).left == Seat.Left.KICKED
    assert refused(do(bob, lobby, "join"), 403, "kicked")
    assert refused(do(bob, lobby, "join", code=lobby.code), 403, "kicked")
    assert refused(api(bob).post("/api/lobbies/join/", {"code": lobby.code}), 403, "kicked")


def test_only_the_host_kicks_and_only_others_in_here() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    lobby = lobby_of(ann, bob)
    assert refused(do(bob, lobby, "kick", user=ann.id), 403, "not_host")
    for nobody in (ann.id, eve.id, 10**30, "x"):
        assert list(fields_of(do(ann, lobby, "kick", user=nobody))) == ["user"]
    assert "user" in fields_of(do(ann, lobby, "kick"))
    assert lobby.members.count() == 2


# --- changing -------------------------------------------------------------------------------------


def test_the_host_changes_what_is_played_and_nobody_is_ready_for_it_any_more() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    assert change(ann, lobby, name=" Blitz  only ").json()["name"] == "Blitz only"
    assert read(ann, lobby).json()["members"][1]["ready"]
    shown = change(ann, lobby, settings={"minutes": 1}).json()
    assert shown["settings"] == {"minutes": 1, "increment_s": 3, "days": 0}
    assert not shown["members"][1]["ready"]
    shown = change(ann, lobby, settings={"increment_s": 0}, bots=1, private=True).json()
    assert shown["settings"] == {"minutes": 1, "increment_s": 0, "days": 0}
    assert (shown["bots"], shown["private"]) == (1, True)
    assert listed() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"settings": {"minutes": 999}}, "settings.minutes"),
        ({"settings": {"x": 1}}, "settings.x"),
        ({"settings": None}, "settings"),
        ({"bots": 2}, "bots"),
        ({"title": "arena"}, "title"),
        ({"closed": True}, "closed"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(body: Any, field: str) -> None:
    ann = person("Ann")
    lobby = lobby_of(ann)
    before = read(ann, lobby).json()
    assert list(fields_of(change(ann, lobby, **body))) == [field]
    assert read(ann, lobby).json() == before


def test_only_the_host_changes_a_lobby_and_not_while_it_plays() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    assert refused(change(bob, lobby, name="Mine"), 403, "not_host")
    lobby_start(lobby_id=lobby.id, user=ann)
    assert refused(change(ann, lobby, bots=1), 409, "already_playing")


# --- ready, start, again --------------------------------------------------------------------------


def test_a_match_starts_when_all_others_are_ready() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    assert refused(do(ann, lobby, "start"), 409, "too_few_players")
    do(bob, lobby, "join")
    assert refused(do(ann, lobby, "start"), 409, "not_ready")
    assert do(bob, lobby, "ready", ready=True).json()["members"][1]["ready"]
    assert refused(do(bob, lobby, "start"), 403, "not_host")
    answer = do(ann, lobby, "start")
    assert answer.status_code == 201
    shown = read(bob, lobby).json()
    assert (shown["state"], shown["match"]) == ("playing", answer.json()["match"])
    assert refused(do(ann, lobby, "start"), 409, "already_playing")
    assert refused(do(bob, lobby, "ready", ready=False), 409, "already_playing")


def test_ready_takes_yes_or_no() -> None:
    ann = person("Ann")
    lobby = lobby_of(ann)
    for body in ({}, {"ready": "perhaps"}, {"ready": None}):
        assert list(fields_of(do(ann, lobby, "ready", **body))) == ["ready"]


def test_a_match_has_the_settings_the_seats_and_the_privacy_of_its_lobby() -> None:
    ann = person("Ann")
    lobby = lobby_of(ann, title="arena", settings={"length_s": 60}, bots=2, private=True)
    match = Match.objects.get(id=do(ann, lobby, "start").json()["match"])
    assert (match.title, match.settings["length_s"], match.public) == ("arena", 60, False)
    seats = [(seat.number, seat.name, seat.bot) for seat in match.seats.all()]
    assert seats == [(0, "Ann", False), (1, "Bot 1", True), (2, "Bot 2", True)]


def test_a_bot_makes_up_for_a_missing_player() -> None:
    ann = person("Ann")
    assert do(ann, lobby_of(ann, bots=1), "start").status_code == 201


def test_after_a_match_its_lobby_is_open_again_and_the_seats_have_moved_on() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    first = lobby_start(lobby_id=lobby.id, user=ann)
    finish(first, [1], [0])
    shown = read(ann, lobby).json()
    assert (shown["state"], shown["match"]) == ("open", None)
    assert [member["ready"] for member in shown["members"]] == [False, False]
    assert refused(do(ann, lobby, "start"), 409, "not_ready")
    do(bob, lobby, "ready", ready=True)
    second = lobby_start(lobby_id=lobby.id, user=ann)
    assert [seat.name for seat in first.seats.all()] == ["Ann", "Bob"]
    assert [seat.name for seat in second.seats.all()] == ["Bob", "Ann"]
