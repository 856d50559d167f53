"""Liar's dice: everybody rolls in secret and bids on all dice together, until one is called a liar.

What is played here, of the many ways there are:

- A bid is a count and a face. The next one must rise: more dice of any face, or as many of a
  higher face; never more dice than there are on the table.
- Ones may be wild, by a setting: they count as whatever face was bid, and nobody bids on them.
- Instead of bidding, the seat in turn may call the last bidder a liar. All dice are shown; who was
  wrong loses a die, and who has none left is out. The loser starts the next round, or whoever
  comes next if the loser is out.
- Who runs out of time calls, or opens with the least bid where there is nothing to call.
- Who leaves in the middle of a round takes the dice along, so that round is rolled anew.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from games.catalog.liars_dice.bot import think
from games.sim import (
    Away,
    Bool,
    Enum,
    Game,
    Int,
    List,
    Optional,
    Outcome,
    Record,
    Refusal,
    Rng,
    Settings,
    View,
)

HZ = 10
FACES = 6
SEATS_MAX = 6
DICE_MAX = 6
TURN_S_MAX = 120
REVEAL_PERIODS = 7 * HZ
ON_TABLE = SEATS_MAX * DICE_MAX

SEAT, COUNT, FACE = Int(0, SEATS_MAX - 1), Int(0, ON_TABLE), Int(1, FACES)
DICE = List(FACE, DICE_MAX)


class Options(Settings):
    """What the lobby asks before a match."""

    dice: Annotated[
        int, Meta(ge=1, le=DICE_MAX, title="Dice", description="For each player at the start")
    ] = 5
    turn_s: Annotated[
        int,
        Meta(ge=10, le=TURN_S_MAX, title="Time for a turn", description="Seconds to bid or call"),
    ] = 45
    wild_ones: Annotated[
        bool, Meta(title="Ones are wild", description="They count as any face; nobody bids on them")
    ] = True


class Bid(msgspec.Struct, tag="bid", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "bid", "count": 4, "face": 5}``: there are at least four fives on the table."""

    count: Annotated[int, Meta(ge=1, le=ON_TABLE)]
    face: Annotated[int, Meta(ge=1, le=FACES)]


