"""A title that `newgame` has just written, outside this tree, played at a real worker."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.people import guest, match_of
from tests.services import Worker, manage, running_server, worker_env


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One that was started with the settings that `newgame` printed."""
    place = tmp_path_factory.mktemp("mygames")
    with tempfile.TemporaryDirectory() as var:
        told = manage("newgame", "last_stone", "--into", str(place), env=worker_env(Path(var)))
    settings = dict(re.findall(r"(EVERTICK_TITLES|PYTHONPATH)=(\S+)", told.stdout))
    assert settings["EVERTICK_TITLES"] == "last_stone.rules.LastStone"
    with running_server("daphne", settings) as running:
        yield running


async def test_two_people_play_it_to_its_end(worker: Worker) -> None:
    ada, ben = await guest(worker), await guest(worker)
    match = await match_of("last_stone", ada, ben, settings={"stones": 5})
    first, second = await ada.play(match), await ben.play(match, encoding="json")

    async def take(player, stones):
        return await player.settle(await player.send({"t": "take", "stones": stones}))

    assert await take(second, 1) == "not_your_turn"
    assert await take(first, 4) == "invalid"
    assert await take(first, 3) is None
    assert await take(second, 3) == "too_many"
    assert await take(second, 2) is None
    for player in (first, second):
        await player.until(lambda room: room.view["result"] is not None)
        assert player.room.view["game"] == {"stones": 0, "turn": 0}
        assert player.room.view["result"] == {"ranking": [[1], [0]], "reason": "last_stone"}
        await player.close()


async def test_its_bot_wins_where_it_can(worker: Worker) -> None:
    ada = await guest(worker)
    match = await match_of("last_stone", ada, bots=1, settings={"stones": 4})
    player = await ada.play(match)
    await player.settle(await player.send({"t": "take", "stones": 1}))
    await player.until(lambda room: room.view["result"] is not None)
    assert player.room.view["result"]["ranking"] == [[1], [0]]
    await player.close()


def test_its_client_is_served(worker: Worker) -> None:
    answer = httpx.get(f"{worker.url}/static/titles/last_stone/main.js")
    assert answer.status_code == 200
    assert "export function mount" in answer.text
