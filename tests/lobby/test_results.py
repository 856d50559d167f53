"""What people are told when a result counts."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from games.models import Match
from lobby.limits import RESULT_NEWS_S
from lobby.models.ratings import Rating, RatingChange
from lobby.services.people import person_told
from lobby.services.ratings import rating_apply
from lobby.services.results import match_counted, results_told
from tests.lobby.kit import api, finish, people, person, rated_match
from tests.lobby.test_consumers import Open, hear, make_people, open_socket

__all__ = ["open_socket"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told() -> Any:
    """All that anybody was told: ``(user, data of the notice)``."""
    heard: list[tuple[int, dict[str, Any]]] = []

    def hear_it(user_id: int, message: dict[str, Any], **_: Any) -> None:
        if message["notice"]["kind"] == "result":
            assert message["notice"]["id"] is None
            heard.append((user_id, message["notice"]["data"]))

    person_told.connect(hear_it)
    yield heard
    person_told.disconnect(hear_it)


def test_each_player_is_told_once_what_a_result_made_of_them(told: list[Any]) -> None:
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [0], [1])
    assert told == []  # not before it counts
    assert rating_apply(match_id=match.id)
    rating_apply(match_id=match.id)
    assert [user for user, _ in told] == [ann.id, bob.id]
    mine = told[0][1]
    assert (mine["match"], mine["place"], mine["rank"]) == (str(match.id), 1, None)
    assert mine["rating"] == {"before": 1500, "after": 1579, "change": 79, "provisional": True}
    (opponent,) = mine["opponents"]
    assert opponent["user"] == {"id": bob.id, "name": "Bob"}
    assert (opponent["place"], opponent["rating"]["after"]) == (2, 1421)
    seats = api(ann).get(f"/api/matches/{match.id}/").json()["seats"]
    assert [seat["rating"] for seat in seats] == [mine["rating"], opponent["rating"]]


def test_who_is_ranked_is_told_the_rank_that_they_have_now(told: list[Any]) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    known = {
        "title": "chess",
        "category": "blitz",
        "sigma": 60,
        "last": timezone.now(),
        "played": 30,
    }
    until = timezone.now() + timedelta(days=300)
    for user, mu in ((ann, 1600), (bob, 1600), (eve, 1604)):
        Rating.objects.create(user=user, mu=mu, settled_until=until, **known)
    assert api(ann).get("/api/leaderboards/chess/?season=all").json()["me"]["rank"] == 2
    match = rated_match(ann, bob)
    finish(match, [0], [1])
    rating_apply(match_id=match.id)
    assert [data["rank"] for _, data in told] == [1, 3]


def test_what_ended_long_ago_is_no_news(told: list[Any]) -> None:
    ann, bob = people("Ann", "Bob")
    match = rated_match(ann, bob)
    finish(match, [0], [1])
    long_ago = timezone.now() - timedelta(seconds=RESULT_NEWS_S + 5)
    Match.objects.filter(id=match.id).update(ended=long_ago)
    assert rating_apply(match_id=match.id)
    assert told == []


def test_what_came_too_late_is_no_news_either(
    told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lobby.services.ratings.RATING_AGAIN_MAX", 1)
    users = people("Ann", "Bob")
    late, other = rated_match(*users), rated_match(*users)
    for match in (late, other):
        finish(match, [0], [1])
    Match.objects.filter(id=late.id).update(rated=False)
    assert rating_apply(match_id=other.id)
    Match.objects.filter(id=late.id).update(rated=True)
    assert rating_apply(match_id=late.id)
    assert Match.objects.get(id=late.id).counts_as is not None
    assert {data["match"] for _, data in told} == {str(other.id)}


def test_an_ear_that_fails_keeps_no_result_from_counting(told: list[Any]) -> None:
    def fails(**_: Any) -> None:
        raise ConnectionError

    match_counted.connect(fails)
    try:
        match = rated_match(*people("Ann", "Bob"))
        finish(match, [0], [1])
        assert rating_apply(match_id=match.id)
    finally:
        match_counted.disconnect(fails)
    assert len(told) == 2


def test_telling_many_asks_for_names_once_and_for_no_rank_of_those_who_have_none() -> None:
    players = [person() for _ in range(8)]
    matches = [rated_match(*players[first : first + 2]) for first in (0, 2, 4, 6)]
    for match in matches:
        finish(match, [0], [1])
        rating_apply(match_id=match.id)
    changes = list(RatingChange.objects.all())
    assert len(changes) == 8
    with CaptureQueriesContext(connection) as asked:
        results_told(changes)
    assert len(asked) == 1, asked.captured_queries


async def test_players_hear_it_at_their_sockets_and_watchers_where_they_listen(
    open_socket: Open,
) -> None:
    ann, bob, eve = await make_people("Ann", "Bob", "Eve")
    match = await sync_to_async(rated_match)(ann, bob)
    await sync_to_async(Match.objects.filter(id=match.id).update)(public=True)
    player, watcher = await open_socket(ann), await open_socket(eve)
    talk = f"match:{match.id}"
    await watcher.send_json_to({"t": "listen", "talk": talk})
    assert (await hear(watcher))["t"] == "listening"
    await sync_to_async(finish)(match, [1], [0])
    await sync_to_async(rating_apply)(match_id=match.id)
    notice = (await hear(player))["notice"]
    assert (notice["kind"], notice["data"]["rating"]["change"]) == ("result", -79)
    counted = await hear(watcher)
    assert (counted["t"], counted["talk"]) == ("counted", talk)
    assert [seat["rating"]["change"] for seat in counted["seats"]] == [-79, 79]
