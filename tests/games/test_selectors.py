"""What may be asked about matches."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.models import Seat
from games.selectors import (
    match_for_viewer,
    matches,
    matches_running,
    matches_waiting,
    orders_for,
    seat_of,
    seats_of,
)
from games.services import match_end, seat_vacate
from tests.lobby.kit import finish, match_of, people, person, run

pytestmark = pytest.mark.django_db


def test_all_matches_with_their_seats_take_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(5):
        match_of(*people("Ann", "Bob", "Cid"), title="arena")
    with django_assert_num_queries(2):
        for match in matches():
            assert all(seat.user_id and seat.name for seat in match.seats.all())


def test_ones_matches_are_those_with_a_seat_even_one_given_up() -> None:
    ann, bob = people("Ann", "Bob")
    first, _, last = match_of(ann), match_of(bob), match_of(bob, ann)
    seat_vacate(match_id=first.id, user_id=ann.id, why=Seat.Left.LEFT)
    assert [seat.match for seat in seats_of(user_id=ann.id)] == [last, first]


def test_a_history_is_counted_and_found_by_its_seats_alone() -> None:
    ann = person("Ann")
    match_of(ann)
    with CaptureQueriesContext(connection) as asked:
        assert seats_of(user_id=ann.id).count() == 1
    assert "games_match" not in asked.captured_queries[0]["sql"]
    assert "seat_history" in seats_of(user_id=ann.id).select_related(None).explain()


def test_seats_from_before_they_knew_when_they_were_taken_are_as_old_as_their_match() -> None:
    ann, bob = people("Ann", "Bob")
    old, new = match_of(ann, bob), match_of(ann, bob)
    finish(old, [0], [1])
    Seat.objects.update(joined=timezone.now() + timedelta(days=1))
    migration = import_module("games.migrations.0007_history")
    migration.joined_before_the_end(apps, connection.schema_editor(atomic=False))
    old.refresh_from_db()
    assert {seat.joined for seat in old.seats.all()} == {old.created}
    assert all(seat.joined > timezone.now() for seat in new.seats.all()), "it goes on"


def test_a_public_match_is_for_all_and_a_private_one_for_its_players() -> None:
    ann, eve = people("Ann", "Eve")
    public, private = match_of(ann), match_of(ann, public=False)
    assert match_for_viewer(match_id=public.id, user_id=eve.id) == public
    assert match_for_viewer(match_id=private.id, user_id=ann.id) == private
    assert match_for_viewer(match_id=private.id, user_id=eve.id) is None
    assert match_for_viewer(match_id=uuid4(), user_id=ann.id) is None


def test_a_seat_is_found_by_its_player() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    match = match_of(ann, bob)
    seat = seat_of(match, bob.id)
    assert seat is not None
    assert seat.number == 1
    assert seat_of(match, eve.id) is None


def test_waiting_are_those_that_started_a_while_ago_and_that_nobody_took() -> None:
    waiting, taken, over = (match_of(person("Ann")) for _ in range(3))
    run(taken)
    finish(over, [0])
    now = timezone.now()
    assert matches_waiting(before=now + timedelta(seconds=1)) == [waiting.id]
    assert matches_waiting(before=now - timedelta(seconds=60)) == []


def test_running_are_told_with_their_worker() -> None:
    match_of(person("Ann"))
    mine, theirs, over = (match_of(person("Ann")) for _ in range(3))
    run(mine, "w1")
    run(theirs, "w2")
    finish(over, [0])
    assert set(matches_running()) == {(mine.id, "w1"), (theirs.id, "w2")}


def test_orders_are_matches_to_end_and_seats_to_give_up() -> None:
    ann, bob = people("Ann", "Bob")
    ending, leaving, quiet, foreign = (match_of(ann, bob) for _ in range(4))
    for match in (ending, leaving, quiet, foreign):
        run(match)
    match_end(match_id=ending.id)
    match_end(match_id=foreign.id)
    seat_vacate(match_id=leaving.id, user_id=bob.id, why=Seat.Left.KICKED)
    ids = [ending.id, leaving.id, quiet.id]
    assert orders_for(match_ids=ids) == ([ending.id], [(leaving.id, 1, "kicked")])
    assert orders_for(match_ids=[]) == ([], [])


@pytest.mark.parametrize(
    ("ask", "plan"),
    [
        (matches_running, "SEARCH games_match USING INDEX match_awake (worker>?)"),
        (
            lambda: matches_waiting(before=timezone.now()),
            "SEARCH games_match USING INDEX match_waiting (created<?)",
        ),
    ],
    ids=["awake", "waiting"],
)
def test_what_workers_sweep_is_found_without_a_look_at_all_others(
    ask: Callable[[], object], plan: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("others choose by what the table holds")
    with CaptureQueriesContext(connection) as asked:
        ask()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked.captured_queries[0]['sql']}")
        assert [row[-1] for row in cursor.fetchall()] == [plan]
