"""Tickets, as a client sees them, and what a pass makes of those that wait."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from games.catalog import TITLES
from games.models import Match, Seat
from games.services import match_end
from games.sim import Mode
from lobby import limits, matchmaker
from lobby.matching import Made
from lobby.matching_ports import ports
from lobby.matchmaker import Passes
from lobby.models.accounts import User
from lobby.models.matchmaking import Matcher, Ticket, Waiter
from lobby.selectors.matchmaking import (
    pools_shown,
    tickets_exported,
    tickets_read,
    wait_estimate,
    waiting_ids,
)
from lobby.services.accounts import account_delete
from lobby.services.matchmaking import (
    MatcherLost,
    matcher_take,
    matches_make,
    ticket_cancel,
    ticket_create,
    tickets_expire,
    tickets_seen,
)
from tests.lobby.kit import api, code_of, fields_of, lobby_of, people, person, refused, run

pytestmark = pytest.mark.django_db

PATH = "/api/matchmaking/tickets/"
WAITING, MATCHED = Ticket.State.WAITING, Ticket.State.MATCHED


def wait(user: User, title: str = "chess", *, ago_s: float = 0, **more: Any) -> Ticket:
    """A ticket of somebody, who began to wait a while ago."""
    ticket = ticket_create(user=user, title=title, **more)
    ticket.created -= timedelta(seconds=ago_s)
    ticket.save()
    return ticket


def play(*tickets: Ticket) -> list[Any]:
    """The match of each, as the row says."""
    return [Ticket.objects.get(id=ticket.id).match_id for ticket in tickets]


@pytest.fixture
def passes() -> Passes:
    """The matcher of this process, which pauses nowhere."""
    return Passes("w1", pause=lambda _: None)


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Plugs something into the ports."""

    def plug_in(**callables: Any) -> None:
        for name, function in callables.items():
            monkeypatch.setattr(ports, name, function)

    return plug_in


# --- REST ---------------------------------------------------------------------------------------


def test_one_waits_looks_and_waits_no_longer() -> None:
    ann = person()
    client = api(ann)
    answer = client.post(PATH, {"title": "chess"})
    assert answer.status_code == 201, answer.content
    ticket = answer.json()
    assert ticket["state"] == "waiting"
    assert (ticket["mode"], ticket["mode_label"]) == ("blitz", "Blitz 5+3")
    assert [someone["id"] for someone in ticket["people"]] == [ann.id]
    own = f"{PATH}{ticket['id']}/"
    assert client.get(own).json()["estimate_s"] == TITLES["chess"].modes[0].bots_after_s
    assert client.get(PATH).json()["results"][0]["id"] == ticket["id"]
    assert client.delete(own).status_code == 204
    assert client.get(own).json()["state"] == "cancelled"
    assert refused(client.delete(own), 409, "ticket_over")
    assert client.post(PATH, {"title": "chess"}).status_code == 201


def test_a_ticket_of_others_is_not_there() -> None:
    ann, bob = people("Ann", "Bob")
    ticket = wait(ann)
    for method in ("get", "delete"):
        assert refused(getattr(api(bob), method)(f"{PATH}{ticket.id}/"), 404, "not_found")
    assert api(bob).get(PATH).json()["results"] == []
    assert refused(api().post(PATH, {"title": "chess"}), 401, "not_authenticated")


