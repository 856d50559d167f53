"""A live room: it holds the authoritative state, ticks it, and tells who looks on.

What speaks of the state is told by way of the room's keeper, behind the tick that it speaks of.
"""

import asyncio
import logging
import secrets
import traceback
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zlib import crc32

import msgspec
from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from django.db import Error as DatabaseError
from django.utils import timezone

from games import services
from games.catalog import TITLES
from games.hosting.archive import ArchiveUnavailable
from games.hosting.clock import SteadyClock
from games.hosting.fanout import Fanout, Viewer
from games.hosting.keeper import Keeper
from games.hosting.ledger import LedgerError, Loaded
from games.hosting.outbox import UNKNOWN
from games.hosting.relay import (
    Ask,
    Attach,
    Check,
    Detach,
    End,
    Moved,
    Quit,
    Remove,
    Run,
    Say,
    Up,
)
from games.hosting.worker import Worker
from games.limits import (
    LINGER_S,
    PHASE_S,
    SLEEP_AFTER_S,
    SLEEP_DUE_S,
    VIEWERS_PER_ROOM_MAX,
)
from games.protocol.codes import Close, Code, error_message
from games.protocol.messages import (
    VERSION,
    ServerMessage,
    Welcome,
)
from games.rooms import Room, RulesFault, Tick, WrongRules, rules_of
from games.rooms.journal import go_on, read_tick
from games.sim import Outcome
from games.tickets import Pass, resume_issue

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
        self._sleeper: asyncio.TimerHandle | None = None
        self._arriving: list[Callable[[], None]] = []  # are let in behind the next tick
        self._at_tick: asyncio.Future[None] | None = None  # for who waits for a tick
        self._stopped = False
        self._missed = False  # whether something arrived since
        self._migrated = False
        self._offset = crc32(self.match.encode())  # rooms that tell less often do so by turns
        try:
            thought_s = self._make_room(scope["loaded"], scope["heard_ms"])
        except WrongRules as error:
            logger.warning("match %s cannot go on here: %s", self.match, error)
            return await send({"type": "room.wrong_rules"})
        except Exception as error:
            logger.exception("match %s does not start", self.match)
            return await self._record_fault(_fault_text(error))
        self.keeper = Keeper(
            self.room,
            scope["lease"],
            self.worker,
            self.spec,
            migrated=self._migrated,
            lost=self._lost,
            caught_up=self._wake,  # who left behind these ticks enters now
            failed=self._fault,
        )
        self._start(thought_s)
        await send({"type": "room.ready"})
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        except Exception as error:  # noqa: BLE001 - players must not wait for a room that is gone
            self._fault(error)
        finally:
            self._stop()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels' own, without its hop through the shared thread."""
        await getattr(self, get_handler_name(message))(message)

    async def room_close(self, message: dict[str, Any]) -> None:
        """The room is over, and everybody was told."""
        raise StopConsumer

    def _make_room(self, loaded: Loaded, heard_ms: int | None) -> float:
        """The room as it begins, or as the room store has it.

        Args:
            heard_ms: The last that was heard of the clock of the owner before.
        Returns:
            Seconds that passed between the last tick and then; what came after is nobody's fault.
        """
        game, bot_seed = TITLES[self.spec.title](), secrets.randbits(63)
        if loaded.checkpoint is not None:
            blob = loaded.checkpoint.blob
            if rules_of(blob) != game.version:
                if loaded.entries:  # under these rules they would lead elsewhere than was told
                    raise WrongRules("its last ticks were played under other rules")
                self._migrated = True
            self.room = Room.resumed(game, blob, settings=self.spec.settings, bot_seed=bot_seed)
        else:
            self.room = Room(
                game,
                seed=self.spec.seed,
                settings=self.spec.settings,
                seats=self.spec.seats,
                bot_seed=bot_seed,
            )
        written = [read_tick(entry.payload) for entry in loaded.entries]
        go_on(self.room, written)
        for seat, place in self.room.places.items():
            if place.status == "here":
                self.room.disconnect(seat)  # until its socket is heard of again
        if self.spec.slept is not None:  # days, maybe: only the wall clock knows
            return max(0.0, (timezone.now() - self.spec.slept.ticked_at).total_seconds())
        if heard_ms is None or not written:
            return 0.0
        return max(0.0, (heard_ms - written[-1].at_ms) / 1000)

    # --- what arrives --------------------------------------------------------------------------

    def take(self, message: Up) -> None:
        """Something arrives, from a socket here or elsewhere; it never waits."""
        if isinstance(message, Say):  # nearly all of it
            return self.say(message.viewer, message.seq, message.data, message.seen)
        if self._stopped:
            self._missed = True
            return
        try:
            self._take(message)
        except Exception as error:  # noqa: BLE001 - a view that cannot be encoded, say
            self._fault(error)
        else:
            self._wake()

    def say(self, viewer_id: str, seq: int, data: Any, seen: int) -> None:
        """An input arrives."""
        if self._stopped:
            self._missed = True
            return
        viewer = self.viewers.get(viewer_id)
        if viewer is None or viewer.seat is None:
            return
        try:
            again = self.room.offer(viewer.seat, seq, data, seen)
            if again is not None:
                self.viewers.tell(viewer, again)
        except Exception as error:  # noqa: BLE001 - as above
            self._fault(error)
        else:
            self._wake()

    def _wake(self) -> None:
        """Tick for what entered, soon; a room that ticks by the clock has its timer set already."""
        if (self.room.outcome or not self.room.game.realtime) and self.room.waiting:
            self._schedule()

    def _take(self, message: Up) -> None:
        match message:
            case Ask(viewer_id, tick):
                self._ask(self.viewers.get(viewer_id), tick)
            case Attach():
                self._attach(message)
            case Detach(viewer_id):
                self.keeper.after(None, partial(self._detach, viewer_id))
            case Check():
                self._check(message)
            case Quit(viewer_id):
                self._quit(self.viewers.get(viewer_id))
            case Remove(seat, why):
                self._remove(seat, why)
            case End():
                self._end()

    def _attach(self, attach: Attach) -> None:
        """The answer is the state as it is now, and is told behind the ticks that led to it."""
        viewer = self.viewers.get(attach.viewer)
        if viewer is None:
            viewer = Viewer.of(attach)
            if refused := self._refusal(viewer):
                code, close = refused
                refuse = partial(self.viewers.tell, viewer, error_message(code), close=close)
                return self.keeper.after(None, refuse)
            if self._is_left(viewer, attach.again):
                return
        settled = 0
        if viewer.seat is not None:
            settled = self.room.connect(viewer.seat, viewer.session, attach.name)
        if attach.again or not self._ticks_soon():
            return self._let_in(viewer, attach, settled)
        # Behind a tick that the room store takes from us: an owner that was replaced, and does not
        # know it yet, would show an older state than this client may have seen elsewhere.
        self._arriving.append(partial(self._let_in, viewer, attach, settled))

    def _ticks_soon(self) -> bool:
        return self.room.waiting or (self.room.game.realtime and not self.room.outcome)

    def _let_in(self, viewer: Viewer, attach: Attach, settled: int) -> None:
        told = (self._welcome(attach, settled), *self._everything(viewer))
        self.keeper.after(None, partial(self._admit, viewer, attach.again, told))

    def _refusal(self, viewer: Viewer) -> tuple[Code, Close] | None:
        if viewer.seat is not None and (code := self.room.closed_to(viewer.seat)):
            return code, Close.FORBIDDEN
        if len(self.viewers) >= VIEWERS_PER_ROOM_MAX and self._older(viewer) is None:
            return Code.ROOM_FULL, Close.UNAVAILABLE
        return None

    def _admit(self, viewer: Viewer, again: bool, told: tuple[ServerMessage, ...]) -> None:
        """From here on it is told what is published; until here, whoever is on its seat was."""
        if self.viewers.get(viewer.id) is None:
            if self._is_left(viewer, again):  # a later one came while this one waited
                return
            self._make_way(viewer)
            self.viewers.add(viewer)
        self.viewers.tell(viewer, *told, admits=self.room.game.tick_hz)

    def _make_way(self, viewer: Viewer) -> None:
        there = self._older(viewer)
        if there is None:
            return
        if (there.session, there.visit) == (viewer.session, viewer.visit):
            # Nobody knows which of the two is the later. A client that is still there comes anew.
            self.viewers.tell(there, close=Close.UNAVAILABLE)
        else:
            self._replaced(there)

    def _is_left(self, viewer: Viewer, again: bool) -> bool:
        """Whether its client is on the seat by another socket, and this one goes.

        Else of two on one seat the newer wins. Of two of one session the later visit is the newer,
        whichever finds the room first. One that asks again may be a socket that its client has
        left, and not know: it is closed, and a client that is still there comes anew.
        """
        there = self._older(viewer)
        if there is None or there.session != viewer.session:
            return False
        if viewer.visit < there.visit:
            self._replaced(viewer)
            return True
        if viewer.visit == there.visit and again:
            self.viewers.tell(viewer, close=Close.UNAVAILABLE)
            return True
        return False

    def _replaced(self, viewer: Viewer) -> None:
        self.viewers.tell(viewer, error_message(Code.SEAT_REPLACED), close=Close.REPLACED)

    def _older(self, viewer: Viewer) -> Viewer | None:
        """Who is on the same seat already."""
        return None if viewer.seat is None else self.viewers.on(viewer.seat)

    def _welcome(self, attach: Attach, settled: int) -> Welcome:
        right = Pass(
            match=self.match,
            seat=attach.seat,
            user=attach.user,
            name=attach.name,
            visit=attach.visit,
            grant=attach.grant,
        )
        game = self.room.game
        return Welcome(
            v=VERSION,
            match=self.match,
            title=game.title,
            seat=attach.seat,
            hz=game.tick_hz,
            realtime=game.realtime,
            time=self._time(attach.seat),
            settings=self.room.settings,
            schema=self.room.schema(attach.seat),
            settled=settled,
            resume=resume_issue(right=right, session=attach.session),
        )

    def _time(self, seat: int | None) -> int:
        """The room's time now, as it is told on this seat, or to spectators (None)."""
        game = self.room.game
        passed = 0 if game.realtime else self.clock.passed(self.loop.time())
        behind = game.spectator_delay_s * game.tick_hz if seat is None else 0
        return max(0, self.room.time + passed - behind)

    def _everything(self, viewer: Viewer) -> list[ServerMessage]:
        return [*self._own(viewer), self.room.snapshot(viewer.seat)]

    def _own(self, viewer: Viewer) -> list[ServerMessage]:
        """All that is for this viewer alone."""
        own = self.room.own_snapshot(viewer.seat, viewer.session)
        return [] if viewer.seat is None and own.view is None else [own]

    def _ask(self, viewer: Viewer | None, tick: int) -> None:
        if viewer is None:
            return
        caught_up = self.room.catch_up(viewer.seat, tick)
        shared = [] if caught_up is None else [caught_up]
        if told := [*self._own(viewer), *shared]:
            self.keeper.after(None, partial(self.viewers.tell, viewer, *told))

    def _check(self, check: Check) -> None:
        """Another worker wants to know whether its sockets missed something."""
        if any(self.viewers.get(viewer_id) is None for viewer_id in check.viewers):
            # Whoever is not let in has to ask for that.
            return self.worker.courier.down(check.gateway, Moved(self.match, ""))
        if check.heard != self.viewers.said(check.gateway):
            for viewer in self.viewers.by_gateway(check.gateway):
                self._ask(viewer, UNKNOWN)

    def _quit(self, viewer: Viewer | None) -> None:
        if viewer is not None and viewer.seat is not None:
            self.room.vacate(viewer.seat, "left")

    def _remove(self, seat: int, why: str) -> None:
        """An order that may come more than once: by message, and by the sweep of rows."""
        place = self.room.places.get(seat)
        if place is not None and place.status != "gone":
            self.room.vacate(seat, why)

    def _detach(self, viewer_id: str) -> None:
        viewer = self.viewers.get(viewer_id)
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

    def _start(self, thought_s: float) -> None:
        realtime = self.room.game.realtime
        hz = self.room.game.tick_hz
        limit = {} if realtime else {"catch_up_max": None}  # thinking time is never dropped
        now = self.loop.time()
        begun = now - thought_s
        if realtime:
            # Rooms that tick at the same moment share a round trip to the room store. One that goes
            # on has made its players wait already, and ticks at once.
            begun = now - now % PHASE_S - (1 / hz if self.room.tick_no else 0)
        self.clock = SteadyClock(hz, begun, **limit)
        self.worker.rooms[self.match] = self
        if self.room.outcome:
            self._over(self.room.outcome)  # whoever played it to its end could not write that down
        self._schedule()

    def _schedule(self) -> None:
        """Set the one timer to the next time at which this room must tick."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._stopped:
            return
        self._drowse()
        if self.room.waiting and (self.room.outcome or not self.room.game.realtime):
            self._timer = self.loop.call_soon(self._on_time, self.loop.time())
            return
        due = 1 if self.room.game.realtime and not self.room.outcome else self.room.due()
        if due is not None:
            at = self.clock.at(due)
            self._timer = self.loop.call_at(at, self._on_time, at)

    # --- sleep ---------------------------------------------------------------------------------

    def _drowse(self) -> None:
        """A room that nobody needs for now leaves memory, after a while."""
        if self._sleeper is not None:
            self._sleeper.cancel()
        self._sleeper = self.loop.call_later(SLEEP_AFTER_S, self._doze) if self._idle() else None

    def _idle(self) -> bool:
        """Whether nobody looks on, and nothing will happen soon."""
        room = self.room
        if room.game.realtime or room.outcome or room.waiting or self.viewers:
            return False
        due = room.due()
        return due is None or self.clock.at(due) - self.loop.time() > SLEEP_DUE_S

    def _doze(self) -> None:
        if self._stopped or not self._idle():
            return
        if self.keeper.behind:  # nothing may happen here once the store is back
            return self._drowse()
        self._stop()  # at once: whoever comes before the task begins is not let in
        self.worker.spawn(self._sleep())

    async def _sleep(self) -> None:
        """Leave the room to the database, and forget it; whoever asks for it wakes it there.

        If that fails, the room store still has it, and a sweep finds it.
        """
        room, hz = self.room, self.room.game.tick_hz
        ticked_at = timezone.now() - timedelta(seconds=self.loop.time() - self.clock.at(0))
        due = room.due()
        sleep = partial(
            services.match_sleep,
            match_id=UUID(self.match),
            worker=self.worker.id,
            epoch=self.keeper.lease.epoch,
            slept=services.Slept(room.tick_no, room.checkpoint(), ticked_at),
            wake_at=None if due is None else ticked_at + timedelta(seconds=due / hz),
        )
        try:
            await self.keeper.archive()
            if await self.worker.records.call(sleep):
                await self.worker.ledger.forget(self.match, self.keeper.lease.token)
        except (DatabaseError, LedgerError, ArchiveUnavailable) as error:
            logger.warning("match %s could not go to sleep: %r", self.match, error)
        self.worker.close_room(self.match)
        if self._missed:
            self.worker.tell_moved(self.match, "")

    # --- ticking -------------------------------------------------------------------------------

    def _on_time(self, due_at: float) -> None:
        if self.keeper.behind:
            wait_s = 1 / self.room.game.tick_hz
            self._timer = self.loop.call_later(wait_s, self._on_time, due_at + wait_s)
            return
        now = self.loop.time()
        dropped = self.clock.dropped
        passed = self.clock.take(now)
        self.worker.meter.tick(now - due_at, self.clock.dropped - dropped)
        try:
            if self.room.game.realtime and not self.room.outcome:
                self._watch_load(now, now - due_at)
                for left in reversed(range(passed)):
                    self._tick(1, more=left > 0 or not self._tells())
                    if self.room.outcome:
                        break
            else:
                self._tick(0 if self.room.finished else passed)
        except Exception as error:  # noqa: BLE001 - a bug in rules must not reach other rooms
            return self._fault(error)
        self._schedule()

    def _watch_load(self, now: float, late_s: float) -> None:
        """Count how late this tick is; where too many are, viewers are told of fewer."""
        thinning = self.worker.thinning
        was = thinning.every
        if thinning.ticked(now, late_s, self.room.game.tick_hz):
            if was == 1:
                logger.warning("more to do than this worker can: viewers are told of fewer ticks")
            elif thinning.every == 1:
                logger.warning("viewers are told of all ticks again")

    def _tells(self) -> bool:
        """Whether viewers are told of the next tick."""
        room = self.room
        return self.worker.thinning.tells(room.tick_no + 1, self._offset, room.game.tick_hz)

    def _tick(self, elapsed: int, *, more: bool = False) -> None:
        was_over = self.room.outcome is not None
        tick = self.room.tick(elapsed, more=more)
        self.worker.meter.inputs(tick.late, tick.early)
        outcome = None if was_over else self.room.outcome
        written = self.keeper.write(tick.record, ends=outcome is not None)
        self.keeper.after(written, partial(self._tell, tick, outcome))
        arriving, self._arriving = self._arriving, []
        for let_in in arriving:
            let_in()
        if self._at_tick is not None and not self._at_tick.done():
            self._at_tick.set_result(None)

    def _tell(self, tick: Tick, outcome: Outcome | None) -> None:
        """The room store has this tick; everybody may hear of it."""
        self.viewers.publish(tick)
        for seat, why in tick.vacated.items():
            self._dismiss(seat, why)
        if outcome:
            self._over(outcome)

    # --- the way to another worker -------------------------------------------------------------

    def check_lease(self, token: str) -> None:
        """The room store says that this is the token of the room; empty: it knows none."""
        self.keeper.check_lease(token)

    def _lost(self) -> None:
        """The room is another worker's now; all its sockets look for it."""
        self._stop()
        self.worker.close_room(self.match)
        self.worker.tell_moved(self.match, "")

    @property
    def epoch(self) -> int:
        """Of the lease under which the room runs."""
        return self.keeper.lease.epoch

    def leaves_soon(self) -> None:
        """Make it short for who goes on with the room."""
        self.keeper.checkpoint_soon()

    async def hand_over(self, heir: str, *, whole: bool) -> Run:
        """Stop at a tick, and leave everything to whoever goes on with the room; what to tell it.

        Args:
            heir: The worker that gets the room; empty: it is free.
            whole: As for ``Keeper.hand_over``.
        Raises:
            LedgerError: whoever goes on has to find it.
        """
        await self._ticked()
        self._stop()
        lease = await self.keeper.hand_over(heir, whole=whole)
        self.worker.close_room(self.match)
        spec = msgspec.structs.replace(self.spec, slept=None)
        viewers = [viewer.again() for viewer in self.viewers]
        return Run(self.match, [], self.worker.id, lease, spec, viewers)

    async def _ticked(self) -> None:
        """Wait for the next tick of a room in real time: who takes it over has the whole period."""
        if self.room.game.realtime and not self.room.outcome:
            self._at_tick = self.loop.create_future()
            await asyncio.wait([self._at_tick], timeout=2 / self.room.game.tick_hz)

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
        self.keeper.stop()
        if self._sleeper is not None:
            self._sleeper.cancel()
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
        self.loop.call_later(LINGER_S + self.room.game.spectator_delay_s, self._leave)

    def _leave(self) -> None:
        if not self._stopped:
            self._stop()
            self.viewers.tell_all(close=Close.NORMAL)
            self.worker.spawn(self.keeper.forget())
            self.worker.close_room(self.match)

    def _end(self) -> None:
        """An operator ended the match."""
        if self.room.outcome:
            return
        self.worker.spawn(self._close("ended_by_operator", Code.MATCH_ENDED, Close.NORMAL))

    async def abandon(self, reason: str) -> None:
        """Stop; the match has no result."""
        await self._close(reason, Code.ROOM_LOST, Close.GONE)

    async def _close(self, reason: str, code: Code, close: Close) -> None:
        self.shut(code, close)
        abandon = partial(
            services.match_abandon,
            match_ids=[UUID(self.match)],
            worker=self.worker.id,
            reason=reason,
        )
        await self._record(abandon)
        await self.keeper.forget()

    def _fault(self, error: Exception) -> None:
        """The rules failed: this room stops at its last tick, all others go on."""
        self._stop()
        self.keeper.after(None, partial(self._tell_fault, error))

    def _tell_fault(self, error: Exception) -> None:
        logger.error("match %s stops: %s", self.match, error, exc_info=error)
        self.worker.spawn(self._record_fault(_fault_text(error)))
        self.worker.spawn(self.keeper.forget())
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
