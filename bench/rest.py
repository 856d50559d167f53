"""The REST API beside a room, with many accounts and matches behind it: ``python -m bench.rest``.

A PostgreSQL of its own gets accounts, matches with seats, ratings and lobbies; then one worker runs
rooms full of players, and people ask it for what they ask most: once where it answers itself, and
once with a web process beside it (``serve --web 1``), on the same core. Prints how long that took,
counted from when each request was due, and how late ticks were with and without it.

    python -m bench.rest --accounts 2000 --matches 20000 --seconds 5     # a quick trial
    python -m bench.rest --web 1                                         # the second alone
"""

import argparse
import http.client
import json
import os
import random
import re
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import django

from bench.contenders import HOST, Cores, Running, pin
from bench.load import quantile
from bench.measure import Bout, Sample, bout, two_cores
from tests import services

PEOPLE = 200
"""Who ask, drawn from all accounts: enough that caches know few of them."""
EAGER = 20
"""As many besides, of those who played most: what is slow is slow for them."""
LINES = 16
"""Requests that may be under way at once; a page opens six."""
LEAVES_AFTER = 5
"""Turns after which who joined a lobby leaves it: sooner, a slow answer would be overtaken."""
LOBBIES_OPEN = 2_000
LOBBIES_CLOSED = 20_000
T = TypeVar("T")

ROWS = (
    """
    INSERT INTO lobby_user (password, is_superuser, username, email, is_staff, is_active,
                            date_joined, name, guest)
    SELECT '!', false, 'person-' || n, '', false, true, now() - interval '1 year', 'Person ' || n,
           false
    FROM generate_series(1, %(accounts)s) n
    """,
    # Who plays whom: some far more than most, as it is; the most eager one has thousands.
    """
    CREATE TEMPORARY TABLE game AS
    SELECT n, gen_random_uuid() AS id, a, (a + 1 + other) %% %(accounts)s AS b, n %% 4 = 0 AS rated,
           now() - interval '1 year' * (1 - n::float / (%(matches)s + 1)) AS at
    FROM (SELECT n, floor(%(accounts)s * random() ^ 2)::bigint AS a,
                 floor((%(accounts)s - 1) * random())::bigint AS other
          FROM generate_series(1, %(matches)s) n) drawn
    """,
    """
    INSERT INTO games_match (id, title, rules_version, settings, seed, public, rated, status,
                             worker, epoch, end_requested, ranking, reason, fault, created, started,
                             ended, counted)
    SELECT id, 'chess', 1, %(chess)s::jsonb, n, true, rated, 'finished', '', 1, false,
           '[[0], [1]]'::jsonb, 'checkmate', '', at, at, at + interval '10 minutes',
           CASE WHEN rated THEN at + interval '10 minutes' END
    FROM game
    """,
    """
    INSERT INTO games_seat (match_id, number, user_id, name, bot, "left", place, joined)
    SELECT id, number, %(first)s + CASE number WHEN 0 THEN a ELSE b END, 'Person', false, '',
           number + 1, at
    FROM game, generate_series(0, 1) number
    """,
    """
    INSERT INTO lobby_rating (user_id, title, category, season, mu, sigma, played, won, drawn, lost,
                              last, settled_until)
    SELECT %(first)s + n, 'chess', 'blitz', season,
           1500 + 250 * (random() + random() + random() - 1.5), 60, 40, 20, 0, 20, now(),
           now() + interval '300 days'
    FROM generate_series(0, %(accounts)s - 1) n, unnest(ARRAY['', %(season)s]) season
    """,
    """
    INSERT INTO lobby_ratingchange (match_id, seat, player, user_id, title, category, season, ended,
                                    place, mu_before, sigma_before, mu, sigma)
    SELECT id, number, player, player, 'chess', 'blitz', '', at + interval '10 minutes',
           number + 1, 1500, 60, 1508 - 16 * number, 60
    FROM game, generate_series(0, 1) number,
         LATERAL (SELECT %(first)s + CASE number WHEN 0 THEN a ELSE b END AS player) who
    WHERE rated
    """,
    """
    INSERT INTO lobby_ladder (title, seasons) VALUES ('chess', jsonb_build_array(%(season)s::text))
    """,
    """
    INSERT INTO lobby_lobby (id, title, name, host_id, settings, private, rated, code, password,
                             bots, barred, closed, match_id, rounds, created, updated, seen)
    SELECT game.id, 'chess', 'Over', %(first)s + a, %(chess)s::jsonb, false, false, 'C' || n, '', 0,
           '[]'::jsonb, true, id, 1, at, at, at
    FROM game WHERE n <= %(closed)s
    UNION ALL
    SELECT gen_random_uuid(), 'arena', 'Open', %(first)s + n %% %(accounts)s, %(arena)s::jsonb,
           false, false, 'O' || n, '', 0, '[]'::jsonb, false, NULL, 0,
           now() - n * interval '1 second', now(), now() + interval '1 hour'
    FROM generate_series(1, %(open)s) n
    """,
    """
    INSERT INTO lobby_member (lobby_id, user_id, ready, joined)
    SELECT id, host_id, false, created FROM lobby_lobby WHERE NOT closed
    """,
    "DROP TABLE game",
)


