"""Two server processes and a real Redis: one match, players on different workers."""

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from games.client import Player, RoomClosed
from games.protocol.codec import Encoding
from tests import services
from tests.integration.conftest import ENV
from tests.integration.test_one_worker import add, eventually
from tests.people import Person, come_back, guest, match_of
from tests.services import Worker

Pair = tuple[Worker, Worker]


PATIENT = {"LEASE_S": "30"}
"""For workers of which none dies: on a busy machine half a second of silence means nothing."""


def start_pair(stack: ExitStack, server: str, urls: dict[str, str], folder: Path) -> Pair:
    env = ENV | urls | {"EVERTICK_PREFIX": folder.name}
    first = stack.enter_context(services.running_server(server, env, folder=folder))
    second = stack.enter_context(services.running_server(server, env, folder=folder))
    return first, second


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def pair(
    request: pytest.FixtureRequest, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    with ExitStack() as stack:
        urls = PATIENT | {"REDIS_URL": redis_url}
        yield start_pair(stack, request.param, urls, tmp_path_factory.mktemp("pair"))


@pytest.fixture
def doomed(redis_url: str, tmp_path: Path) -> Iterator[Pair]:
    """Two workers, for tests that kill one."""
    with ExitStack() as stack:
        yield start_pair(stack, "uvicorn", {"REDIS_URL": redis_url}, tmp_path)


@pytest.fixture
async def two(pair: Pair) -> tuple[Person, Person, str]:
    ada, ben = await guest(pair[0]), await guest(pair[1])
    return ada, ben, await match_of("tally", ada, ben)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
async def test_players_on_different_workers_play_the_same_match(
    two: tuple[Person, Person, str], encoding: Encoding
) -> None:
    ada, ben, match = two
    first = await ada.play(match, encoding=encoding)
    second = await ben.play(match, encoding=encoding)
    for _ in range(20):
        await first.send(add(1))
        await second.send(add(2))
    await first.settle(20)
    await second.settle(20)
    for player in (first, second):
        await player.until(lambda room: room.view["game"]["sums"] == [20, 40])
        await player.close()


async def test_secrets_cross_to_their_seat_alone(two: tuple[Person, Person, str]) -> None:
    ada, ben, match = two
    first, second = await ada.play(match), await ben.play(match)
    await second.settle(await second.send(add(5)))
    await second.until(lambda room: room.secret == {"mine": [5]})
    await first.until(lambda room: room.view["game"]["sums"] == [0, 5])
    assert first.room.secret == {"mine": []}
    await first.close()
    await second.close()


async def test_a_player_may_come_back_through_the_other_worker(
    pair: Pair, two: tuple[Person, Person, str]
) -> None:
    ada, ben, match = two
    first, second = await ada.play(match), await ben.play(match)
    for _ in range(5):
        await second.send(add(1))
    await second.cut()
    second.url = second.url.replace(str(pair[1].port), str(pair[0].port))
    await come_back(second)
    await second.settle(5)
    await first.until(lambda room: room.view["game"]["sums"] == [0, 5])
    assert second.room.errors == []
    await first.close()
    await second.close()


async def test_the_newer_socket_wins_across_workers(
    pair: Pair, two: tuple[Person, Person, str]
) -> None:
    ada, _, match = two
    older = await ada.play(match)
    newer = await ada.play(match, worker=pair[1])
    assert await older.closed() == 4409
    assert older.room.errors == ["seat_replaced"]
    assert await newer.settle(await newer.send(add(1))) is None
    await newer.close()


async def test_a_ticket_is_spent_for_all_workers_at_once(
    pair: Pair, two: tuple[Person, Person, str]
) -> None:
    ada, _, match = two
    ticket = await ada.ticket(match)

    async def attempt(worker: Worker) -> str:
        player = ada.player(match, worker=worker)
        try:
            await player.join(ticket)
        except RoomClosed:
            return player.room.errors[0]
        await player.close()
        return "in"

    told = await asyncio.gather(*(attempt(worker) for worker in pair * 6))
    assert sorted(told) == ["in"] + ["ticket_used"] * 11


async def test_results_and_kicks_reach_rooms_of_the_other_worker(pair: Pair) -> None:
    ada, ben = await guest(pair[0]), await guest(pair[1])
    lobby = await ada.post("lobbies/", title="party", settings={})
    await ben.post(f"lobbies/{lobby['id']}/join/")
    await ben.post(f"lobbies/{lobby['id']}/ready/", ready=True)
    match = (await ada.post(f"lobbies/{lobby['id']}/start/"))["match"]
    second = await ben.play(match)  # the room lives on Ben's worker
    first = await ada.play(match)
    await ada.post(f"lobbies/{lobby['id']}/kick/", user=ben.id)  # at Ada's
    assert await second.closed() == 4403
    await first.until(lambda room: room.view["seats"]["1"]["status"] == "gone")
    await first.send({"t": "misbehave", "how": "win"})
    await first.until(lambda room: room.view["result"])
    await first.close()


class Talker:
    """A player who goes on adding one, and remembers what was acknowledged."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.said = 0
        self._talking = asyncio.create_task(self._talk())

    async def _talk(self) -> None:
        while True:
            with suppress(ConnectionClosed):
                await self.player.send(add(1))
                self.said += 1
            await asyncio.sleep(0.03)

    async def hush(self) -> int:
        """Stop, and wait until all that was said is settled; how much that was."""
        self._talking.cancel()
        await self.player.settle(self.player.room.sent)
        return self.player.room.sent

    def through(self, worker: Worker) -> None:
        """From now on by way of another worker."""
        host = self.player.url.partition("/ws/")[0]
        self.player.url = self.player.url.replace(host, worker.ws_url)


async def running(person: Person, match: str) -> None:
    assert (await person.get(f"matches/{match}/"))["status"] == "running"


async def all_there(first: Talker, second: Talker) -> None:
    """Everything that was acknowledged is in the state, once; both see the same."""
    sums = [await first.hush(), await second.hush()]
    for talker in (first, second):
        await talker.player.until(lambda room: room.view["game"]["sums"] == sums)
        await talker.player.close()


async def test_when_the_owner_is_killed_the_match_goes_on_and_nothing_is_lost(
    doomed: Pair,
) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first = Talker(await ada.play(match))  # the room lives here
    second = Talker(await ben.play(match))
    await second.player.settle(20)
    doomed[0].process.send_signal(signal.SIGKILL)
    assert await first.player.closed() == 1006
    tick = second.player.room.tick
    await second.player.until(lambda room: room.tick > tick + 10)
    assert second.player.close_code is None, "in the same socket"
    first.through(doomed[1])
    await come_back(first.player)
    await all_there(first, second)
    await running(ben, match)


async def test_when_a_worker_with_sockets_only_is_killed_its_player_counts_as_away(
    doomed: Pair,
) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first = await ada.play(match)
    second = await ben.play(match)
    doomed[1].process.send_signal(signal.SIGKILL)
    assert await second.closed() == 1006
    await first.until(lambda room: room.view["seats"]["1"]["status"] == "away")
    second.url = second.url.replace(str(doomed[1].port), str(doomed[0].port))
    await come_back(second)
    await first.until(lambda room: room.view["seats"]["1"]["status"] == "here")
    await first.close()
    await second.close()


async def test_a_worker_that_is_stopped_hands_its_rooms_over(doomed: Pair) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
    await second.player.settle(10)
    stopping = asyncio.create_task(asyncio.to_thread(doomed[0].stop))
    assert await first.player.closed() == 4503
    assert first.player.room.errors == ["shutting_down"]
    first.through(doomed[1])
    await come_back(first.player)
    assert await stopping == 0
    await all_there(first, second)
    assert second.player.room.errors == [], "whose socket is elsewhere hears nothing of it"
    await running(ben, match)


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_sockets_of_a_stopping_worker_go_on_through_the_other(
    server: str, redis_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        first_worker, second_worker = start_pair(stack, server, {"REDIS_URL": redis_url}, tmp_path)
        ada, ben = await guest(first_worker), await guest(second_worker)
        match = await match_of("tally", ada, ben)
        first, second = await ada.play(match), await ben.play(match)
        assert await asyncio.to_thread(second_worker.stop) == 0
        assert await second.closed() == 4503
        assert second.room.errors == ["shutting_down"]
        second.url = second.url.replace(str(second_worker.port), str(first_worker.port))
        await come_back(second)
        assert await second.settle(await second.send(add(1))) is None
        await first.until(lambda room: room.view["game"]["sums"] == [0, 1])
        await first.close()
        await second.close()


def stand_still(worker: Worker) -> None:
    """Stop a worker, but not in the middle of a write to the file that all of them have for their
    database: none of the others could write there until it goes on."""
    while True:
        worker.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, worker.process.pid, os.WSTOPPED | os.WNOWAIT)
        with (
            closing(sqlite3.connect(worker.folder / "evertick.sqlite3", timeout=2)) as database,
            suppress(sqlite3.OperationalError),  # it is locked
        ):
            database.execute("BEGIN IMMEDIATE")
            return
        worker.process.send_signal(signal.SIGCONT)


async def test_a_worker_that_slept_too_long_finds_its_room_elsewhere_and_keeps_its_sockets(
    doomed: Pair,
) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
    await second.player.settle(10)
    await asyncio.to_thread(stand_still, doomed[0])
    try:
        tick = second.player.room.tick
        await second.player.until(lambda room: room.tick > tick + 20)
    finally:
        doomed[0].process.send_signal(signal.SIGCONT)
    settled = first.player.room.settled
    await first.player.until(lambda room: room.settled > settled + 10)
    assert first.player.close_code is None, "in the same socket"
    await all_there(first, second)
    await running(ben, match)


async def test_sockets_of_a_worker_that_slept_find_their_rooms_again(doomed: Pair) -> None:
    """Meanwhile the room was told that this worker is dead, and its player counted as away."""
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
    await second.player.settle(10)
    await asyncio.to_thread(stand_still, doomed[1])
    try:
        await first.player.until(lambda room: room.view["seats"]["1"]["status"] == "away")
    finally:
        doomed[1].process.send_signal(signal.SIGCONT)
    await first.player.until(lambda room: room.view["seats"]["1"]["status"] == "here")
    assert second.player.close_code is None, "in the same socket"
    await all_there(first, second)
    await running(ben, match)


async def test_a_room_store_that_forgot_everything_is_told_again_and_nothing_is_lost(
    doomed: Pair, redis_url: str, tmp_path: Path
) -> None:
    """Its data are gone, as after a restart without them; the owner lives."""
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    quiet = await match_of("patient", ada, ben)
    still = await ada.play(quiet)  # it ticks at nothing, so it cannot notice by itself
    first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
    await second.player.settle(20)
    async with Redis.from_url(redis_url) as redis:
        keys = [key async for key in redis.scan_iter(f"*{tmp_path.name}*")]
        await redis.delete(*keys)  # at once: what the owner gives back stays
    tick = second.player.room.tick
    await second.player.until(lambda room: room.tick > tick + 20)
    assert first.player.close_code is None
    assert second.player.close_code is None
    late = await ben.play(quiet)
    assert await late.settle(await late.send(add(1))) is None
    await still.until(lambda room: room.view["game"]["sums"] == [0, 1])
    doomed[0].process.send_signal(signal.SIGKILL)  # what was told again is worth as much
    assert await first.player.closed() == 1006
    first.through(doomed[1])
    await come_back(first.player)
    await all_there(first, second)
    await running(ben, match)
    await late.close()


async def test_while_the_room_store_does_not_answer_rooms_stand_still_and_nobody_takes_over(
    tmp_path: Path,
) -> None:
    lease_s = 3.0
    with ExitStack() as stack:
        store = stack.enter_context(services.running_valkey())
        env = {"REDIS_URL": store.url, "LEASE_S": str(lease_s)}
        workers = start_pair(stack, "uvicorn", env, tmp_path)
        ada, ben = await guest(workers[0]), await guest(workers[1])
        match = await match_of("tally", ada, ben)
        first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
        await second.player.settle(20)
        store.stop()
        tick = -1
        while second.player.room.tick > tick:  # what was on its way arrives
            tick = second.player.room.tick
            await asyncio.sleep(0.5)
        await asyncio.sleep(lease_s)
        assert second.player.room.tick == tick
        store.go_on()
        await second.player.until(lambda room: room.tick > tick + 20)
        await all_there(first, second)
        assert "is silent" not in workers[1].log(), "nobody takes over"
        await running(ben, match)


async def test_a_match_that_nobody_opens_is_taken_by_some_worker(pair: Pair) -> None:
    ada, ben = await guest(pair[0]), await guest(pair[1])
    match = await match_of("hasty", ada, ben)

    async def finished() -> bool:
        return bool((await ada.get(f"matches/{match}/"))["status"] == "finished")

    await eventually(finished)


@pytest.mark.parametrize(
    ("server", "end"), [("daphne", signal.SIGKILL), ("uvicorn", signal.SIGTERM)]
)
async def test_a_lone_worker_that_ends_and_starts_again_goes_on_with_its_matches(
    server: str, end: signal.Signals, tmp_path: Path
) -> None:
    with services.running_server(server, ENV, folder=tmp_path) as before:
        ada, ben = await guest(before), await guest(before)
        match = await match_of("tally", ada, ben)
        first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
        await second.player.settle(20)
        before.process.send_signal(end)
        for talker in (first, second):
            assert await talker.player.closed() in {1006, 4503}
        await asyncio.to_thread(before.process.wait)
    with services.running_server(server, ENV, folder=tmp_path) as after:
        ada.http.base_url = after.url
        for talker in (first, second):
            talker.through(after)
            await come_back(talker.player)
        await all_there(first, second)
        await running(ada, match)


async def at_page(worker: Worker, http: httpx.AsyncClient) -> tuple[int, ClientConnection]:
    """Somebody at a page of this worker: their id, and the page's socket."""
    await http.get(f"{worker.url}/")
    headers = {"X-CSRFToken": http.cookies["csrftoken"]}
    answer = await http.post(
        f"{worker.url}/api/auth/guest/", json={"session": True}, headers=headers
    )
    cookie = f"sessionid={http.cookies['sessionid']}"
    socket = await connect(
        f"{worker.ws_url}/ws/lobby", additional_headers={"Cookie": cookie, "Origin": worker.url}
    )
    return int(answer.json()["user"]["id"]), socket


async def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    async with asyncio.timeout(20):
        while (message := json.loads(await socket.recv()))["t"] != kind:
            pass
    return dict(message)


async def test_people_at_different_workers_hear_each_other_and_are_seen(pair: Pair) -> None:
    async with httpx.AsyncClient() as ada, httpx.AsyncClient() as ben:
        ada_id, first = await at_page(pair[0], ada)
        ben_id, second = await at_page(pair[1], ben)

        async def post(http: httpx.AsyncClient, worker: Worker, path: str, body: Any = None) -> Any:
            headers = {"X-CSRFToken": http.cookies["csrftoken"]}
            answer = await http.post(f"{worker.url}/api/{path}", json=body or {}, headers=headers)
            assert answer.is_success, answer.text
            return answer.json()

        await post(ada, pair[0], f"people/{ben_id}/request/")
        assert (await hear(second, "notice"))["notice"]["kind"] == "friend_request"
        await post(ben, pair[1], f"people/{ada_id}/accept/")
        talk = f"direct:{min(ada_id, ben_id)}-{max(ada_id, ben_id)}"
        for socket in (first, second):
            await socket.send(json.dumps({"t": "listen", "talk": talk}))
            assert (await hear(socket, "listening"))["speaks"]
        for number, (one, other) in enumerate([(first, second), (second, first)] * 3, 1):
            said = {"t": "say", "talk": talk, "text": f"n{number}", "ref": number}
            await one.send(json.dumps(said))
            assert (await hear(other, "message"))["number"] == number
            assert (await hear(one, "message"))["number"] == number

        async def seen() -> bool:
            friends = (await ada.get(f"{pair[0].url}/api/friends/")).json()["results"]
            return bool(friends[0]["presence"] == "online")

        assert await eventually(seen)
        await first.close()
        await second.close()
