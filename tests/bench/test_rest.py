"""What the benchmark of the REST API asks, and that all of it is answered."""

import random
from itertools import islice

import pytest

from bench.rest import requests
from tests.lobby.kit import api, lobby_of, match_of, people, person, run

pytestmark = pytest.mark.django_db


def test_all_that_is_asked_is_answered_and_who_joins_leaves_again() -> None:
    lobby = lobby_of(person("Host"), title="arena")
    people(*(f"P{number}" for number in range(20)))
    match = match_of(person("Player"))
    run(match)
    asked = list(islice(requests(random.Random(1)), 70))
    for one in asked:
        client = api()
        client.credentials(HTTP_AUTHORIZATION=f"Token {one.who.token}")
        path = f"/api/{one.path}"
        answer = client.get(path) if one.method == "GET" else client.post(path, one.body)
        # An empty leaderboard has one page.
        assert answer.status_code < 300 or one.what == "leaderboard page", answer.content
    assert {f"lobbies/{lobby.id}/join/", f"matches/{match.id}/ticket/"} <= {
        one.path for one in asked
    }
    joined = [one.who for one in asked if one.what == "join a lobby"]
    assert [one.who for one in asked if one.what == "leave it"] == joined[: len(joined) - 5]
