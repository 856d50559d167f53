"""A token or session that ends takes its sockets along, on every worker, and what was signed for it
opens nothing any more."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from games.client import Player, RoomClosed
from tests import services
from tests.integration.conftest import ENV
from tests.people import Person, guest, match_of
from tests.services import Worker

SOON_S = 10.0
"""A few milliseconds where nothing else runs; tests/hosting/test_grants.py shows that nobody waits
for a sweep."""


@pytest.fixture(scope="module")
def pair(
    redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Worker, Worker]]:
    folder = tmp_path_factory.mktemp("signed")
    env = ENV | {"REDIS_URL": redis_url, "EVERTICK_PREFIX": folder.name}
    with ExitStack() as stack:
        first = stack.enter_context(services.running_server("uvicorn", env, folder=folder))
        second = stack.enter_context(services.running_server("daphne", env, folder=folder))
        yield first, second


async def at_match(first: Worker, second: Worker) -> tuple[Person, Person, str]:
    ada, ben = await guest(first), await guest(second)
    return ada, ben, await match_of("tally", ada, ben)


async def refused(player: Player, ticket: str = "") -> tuple[int, str]:
    """With which close code and error it is not let in, by a ticket or its resume token."""
    with suppress(RoomClosed):
        await player.join(ticket)
    return await ended(player)


async def ended(player: Player) -> tuple[int, str]:
    """How the server closed it."""
    return await player.closed(SOON_S), player.room.errors[-1]


async def test_a_token_that_ends_closes_its_sockets_on_every_worker(
    pair: tuple[Worker, Worker],
) -> None:
    ada, ben, match = await at_match(*pair)
    here, there = await ada.play(match), await ada.play(match, worker=pair[1], spectate=True)
    other = await ben.play(match)
    unspent = await ada.ticket(match)
    await ada.post("auth/logout/")
    assert await ended(here) == await ended(there) == (4403, "signed_out")
    assert await refused(ada.player(match, worker=pair[1]), unspent) == (4403, "signed_out")
    there.url = here.url
    for player in (here, there):
        assert await refused(player) == (4403, "signed_out")
    assert other.close_code is None
    await other.close()


async def test_signing_out_everywhere_else_leaves_the_one_who_asks(
    pair: tuple[Worker, Worker],
) -> None:
    account = {"username": f"Ada{time.time_ns() % 10**12}", "password": "correct horse"}
    async with httpx.AsyncClient(base_url=pair[0].url, timeout=20) as http:
        (await http.post("/api/auth/register/", json=account)).raise_for_status()
    phone, laptop = await entered(pair[0], account), await entered(pair[1], account)
    _, ben, match = await at_match(*pair)
    mine = await phone.play(match, spectate=True)
    others = await laptop.play(match, spectate=True)
    theirs = await ben.play(match)
    assert (await phone.get("me/sessions/"))["count"] == 3
    assert (await phone.http.delete("/api/me/sessions/")).json() == {"ended": 2}
    assert await ended(others) == (4403, "signed_out")
    assert mine.close_code is theirs.close_code is None
    assert (await phone.get("me/sessions/"))["count"] == 1
    assert (await laptop.http.get("/api/me/")).status_code == 401
    await mine.close()
    await theirs.close()


async def entered(worker: Worker, account: dict[str, str]) -> Person:
    """Somebody who logs in with a password."""
    http = httpx.AsyncClient(base_url=worker.url, timeout=20)
    answer = await http.post("/api/auth/login/", json=account)
    said = answer.json()
    http.headers["Authorization"] = f"Token {said['token']}"
    return Person(worker, http, said["user"]["id"], said["user"]["name"])


async def session_of(worker: Worker) -> httpx.AsyncClient:
    """A browser, as a guest."""
    http = httpx.AsyncClient(base_url=worker.url, timeout=20)
    await http.get("/login/")
    http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
    http.headers["Referer"] = worker.url
    answer = await http.post("/api/auth/guest/", json={"session": True})
    assert answer.status_code == 201, answer.text
    http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
    return http


async def lobby_socket(worker: Worker, http: httpx.AsyncClient) -> Any:
    cookie = f"sessionid={http.cookies['sessionid']}"
    socket = await websockets.connect(
        f"{worker.ws_url}/ws/lobby", additional_headers={"Cookie": cookie, "Origin": worker.url}
    )
    await socket.send('{"t": "watch"}')
    assert "lobbies" in await socket.recv()
    return socket


async def test_a_session_that_ends_closes_the_sockets_of_its_pages(
    pair: tuple[Worker, Worker],
) -> None:
    browser = await session_of(pair[0])
    other = await session_of(pair[0])
    pages = [await lobby_socket(worker, browser) for worker in pair]
    bystander = await lobby_socket(pair[1], other)
    assert (await browser.post("/api/auth/logout/")).status_code == 204
    for page in pages:
        async with asyncio.timeout(SOON_S):
            assert "signed_out" in await page.recv()
            await page.wait_closed()
        assert page.close_code == 4403
    await bystander.send('{"t": "watch"}')
    assert "lobbies" in await bystander.recv()
    await bystander.close()


async def test_a_worker_alone_hears_of_it_too(worker: Worker) -> None:
    ada, _, match = await at_match(worker, worker)
    player = await ada.play(match)
    await ada.post("auth/logout/")
    assert await ended(player) == (4403, "signed_out")


async def test_what_no_worker_was_told_is_found_by_the_sweep(pair: tuple[Worker, Worker]) -> None:
    """As when the layer loses the message, or an operator's shell has no worker to send it."""
    ada, ben, match = await at_match(*pair)
    mine, theirs = await ada.play(match), await ben.play(match)
    eve = await session_of(pair[0])
    page, other = (
        await lobby_socket(pair[1], eve),
        await lobby_socket(pair[1], await session_of(pair[0])),
    )
    gone = [ada.id, (await eve.get("/api/me/")).json()["id"]]
    with closing(sqlite3.connect(database_of(pair[0]), timeout=10)) as rows, rows:
        rows.execute("UPDATE lobby_user SET is_active = 0 WHERE id IN (?, ?)", gone)
    async with asyncio.timeout(SOON_S):
        assert "signed_out" in await page.recv()
    assert await mine.closed(10) == 4403
    assert mine.room.errors == ["signed_out"]
    assert await refused(mine) == (4403, "signed_out")
    assert theirs.close_code is None
    await theirs.close()
    await other.send('{"t": "watch"}')
    assert "lobbies" in await other.recv()
    await other.close()


def database_of(worker: Worker) -> Path:
    return next(Path(worker.folder).glob("**/evertick.sqlite3"))
