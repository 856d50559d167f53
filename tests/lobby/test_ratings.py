"""What results do to ratings: once, in order, whoever writes them; and the same numbers anew."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models import Model
from django.db.models.signals import post_init, post_save
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.catalog import TITLES
from games.models import Match, Seat
from games.selectors import category_of
from games.services import match_abandon, match_fault, match_finish, match_seat_take
from games.sim import Outcome
from lobby.limits import RATING_BATCH_MAX
from lobby.models.accounts import User
from lobby.models.ratings import Ladder, Rating, RatingChange
from lobby.scorer import Scorer
from lobby.seasons import season_of
from lobby.selectors.ratings import ratings_exported, ratings_of
from lobby.services.accounts import account_delete
from lobby.services.ratings import rating_apply, ratings_apply, ratings_rebuild, ratings_sweep
from tests.lobby.kit import finish, people, person, rated_match, run

pytestmark = pytest.mark.django_db

Row = tuple[Any, ...]


def rows() -> tuple[list[Row], list[Row], list[Row]]:
    """All that is kept of ratings, without the numbers that rows happen to have."""
    return (
        sorted(
            RatingChange.objects.values_list(
                "match_id", "seat", "player", "user_id", "title", "category", "season", "ended",
                "previous", "place", "mu_before", "sigma_before", "mu", "sigma",
            )
        ),
        sorted(
            Rating.objects.values_list(
                "user_id", "title", "category", "season", "mu", "sigma", "played", "won", "drawn",
                "lost", "last", "settled_until",
            )
        ),
        sorted(Ladder.objects.values_list("title", "last_ended", "last_match", "seasons")),
    )  # fmt: skip


def rebuilt() -> tuple[list[Row], list[Row], list[Row]]:
    """The same, after all of it was worked out anew."""
    call_command("ratings_rebuild", stdout=StringIO())
    return rows()


def ended(match: Match, moment: datetime) -> Match:
    """Say that a match ended then."""
    Match.objects.filter(id=match.id).update(ended=moment)
    match.refresh_from_db()
    return match


def numbers(*users: User, title: str = "chess") -> list[float]:
    category = category_of(title=title, settings={})
    known = ratings_of([user.id for user in users], title, category)
    return [known[user.id].mu for user in users]


# --- one result -----------------------------------------------------------------------------------


def test_a_win_raises_one_and_lowers_the_other() -> None:
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [1], [0])
    assert numbers(ann, bob) == [1500, 1500], "not before it is counted"
    assert rating_apply(match_id=match.id)
    won, lost = ratings_of([bob.id, ann.id], "chess", "blitz").values()
    assert {won.shown, lost.shown} == {1421, 1579}
    assert won.provisional
    assert lost.provisional
    assert won.sigma == lost.sigma < 250
    change = RatingChange.objects.get(match=match, user=bob)
    assert (change.seat, change.place, change.mu_before, change.previous) == (1, 1, 1500, None)
    match.refresh_from_db()
    assert match.counted is not None


def test_a_team_rises_and_falls_together_and_mates_are_not_compared() -> None:
    everybody = people("Ann", "Bob", "Cid", "Dan")
    finish(rated_match(*everybody, title="hockey"), [1, 3], [0, 2], reason="goals")
    ratings_sweep()
    ann, bob, cid, dan = numbers(*everybody, title="hockey")
    assert bob == dan > 1500 > ann == cid
    assert bob - 1500 == pytest.approx(1500 - ann)
    played = Rating.objects.filter(season="").values_list("won", "lost", "drawn")
    assert sorted(played) == [(0, 1, 0)] * 2 + [(1, 0, 0)] * 2
    finish(rated_match(*everybody, title="hockey"), [0, 1, 2, 3], reason="time_up")
    ratings_sweep()
    ann, bob, _, _ = numbers(*everybody, title="hockey")
    assert bob - ann < 2 * (dan - 1500), "a draw brings them closer"
    before = rows()
    assert rebuilt() == before


def test_a_result_says_nothing_where_one_team_has_no_account_any_more() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    finish(rated_match(ann, bob, cid, dan, title="hockey"), [1, 3], [0, 2], reason="goals")
    account_delete(user=ann)
    account_delete(user=cid)
    ratings_sweep()
    assert numbers(bob, dan, title="hockey") == [1500, 1500]


def test_a_draw_moves_equals_nowhere_and_is_counted() -> None:
    ann, bob = people("Ann", "Bob")
    finish(rated_match(ann, bob), [0, 1], reason="stalemate")
    ratings_sweep()
    assert numbers(ann, bob) == [1500, 1500]
    for rating in Rating.objects.filter(season=""):
        assert (rating.played, rating.won, rating.drawn, rating.lost) == (1, 0, 1, 0)


def test_a_result_counts_once_however_often_it_is_asked_for() -> None:
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [0], [1])
    assert rating_apply(match_id=match.id)
    before = rows()
    assert rating_apply(match_id=match.id)
    assert ratings_sweep() == 0
    assert rows() == before
    assert RatingChange.objects.count() == 2


def test_casual_matches_and_those_without_a_result_change_nothing() -> None:
    ann, bob = people("Ann", "Bob")
    casual, on, lost, broken = (
        rated_match(ann, bob, rated=rated) for rated in (False, True, True, True)
    )
    finish(casual, [0], [1])
    for match in (on, lost, broken):
        run(match)
    match_abandon(match_ids=[lost.id], worker="w1", reason="worker_lost")
    match_fault(match_id=broken.id, worker="w1", traceback="Traceback: …")
    assert not any(rating_apply(match_id=match.id) for match in (casual, on, lost, broken))
    assert ratings_sweep() == 0
    assert rows()[:2] == ([], [])


def test_a_match_that_is_no_match_is_not_rated() -> None:
    assert not rating_apply(match_id=UUID(int=7))


def test_titles_keep_ratings_apart() -> None:
    ann, bob = people("Ann", "Bob")
    finish(rated_match(ann, bob, title="roshambo"), [0], [1], reason="rounds_won")
    ratings_sweep()
    assert numbers(ann, bob, title="chess") == [1500, 1500]
    assert numbers(ann, bob, title="roshambo")[0] > 1500


def test_the_result_of_a_delayed_title_counts_when_spectators_know_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TITLES["chess"], "spectator_delay_s", 60)
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [0], [1])
    assert not rating_apply(match_id=match.id)
    assert ratings_rebuild(title="chess") == 0
    ended(match, timezone.now() - timedelta(seconds=61))
    assert rating_apply(match_id=match.id)


# --- who counts -----------------------------------------------------------------------------------


def test_where_people_drop_in_those_of_the_first_half_count_also_if_they_left() -> None:
    early, leaver, late = people("Early", "Leaver", "Late")
    match = rated_match(early, leaver, title="arena")
    run(match)
    match_seat_take(match_id=match.id, player=player(late))
    Seat.objects.filter(user=leaver).update(left=Seat.Left.LEFT)
    now = timezone.now()
    Match.objects.filter(id=match.id).update(started=now - timedelta(seconds=100))
    Seat.objects.filter(match=match).update(joined=now - timedelta(seconds=100))
    Seat.objects.filter(user=late).update(joined=now - timedelta(seconds=40))
    assert match_finish(match_id=match.id, worker="w1", outcome=Outcome([[2], [0], [1]], "time_up"))
    assert rating_apply(match_id=match.id)
    places = dict(RatingChange.objects.values_list("user_id", "place"))
    assert places == {early.id: 1, leaver.id: 2}, "places among those who count"


def test_coming_back_to_ones_seat_is_not_coming_late() -> None:
    ann = person("Ann")
    match = rated_match(ann, title="arena")
    run(match)
    taken = Seat.objects.get(user=ann).joined
    Seat.objects.filter(user=ann).update(left=Seat.Left.LEFT)
    match_seat_take(match_id=match.id, player=player(ann))
    assert Seat.objects.get(user=ann).joined == taken


def test_a_match_that_everybody_left_or_one_was_alone_in_says_nothing() -> None:
    ann, bob = people("Ann", "Bob")
    left, alone = rated_match(ann, bob, title="arena"), rated_match(ann, title="arena")
    finish(left, [0, 1], reason="everyone_left")
    finish(alone, [0], reason="time_up")
    assert ratings_sweep() == 2
    assert not RatingChange.objects.exists()
    assert ratings_sweep() == 0, "it is done with them nevertheless"


def test_of_many_each_place_counts_and_a_shared_one_is_a_tie() -> None:
    users = people("Ann", "Bob", "Cid", "Dan")
    finish(rated_match(*users, title="arena"), [2], [0, 3], [1], reason="time_up")
    ratings_sweep()
    ann, bob, cid, dan = numbers(*users, title="arena")
    assert cid > ann == dan > bob
    record = {r.user_id: (r.won, r.drawn, r.lost) for r in Rating.objects.filter(season="")}
    assert [record[user.id] for user in users] == [(0, 0, 1), (0, 0, 1), (1, 0, 0), (0, 0, 1)]


# --- order, loss, concurrency ---------------------------------------------------------------------


def results(users: Sequence[User], count: int, seed: int, title: str = "chess") -> list[Match]:
    """Finished matches between these, some seconds and some days apart; two end together."""
    random, moment = Random(seed), timezone.now() - timedelta(days=80)
    found = []
    for number in range(count):
        one, other = random.sample(list(users), 2)
        match = rated_match(one, other, title=title)
        finish(match, *random.choice([([0], [1]), ([1], [0]), ([0, 1],)]))
        if number != count // 2:
            moment += timedelta(seconds=random.choice([0.001, 40, 86_400 * 4]))
        found.append(ended(match, moment))
    return found


def test_results_that_are_heard_of_in_any_order_count_in_theirs() -> None:
    users = people("Ann", "Bob", "Cid", "Dan")
    matches = results(users, 24, seed=1)
    ratings_sweep()
    straight = rows()
    for seed in (2, 3):
        for model in (RatingChange, Rating, Ladder):
            model.objects.all().delete()
        Match.objects.update(counted=None, rated=False)
        for match in Random(seed).sample(matches, len(matches)):
            Match.objects.filter(id=match.id).update(rated=True)
            assert rating_apply(match_id=match.id)
        assert rows() == straight
    assert rebuilt() == straight
    assert straight[2][0][3] == sorted({season_of(match.ended) for match in matches})


def test_what_came_late_leaves_alone_what_does_not_follow_from_it() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    late, other = rated_match(ann, bob), rated_match(cid, dan)
    for match in (late, other):
        finish(match, [0], [1])
    ended(late, other.created - timedelta(seconds=1))
    Match.objects.filter(id=late.id).update(rated=False)
    rating_apply(match_id=other.id)
    before = list(RatingChange.objects.filter(match=other).values())
    Match.objects.filter(id=late.id).update(rated=True)
    rating_apply(match_id=late.id)
    assert list(RatingChange.objects.filter(match=other).values()) == before
    assert rebuilt()[1] == rows()[1]


def test_what_comes_too_late_counts_as_of_now_and_again_at_a_rebuild(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lobby.services.ratings.RATING_AGAIN_MAX", 6)
    users = people("Ann", "Bob", "Cid")
    matches = results(users, 14, seed=4)
    late = [matches[2], matches[1], matches[9], matches[10]]
    Match.objects.filter(id__in=[match.id for match in late]).update(rated=False)
    ratings_sweep()
    before = list(RatingChange.objects.order_by("id").values_list("id", "mu"))
    (last,) = Ladder.objects.values_list("last_ended", flat=True)
    for match in late[:2]:
        Match.objects.filter(id=match.id).update(rated=True)
        assert rating_apply(match_id=match.id)
        match.refresh_from_db()
        assert match.counts_as is not None
        assert match.counts_as > last >= match.ended
        assert {change.ended for change in match.rating_changes.all()} == {match.counts_as}
    kept = dict(RatingChange.objects.values_list("id", "mu"))
    assert all(kept[row] == mu for row, mu in before)  # what people were told stays
    for match in late[2:]:
        Match.objects.filter(id=match.id).update(rated=True)
        assert rating_apply(match_id=match.id)
    first, second = (Match.objects.get(id=match.id).counts_as for match in late[2:])
    assert first is not None  # eight changes are behind it, with those that came before it
    assert second is not None
    assert rebuilt() == rows()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_when_ratings_are_those_of_a_rebuild(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lobby.services.ratings.RATING_AGAIN_MAX", 5 + 3 * seed)
    monkeypatch.setattr("lobby.services.ratings.RATING_BATCH_MAX", 1 + seed)
    random = Random(seed)
    matches = results(people("Ann", "Bob", "Cid", "Dan", "Eve"), 30, seed)
    for match in matches:  # of two categories
        Match.objects.filter(id=match.id).update(settings={"days": random.randrange(2)})
    Match.objects.update(rated=False)
    while matches:
        heard = [matches.pop(random.randrange(len(matches))) for _ in range(min(3, len(matches)))]
        Match.objects.filter(id__in=[match.id for match in heard]).update(rated=True)
        ratings_sweep()
    late = Match.objects.filter(counts_as__isnull=False).count()
    assert late or seed > 3
    assert rebuilt() == rows()


def test_a_late_result_costs_as_much_whatever_is_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lobby.services.ratings.RATING_AGAIN_MAX", 8)
    matches = results(people("Ann", "Bob", "Cid"), 20, seed=5)
    late = [match for number, match in enumerate(matches) if number in (1, 17)]
    Match.objects.filter(id__in=[match.id for match in late]).update(rated=False)
    ratings_sweep()
    loaded = []
    for match in late:
        Match.objects.filter(id=match.id).update(rated=True)
        with rows_loaded(RatingChange) as seen:
            rating_apply(match_id=match.id)
        loaded.append(len(seen))
    assert loaded[0] <= loaded[1] <= 2 + 8 + 2


@contextmanager
def rows_loaded(model: type[Model]) -> Iterator[list[Any]]:
    """Every row of a model that is made or read meanwhile."""
    seen: list[Any] = []

    def note(sender: Any, **_: Any) -> None:
        seen.append(sender)

    post_init.connect(note, sender=model)
    try:
        yield seen
    finally:
        post_init.disconnect(note, sender=model)


def test_a_result_whose_word_was_lost_is_found_by_any_sweep() -> None:
    ann, bob = people("Ann", "Bob")
    for _ in range(RATING_BATCH_MAX + 3):
        finish(rated_match(ann, bob), [0], [1])
    assert ratings_apply(title="chess") == RATING_BATCH_MAX
    assert ratings_sweep() == 3
    assert Match.objects.filter(counted=None).count() == 0


def test_a_failure_half_way_leaves_the_result_due(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [0], [1])

    def die(**_: Any) -> None:
        raise OSError("the process dies here")

    monkeypatch.setattr("lobby.services.ratings.matches_counted", die)
    with pytest.raises(OSError, match="dies"):
        rating_apply(match_id=match.id)
    assert rows()[:2] == ([], [])
    monkeypatch.undo()
    assert rating_apply(match_id=match.id)
    assert RatingChange.objects.count() == 2


def test_counting_a_result_takes_few_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """However many played; the first time the title's row is made."""
    users = people("Ann", "Bob", "Cid", "Dan", "Eve", "Fay")
    Ladder.objects.create(title="arena")
    for seats in (2, 6):
        match = rated_match(*users[:seats], title="arena")
        finish(match, *([seat] for seat in range(seats)))
        with django_assert_num_queries(11):  # 4 for transaction and lock, 3 reads, 4 writes
            assert ratings_apply(title="arena") == 1


