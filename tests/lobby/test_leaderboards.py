"""Leaderboards and somebody's ratings, as a client sees them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.catalog import TITLES
from games.models import Match
from lobby.limits import BOARD_AROUND, BOARD_PAGE_SIZE
from lobby.models.accounts import User
from lobby.models.ratings import Ladder, Rating
from lobby.seasons import season_of
from lobby.selectors import leaderboards
from lobby.services.ratings import ratings_sweep
from tests.lobby.kit import api, fields_of, finish, people, person, rated_match, refused

pytestmark = pytest.mark.django_db

PATH = "/api/leaderboards/chess/"


def rate(user: User, mu: float, sigma: float = 60, **more: Any) -> Rating:
    """A rating out of thin air."""
    now = timezone.now()
    fields = {"title": "chess", "season": "", "played": 20, "won": 10, "lost": 10, "last": now}
    fields["category"] = "blitz" if more.get("title", "chess") == "chess" else ""
    fields["settled_until"] = now + timedelta(days=100) if sigma <= 110 else None
    return Rating.objects.create(user=user, mu=mu, sigma=sigma, **(fields | more))


def board(user: User | None = None, **query: Any) -> Any:
    answer = api(user).get(PATH, {"season": "all"} | query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def order(found: Any) -> list[tuple[int, str]]:
    return [(row["rank"], row["user"]["name"]) for row in found["results"]]


# --- leaderboards ---------------------------------------------------------------------------------


def test_the_best_stand_first_and_who_is_not_settled_does_not_stand_there() -> None:
    ann, bob, cid, dan, eve = people("Ann", "Bob", "Cid", "Dan", "Eve")
    rate(ann, 1600)
    rate(bob, 1700.4)
    rate(cid, 1900, sigma=111)
    rate(dan, 1800, settled_until=timezone.now() - timedelta(seconds=1))
    rate(eve, 1600)
    found = board(bob)
    assert order(found) == [(1, "Bob"), (2, "Ann"), (3, "Eve")]
    assert found["count"] == 3
    assert found["me"] == found["results"][0]
    assert found["me"]["rating"] == {"shown": 1700, "deviation": 60, "provisional": False}
    assert found["me"]["record"] == {"played": 20, "won": 10, "drawn": 0, "lost": 10}
    assert board(cid)["me"] is None
    assert board()["me"] is None


def test_whose_account_was_closed_is_not_ranked() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    for user, mu in ((ann, 1900), (bob, 1800), (cid, 1700)):
        rate(user, mu)
    User.objects.filter(id=ann.id).update(is_active=False)
    found = board(cid)
    assert order(found) == [(1, "Bob"), (2, "Cid")]
    assert (found["count"], found["me"]["rank"]) == (2, 2)
    assert order(board(cid, around="me")) == order(found)


def test_a_board_is_of_a_title_and_a_season() -> None:
    ann = person("Ann")
    rate(ann, 1700, title="roshambo")
    rate(ann, 1650, season="2026-01")
    Ladder.objects.create(title="chess", seasons=["2026-01"])
    assert board()["results"] == []
    assert order(board(season="2026-01")) == [(1, "Ann")]
    running = api().get(PATH).json()["season"]
    assert running["season"] == season_of(timezone.now())
    assert running["running"]
    assert board(season="2026-01")["season"] == {
        "season": "2026-01",
        "name": "January 2026",
        "running": False,
    }


def test_a_season_that_is_over_stays_readable_long_after_its_players_went() -> None:
    ann, bob = people("Ann", "Bob")
    long_ago = datetime(2020, 3, 15, tzinfo=UTC)
    for number in range(40):
        match = rated_match(ann, bob)
        finish(match, [number % 2], [1 - number % 2])
        Match.objects.filter(id=match.id).update(ended=long_ago + timedelta(minutes=number))
    ratings_sweep()
    assert len(order(board(season="2020-03"))) == 2
    assert board(season="all")["results"] == [], "nobody knows how good they are today"


def test_what_is_no_board_is_not_found_and_what_is_no_season_is_named() -> None:
    assert refused(api().get("/api/leaderboards/go/"), 404, "not_found")
    for query in (
        {"season": "2019-01"},
        {"season": "1 OR 1"},
        {"page": "x"},
        {"page": 0},
        {"around": "you"},
        {"friends": "all"},
    ):
        assert list(fields_of(api().get(PATH, query))) == list(query)
    assert refused(api().get(PATH, {"page": 2}), 404, "not_found")
    assert refused(api().get(PATH, {"page": 10**30}), 404, "not_found")


def test_a_title_that_is_never_rated_has_no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TITLES["chess"], "rateable", False)
    assert refused(api().get(PATH), 404, "not_found")
    assert "chess" not in {row["title"] for row in api().get("/api/leaderboards/").json()}


def test_all_boards_are_listed_with_their_seasons(settings: Any) -> None:
    Ladder.objects.create(title="chess", seasons=["2025-12", "2026-01"])
    boards = {row["title"]: row for row in api().get("/api/leaderboards/").json()}
    assert set(boards) == set(TITLES)
    seasons = [season["season"] for season in boards["chess"]["seasons"]]
    assert seasons == [season_of(timezone.now()), "2026-01", "2025-12", "all"]
    settings.RATINGS = {"SEASON": "none"}
    boards = {row["title"]: row for row in api().get("/api/leaderboards/").json()}
    assert [season["season"] for season in boards["arena"]["seasons"]] == ["all"]
    assert api().get(PATH).json()["season"]["season"] == "all"


def crowd(count: int) -> list[User]:
    """So many, each a point better than the next."""
    users = User.objects.bulk_create(
        User(username=f"crowd-{number}", name=f"P{number}") for number in range(1, count + 1)
    )
    now = timezone.now()
    Rating.objects.bulk_create(
        Rating(
            user=user,
            title="chess",
            category="blitz",
            season="",
            mu=3000 - number,
            sigma=60,
            last=now,
            settled_until=now + timedelta(days=9),
        )
        for number, user in enumerate(users)
    )
    return users


def test_a_board_comes_in_pages() -> None:
    users = crowd(2 * BOARD_PAGE_SIZE + 1)
    first, second, third = (board(page=page) for page in (1, 2, 3))
    assert [row["rank"] for row in first["results"]] == list(range(1, BOARD_PAGE_SIZE + 1))
    assert second["results"][0]["rank"] == BOARD_PAGE_SIZE + 1
    assert order(third) == [(len(users), users[-1].name)]
    assert first["previous"] is third["next"] is None
    assert order(api().get(first["next"]).json()) == order(second)
    assert order(api().get(second["previous"]).json()) == order(first)
    assert refused(api().get(PATH, {"season": "all", "page": 4}), 404, "not_found")


def test_pages_end_somewhere_and_ones_own_place_is_found_beyond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = crowd(12)
    monkeypatch.setattr(leaderboards, "BOARD_PAGE_SIZE", 2)
    monkeypatch.setattr(leaderboards, "BOARD_ROWS_MAX", 6)
    assert len(board(page=3)["results"]) == 2
    assert refused(api().get(PATH, {"season": "all", "page": 4}), 404, "not_found")
    found = board(users[9], around="me")
    assert order(found) == [(rank, f"P{rank}") for rank in range(10 - BOARD_AROUND, 13)]
    assert found["me"]["rank"] == 10


def test_around_oneself_equals_stand_in_one_order() -> None:
    users = crowd(12)
    Rating.objects.update(mu=1600)
    for user, rank in ((users[0], 1), (users[6], 7), (users[11], 12)):
        found = board(user, around="me")
        assert (rank, user.name) in order(found)
        assert order(found) == [row for row in order(board()) if row in order(found)]
        assert [row["rank"] for row in found["results"]] == list(
            range(max(1, rank - BOARD_AROUND), min(12, rank + BOARD_AROUND) + 1)
        )


def test_around_oneself_and_among_friends_needs_oneself() -> None:
    crowd(2)
    for query in ({"around": "me"}, {"friends": "me"}):
        assert refused(api().get(PATH, query), 401, "not_authenticated")
        assert board(person("Eve"), **query)["results"] == []


def test_friends_are_ranked_among_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    users = crowd(9)
    friends = [users[1].id, users[7].id, person("Unranked").id]
    monkeypatch.setattr(leaderboards, "friends_of", lambda user_id: friends)
    found = board(users[4], friends="me")
    assert order(found) == [(1, "P2"), (2, "P5"), (3, "P8")]
    assert found["count"] == 3
    assert found["me"]["rank"] == 5


def test_a_board_may_be_a_moment_old_and_then_costs_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    users = crowd(20)
    client = api(users[3])
    query = {"season": "all"}
    with django_assert_max_num_queries(8):  # token; barred, count, page; own, rank; names
        found = client.get(PATH, query).json()
    Rating.objects.filter(user=users[19]).update(mu=5000)
    with django_assert_num_queries(1):  # token
        assert client.get(PATH, query).json() == found
    cache.clear()  # as time does
    assert client.get(PATH, query).json()["results"][0]["user"]["name"] == "P20"


# --- somebody's ratings ---------------------------------------------------------------------------


def test_somebodys_ratings_are_told_with_record_rank_and_history() -> None:
    ann, bob = people("Ann", "Bob")
    for number in range(30):
        finish(rated_match(ann, bob), *([[0], [1]] if number % 3 else [[0, 1]]))
    finish(rated_match(ann, bob, title="roshambo"), [1], [0], reason="rounds_won")
    ratings_sweep()
    path = f"/api/players/{ann.id}/ratings/"
    body = api().get(path).json()
    assert body["user"] == {"id": ann.id, "name": "Ann", "guest": False}
    chess, roshambo = body["ratings"]
    assert (chess["title_name"], chess["rank"], chess["history"]) == ("Chess", 1, [])
    assert chess["record"] == {"played": 30, "won": 20, "drawn": 10, "lost": 0}
    assert (roshambo["rank"], roshambo["rating"]["provisional"]) == (None, True)
    (alone,) = api().get(path, {"title": "chess"}).json()["ratings"]
    history = alone["history"]
    assert len(history) == 30
    assert history[-1]["after"] == chess["rating"]["shown"]
    assert all(a["after"] == b["before"] for a, b in pairwise(history))
    assert sum(point["change"] for point in history) == history[-1]["after"] - 1500
    assert api().get(path, {"title": "arena"}).json()["ratings"] == []


def test_who_is_nobody_has_no_ratings() -> None:
    gone = person("Gone", is_active=False)
    for user_id in (0, 10**15, gone.id):
        for what in ("ratings", "matches"):
            assert refused(api().get(f"/api/players/{user_id}/{what}/"), 404, "not_found")
    path = f"/api/players/{person('Ann').id}/ratings/"
    assert list(fields_of(api().get(path, {"title": "go"}))) == ["title"]
    assert api().get(path).json()["ratings"] == []


def test_somebodys_ratings_take_as_many_queries_as_titles(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    ann = person("Ann")
    for title in TITLES:
        rate(ann, 1700, title=title)
    with django_assert_max_num_queries(2 + 4 * len(TITLES)):  # a rank is four, and kept a while
        api().get(f"/api/players/{ann.id}/ratings/")
    with django_assert_max_num_queries(2):
        api().get(f"/api/players/{ann.id}/ratings/")


def test_a_match_shows_what_it_changed_once_it_did() -> None:
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [1], [0])
    path = f"/api/matches/{match.id}/"
    assert api(ann).get(path).json()["rated"]
    assert [seat["rating"] for seat in api(ann).get(path).json()["seats"]] == [None, None]
    ratings_sweep()
    for what in ("", "result/"):
        lost, won = (seat["rating"] for seat in api(ann).get(path + what).json()["seats"])
        assert lost == {"before": 1500, "after": 1421, "change": -79, "provisional": True}
        assert (won["after"], won["change"]) == (1579, 79)
    (listed,) = api(bob).get("/api/matches/").json()["results"]
    assert [seat["rating"]["change"] for seat in listed["seats"]] == [-79, 79]


def test_others_see_public_matches_and_players_all_of_theirs(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    shown, hidden = rated_match(ann, bob), rated_match(ann, bob)
    Match.objects.filter(id=hidden.id).update(public=False)
    path = f"/api/players/{ann.id}/matches/"

    def seen(user: User | None) -> set[str]:
        return {match["id"] for match in api(user).get(path).json()}

    assert seen(ann) == {str(shown.id), str(hidden.id)}
    assert seen(None) == seen(eve) == {str(shown.id)}
    with django_assert_num_queries(4):  # the player; matches, seats, changes
        (match,) = api().get(path).json()
    assert match["seat"] == 0
