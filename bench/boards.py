"""What leaderboards and ratings cost with many accounts: ``python -m bench.boards [<accounts>]``.

On the database of the environment (an empty one; see ``tests.services``), where it makes accounts
with settled ratings of all time and of the running season, and then results to count:

    python -m tests.services postgres -- python -m bench.boards 100000
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import django

BATCH = 5_000
RUNS = 20
RESULTS = 2_000


def main(accounts: int) -> None:
    """Make them, and look."""
    from django.core.cache import cache
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from lobby.models.accounts import User
    from lobby.models.ratings import Rating
    from lobby.seasons import ALWAYS, season_of
    from lobby.selectors import leaderboards
    from lobby.selectors.ratings import ratings_of
    from lobby.services.ratings import ratings_rebuild

    call_command("migrate", verbosity=0)
    season = season_of(timezone.now())
    ids = make_accounts(accounts, season)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    users, ratings = User.objects.count(), Rating.objects.count()
    print(f"{connection.vendor}: {users} accounts, {ratings} ratings")

    some = random.Random(2)
    for board in [leaderboards.Board("chess", "blitz", of) for of in (season, ALWAYS)]:
        name = board.season or "all time"
        asked: dict[str, Callable[[], object]] = {
            "first page": partial(leaderboards.board_page, board, 1),
            "last page": partial(leaderboards.board_page, board, 100),
            "own rank": partial(_of_anybody, leaderboards.rank_of, board, ids),
            "around me": partial(_of_anybody, leaderboards.board_around, board, ids),
        }
        for what, ask in asked.items():
            report(f"{name}, {what}", ask, before=cache.clear)
        report(f"{name}, first page, kept", asked["first page"])
    report("ratings of 100", lambda: ratings_of(some.sample(ids, 100), "chess", "blitz"))

    make_results(ids)
    began = time.perf_counter()
    count_due(RESULTS)
    took = time.perf_counter() - began
    print(f"{RESULTS} results counted: {1000 * took / RESULTS:.2f} ms each")
    began = time.perf_counter()
    matches = ratings_rebuild(title="roshambo")
    took = time.perf_counter() - began
    print(f"{matches} matches rebuilt: {1000 * took / matches:.2f} ms each")


def make_accounts(count: int, season: str) -> list[int]:
    """So many accounts, all settled in chess; their ids."""
    from django.utils import timezone

    from lobby.models.accounts import User
    from lobby.models.ratings import Rating

    chance, now = random.Random(1), timezone.now()
    for first in range(0, count, BATCH):
        users = User.objects.bulk_create(
            User(username=f"ranked-{number}", name=f"Ranked {number}")
            for number in range(first, min(count, first + BATCH))
        )
        Rating.objects.bulk_create(
            Rating(
                user=user,
                title="chess",
                category="blitz",
                season=of,
                mu=chance.gauss(1500, 250),
                sigma=60,
                played=40,
                won=20,
                lost=20,
                last=now,
                settled_until=now + timedelta(days=300),
            )
            for user in users
            for of in ("", season)
        )
    return list(User.objects.values_list("id", flat=True))


def make_results(ids: list[int]) -> None:
    """Matches that were just finished, between any two."""
    from django.utils import timezone

    from games.models import Match, Seat

    chance, now = random.Random(3), timezone.now()
    matches = Match.objects.bulk_create(
        Match(
            id=uuid4(),
            title="roshambo",
            rules_version=1,
            seed=1,
            rated=True,
            status=Match.Status.FINISHED,
            started=now - timedelta(seconds=60),
            ended=now - timedelta(seconds=RESULTS - number),
        )
        for number in range(RESULTS)
    )
    Seat.objects.bulk_create(
        Seat(match=match, number=number, user_id=user, name="-", place=number + 1)
        for match in matches
        for number, user in enumerate(chance.sample(ids, 2))
    )


def count_due(results: int) -> None:
    """Count them one by one, as they come in."""
    from unittest.mock import patch

    from lobby.services import ratings

    with patch.object(ratings, "RATING_BATCH_MAX", 1):
        for _ in range(results):
            ratings.ratings_apply(title="roshambo")


def _of_anybody(ask: Callable[..., object], board: object, ids: list[int]) -> object:
    return ask(board, user_id=random.choice(ids))


def report(what: str, ask: Callable[[], object], *, before: Callable[[], object] = list) -> None:
    """How long it takes, in the middle and at worst."""
    took = []
    for _ in range(RUNS):
        before()
        began = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - began))
    print(f"{what:32} {statistics.median(took):7.2f} ms, at most {max(took):7.2f} ms")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gameserver.settings")
    django.setup()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
