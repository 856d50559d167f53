"""What rooms and sockets say to each other, in one process or over the channel layer.

Up, from a socket to its room: ``Attach``, ``Say``, ``Ask``, ``Quit``, ``Detach``; from operators
and lobbies: ``End``, ``Remove``; from a worker for its sockets: ``Check``. Down, from a room to the
sockets of one worker: ``Tell`` (one viewer) and ``Publish`` (all viewers of the room, one message a
tick and worker). ``Moved`` comes from whoever runs the room from now on, or from who gave it up.

The layer may lose any of them. What is told names what it builds on, what is said is numbered,
``Attach`` is repeated until it is answered, and what is said down is counted.

Each worker listens on one channel, for its sockets, for its rooms, and for itself. What goes there
from one worker goes in letters, in the order in which it was said: so a socket's last input is not
overtaken by the word that it is gone. A message through the layer costs both workers more than all
they do with an input, so an input waits a little for others, of whichever rooms, and they are one
message; nothing else waits, and what need not wait takes with it what waits.

Rooms in real time tick at even moments (``PHASE_S``) of their worker's clock. Each letter says how
long ago the last of them was, so inputs leave just before the next one, and wait for no more than
they would have waited there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from typing import Any, Literal, Protocol

import msgspec
from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer
from redis.exceptions import RedisError

from games.hosting.ledger import Lease
from games.limits import (
    COURIER_MESSAGES_MAX,
    COURIER_WORKERS_MAX,
    LAYER_RETRY_S,
    LETTER_EARLY_S,
    LETTER_INPUTS_MAX,
    LETTER_MESSAGES_MAX,
    LETTER_PAUSE_S,
    PHASE_S,
)
from games.protocol.codec import Encoding
from games.services import RoomSpec

logger = logging.getLogger(__name__)

LAYER_ERRORS = (RedisError, OSError, RuntimeError)
"""What a layer raises that cannot be reached; uvloop has a RuntimeError of its own for a connection
that was reset while nobody looked."""


class _Message(msgspec.Struct, tag=str.lower, tag_field="t", array_like=True):
    pass


# --- up ----------------------------------------------------------------------------------------


class Attach(_Message):
    """A socket wants to see the room, from its ``seat`` or as a spectator (None).

    Attributes:
        gateway: The worker that keeps the socket.
        visit: As in its pass.
        again: Whether it asked before.
        grant: As in its pass.
    """

    viewer: str
    gateway: str
    encoding: Encoding
    seat: int | None
    session: str
    name: str
    user: int
    visit: int = 0
    again: bool = False
    grant: str = ""


class Say(_Message):
    """An input of the viewer's seat."""

    viewer: str
    seq: int
    data: Any
    seen: int = -1


class Ask(_Message):
    """The viewer lacks what came after this tick."""

    viewer: str
    tick: int


class Check(_Message):
    """What a worker has heard of the room, for its sockets, should be all.

    Attributes:
        heard: The number of the last that came.
        viewers: Those that were let in.
    """

    gateway: str
    heard: int
    viewers: list[str]


class Quit(_Message):
    """The viewer gives its seat up."""

    viewer: str


class Detach(_Message):
    """The viewer's socket is gone."""

    viewer: str


class End(_Message):
    """An operator ends the match."""


class Remove(_Message):
    """A seat is given up, by way of the lobby: ``left`` or ``kicked``."""

    seat: int
    why: str


Up = Attach | Say | Ask | Check | Quit | Detach | End | Remove


class ForRoom(_Message):
    """Something for a room that the worker which hears this runs."""

    match: str
    said: Up


Said = tuple[str, str, int, Any, int]
"""An input on its way: its match, and what ``Say`` has."""


class Inputs(_Message):
    """What many viewers say to the rooms of the worker that hears this, in that order."""

    said: list[Said]


# --- down --------------------------------------------------------------------------------------


