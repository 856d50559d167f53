"""A match that is played while the Redis beneath it dies, and another takes its place."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.crc import key_slot

from tests import services
from tests.integration.test_two_workers import Talker, all_there, running, start_pair
from tests.people import guest, match_of

LAST_SLOT = 5460
"""Of the node that has a replica; a match whose room is there is wanted."""


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
async def test_a_match_goes_on_when_a_replica_takes_the_place_of_its_redis(
    kind: str, redis_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        if kind == "sentinel":
            watched = stack.enter_context(services.running_watched())
            doomed, urls = watched.primary, {"REDIS_URL": watched.url}
        else:
            cluster = stack.enter_context(services.running_cluster())
            doomed = cluster.nodes[0]
            urls = {"REDIS_URL": redis_url, "JOURNAL_URL": cluster.url}
            urls["JOURNAL_REPLICAS"] = "0"  # the other nodes have none
        first_worker, second_worker = start_pair(stack, "uvicorn", urls, tmp_path)
        while True:
            ada, ben = await guest(first_worker), await guest(second_worker)
            match = await match_of("tally", ada, ben)
            if kind == "sentinel" or key_slot(match.encode()) <= LAST_SLOT:
                break
        first, second = Talker(await ada.play(match)), Talker(await ben.play(match))
        await second.player.settle(20)
        doomed.kill()
        settled = [talker.player.room.settled for talker in (first, second)]
        for talker, before in zip((first, second), settled, strict=True):
            await talker.player.until(lambda room, before=before: room.settled > before + 20)
            assert talker.player.close_code is None, "in the same socket"
        await all_there(first, second)
        await running(ada, match)
