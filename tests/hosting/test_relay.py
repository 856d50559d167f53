"""What rooms and sockets say to each other survives its way; what is lost costs only itself."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, get_args

import msgspec
import pytest
from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer, InMemoryChannelLayer
from hypothesis import given, settings
from redis.exceptions import RedisError

from games.hosting import relay
from games.hosting.relay import (
    Ask,
    Attach,
    Courier,
    Detach,
    Down,
    End,
    Publish,
    Quit,
    Say,
    Tell,
    Up,
    decode_down,
    decode_up,
    gateway_channel,
    hear,
    opened,
    room_channel,
)
from games.limits import COURIER_MESSAGES_MAX, LETTER_MESSAGES_MAX
from tests import values

CASES = [
    *[pytest.param(kind, decode_up, id=kind.__name__) for kind in get_args(Up)],
    *[pytest.param(kind, decode_down, id=kind.__name__) for kind in get_args(Down)],
]


@pytest.mark.parametrize(("kind", "decode"), CASES)
def test_every_message_comes_back_as_it_was(kind: Any, decode: Callable[[bytes], Any]) -> None:
    @settings(max_examples=25, deadline=None)
    @given(values.of(kind))
    def check(message: Any) -> None:
        decoded = decode(msgspec.msgpack.encode(message))
        assert type(decoded) is kind
        assert msgspec.msgpack.encode(decoded) == msgspec.msgpack.encode(message)

    check()


@pytest.mark.parametrize("kind", [*get_args(Up), *get_args(Down)])
def test_messages_up_and_down_are_not_taken_for_each_other(kind: Any) -> None:
    wrong = decode_down if kind in get_args(Up) else decode_up

    @settings(max_examples=5, deadline=None)
    @given(values.of(kind))
    def check(message: Any) -> None:
        with pytest.raises(msgspec.ValidationError):
            wrong(msgspec.msgpack.encode(message))

    check()


MATCH = "0d3c9a52-6f0e-4f1c-9d6b-6a8f9b1c2d3e"


def test_channels_have_names_that_the_layer_allows() -> None:
    layer = InMemoryChannelLayer()
    worker = "0123456789abcdef"
    room, gateway = room_channel(worker, MATCH), gateway_channel(worker)
    assert layer.require_valid_channel_name(room)
    assert layer.require_valid_channel_name(gateway)
    assert len({room, gateway, room_channel("other", MATCH), room_channel(worker, "other")}) == 4


def test_what_is_for_some_viewers_reaches_no_others() -> None:
    reached = {
        to: [seat for seat in (0, 1, None) if Publish(MATCH, to, 1, {}, {}).reaches(seat)]
        for to in ("all", "players", "spectators")
    }
    assert reached == {"all": [0, 1, None], "players": [0, 1], "spectators": [None]}


# --- the courier -------------------------------------------------------------------------------


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def carrying(courier: Courier) -> AsyncIterator[None]:
    """The courier at work."""
    task = asyncio.create_task(courier.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def arrived(layer: BaseChannelLayer, channel: str) -> list[Any]:
    """All that waits on a channel, letter by letter."""
    found: list[Any] = []
    queue = layer.channels.get(channel)
    while queue is not None and not queue.empty():
        message = await layer.receive(channel)
        decode = decode_up if message["type"] == "room.up" else decode_down
        found += opened(message["body"], decode)
    return found


async def test_messages_arrive_in_order_each_at_its_channel() -> None:
    layer = InMemoryChannelLayer()
    courier = Courier(layer)
    said = [Say("v", seq, {"n": seq}) for seq in range(1, 40)]
    told = [Tell("v", str(n).encode()) for n in range(40)]
    async with carrying(courier):
        for up, down in zip(said, told, strict=False):
            courier.post("room.a.m", "room.up", up)
            courier.post("gateway.b", "gateway.down", down)
        await settle()
        courier.post("room.a.m", "room.up", Quit("v"))
        await settle()
    assert await arrived(layer, "room.a.m") == [*said, Quit("v")]
    assert await arrived(layer, "gateway.b") == told[:39]
    assert courier.dropped == 0


async def test_what_was_posted_before_the_courier_ran_is_carried() -> None:
    layer = InMemoryChannelLayer()
    courier = Courier(layer)
    courier.post("room.a.m", "room.up", End())
    async with carrying(courier):
        await settle()
    assert await arrived(layer, "room.a.m") == [End()]


async def test_nobody_waits_for_a_slow_layer_and_the_oldest_beyond_the_bound_are_dropped() -> None:
    layer = InMemoryChannelLayer(capacity=2 * COURIER_MESSAGES_MAX)
    courier = Courier(layer)
    for tick in range(COURIER_MESSAGES_MAX + 7):
        courier.post("room.a.m", "room.up", Ask("v", tick))
    assert courier.dropped == 7
    async with carrying(courier):
        while courier._waiting:
            await settle()
    ticks = [message.tick for message in await arrived(layer, "room.a.m")]
    assert ticks == list(range(7, COURIER_MESSAGES_MAX + 7))


async def test_a_full_channel_loses_its_own_messages_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    layer = InMemoryChannelLayer(capacity=1)
    courier = Courier(layer)
    with caplog.at_level(logging.WARNING, "games.hosting.relay"):
        async with carrying(courier):
            for _ in range(2):
                courier.post("room.a.full", "room.up", Detach("room.a.full"))
                await settle()
            courier.post("room.b.free", "room.up", Detach("room.b.free"))
            await settle()
    assert await arrived(layer, "room.a.full") == [Detach("room.a.full")]
    assert await arrived(layer, "room.b.free") == [Detach("room.b.free")]
    assert courier.dropped == 1
    (said,) = [record.message for record in caplog.records]
    assert said.startswith("1 messages to a room were lost: ChannelFull(")


class FailingOnce(InMemoryChannelLayer):
    """A layer whose first message fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        await super().send(channel, message)


