"""Two server processes and a real Redis: one match, players on different workers."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from games.client import RoomClosed
from games.limits import WORKER_SILENCE_S
from games.protocol.codec import Encoding
from tests import services
from tests.integration.conftest import ENV
from tests.integration.test_one_worker import add, eventually
from tests.people import Person, guest, match_of
from tests.services import Worker

Pair = tuple[Worker, Worker]


def start_pair(stack: ExitStack, server: str, redis_url: str, folder: Path) -> Pair:
    env = ENV | {"REDIS_URL": redis_url, "EVERTICK_PREFIX": folder.name}
    first = stack.enter_context(services.running_server(server, env, folder=folder))
    second = stack.enter_context(services.running_server(server, env, folder=folder))
    return first, second


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def pair(
    request: pytest.FixtureRequest, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield start_pair(stack, request.param, redis_url, tmp_path_factory.mktemp("pair"))


@pytest.fixture
def doomed(redis_url: str, tmp_path: Path) -> Iterator[Pair]:
    """Two workers, for tests that kill one."""
    with ExitStack() as stack:
        yield start_pair(stack, "uvicorn", redis_url, tmp_path)


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
    await second.join()
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


async def test_when_the_owner_is_killed_players_are_told_and_the_match_is_abandoned(
    doomed: Pair,
) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first = await ada.play(match)  # the room lives here
    second = await ben.play(match)
    doomed[0].process.send_signal(signal.SIGKILL)
    assert await first.closed() == 1006
    assert await second.closed(WORKER_SILENCE_S * 4) == 4410
    assert second.room.errors == ["room_lost"]
    read = await ben.get(f"matches/{match}/")
    assert (read["status"], read["reason"]) == ("abandoned", "worker_lost")
    with pytest.raises(RoomClosed) as closed:
        await second.join()
    assert closed.value.code in (4404, 4410)


async def test_when_a_worker_with_sockets_only_is_killed_its_player_counts_as_away(
    doomed: Pair,
) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first = await ada.play(match)
    second = await ben.play(match)
    doomed[1].process.send_signal(signal.SIGKILL)
    assert await second.closed() == 1006
    await first.until(
        lambda room: room.view["seats"]["1"]["status"] == "away", WORKER_SILENCE_S * 4
    )
    second.url = second.url.replace(str(doomed[1].port), str(doomed[0].port))
    await second.join()
    await first.until(lambda room: room.view["seats"]["1"]["status"] == "here")
    await first.close()
    await second.close()


async def test_a_worker_that_is_stopped_tells_its_players_and_records_it(doomed: Pair) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first, second = await ada.play(match), await ben.play(match)
    assert await asyncio.to_thread(doomed[0].stop) == 0
    for player in (first, second):
        assert await player.closed() == 4410
        assert player.room.errors == ["room_lost"]
    read = await ben.get(f"matches/{match}/")
    assert (read["status"], read["reason"]) == ("abandoned", "shutdown")


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_sockets_of_a_stopping_worker_go_on_through_the_other(
    server: str, redis_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        first_worker, second_worker = start_pair(stack, server, redis_url, tmp_path)
        ada, ben = await guest(first_worker), await guest(second_worker)
        match = await match_of("tally", ada, ben)
        first, second = await ada.play(match), await ben.play(match)
        assert await asyncio.to_thread(second_worker.stop) == 0
        assert await second.closed() == 4503
        assert second.room.errors == ["shutting_down"]
        second.url = second.url.replace(str(second_worker.port), str(first_worker.port))
        await second.join()
        assert await second.settle(await second.send(add(1))) is None
        await first.until(lambda room: room.view["game"]["sums"] == [0, 1])
        await first.close()
        await second.close()


async def test_a_worker_that_was_silent_too_long_drops_its_rooms(doomed: Pair) -> None:
    ada, ben = await guest(doomed[0]), await guest(doomed[1])
    match = await match_of("tally", ada, ben)
    first, second = await ada.play(match), await ben.play(match)
    doomed[0].process.send_signal(signal.SIGSTOP)
    try:
        assert await second.closed(WORKER_SILENCE_S * 4) == 4410
    finally:
        doomed[0].process.send_signal(signal.SIGCONT)
    assert await first.closed() == 4410, "the paused owner learns that it was counted as dead"
    await first.close()
    read = await ben.get(f"matches/{match}/")
    assert read["status"] == "abandoned"


async def test_a_match_that_nobody_opens_is_taken_by_some_worker(pair: Pair) -> None:
    ada, ben = await guest(pair[0]), await guest(pair[1])
    match = await match_of("tally", ada, ben)

    async def finished() -> bool:
        return bool((await ada.get(f"matches/{match}/"))["status"] == "finished")

    await eventually(finished)


async def test_what_ran_when_a_lone_worker_was_killed_is_abandoned_at_its_next_start(
    tmp_path: Path,
) -> None:
    with services.running_server("uvicorn", ENV, folder=tmp_path) as before:
        ada, ben = await guest(before), await guest(before)
        match = await match_of("tally", ada, ben)
        player = await ada.play(match)
        before.process.send_signal(signal.SIGKILL)
        assert await player.closed() == 1006
    with services.running_server("uvicorn", ENV, folder=tmp_path) as after:
        ada.http.base_url = after.url

        async def read() -> tuple[str, str] | None:
            seen = await ada.get(f"matches/{match}/")
            return (seen["status"], seen["reason"]) if seen["status"] != "running" else None

        assert await eventually(read) == ("abandoned", "worker_lost")