@pytest.mark.django_db(transaction=True)
def test_matches_that_end_at_once_count_once_and_as_if_one_after_the_other() -> None:
    """Everybody plays several matches; each ends in a thread of its own, which also counts."""
    users = people("Ann", "Bob", "Cid", "Dan")
    pairs = [(a, b) for a in users for b in users if a is not b]
    matches = [rated_match(one, other) for one, other in pairs]
    for match in matches:
        run(match)
    together = threading.Barrier(len(matches))

    def end(match: Match) -> None:
        together.wait()
        try:
            outcome = Outcome([[0], [1]] if match.id.int % 3 else [[0, 1]], "checkmate")
            assert match_finish(match_id=match.id, worker="w1", outcome=outcome)
            assert rating_apply(match_id=match.id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(matches)) as threads:
        list(threads.map(end, matches))
    assert RatingChange.objects.count() == 2 * len(matches)
    live = rows()
    assert [played for *_, played in Rating.objects.filter(season="").values_list("played")] == (
        [6] * len(users)
    )
    assert rebuilt() == live


@pytest.mark.django_db(transaction=True)
def test_the_scorer_counts_on_its_own_thread_what_it_is_told_of() -> None:
    """The one who records a result only wakes it."""
    users = people("Ann", "Bob")
    scorer, threads = Scorer(), set()
    match = rated_match(*users)
    run(match)
    done = threading.Event()

    def note(sender: Any, **_: Any) -> None:
        threads.add(threading.current_thread().name)
        done.set()

    post_init.connect(note, sender=RatingChange)
    try:
        scorer.start()
        scorer.start()
        outcome = Outcome([[0], [1]], "checkmate")
        assert match_finish(match_id=match.id, worker="w1", outcome=outcome)
        scorer.result_may_be_in(match_id=match.id)
        assert done.wait(20)
    finally:
        scorer.stop()
        post_init.disconnect(note, sender=RatingChange)
    assert threads == {"scorer"}
    assert RatingChange.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_scorer_begins_with_what_a_dead_process_left() -> None:
    finish(rated_match(*people("Ann", "Bob")), [0], [1])
    counted, scorer = threading.Event(), Scorer()
    post_save.connect(lambda **_: counted.set(), sender=Ladder, weak=False, dispatch_uid="begins")
    try:
        scorer.start()
        assert counted.wait(20)
    finally:
        scorer.stop()
        post_save.disconnect(sender=Ladder, dispatch_uid="begins")
    assert RatingChange.objects.count() == 2


