"""The titles that are played here: each input stands in the state, in order, for good."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from games.sim import Game, Outcome, Refusal, Rng, Settings, View

UNLUCKY = 7
"""Each input whose number this divides is refused, so that refusals are settled as well."""


class Add(msgspec.Struct, tag="add", tag_field="t"):
    """Says its own number, so that no two are alike."""

    n: Annotated[int, Meta(ge=1)]


class Log(msgspec.Struct):
    """Seat and number of all inputs that were applied."""

    rng: Rng
    applied: list[tuple[int, int]] = []
    chance: int = 0
    clock: int = 0


class Count(Game[Log]):
    """In real time, without an end; chance of the state's own makes every tick's view its own."""

    title = "count"
    name = "Count"
    seats = range(1, 5)
    tick_hz = 10
    grace_s = 3600  # faults forfeit no seat
    Settings = Settings
    Input = Add

    def setup(self, seats: int, settings: Any, rng: Rng) -> Log:
        return Log(rng)

    def apply(self, state: Log, seat: int, input: Add) -> Refusal | None:
        if input.n % UNLUCKY == 0:
            return Refusal("unlucky")
        state.applied.append((seat, input.n))
        state.chance = state.rng.below(1000)
        return None

    def advance(self, state: Log, elapsed: int) -> None:
        state.clock += elapsed

    def outcome(self, state: Log) -> Outcome | None:
        return None

    def view(self, state: Log) -> View:
        return {"applied": len(state.applied), "chance": state.chance, "s": state.clock // 10}

    def secret(self, state: Log, seat: int) -> View:
        return {"mine": sum(by == seat for by, _ in state.applied)}


class Race(Count):
    """By turns of whoever comes; the first with twenty inputs has won."""

    title = "race"
    name = "Race"
    tick_hz = 100
    realtime = False
    seats = range(2, 3)

    def outcome(self, state: Log) -> Outcome | None:
        for seat in (0, 1):
            if sum(by == seat for by, _ in state.applied) >= 20:
                return Outcome([[seat], [1 - seat]], "first")
        return None

    def view(self, state: Log) -> View:
        return {"applied": len(state.applied), "chance": state.chance}


TITLES = {game.title: game for game in (Count, Race)}
