"""One's matches, their results, and the ticket for a seat, as a client sees them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.catalog import TITLES
from games.limits import TICKET_TTL_S
from games.models import Match, Seat
from games.services import match_abandon, match_end, match_fault, seat_vacate
from games.tickets import ticket_read
from lobby.models.accounts import User
from lobby.services.lobbies import lobby_join, lobby_start
from tests.lobby.kit import api, fields_of, finish, lobby_of, match_of, people, person, refused, run

pytestmark = pytest.mark.django_db


def get(user: User | None, match: Match | uuid.UUID, what: str = "") -> Any:
    match_id = match.id if isinstance(match, Match) else match
    return api(user).get(f"/api/matches/{match_id}/{what}")


def ticket(user: User | None, match: Match | uuid.UUID, **body: Any) -> Any:
    match_id = match.id if isinstance(match, Match) else match
    return api(user).post(f"/api/matches/{match_id}/ticket/", body)


def mine(user: User, **filters: Any) -> list[str]:
    return [match["id"] for match in api(user).get("/api/matches/", filters).json()["results"]]


# --- history --------------------------------------------------------------------------------------


def test_ones_history_has_ones_own_matches_newest_first() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    first, foreign, last = match_of(ann, bob), match_of(bob, cid), match_of(cid, ann)
    assert mine(ann) == [str(last.id), str(first.id)]
    assert str(foreign.id) not in mine(ann)


def test_a_history_needs_an_account() -> None:
    assert refused(api().get("/api/matches/"), 401, "not_authenticated")


def test_a_history_narrows_by_title_and_status() -> None:
    ann, bob = people("Ann", "Bob")
    chess, arena = match_of(ann, bob), match_of(ann, title="arena")
    finish(chess, [1], [0])
    assert mine(ann, title="arena") == mine(ann, status="starting") == [str(arena.id)]
    assert mine(ann, status="finished") == [str(chess.id)]
    for filters in ({"title": "go"}, {"status": "won"}):
        assert fields_of(api(ann).get("/api/matches/", filters))


def test_a_match_shows_its_seats_and_which_is_ones_own() -> None:
    ann, bob = people("Ann", "Bob")
    match = match_of(ann, bob)
    finish(match, [1], [0])
    shown = get(bob, match).json()
    assert (shown["title_name"], shown["status"], shown["seat"]) == ("Chess", "finished", 1)
    assert shown["started"] < shown["ended"]
    assert [(seat["name"], seat["user"], seat["place"]) for seat in shown["seats"]] == [
        ("Ann", ann.id, 2),
        ("Bob", bob.id, 1),
    ]
    assert "seed" not in shown


def test_a_match_of_a_title_that_is_gone_is_still_remembered() -> None:
    ann = person("Ann")
    match_of(ann)
    Match.objects.update(title="gone")
    assert api(ann).get("/api/matches/").json()["results"][0]["title_name"] == "gone"


def test_a_public_match_can_be_seen_by_anybody_with_an_account() -> None:
    match, eve = match_of(person("Ann")), person("Eve")
    assert get(eve, match).json()["seat"] is None
    assert refused(get(None, match), 401, "not_authenticated")


@pytest.mark.parametrize("what", ["", "result/"])
def test_a_private_match_and_none_at_all_look_alike_to_others(what: str) -> None:
    ann, eve = people("Ann", "Eve")
    match = match_of(ann, public=False)
    finish(match, [0])
    assert get(ann, match, what).status_code == 200
    answer = get(eve, match, what)
    assert refused(answer, 404, "not_found")
    assert answer.json() == get(eve, uuid.uuid4(), what).json()


def test_a_history_takes_as_many_queries_however_long_it_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ann = person("Ann")
    client = api(ann)
    for length in (2, 9):
        while Match.objects.count() < length:
            match_of(ann, *people("Bob", "Cid"), title="arena")
        with django_assert_num_queries(5):  # token; how many; matches; seats; ratings
            rows = client.get("/api/matches/").json()["results"]
        assert len(rows) == length


# --- result ---------------------------------------------------------------------------------------


def test_the_result_ranks_the_seats() -> None:
    ann, bob = people("Ann", "Bob")
    match = match_of(ann, bob)
    finish(match, [1], [0])
    result = get(ann, match, "result/").json()
    assert (result["status"], result["reason"]) == ("finished", "checkmate")
    assert result["ranking"] == [[1], [0]]
    assert [seat["place"] for seat in result["seats"]] == [2, 1]


def test_who_watches_a_delayed_title_learns_the_result_as_late_as_all_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TITLES["chess"], "spectator_delay_s", 60)
    ann, bob, cid = people("Ann", "Bob", "Cid")
    match = match_of(ann, bob)
    finish(match, [1], [0])
    assert get(bob, match, "result/").json()["ranking"] == [[1], [0]]
    assert refused(get(cid, match, "result/"), 409, "match_not_over")
    shown = get(cid, match).json()
    assert (shown["status"], shown["reason"], shown["ended"]) == ("running", "", None)
    assert [seat["place"] for seat in shown["seats"]] == [None, None]
    assert ticket(cid, match, spectate=True).status_code == 201, "its end is still to be seen"
    Match.objects.update(ended=timezone.now() - timedelta(seconds=61))
    assert get(cid, match, "result/").json()["ranking"] == [[1], [0]]


def test_a_match_that_goes_on_has_no_result_yet() -> None:
    ann = person("Ann")
    match = match_of(ann)
    assert refused(get(ann, match, "result/"), 409, "match_not_over")
    run(match)
    assert refused(get(ann, match, "result/"), 409, "match_not_over")


def test_a_match_that_nobody_finished_says_why() -> None:
    ann = person("Ann")
    ended, lost, broken = match_of(ann), match_of(ann), match_of(ann)
    match_end(match_id=ended.id)
    run(lost)
    match_abandon(match_ids=[lost.id], worker="w1", reason="worker_lost")
    run(broken)
    match_fault(match_id=broken.id, worker="w1", traceback="Traceback: the secret")
    for match, status, reason in (
        (ended, "abandoned", "ended_by_operator"),
        (lost, "abandoned", "worker_lost"),
        (broken, "faulted", "faulted"),
    ):
        answer = get(ann, match, "result/")
        result = answer.json()
        assert (result["status"], result["reason"], result["ranking"]) == (status, reason, None)
        assert b"secret" not in answer.content


# --- ticket ---------------------------------------------------------------------------------------


def test_a_ticket_is_for_ones_own_seat() -> None:
    ann, bob = people("Ann", "Bob")
    match = match_of(ann, bob)
    answer = ticket(bob, match)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["seat"], body["expires_in"]) == (1, TICKET_TTL_S)
    assert body["url"] == f"/ws/room/{match.id}"
    right = ticket_read(body["ticket"])
    assert (right.match, right.seat, right.user, right.name) == (str(match.id), 1, bob.id, "Bob")
    assert ticket_read(ticket(bob, match).json()["ticket"]).nonce != right.nonce


def test_a_ticket_needs_an_account_and_a_match() -> None:
    ann = person("Ann")
    assert refused(ticket(None, match_of(ann)), 401, "not_authenticated")
    assert refused(ticket(ann, uuid.uuid4()), 404, "not_found")
    assert list(fields_of(ticket(ann, match_of(ann), spectate="x"))) == ["spectate"]


@pytest.mark.parametrize("body", [{}, {"spectate": True}])
def test_who_has_no_seat_may_watch_a_public_match(body: Any) -> None:
    match, eve = match_of(person("Ann")), person("Eve")
    answer = ticket(eve, match, **body).json()
    assert answer["seat"] is None
    assert ticket_read(answer["ticket"]).seat is None
    assert ticket_read(answer["ticket"]).name == "Eve"


def test_who_has_a_seat_may_watch_instead() -> None:
    ann = person("Ann")
    assert ticket(ann, match_of(ann), spectate=True).json()["seat"] is None
    hidden = match_of(ann, public=False)
    assert refused(ticket(ann, hidden, spectate=True), 403, "not_public")
    assert ticket(ann, hidden).json()["seat"] == 0


@pytest.mark.parametrize("body", [{}, {"spectate": True}])
def test_a_private_match_gives_no_ticket_to_others(body: Any) -> None:
    match, eve = match_of(person("Ann"), public=False), person("Eve")
    assert refused(ticket(eve, match, **body), 404, "not_found")


@pytest.mark.parametrize("why", [Seat.Left.LEFT, Seat.Left.KICKED])
def test_a_seat_that_was_given_up_gives_no_ticket(why: Seat.Left) -> None:
    ann = person("Ann")
    match = match_of(ann)
    seat_vacate(match_id=match.id, user_id=ann.id, why=why)
    assert refused(ticket(ann, match), 403, "seat_gone")
    assert ticket(ann, match, spectate=True).json()["seat"] is None


@pytest.mark.parametrize("body", [{}, {"spectate": True}])
def test_a_match_that_is_over_gives_no_ticket(body: Any) -> None:
    ann = person("Ann")
    match = match_of(ann)
    finish(match, [0])
    assert refused(ticket(ann, match, **body), 409, "match_over")


@pytest.mark.parametrize("private", [True, False])
def test_a_lobby_member_without_a_seat_is_sent_to_join_first(private: bool) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, title="arena", private=private)
    match = lobby_start(lobby_id=lobby.id, user=ann)
    Seat.objects.filter(user=bob).delete()
    assert refused(ticket(bob, match), 403, "no_seat")
    watching = ticket(bob, match, spectate=True)
    if private:
        assert refused(watching, 403, "not_public")
    else:
        assert watching.json()["seat"] is None
    lobby_join(lobby_id=lobby.id, user=bob)
    assert ticket(bob, match).json()["seat"] == 1