class Liar(msgspec.Struct, tag="liar", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "liar"}``: the last bid is not true."""


class Reveal(msgspec.Struct, frozen=True):
    """How a call ended.

    Attributes:
        dice: Of every seat, as they lay.
        found: How many dice there were of the face that was bid, wild ones among them.
    """

    dice: list[list[int]]
    bidder: int
    caller: int
    count: int
    face: int
    found: int

    @property
    def loser(self) -> int:
        """The bidder if there were fewer than bid, else the caller."""
        return self.bidder if self.found < self.count else self.caller


class State(msgspec.Struct):
    """A match between two ticks.

    Attributes:
        counts: How many dice each seat owns; none: it is out.
        dice: What each seat rolled in this round, which stays until the next roll.
        out_at: For each seat, the ``clock`` at which it went out.
        turn: Whose turn it is; in a reveal, who is to start the next round.
        left: Periods until the time for this turn or reveal is over.
        bids: Seat, count and face of each bid of this round.
        last: The last reveal; it stays until there is another one.
        clock: Periods since the start.
    """

    rng: Rng
    counts: list[int]
    dice: list[list[int]]
    out_at: list[int | None]
    turn_periods: int
    wild: bool
    turn: int = 0
    left: int = 0
    phase: Literal["bidding", "reveal", "over"] = "bidding"
    round: int = 0
    bids: list[tuple[int, int, int]] = []
    last: Reveal | None = None
    clock: int = 0


class LiarsDice(Game[State]):
    """Two to six seats; the last one with dice wins."""

    title = "liars_dice"
    name = "Liar's dice"
    summary = "Hidden dice, rising bids: believe it, top it, or call the bluff."
    seats = range(2, SEATS_MAX + 1)
    tick_hz = HZ
    realtime = False
    grace_s = 20
    away = Away.BOT
    bot_every = 12
    Settings = Options
    Input = Bid | Liar
    view_type = Record(
        phase=Enum("bidding", "reveal", "over"),
        round=Int(0, 99),
        turn=Optional(SEAT),
        left=Int(0, TURN_S_MAX * HZ),
        turn_periods=Int(0, TURN_S_MAX * HZ),
        reveal_periods=Int(0, REVEAL_PERIODS),
        wild=Bool(),
        counts=List(Int(0, DICE_MAX), SEATS_MAX),
        bids=List(List(COUNT, 3), ON_TABLE * FACES),
        last=Optional(
            Record(
                dice=List(DICE, SEATS_MAX),
                bidder=SEAT,
                caller=SEAT,
                count=COUNT,
                face=FACE,
                found=COUNT,
                loser=SEAT,
            )
        ),
    )
    secret_type = Record(dice=DICE)

    def setup(self, seats: int, settings: Options, rng: Rng) -> State:
        state = State(
            rng,
            counts=[settings.dice] * seats,
            dice=[],
            out_at=[None] * seats,
            turn_periods=settings.turn_s * HZ,
            wild=settings.wild_ones,
        )
        _roll(state, rng.below(seats))
        return state

    def leave(self, state: State, seat: int, why: str) -> None:
        """The seat is out at once; the match goes on among the others."""
        if state.counts[seat] and not _decided(state):
            _knock_out(state, seat)
            if state.phase == "bidding":
                _roll(state, state.turn)
        if _decided(state):
            state.phase = "over"

    def apply(self, state: State, seat: int, input: Bid | Liar) -> Refusal | None:
        if state.phase != "bidding":
            return Refusal("not_now")
        if seat != state.turn:
            return Refusal("not_your_turn")
        match input:
            case Bid(count, face):
                if refusal := _objection(state, count, face):
                    return refusal
                _bid(state, count, face)
            case Liar():
                if not state.bids:
                    return Refusal("nothing_to_call")
                _call(state)
        return None

    def advance(self, state: State, elapsed: int) -> None:
        if state.phase == "over":
            return
        state.clock += elapsed
        state.left = max(0, state.left - elapsed)
        if state.left:
            return
        if state.phase == "bidding":
            _time_up(state)
        elif _decided(state):
            state.phase = "over"
        else:
            _roll(state, state.turn)

    def due(self, state: State) -> int | None:
        return None if state.phase == "over" else state.left

    def outcome(self, state: State) -> Outcome | None:
        """The last one with dice, then the others, who went out later first.

        A match that was decided by a call ends with its reveal, so that everybody sees the dice.
        """
        if state.phase != "over":
            return None
        groups: dict[int, list[int]] = {}
        for seat, when in enumerate(state.out_at):
            if when is not None:
                groups.setdefault(when, []).append(seat)
        ranking = [groups[when] for when in sorted(groups, reverse=True)]
        return Outcome([_in_play(state), *ranking], "last_with_dice")

    def view(self, state: State) -> View:
        """What everybody may see: how many dice there are, and which ones after a call only."""
        return {
            "phase": state.phase,
            "round": state.round,
            "turn": state.turn if state.phase == "bidding" else None,
            "left": state.left,
            "turn_periods": state.turn_periods,
            "reveal_periods": REVEAL_PERIODS,
            "wild": state.wild,
            "counts": list(state.counts),
            "bids": [list(bid) for bid in state.bids],
            "last": state.last
            and {**msgspec.structs.asdict(state.last), "loser": state.last.loser},
        }

    def secret(self, state: State, seat: int) -> View:
        """What this seat alone may see besides: its own dice."""
        return {"dice": list(state.dice[seat])}

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        """Until a call, the others may as well have rolled anything else; so may the next roll."""
        state.rng = rng.fork()
        if state.phase == "bidding":
            mine = state.dice[seat]
            state.dice = _rolled(state.counts, rng)
            state.dice[seat] = mine

    def bot(
        self, seat: int, view: View, secret: View | None, rng: Rng
    ) -> dict[str, str | int] | None:
        """Goes by the odds, a little boldly, and bluffs now and then."""
        return think(seat, view, secret, rng)


def _in_play(state: State) -> list[int]:
    return [seat for seat, count in enumerate(state.counts) if count]


def _decided(state: State) -> bool:
    return len(_in_play(state)) == 1


def _from(state: State, seat: int) -> int:
    """``seat``, or the next one that is still in."""
    while not state.counts[seat]:
        seat = (seat + 1) % len(state.counts)
    return seat


def _roll(state: State, first: int) -> None:
    """A new round, in which ``first`` opens, or whoever comes next."""
    state.dice = _rolled(state.counts, state.rng)
    state.turn = _from(state, first)
    state.left = state.turn_periods
    state.phase = "bidding"
    state.round += 1
    state.bids = []


def _rolled(counts: list[int], rng: Rng) -> list[list[int]]:
    return [sorted(rng.below(FACES) + 1 for _ in range(count)) for count in counts]


def _objection(state: State, count: int, face: int) -> Refusal | None:
    """Why this bid cannot be made, if so."""
    if face == 1 and state.wild:
        return Refusal("ones_are_wild")
    if count > sum(state.counts):
        return Refusal("too_many")
    return Refusal("too_low") if state.bids and (count, face) <= state.bids[-1][1:] else None


def _bid(state: State, count: int, face: int) -> None:
    state.bids.append((state.turn, count, face))
    state.turn = _from(state, (state.turn + 1) % len(state.counts))
    state.left = state.turn_periods


def _call(state: State) -> None:
    """Show all dice; the loser pays at once, and the next round waits for the reveal to end."""
    bidder, count, face = state.bids[-1]
    counted = (1, face) if state.wild else (face,)
    found = sum(die in counted for dice in state.dice for die in dice)
    state.last = Reveal([list(dice) for dice in state.dice], bidder, state.turn, count, face, found)
    loser = state.last.loser
    if state.counts[loser] == 1:
        _knock_out(state, loser)
    else:
        state.counts[loser] -= 1
    state.turn = loser
    state.left = REVEAL_PERIODS
    state.phase = "reveal"


def _knock_out(state: State, seat: int) -> None:
    state.counts[seat] = 0
    state.out_at[seat] = state.clock


def _time_up(state: State) -> None:
    if state.bids:
        _call(state)
    else:
        _bid(state, 1, 2 if state.wild else 1)