class Tell(_Message):
    """A frame for one viewer.

    Attributes:
        admits: Where it admits the viewer, who is told what is published from here on: periods a
            second of the title, else 0.
        close: Code to close the socket with, after the frame.
        tick: Of the shared view that the frame leads to; -1 if to none.
        owner: The worker whose room says it. It may be late, and the socket look at another's.
        number: Which of what the room says to the sockets of that worker it is, from 1 on.
    """

    viewer: str
    frame: bytes
    admits: int = 0
    close: int | None = None
    tick: int = -1
    owner: str = ""
    number: int = 0


To = Literal["all", "players", "spectators"]


class Publish(_Message):
    """What changed, for all viewers of a room, or for those of one kind.

    Attributes:
        to: ``all``, ``players`` or ``spectators``.
        tick: Of the shared part; -1 without one.
        shared: By encoding; empty where only seats are told something.
        own: By viewer: goes before the shared part, in one frame.
        owner: As in ``Tell``.
        number: As in ``Tell``.
    """

    match: str
    to: To
    tick: int
    shared: dict[str, bytes]
    own: dict[str, bytes]
    owner: str = ""
    number: int = 0

    def reaches(self, seat: int | None) -> bool:
        """Whether it is for a viewer on this seat, or for spectators (None)."""
        return reaches(self.to, seat)


def reaches(to: To, seat: int | None) -> bool:
    """Whether what is for ``to`` is for a viewer on this seat, or for spectators (None)."""
    return to == "all" or (to == "spectators") == (seat is None)


class Moved(_Message):
    """A room runs in another worker now: its id, or nothing where it has to be found.

    Attributes:
        viewers: Sockets that the owner knows of, and lets in without being asked.
    """

    match: str
    owner: str
    viewers: list[str] = []


# --- between workers ---------------------------------------------------------------------------


class Where(_Message):
    """A worker that runs no rooms asks one that does to find this one, or to open it."""

    match: str
    asker: str


class Found(_Message):
    """The answer: who runs it, or why nobody does.

    Attributes:
        code: As a ``Code``; empty where there is an owner.
        close: As a ``Close``.
    """

    match: str
    owner: str
    code: str = ""
    close: int = 0


class Run(_Message):
    """This room was given up, and is to go on at the worker that hears this.

    Attributes:
        tried: Workers whose rules cannot go on with it.
        last: Who gave it up, and can take it back for a while if nobody else can run it.
        lease: Of the worker that hears this, which who gave the room up acquired for it; None: it
            is free.
        spec: What the match's row says, which names the worker that hears this; None: that is to
            be asked.
        viewers: Who looked on.
    """

    match: str
    tried: list[str]
    last: str
    lease: Lease | None = None
    spec: RoomSpec | None = None
    viewers: list[Attach] = []


class Leaving(_Message):
    """This worker takes no rooms any more."""

    worker: str


class Ended(_Message):
    """Tokens or sessions ended: whoever came in with one of these grants goes."""

    grants: list[str]


Down = Tell | Publish | Moved | Where | Found | Run | Leaving | Ended

Word = ForRoom | Inputs | Down
"""What one worker says to another."""

_encode = msgspec.msgpack.Encoder().encode
_word: msgspec.msgpack.Decoder[Word] = msgspec.msgpack.Decoder(Word)
_words: msgspec.msgpack.Decoder[list[Word]] = msgspec.msgpack.Decoder(list[Word])
_parts: msgspec.msgpack.Decoder[list[msgspec.Raw]] = msgspec.msgpack.Decoder(list[msgspec.Raw])


class Socket(Protocol):
    """What a room of the same process knows of a socket."""

    encoding: Encoding

    def told(self, message: Tell) -> None:
        """This viewer alone is told something."""

    def moved(self, owner: str, *, expected: bool = False) -> None:
        """The room has another owner now; its id, or nothing where it has to be found.

        Args:
            expected: Whether that owner lets this socket in without being asked.
        """

    def ask_to_move(self) -> None:
        """This worker stops: the client may open another socket before this one closes."""

    def publish(self, frame: bytes, tick: int) -> None:
        """Something changed; ``tick`` is that of the shared view it leads to, -1 if to none."""


