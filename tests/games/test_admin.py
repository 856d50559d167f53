"""Matches in the admin: looked at, searched, ended."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from games.models import Match, Seat, Worker
from games.services import Load, match_fault, worker_seen
from tests.lobby.kit import finish, match_of, people, person, run

pytestmark = pytest.mark.django_db

LIST = "admin:games_match_changelist"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(person("Op", is_staff=True, is_superuser=True))
    return client


def listed(client: Client, **query: Any) -> set[Match]:
    answer = client.get(reverse(LIST), query)
    assert answer.status_code == 200
    return set(answer.context["cl"].result_list)


def page(client: Client, match: Match) -> str:
    answer = client.get(reverse("admin:games_match_change", args=[match.id]))
    assert answer.status_code == 200
    return answer.content.decode()


def end(client: Client, *matches: Match) -> str:
    data = {"action": "end_matches", "_selected_action": [str(match.id) for match in matches]}
    return client.post(reverse(LIST), data, follow=True).content.decode()


def test_matches_are_found_by_id_name_and_account(operator: Client) -> None:
    ann, bob = people("Ann", "Bob")
    first, second = match_of(ann, bob), match_of(bob, title="arena")
    assert listed(operator) == {first, second}
    assert listed(operator, q=str(first.id)) == {first}
    assert listed(operator, q="Ann") == listed(operator, q=ann.username) == {first}
    assert listed(operator, q="Bob") == {first, second}
    assert listed(operator, q="nobody") == set()


def test_matches_are_filtered_by_title_status_and_day(operator: Client) -> None:
    ann = person("Ann")
    chess, arena = match_of(ann), match_of(ann, title="arena")
    finish(chess, [0])
    assert listed(operator, title="arena") == {arena}
    assert listed(operator, status="finished") == {chess}
    assert listed(operator, created__date="2001-01-01") == set()


def test_a_row_tells_who_played_and_who_won(operator: Client) -> None:
    match = match_of(*people("Ann", "Bob"))
    finish(match, [1], [0])
    text = operator.get(reverse(LIST)).content.decode()
    assert "Ann, Bob" in text
    assert "Bob (checkmate)" in text
    assert "0:00" in text


@pytest.mark.parametrize("rows", [2, 15])
def test_a_list_takes_few_queries_however_long(
    operator: Client, rows: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        match_of(*people("Ann", "Bob", "Cid"), title="arena")
    with django_assert_max_num_queries(10):
        operator.get(reverse(LIST))


def test_a_seed_is_secret_while_the_match_goes_on(operator: Client) -> None:
    match = match_of(person("Ann"))
    assert str(match.seed) not in page(operator, match)
    run(match)
    assert str(match.seed) not in page(operator, match)
    Match.objects.update(status=Match.Status.STARTING)
    finish(match, [0])
    assert str(match.seed) in page(operator, match)


def test_a_fault_is_shown_with_its_traceback_as_text(operator: Client) -> None:
    match = match_of(person("Ann"))
    run(match)
    match_fault(match_id=match.id, worker="w1", traceback="Traceback:\n  <b>ValueError</b>")
    assert "Traceback:\n  &lt;b&gt;ValueError" in page(operator, match)


def test_a_match_is_not_added_changed_or_deleted_by_hand(operator: Client) -> None:
    match = match_of(person("Ann"))
    assert operator.get(reverse("admin:games_match_add")).status_code == 403
    change = reverse("admin:games_match_change", args=[match.id])
    assert operator.post(change, {"title": "arena", "status": "finished"}).status_code == 403
    delete = reverse("admin:games_match_delete", args=[match.id])
    assert operator.post(delete, {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [str(match.id)], "post": "yes"}
    operator.post(reverse(LIST), data)
    match.refresh_from_db()
    assert (match.title, match.status) == ("chess", "starting")
    assert Seat.objects.count() == 1


def test_ending_matches_asks_the_service_reports_how_many_and_is_logged(operator: Client) -> None:
    waiting, running, over = (match_of(person("Ann")) for _ in range(3))
    run(running)
    finish(over, [0])
    assert "2 ended. 1 were over already." in end(operator, waiting, running, over)
    for match in (waiting, running, over):
        match.refresh_from_db()
    assert (waiting.status, waiting.reason) == ("abandoned", "ended_by_operator")
    assert (running.status, running.end_requested) == ("running", True)  # its worker ends it
    assert (over.status, over.end_requested) == ("finished", False)
    logged = set(LogEntry.objects.values_list("object_id", "change_message"))
    assert logged == {(str(match.id), "Ended by an operator.") for match in (waiting, running)}
    assert "0 ended. 1 were over already." in end(operator, over)


def test_staff_who_may_only_look_end_nothing() -> None:
    eve, match, client = person("Eve", is_staff=True), match_of(person("Ann")), Client()
    eve.user_permissions.add(Permission.objects.get(codename="view_match"))
    client.force_login(eve)
    assert listed(client) == {match}
    end(client, match)
    match.refresh_from_db()
    assert not match.end_requested


def test_players_do_not_see_the_admin() -> None:
    client = Client()
    client.force_login(person("Ann"))
    assert client.get(reverse(LIST)).status_code == 302


# --- workers -----------------------------------------------------------------------------------


def a_worker(name: str, *, draining: bool = False) -> None:
    load = Load(rooms=3, sockets=4)
    worker_seen(worker=name, role="all", address="here 1", load=load, draining=draining)


def drain(client: Client, *workers: str) -> str:
    data = {"action": "drain_workers", "_selected_action": workers}
    answer = client.post(reverse("admin:games_worker_changelist"), data, follow=True)
    return answer.content.decode()


def test_operators_see_workers_and_drain_them(operator: Client) -> None:
    a_worker("all-1")
    a_worker("all-2", draining=True)
    shown = operator.get(reverse("admin:games_worker_changelist")).content.decode()
    assert "works" in shown
    assert "drains" in shown
    told = drain(operator, "all-1")
    assert "1 asked to drain." in told
    assert "No other worker is there" not in told
    assert "is asked to drain" in told
    assert list(Worker.objects.filter(drain_requested=True)) == [Worker(id="all-1")]
    assert LogEntry.objects.get().object_id == "all-1"


def test_draining_all_of_them_is_warned_of(operator: Client) -> None:
    a_worker("all-1")
    assert "No other worker is there" in drain(operator, "all-1")


def test_staff_who_may_only_look_drain_nothing() -> None:
    a_worker("all-1")
    looker = person("Looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_worker"))
    client = Client()
    client.force_login(looker)
    drain(client, "all-1")
    assert not Worker.objects.filter(drain_requested=True)
