"""A socket: a browser on one side, a room on the other."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings

from games.bucket import TokenBucket
from games.hosting.outbox import UNKNOWN, Outbox
from games.hosting.relay import (
    Ask,
    Attach,
    Detach,
    Quit,
    Say,
    Tell,
    Up,
)
from games.hosting.worker import Worker
from games.limits import (
    ATTACH_TRIES_MAX,
    ATTACH_WAIT_S,
    CLOSE_WAIT_S,
    FLOOD_WARNINGS_MAX,
    FOLLOW_PAUSE_S,
    FOLLOW_TRIES_MAX,
    HELLO_WAIT_S,
    MESSAGES_BURST_S,
    MESSAGES_PER_S_BASE,
    MESSAGES_PER_TICK,
    REPORT_BYTES_MAX,
)
from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.codes import Close, Code, ProtocolError, error_message
from games.protocol.messages import (
    SUBPROTOCOLS,
    VERSION,
    ClientMessage,
    Got,
    Hello,
    Input,
    Leave,
    Move,
    Ping,
    Pong,
    Resync,
    ServerMessage,
)
from games.sockets import Lane, SocketConsumer
from games.tickets import Pass, resume_read, ticket_read


class PlayerConsumer(SocketConsumer):
    """One socket: a browser on one side, a room on the other."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.viewer = secrets.token_hex(8)
        self.encoding: Encoding = "json"
        self.match = ""
        self.owner = ""
        self.welcomed = False
        self._was_in = False
        self._moving = False
        self.right: Pass | None = None
        self.outbox = Outbox(
            self._start_writing, self._silent, silent_s=settings.EVERTICK["SILENT_READER_S"]
        )
        self._attach: Attach | None = None
        self._attach_tries = 0
        self._tick = UNKNOWN  # the newest that this socket was told of
        self._close: int | None = None
        self._warnings = 0
        self._warned_at = -1.0
        self._timer: asyncio.TimerHandle | None = None
        self._cutter: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._lane: Lane | None = None  # of the server, if it offers one
        self._cut_line: Callable[[], None] | None = None

    @property
    def seat(self) -> int | None:
        """The seat that this socket has a right to; None for spectators."""
        return None if self.right is None else self.right.seat

    @property
    def person(self) -> int | None:
        """Whose account it is."""
        return None if self.right is None else self.right.user

    @property
    def grant(self) -> str:
        """The token or session that this socket came in with; empty: none that could end."""
        return "" if self.right is None else self.right.grant

    def opened(self) -> None:
        """The room's id stands in the path."""
        self.match = str(self.scope["url_route"]["kwargs"]["match"])

    # --- the socket ----------------------------------------------------------------------------

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Accept, and wait for the hello."""
        offered = self.scope.get("subprotocols", [])
        chosen = next((name for name in offered if name in SUBPROTOCOLS), None)
        self.encoding = SUBPROTOCOLS[chosen] if chosen else "json"
        await self.send({"type": "websocket.accept", "subprotocol": chosen})
        self._allow(0, self.loop.time())
        extensions = self.scope.get("extensions", {})
        self._lane, self._cut_line = extensions.get("evertick.lane"), extensions.get("evertick.cut")
        self.scope.clear()  # the router's copy of it, which would be kept as long as the socket
        if self._lane is not None:
            in_text = self.encoding == "json"
            self.outbox.direct = self._lane.write_text if in_text else self._lane.write
        self._timer = self.loop.call_later(
            HELLO_WAIT_S, self._fail, Code.HELLO_TIMEOUT, Close.TOO_SLOW
        )

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """One message from the browser."""
        try:
            if hello := self._hear(self._payload(message)):
                await self._hello(hello)
        except ProtocolError as error:
            self._fail(error.code, error.close)

    def _hear(self, payload: bytes | str) -> Hello | None:
        """Do what one message asks for; a hello takes time, and is the caller's to answer."""
        if self._close is not None:
            return None
        try:
            if self._bucket.take(self.loop.time()):
                return self._handle(codec.decode(payload, self.encoding))
            self._warn_flood()
            if len(payload) <= REPORT_BYTES_MAX:
                self._hear_report(codec.decode(payload, self.encoding))
        except ProtocolError as error:
            self._fail(error.code, error.close)
        return None

    def gone(self) -> None:
        """Stop what runs for this socket, and tell the room."""
        self.outbox.end()
        for running in (self._timer, self._cutter, self._writer):
            if running is not None:
                running.cancel()
        self._writer = None  # it knows this consumer, which would wait for a garbage collection
        if self._lane is not None:
            self._lane.sink = None
        self._close = self._close or int(Close.NORMAL)
        if self.worker.sockets.pop(self.viewer, None) is not None:
            self.worker.unwatch(self)
            self._post(Detach(self.viewer))

    def _hear_report(self, message: ClientMessage) -> None:
        """Even of one who is not heard otherwise: else it would look as if it received nothing."""
        if isinstance(message, Got):
            self._handle(message)

    def _payload(self, message: dict[str, Any]) -> bytes | str:
        text, binary = message.get("text"), message.get("bytes")
        payload = text if self.encoding == "json" else binary
        if payload is None:
            raise ProtocolError(Code.WRONG_ENCODING)
        return payload

    def _allow(self, hz: int, now: float) -> None:
        per_s = MESSAGES_PER_S_BASE + MESSAGES_PER_TICK * hz
        self._bucket = TokenBucket(per_s, per_s * MESSAGES_BURST_S, now)

    def _warn_flood(self) -> None:
        """Too many messages: the surplus is dropped; who goes on after warnings, one a second, is
        closed."""
        now = self.loop.time()
        if now < self._warned_at + 1:
            return
        self._warned_at = now
        self._warnings += 1
        if self._warnings > FLOOD_WARNINGS_MAX:
            return self._fail(Code.FLOOD, Close.FLOOD)
        self._tell(error_message(Code.FLOOD))

    # --- what the browser says -----------------------------------------------------------------

    def _handle(self, message: ClientMessage) -> Hello | None:
        if self.right is None:
            if isinstance(message, Hello):
                return message
            raise ProtocolError(Code.UNEXPECTED_MESSAGE)
        match message:
            case Input():  # nearly all of them
                self._input(message, self.right.seat)
            case Ping(n=n):
                self.outbox.offer(codec.frame(Pong(n=n), encoding=self.encoding))
            case Resync(tick=tick):
                self._post(Ask(self.viewer, tick))
            case Got(n=n):
                if not self.outbox.got(n):
                    raise ProtocolError(Code.UNEXPECTED_MESSAGE)
            case Leave():
                self._post(Quit(self.viewer))
            case Hello():
                raise ProtocolError(Code.UNEXPECTED_MESSAGE)
        return None

    def _input(self, message: Input, seat: int | None) -> None:
        if seat is None:
            self._tell(error_message(Code.SPECTATORS_SEND_NOTHING))
        else:
            self._post(Say(self.viewer, message.seq, message.data, message.seen))

    async def _hello(self, hello: Hello) -> None:
        if hello.v != VERSION:
            raise ProtocolError(Code.UNSUPPORTED_VERSION)
        if not self.worker.admits:
            raise ProtocolError(Code.SHUTTING_DOWN, Close.UNAVAILABLE)
        right = await self._admit(hello)
        self.owner = await self.worker.locate(self.match)
        if right.grant and await self.worker.has_ended(right.grant):
            raise ProtocolError(Code.SIGNED_OUT, Close.FORBIDDEN)
        if self._close is not None:
            return  # closed while we looked for the room
        self.right = right
        self.worker.sockets[self.viewer] = self
        self.worker.watch(self)
        self._attach = Attach(
            self.viewer,
            self.worker.id,
            self.encoding,
            right.seat,
            hello.session,
            right.name,
            right.user,
            right.visit,
            grant=right.grant,
        )
        self._ask_in()

    async def _admit(self, hello: Hello) -> Pass:
        """What the ticket or resume token gives the right to; the ticket is spent by this."""
        if hello.resume:
            right = resume_read(hello.resume, session=hello.session)
            invalid = Code.RESUME_INVALID
        else:
            right = ticket_read(hello.ticket)
            invalid = Code.TICKET_INVALID
        if right.match != self.match:
            raise ProtocolError(invalid, Close.UNAUTHORIZED)
        if right.nonce and not await self.worker.spend(right.nonce):
            raise ProtocolError(Code.TICKET_USED, Close.UNAUTHORIZED)
        return right

    def _ask_in(self) -> None:
        """Ask the room to let us in, until it answers: a message may be lost on its way."""
        if self.welcomed or self._close is not None or self._attach is None:
            return
        if self._attach_tries == ATTACH_TRIES_MAX:
            return self._fail(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
        self._wait_in()
        self._post(self._attach)
        self._attach.again = True

    def _wait_in(self) -> None:
        """Wait to be let in, and ask then."""
        if self._timer is not None:
            self._timer.cancel()
        wait_s = ATTACH_WAIT_S * 2**self._attach_tries
        self._attach_tries += 1
        self._timer = self.loop.call_later(wait_s, self._ask_in)

    def _post(self, message: Up) -> None:
        self.worker.post(self.match, self.owner, message)

    # --- what the room says --------------------------------------------------------------------

    def told(self, message: Tell) -> None:
        """The room tells this viewer something."""
        if UNKNOWN < message.tick < self._tick:
            return  # overtaken on its way: the reader would see time run back
        if message.admits and self._moving:
            return  # a second answer of a room that is not there any more
        self._tick = max(self._tick, message.tick)
        if message.admits and not self.welcomed:
            self._welcome(message.admits)
        if message.frame:
            self.outbox.put_now(message.frame, message.tick)
        if message.close is not None:
            self._end(message.close)

    def moved(self, owner: str, *, expected: bool = False) -> None:
        """The room has another owner now; this socket asks to be let in there, unless it is
        expected: then it asks only if it waits for long."""
        if self._close is not None or self.right is None or self._moving:
            return
        self.welcomed = False
        if expected:
            self.owner = owner
            self._attach_tries = 0
            self._wait_in()
        else:
            self._moving = True
            self.worker.spawn(self._follow(owner))

    async def _follow(self, owner: str) -> None:
        """Find the room where it is now, and go on there; the browser need not do anything."""
        for tries in range(FOLLOW_TRIES_MAX):
            try:
                self.owner = owner or await self.worker.locate(self.match)
                break
            except ProtocolError as error:
                if error.close != Close.UNAVAILABLE or tries == FOLLOW_TRIES_MAX - 1:
                    self._moving = False
                    return self._fail(error.code, error.close)
            await asyncio.sleep(FOLLOW_PAUSE_S)
        self._moving = False
        if self._close is None:
            self._attach_tries = 0
            self._ask_in()

    def ask_to_move(self) -> None:
        """Have the browser open another socket before this one closes, even while this one looks
        for its room. Who was never let in has no view to lose, and no token to come with."""
        if self._was_in:
            self._tell(Move())

    def catch_up(self) -> None:
        """Something for this socket was lost between its room and this worker."""
        self._caught_up(UNKNOWN)

    def publish(self, frame: bytes, tick: int) -> None:
        """Something changed in the room; ``tick`` is that of the shared view it leads to."""
        self._tick = max(self._tick, tick)
        self.outbox.put(frame, tick)

    def _welcome(self, hz: int) -> None:
        self.welcomed = self._was_in = True
        if self._lane is not None and self.encoding == "msgpack":
            self._lane.sink = self._hear
        self._allow(hz, self.loop.time())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def sign_out(self) -> None:
        """The token or session that this socket came in with ended."""
        self._fail(Code.SIGNED_OUT, Close.FORBIDDEN)

    # --- out -----------------------------------------------------------------------------------

    def _start_writing(self) -> None:
        self._writer = self.loop.create_task(self._write())

    async def _write(self) -> None:
        """Write what may be written; after the last, close."""
        if await self.outbox.run(self._write_frame, self._caught_up):
            await self.send({"type": "websocket.close", "code": self._close})
        else:
            self._writer = None

    async def _write_frame(self, frame: bytes) -> None:
        if self.encoding == "json":
            await self.send({"type": "websocket.send", "text": frame.decode()})
        else:
            await self.send({"type": "websocket.send", "bytes": frame})

    def _caught_up(self, tick: int) -> None:
        """This reader fell behind, and takes frames again: what it missed since ``tick``."""
        self._post(Ask(self.viewer, tick))

    def _silent(self) -> None:
        """This reader does not say that it receives anything; as a new socket it may."""
        self._fail(Code.TOO_SLOW, Close.TOO_SLOW)

    def _tell(self, message: ServerMessage) -> None:
        self.outbox.put_now(codec.frame(message, encoding=self.encoding))

    def _fail(self, code: Code, close: Close) -> None:
        """Say what went wrong, and close."""
        if self._close is None:
            self._tell(error_message(code))
            self._end(close)

    def _end(self, close: int) -> None:
        if self._close is None:
            self._close = int(close)
            self.outbox.end()
            self._cutter = self.loop.call_later(CLOSE_WAIT_S, self._cut)

    def _cut(self) -> None:
        """The peer takes nothing, not even our close: its server lets go of it, if it offers to."""
        if self._cut_line is not None:
            self._cut_line()