# --- accounts that are gone -----------------------------------------------------------------------


def test_who_deletes_their_account_goes_and_what_others_won_stays() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    for one, other in ((ann, bob), (ann, cid), (bob, cid)):
        finish(rated_match(one, other), [0], [1])
        ratings_sweep()
    account_delete(user=ann)
    left = rows()
    assert {row[0] for row in left[1]} == {bob.id, cid.id}
    assert rebuilt() == left


def test_who_deleted_their_account_before_the_result_counted_is_left_out() -> None:
    users = people("Ann", "Bob", "Cid")
    match = rated_match(*users, title="arena")
    finish(match, [0], [1], [2])
    account_delete(user=users[0])
    assert rating_apply(match_id=match.id)
    left = rows()
    assert [row[3] for row in left[0]] == [users[1].id, users[2].id]
    assert rebuilt() == left


@pytest.mark.django_db(transaction=True)
def test_an_account_goes_while_its_result_is_being_counted() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    for one, other in ((ann, bob), (cid, ann)):
        finish(rated_match(one, other), [0], [1])
    ratings_sweep()
    for one, other in ((ann, bob), (bob, cid), (ann, cid)):
        finish(rated_match(one, other), [0], [1])
    together = threading.Barrier(2)

    def do(what: Callable[[], object]) -> None:
        together.wait()
        try:
            what()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(do, (lambda: account_delete(user=ann), ratings_sweep)))
    ratings_sweep()
    left = rows()
    assert {row[0] for row in left[1]} == {bob.id, cid.id}
    assert rebuilt() == left


