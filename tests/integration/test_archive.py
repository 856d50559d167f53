"""A match of real sockets, its worker stopped right after its end: what was played is archived."""

from pathlib import Path

from tests import services, titles
from tests.integration.test_one_worker import _finished, add, eventually
from tests.people import guest, match_of

ENV = {"EVERTICK_TITLES": titles.ALL}


async def test_a_match_can_be_played_again_though_its_worker_stopped_before_it_was_archived(
    tmp_path: Path,
) -> None:
    with services.running_server("uvicorn", ENV, folder=tmp_path) as before:
        ada, ben = await guest(before), await guest(before)
        match = await match_of("tally", ada, ben)
        first, second = await ada.play(match), await ben.play(match)
        for n in range(1, 6):
            assert await first.settle(await first.send(add(n))) is None
        await second.send({"t": "misbehave", "how": "win"})
        await first.until(lambda room: room.view["result"])
        assert await eventually(lambda: _finished(ada, match))
        assert before.stop() == 0
    assert not list((tmp_path / "journals").rglob("*.evj")), "the room was still there"
    with services.running_server("uvicorn", ENV, folder=tmp_path) as after:
        env = after.env

        async def archived() -> bool:
            return any((tmp_path / "journals").rglob("*.evj"))

        assert await eventually(archived)
    said = services.manage("replay", "--all", env=env).stdout
    assert said.startswith(f"{match} tally        ok: ")
    assert "the end is not archived" not in said
