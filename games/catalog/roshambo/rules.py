"""Rock, paper, scissors: both choose in secret, and both choices are revealed together."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from games.sim import (
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

BEATS = {"rock": "scissors", "scissors": "paper", "paper": "rock"}
ROUND_PERIODS = 150  # 15 seconds at 10 Hz
VOID_MAX = 3  # rounds in a row in which nobody chose
CHOICE = Optional(Enum(*BEATS))


class Options(Settings):
    """What the lobby asks before a match."""

    first_to: Annotated[int, Meta(ge=1, le=10, title="First to", description="Rounds to win")] = 3


class State(msgspec.Struct):
    """A match between two ticks; ``left`` counts the periods in which to choose."""

    first_to: int
    choices: list[str | None]
    wins: list[int]
    left: int = ROUND_PERIODS
    rounds: list[list[str | None]] = []
    void: int = 0


class Roshambo(Game[State]):
    """Two seats; who wins ``first_to`` rounds wins the match."""

    title = "roshambo"
    name = "Rock, paper, scissors"
    summary = "Choose in secret, reveal together."
    seats = range(2, 3)
    tick_hz = 10
    realtime = False
    bot_every = 15
    Settings = Options
    Input = Literal["rock", "paper", "scissors"]
    view_type = Record(
        first_to=Int(1, 10),
        wins=List(Int(0, 10), 2),
        chosen=List(Bool(), 2),
        left=Int(0, ROUND_PERIODS),
        rounds=List(List(CHOICE, 2), 1_000_000),
    )
    secret_type = Record(mine=CHOICE)

    def setup(self, seats: int, settings: Options, rng: Rng) -> State:
        return State(settings.first_to, choices=[None] * seats, wins=[0] * seats)

    def apply(self, state: State, seat: int, input: str) -> Refusal | None:
        if state.choices[seat] is not None:
            return Refusal("already_chosen")
        state.choices[seat] = input
        if None not in state.choices:
            _reveal(state)
        return None

    def advance(self, state: State, elapsed: int) -> None:
        state.left -= elapsed
        if state.left <= 0:
            _reveal(state)

    def due(self, state: State) -> int | None:
        return state.left

    def outcome(self, state: State) -> Outcome | None:
        if state.first_to in state.wins:
            winner = state.wins.index(state.first_to)
            return Outcome([[winner], [1 - winner]], "rounds_won")
        return Outcome([[0, 1]], "nobody_chose") if state.void >= VOID_MAX else None

    def view(self, state: State) -> View:
        """What everybody may see: *that* a seat chose, and what was chosen in rounds gone by."""
        return {
            "first_to": state.first_to,
            "wins": list(state.wins),
            "chosen": [choice is not None for choice in state.choices],
            "left": state.left,
            "rounds": list(state.rounds),
        }

    def secret(self, state: State, seat: int) -> View:
        """What this seat alone may see besides: its own choice."""
        return {"mine": state.choices[seat]}

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        """The other side may as well have chosen anything else."""
        if state.choices[1 - seat] is not None:
            state.choices[1 - seat] = rng.choice(list(BEATS))

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> str | None:
        return None if view["chosen"][seat] else rng.choice(list(BEATS))


def _reveal(state: State) -> None:
    """Close the round: note it, score it, and start the next one."""
    winner = _winner(*state.choices)
    state.rounds.append(state.choices)
    state.void = state.void + 1 if state.choices == [None, None] else 0
    if winner is not None:
        state.wins[winner] += 1
    state.choices = [None, None]
    state.left = ROUND_PERIODS


def _winner(first: str | None, second: str | None) -> int | None:
    """The seat that wins the round; None if nobody does. A missing choice loses to any other."""
    if first == second:
        return None
    return 0 if second is None or (first and BEATS[first] == second) else 1
