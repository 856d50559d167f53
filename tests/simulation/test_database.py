"""The simulated rows do what the real services and selectors do, on the real database."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from games import selectors, services
from games.catalog import TITLES
from games.models import Match
from games.services import MatchLost, Slept
from games.sim import Outcome
from tests.simulation.database import Row, Rows
from tests.simulation.titles import Count

pytestmark = pytest.mark.django_db

WORKERS = ("ada", "ben")
AN_HOUR = timedelta(hours=1)
OUTCOME = Outcome([[1], [0]], "first")


@pytest.fixture(autouse=True)
def count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TITLES, Count.title, Count)


def calls(rng: random.Random, match: UUID) -> tuple[str, dict[str, Any]]:
    """One call that a worker may make."""
    worker = rng.choice(WORKERS)
    return rng.choice(
        [
            (
                "match_open",
                {
                    "match_id": match,
                    "worker": worker,
                    "epoch": rng.randrange(1, 5),
                    "resumable": rng.random() < 0.8,
                },
            ),
            ("match_finish", {"match_id": match, "worker": worker, "outcome": OUTCOME}),
            ("match_abandon", {"match_ids": [match], "worker": worker, "reason": "ended"}),
            ("match_fault", {"match_id": match, "worker": worker, "traceback": "a bug"}),
            ("match_runner", {"match_id": match}),
            ("matches_over", {"match_ids": [match]}),
            (
                "match_sleep",
                {
                    "match_id": match,
                    "worker": worker,
                    "epoch": rng.randrange(1, 5),
                    "slept": Slept(rng.randrange(9), b"all of it", timezone.now()),
                    "wake_at": rng.choice([None, timezone.now(), timezone.now() + AN_HOUR]),
                },
            ),
            ("match_woken", {"match_id": match}),
            (
                "matches_hand_over",
                {"epochs": {match: rng.randrange(1, 5)}, "worker": worker, "heir": "heir"},
            ),
            ("matches_to_wake", {"now": timezone.now()}),
            ("matches_running", {}),
            ("matches_waiting", {"before": timezone.now() + timedelta(seconds=60)}),
            ("matches_waiting", {"before": timezone.now() - timedelta(seconds=60)}),
        ]
    )


def answer(of: Any, name: str, kwargs: dict[str, Any]) -> Any:
    try:
        return getattr(of, name)(**kwargs)
    except MatchLost:
        return MatchLost


def test_rows_answer_as_the_database_does() -> None:
    seen: set[tuple[str, str]] = set()
    for seed in range(40):
        rng = random.Random(seed)
        Match.objects.all().delete()
        players = [services.Player(user_id=None, name=name) for name in ("Ada", "Ben")]  # type: ignore[arg-type]
        real = services.match_start(title="count", settings={}, players=players)
        rows = Rows()
        seats = [(0, "Ada", False), (1, "Ben", False)]
        row = rows.matches[real.id] = Row("count", real.seed, seats, real.created)
        for _ in range(12):
            name, kwargs = calls(rng, real.id)
            of = services if hasattr(services, name) else selectors
            expected = answer(of, name, kwargs)
            assert answer(rows, name, kwargs) == expected, (seed, name, kwargs)
            seen.add((name, str(expected)[:8]))
            real.refresh_from_db()
            assert (row.status, row.worker, row.reason, row.ranking, row.epoch) == (
                real.status,
                real.worker,
                real.reason,
                real.ranking,
                real.epoch,
            ), (seed, name, kwargs)
    assert len(seen) >= 14, "both ways of most calls"
