"""Matches are found by one of several workers, whichever of them lives."""

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from games.hosting.roles import by_weight
from tests import services
from tests.integration.conftest import ENV
from tests.people import Person, guest
from tests.services import Worker

PEOPLE = 24
TAKEOVER_S_MAX = 20.0
"""It is about one on a machine that has nothing else to do."""

PATH = "matchmaking/tickets/"


@pytest.fixture
def pair(
    request: pytest.FixtureRequest, redis_url: str, tmp_path: Path
) -> Iterator[tuple[Worker, Worker]]:
    """Two workers on the database that the test names."""
    env = ENV | {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name}
    with ExitStack() as stack:
        if request.param == "postgres":
            env["DATABASE_URL"] = stack.enter_context(services.postgres_url())
        first, second = (
            stack.enter_context(services.running_server("uvicorn", env, folder=tmp_path))
            for _ in range(2)
        )
        yield first, second


def ask(worker: Worker, query: str) -> list[Any]:
    """What the database that the workers share says."""
    if url := worker.env.get("DATABASE_URL"):
        with psycopg.connect(url) as connection:
            return connection.execute(query).fetchall()
    with contextlib.closing(sqlite3.connect(worker.folder / "evertick.sqlite3")) as database:
        return database.execute(query).fetchall()


def finds_matches(worker: Worker) -> str:
    """The id of the worker that finds matches."""
    return "".join(name for (name,) in ask(worker, "SELECT worker FROM lobby_matcher"))


async def matcher_of(workers: tuple[Worker, Worker]) -> tuple[Worker, Worker]:
    """The worker that finds matches, once both know of each other, and the other."""
    by_pid = {worker.process.pid: worker for worker in workers}
    while len(ids := dict(ask(workers[0], "SELECT id, address FROM games_worker"))) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    first, second = by_weight("matchmaking", ids)
    while finds_matches(workers[0]) != first:  # noqa: ASYNC110 - rows have no event
        await asyncio.sleep(0.05)
    pids = [int(ids[name].split()[-1]) for name in (first, second)]
    return by_pid[pids[0]], by_pid[pids[1]]


async def wait_at(person: Person, worker: Worker, other: Worker) -> None:
    """Come for a match; at the other worker, where this one does not answer."""
    for at in (worker, other, other):
        try:
            answer = await person.http.post(
                f"{at.url}/api/{PATH}", json={"title": "chess", "bots": False}, timeout=2
            )
        except httpx.TransportError:
            continue
        # It was let in by the one that died before it could say so.
        if answer.status_code == 201 or answer.json()["error"]["code"] == "already_waiting":
            return
    raise AssertionError("nobody lets this one wait")


async def found(person: Person, worker: Worker) -> dict[str, Any]:
    """The ticket of somebody, as soon as it has a match."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        (ticket,) = (await person.http.get(f"{worker.url}/api/{PATH}")).json()["results"]
        if ticket["state"] == "matched":
            return dict(ticket)
        await asyncio.sleep(0.1)
    raise AssertionError(f"{person.name} waits for ever")


# One that is stopped in a write keeps SQLite from everybody, whatever it is.
@pytest.mark.parametrize(
    ("pair", "how"), [("sqlite", signal.SIGKILL), ("postgres", signal.SIGSTOP)], indirect=["pair"]
)
async def test_when_the_matcher_falls_silent_another_goes_on_and_nobody_is_lost(
    pair: tuple[Worker, Worker], how: signal.Signals
) -> None:
    matcher, other = await matcher_of(pair)
    people = [await guest(other) for _ in range(PEOPLE)]
    # What was said to one that is stopped it would hear later, as a second wish.
    doors = (other, matcher if how == signal.SIGKILL else other)
    arriving = [
        asyncio.create_task(coming(person, doors[number % 2], other, number))
        for number, person in enumerate(people)
    ]
    await asyncio.sleep(PEOPLE * 0.05 / 2)
    matcher.process.send_signal(how)
    silent_at = time.monotonic()
    before = finds_matches(other)
    while finds_matches(other) == before:
        assert time.monotonic() < silent_at + TAKEOVER_S_MAX
        await asyncio.sleep(0.05)
    print(f"taken over after {time.monotonic() - silent_at:.2f} s")
    if how == signal.SIGSTOP:
        await asyncio.sleep(0.5)
        matcher.process.send_signal(signal.SIGCONT)  # believing that it still is
    await asyncio.gather(*arriving)
    tickets = await asyncio.gather(*(found(person, other) for person in people))
    matches = Counter(ticket["match"] for ticket in tickets)
    assert set(matches.values()) == {2}, "each match has its two players"
    for person, ticket in zip(people, tickets, strict=True):
        played = (await person.http.get(f"{other.url}/api/matches/")).json()["results"]
        assert [match["id"] for match in played] == [ticket["match"]], "and nobody another one"


async def coming(person: Person, worker: Worker, other: Worker, number: int) -> None:
    """One after another, before and after."""
    await asyncio.sleep(number * 0.05)
    await wait_at(person, worker, other)
