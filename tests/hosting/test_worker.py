"""A worker in this process: its rooms, its sweep, and what other workers send it."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from channels.layers import InMemoryChannelLayer

from games import services
from games.catalog import TITLES
from games.client.follower import decode
from games.consumers import RoomConsumer
from games.hosting import worker as hosting
from games.hosting.finder import RoomApp
from games.hosting.ledger import Ledger
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.relay import (
    Attach,
    Check,
    ForRoom,
    Moved,
    Publish,
    Say,
    Tell,
    Word,
    opened,
    worker_channel,
)
from games.hosting.worker import Control, Options, Worker
from games.models import Match
from games.protocol.codes import Code, ProtocolError
from games.protocol.messages import Welcome
from tests.hosting.reader import Reader
from tests.titles import Patient, Tally

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def tally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TITLES, Tally.title, Tally)


Start = Callable[..., Awaitable[Worker]]


@asynccontextmanager
async def workers_on(ledger: Ledger, **always: Any) -> AsyncIterator[Start]:
    """Starts workers that share this room store and a channel layer, with these options."""
    layer = InMemoryChannelLayer(capacity=100)
    running: list[Worker] = []

    async def open_ledger() -> Ledger:
        return ledger

    async def begin(room_app: RoomApp | None = None, **options: Any) -> Worker:
        worker = Worker(
            open_ledger=open_ledger,
            layer=layer,
            room_app=room_app or RoomConsumer.as_asgi(),
            options=Options(**always, **options),
        )
        await worker.start()
        running.append(worker)
        return worker

    yield begin
    with pytest.MonkeyPatch.context() as hurried:  # nobody takes a room any more, or leaves it
        for name in ("TAKEN_S", "LAST_WORDS_S", "MOVE_WAIT_S"):
            hurried.setattr(hosting, name, 0.0)
        for worker in running:
            worker.options = worker.options._replace(spread_s=0.0, drain_s=0.0)
            if worker._tasks:
                await worker.stop()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with workers_on(MemoryLedger(time.monotonic, trim_unarchived=True)) as start:
        yield start


@pytest.fixture
async def worker(start: Start) -> Worker:
    return await start()


async def a_match(worker: Worker) -> str:
    def start() -> str:
        return str(services.match_start(title="tally", settings={}, players=[], bots=2).id)

    match = await worker.records.call(start)
    assert await worker.locate(match) == worker.id
    return match


async def status(worker: Worker, match: str) -> tuple[str, str]:
    def read() -> tuple[str, str]:
        row = Match.objects.get(id=match)
        return row.status, row.reason

    return await worker.records.call(read)


def attach(viewer: str, seat: int | None = None) -> Attach:
    return Attach(viewer, "elsewhere", "json", seat, "a session", "Ada", 1)


async def heard(worker: Worker) -> Tell:
    """The next thing that a socket of the worker ``elsewhere`` alone is told."""
    unread = worker.__dict__.setdefault("unread", deque[Word]())
    async with asyncio.timeout(60):
        while True:
            while unread:
                if isinstance(message := unread.popleft(), Tell):
                    return message
            letter = await worker.layer.receive(worker_channel("elsewhere"))
            unread.extend(opened(letter["body"]))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is waited for is on this loop
            await asyncio.sleep(0.01)


async def ended(worker: Worker, match: str, *how: str) -> None:
    """Wait until that is written: it is, on a thread of its own, right after it happened."""
    async with asyncio.timeout(60):
        while await status(worker, match) != how:  # noqa: ASYNC110 - the row tells nobody
            await asyncio.sleep(0.01)


class Losing:
    """Between two workers: what a room of one says to sockets of the other may be lost."""

    def __init__(self, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lost: list[str] = []
        self._kinds: tuple[type, ...] = ()
        hand_on = worker._hand_on

        def loses(message: Word) -> None:
            if isinstance(message, self._kinds):
                self.lost.append(type(message).__name__)
            else:
                hand_on(message)

        monkeypatch.setattr(worker, "_hand_on", loses)

    def lose(self, *kinds: type) -> None:
        self._kinds = kinds


@pytest.fixture
async def quiet(start: Start, monkeypatch: pytest.MonkeyPatch) -> tuple[Worker, Reader, Losing]:
    """A room by turns, the socket of Ada at another worker, and the way there."""
    monkeypatch.setattr("games.hosting.worker.HEARING_S", 0.02)
    monkeypatch.setitem(TITLES, "patient", Patient)
    here, there = await start(), await start()
    await until(lambda: there.id in here._others and here.id in there._others)

    def begin() -> str:
        players = [services.Player(user_id=None, name=name) for name in ("Ada", "Ben")]
        return str(services.match_start(title="patient", settings={}, players=players).id)

    match = await here.records.call(begin)
    assert await here.locate(match) == here.id
    reader = Reader(there, match, here.id)
    there.post(match, here.id, reader.ask_in(0))
    await until(lambda: here.rooms[match].viewers.on(0) is not None)
    await until(lambda: reader.shown)
    return here, reader, Losing(there, monkeypatch)


def a_move(worker: Worker, reader: Reader, seq: int) -> None:
    worker.rooms[reader.match].take(Say(reader.viewer, seq, {"t": "add", "n": 1}))


async def a_lost_move(worker: Worker, reader: Reader, way: Losing) -> None:
    way.lose(Publish)
    a_move(worker, reader, 1)
    await until(lambda: way.lost == ["Publish"])


async def test_the_last_word_of_a_quiet_room_is_missed_when_it_is_lost(
    quiet: tuple[Worker, Reader, Losing],
) -> None:
    here, reader, way = quiet
    await a_lost_move(here, reader, way)
    way.lose(Tell)  # nor does the answer to the first question come
    await until(lambda: "Tell" in way.lost)
    way.lose()
    tick = here.rooms[reader.match].room.tick_no
    await until(lambda: reader.shown[-1] == tick)


async def test_what_was_lost_is_missed_when_the_next_word_comes(
    quiet: tuple[Worker, Reader, Losing],
) -> None:
    here, reader, way = quiet
    await a_lost_move(here, reader, way)
    way.lose()
    a_move(here, reader, 2)
    await until(lambda: reader.caught_up == 1)


async def test_a_socket_of_which_its_room_knows_nothing_is_told_to_ask(
    quiet: tuple[Worker, Reader, Losing],
) -> None:
    here, reader, _ = quiet
    viewers = here.rooms[reader.match].viewers
    viewers.remove(viewers.on(0))
    await until(lambda: reader.moves == [""])


async def test_who_asks_after_a_room_that_is_not_here_is_told_to_look_for_it(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A match that was over when its last owner lost it, who did not know of that worker."""
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(worker.courier, "down", lambda *said: told.append(said))
    worker._hand_on(ForRoom("a-match", Check("there", 3, ["v"])))
    assert told == [("there", Moved("a-match", ""))]