def worker_channel(worker: str) -> str:
    """The layer channel of a worker: of its rooms, of its sockets, and of itself."""
    return f"worker.{worker}"


async def hear(layer: BaseChannelLayer, channel: str) -> dict[str, Any]:
    """The next message on a channel, however long the layer is away meanwhile."""
    while True:
        try:
            return await layer.receive(channel)
        except LAYER_ERRORS as error:
            logger.warning("no word from other workers: %r", error)
            await asyncio.sleep(LAYER_RETRY_S)
            await _forget(layer, channel)


async def _forget(layer: BaseChannelLayer, channel: str) -> None:
    """Have the layer subscribe anew.

    channels-redis holds a channel for subscribed when it has tried, and would wait on it for ever;
    it forgets one whose receiver is cancelled.
    """
    receiver = asyncio.ensure_future(layer.receive(channel))
    await asyncio.sleep(0)
    receiver.cancel()
    await asyncio.gather(receiver, return_exceptions=True)


def opened(body: bytes) -> list[Word]:
    """The messages of a letter. What a worker of another version says, and this one does not
    understand, is left out."""
    try:
        return _words.decode(body)
    except msgspec.DecodeError:
        return list(_understood(body))


def _understood(body: bytes) -> Iterator[Word]:
    try:
        parts = _parts.decode(body)
    except msgspec.DecodeError as error:
        return logger.warning("a letter of another worker cannot be read: %s", error)
    for part in parts:
        try:
            yield _word.decode(part)
        except msgspec.DecodeError as error:
            logger.warning("another worker said something unknown: %s", error)


PHASE_WEIGHT = 0.05
"""Of what a letter says about the moments at which rooms tick, beside the letters before it."""


class _Bag:
    """What waits for one worker, in order. Inputs that follow each other are one message.

    Attributes:
        waiting: How many messages, where each input is one.
        timer: When the inputs in it leave at the latest.
        left_at: When the last letter did.
    """

    __slots__ = ("_inputs", "_phase", "_words", "left_at", "timer", "waiting")

    def __init__(self) -> None:
        self._words: deque[msgspec.Raw | Inputs] = deque()
        self._inputs: list[Said] | None = None  # the last of the words, if more may be added
        self._phase: float | None = None  # by our clock, a moment at which rooms there tick
        self.waiting = 0
        self.timer: asyncio.TimerHandle | None = None
        self.left_at = float("-inf")

    def put(self, message: Word) -> None:
        """Add a message as it is now."""
        self._words.append(msgspec.Raw(_encode(message)))
        self._inputs = None
        self.waiting += 1

    def put_input(self, said: Said) -> None:
        """Add an input."""
        if self._inputs is None or len(self._inputs) == LETTER_INPUTS_MAX:
            self._inputs = []
            self._words.append(Inputs(self._inputs))
        self._inputs.append(said)
        self.waiting += 1

    def drop(self) -> None:
        """Lose the oldest."""
        first = self._words[0]
        if isinstance(first, Inputs):
            del first.said[0]
        if not (isinstance(first, Inputs) and first.said):
            self._words.popleft()
        if not self._words:
            self._inputs = None
        self.waiting -= 1

    def letter(self) -> tuple[bytes, int]:
        """What may be on its way at once, and how many messages that is; it waits no more."""
        words = [self._words.popleft() for _ in range(min(len(self._words), LETTER_MESSAGES_MAX))]
        count = sum(len(word.said) if isinstance(word, Inputs) else 1 for word in words)
        self.waiting -= count
        if not self._words:
            self._inputs = None
        return _encode(words), count

    def heard(self, now: float, since: float) -> None:
        """Rooms there ticked so long before this was sent to us."""
        phase = now - since
        if self._phase is None:
            self._phase = phase
        else:  # some letters are late, and clocks are coarse: in the middle they are right
            off = (phase - self._phase + PHASE_S / 2) % PHASE_S - PHASE_S / 2
            self._phase += off * PHASE_WEIGHT

    def leaves_at(self, now: float) -> float:
        """When an input that is added now goes."""
        if now >= self.left_at + LETTER_PAUSE_S:
            return now
        if self._phase is None:
            return self.left_at + LETTER_PAUSE_S
        return now + (self._phase - LETTER_EARLY_S - now) % PHASE_S


