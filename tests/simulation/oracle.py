"""What was promised, checked at every step: at each call that the store carries out, and at each
frame that a viewer hears.

The truth of a room is its journal, led through the rules as it is written. A store that is made to
lose what no living owner could give back has its losses declared, room by room: those are excused.
"""

from typing import Any
from uuid import UUID

from games.hosting.ledger import Lease, Loaded, Verdict
from games.rooms import Record, Room
from games.rooms.entries import Input
from games.rooms.journal import go_on, read_tick
from games.sim import Game, Outcome, fingerprint
from tests.simulation.database import Row
from tests.simulation.store import Answer, Call
from tests.simulation.titles import TITLES


class Truth:
    """One room, led through its journal.

    Attributes:
        room: As the journal has it now.
        token: What the store gave out last; nobody else may write.
        payloads: What was accepted, by tick.
        excused: The store was made to lose it, with its owner.
    """

    def __init__(self, match: UUID, row: Row) -> None:
        self.row = row
        self.game: Game[Any] = TITLES[row.title]()
        self.room = Room(self.game, seed=row.seed, settings={}, seats=row.seats)
        self.token = ""
        self.payloads: dict[int, bytes] = {}
        self.excused = False
        self._applied: dict[str, int] = {}  # by session
        self._prints: dict[tuple[int | None, int], int] = {}
        self._look()

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, if it did."""
        return self.room.outcome

    def play(self, record: Record) -> str:
        """The next tick; what is wrong with it, if anything is."""
        if record.tick != self.room.tick_no + 1:
            return f"tick {record.tick} follows {self.room.tick_no}"
        wrong = [entry for entry in record.entries if not self._is_next(entry)]
        self.room.play(record)
        self._look()
        return f"not the next input of its session: {wrong[0]}" if wrong else ""

    def _is_next(self, entry: Any) -> bool:
        if not isinstance(entry, Input):
            return True
        expected = self._applied.get(entry.session, 0) + 1
        self._applied[entry.session] = max(entry.seq, expected)
        return entry.seq == expected and entry.data == {"t": "add", "n": entry.seq}

    def restored(self, blob: bytes) -> str:
        """The owner gave the store what it had lost, and perhaps more; what is wrong with it."""
        before = self.room
        self.room = Room.resumed(self.game, blob, settings={})
        for place in self.room.places.values():
            self._applied[place.session] = place.settled
        self._look()
        if self.room.tick_no == before.tick_no and self.room.hash() != before.hash():
            return f"another state is restored at tick {before.tick_no}"
        known = before.state.applied
        if self.room.tick_no < before.tick_no or self.room.state.applied[: len(known)] != known:
            return f"less is restored than tick {before.tick_no} had"
        return ""

    def settled(self, seat: int | None) -> int:
        """The number up to which the inputs of a seat are in the journal."""
        return 0 if seat is None else self.room.places[seat].settled

    def shown(self, seat: int | None, tick: int) -> int | None:
        """The fingerprint of what a seat alone, or everybody (None), sees after a tick; None if the
        journal does not say."""
        return self._prints.get((seat, tick))

    def _look(self) -> None:
        room, tick = self.room, self.room.tick_no
        for seat, audience in (*room._own.items(), (None, room._everybody)):
            before = self._prints.get((seat, tick - 1))
            if before is None or audience.tick == tick:
                before = fingerprint(audience.kind, audience.held)
            self._prints[seat, tick] = before


class Oracle:
    """Knows all rooms, and what is wrong.

    Attributes:
        complaints: What must not be; the first one ends a story.
        checks: How often something was compared.
    """

    def __init__(self, rows: dict[UUID, Row]) -> None:
        self.complaints: list[str] = []
        self.checks = 0
        self.truths = {str(match): Truth(match, row) for match, row in rows.items()}
        self._seen: dict[tuple[str, int | None, int], tuple[str, int]] = {}

    def blame(self, complaint: str) -> None:
        """Something is wrong."""
        self.complaints.append(complaint)

    # --- what others ask -------------------------------------------------------------------------

    def journal(self, match: str, seat: int | None) -> tuple[int, int]:
        """How far the journal of a room is: its tick, and the last input of a seat in it."""
        truth = self.truths[match]
        return truth.room.tick_no, truth.settled(seat)

    def over(self, match: str) -> bool:
        """Whether it was played to its end."""
        return self.truths[match].outcome is not None

    def excuses(self, match: str) -> bool:
        """Whether it was lost with everything."""
        return self.truths[match].excused

    # --- the store -------------------------------------------------------------------------------

    def saw(self, call: Call, answer: Answer) -> None:
        """The store has carried out a call."""
        match call.method, answer:
            case "acquire", Lease():
                self.truths[call.args[0]].token = answer.token
            case "append", list():
                for one, verdict in zip(call.args[0], answer, strict=True):
                    if verdict.accepted:
                        self._accepted(*one, again=verdict is Verdict.DUP)
            case "restore", bool():
                self._restored(*call.args, done=answer)
            case "load", Loaded():
                self._loaded(call.args[0], answer)

    def _accepted(self, match: str, token: str, tick: int, payload: bytes, *, again: bool) -> None:
        truth = self.truths[match]
        self.checks += 1
        if truth.excused:
            return
        if token != truth.token:
            self.blame(f"tick {tick} of {match} was accepted from an owner before: {token}")
        if truth.payloads.setdefault(tick, payload) != payload:
            return self.blame(f"two contents were accepted for tick {tick} of {match}")
        if again:
            return
        if wrong := truth.play(read_tick(payload).record):
            self.blame(f"{match}: {wrong}")

    def _restored(self, match: str, token: str, tick: int, blob: bytes, *, done: bool) -> None:
        truth = self.truths[match]
        self.checks += 1
        # Not done, if the journal ends at that tick: then it must be the same.
        if not truth.excused and (wrong := truth.restored(blob)):
            self.blame(f"{match}: {wrong}{'' if done else ', and the store does not know'}")

    def _loaded(self, match: str, loaded: Loaded) -> None:
        """What a new owner begins with is all that was accepted."""
        truth = self.truths[match]
        self.checks += 1
        if not truth.excused and room_of(truth, loaded).hash() != truth.room.hash():
            self.blame(f"{match}: checkpoint and journal lead to another state than was played")

    # --- viewers ---------------------------------------------------------------------------------

    def told(self, match: str, who: str, seat: int | None, tick: int, shown: int | None) -> None:
        """A viewer knows its own (``seat``) or the shared (None) view of a tick."""
        truth = self.truths[match]
        if shown is None or truth.excused or (truth.outcome and tick > truth.room.tick_no):
            return
        self.checks += 1
        if (true := truth.shown(seat, tick)) not in {None, shown}:
            self.blame(f"{who} saw tick {tick} of {match} as it never was")
        other, first = self._seen.setdefault((match, seat, tick), (who, shown))
        if first != shown:
            self.blame(f"{who} and {other} saw tick {tick} of {match} differently ({true})")

    # --- the end ---------------------------------------------------------------------------------

    def recorded(self) -> list[str]:
        """What is wrong with the rows of matches."""
        wrong = []
        for match, truth in self.truths.items():
            row, outcome = truth.row, truth.outcome
            finished = outcome is not None and row.ranking == outcome.ranking
            if truth.excused:
                right = row.status != "finished" or finished
            elif outcome is None:
                right = row.status == "running"
            else:
                right = row.status == "finished" and finished
            if not right:
                wrong.append(f"{match} is {row.status} {row.reason}, by its journal {outcome}")
        return wrong


def room_of(truth: Truth, loaded: Loaded) -> Room:
    """The room, as a new owner makes it of what the store has."""
    if loaded.checkpoint is None:
        room = Room(truth.game, seed=truth.row.seed, settings={}, seats=truth.row.seats)
    else:
        room = Room.resumed(truth.game, loaded.checkpoint.blob, settings={})
    go_on(room, [read_tick(entry.payload) for entry in loaded.entries])
    return room