async def test_a_quiet_room_that_lost_nothing_says_nothing(
    quiet: tuple[Worker, Reader, Losing],
) -> None:
    here, reader, _ = quiet
    checks: list[Check] = []
    room = here.rooms[reader.match]
    take = room.take
    room.take = lambda said: checks.append(said) or take(said)
    await until(lambda: len(checks) > 2)
    assert len(reader.shown) <= 2, "the welcome, and the tick at which the seat was taken"
    assert reader.caught_up == 0


async def test_a_room_is_reached_over_the_layer_by_sockets_of_other_workers(worker: Worker) -> None:
    match = await a_match(worker)
    worker.courier.up(worker.id, match, attach("v"))
    told = await heard(worker)
    assert (told.viewer, told.admits) == ("v", Tally.tick_hz)
    assert isinstance(decode(told.frame, "json")[0], Welcome)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x91\x92\xa3new\x01", b"\x91\xa3say"])
async def test_what_it_does_not_know_harms_neither_rooms_nor_sockets(
    worker: Worker, body: bytes
) -> None:
    match = await a_match(worker)
    await worker.layer.send(worker_channel(worker.id), {"type": "worker.letter", "body": body})
    worker.courier.up(worker.id, match, Say("nobody", 1, None))
    worker.courier.up(worker.id, match, attach("v"))
    assert (await heard(worker)).admits
    assert await status(worker, match) == ("running", "")


async def test_an_order_from_another_thread_ends_a_match(worker: Worker) -> None:
    match = await a_match(worker)
    await asyncio.to_thread(Control(worker).end, match_id=UUID(match))
    await until(lambda: match not in worker.rooms)
    await ended(worker, match, "abandoned", "ended_by_operator")


async def test_a_match_that_is_over_is_not_opened_again(worker: Worker) -> None:
    match = await a_match(worker)
    worker.rooms[match].shut(Code.ROOM_LOST, 4410)
    await worker.records.call(
        services.match_abandon, match_ids=[UUID(match)], worker=worker.id, reason="shutdown"
    )
    await until(lambda: match not in worker.rooms)
    with pytest.raises(ProtocolError) as refused:
        await worker.locate(match)
    assert refused.value.code == Code.MATCH_OVER
    assert await worker.ledger.owner(match) is None, "its lease is given back"


async def test_many_who_come_at_once_open_one_room(worker: Worker) -> None:
    def start() -> str:
        return str(services.match_start(title="tally", settings={}, players=[], bots=2).id)

    match = await worker.records.call(start)
    owners: list[Any] = await asyncio.gather(*(worker.locate(match) for _ in range(20)))
    assert owners == [worker.id] * 20
    assert len(worker.rooms) == 1


# --- one after another ---------------------------------------------------------------------------


async def a_match_with(worker: Worker, n: int) -> str:
    """A match in which seat 0 added ``n``."""
    match = await a_match(worker)
    room = worker.rooms[match].room  # type: ignore[attr-defined]
    room.connect(0, "a session", "Ada")
    room.offer(0, 1, {"t": "add", "n": n})
    await until(lambda: room.state.sums[0] == n)
    return match


