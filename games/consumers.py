"""The two Channels consumers: ``RoomConsumer``, one a live room; ``PlayerConsumer``, one a socket.

The room holds the authoritative state and its tick. The socket checks size, shape, seat and rate,
forwards and sends; what an input means is for the room. In one process they meet directly, else
over the channel layer. Neither goes through Channels' stock dispatch (``games.sockets`` says why),
nor touches the ORM.
"""

import asyncio
import logging
import secrets
import traceback
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from channels.utils import await_many_dispatch
from django.db import Error as DatabaseError

from games import services
from games.bucket import TokenBucket
from games.catalog import TITLES
from games.hosting.clock import SteadyClock
from games.hosting.fanout import Fanout, Viewer
from games.hosting.outbox import Outbox
from games.hosting.relay import (
    Ask,
    Attach,
    Detach,
    End,
    Quit,
    Remove,
    Say,
    Tell,
    Up,
    decode_up,
)
from games.hosting.worker import Worker
from games.limits import (
    ATTACH_TRIES_MAX,
    ATTACH_WAIT_S,
    FLOOD_WARNINGS_MAX,
    HELLO_WAIT_S,
    LINGER_S,
    MESSAGES_BURST_S,
    MESSAGES_PER_S_BASE,
    MESSAGES_PER_TICK,
    VIEWERS_PER_ROOM_MAX,
)
from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.codes import Close, Code, ProtocolError, error_message
from games.protocol.messages import (
    SUBPROTOCOLS,
    VERSION,
    ClientMessage,
    Hello,
    Input,
    Leave,
    Ping,
    Pong,
    Resync,
    ServerMessage,
    Welcome,
)
from games.rooms import Room, RulesFault
from games.sim import Outcome
from games.sockets import SocketConsumer
from games.tickets import Pass, resume_issue, resume_read, ticket_read

logger = logging.getLogger(__name__)

RECORD_TRIES_MAX = 5
"""How often the end of a match is written, a second longer apart each time, before it is left to
the sweep; a database that restarts is away for a few seconds."""


