"""Titles that break a rule each, for the test kit to find; and the one that they spoil."""

import os
import random
import secrets
import socket
import uuid
from datetime import datetime
from functools import partial
from pathlib import Path
from time import time
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from games.sim import Category, Game, Outcome, Refusal, Rng, Settings, View

Bid = Annotated[int, Meta(ge=1, le=9)]
ROUND = 40


class State(msgspec.Struct):
    """``log`` holds whatever a title wants to spoil."""

    rng: Rng
    bids: list[int | None]
    won: list[int]
    left: int = ROUND
    rounds: int = 0
    log: list[Any] = []
    hint: int = 0


class Sealed(Game[State]):
    """A sound title: each seat bids in secret, the highest bid wins the round."""

    title = "sealed"
    name = "Sealed"
    seats = range(3, 4)
    tick_hz = 10
    realtime = False
    Settings = Settings
    Input = Bid

    def setup(self, seats: int, settings: Any, rng: Rng) -> State:
        return State(rng, [None] * seats, [0] * seats)

    def apply(self, state: State, seat: int, input: int) -> Refusal | None:
        if state.bids[seat] is not None:
            return Refusal("sealed_already")
        state.bids[seat] = input
        if None not in state.bids:
            self.open(state)
        return None

    def open(self, state: State) -> None:
        bids = [bid or 0 for bid in state.bids]
        state.won[bids.index(max(bids))] += 1
        state.bids = [None] * len(bids)
        state.left = ROUND
        state.rounds += 1

    def advance(self, state: State, elapsed: int) -> None:
        state.left -= elapsed
        if state.left <= 0:
            self.open(state)

    def due(self, state: State) -> int | None:
        return max(0, state.left)

    def outcome(self, state: State) -> Outcome | None:
        return Outcome([list(range(len(state.won)))], "played") if state.rounds >= 9 else None

    def view(self, state: State) -> View:
        sealed = [bid is not None for bid in state.bids]
        return {"sealed": sealed, "won": list(state.won), "hint": state.hint}

    def secret(self, state: State, seat: int) -> View | None:
        return {"mine": state.bids[seat]}

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        state.rng = rng.fork()
        for other, bid in enumerate(state.bids):
            if other != seat and bid is not None:
                state.bids[other] = rng.between(1, 9)

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Any:
        return None if view["sealed"][seat] else rng.between(1, 9)


class Open(Sealed):
    """Sound as well: no secrets at all."""

    def secret(self, state: State, seat: int) -> View | None:
        return None

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        """Nothing is hidden."""


# --- leaks --------------------------------------------------------------------------------------


class ShowsTheBids(Sealed):
    def view(self, state: State) -> View:
        return {**super().view(state), "sealed": list(state.bids)}


class ShowsTheirOrder(Sealed):
    def view(self, state: State) -> View:
        sealed = [seat for seat, bid in enumerate(state.bids) if bid is not None]
        by_bid = sorted(sealed, key=lambda seat: state.bids[seat] or 0)
        return {**super().view(state), "who": by_bid}


class ShowsTheOrderOfKeys(Sealed):
    def view(self, state: State) -> View:
        sealed = [seat for seat, bid in enumerate(state.bids) if bid is not None]
        by_bid = sorted(sealed, key=lambda seat: state.bids[seat] or 0)
        return {**super().view(state), "who": {str(seat): True for seat in by_bid}}


class TellsTheNeighbour(Sealed):
    def secret(self, state: State, seat: int) -> View | None:
        return {"mine": state.bids[seat], "highest": max(bid or 0 for bid in state.bids)}


class HintsAsTimePasses(Sealed):
    """What it shows was worked out from what is hidden, a tick before."""

    def advance(self, state: State, elapsed: int) -> None:
        state.hint = max(bid or 0 for bid in state.bids)
        super().advance(state, elapsed)


class ShowsWhatChanceHolds(Sealed):
    def view(self, state: State) -> View:
        return {**super().view(state), "next": Rng(state.rng.seed).below(100)}


class EndsByTheHiddenBid(Sealed):
    def outcome(self, state: State) -> Outcome | None:
        return Outcome([[0, 1, 2]], "nine") if state.bids[0] == 9 else super().outcome(state)


class SaysNothingOfItsSecret(Sealed):
    conceal = Game.conceal


class ConcealsTooLittle(Sealed):
    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        state.rng = rng.fork()


# --- the clock, chance, the system --------------------------------------------------------------


class ReadsTheClock(Sealed):
    def advance(self, state: State, elapsed: int) -> None:
        state.left = min(state.left, int(time()))
        super().advance(state, elapsed)