async def test_what_a_worker_leaves_the_next_goes_on_with(worker: Worker, start: Start) -> None:
    match = await a_match_with(worker, 7)
    await worker.stop()
    heir = await start()
    assert await heir.locate(match) == heir.id
    room = heir.rooms[match].room  # type: ignore[attr-defined]
    assert room.state.sums[0] == 7
    assert room.places[0].settled == 1
    tick = room.tick_no
    await until(lambda: room.tick_no > tick)
    assert await status(heir, match) == ("running", "")


class Newer(Tally):
    version = 2

    def migrate(self, state: Any, version: int) -> Any:
        return {**state, "sums": [n * 100 for n in state["sums"]]}


async def test_a_worker_with_newer_rules_goes_on_with_a_state_that_they_migrate(
    worker: Worker, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = await a_match_with(worker, 7)
    await worker.stop()
    monkeypatch.setitem(TITLES, Tally.title, Newer)
    heir = await start()
    assert await heir.locate(match) == heir.id
    room = heir.rooms[match].room  # type: ignore[attr-defined]
    assert room.state.sums[0] == 700
    await until(lambda: heir.rooms[match].keeper._entries < 100)  # type: ignore[attr-defined]
    await heir.stop()
    last = await start()
    await last.locate(match)
    assert last.rooms[match].room.state.sums[0] == 700, "once"  # type: ignore[attr-defined]


async def test_a_match_whose_rules_are_not_migrated_is_abandoned(
    worker: Worker, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = await a_match_with(worker, 7)
    await worker.stop()

    class Other(Tally):
        version = 2

    monkeypatch.setitem(TITLES, Tally.title, Other)
    heir = await start()
    with pytest.raises(ProtocolError):
        await heir.locate(match)
    await ended(heir, match, "abandoned", "rules_changed")


async def test_a_match_that_ran_and_that_the_room_store_does_not_know_is_lost(
    worker: Worker, start: Start
) -> None:
    match = await a_match_with(worker, 7)
    lease = await worker.ledger.owner(match)
    assert lease is not None
    await worker.stop()
    heir = await start()
    owner = await heir.ledger.owner(match)
    assert owner is not None
    got = await heir.ledger.acquire(match, heir.id, owner.token)
    await heir.ledger.forget(match, got.token)
    await until(lambda: heir.beats.is_silent(worker.id))
    with pytest.raises(ProtocolError) as refused:
        await heir.locate(match)
    assert refused.value.code == Code.ROOM_LOST
    assert await status(heir, match) == ("abandoned", "room_lost")


async def test_what_a_former_owner_says_late_is_told_to_nobody(worker: Worker) -> None:
    told: list[object] = []

    class Listener:
        viewer, match, owner, welcomed, seat, encoding = "v", "m", "new", True, None, "json"

        def told(self, message: Tell) -> None:
            told.append(message.frame)

        def publish(self, frame: bytes, tick: int) -> None:
            told.append(frame)

    listener = Listener()
    worker.sockets["v"] = listener
    worker.watch(listener)
    for owner in ("old", "new"):
        said = owner.encode()
        for message in (
            Tell("v", said, owner=owner),
            Publish("m", "all", 1, {"json": said}, {}, owner),
        ):
            worker.courier.down(worker.id, message)
    await until(lambda: len(told) == 2)
    assert told == [b"new", b"new"]
    del worker.sockets["v"]


async def test_a_socket_that_its_client_left_does_not_take_the_seat_back(worker: Worker) -> None:
    """It asks again because the room moved, and nobody told it that its client has another one."""
    match = await a_match(worker)
    room = worker.rooms[match]
    left, later = attach("left", 0), attach("later", 0)
    left_again = attach("left", 0)
    left_again.again = True
    room.take(left)
    told = [await heard(worker)]
    room.take(later)
    told += [await heard(worker), await heard(worker)]
    room.take(left_again)
    told.append(await heard(worker))
    closed = [(one.viewer, one.close) for one in told]
    assert closed == [("left", None), ("left", 4503), ("later", None), ("left", 4503)]
    assert room.viewers.on(0).id == "later"
    other = attach("other", 0)
    other.again, other.session = True, "another session"
    room.take(other)
    assert (await heard(worker)).viewer == "later"
    assert (await heard(worker)).admits, "another client may"


async def test_a_socket_that_was_long_on_its_way_does_not_send_its_client_home(
    worker: Worker,
) -> None:
    """Its client gave it up, and came by another; then it is let in after all."""
    match = await a_match(worker)
    room = worker.rooms[match]
    told: list[Tell] = []

    async def arrives(viewer: str, visit: int) -> None:
        seen = attach(viewer, 0)
        seen.visit = visit
        room.take(seen)
        while not told or told[-1].viewer != viewer:
            told.append(await heard(worker))

    for viewer, visit in (("first", 0), ("later", 1), ("late", 1), ("later again", 2)):
        await arrives(viewer, visit)
    closed = {one.viewer: one.close for one in told if one.close}
    assert closed == {"first": 4409, "later": 4503, "late": 4409}