@pytest.mark.parametrize(
    "error",
    [
        RedisError("LOADING"),
        ConnectionResetError(),
        TimeoutError(),
        ChannelFull(),
    ],
    ids=repr,
)
async def test_a_layer_that_fails_loses_that_letter_and_the_next_are_carried(
    error: Exception,
) -> None:
    layer = FailingOnce(error)
    courier = Courier(layer)
    async with carrying(courier):
        for name in ("lost", "as well"):
            courier.post("room.a.m", "room.up", Quit(name))
        await settle()
        courier.post("room.a.m", "room.up", Quit("carried"))
        await settle()
        courier.post("room.a.m", "room.up", Quit("later"))
        await settle()
    assert await arrived(layer, "room.a.m") == [Quit("carried"), Quit("later")]
    assert courier.dropped == 2


async def test_what_waits_for_one_channel_goes_in_one_letter() -> None:
    layer = InMemoryChannelLayer(capacity=2)
    courier = Courier(layer)
    said = [Ask("v", tick) for tick in range(LETTER_MESSAGES_MAX)]
    async with carrying(courier):
        for message in said:
            courier.post("room.a.m", "room.up", message)
            courier.post("room.b.m", "room.up", message)
        await settle()
    assert await arrived(layer, "room.a.m") == await arrived(layer, "room.b.m") == said
    assert courier.dropped == 0


def test_what_another_version_says_is_left_out_of_its_letter() -> None:
    encode = msgspec.msgpack.encode
    body = encode([["quit", "v"], ["sing", 1], 7, ["quit", "w"]])
    assert list(opened(body, decode_up)) == [Quit("v"), Quit("w")]
    for wrong in (b"", b"\xc1", encode({"t": 1}), body[:-1]):
        assert list(opened(wrong, decode_up)) == []


async def test_what_arrives_is_what_was_posted_to_the_byte() -> None:
    layer = InMemoryChannelLayer()
    courier = Courier(layer)
    attach = Attach("v", "b", "msgpack", None, "session-1", "Zoë 🚀", 7)
    publish = Publish(MATCH, "all", 7, {"json": b'{"t":"delta"}'}, {"v": b"\x00\xff"})
    async with carrying(courier):
        courier.post("room.a.m", "room.up", attach)
        courier.post("gateway.a", "gateway.down", publish)
        await settle()
    assert await arrived(layer, "room.a.m") == [attach]
    assert await arrived(layer, "gateway.a") == [publish]


# --- hearing -----------------------------------------------------------------------------------


class Deaf(InMemoryChannelLayer):
    """As channels-redis is: holds a channel for subscribed when it has tried, and forgets it when a
    receiver is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.subscribed: dict[str, bool] = {}
        self.away = True

    async def receive(self, channel: str) -> dict[str, Any]:
        if channel not in self.subscribed:
            self.subscribed[channel] = not self.away
            if self.away:
                raise ConnectionResetError("for a moment")
        try:
            if not self.subscribed[channel]:
                await asyncio.Event().wait()
            return await super().receive(channel)
        except asyncio.CancelledError:
            self.subscribed.pop(channel, None)
            raise


async def test_a_channel_whose_subscription_failed_is_subscribed_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "LAYER_RETRY_S", 0.01)
    layer = Deaf()
    hearing = asyncio.ensure_future(hear(layer, "c"))
    await asyncio.sleep(0.05)
    layer.away = False
    await layer.send("c", {"type": "word"})
    async with asyncio.timeout(20):
        assert await hearing == {"type": "word"}