def test_one_waits_once() -> None:
    ann = person()
    wait(ann)
    assert refused(api(ann).post(PATH, {"title": "arena"}), 409, "already_waiting")
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "go"}, "title"),
        ({"title": "chess", "properties": {"rating": 3000}}, "properties.rating"),
        ({"title": "chess", "properties": {"Region": "eu"}}, "properties"),
        ({"title": "chess", "properties": {f"p{n}": 1 for n in range(9)}}, "properties"),
        ({"title": "chess", "properties": {"region": "e" * 65}}, "properties.region"),
        ({"title": "chess", "properties": {"level": 1e10}}, "properties.level"),
        ({"title": "chess", "properties": {"level": True}}, "properties.level"),
        ({"title": "chess", "properties": {"level": [1]}}, "properties.level"),
        ({"title": "chess", "properties": "eu"}, "properties"),
        ({"title": "chess", "query": {"level": 3}}, "query.level"),
        ({"title": "chess", "query": {"level": {}}}, "query.level"),
        ({"title": "chess", "query": {"level": {"above": 3}}}, "query.level"),
        ({"title": "chess", "query": {"level": {"min": "3"}}}, "query.level"),
        ({"title": "chess", "query": {"level": {"min": 3, "max": 2}}}, "query.level"),
        ({"title": "chess", "query": {"region": {"in": []}}}, "query.region"),
        ({"title": "chess", "query": {"region": {"in": ["eu", 1]}}}, "query.region"),
        ({"title": "chess", "query": {"region": {"in": ["eu"], "min": 1}}}, "query.region"),
        ({"title": "chess", "query": {"region": {"in": ["e"] * 17}}}, "query.region"),
        ({"title": "chess", "least": 1}, "least"),
        ({"title": "liars_dice", "least": 4, "most": 3}, "most"),
        ({"title": "liars_dice", "most": 7}, "most"),
        ({"title": "chess", "colour": "white"}, "colour"),
    ],
)
def test_what_a_ticket_may_not_say_is_named(body: dict[str, Any], field: str) -> None:
    assert field in fields_of(api(person()).post(PATH, body))
    assert not Ticket.objects.exists()


def test_an_unknown_mode_is_named() -> None:
    answer = api(person()).post(PATH, {"title": "chess", "mode": "bughouse"})
    assert refused(answer, 400, "unknown_mode")


def test_beyond_a_limit_nobody_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lobby.services.matchmaking.TICKETS_WAITING_MAX", 0)
    assert refused(api(person()).post(PATH, {"title": "chess"}), 503, "matchmaking_full")


def test_a_list_of_tickets_takes_as_many_queries_for_many_as_for_few(
    django_assert_max_num_queries: Any,
) -> None:
    ann = person()
    for _ in range(12):
        ticket_cancel(ticket_id=wait(ann).id, user=ann)
    wait(ann)
    client = api(ann)
    client.get(PATH)
    with django_assert_max_num_queries(8):
        assert len(client.get(PATH).json()["results"]) == 13


# --- parties ------------------------------------------------------------------------------------


def test_a_party_waits_as_one(plug: Any) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    plug(party_of=lambda user_id: [ann.id, bob.id] if user_id != eve.id else [eve.id])
    answer = api(bob).post(PATH, {"title": "arena"})
    assert refused(answer, 403, "not_party_leader")
    ticket = api(ann).post(PATH, {"title": "arena"}).json()
    assert [someone["id"] for someone in ticket["people"]] == [ann.id, bob.id]
    assert api(bob).get(PATH).json()["results"][0]["id"] == ticket["id"]
    assert refused(api(ann).post(PATH, {"title": "arena"}), 409, "already_waiting")
    assert api(bob).delete(f"{PATH}{ticket['id']}/").status_code == 204


def test_a_party_one_of_whom_waits_already_does_not_wait_twice(plug: Any) -> None:
    ann, bob = people("Ann", "Bob")
    wait(bob)
    plug(party_of=lambda _: [ann.id, bob.id])
    assert refused(api(ann).post(PATH, {"title": "arena"}), 409, "already_waiting")
    assert not Waiter.objects.filter(user=ann).exists()