def test_somebody_can_have_all_that_is_kept_of_their_ratings() -> None:
    ann, bob = people("Ann", "Bob")
    finish(rated_match(ann, bob), [0], [1])
    ratings_sweep()
    kept = ratings_exported(ann)
    assert {row["season"] for row in kept["ratings"]} == {"", season_of(timezone.now())}
    assert [row["place"] for row in kept["changes"]] == [1]


# --- seasons, time, rebuilding --------------------------------------------------------------------


def test_a_season_keeps_the_numbers_of_its_last_match() -> None:
    ann, bob = people("Ann", "Bob")
    for moment in (datetime(2026, 1, 31, 23, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)):
        match = rated_match(ann, bob)
        finish(match, [0], [1])
        ended(match, moment)
        ratings_sweep()
    january, february, always = (
        Rating.objects.get(user=ann, season=season) for season in ("2026-01", "2026-02", "")
    )
    assert january.mu < february.mu == always.mu, "a rating goes on, it does not begin anew"
    assert [row.played for row in (january, february, always)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("month", "2026-05"), ("quarter", "2026-Q2"), ("year", "2026"), ("none", "")],
)
def test_a_season_is_as_long_as_it_is_set(settings: Any, kind: str, name: str) -> None:
    settings.RATINGS = {"SEASON": kind}
    assert season_of(datetime(2026, 5, 31, 23, tzinfo=UTC)) == name
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [0], [1])
    ended(match, datetime(2026, 5, 1, tzinfo=UTC))
    ratings_sweep()
    assert set(Rating.objects.values_list("season", flat=True)) == {"", name}


