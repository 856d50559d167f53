"""Categories of a title: what is rated apart, and where each number counts."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from games.catalog import TITLES
from games.selectors import category_of
from lobby.models.lobbies import Lobby
from lobby.models.ratings import Rating, RatingChange
from lobby.selectors.lobbies import lobbies_public, with_host_rated
from lobby.selectors.ratings import ratings_of
from lobby.services.lobbies import lobby_change
from lobby.services.matchmaking import ticket_create
from lobby.services.ratings import ratings_sweep
from tests.lobby.kit import api, fields_of, finish, lobby_of, people, person, rated_match
from tests.lobby.test_leaderboards import board, order, rate
from tests.lobby.test_ratings import rebuilt, rows

pytestmark = pytest.mark.django_db

KINDS: list[dict[str, int]] = [{}, {"minutes": 15}, {"days": 3}]


@pytest.mark.parametrize(
    ("chosen", "category"),
    [
        ({}, "blitz"),
        ({"minutes": 1, "increment_s": 0}, "blitz"),
        ({"minutes": 7, "increment_s": 1}, "blitz"),
        ({"minutes": 8, "increment_s": 0}, "rapid"),
        ({"minutes": 1, "increment_s": 60}, "rapid"),
        ({"minutes": 15, "increment_s": 10}, "rapid"),
        ({"minutes": 1, "days": 1}, "correspondence"),
        ({"minutes": "of older rules"}, "blitz"),
    ],
)
def test_chess_is_rated_by_how_long_one_may_think(chosen: Any, category: str) -> None:
    assert category_of(title="chess", settings=chosen) == category
    assert category_of(title="roshambo", settings=chosen) == ""


def test_each_category_has_ratings_of_its_own_and_a_rebuild_makes_the_same() -> None:
    ann, bob = people("Ann", "Bob")
    for number in range(12):
        finish(rated_match(ann, bob, **KINDS[number % 3]), [number % 2], [1 - number % 2])
    finish(rated_match(ann, bob, days=2), [0], [1])
    ratings_sweep()
    known = {
        category: ratings_of([ann.id], "chess", category)[ann.id].mu
        for category in ("blitz", "rapid", "correspondence")
    }
    assert len(set(known.values())) == 3
    assert [row.played for row in Rating.objects.filter(user=ann, season="").order_by("id")] == [
        4,
        5,
        4,
    ]  # fmt: skip  by the names of the categories
    assert RatingChange.objects.filter(category="correspondence").count() == 10
    assert rebuilt() == rows()


def test_a_title_that_cannot_say_a_category_counts_in_its_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(TITLES["chess"], "category", lambda self, settings: 1 / 0)
    assert category_of(title="chess", settings={"days": 1}) == "blitz"
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.setattr(TITLES["chess"], "category", lambda self, settings: "bullet")
    assert category_of(title="chess", settings={"days": 1}) == "blitz"


def test_ratings_of_a_title_that_is_gone_stay_in_their_categories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for settings in KINDS:
        finish(rated_match(*people("Ann", "Bob"), **settings), [0], [1])
    ratings_sweep()
    before = rows()
    monkeypatch.delitem(TITLES, "chess")
    assert rebuilt() == before


# --- where they are shown -------------------------------------------------------------------------


def test_a_board_is_of_a_category() -> None:
    ann, bob = people("Ann", "Bob")
    rate(ann, 1700)
    rate(bob, 1650, category="correspondence")
    first = board()
    assert (order(first), first["category"]) == ([(1, "Ann")], "blitz")
    days = board(category="correspondence")
    assert (order(days), days["category_name"]) == ([(1, "Bob")], "Correspondence")
    assert (board(bob)["me"], board(bob, category="correspondence")["me"]["rank"]) == (None, 1)
    answer = api().get("/api/leaderboards/chess/", {"category": "bullet"})
    assert list(fields_of(answer)) == ["category"]
    boards = {each["title"]: each for each in api().get("/api/leaderboards/").json()}
    assert [each["category"] for each in boards["chess"]["categories"]] == [
        "blitz", "rapid", "correspondence",
    ]  # fmt: skip
    assert boards["roshambo"]["categories"] == []


def test_somebodys_page_has_each_category_with_its_history() -> None:
    ann, bob = people("Ann", "Bob")
    for settings in ({}, {"days": 1}, {"days": 2}):
        finish(rated_match(ann, bob, **settings), [0], [1])
    ratings_sweep()
    path = f"/api/players/{ann.id}/ratings/"
    assert [
        (each["category"], each["category_name"], each["record"]["played"])
        for each in api().get(path).json()["ratings"]
    ] == [("correspondence", "Correspondence", 2), ("blitz", "Blitz", 1)]
    days, blitz = api().get(path, {"title": "chess"}).json()["ratings"]
    assert (len(days["history"]), len(blitz["history"])) == (2, 1)
    asked = {"title": "chess", "category": "blitz"}
    assert api().get(path, asked).json()["ratings"] == [blitz]
    for wrong in ({"category": "blitz"}, {"title": "chess", "category": "bullet"}):
        assert list(fields_of(api().get(path, wrong))) == ["category"]


def test_a_lobby_says_in_which_category_it_is_rated() -> None:
    ann = person("Ann")
    lobby = lobby_of(ann, settings={"minutes": 3})
    path = f"/api/lobbies/{lobby.id}/"
    assert api(ann).get(path).json()["category"] == "blitz"
    lobby_change(lobby_id=lobby.id, user=ann, changes={"settings": {"days": 1}})
    assert api(ann).get(path).json()["category"] == "correspondence"


def test_hosts_are_found_by_the_rating_that_would_count() -> None:
    ann, bob = people("Ann", "Bob")
    for user in (ann, bob):
        rate(user, 1900)
    fast, slow = lobby_of(ann), lobby_of(bob, settings={"days": 1})
    assert list(with_host_rated(lobbies_public(), least=1800)) == [fast]
    assert list(with_host_rated(lobbies_public(), most=1800)) == [slow]


def test_a_ticket_counts_by_the_rating_of_its_mode() -> None:
    ann, bob = people("Ann", "Bob")
    for user in (ann, bob):
        rate(user, 1900, category="rapid")
    assert ticket_create(user=ann, title="chess", mode="rapid").rating == 1900
    assert ticket_create(user=bob, title="chess", mode="blitz").rating == 1500


# --- what was there before ------------------------------------------------------------------------


def test_what_was_rated_before_goes_where_its_settings_say_and_a_rebuild_sets_it_right() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    for settings in ({}, {"days": 1}):
        finish(rated_match(ann, bob, **settings), [0], [1])
    finish(rated_match(cid, dan, title="roshambo"), [0], [1])
    finish(rated_match(cid, dan), [0], [1])
    lobby_of(ann, settings={"days": 1})
    ratings_sweep()
    right = rows()
    # As it was: one rating for all of a title.
    Rating.objects.filter(user__in=[ann, bob], category="blitz").delete()
    for model in (Lobby, Rating, RatingChange):
        model.objects.update(category="")
    migration = import_module("lobby.migrations.0013_rating_categories_told")
    migration.tell(apps, SimpleNamespace(connection=connection))
    assert rows()[0] == right[0]
    told = set(Rating.objects.values_list("user__name", "title", "category").distinct())
    assert told == {
        ("Ann", "chess", "correspondence"), ("Bob", "chess", "correspondence"),
        ("Cid", "chess", "blitz"), ("Dan", "chess", "blitz"),
        ("Cid", "roshambo", ""), ("Dan", "roshambo", ""),
    }  # fmt: skip
    assert Lobby.objects.get().category == "correspondence"
    assert rebuilt() == right
