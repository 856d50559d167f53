"""What may be done to matches, by lobbies and by those who run rooms."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections

from games import services
from games.catalog import TITLES
from games.models import Match, Seat
from games.services import (
    MatchLost,
    Player,
    SeatRefused,
    match_abandon,
    match_changed,
    match_end,
    match_fault,
    match_finish,
    match_open,
    match_seat_take,
    seat_vacate,
)
from games.sim import Outcome
from lobby.models.accounts import User
from tests.lobby.kit import finish, match_of, people, person, run

pytestmark = pytest.mark.django_db


class Rooms:
    """Running rooms, as far as services know them: what they were told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def end(self, *, match_id: UUID) -> None:
        self.told.append(("end", match_id))

    def vacate(self, *, match_id: UUID, seat: int, why: str) -> None:
        self.told.append(("vacate", match_id, seat, why))


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Rooms:
    rooms = Rooms()
    monkeypatch.setattr(services, "rooms", rooms)
    return rooms


@pytest.fixture
def changed() -> Iterator[list[UUID]]:
    """The matches of which a change was told."""
    heard: list[UUID] = []

    def hear(match_id: UUID, **_: Any) -> None:
        heard.append(match_id)

    match_changed.connect(hear)
    yield heard
    match_changed.disconnect(hear)


def player(user: User) -> Player:
    return Player(user_id=user.id, name=user.name)


def take(match: Match, user: User) -> int:
    return match_seat_take(match_id=match.id, player=player(user)).number


# --- start ----------------------------------------------------------------------------------------


def test_a_match_starts_with_its_players_then_its_bots() -> None:
    ann, bob = people("Ann", "Bob")
    match = match_of(ann, bob, title="arena", bots=2)
    seats = [(seat.number, seat.name, seat.user, seat.bot) for seat in match.seats.all()]
    assert seats == [
        (0, "Ann", ann, False),
        (1, "Bob", bob, False),
        (2, "Bot 1", None, True),
        (3, "Bot 2", None, True),
    ]
    assert (match.status, match.worker) == ("starting", "")
    assert match.rules_version == TITLES["arena"].version
    assert match.seed != match_of(ann).seed


# --- seats ----------------------------------------------------------------------------------------


def test_who_drops_in_gets_the_lowest_free_seat_and_keeps_it() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    match = match_of(ann, title="arena", bots=1)
    run(match)
    assert (take(match, bob), take(match, cid), take(match, bob)) == (2, 3, 2)


def test_who_left_gets_the_old_seat_back_and_who_was_kicked_does_not() -> None:
    ann, bob = people("Ann", "Bob")
    match = match_of(ann, bob, title="arena")
    seat_vacate(match_id=match.id, user_id=ann.id, why=Seat.Left.LEFT)
    assert take(match, ann) == 0
    assert match.seats.get(user=ann).left == Seat.Left.NOT
    seat_vacate(match_id=match.id, user_id=bob.id, why=Seat.Left.KICKED)
    with pytest.raises(SeatRefused, match="match_full"):
        take(match, bob)


def test_a_match_takes_nobody_when_it_is_full_over_or_has_no_drop_in() -> None:
    ann, eve = people("Ann", "Eve")
    full, over, chess = (
        match_of(ann, title="arena", bots=15),
        match_of(ann, title="arena"),
        match_of(ann),
    )
    finish(over, [0])
    for match, code in ((full, "match_full"), (over, "match_over"), (chess, "not_drop_in")):
        with pytest.raises(SeatRefused) as refused:
            take(match, eve)
        assert refused.value.code == code
    with pytest.raises(SeatRefused, match="match_over"):
        match_seat_take(match_id=uuid4(), player=player(eve))


@pytest.mark.django_db(transaction=True)
def test_those_who_drop_in_at_once_get_different_seats() -> None:
    match = match_of(person("Ann"), title="arena", bots=11)
    rivals = people("Bob", "Cid", "Dan", "Eve", "Fay", "Gus")
    together = threading.Barrier(len(rivals))

    def drop_in(user: User) -> int | str:
        together.wait()
        try:
            return take(match, user)
        except SeatRefused as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(rivals)) as threads:
        got = sorted(threads.map(drop_in, rivals), key=str)
    assert got == [12, 13, 14, 15, "match_full", "match_full"]