def test_a_party_that_is_too_large_for_a_mode_is_told(
    plug: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, *others = people("Ann", "Bob", "Eve")
    plug(party_of=lambda _: [ann.id, *(other.id for other in others)])
    assert refused(api(ann).post(PATH, {"title": "chess"}), 409, "party_too_large")


# --- a pass -------------------------------------------------------------------------------------


def test_two_who_wait_are_in_a_match(passes: Passes) -> None:
    ann, bob = people("Ann", "Bob")
    tickets = wait(ann, mode="rapid"), wait(bob, mode="rapid")
    assert passes.turn() == 2
    (match_id,) = set(play(*tickets))
    match = Match.objects.get(id=match_id)
    assert match.settings["minutes"] == 15
    assert {seat.user_id for seat in match.seats.all()} == {ann.id, bob.id}
    shown = api(ann).get(PATH).json()["results"][0]
    assert (shown["state"], shown["match"]) == ("matched", str(match_id))
    assert passes.turn() == 0
    assert api(ann).post(PATH, {"title": "chess"}).status_code == 201, "and may wait again"


def test_modes_are_pools_of_their_own(passes: Passes) -> None:
    tickets = wait(person(), mode="rapid"), wait(person(), mode="blitz"), wait(person(), "roshambo")
    assert passes.turn() == 0
    assert play(*tickets) == [None] * 3
    assert [(pool.title, pool.mode, pool.tickets, pool.people) for pool in pools_shown()] == [
        ("chess", "blitz", 1, 1),
        ("chess", "rapid", 1, 1),
        ("roshambo", "standard", 1, 1),
    ]


def test_ratings_decide_who_meets(passes: Passes, plug: Any) -> None:
    strong, weak, even = people("Ann", "Bob", "Eve")
    rated = {strong.id: 2000.0, weak.id: 1000.0, even.id: 1950.0}
    plug(ratings_of=lambda ids, *_: {one: SimpleNamespace(mu=rated[one]) for one in ids})
    first, second, third = wait(strong, ago_s=3), wait(weak, ago_s=2), wait(even)
    assert passes.turn() == 2
    (_, nothing, _) = play(first, second, third)
    assert nothing is None


@pytest.mark.parametrize(
    ("mode", "guest", "rated"),
    [
        (Mode(fill_s=0, backfill_s=0), False, True),
        (Mode(fill_s=0, backfill_s=0), True, False),
        (Mode(fill_s=0, backfill_s=0, rated=False), False, False),
        (Mode(fill_s=0, backfill_s=60), False, False),
        (Mode(fill_s=0, backfill_s=0, bots_after_s=0, bots_to=4), False, False),
    ],
)
def test_where_people_drop_in_it_is_rated_if_nobody_is_put_in_later(
    mode: Mode, guest: bool, rated: bool, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TITLES["arena"], "modes", (mode,))
    first, second = wait(person(), "arena", ago_s=5), wait(person(guest=guest), "arena", ago_s=5)
    assert passes.turn() == 2
    (match_id, same) = play(first, second)
    assert match_id == same
    assert Match.objects.get(id=match_id).rated is rated
    # Nobody is put into it, not even where another version of the title would allow it.
    monkeypatch.setattr(TITLES["arena"], "modes", (Mode(fill_s=0, backfill_s=600),))
    late = wait(person(), "arena")
    passes.turn()
    assert (play(late) == [match_id]) is not rated


def test_what_is_asked_for_must_be_there(passes: Passes) -> None:
    eu = {"region": {"in": ["eu"]}}
    picky = wait(person(), query=eu, properties={"region": "eu"})
    wait(person())
    assert passes.turn() == 0
    fitting = wait(person(), properties={"region": "eu"})
    assert passes.turn() == 2
    assert play(picky) == play(fitting) != [None]


def test_a_bot_sits_in_after_a_while_where_it_may(passes: Passes) -> None:
    patient, quick = wait(person(), ago_s=60, bots=False), wait(person(), "roshambo", ago_s=60)
    assert passes.turn() == 1
    match = Match.objects.get(id=play(quick)[0])
    assert [seat.bot for seat in match.seats.all()] == [False, True]
    assert play(patient) == [None]


def test_a_team_has_every_second_seat_its_bots_as_well(passes: Passes, plug: Any) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    plug(party_of=lambda who: [ann.id, bob.id] if who == ann.id else [who])
    tickets = wait(ann, "hockey", ago_s=30), wait(eve, "hockey", ago_s=30)
    assert passes.turn() == 2
    (match_id,) = set(play(*tickets))
    seats = [seat.user_id for seat in Match.objects.get(id=match_id).seats.all()]
    teams = [set(seats[0::2]), set(seats[1::2])]
    assert {ann.id, bob.id} in teams
    assert {eve.id, None} in teams


def test_four_who_come_alone_play_two_against_two_and_it_is_rated(passes: Passes) -> None:
    tickets = [wait(one, "hockey") for one in people("Ann", "Bob", "Cid", "Dan")]
    assert passes.turn() == 4
    (match_id,) = set(play(*tickets))
    match = Match.objects.get(id=match_id)
    assert match.rated
    assert {seat.user_id for seat in match.seats.all()} == {ticket.owner_id for ticket in tickets}


def test_a_party_of_two_plays_together_against_two_who_came_alone(
    passes: Passes, plug: Any
) -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    plug(party_of=lambda who: [bob.id, dan.id] if who == bob.id else [who])
    tickets = wait(ann, "hockey"), wait(bob, "hockey"), wait(cid, "hockey")
    assert passes.turn() == 3
    (match_id,) = set(play(*tickets))
    seats = [seat.user_id for seat in Match.objects.get(id=match_id).seats.all()]
    assert {frozenset(seats[0::2]), frozenset(seats[1::2])} == {
        frozenset({bob.id, dan.id}), frozenset({ann.id, cid.id}),
    }  # fmt: skip


def test_a_party_does_not_fit_where_each_plays_against_the_other(plug: Any) -> None:
    ann, bob = people("Ann", "Bob")
    plug(party_of=lambda who: [ann.id, bob.id])
    duel = {"title": "hockey", "mode": "duel"}
    assert refused(api(ann).post(PATH, duel), 409, "party_too_large")


def test_who_waits_alone_for_two_against_two_gets_bots(passes: Passes) -> None:
    (ann,) = people("Ann")
    ticket = wait(ann, "hockey", ago_s=30)
    assert passes.turn() == 1
    match = Match.objects.get(id=play(ticket)[0])
    assert [seat.bot for seat in match.seats.all()].count(True) == 3
    assert not match.rated


# --- running matches ----------------------------------------------------------------------------


def test_who_plays_alone_is_joined_by_the_next(passes: Passes) -> None:
    ann, bob = people("Ann", "Bob")
    first = wait(ann, "arena", ago_s=5)
    assert passes.turn() == 1
    (match_id,) = play(first)
    assert Seat.objects.filter(match=match_id, bot=True).count() == 3
    run(Match.objects.get(id=match_id))
    second = wait(bob, "arena")
    assert passes.turn() == 1
    assert play(second) == [match_id], "at once"
    assert Seat.objects.get(match=match_id, user=bob).number == 4


def test_nobody_drops_in_where_somebody_plays_whom_they_must_not_meet(
    passes: Passes, plug: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = people("Ann", "Bob")
    plug(blocked_pairs=lambda ids: {(ann.id, bob.id)} if {ann.id, bob.id} <= set(ids) else set())
    first = wait(ann, "arena", ago_s=5)
    passes.turn()
    second = wait(bob, "arena")
    assert passes.turn() == 0
    monkeypatch.setattr(passes, "_learn_blocked", lambda *_: None)  # as it was a moment ago
    passes._blocked.clear()
    assert passes.turn() == 0
    assert play(first, second)[1] is None
    assert not Seat.objects.filter(user=bob).exists()


def test_a_match_that_is_full_over_or_old_is_not_filled_up(
    passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = wait(person(), "arena", ago_s=5)
    passes.turn()
    (match_id,) = play(first)
    monkeypatch.setattr(TITLES["arena"], "seats", range(1, 5))
    late = wait(person(), "arena")
    assert passes.turn() == 0, "three bots and one player are all"
    monkeypatch.undo()
    Match.objects.filter(id=match_id).update(created=timezone.now() - timedelta(seconds=300))
    assert passes.turn() == 0
    Match.objects.filter(id=match_id).update(created=timezone.now())
    assert match_end(match_id=match_id)
    assert passes.turn() == 0
    assert play(late) == [None]


def test_nobody_drops_into_a_match_of_a_lobby(passes: Passes) -> None:
    host = person()
    from lobby.services.lobbies import lobby_start

    lobby_start(lobby_id=lobby_of(host, title="arena").id, user=host)
    ticket = wait(person(), "arena")
    assert passes.turn() == 0
    assert play(ticket) == [None]


# --- what comes between -------------------------------------------------------------------------


def found_for(*tickets: Ticket) -> Made:
    """A match as a pass would find it."""
    known = tickets_read(ticket_ids=waiting_ids())
    core = tuple(known[ticket.id][1] for ticket in tickets)
    return Made(core, (core,), (0,))


def test_a_cancel_that_came_meanwhile_wins_and_the_partner_keeps_the_place() -> None:
    ann, bob = people("Ann", "Bob")
    gone, left = wait(ann, ago_s=9), wait(bob, ago_s=8)
    found, lease = found_for(gone, left), matcher_take(worker="w1")
    ticket_cancel(ticket_id=gone.id, user=ann)
    assert matches_make(lease=lease, pool=("chess", "blitz"), found=[found]) == set()
    assert not Match.objects.exists()
    row = Ticket.objects.get(id=left.id)
    assert (row.state, row.created) == (WAITING, left.created)
    assert Waiter.objects.get(ticket=left).waiting


def test_who_was_blocked_meanwhile_is_not_met(plug: Any) -> None:
    ann, bob = people("Ann", "Bob")
    found = found_for(wait(ann), wait(bob))
    plug(blocked_pairs=lambda _: {(ann.id, bob.id)})
    lease = matcher_take(worker="w1")
    assert matches_make(lease=lease, pool=("chess", "blitz"), found=[found]) == set()


def test_blocked_people_never_meet(passes: Passes, plug: Any) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    plug(blocked_pairs=lambda ids: {(ann.id, bob.id)} if {ann.id, bob.id} <= set(ids) else set())
    first, second = wait(ann, ago_s=5), wait(bob, ago_s=4)
    assert passes.turn() == 0
    third = wait(eve)
    assert passes.turn() == 2
    assert play(first) == play(third) != [None]
    assert play(second) == [None]


def test_a_matcher_that_was_overtaken_writes_nothing(passes: Passes) -> None:
    passes.turn()
    later = Passes("w2", pause=lambda _: None)
    later.turn()
    assert Matcher.objects.get().worker == "w2"
    tickets = wait(person()), wait(person())
    with pytest.raises(MatcherLost):
        passes.turn()
    assert play(*tickets) == [None, None]
    assert not Match.objects.exists()
    assert later.turn() == 2


def test_whoever_takes_over_goes_on_with_all_who_wait(passes: Passes) -> None:
    first = wait(person())
    passes.turn()
    second = wait(person())
    assert Passes("w2", pause=lambda _: None).turn() == 2
    assert play(first) == play(second) != [None]


def test_a_pass_that_takes_too_long_goes_on_in_the_next(
    passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matchmaker, "MATCHING_PASS_S_MAX", -1.0)
    nobody = {"region": {"in": ["nowhere"]}}
    for _ in range(6):
        wait(person(), ago_s=9, query=nobody)
    pair = wait(person()), wait(person())
    for _ in range(8):
        passes.turn()
    assert play(pair[0]) == play(pair[1]) != [None]


# --- ends ---------------------------------------------------------------------------------------


def test_a_ticket_that_nobody_looks_at_expires(passes: Passes) -> None:
    now = timezone.now()
    ann, bob = people("Ann", "Bob")
    unseen, seen = wait(ann), wait(bob, "roshambo")
    Ticket.objects.update(seen=now - timedelta(seconds=limits.TICKET_UNSEEN_S + 1))
    assert len(tickets_exported(ann)["tickets"]) == 1
    tickets_seen(user_ids=[bob.id])
    passes.turn(now)
    assert Ticket.objects.get(id=unseen.id).state == "expired"
    assert Ticket.objects.get(id=seen.id).state == WAITING
    assert api(ann).post(PATH, {"title": "chess"}).status_code == 201


def test_looking_by_rest_keeps_a_ticket() -> None:
    ann = person()
    ticket = wait(ann)
    for path in (PATH, f"{PATH}{ticket.id}/"):
        Ticket.objects.update(seen=timezone.now() - timedelta(seconds=40))
        assert api(ann).get(path).status_code == 200
        assert Ticket.objects.get().seen > timezone.now() - timedelta(seconds=30)


def test_nobody_waits_for_ever_and_old_tickets_are_forgotten(passes: Passes) -> None:
    ticket = wait(person(), bots=False, ago_s=limits.TICKET_WAIT_S_MAX + 1)
    now = timezone.now()
    passes.turn(now)
    assert Ticket.objects.get(id=ticket.id).state == "expired"
    assert passes.lease is not None
    tickets_expire(lease=passes.lease, now=now + timedelta(seconds=limits.TICKETS_KEPT_S + 60))
    assert not Ticket.objects.exists()


def test_an_account_that_goes_waits_for_nothing(plug: Any) -> None:
    ann, bob = people("Ann", "Bob")
    plug(party_of=lambda _: [ann.id, bob.id])
    ticket = wait(ann, "arena")
    account_delete(user=bob)
    assert Ticket.objects.get(id=ticket.id).state == "cancelled"
    account_delete(user=ann)
    assert not Ticket.objects.exists()


def test_a_wait_is_estimated_from_those_before(passes: Passes) -> None:
    for _ in range(3):
        wait(person(), ago_s=12)
        wait(person(), ago_s=12)
        passes.turn()
    estimate = wait_estimate(wait(person()))
    assert estimate is not None
    assert 12 <= estimate < 14


def test_people_are_told_by_the_port(
    passes: Passes, plug: Any, django_capture_on_commit_callbacks: Any
) -> None:
    said: list[Any] = []
    plug(notify=lambda *what: said.append(what))
    ann, bob = people("Ann", "Bob")
    ticket, _ = wait(ann), wait(bob)
    with django_capture_on_commit_callbacks(execute=True):
        passes.turn()
    told = {"match": str(play(ticket)[0])}
    assert sorted(said) == [(ann.id, "matched", told), (bob.id, "matched", told)]


# --- operators ----------------------------------------------------------------------------------


def test_an_operator_sees_the_pools_and_cancels(admin_client: Any, passes: Passes) -> None:
    passes.turn()
    ticket = wait(person(), ago_s=3)
    page = admin_client.get("/admin/lobby/ticket/").content.decode()
    assert "blitz" in page
    assert "w1" in page
    action = {"action": "cancel_tickets", "_selected_action": [ticket.id]}
    answer = admin_client.post("/admin/lobby/ticket/", action, follow=True)
    assert "1 cancelled." in answer.content.decode()
    assert Ticket.objects.get().state == "cancelled"
    assert admin_client.get(f"/admin/lobby/ticket/{ticket.id}/change/").status_code == 200


def test_titles_name_their_modes() -> None:
    (blitz, rapid) = api().get("/api/titles/chess/").json()["modes"]
    assert (blitz["mode"], rapid["label"]) == ("blitz", "Rapid 15+10")
    assert blitz["party_max"] == 2
    (only,) = api().get("/api/titles/arena/").json()["modes"]
    assert (only["seats"], only["bots_after_s"]) == ({"min": 1, "max": 16}, 4)


def test_beginning_to_wait_is_throttled_apart(settings: Any) -> None:
    rates = {"matchmaking": "2/min", "write": None, "read": None}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    client = api(person())
    codes = [client.post(PATH, {"title": "chess"}) for _ in range(3)]
    assert code_of(codes[1]) == "already_waiting"
    assert refused(codes[2], 429, "throttled")
    assert client.get(PATH).status_code == 200


def test_the_page_of_a_match_that_was_found_knows_for_what_to_wait_again(passes: Passes) -> None:
    ann, bob = people("Ann", "Bob")
    ticket, _ = wait(ann, mode="rapid"), wait(bob, mode="rapid")
    passes.turn()
    client = Client()
    client.force_login(ann)
    assert client.get("/wait/").status_code == 200
    assert 'data-mode="rapid"' in client.get(f"/play/{play(ticket)[0]}/").content.decode()
    assert Client().get("/wait/").status_code == 302
