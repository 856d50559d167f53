"""One match, live, as a function of its seed, its settings and what entered it.

No ``await``, no clock, no logger: whoever holds the room turns the handle. Read ``Room.play``
first.

The order within a tick:
- Real-time titles: what arrived is applied in order of arrival, then one period passes.
- Turn titles: the time that was thought passes first, then what arrived is applied. Otherwise a
  move could be made on a clock that has run out.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from games.limits import PAUSE_S_MAX, REFUSALS_REMEMBERED_MAX
from games.protocol.codes import Code
from games.protocol.messages import Again, Delta, Own, Snapshot
from games.rooms.audience import Audience, Step
from games.rooms.entries import BotMove, Connect, Disconnect, Entry, Input, Record, Vacate
from games.rooms.inbox import Inbox
from games.sim import Away, Game, Outcome, Rng, View


class RulesFault(Exception):
    """The rules of a title failed; the room stays at the tick before. The cause is chained."""

    def __init__(self, title: str, record: Record) -> None:
        super().__init__(f"the rules of {title!r} failed at tick {record.tick}")
        self.record = record


class Place(msgspec.Struct):
    """A seat of this room, and who is on it.

    Attributes:
        status: ``here``, ``away`` (waited for), ``bot`` or ``gone`` (for good).
        person: Whether a player sits here, even while a bot plays.
        until: Room time at which the waiting ends, while away.
        pausing: Whether the room stands still for this one.
        session: The client session whose numbers count.
        left: Why it is gone: ``left``, ``kicked`` or ``forfeit``.
        settled: Its highest input number that a tick has settled.
        refused: What was refused of it lately: number and code.
    """

    name: str
    status: str
    person: bool = True
    until: int | None = None
    pausing: bool = False
    left: str = ""
    session: str = ""
    settled: int = 0
    refused: list[tuple[int, str]] = []


class Tick(NamedTuple):
    """What one tick brought.

    Attributes:
        record: For the journal; to be kept before anybody hears of the rest.
        shared: For all viewers; None if they see no change.
        own: For the viewer on each of these seats, to be sent before ``shared``.
        vacated: Seats that were given up, and why.
    """

    record: Record
    shared: Delta | None
    own: dict[int, Own]
    vacated: dict[int, str]


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
        self.game = game
        self.settings = settings
        self.tick_no = 0
        self.time = 0
        self.outcome: Outcome | None = None
        self.paused = False  # whether time stands still for a missing player
        self.places: dict[int, Place] = {}
        self._inbox = Inbox()
        self._bot_rng = Rng(bot_seed)
        self._bot_asked: dict[int, int] = {}  # seat: room time when its bot is asked next
        self._settled: dict[int, list[tuple[int, str]]] = {}  # this tick's, by seat
        self._vacated: dict[int, str] = {}
        self._opened: set[int] = set()  # seats that were taken for the first time in this tick
        seats = list(seats)
        self.state = game.setup(
            game.seats.stop - 1 if game.drop_in else len(seats),
            msgspec.convert(settings, game.Settings),
            Rng(seed),
        )
        for number, name, bot in seats:
            self._sit(number, name, bot)
        self._has_secrets = type(game).secret is not Game.secret
        self._seats_view: View = self._look_at_seats()
        self._everybody = Audience(self._view())
        self._own: dict[int, Audience] = {}
        for seat in self.places:
            self._open_own(seat)

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

    def offer(self, seat: int, seq: int, data: Any) -> Again | None:
        """Take in an input for the next tick, or say from which number to send again."""
        return self._inbox.offer(seat, seq, data)

    # --- the tick ----------------------------------------------------------------------------

    def tick(self, elapsed: int = 1) -> Tick:
        """Apply what arrived, let ``elapsed`` periods pass, and say what each audience must hear.

        Raises:
            RulesFault: the title's rules raised; the room must not be used any more.
        """
        record = Record(self.tick_no + 1, elapsed, self._inbox.drain())
        try:
            record.entries.extend(self._ask_bots(elapsed))
            return self.play(record)
        except Exception as error:
            raise RulesFault(self.game.title, record) from error

    def play(self, record: Record) -> Tick:
        """Make the room's next tick exactly what ``record`` says; live and in replay alike."""
        assert record.tick == self.tick_no + 1, "ticks are consecutive"
        self.tick_no = record.tick
        self._settled, self._vacated, self._opened = {}, {}, set()
        if self.game.realtime:
            self._enter(record.entries)
            self._pass(record.elapsed)
        else:
            self._wake_bots(record)
            self._pass(record.elapsed)
            self._enter(record.entries)
        return Tick(record, self._tell_everybody(), self._tell_seats(), self._vacated)

    def due(self) -> int | None:
        """Periods until something happens by itself; None if nothing will. For turn titles."""
        if self.outcome:
            return None
        times = [place.until for place in self.places.values() if place.until is not None]
        if not self.paused:
            times += self._bot_asked.values()
            if (own := self.game.due(self.state)) is not None:
                times.append(self.time + own)
        return max(0, min(times) - self.time) if times else None

    @property
    def waiting(self) -> bool:
        """Whether something entered since the last tick."""
        return bool(self._inbox)

    # --- what viewers are told -----------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The whole shared view, as it was last told."""
        told = self._everybody
        return Snapshot(tick=told.tick, time=told.time, view=told.view)

    def catch_up(self, known: int) -> list[Delta] | Snapshot:
        """For a viewer who last saw ``known``: what it missed; a snapshot if that is forgotten."""
        missed = self._everybody.since(known)
        return self.snapshot() if missed is None else [_delta(step) for step in missed]

    def own_snapshot(self, seat: int, session: str) -> Own:
        """All that is for ``seat`` alone: its view, and what became of the session's inputs."""
        place = self.places.get(seat)
        own = self._own.get(seat)
        known = place if place and place.session == session else None
        return Own(
            tick=own.tick if own else self.tick_no,
            view=own.view if own else None,
            settled=known.settled if known else 0,
            refused=list(known.refused) if known else [],
        )

    def hash(self) -> str:
        """A fingerprint of all that the room's future depends on."""
        whole = (self.tick_no, self.time, self.state, self.places, self.outcome)
        return hashlib.blake2b(msgspec.msgpack.encode(whole), digest_size=16).hexdigest()

    # --- inside a tick -------------------------------------------------------------------------

    def _enter(self, entries: list[Entry]) -> None:
        for entry in entries:
            match entry:
                case Input(seat, session, seq, data):
                    self._settle(seat, session, seq, self._apply(seat, data))
                case BotMove(seat, data):
                    self._apply(seat, data)
                case Connect(seat, session, name):
                    self._connect(seat, session, name)
                case Disconnect(seat, session):
                    self._disconnect(seat, session)
                case Vacate(seat, why):
                    self._vacate(seat, why)

    def _apply(self, seat: int, data: Any) -> str | None:
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
        refusal = self.game.apply(self.state, seat, typed)
        if not self.game.realtime:
            self._conclude()  # a second input of the same tick must not move in a finished game
        return refusal.code if refusal else None

    def _settle(self, seat: int, session: str, seq: int, refused: str | None) -> None:
        place = self.places.get(seat)
        if place is None or place.session != session:
            return  # its client is gone, and so is whoever wanted to know
        place.settled = seq
        told = self._settled.setdefault(seat, [])
        if refused:
            told.append((seq, refused))
            place.refused = [*place.refused, (seq, refused)][-REFUSALS_REMEMBERED_MAX:]

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
            self._settled.pop(seat, None)  # what was told of numbers of the older session
        place.status, place.until, place.pausing, place.person = "here", None, False, True
        self._bot_asked.pop(seat, None)
        self._seats_changed()

    def _disconnect(self, seat: int, session: str) -> None:
        place = self.places.get(seat)
        if place and place.status == "here" and place.session == session:
            place.status = "away"
            place.until = None if self.outcome else self.time + self._grace
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
        if self.game.away is Away.BOT:
            self._hand_to_bot(seat, place)
        elif self.game.away is Away.PAUSE and not place.pausing:
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
    def _grace(self) -> int:
        return self.game.grace_s * self.game.tick_hz

    def _sit(self, seat: int, name: str, bot: bool) -> Place:
        place = Place(name, "away", person=not bot, until=self.time + self._grace)
        self.places[seat] = place
        if self.game.drop_in:
            self.game.join(self.state, seat)
        if bot:
            self._hand_to_bot(seat, place)
        if self.tick_no:
            self._open_own(seat)
            self._opened.add(seat)
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
            secret = self._own[seat].view if seat in self._own else None
            move = self.game.bot(seat, self._everybody.view["game"], secret, self._bot_rng)
            if move is not None:
                moves.append(BotMove(seat, msgspec.to_builtins(move)))
            if self.game.realtime:
                self._bot_asked[seat] = when + self.game.bot_every
            else:
                del self._bot_asked[seat]  # asked again when it sees something new
        return moves

    # --- audiences -----------------------------------------------------------------------------

    def _view(self) -> View:
        outcome = self.outcome
        return {
            "phase": "over" if outcome else "paused" if self.paused else "playing",
            "seats": self._seats_view,
            "result": outcome and {"ranking": outcome.ranking, "reason": outcome.reason},
            "game": self.game.view(self.state),
        }

    def _seats_changed(self) -> None:
        self.paused = any(place.pausing for place in self.places.values())
        self._seats_view = self._look_at_seats()

    def _look_at_seats(self) -> View:
        return {
            str(seat): {"name": place.name, "status": place.status, "until": place.until}
            for seat, place in self.places.items()
        }

    def _tell_everybody(self) -> Delta | None:
        step = self._everybody.look(self._view(), self.tick_no, self.time)
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

    def _tell_seats(self) -> dict[int, Own]:
        told: dict[int, Own] = {}
        for seat, refused in self._settled.items():
            told[seat] = Own(tick=self.tick_no, settled=self.places[seat].settled, refused=refused)
        for seat, own in self._own.items():
            view = self.game.secret(self.state, seat) or {}
            step = own.look(view, self.tick_no, self.time)
            if step is None and seat not in self._opened:
                continue
            said = told.get(seat) or Own(tick=self.tick_no)
            if step is None or seat in self._opened:  # its client came before it had an own view
                told[seat] = msgspec.structs.replace(said, view=view)
            else:
                told[seat] = msgspec.structs.replace(said, base=step.base, change=step.change)
        return told

    def _open_own(self, seat: int) -> None:
        if self._has_secrets:
            view = self.game.secret(self.state, seat) or {}
            self._own[seat] = Audience(view, self.tick_no, self.time)


def _delta(step: Step) -> Delta:
    return Delta(tick=step.tick, base=step.base, time=step.time, change=step.change)


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
    return room
