"""One match, live, as a function of its seed, its settings and what entered it.

No ``await``, no clock, no logger: whoever holds the room turns the handle. Read ``Room.play``
first.

The order within a tick:
- Real-time titles: what arrived is applied in order of arrival, then one period passes.
- Turn titles: the time that was thought passes first, then what arrived is applied. Otherwise a
  move could be made on a clock that has run out.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from games.limits import PAUSE_S_MAX, REFUSALS_REMEMBERED_MAX
from games.protocol.codes import Code
from games.protocol.messages import Again, Delta, Own, Snapshot
from games.rooms.audience import Audience, Delay, Step
from games.rooms.checkpoint import Checkpoint, Place, hash_of, read_checkpoint, write_checkpoint
from games.rooms.entries import BotMove, Connect, Disconnect, Entry, Input, Record, Vacate
from games.rooms.inbox import Inbox
from games.rooms.sight import SEATS, Look, Sight, game_view
from games.sim import Away, Game, Held, Outcome, Rng, describe, hold


class RulesFault(Exception):
    """The rules of a title failed; the room stays at the tick before. The cause is chained."""

    def __init__(self, title: str, record: Record) -> None:
        super().__init__(f"the rules of {title!r} failed at tick {record.tick}")
        self.record = record


class Tick(NamedTuple):
    """What one tick brought.

    Attributes:
        record: For the journal; to be kept before anybody hears of the rest.
        shared: For all players; None if they see no change.
        watched: For all spectators: ``shared``, or what was so a while ago.
        own: For the viewer on each of these seats, to be sent before ``shared``. That of None is
            for all spectators, before ``watched``.
        vacated: Seats that were given up, and why.
        late: Inputs whose sender looked at something older than the title rewinds to.
        early: Inputs whose sender claims to have seen what is yet to come.
    """

    record: Record
    shared: Delta | None
    watched: Delta | None
    own: dict[int | None, Own]
    vacated: dict[int, str]
    late: int = 0
    early: int = 0


class Room:
    """The authoritative state of one match, and what each audience knows of it."""

    def __init__(
        self,
        game: Game[Any],
        *,
        seed: int,
        settings: dict[str, Any],
        seats: Iterable[tuple[int, str, bool]],
        bot_seed: int = 0,
    ) -> None:
        """The room before its first tick; every player is waited for.

        Args:
            seats: Number, name, and whether a bot plays it.
            bot_seed: Of the bots' own chance, which replay does not need.
        """
        self._prepare(game, settings, bot_seed)
        seats = list(seats)
        self.state = game.setup(
            game.seats.stop - 1 if game.drop_in else len(seats),
            msgspec.convert(settings, game.Settings),
            Rng(seed),
        )
        for number, name, bot in seats:
            self._sit(number, name, bot)
        self._open_audiences()

    @classmethod
    def resumed(
        cls, game: Game[Any], checkpoint: bytes, *, settings: dict[str, Any], bot_seed: int = 0
    ) -> "Room":
        """The room as it was when ``checkpoint`` was made of it; nobody looks on yet.

        Raises:
            WrongRules: it was made under another version of the rules, or of another title.
        """
        kept = read_checkpoint(game, checkpoint)
        room = cls.__new__(cls)
        room._prepare(game, settings, bot_seed)
        room.state = kept.state
        room.tick_no, room.time, room.outcome = kept.tick, kept.time, kept.outcome
        room.places = kept.places
        room.paused = any(place.pausing for place in room.places.values())
        room.go_on_counting()
        for seat, place in room.places.items():
            if place.status == "bot" and room.outcome is None:
                room._bot_asked[seat] = room.time + game.bot_every
        room._open_audiences()
        return room

    def go_on_counting(self) -> None:
        """Inputs come after those that were settled last."""
        self._inbox.resume({seat: (p.session, p.settled) for seat, p in self.places.items()})

    def _prepare(self, game: Game[Any], settings: dict[str, Any], bot_seed: int) -> None:
        self.game = game
        self.settings = settings
        self._away = game.away_in(msgspec.convert(settings, game.Settings))
        self.tick_no = 0
        self.time = 0
        self.outcome: Outcome | None = None
        self.paused = False  # whether time stands still for a missing player
        self.places: dict[int, Place] = {}
        self._inbox = Inbox()
        self._bot_rng = Rng(bot_seed)
        self._bot_asked: dict[int, int] = {}  # seat: room time when its bot is asked next
        self._told: dict[int | None, Own] = {}  # what each seat is told of this tick
        self._vacated: dict[int, str] = {}
        self._opened: set[int] = set()  # seats that were taken for the first time in this tick
        self._untold = False  # whether what stands there is of the tick before as well
        self._late = self._early = 0  # this tick's

    def _open_audiences(self) -> None:
        game, tick, time = self.game, self.tick_no, self.time
        self._sight = Sight(game)
        self._seats_held = self._look_at_seats()
        look = self._look()
        self._everybody = Audience(self._sight.shared, look.shared, tick, time)
        self._own: dict[int | None, Audience] = {}
        self._watchers = self._everybody
        self._delay: Delay | None = None
        if game.spectator_delay_s:
            self._watchers = Audience(self._sight.shared, look.shared, tick, time)
            self._delay = Delay(game.spectator_delay_s * game.tick_hz)
        if self._sight.watched is not None:
            held = self._sight.watched_of(look)
            self._own[None] = Audience(self._sight.watched, held, tick, time, views_max=0)
        self._sight.look_round(self.state, look, self.places)
        for seat in self.places:
            self._open_own(seat, look)

    # --- what enters -------------------------------------------------------------------------

    def closed_to(self, seat: int) -> Code | None:
        """Why nobody may open this seat, or None."""
        place = self.places.get(seat)
        if place is None:
            fits = self.game.drop_in and seat < self.game.seats.stop - 1
            return None if fits else Code.SEAT_GONE
        if place.left == "kicked":
            return Code.KICKED
        return Code.SEAT_GONE if place.status == "gone" and not self.game.drop_in else None

    def connect(self, seat: int, session: str, name: str) -> int:
        """A client session opens the seat, at the next tick; ``closed_to`` was asked before.

        Returns:
            The highest input number of that session which is settled.
        """
        self._inbox.connect(seat, session, name)
        place = self.places.get(seat)
        return place.settled if place and place.session == session else 0

    def disconnect(self, seat: int) -> None:
        """The socket of the seat is gone."""
        self._inbox.disconnect(seat)

    def vacate(self, seat: int, why: str) -> None:
        """The seat is given up: ``left`` or ``kicked``."""
        self._inbox.vacate(seat, why)

    def offer(self, seat: int, seq: int, data: Any, seen: int = -1) -> Again | None:
        """Take in an input for the next tick, or say from which number to send again; ``seen`` is
        the tick that its sender was looking at."""
        return self._inbox.offer(seat, seq, data, seen)

    # --- the tick ----------------------------------------------------------------------------

    def tick(self, elapsed: int = 1, *, more: bool = False) -> Tick:
        """Apply what arrived, let ``elapsed`` periods pass, and say what each audience must hear.

        Args:
            more: Another tick follows at once, of a room that is late. Then this one is not looked
                at, which costs more than half of it, and what it brought is said with the next,
                unless the match is over now.
        Raises:
            RulesFault: the title's rules raised; the room must not be used any more.
        """
        record = Record(self.tick_no + 1, elapsed, self._inbox.drain())
        try:
            record.entries.extend(self._ask_bots(elapsed))
            self.follow(record)
            if more and self.outcome is None:
                self._untold = True
                return Tick(record, None, None, {}, {}, self._late, self._early)
            return self._tell(record)
        except Exception as error:
            raise RulesFault(self.game.title, record) from error

    def play(self, record: Record) -> Tick:
        """Make the room's next tick exactly what ``record`` says; live and in replay alike."""
        self.follow(record)
        return self._tell(record)

    def follow(self, record: Record) -> None:
        """``play``, without a look at it: for those who want the state alone. What viewers are told
        is of no use any more; looking costs more than half of a tick."""
        assert record.tick == self.tick_no + 1, "ticks are consecutive"
        self.tick_no = record.tick
        if self._untold:
            for said in self._told.values():
                said.tick, said.inbox = record.tick, 0
        else:
            self._told, self._vacated, self._opened = {}, {}, set()
        self._late = self._early = 0
        if self.game.realtime:
            self._enter(record.entries)
            self._pass(record.elapsed)
        else:
            self._wake_bots(record)
            self._pass(record.elapsed)
            self._enter(record.entries)

    def due(self) -> int | None:
        """Periods until something happens by itself; None if nothing will. For turn titles, and
        for all that are over."""
        times = [place.until for place in self.places.values() if place.until is not None]
        if self._delay and (told := self._delay.due) is not None:
            times.append(told)
        if not self.paused and not self.outcome:
            times += self._bot_asked.values()
            if (own := self.game.due(self.state)) is not None:
                times.append(self.time + own)
        return max(0, min(times) - self.time) if times else None

    @property
    def waiting(self) -> bool:
        """Whether something entered since the last tick."""
        return bool(self._inbox)

    @property
    def finished(self) -> bool:
        """Whether it is over, and everybody was told."""
        return self.outcome is not None and (self._delay is None or self._delay.due is None)

    # --- what viewers are told -----------------------------------------------------------------

    def schema(self, seat: int | None) -> dict[str, Any]:
        """The types of what is told on this seat, or to spectators (None)."""
        own = self._sight.watched if seat is None else self._sight.own
        return {"shared": describe(self._sight.shared), "own": own and describe(own)}

    def snapshot(self, seat: int | None = None) -> Snapshot:
        """The whole shared view, as it was last told on this seat, or to spectators (None)."""
        told = self._shared_of(seat)
        return Snapshot(tick=told.tick, time=told.time, view=told.whole)

    def catch_up(self, seat: int | None, known: int) -> Delta | Snapshot | None:
        """For a viewer who last saw ``known``: what it missed; a snapshot if that is forgotten."""
        audience = self._shared_of(seat)
        if known == audience.tick:
            return None
        missed = audience.since(known)
        return self.snapshot(seat) if missed is None else _delta(missed)

    def _shared_of(self, seat: int | None) -> Audience:
        return self._watchers if seat is None else self._everybody

    def own_snapshot(self, seat: int | None, session: str = "") -> Own:
        """All that is for ``seat`` alone: its view, and what became of the session's inputs."""
        place = None if seat is None else self.places.get(seat)
        own = self._own.get(seat)
        known = place if place and place.session == session else None
        return Own(
            tick=own.tick if own else self.tick_no,
            view=own.whole if own else None,
            settled=known.settled if known else 0,
            refused=list(known.refused) if known else [],
        )

    def checkpoint(self) -> bytes:
        """All that the room's future depends on, for ``resumed``. Inputs that wait for a tick are
        not in it: nobody was told that they were taken."""
        return write_checkpoint(
            Checkpoint(
                title=self.game.title,
                rules=self.game.version,
                tick=self.tick_no,
                time=self.time,
                outcome=self.outcome,
                places=self.places,
                state=self.state,
            )
        )

    def hash(self) -> str:
        """A fingerprint of all that the room's future depends on."""
        return hash_of(self.checkpoint())

    # --- inside a tick -------------------------------------------------------------------------

    def _enter(self, entries: list[Entry]) -> None:
        for entry in entries:
            match entry:
                case Input():
                    ago = 0 if entry.seen < 0 else self._ago(entry.seen)
                    self._settle(entry, self._apply(entry.seat, entry.data, ago))
                case BotMove(seat, data):
                    self._apply(seat, data)
                case Connect(seat, session, name):
                    self._connect(seat, session, name)
                case Disconnect(seat, session):
                    self._disconnect(seat, session)
                case Vacate(seat, why):
                    self._vacate(seat, why)

    def _ago(self, seen: int) -> int:
        """How many periods ago what was seen was so, within what the title rewinds."""
        ago, most = self.tick_no - 1 - seen, self.game.rewind_max
        if 0 <= ago <= most:
            return ago
        self._early += ago < 0
        self._late += ago > most > 0
        return max(0, min(ago, most))

    def _apply(self, seat: int, data: Any, ago: int = 0) -> str | None:
        """Carry out an input; the code of its refusal, if it was refused."""
        if self.outcome:
            return Code.MATCH_OVER.value
        if self.places[seat].status == "gone":
            return Code.SEAT_GONE.value
        if self.paused:
            return Code.PAUSED.value
        try:
            typed = msgspec.convert(data, self.game.Input)
        except msgspec.ValidationError:
            return Code.INVALID.value
        refusal = self.game.apply_seen(self.state, seat, typed, ago)
        if not self.game.realtime:
            self._conclude()  # a second input of the same tick must not move in a finished game
        return refusal.code if refusal else None

    def _settle(self, entry: Input, refused: str | None) -> None:
        place = self.places.get(entry.seat)
        if place is None or place.session != entry.session:
            return  # its client is gone, and so is whoever wanted to know
        place.settled = entry.seq
        told = self._told.get(entry.seat)
        if told is None:
            told = self._told[entry.seat] = Own(tick=self.tick_no, settled=entry.seq)
        else:
            told.settled = entry.seq
            told.inbox += 1
        if refused:
            told.refused.append((entry.seq, refused))
            place.refused = [*place.refused, (entry.seq, refused)][-REFUSALS_REMEMBERED_MAX:]

    def _connect(self, seat: int, session: str, name: str) -> None:
        if self.closed_to(seat):
            return  # given up between its opening and this tick
        place = self.places.get(seat)
        if self.outcome and (place is None or place.status == "gone"):
            return  # nobody sits down any more; who comes now sees how it ended
        place = place or self._sit(seat, name, bot=False)
        if place.status == "gone":
            place.left = ""
            self.game.join(self.state, seat)
        if place.session != session:
            place.session, place.settled, place.refused = session, 0, []
            self._told.pop(seat, None)  # what was told of numbers of the older session
        place.status, place.until, place.pausing, place.person = "here", None, False, True
        self._bot_asked.pop(seat, None)
        self._seats_changed()

    def _disconnect(self, seat: int, session: str) -> None:
        place = self.places.get(seat)
        if place and place.status == "here" and place.session == session:
            place.status = "away"
            place.until = None if self.outcome else self._patience
            self._seats_changed()

    def _vacate(self, seat: int, why: str) -> None:
        place = self.places.get(seat)
        if place is None or place.status == "gone" or self.outcome:
            return
        place.status, place.left, place.until, place.pausing = "gone", why, None, False
        self._bot_asked.pop(seat, None)
        self._vacated[seat] = why
        self.game.leave(self.state, seat, why)
        self._conclude()
        self._conclude_forfeit(why)
        self._seats_changed()

    def _pass(self, elapsed: int) -> None:
        self.time += elapsed
        if self.outcome:
            return
        if not self.paused:
            self.game.advance(self.state, elapsed)
            self._conclude()
        for seat, place in self.places.items():
            if place.until is not None and place.until <= self.time and not self.outcome:
                self._give_up_waiting(seat, place)

    def _give_up_waiting(self, seat: int, place: Place) -> None:
        """The grace time of a missing player is over."""
        if self._away is Away.BOT:
            self._hand_to_bot(seat, place)
        elif self._away is Away.PAUSE and not place.pausing:
            place.pausing = True
            place.until = self.time + PAUSE_S_MAX * self.game.tick_hz
        else:
            self._vacate(seat, "forfeit")
        self._seats_changed()

    def _conclude(self) -> None:
        """Note how it ended, if it did."""
        if self.outcome is None and (outcome := self.game.outcome(self.state)):
            self._end(outcome)

    def _conclude_forfeit(self, why: str) -> None:
        """Where leaving ends a match: one is left, or nobody but bots."""
        left = [seat for seat, place in self.places.items() if place.status != "gone"]
        people = [seat for seat in left if self.places[seat].person]
        if self.outcome or (people and (self.game.drop_in or len(left) > 1)):
            return
        gone = [seat for seat in self.places if seat not in left]
        if len(left) == 1 and not self.game.drop_in:
            self._end(Outcome(ranking=[left, gone], reason=why))
        else:
            self._end(Outcome(ranking=[sorted(self.places)], reason="everyone_left"))

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._bot_asked.clear()
        for place in self.places.values():
            place.until, place.pausing = None, False
        self._seats_changed()

    # --- seats and bots ------------------------------------------------------------------------

    @property
    def _patience(self) -> int | None:
        """Until when a player who goes away now is waited for."""
        if self._away is Away.STAY:
            return None
        return self.time + self.game.grace_s * self.game.tick_hz

    def _sit(self, seat: int, name: str, bot: bool) -> Place:
        place = Place(name, "away", person=not bot, until=self._patience)
        self.places[seat] = place
        if self.game.drop_in:
            self.game.join(self.state, seat)
        if bot:
            self._hand_to_bot(seat, place)
        if self.tick_no:
            self._opened.add(seat)  # it is told its whole own view at the end of this tick
        return place

    def _hand_to_bot(self, seat: int, place: Place) -> None:
        place.status, place.until = "bot", None
        self._bot_asked[seat] = self.time + self.game.bot_every

    def _ask_bots(self, elapsed: int) -> list[Entry]:
        """What the bots that are due ask for; they see what a player on their seat was told."""
        moves: list[Entry] = []
        if self.outcome or self.paused:
            return moves
        for seat, when in list(self._bot_asked.items()):
            if when > self.time + elapsed:
                continue
            own = self._own[seat].view if seat in self._own else None
            view = game_view(self._everybody.view, own)
            move = self.game.bot(seat, view, own and own.get("secret"), self._bot_rng)
            if move is not None:
                moves.append(BotMove(seat, msgspec.to_builtins(move)))
            if self.game.realtime:
                self._bot_asked[seat] = when + self.game.bot_every
            else:
                del self._bot_asked[seat]  # asked again when it sees something new
        return moves

    # --- audiences -----------------------------------------------------------------------------

    def _look(self) -> Look:
        phase = "over" if self.outcome else "paused" if self.paused else "playing"
        return self._sight.look(self.state, phase, self._seats_held, self.outcome)

    def _seats_changed(self) -> None:
        self.paused = any(place.pausing for place in self.places.values())
        self._seats_held = self._look_at_seats()

    def _look_at_seats(self) -> Held:
        shown = {
            str(seat): {"name": place.name, "status": place.status, "until": place.until}
            for seat, place in self.places.items()
        }
        return hold(SEATS, shown, "seats")

    def _tell(self, record: Record) -> Tick:
        """What each audience must hear of this tick."""
        look = self._look()
        step = self._everybody.look(look.shared, self.tick_no, self.time)
        shared = watched = None if step is None else _delta(step)
        own = self._told
        if self._untold:
            self._untold = False
            for said in own.values():
                said.inbox = said.inbox or 1  # that there was none in a tick so late says nothing
        self._tell_seats(look, own)
        if self._delay is not None:
            seen = self._sight.watched and self._sight.watched_of(look)
            if step is not None or self._delay.shows_other(self._sight.watched, seen):
                self._delay.put(self.tick_no, self.time, look.shared, seen)
            watched = self._tell_watchers(own)
        elif self._sight.watched is not None:
            self._tell_own(None, self._sight.watched_of(look), own)
        return Tick(record, shared, watched, own, self._vacated, self._late, self._early)

    def _tell_watchers(self, own: dict[int | None, Own]) -> Delta | None:
        """What delayed spectators hear now."""
        assert self._delay is not None
        past = self._delay.take(self.time)
        if past is None:
            return None
        if self._sight.watched is not None:
            self._tell_own(None, past.seen, own, past.tick, past.time)
        step = self._watchers.look(past.shared, past.tick, past.time)
        return None if step is None else _delta(step)

    def _wake_bots(self, record: Record) -> None:
        """In a turn title bots are asked again when something happened, not because time passes:
        else a bot that waits for a player would keep the room awake."""
        due = self.game.due(self.state)
        if self.outcome or not (record.entries or (due is not None and due <= record.elapsed)):
            return
        asked_at = self.time + record.elapsed + self.game.bot_every
        for seat, place in self.places.items():
            if place.status == "bot":
                self._bot_asked.setdefault(seat, asked_at)

    def _tell_seats(self, look: Look, told: dict[int | None, Own]) -> None:
        """Add what changed for each seat alone."""
        if self._sight.own is None:
            return
        self._sight.look_round(self.state, look, self.places)
        for seat in self._opened:
            self._open_own(seat, look)
            said = told.setdefault(seat, Own(tick=self.tick_no))
            said.view = self._own[seat].whole
        own, own_of, state = self._own, self._sight.own_of, self.state
        for seat in self.places:
            if seat not in self._opened:
                held = own_of(state, look, seat)
                if held is not own[seat].held:
                    self._tell_own(seat, held, told)

    def _tell_own(
        self,
        seat: int | None,
        held: Held,
        told: dict[int | None, Own],
        tick: int | None = None,
        time: int | None = None,
    ) -> None:
        """Add what changed in an own view to what its viewer is told anyway."""
        tick = self.tick_no if tick is None else tick
        step = self._own[seat].look(held, tick, self.time if time is None else time)
        if step is not None:
            said = told.get(seat)
            if said is None:
                said = told[seat] = Own(tick=tick)
            said.change, said.back, said.hash = step, step.back, step.hash

    def _open_own(self, seat: int, look: Look) -> None:
        if self._sight.own is not None:
            held = self._sight.own_of(self.state, look, seat)
            # An own view is told whole to who missed something, so no earlier one is remembered.
            kind, tick, time = self._sight.own, self.tick_no, self.time
            self._own[seat] = Audience(kind, held, tick, time, views_max=0, changes=seat)


def _delta(step: Step) -> Delta:
    time = None if step.steady else step.time
    return Delta(tick=step.tick, change=step, back=step.back, time=time, hash=step.hash)


def replay(
    game: Game[Any],
    records: Iterable[Record],
    *,
    seed: int,
    settings: dict[str, Any],
    seats: Iterable[tuple[int, str, bool]],
) -> Room:
    """The room that this journal leads to."""
    room = Room(game, seed=seed, settings=settings, seats=seats)
    for record in records:
        room.play(record)
    room.go_on_counting()
    return room
