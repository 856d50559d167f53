"""Titles that exist for tests alone; servers under test load them by ``EVERTICK_TITLES``.

They wait for whoever is missing far longer than a test takes on the busiest machine, and nothing in
them is due by itself while a test is at something else. Those that lose patience, and `Thinking`,
whose flag falls, are for tests in which just that happens, and for those that hand the time in.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from games.sim import Away, Game, Outcome, Refusal, Rng, Settings, View

NAMES = ("Tally", "Hasty", "Blitz", "Patient", "Broken", "Party", "Wide")

ALL = ",".join(f"tests.titles.{name}" for name in NAMES)

PATIENCE_S = 600


class Add(msgspec.Struct, tag="add", tag_field="t"):
    n: Annotated[int, Meta(ge=-1000, le=1000)]


class Misbehave(msgspec.Struct, tag="misbehave", tag_field="t"):
    how: Literal["raise", "unencodable", "win"]


class Sums(msgspec.Struct):
    """What was added, by seat and in order, so that a test sees every input exactly once."""

    sums: list[int]
    log: list[list[int]]
    rng: Rng
    clock: int = 0
    won: int | None = None
    left: list[str] = []


class TallySettings(Settings):
    length: Annotated[int, Meta(ge=1, le=10_000)] = 1000


class Tally(Game[Sums]):
    """Real time; each input adds to the seat's own sum."""

    title = "tally"
    name = "Tally"
    seats = range(1, 5)
    tick_hz = 20
    grace_s = PATIENCE_S
    Settings = TallySettings
    Input = Add | Misbehave

    def setup(self, seats: int, settings: Any, rng: Rng) -> Sums:
        return Sums([0] * seats, [], rng)

    def apply(self, state: Sums, seat: int, input: Any) -> Refusal | None:
        if isinstance(input, Misbehave):
            return self._misbehave(state, seat, input.how)
        if input.n == 13:
            return Refusal("unlucky")
        state.sums[seat] += input.n
        state.log.append([seat, input.n])
        return None

    def _misbehave(self, state: Sums, seat: int, how: str) -> None:
        if how == "raise":
            raise ZeroDivisionError("a bug in the rules")
        if how == "win":
            state.won = seat

    def advance(self, state: Sums, elapsed: int) -> None:
        state.clock += elapsed

    def leave(self, state: Sums, seat: int, why: str) -> None:
        state.left.append(why)

    def outcome(self, state: Sums) -> Outcome | None:
        if state.won is None:
            return None
        others = sorted(self.taken(state) - {state.won})
        return Outcome([[state.won], others] if others else [[state.won]], "won")

    def taken(self, state: Sums) -> set[int]:
        """The seats that ever had somebody on them."""
        return set(range(len(state.sums)))

    def view(self, state: Sums) -> View:
        return {"sums": list(state.sums), "clock": state.clock // 20}

    def secret(self, state: Sums, seat: int) -> View:
        return {"mine": [n for by, n in state.log if by == seat][-4:]}


class Hasty(Tally):
    """Soon gives the seat of who is missing up."""

    title = "hasty"
    name = "Hasty"
    grace_s = 2


class Thinking(Tally):
    """By turns of nobody in particular: ticks only when something happens; flags after 300."""

    title = "thinking"
    name = "Thinking"
    tick_hz = 100
    realtime = False
    seats = range(2, 3)
    bot_every = 10

    def due(self, state: Sums) -> int | None:
        return 300 - state.clock

    def outcome(self, state: Sums) -> Outcome | None:
        if state.clock >= 300:
            return Outcome([[0, 1]], "time_up")
        return super().outcome(state)

    def view(self, state: Sums) -> View:
        return {"sums": list(state.sums), "clock": state.clock}

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Any:
        return Add(1) if view["sums"][seat] < 3 else None


class Blitz(Thinking):
    """Its clock stands still until the first move; from there on the flag falls in a second."""

    title = "blitz"
    name = "Blitz"

    def advance(self, state: Sums, elapsed: int) -> None:
        if state.log:
            state.clock += elapsed

    def due(self, state: Sums) -> int | None:
        return 100 - state.clock if state.log else None

    def outcome(self, state: Sums) -> Outcome | None:
        return Outcome([[0, 1]], "time_up") if state.clock >= 100 else None


class Patient(Thinking):
    """By turns, with nothing that is due by itself."""

    title = "patient"
    name = "Patient"
    seats = range(1, 3)

    def due(self, state: Sums) -> int | None:
        return None

    def outcome(self, state: Sums) -> Outcome | None:
        return Tally.outcome(self, state)


class Waiting(Tally):
    """Stands still for who is missing."""

    title = "waiting"
    name = "Waiting"
    away = Away.PAUSE


class HastyWaiting(Waiting):
    """Stands still soon."""

    title = "hasty_waiting"
    name = "Hasty and waiting"
    grace_s = 2


class Broken(Tally):
    """Its setup fails."""

    title = "broken"
    name = "Broken"

    def setup(self, seats: int, settings: Any, rng: Rng) -> Sums:
        raise ZeroDivisionError("a bug in setup")


class Party(Tally):
    """People come and go, and a bot fills in for them."""

    title = "party"
    name = "Party"
    drop_in = True
    away = Away.BOT
    seats = range(1, 4)
    bot_every = 4

    def join(self, state: Sums, seat: int) -> None:
        state.log.append([seat, 0])

    def taken(self, state: Sums) -> set[int]:
        return {seat for seat, _ in state.log}

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Any:
        return Add(1 + rng.below(5))


class HastyParty(Party):
    """The bot fills in soon."""

    title = "hasty_party"
    name = "Hasty party"
    grace_s = 1


class Wide(Tally):
    """A fat view, all of it new at every tick: 20 kB of text that follows from the time alone."""

    title = "wide"
    name = "Wide"
    tick_hz = 30

    def view(self, state: Sums) -> View:
        return wide_view(state.clock)

    def secret(self, state: Sums, seat: int) -> View:
        return {}


def wide_view(clock: int) -> View:
    """What everybody sees of ``Wide`` at a time."""
    return {"clock": clock, "text": f"{clock:08d}" * 2500}