def test_a_seat_is_given_up_once_and_the_room_is_told_after_the_commit(
    rooms: Rooms, changed: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    match = match_of(ann, bob)
    with django_capture_on_commit_callbacks(execute=True):
        assert seat_vacate(match_id=match.id, user_id=bob.id, why=Seat.Left.KICKED)
        assert rooms.told == []
    assert rooms.told == [("vacate", match.id, 1, "kicked")]
    assert changed == [match.id]
    assert not seat_vacate(match_id=match.id, user_id=bob.id, why=Seat.Left.LEFT)
    assert not seat_vacate(match_id=match.id, user_id=eve.id, why=Seat.Left.LEFT)
    assert match.seats.get(user=bob).left == "kicked"


def test_a_seat_of_a_match_that_is_over_is_not_given_up() -> None:
    ann = person("Ann")
    match = match_of(ann)
    finish(match, [0])
    assert not seat_vacate(match_id=match.id, user_id=ann.id, why=Seat.Left.LEFT)
    assert match.seats.get().left == ""


# --- end by an operator ---------------------------------------------------------------------------


def test_a_match_that_nobody_runs_yet_is_over_as_soon_as_it_is_ended(
    rooms: Rooms, changed: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    match = match_of(person("Ann"))
    with django_capture_on_commit_callbacks(execute=True):
        assert match_end(match_id=match.id)
    match.refresh_from_db()
    assert (match.status, match.reason) == ("abandoned", "ended_by_operator")
    assert match.ended is not None
    assert rooms.told == [("end", match.id)]
    assert changed == [match.id]
    assert not match_end(match_id=match.id)


def test_a_running_match_is_ended_by_who_runs_it(
    rooms: Rooms, django_capture_on_commit_callbacks: Any
) -> None:
    match = match_of(person("Ann"))
    run(match)
    with django_capture_on_commit_callbacks(execute=True):
        assert match_end(match_id=match.id)
    match.refresh_from_db()
    assert (match.status, match.end_requested) == ("running", True)
    assert rooms.told == [("end", match.id)]


def test_a_match_that_never_was_is_not_ended(rooms: Rooms) -> None:
    assert not match_end(match_id=uuid4())


# --- for those who run rooms ----------------------------------------------------------------------


def test_a_worker_is_told_all_that_a_room_needs() -> None:
    match = match_of(*people("Ann", "Bob"), title="arena", bots=1)
    spec = match_open(match_id=match.id, worker="w1")
    assert spec is not None
    assert (spec.match, spec.title, spec.seed) == (str(match.id), "arena", match.seed)
    assert spec.seats == [(0, "Ann", False), (1, "Bob", False), (2, "Bot 1", True)]
    match.refresh_from_db()
    assert (match.status, match.worker) == ("running", "w1")
    assert match.started is not None


def test_one_worker_runs_a_match_and_may_open_it_again() -> None:
    match = match_of(person("Ann"))
    run(match, "w1")
    assert match_open(match_id=match.id, worker="w2", resumable=True) is None
    assert match_open(match_id=match.id, worker="w1") is not None
    assert match_open(match_id=uuid4(), worker="w1") is None


def test_a_later_owner_goes_on_with_a_match_and_an_older_one_writes_nothing_more() -> None:
    match = match_of(person("Ann"))
    assert match_open(match_id=match.id, worker="w1", epoch=1) is not None
    assert match_open(match_id=match.id, worker="w2", epoch=3, resumable=True) is not None
    assert match_open(match_id=match.id, worker="w1", epoch=2, resumable=True) is None
    outcome = Outcome([[0]], "won")
    assert not match_finish(match_id=match.id, worker="w1", outcome=outcome)
    assert match_finish(match_id=match.id, worker="w2", outcome=outcome)


def test_a_match_that_the_room_store_forgot_is_abandoned_and_never_finished_wrongly() -> None:
    match = match_of(person("Ann"))
    run(match, "w1")
    overtaken = {"match_id": match.id, "worker": "w2", "epoch": 1}
    assert match_open(**overtaken, resumable=False) is None
    match.refresh_from_db()
    assert match.status == "running"
    with pytest.raises(MatchLost):
        match_open(match_id=match.id, worker="w2", epoch=2, resumable=False)
    match.refresh_from_db()
    assert (match.status, match.reason) == ("abandoned", "room_lost")
    assert match_open(match_id=match.id, worker="w2", epoch=2, resumable=False) is None


def test_a_match_that_is_over_is_not_opened() -> None:
    match = match_of(person("Ann"))
    finish(match, [0])
    assert match_open(match_id=match.id, worker="w1") is None


def test_a_result_gives_places_and_ties_share_them() -> None:
    match = match_of(*people("Ann", "Bob", "Cid", "Dan"), title="arena")
    finish(match, [2], [0, 3], [1], reason="time_up")
    match.refresh_from_db()
    assert (match.status, match.reason) == ("finished", "time_up")
    assert match.ranking == [[2], [0, 3], [1]]
    assert [seat.place for seat in match.seats.all()] == [2, 4, 1, 2]


def test_a_worker_that_lost_a_match_writes_nothing_to_it() -> None:
    match = match_of(person("Ann"))
    run(match, "w1")
    outcome = Outcome(ranking=[[0]], reason="won")
    assert not match_finish(match_id=match.id, worker="w2", outcome=outcome)
    assert not match_fault(match_id=match.id, worker="w2", traceback="x")
    assert not match_abandon(match_ids=[match.id], worker="w2", reason="lost")
    match.refresh_from_db()
    assert (match.status, match.fault) == ("running", "")
    assert match.seats.get().place is None


def test_a_match_ends_once(changed: list[UUID], django_capture_on_commit_callbacks: Any) -> None:
    match = match_of(person("Ann"))
    run(match)
    outcome = Outcome(ranking=[[0]], reason="won")
    with django_capture_on_commit_callbacks(execute=True):
        assert match_finish(match_id=match.id, worker="w1", outcome=outcome)
        assert not match_finish(match_id=match.id, worker="w1", outcome=outcome)
        assert match_abandon(match_ids=[match.id], worker="w1", reason="lost") == 0
        assert not match_fault(match_id=match.id, worker="w1", traceback="x")
    match.refresh_from_db()
    assert (match.status, match.reason) == ("finished", "won")
    assert changed == [match.id]


def test_a_dying_worker_abandons_its_own_matches_only() -> None:
    mine, theirs, over = (match_of(person("Ann")) for _ in range(3))
    run(mine, "w1")
    run(theirs, "w2")
    finish(over, [0])
    ids = [mine.id, theirs.id, over.id]
    assert match_abandon(match_ids=ids, worker="w1", reason="worker_lost") == 1
    statuses = dict(Match.objects.values_list("id", "status"))
    assert [statuses[match_id] for match_id in ids] == ["abandoned", "running", "finished"]