def test_who_does_not_play_is_less_and_less_sure() -> None:
    ann, bob = people("Ann", "Bob")
    now = timezone.now()
    for _ in range(40):
        finish(rated_match(ann, bob), [0, 1])
    ratings_sweep()
    then, later = (
        ratings_of([ann.id], "chess", "blitz", now + timedelta(days=days))[ann.id]
        for days in (1, 800)
    )
    assert then.mu == later.mu
    assert (then.provisional, later.provisional) == (False, True)
    assert then.sigma < later.sigma <= 250
    rating = Rating.objects.get(user=ann, season="")
    assert rating.settled_until is not None
    day = timedelta(days=1)
    around = [
        ratings_of([ann.id], "chess", "blitz", rating.settled_until + off) for off in (-day, day)
    ]
    assert [known[ann.id].provisional for known in around] == [False, True]


def test_rebuilding_a_title_is_asked_for_by_name() -> None:
    with pytest.raises(CommandError, match="no such title: go"):
        call_command("ratings_rebuild", "go", stdout=StringIO())
    ann, bob = people("Ann", "Bob")
    finish(rated_match(ann, bob), [0], [1])
    out = StringIO()
    call_command("ratings_rebuild", "chess", stdout=out)
    assert out.getvalue() == "chess: 1 matches\n"
    assert RatingChange.objects.count() == 2, "it counts what was due"
    assert ratings_sweep() == 0


def test_ratings_of_many_take_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    users = people("Ann", "Bob", "Cid")
    finish(rated_match(*users[:2]), [0], [1])
    ratings_sweep()
    with django_assert_num_queries(1):
        known = ratings_of([user.id for user in users], "chess", "blitz")
    assert {known[user.id].shown for user in users} == {1421, 1500, 1579}


def player(user: User) -> Any:
    from games.services import Player

    return Player(user_id=user.id, name=user.name)
