"""What rooms and sockets say to each other survives its way; what is lost costs only itself."""

import asyncio
import logging
from collections.abc import AsyncIterator
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
    ForRoom,
    Inputs,
    Moved,
    Publish,
    Quit,
    Say,
    Tell,
    Up,
    Word,
    hear,
    opened,
    worker_channel,
)
from games.limits import (
    COURIER_MESSAGES_MAX,
    COURIER_WORKERS_MAX,
    LETTER_INPUTS_MAX,
    LETTER_MESSAGES_MAX,
)
from tests import values

encode = msgspec.msgpack.encode


def is_carried(message: Word) -> bool:
    """Whether a letter brings a message as it was."""
    (arrived,) = opened(encode([message]))
    return type(arrived) is type(message) and encode(arrived) == encode(message)


@pytest.mark.parametrize("kind", [*get_args(Down), Inputs])
def test_every_message_comes_back_as_it_was(kind: Any) -> None:
    @settings(max_examples=25, deadline=None)
    @given(values.of(kind))
    def check(message: Any) -> None:
        assert is_carried(message)

    check()


@pytest.mark.parametrize("kind", get_args(Up))
def test_every_message_for_a_room_comes_back_as_it_was(kind: Any) -> None:
    @settings(max_examples=25, deadline=None)
    @given(values.of(kind))
    def check(message: Any) -> None:
        assert is_carried(ForRoom(MATCH, message))

    check()


@pytest.mark.parametrize("kind", get_args(Up))
def test_what_is_for_a_room_is_understood_by_none_but_a_room(kind: Any) -> None:
    @settings(max_examples=5, deadline=None)
    @given(values.of(kind))
    def check(message: Any) -> None:
        assert opened(encode([message])) == []

    check()


MATCH = "0d3c9a52-6f0e-4f1c-9d6b-6a8f9b1c2d3e"


def test_channels_have_names_that_the_layer_allows() -> None:
    assert InMemoryChannelLayer().require_valid_channel_name(worker_channel("0123456789abcdef"))


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


async def letters(layer: BaseChannelLayer, worker: str) -> list[list[Any]]:
    """All letters that wait for a worker; of what is for rooms, what the room is told."""
    found = []
    queue = layer.channels.get(worker_channel(worker))
    while queue is not None and not queue.empty():
        words = opened((await layer.receive(worker_channel(worker)))["body"])
        found.append([said for word in words for said in each(word)])
    return found


def each(word: Word) -> list[Any]:
    """What a room or a worker is told by one word of a letter."""
    if isinstance(word, Inputs):
        return [Say(*said) for _, *said in word.said]
    return [word.said if isinstance(word, ForRoom) else word]


async def arrived(layer: BaseChannelLayer, worker: str) -> list[Any]:
    """All messages that wait for a worker."""
    return [message for letter in await letters(layer, worker) for message in letter]


async def test_messages_arrive_in_order_each_at_its_worker() -> None:
    layer = InMemoryChannelLayer()
    courier = Courier(layer)
    asked = [Ask("v", tick) for tick in range(40)]
    told = [Tell("v", str(n).encode()) for n in range(40)]
    async with carrying(courier):
        for up, down in zip(asked, told, strict=True):
            courier.up("a", MATCH, up)
            courier.down("b", down)
        await settle()
        courier.up("a", MATCH, Quit("v"))
        await settle()
    assert await arrived(layer, "a") == [*asked, Quit("v")]
    assert await arrived(layer, "b") == told
    assert courier.dropped == 0


async def test_what_was_posted_before_the_courier_ran_is_carried() -> None:
    layer = InMemoryChannelLayer()
    courier = Courier(layer)
    courier.up("a", MATCH, End())
    async with carrying(courier):
        await settle()
    assert await arrived(layer, "a") == [End()]


async def test_nobody_waits_for_a_slow_layer_and_the_oldest_beyond_the_bound_are_dropped() -> None:
    layer = InMemoryChannelLayer(capacity=2 * COURIER_MESSAGES_MAX)
    courier = Courier(layer)
    for tick in range(COURIER_MESSAGES_MAX + 7):
        courier.up("a", MATCH, Ask("v", tick))
    assert courier.dropped == 7
    async with carrying(courier):
        await settle()
    ticks = [message.tick for message in await arrived(layer, "a")]
    assert ticks == list(range(7, COURIER_MESSAGES_MAX + 7))