class Person(NamedTuple):
    """Somebody who asks."""

    id: int
    token: str


class Asked(NamedTuple):
    """One request; ``what`` is its row in the table."""

    what: str
    who: Person
    method: str
    path: str
    body: dict[str, Any] | None = None


def make(accounts: int, matches: int) -> None:
    """Fill the empty database of the environment."""
    from django.db import connection
    from django.utils import timezone

    from games.catalog import TITLES
    from lobby.seasons import season_of
    from lobby.services.titles import settings_checked

    sizes: dict[str, Any] = {"accounts": accounts, "matches": matches, "first": 1}
    sizes |= {"open": LOBBIES_OPEN, "closed": LOBBIES_CLOSED, "season": season_of(timezone.now())}
    for title in ("chess", "arena"):
        sizes[title] = json.dumps(settings_checked(TITLES[title], {}))
    with connection.cursor() as cursor:
        for number, statement in enumerate(ROWS):
            cursor.execute(statement, sizes)
            if number == 0:
                cursor.execute("SELECT min(id) FROM lobby_user")
                sizes["first"] = cursor.fetchone()[0]
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")  # else requests would wait for what was written here


def signed_in(ids: Sequence[int]) -> list[Person]:
    """These accounts, each with a token."""
    from knox.models import AuthToken

    from lobby.models.accounts import User

    users = User.objects.in_bulk(ids)
    return [Person(number, AuthToken.objects.create(users[number])[1]) for number in ids]


def requests(chance: random.Random) -> Iterator[Asked]:
    """What people ask, one after another, without end; players for tickets to their own rooms."""
    from games.models import Match, Seat
    from lobby.models.accounts import User
    from lobby.models.lobbies import Lobby

    everybody = list(User.objects.filter(guest=False).order_by("id").values_list("id", flat=True))
    drawn = {*everybody[:EAGER], *chance.sample(everybody, min(PEOPLE, len(everybody)))}
    people = signed_in(sorted(drawn))
    chance.shuffle(people)
    seats = Seat.objects.filter(match__status=Match.Status.RUNNING)
    rooms = dict(seats.values_list("user_id", "match_id"))
    players = signed_in(list(rooms))
    lobbies = list(Lobby.objects.filter(closed=False).values_list("id", flat=True))
    joined: list[tuple[Person, str]] = []
    turn = 0
    while True:
        who, player = people[turn % len(people)], players[turn % len(players)]
        turn += 1
        yield Asked("list lobbies", who, "GET", "lobbies/")
        joined.append((who, f"lobbies/{chance.choice(lobbies)}"))
        yield Asked("join a lobby", who, "POST", f"{joined[-1][1]}/join/", {})
        if len(joined) > LEAVES_AFTER:
            member, lobby = joined.pop(0)
            yield Asked("leave it", member, "POST", f"{lobby}/leave/", {})
        yield Asked("ticket", player, "POST", f"matches/{rooms[player.id]}/ticket/", {})
        yield Asked("match history", who, "GET", "matches/")
        page = f"leaderboards/chess/?page={chance.randint(1, 40)}"
        yield Asked("leaderboard page", who, "GET", page)
        yield Asked("my rating history", who, "GET", f"players/{who.id}/ratings/?title=chess")


