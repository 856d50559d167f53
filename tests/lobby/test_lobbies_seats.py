"""Teams and seats, as people choose them before a match."""

import pytest

from games.models import Match
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.services.lobbies import lobby_join, lobby_ready, lobby_start
from tests.lobby.kit import api, fields_of, finish, lobby_of, people, refused
from tests.lobby.test_lobbies import do, read
from tests.lobby.test_services import at_once

pytestmark = pytest.mark.django_db


def names(match: Match) -> list[str]:
    return [seat.name for seat in match.seats.all()]


def again(lobby: Lobby, host: User, *others: User) -> Match:
    for other in others:
        lobby_ready(lobby_id=lobby.id, user=other, ready=True)
    return lobby_start(lobby_id=lobby.id, user=host)


def test_a_chosen_seat_is_had_in_every_round() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    assert do(bob, lobby, "seat", seat=0).json()["members"][1]["seat"] == 0
    for _ in range(2):
        match = again(lobby, ann, bob)
        assert names(match) == ["Bob", "Ann"]
        finish(match, [0], [1])
        shown = read(ann, lobby).json()
        assert [member["seat"] for member in shown["members"]] == [None, 0]
        assert shown["settings"] == {"minutes": 5, "increment_s": 3, "days": 0}
    assert do(bob, lobby, "seat").json()["members"][1]["seat"] is None


def test_a_seat_is_chosen_by_one() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    assert do(ann, lobby, "seat", seat=1).status_code == 200
    assert do(ann, lobby, "seat", seat=1).status_code == 200
    assert refused(do(bob, lobby, "seat", seat=1), 409, "seat_taken")
    do(ann, lobby, "leave")
    assert do(bob, lobby, "seat", seat=1).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_choose_one_seat_at_once_one_gets_it() -> None:
    from lobby.services.lobbies import lobby_seat

    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    came = at_once(
        *(lambda user=user: lobby_seat(lobby_id=lobby.id, user=user, seat=1) for user in (ann, bob))
    )
    assert came == {"done": 1, "seat_taken": 1}


def test_a_seat_beyond_those_who_play_is_the_next_best() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, title="arena", bots=1)
    do(ann, lobby, "seat", seat=15)
    do(bob, lobby, "seat", seat=2)
    assert names(again(lobby, ann)) == ["Ann", "Bot 1", "Bob"]


def test_who_chose_a_team_sits_on_its_seats_and_the_teams_are_even() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    lobby = lobby_of(ann, bob, cid, dan, title="hockey")
    do(ann, lobby, "seat", team=1)
    do(cid, lobby, "seat", team=1)
    do(dan, lobby, "seat", seat=2)
    assert read(dan, lobby).json()["members"][3]["team"] == 0
    assert names(again(lobby, ann)) == ["Bob", "Ann", "Dan", "Cid"]


def test_a_match_of_uneven_teams_does_not_start() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby = lobby_of(ann, bob, cid, title="hockey")
    for user in (ann, bob, cid):
        do(user, lobby, "seat", team=1)
    assert refused(do(ann, lobby, "start"), 409, "teams_uneven")
    assert not Match.objects.exists()
    do(cid, lobby, "seat")
    assert refused(do(ann, lobby, "start"), 409, "teams_uneven")  # seat 1 alone is of team 1
    do(bob, lobby, "seat", team=0)
    assert do(ann, lobby, "start").status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"team": 2}, "team"),
        ({"team": -1}, "team"),
        ({"team": "red"}, "team"),
        ({"seat": 6}, "seat"),
        ({"seat": -1}, "seat"),
        ({"seat": 10**30}, "seat"),
        ({"seat": 1, "team": 0}, "seat"),
        ({"place": 1}, "place"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_by_field(
    body: dict[str, object], field: str
) -> None:
    ann, eve = people("Ann", "Eve")
    lobby = lobby_of(ann, title="hockey")
    assert list(fields_of(do(ann, lobby, "seat", **body))) == [field]
    assert refused(do(eve, lobby, "seat", seat=0), 404, "not_found")


def test_teams_stay_together_when_they_play_again() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    lobby = lobby_of(ann, bob, cid, dan, title="hockey")
    do(ann, lobby, "seat", team=1)
    for _ in range(3):
        match = again(lobby, ann, bob, cid, dan)
        assert names(match) == ["Bob", "Ann", "Cid", "Dan"]
        finish(match, [1, 3], [0, 2], reason="goals")


def test_a_rated_match_has_even_teams() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    lobby = lobby_of(ann, bob, cid, title="hockey", rated=True)
    assert refused(do(ann, lobby, "start"), 409, "teams_uneven")
    lobby_join(lobby_id=lobby.id, user=dan)
    again(lobby, ann, bob, cid, dan)
    casual = lobby_of(*people("Eve", "Fay", "Gil"), title="hockey")
    assert lobby_start(lobby_id=casual.id, user=casual.host).rated is False


def test_a_title_tells_the_names_of_its_teams_and_a_match_who_plays_for_which() -> None:
    ann, bob = people("Ann", "Bob")
    hockey = api().get("/api/titles/hockey/").json()
    assert (hockey["teams"], hockey["team_names"]) == (2, ["Blue", "Red"])
    doubles, duel = hockey["modes"]
    assert (doubles["teams"], doubles["party_max"], duel["party_max"]) == (2, 2, 1)
    for title, teams in (("hockey", [0, 1]), ("chess", [None, None])):
        match = again(lobby_of(ann, bob, title=title), ann, bob)
        shown = api(ann).get(f"/api/matches/{match.id}/").json()
        assert [seat["team"] for seat in shown["seats"]] == teams
        finish(match, [0], [1])


def test_a_title_without_teams_has_none_to_choose() -> None:
    (ann,) = people("Ann")
    lobby = lobby_of(ann)
    assert fields_of(do(ann, lobby, "seat", team=0)) == {"team": ["This title has no teams."]}
    assert api().get("/api/titles/chess/").json()["teams"] == 0


def test_nobody_changes_seats_while_a_match_is_played() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    lobby_start(lobby_id=lobby.id, user=ann)
    assert refused(do(bob, lobby, "seat", seat=0), 409, "already_playing")
