"""Who is told what, of those whose sockets other workers keep."""

from typing import Any

from channels.layers import InMemoryChannelLayer

from games.hosting.fanout import Fanout, Viewer
from games.hosting.relay import Courier, Publish, Socket, opened, worker_channel
from games.protocol.codec import Encoding
from games.protocol.messages import Delta, Own
from games.rooms import Tick
from games.rooms.entries import Record
from tests.hosting.test_relay import carrying, settle


class Here:
    """A worker without sockets."""

    def __init__(self) -> None:
        self.id = "here"
        self.sockets: dict[str, Socket] = {}
        self.layer = InMemoryChannelLayer()
        self.courier = Courier(self.layer, self.id)


class Room:
    """The viewers of a room, and what other workers hear of it."""

    def __init__(self) -> None:
        self.worker = Here()
        self.viewers = Fanout("match", self.worker)
        self._tick = 0

    def comes(
        self, name: str, gateway: str, seat: int | None, encoding: Encoding = "msgpack"
    ) -> None:
        self.viewers.add(Viewer(name, gateway, encoding, seat, "session", name, 1))

    def goes(self, name: str) -> None:
        viewer = self.viewers.get(name)
        assert viewer is not None
        self.viewers.remove(viewer)

    async def heard(self, *seats: int | None, held_back: bool = False) -> dict[str, list[Publish]]:
        """What each worker hears of a tick of which these seats are told something of their own."""
        self._tick += 1
        shared = Delta(self._tick, {"set": self._tick}, time=2 * self._tick)
        watched = None if held_back else shared
        own: dict[int | None, Own] = {seat: Own(self._tick, settled=seat) for seat in seats}
        async with carrying(self.worker.courier):
            self.viewers.publish(Tick(Record(self._tick, 1, []), shared, watched, own, {}))
            await settle()
        found: dict[str, list[Publish]] = {}
        for gateway in ("a", "b"):
            queue = self.worker.layer.channels.get(worker_channel(gateway))
            while queue is not None and not queue.empty():
                letter: dict[str, Any] = await self.worker.layer.receive(worker_channel(gateway))
                found.setdefault(gateway, []).extend(opened(letter["body"]))  # type: ignore[arg-type]
        return found


async def test_a_seats_own_part_goes_to_its_worker_alone() -> None:
    room = Room()
    room.comes("ada", "a", 0)
    room.comes("ben", "b", 1, "json")
    room.comes("cleo", "b", None)
    heard = await room.heard(0, 1)
    (at_a,), (at_b,) = heard["a"], heard["b"]
    assert list(at_a.own) == ["ada"]
    assert list(at_b.own) == ["ben"]
    assert list(at_a.shared) == ["msgpack"]
    assert list(at_b.shared) == ["json", "msgpack"]


async def test_who_comes_and_goes_is_told_from_then_on_and_no_more() -> None:
    room = Room()
    room.comes("ada", "a", 0)
    assert list((await room.heard(0, 1))["a"][0].own) == ["ada"]
    room.comes("ben", "a", 1)
    room.comes("cleo", "b", None, "json")
    heard = await room.heard(0, 1)
    assert list(heard["a"][0].own) == ["ada", "ben"]
    assert list(heard["b"][0].shared) == ["json"]
    room.goes("ada")
    room.goes("cleo")
    heard = await room.heard(0, 1)
    assert list(heard) == ["a"]
    assert list(heard["a"][0].own) == ["ben"]


async def test_each_worker_counts_what_it_is_told() -> None:
    room = Room()
    room.comes("ada", "a", 0)
    room.comes("cleo", "b", None)
    numbers: dict[str, list[int]] = {"a": [], "b": []}
    for held_back in (False, True, False):
        for gateway, said in (await room.heard(0, held_back=held_back)).items():
            numbers[gateway] += [message.number for message in said]
    assert numbers == {"a": [1, 2, 3], "b": [1, 2]}