class Asking:
    """Sends requests when they are due, whatever became of those before."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._here = threading.local()
        self.took_ms: dict[str, list[float]] = defaultdict(list)
        self.refused: dict[str, int] = defaultdict(int)

    def run(self, asked: Iterator[Asked], rate: float, ended: Callable[[], bool]) -> None:
        """So many a second, until it has ended."""
        due = time.monotonic()
        with ThreadPoolExecutor(LINES) as lines:
            while not ended():
                due += 1 / rate
                time.sleep(max(0.0, due - time.monotonic()))
                lines.submit(self._ask, next(asked), due)

    def _ask(self, asked: Asked, due: float) -> None:
        try:
            status, said = self._answer(asked)
        except (OSError, http.client.HTTPException) as problem:
            self._here.line.close()
            status, said = 0, repr(problem).encode()
        if status < 300 and status:
            self.took_ms[asked.what].append(1000 * (time.monotonic() - due))
            return
        if not self.refused[asked.what]:
            print(f"{asked.what}: {status} {said[:300]!r}", flush=True)
        self.refused[asked.what] += 1

    def _answer(self, asked: Asked) -> tuple[int, bytes]:
        if not hasattr(self._here, "line"):
            self._here.line = http.client.HTTPConnection(HOST, self._port, timeout=30)
        headers = {"Authorization": f"Token {asked.who.token}", "Content-Type": "application/json"}
        text = None if asked.body is None else json.dumps(asked.body)
        self._here.line.request(asked.method, f"/api/{asked.path}", text, headers)
        answer = self._here.line.getresponse()
        return answer.status, answer.read()


def measured(fight: Bout, options: argparse.Namespace) -> tuple[Sample, Sample, Asking]:
    """The rooms alone, then beside people who ask."""
    asked = requests(random.Random(1))
    first = Asking(fight.running.ports[0])  # until all is loaded and connected once
    _beside(first, asked, options.rate, lambda: fight.idle(2.0))
    alone = fight.sample(options.seconds)
    asking = Asking(fight.running.ports[0])
    both = _beside(asking, asked, options.rate, lambda: fight.sample(options.seconds))
    return alone, both, asking


def _beside(asking: Asking, asked: Iterator[Asked], rate: float, play: Callable[[], T]) -> T:
    done = threading.Event()
    people = threading.Thread(target=asking.run, args=(asked, rate, done.is_set))
    people.start()
    try:
        return play()
    finally:
        done.set()
        people.join()


def table(alone: Sample, both: Sample, asking: Asking) -> str:
    """All of it in Markdown."""
    rows = ["| | times | p50, ms | p99, ms | max, ms |", "|---|---:|---:|---:|---:|"]
    for what, took in sorted(asking.took_ms.items()):
        took.sort()
        times = f"{quantile(took, 0.5):.0f} | {quantile(took, 0.99):.0f} | {took[-1]:.0f}"
        failed = asking.refused.get(what)
        rows.append(f"| {what} | {len(took)}{f', {failed} failed' if failed else ''} | {times} |")
    for what, sample in (("ticks late, alone", alone), ("ticks late, beside all that", both)):
        ticks = sample.ticks
        late = f"{ticks.late_ms_p50:.1f} | {ticks.late_ms_p99:.1f} | {ticks.late_ms_max:.1f}"
        rows.append(f"| {what} | {ticks.ticks} | {late} |")
    noise = f"{100 * alone.noise:.0f} and {100 * both.noise:.0f} %"
    shares = "; ".join(
        f"{name}: {100 * _share(alone, name):.0f} % of its core alone, "
        f"{100 * _share(both, name):.0f} % beside"
        for name in both.parts
    )
    asked = sum(map(len, asking.took_ms.values())) / both.load.seconds
    each = 1000 * (both.share - alone.share) / asked
    rows += ["", f"{shares}; noise {noise}. A request took {each:.1f} ms of CPU."]
    return "\n".join(rows)


def _share(sample: Sample, name: str) -> float:
    return sample.parts[name].cpu_s / sample.load.seconds


@contextmanager
def filled(accounts: int, matches: int) -> Iterator[str]:
    """A PostgreSQL with all that in it, which Django here uses as well; its address."""
    with (
        services.postgres() as url,
        tempfile.TemporaryDirectory(prefix="evertick-bench-") as folder,
    ):
        os.environ |= {"DATABASE_URL": url, "EVERTICK_VAR": folder}
        services.migrate({"DATABASE_URL": url})
        django.setup()
        from django.db import connection

        began = time.monotonic()
        make(accounts, matches)
        print(f"{accounts:,} accounts, {matches:,} matches: {time.monotonic() - began:.0f} s")
        try:
            yield url
        finally:
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(prog="python -m bench.rest")
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--matches", type=int, default=1_000_000)
    parser.add_argument("--rooms", type=int, default=1, help="of ten, with players")
    parser.add_argument("--rate", type=float, default=50, help="requests a second in all")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument(
        "--web", type=int, nargs="*", default=[0, 1], help="web processes beside the worker"
    )
    options = parser.parse_args()

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gameserver.settings")
    cores = two_cores()
    pin(cores.aside)
    with filled(options.accounts, options.matches) as url:
        for web in options.web:
            run(url, web, cores, options)


def run(url: str, web: int, cores: Cores, options: argparse.Namespace) -> None:
    """One arrangement, and what came of it."""
    from bench.contenders.evertick import Evertick

    # Both with Redis, as web processes need it: what differs is where requests are answered.
    env = {"DATABASE_URL": url, "WEB_PROCESSES": str(web)}
    worker = Evertick("evertick", "Evertick", redis=True, env=env)
    from games.models import Match

    # Those of the arrangement before are over, and nobody is to ask for a ticket to them.
    Match.objects.filter(status__in=Match.LIVE).update(status=Match.Status.ABANDONED)
    with bout(worker, cores) as fight:
        fight.running.parts |= web_processes(fight.running, web)
        fight.fill(options.rooms)
        print(f"\nWith {web} web processes:\n\n{table(*measured(fight, options))}")


def web_processes(running: Running, number: int) -> dict[str, int]:
    """Those that the worker started, once all are there."""
    log = Path(running.env["EVERTICK_VAR"]) / f"worker-{running.ports[0]}.log"

    def found() -> list[str]:
        return re.findall(r"web process (\d+) answers", log.read_text())

    services.until(lambda: len(found()) >= number)
    return {f"web {place}": int(pid) for place, pid in enumerate(found())}


if __name__ == "__main__":
    main()