class RoomConsumer(AsyncConsumer):
    """One match, live, in this worker."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Run the room of ``scope["spec"]`` until a ``room.close`` comes."""
        self.worker: Worker = scope["worker"]
        self.spec: services.RoomSpec = scope["spec"]
        self.match: str = scope["match"]
        self.viewers = Fanout(self.match, self.worker)
        self.loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._stopped = False
        try:
            self.room = self._make_room()
        except Exception as error:
            logger.exception("match %s does not start", self.match)
            return await self._record_fault(_fault_text(error))
        self._start()
        await send({"type": "room.ready"})
        listen = partial(self.worker.layer.receive, scope["channel"])
        try:
            await await_many_dispatch([receive, listen], self.dispatch)
        except StopConsumer:
            pass
        except Exception as error:  # noqa: BLE001 - players must not wait for a room that is gone
            self._fault(error)
        finally:
            self._stop()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels' own, without its hop through the shared thread."""
        await getattr(self, get_handler_name(message))(message)

    async def room_up(self, message: dict[str, Any]) -> None:
        """Something from another worker; if it runs another version, perhaps nothing we know."""
        try:
            said = decode_up(message["body"])
        except msgspec.DecodeError as error:
            logger.warning("match %s was sent something unknown: %s", self.match, error)
        else:
            self.take(said)

    async def room_close(self, message: dict[str, Any]) -> None:
        """The room is over, and everybody was told."""
        raise StopConsumer

    def _make_room(self) -> Room:
        return Room(
            TITLES[self.spec.title](),
            seed=self.spec.seed,
            settings=self.spec.settings,
            seats=self.spec.seats,
            bot_seed=secrets.randbits(63),
        )

    # --- what arrives --------------------------------------------------------------------------

    def take(self, message: Up) -> None:
        """Something arrives, from a socket here or elsewhere; it never waits."""
        if self._stopped:
            return
        try:
            self._take(message)
        except Exception as error:  # noqa: BLE001 - a view that cannot be encoded, say
            self._fault(error)
        else:
            # A room that ticks by the clock has its timer set already.
            if self.room.waiting and (self.room.outcome or not self.room.game.realtime):
                self._schedule()

    def _take(self, message: Up) -> None:
        match message:
            case Say(viewer_id, seq, data):
                self._say(self.viewers.get(viewer_id), seq, data)
            case Ask(viewer_id, tick):
                self._ask(self.viewers.get(viewer_id), tick)
            case Attach():
                self._attach(message)
            case Detach(viewer_id):
                self._detach(self.viewers.get(viewer_id))
            case Quit(viewer_id):
                self._quit(self.viewers.get(viewer_id))
            case Remove(seat, why):
                self._remove(seat, why)
            case End():
                self._end()

    def _attach(self, attach: Attach) -> None:
        viewer = self.viewers.get(attach.viewer)
        if viewer is None:
            viewer = Viewer(
                attach.viewer, attach.gateway, attach.encoding, attach.seat, attach.session
            )
            if refused := self._refusal(viewer):
                code, close = refused
                return self.viewers.tell(viewer, error_message(code), close=close)
            self._admit(viewer)
        settled = 0
        if viewer.seat is not None:
            settled = self.room.connect(viewer.seat, viewer.session, attach.name)
        self.viewers.tell(
            viewer,
            self._welcome(attach, settled),
            *self._everything(viewer),
            admits=self.room.game.tick_hz,
        )

    def _refusal(self, viewer: Viewer) -> tuple[Code, Close] | None:
        if viewer.seat is not None and (code := self.room.closed_to(viewer.seat)):
            return code, Close.FORBIDDEN
        if len(self.viewers) >= VIEWERS_PER_ROOM_MAX and self._older(viewer) is None:
            return Code.ROOM_FULL, Close.UNAVAILABLE
        return None

    def _admit(self, viewer: Viewer) -> None:
        """A new viewer; of two on one seat the newer wins, and the older is told so."""
        if older := self._older(viewer):
            self.viewers.tell(older, error_message(Code.SEAT_REPLACED), close=Close.REPLACED)
        self.viewers.add(viewer)

    def _older(self, viewer: Viewer) -> Viewer | None:
        """Who is on the same seat already."""
        return None if viewer.seat is None else self.viewers.on(viewer.seat)

    def _welcome(self, attach: Attach, settled: int) -> Welcome:
        right = Pass(match=self.match, seat=attach.seat, user=attach.user, name=attach.name)
        game = self.room.game
        return Welcome(
            v=VERSION,
            match=self.match,
            title=game.title,
            seat=attach.seat,
            hz=game.tick_hz,
            realtime=game.realtime,
            time=self.room.time + (0 if game.realtime else self.clock.passed(self.loop.time())),
            settings=self.room.settings,
            settled=settled,
            resume=resume_issue(right=right, session=attach.session),
        )

    def _everything(self, viewer: Viewer) -> list[ServerMessage]:
        if viewer.seat is None:
            return [self.room.snapshot()]
        return [self.room.own_snapshot(viewer.seat, viewer.session), self.room.snapshot()]

    def _say(self, viewer: Viewer | None, seq: int, data: Any) -> None:
        if viewer is None or viewer.seat is None:
            return
        again = self.room.offer(viewer.seat, seq, data)
        if again is not None:
            self.viewers.tell(viewer, again)

    def _ask(self, viewer: Viewer | None, tick: int) -> None:
        if viewer is None:
            return
        caught_up = self.room.catch_up(tick)
        shared = caught_up if isinstance(caught_up, list) else [caught_up]
        own = [] if viewer.seat is None else [self.room.own_snapshot(viewer.seat, viewer.session)]
        if own or shared:
            self.viewers.tell(viewer, *own, *shared)

    def _quit(self, viewer: Viewer | None) -> None:
        if viewer is not None and viewer.seat is not None:
            self.room.vacate(viewer.seat, "left")

    def _remove(self, seat: int, why: str) -> None:
        """An order that may come more than once: by message, and by the sweep of rows."""
        place = self.room.places.get(seat)
        if place is not None and place.status != "gone":
            self.room.vacate(seat, why)

    def _detach(self, viewer: Viewer | None) -> None:
        if viewer is None:
            return
        self.viewers.remove(viewer)
        if viewer.seat is not None:
            self.room.disconnect(viewer.seat)

    def gateways(self) -> set[str]:
        """The other workers that keep sockets of this room's viewers."""
        return self.viewers.gateways()

    def gateway_lost(self, gateway: str) -> None:
        """That worker is dead, and the sockets it kept are gone."""
        for viewer in self.viewers.by_gateway(gateway):
            self.take(Detach(viewer.id))

    # --- the tick ------------------------------------------------------------------------------

    def _start(self) -> None:
        realtime = self.room.game.realtime
        hz = self.room.game.tick_hz
        limit = {} if realtime else {"catch_up_max": None}  # thinking time is never dropped
        self.clock = SteadyClock(hz, self.loop.time(), **limit)
        self.worker.rooms[self.match] = self
        self._schedule()

    def _schedule(self) -> None:
        """Set the one timer to the next time at which this room must tick."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._stopped:
            return
        if self.room.waiting and (self.room.outcome or not self.room.game.realtime):
            self._timer = self.loop.call_soon(self._on_time, self.loop.time())
            return
        due = 1 if self.room.game.realtime and not self.room.outcome else self.room.due()
        if due is not None:
            at = self.clock.at(due)
            self._timer = self.loop.call_at(at, self._on_time, at)

    def _on_time(self, due_at: float) -> None:
        now = self.loop.time()
        dropped = self.clock.dropped
        passed = self.clock.take(now)
        self.worker.meter.tick(now - due_at, self.clock.dropped - dropped)
        try:
            if self.room.game.realtime and not self.room.outcome:
                for _ in range(passed):
                    self._tick(1)
                    if self.room.outcome:
                        break
            else:
                self._tick(0 if self.room.outcome else passed)
        except Exception as error:  # noqa: BLE001 - a bug in rules must not reach other rooms
            return self._fault(error)
        self._schedule()

    def _tick(self, elapsed: int) -> None:
        was_over = self.room.outcome is not None
        tick = self.room.tick(elapsed)
        self.viewers.publish(tick)
        for seat, why in tick.vacated.items():
            self._dismiss(seat, why)
        if self.room.outcome and not was_over:
            self._over(self.room.outcome)

    def _dismiss(self, seat: int, why: str) -> None:
        """The seat was given up; whoever is still on it has nothing to do here."""
        viewer = self.viewers.on(seat)
        if viewer is None:
            return
        if why == "kicked":
            self.viewers.tell(viewer, error_message(Code.KICKED), close=Close.FORBIDDEN)
        else:
            self.viewers.tell(viewer, close=Close.NORMAL)

    # --- the end -------------------------------------------------------------------------------

    def shut(self, code: Code, close: Close) -> None:
        """Tell everybody why this room stops now, and stop."""
        self._stop()
        self.viewers.tell_all(error_message(code), close=close)
        self.worker.close_room(self.match)

    def _stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _over(self, outcome: Outcome) -> None:
        """The match was played to its end; the room stays a while for those who come late."""
        finish = partial(
            services.match_finish,
            match_id=UUID(self.match),
            worker=self.worker.id,
            outcome=outcome,
        )
        self.worker.spawn(self._record(finish))
        self.loop.call_later(LINGER_S, self._leave)

    def _leave(self) -> None:
        if not self._stopped:
            self._stop()
            self.viewers.tell_all(close=Close.NORMAL)
            self.worker.close_room(self.match)

    def _end(self) -> None:
        """An operator ended the match."""
        if self.room.outcome:
            return
        abandon = partial(
            services.match_abandon,
            match_ids=[UUID(self.match)],
            worker=self.worker.id,
            reason="ended_by_operator",
        )
        self.worker.spawn(self._record(abandon))
        self.shut(Code.MATCH_ENDED, Close.NORMAL)

    def _fault(self, error: Exception) -> None:
        """The rules failed: this room stops at its last tick, all others go on."""
        logger.error("match %s stops: %s", self.match, error, exc_info=error)
        self.worker.spawn(self._record_fault(_fault_text(error)))
        self.shut(Code.ROOM_FAULTED, Close.FAULTED)

    async def _record_fault(self, text: str) -> None:
        fault = partial(
            services.match_fault,
            match_id=UUID(self.match),
            worker=self.worker.id,
            traceback=text,
        )
        await self._record(fault)

    async def _record(self, write: Any) -> None:
        """Write how the match ended; a database that is away for a moment is asked again."""
        for tries in range(RECORD_TRIES_MAX):
            try:
                if not await self.worker.records.call(write):
                    logger.warning("match %s was not ours to close any more", self.match)
                return
            except DatabaseError:
                logger.exception("match %s could not be recorded", self.match)
                await asyncio.sleep(tries + 1)


def _fault_text(error: Exception) -> str:
    """What an operator sees: the traceback, and what entered at the tick that failed."""
    text = "".join(traceback.format_exception(error))
    if isinstance(error, RulesFault):
        text += f"\nThe record of this tick: {msgspec.json.encode(error.record).decode()}\n"
    return text


class PlayerConsumer(SocketConsumer):
    """One socket: a browser on one side, a room on the other."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.viewer = secrets.token_hex(8)
        self.encoding: Encoding = "json"
        self.match = ""
        self.owner = ""
        self.welcomed = False
        self.right: Pass | None = None
        self.outbox = Outbox()
        self._attach: Attach | None = None
        self._attach_tries = 0
        self._close: int | None = None
        self._warnings = 0
        self._warned_at = -1.0
        self._timer: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None

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
        self._timer = self.loop.call_later(
            HELLO_WAIT_S, self._fail, Code.HELLO_TIMEOUT, Close.SLOW_HELLO
        )
        self._writer = self.loop.create_task(self._write())

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """One message from the browser."""
        if self._close is not None:
            return
        try:
            if not self._bucket.take(self.loop.time()):
                return self._warn_flood()
            await self._handle(codec.decode(self._payload(message), self.encoding))
        except ProtocolError as error:
            self._fail(error.code, error.close)

    def gone(self) -> None:
        """Stop what runs for this socket, and tell the room."""
        if self._timer is not None:
            self._timer.cancel()
        if self._writer is not None:
            self._writer.cancel()
        self._close = self._close or int(Close.NORMAL)
        if self.worker.sockets.pop(self.viewer, None) is not None:
            self.worker.unwatch(self)
            self._post(Detach(self.viewer))

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

    async def _handle(self, message: ClientMessage) -> None:
        if isinstance(message, Hello):
            return await self._hello(message)
        if self.right is None:
            raise ProtocolError(Code.UNEXPECTED_MESSAGE)
        if isinstance(message, Input):
            return self._input(message)
        match message:
            case Ping(n=n):
                self._tell(Pong(n=n))
            case Resync(tick=tick):
                self._post(Ask(self.viewer, tick))
            case Leave():
                self._post(Quit(self.viewer))

    def _input(self, message: Input) -> None:
        assert self.right is not None
        if self.right.seat is None:
            self._tell(error_message(Code.SPECTATORS_SEND_NOTHING))
        else:
            self._post(Say(self.viewer, message.seq, message.data))

    async def _hello(self, hello: Hello) -> None:
        if self.right is not None:
            raise ProtocolError(Code.UNEXPECTED_MESSAGE)
        if hello.v != VERSION:
            raise ProtocolError(Code.UNSUPPORTED_VERSION)
        right = await self._admit(hello)
        self.owner = await self.worker.locate(self.match)
        if self._close is not None:
            return  # closed while we looked for the room
        self.right = right
        self.worker.sockets[self.viewer] = self
        if self.owner != self.worker.id:
            self.worker.watch(self)
        self._attach = Attach(
            self.viewer,
            self.worker.id,
            self.encoding,
            right.seat,
            hello.session,
            right.name,
            right.user,
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
        if self._timer is not None:
            self._timer.cancel()
        if self.welcomed or self._close is not None or self._attach is None:
            return
        if self._attach_tries == ATTACH_TRIES_MAX:
            return self._fail(Code.ROOM_UNREACHABLE, Close.UNAVAILABLE)
        self._attach_tries += 1
        self._timer = self.loop.call_later(ATTACH_WAIT_S, self._ask_in)
        self._post(self._attach)

    def _post(self, message: Up) -> None:
        self.worker.post(self.match, self.owner, message)

    # --- what the room says --------------------------------------------------------------------

    def told(self, message: Tell) -> None:
        """The room tells this viewer something."""
        if message.admits and not self.welcomed:
            self._welcome(message.admits)
        if message.frame:
            self.outbox.put_now(message.frame)
        if message.close is not None:
            self._end(message.close)

    def publish(self, frame: bytes) -> None:
        """Something changed in the room."""
        self.outbox.put(frame)

    def _welcome(self, hz: int) -> None:
        self.welcomed = True
        self._allow(hz, self.loop.time())
        if self._timer is not None:
            self._timer.cancel()

    # --- out -----------------------------------------------------------------------------------

    async def _write(self) -> None:
        """Write what waits, to the end; then close."""
        await self.outbox.run(self._write_frame, self._caught_up)
        await self.send({"type": "websocket.close", "code": self._close})

    async def _write_frame(self, frame: bytes) -> None:
        if self.encoding == "json":
            await self.send({"type": "websocket.send", "text": frame.decode()})
        else:
            await self.send({"type": "websocket.send", "bytes": frame})

    def _caught_up(self) -> None:
        """This reader fell behind, and takes frames again: one snapshot brings it back."""
        self._post(Ask(self.viewer, -1))

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
