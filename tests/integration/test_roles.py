"""Processes that keep sockets, and others that run rooms: new rules close no socket."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests import services
from tests.integration.conftest import ENV
from tests.integration.test_two_workers import Talker, all_there
from tests.people import guest, match_of
from tests.services import STOP_S_MAX, ServiceError, Worker

ROLES = ("gateway", "host", "host", "host")


@pytest.fixture
def workers(redis_url: str, tmp_path: Path) -> Iterator[list[Worker]]:
    env = ENV | {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name}
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                services.running_server("uvicorn", env | {"ROLE": role}, folder=tmp_path)
            )
            for role in ROLES
        ]


async def test_hosts_are_replaced_and_killed_behind_open_sockets(workers: list[Worker]) -> None:
    gateway, *hosts = workers
    ada, ben = await guest(gateway), await guest(gateway)
    match = await match_of("tally", ada, ben)
    first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
    await second.player.settle(20)
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{hosts[0].ws_url}/ws/room/{match}")
    assert refused.value.response.status_code == 403
    for host, how in zip(hosts, (signal.SIGTERM, signal.SIGKILL), strict=False):
        host.process.send_signal(how)
        host.process.wait(STOP_S_MAX)
        tick = second.player.room.tick
        await second.player.until(lambda room, tick=tick: room.tick > tick + 20)
    assert first.player.close_code is None
    assert second.player.close_code is None
    await all_there(first, second)


def test_a_gateway_alone_says_what_it_needs(tmp_path: Path) -> None:
    with (
        pytest.raises(ServiceError, match="a gateway needs other workers beside it: set REDIS_URL"),
        services.running_server("uvicorn", ENV | {"ROLE": "gateway"}, folder=tmp_path),
    ):
        pass