class Courier:
    """Carries messages to other workers, in order, without anybody waiting for it. What waits for
    the same worker goes in one letter.

    Inputs alone wait: where anything left in the last ``LETTER_PAUSE_S``, until rooms there are
    about to tick, or for the rest of the pause if that is not known. So where little is said they
    go at once, and where much is said their letters are few.

    When more wait than it may hold, the oldest are dropped and counted: whoever lacks them asks.
    """

    def __init__(self, layer: BaseChannelLayer, worker: str = "") -> None:
        """Begin, for the worker of that id, which may be none yet."""
        self._layer = layer
        self._worker = worker
        self._bags: dict[str, _Bag] = {}
        self._ready: dict[str, _Bag] = {}  # those of which a letter goes now
        self._go = asyncio.Event()
        self.dropped = 0

    def up(self, owner: str, match: str, message: Up) -> None:
        """Send something to a room that ``owner`` runs."""
        if isinstance(message, Say):
            self._put_input(owner, match, message)
        else:
            self._put(owner, ForRoom(match, message))

    def down(self, worker: str, message: Down) -> None:
        """Send something to the sockets of another worker, or to the worker itself."""
        self._put(worker, message)

    def heard(self, worker: str, since: float) -> None:
        """A letter came, which left so long after a moment at which rooms of its worker tick."""
        if bag := self._bags.get(worker):
            bag.heard(asyncio.get_running_loop().time(), since)

    def _put(self, worker: str, message: Word) -> None:
        bag = self._bag(worker)
        bag.put(message)
        self._leaves(worker, bag)

    def _put_input(self, worker: str, match: str, said: Say) -> None:
        bag = self._bag(worker)
        bag.put_input((match, said.viewer, said.seq, said.data, said.seen))
        if bag.timer is None:
            loop = asyncio.get_running_loop()
            now = loop.time()
            if (at := bag.leaves_at(now)) > now:
                bag.timer = loop.call_at(at, self._leaves, worker, bag)
            else:
                self._leaves(worker, bag)

    def _bag(self, worker: str) -> _Bag:
        """That of a worker, with a place for one more."""
        bag = self._bags.get(worker)
        if bag is None:
            if len(self._bags) >= COURIER_WORKERS_MAX:
                self._forget()
            bag = self._bags[worker] = _Bag()
        if bag.waiting == COURIER_MESSAGES_MAX:
            bag.drop()
            self.dropped += 1
        return bag

    def _forget(self) -> None:
        """Let go of workers for which nothing waits: most of them are gone."""
        self._bags = {worker: bag for worker, bag in self._bags.items() if bag.waiting}

    def _leaves(self, worker: str, bag: _Bag) -> None:
        self._ready[worker] = bag
        self._go.set()

    async def run(self) -> None:
        """Carry, until cancelled."""
        while True:
            await self._go.wait()
            self._go.clear()
            ready, self._ready = self._ready, {}
            for worker, bag in ready.items():
                if bag.waiting:
                    await self._carry(worker, bag)

    async def _carry(self, worker: str, bag: _Bag) -> None:
        """Take a letter to its worker, and come back for what else waits."""
        if bag.timer is not None:
            bag.timer.cancel()
            bag.timer = None
        bag.left_at = now = asyncio.get_running_loop().time()
        body, count = bag.letter()
        if bag.waiting:
            self._leaves(worker, bag)
        letter = {
            "type": "worker.letter",
            "from": self._worker,
            "since": now % PHASE_S,
            "body": body,
        }
        try:
            await self._layer.send(worker_channel(worker), letter)
        except (ChannelFull, *LAYER_ERRORS) as error:
            self.dropped += count
            logger.warning("%d messages to a worker were lost: %r", count, error)