async def test_a_full_channel_loses_its_own_messages_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    layer = InMemoryChannelLayer(capacity=1)
    courier = Courier(layer)
    with caplog.at_level(logging.WARNING, "games.hosting.relay"):
        async with carrying(courier):
            for _ in range(2):
                courier.up("full", MATCH, Detach("v"))
                await settle()
            courier.up("free", MATCH, Detach("v"))
            await settle()
    assert await arrived(layer, "full") == [Detach("v")]
    assert await arrived(layer, "free") == [Detach("v")]
    assert courier.dropped == 1
    (said,) = [record.message for record in caplog.records]
    assert said.startswith("1 messages to a worker were lost: ChannelFull(")


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
            courier.up("a", MATCH, Quit(name))
        await settle()
        courier.up("a", MATCH, Quit("carried"))
        await settle()
        courier.up("a", MATCH, Quit("later"))
        await settle()
    assert await arrived(layer, "a") == [Quit("carried"), Quit("later")]
    assert courier.dropped == 2


async def test_what_waits_for_one_worker_goes_in_one_letter() -> None:
    layer = InMemoryChannelLayer()
    courier = Courier(layer)
    said = [Ask("v", tick) for tick in range(LETTER_MESSAGES_MAX + 3)]
    async with carrying(courier):
        for message in said:
            courier.up("a", MATCH, message)
            courier.up("b", "another", message)
        await settle()
    for worker in "ab":
        first, rest = await letters(layer, worker)
        assert len(first) == LETTER_MESSAGES_MAX
        assert first + rest == said
    assert courier.dropped == 0


# --- what waits --------------------------------------------------------------------------------