class ReadsTheClockInAList(Sealed):
    """No Python code calls it, so the watch hears nothing; the replay differs."""

    def advance(self, state: State, elapsed: int) -> None:
        super().advance(state, elapsed)
        state.log = [partial(time)()]


class ReadsTheDate(Sealed):
    def outcome(self, state: State) -> Outcome | None:
        return super().outcome(state) if datetime.now().year else None  # noqa: DTZ005


class DrawsAtRandom(Sealed):
    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Any:
        return None if view["sealed"][seat] else random.choice([1, 5, 9])


class DrawsSecretly(Sealed):
    def setup(self, seats: int, settings: Any, rng: Rng) -> State:
        return super().setup(secrets.choice([seats]), settings, rng)


class DrawsBytes(Sealed):
    def setup(self, seats: int, settings: Any, rng: Rng) -> State:
        return super().setup(seats, settings, Rng(os.urandom(1)[0]))


class DrawsNames(Sealed):
    def open(self, state: State) -> None:
        state.log = [str(uuid.uuid4())]
        super().open(state)


class DrawsArrays(Sealed):
    def open(self, state: State) -> None:
        state.hint = int(np.random.randint(3))
        super().open(state)


class ReadsAFile(Sealed):
    def apply(self, state: State, seat: int, input: int) -> Refusal | None:
        state.hint = len(Path(__file__).read_text())
        return super().apply(state, seat, input)


class ReadsItsEnvironment(Sealed):
    def view(self, state: State) -> View:
        return {**super().view(state), "home": os.environ.get("HOME", "")}


class OpensASocket(Sealed):
    def secret(self, state: State, seat: int) -> View | None:
        socket.socket().close()
        return super().secret(state, seat)


class HidesWhatItDid(Sealed):
    def due(self, state: State) -> int | None:
        try:
            return super().due(state)
        finally:
            random.random()


# --- what says too little ------------------------------------------------------------------------


class Sized(Settings):
    size: Annotated[int, Meta(ge=0, le=1000)] = 0


class ForgetsACategory(Sealed):
    Settings = Sized
    categories = (Category(name="small", label="Small"),)

    def category(self, settings: Any) -> str:
        return "small" if settings.size < 500 else "large"


# --- what does not replay -----------------------------------------------------------------------


class GoesThroughASet(Sealed):
    def open(self, state: State) -> None:
        state.log = list({f"seat {seat}" for seat in range(9)})
        super().open(state)


class CountsInItsClass(Sealed):
    calls = 0

    def advance(self, state: State, elapsed: int) -> None:
        type(self).calls += 1
        super().advance(state, elapsed)


class CountsInItself(Sealed):
    def advance(self, state: State, elapsed: int) -> None:
        self.calls = getattr(self, "calls", 0) + 1
        super().advance(state, elapsed)


CALLS = [0]


class CountsInItsModule(Sealed):
    def advance(self, state: State, elapsed: int) -> None:
        CALLS[0] += 1
        state.hint = CALLS[0]
        super().advance(state, elapsed)


class CannotBeReadBack(Sealed):
    def open(self, state: State) -> None:
        super().open(state)
        state.hint = None  # type: ignore[assignment]


class CannotBeWritten(Sealed):
    def open(self, state: State) -> None:
        super().open(state)
        state.log = [object()]


# --- rules that fail ----------------------------------------------------------------------------


class ChangesInView(Sealed):
    def view(self, state: State) -> View:
        state.won.sort()
        return super().view(state)


class RefusesTooLate(Sealed):
    def apply(self, state: State, seat: int, input: int) -> Refusal | None:
        state.hint += 1
        return super().apply(state, seat, input)


class Raises(Sealed):
    def apply(self, state: State, seat: int, input: int) -> Refusal | None:
        return Refusal({1: "low"}[input]) if state.rounds else super().apply(state, seat, input)


class ShowsNoJson(Sealed):
    def view(self, state: State) -> View:
        return {**super().view(state), "rounds": 1j}


class BidsTooHigh(Sealed):
    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Any:
        return 10


class ForgetsASeat(Sealed):
    def outcome(self, state: State) -> Outcome | None:
        return Outcome([[0], [1]], "played") if state.rounds else None


class PartsATeam(Sealed):
    seats = range(4, 5)
    teams = 2

    def outcome(self, state: State) -> Outcome | None:
        return Outcome([[0], [1, 2, 3]], "played") if state.rounds else None


class RefusesInWords(Sealed):
    def apply(self, state: State, seat: int, input: int) -> Refusal | None:
        return Refusal("No!") if input == 1 else super().apply(state, seat, input)


class HasNoName(Sealed):
    title = "Not A Title"