class Clocked:
    """A courier at work on an event loop whose clock is turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.layer = InMemoryChannelLayer()
        self.courier = Courier(self.layer, "me")
        loop = asyncio.get_running_loop()
        self._ahead, time = 0.0, loop.time
        monkeypatch.setattr(loop, "time", lambda: time() + self._ahead)

    async def pass_by(self, seconds: float) -> None:
        self._ahead += seconds
        await settle()

    async def left(self) -> list[list[Any]]:
        return await letters(self.layer, "a")


@pytest.fixture
async def clocked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clocked]:
    monkeypatch.setattr(relay, "LETTER_PAUSE_S", HOUR_S)  # the clock goes on by itself as well
    clocked = Clocked(monkeypatch)
    async with carrying(clocked.courier):
        yield clocked


HOUR_S = 3600.0


def inputs(first: int, last: int) -> list[Say]:
    return [Say("v", seq, {"n": seq}) for seq in range(first, last + 1)]


async def test_a_single_input_does_not_wait(clocked: Clocked) -> None:
    for said in inputs(1, 3):
        clocked.courier.up("a", MATCH, said)
        await settle()
        assert await clocked.left() == [[said]]
        await clocked.pass_by(HOUR_S)


async def test_inputs_of_all_rooms_wait_for_each_other_and_go_in_one_letter(
    clocked: Clocked,
) -> None:
    first, *others = inputs(1, 30)
    clocked.courier.up("a", MATCH, first)
    await settle()
    assert await clocked.left() == [[first]]
    for said in others:
        clocked.courier.up("a", f"{MATCH} {said.seq % 7}", said)
        await clocked.pass_by(HOUR_S / 60)
    assert await clocked.left() == []
    await clocked.pass_by(HOUR_S)
    assert await clocked.left() == [others]
    clocked.courier.up("a", MATCH, first)
    await settle()
    assert await clocked.left() == [], "the pause is from the last letter on"


async def test_inputs_leave_just_before_the_rooms_there_tick(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PHASE_S", 10 * HOUR_S)
    monkeypatch.setattr(relay, "LETTER_EARLY_S", HOUR_S)
    first, *others = inputs(1, 3)
    clocked.courier.up("a", MATCH, first)
    clocked.courier.heard("a", 4 * HOUR_S)  # so they tick in six hours, and ten later again
    await settle()
    assert await clocked.left() == [[first]]
    await clocked.pass_by(HOUR_S / 2)
    for said in others:
        clocked.courier.up("a", MATCH, said)
        await clocked.pass_by(2 * HOUR_S)
    assert await clocked.left() == []
    await clocked.pass_by(0.6 * HOUR_S)
    assert await clocked.left() == [others]
    clocked.courier.up("a", MATCH, first)
    await clocked.pass_by(9.8 * HOUR_S)
    assert await clocked.left() == []
    await clocked.pass_by(0.3 * HOUR_S)
    assert await clocked.left() == [[first]]


async def test_one_letter_that_was_late_moves_the_time_but_little(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PHASE_S", 10 * HOUR_S)
    monkeypatch.setattr(relay, "LETTER_EARLY_S", 0.0)
    clocked.courier.up("a", MATCH, inputs(1, 1)[0])
    for since in (4, 14, 4, 0.5):  # one took three and a half hours longer, or as if
        clocked.courier.heard("a", since * HOUR_S)
    await settle()
    await clocked.left()
    clocked.courier.up("a", MATCH, inputs(2, 2)[0])
    await clocked.pass_by(5.9 * HOUR_S)
    assert await clocked.left() == []
    await clocked.pass_by(0.5 * HOUR_S)
    assert await clocked.left() == [inputs(2, 2)]


async def test_what_a_letter_says_of_the_time_is_how_long_ago_rooms_here_ticked(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PHASE_S", 10 * HOUR_S)
    loop = asyncio.get_running_loop()
    await clocked.pass_by(7 * HOUR_S - loop.time() % (10 * HOUR_S))
    clocked.courier.down("a", Moved(MATCH, "b"))
    await settle()
    letter = await clocked.layer.receive(worker_channel("a"))
    assert letter["from"] == "me"
    assert letter["since"] == pytest.approx(7 * HOUR_S, abs=60)


async def test_more_inputs_than_one_message_holds_are_two_in_one_letter(clocked: Clocked) -> None:
    first, *others = inputs(1, LETTER_INPUTS_MAX + 2)
    clocked.courier.up("a", MATCH, first)
    await settle()
    await clocked.left()
    for said in others:
        clocked.courier.up("a", MATCH, said)
    await clocked.pass_by(HOUR_S)
    words = opened((await clocked.layer.receive(worker_channel("a")))["body"])
    assert [len(each(word)) for word in words] == [LETTER_INPUTS_MAX, 1]
    assert [said for word in words for said in each(word)] == others


async def test_inputs_beyond_the_bound_push_the_oldest_out(clocked: Clocked) -> None:
    clocked.courier.up("a", MATCH, Ask("v", 1))
    said = inputs(1, COURIER_MESSAGES_MAX + 5)
    for message in said:
        clocked.courier.up("a", MATCH, message)
    clocked.courier.up("b", MATCH, said[0])  # another worker's are not touched
    assert clocked.courier.dropped == 6
    await settle()
    assert [message for letter in await clocked.left() for message in letter] == said[5:]
    assert await arrived(clocked.layer, "b") == said[:1]


async def test_what_is_lost_of_inputs_leaves_no_empty_message(clocked: Clocked) -> None:
    (first,) = inputs(1, 1)
    clocked.courier.up("a", MATCH, first)
    for tick in range(COURIER_MESSAGES_MAX):
        clocked.courier.up("a", MATCH, Ask("v", tick))
    clocked.courier.up("a", MATCH, first)
    assert clocked.courier.dropped == 2
    await settle()
    said = [message for letter in await clocked.left() for message in letter]
    assert said == [*(Ask("v", tick) for tick in range(1, COURIER_MESSAGES_MAX)), first]


async def test_workers_that_are_gone_are_forgotten_and_nothing_that_waits(clocked: Clocked) -> None:
    courier = clocked.courier
    for number in range(COURIER_WORKERS_MAX):
        courier.down(f"gone-{number}", Moved(MATCH, ""))
    await settle()
    courier.down("a", Moved(MATCH, "b"))
    courier.down("b", Moved(MATCH, "a"))
    assert len(courier._bags) == 2
    await settle()
    assert await clocked.left() == [[Moved(MATCH, "b")]]


@pytest.mark.parametrize("message", [Detach("v"), Moved(MATCH, "b")], ids=["a room", "a worker"])
async def test_nothing_else_waits_and_nothing_overtakes_an_input(
    clocked: Clocked, message: Any
) -> None:
    first, second = inputs(1, 2)
    clocked.courier.up("a", MATCH, first)
    await settle()
    clocked.courier.up("a", MATCH, second)
    await settle()
    assert await clocked.left() == [[first]]
    if isinstance(message, Moved):
        clocked.courier.down("a", message)
    else:
        clocked.courier.up("a", MATCH, message)
    await settle()
    assert await clocked.left() == [[second, message]]


# --- letters -----------------------------------------------------------------------------------


def test_what_another_version_says_is_left_out_of_its_letter() -> None:
    quits = [["forroom", MATCH, ["quit", name]] for name in "vw"]
    unknown = [["forroom", MATCH, ["sing", 1]], ["sing", 1], 7]
    body = encode([quits[0], *unknown, quits[1]])
    assert opened(body) == [ForRoom(MATCH, Quit("v")), ForRoom(MATCH, Quit("w"))]
    for wrong in (b"", b"\xc1", encode({"t": 1}), body[:-1]):
        assert opened(wrong) == []


async def test_what_arrives_is_what_was_posted_to_the_byte() -> None:
    layer = InMemoryChannelLayer()
    courier = Courier(layer)
    attach = Attach("v", "b", "msgpack", None, "session-1", "Zoë 🚀", 7)
    publish = Publish(MATCH, "all", 7, {"json": b'{"t":"delta"}'}, {"v": b"\x00\xff"})
    async with carrying(courier):
        courier.up("a", MATCH, attach)
        courier.down("a", publish)
        await settle()
    assert await arrived(layer, "a") == [attach, publish]


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
    async with asyncio.timeout(60):
        assert await hearing == {"type": "word"}
