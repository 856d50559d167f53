"""Arena as a title: who comes and goes, what is seen, who wins.

The physics are in ``world.py``, the bot is in ``bot.py``. What is seen is coarser than what is:
a viewer is told of every change, twenty times a second, so digits that nobody notices are cut. Each
player besides knows the own ship exactly, now and then; in between the browser foretells it.
"""

from itertools import groupby
from typing import Annotated

from msgspec import Meta

from games.catalog.arena import bot, world
from games.catalog.arena.world import (
    ANGLES,
    FINE,
    HEIGHT,
    HP,
    WIDTH,
    Controls,
    Score,
    Ship,
    State,
)
from games.sim.game import Away, Game, Mode, Outcome, Refusal, Settings, View
from games.sim.kinds import Angle, Bool, Enum, Fixed, Int, Optional, Record, Table
from games.sim.rng import Rng

SEATS_MAX = 16
LENGTH_S_MAX = 600

_TIME = Int(0, LENGTH_S_MAX * 20 + world.TRIPLE_FOR)
_SEAT = Int(0, SEATS_MAX - 1)
_X, _Y = Int(0, WIDTH), Int(0, HEIGHT)
_SPEED = 3 * world.SPEED_MAX // 2
"""No part of a speed reaches it: pushes end at two thirds of it, each way, and walls and rocks turn
a speed round, but make it no greater."""
_SHOT_SPEED = (world.SHOT_SPEED + _SPEED // 2) // FINE

VIEW = Record(
    ends_at=_TIME,
    score_limit=Int(0, 100),
    rocks=Table(world.ROCKS, x=_X, y=_Y, r=Int(0, 255)),
    ships=Table(
        SEATS_MAX,
        x=_X,
        y=_Y,
        vx=Int(-WIDTH, WIDTH),
        vy=Int(-HEIGHT, HEIGHT),
        angle=Angle(ANGLES),
        spin=Int(-world.SPIN_MAX, world.SPIN_MAX),
        burning=Bool(),
        moves={"x": "vx", "y": "vy", "angle": "spin"},
    ),
    hulls=Table(SEATS_MAX, hp=Int(0, HP), safe_until=_TIME, triple_until=_TIME, back_at=_TIME),
    shots=Table(
        world.SHOTS_MAX,
        x=_X,
        y=_Y,
        vx=Fixed(-_SHOT_SPEED, _SHOT_SPEED, 0.25),
        vy=Fixed(-_SHOT_SPEED, _SHOT_SPEED, 0.25),
        time=Int(0, world.SHOT_CYCLE - 1),
        seat=_SEAT,
    ),
    kits=Table(world.KITS_MAX, x=_X, y=_Y, kind=Enum(*world.KINDS)),
    scores=Table(SEATS_MAX, kills=Int(0, 4095), deaths=Int(0, 4095), by=Int(-1, SEATS_MAX - 1)),
)
"""What changes in every period, now and then, and seldom is apart: each change of a table says how
many bits it has for every column."""

OWN_SHIP = Record(
    x=Int(0, WIDTH * FINE),
    y=Int(0, HEIGHT * FINE),
    vx=Int(-_SPEED, _SPEED),
    vy=Int(-_SPEED, _SPEED),
    angle=Angle(ANGLES),
    spin=Int(-world.SPIN_MAX, world.SPIN_MAX),
    reload=Int(0, world.RELOAD),
)


class ArenaSettings(Settings):
    """What the host chooses."""

    length_s: Annotated[
        int, Meta(ge=60, le=LENGTH_S_MAX, title="Length", description="Of the match, in seconds.")
    ] = 180
    score_limit: Annotated[
        int,
        Meta(ge=0, le=100, title="Kills to win", description="Ends the match early; 0: never."),
    ] = 0


class Arena(Game[State]):
    """Ships, shots and rocks: who destroys most until time is up wins."""

    title = "arena"
    version = 3
    name = "Arena"
    summary = (
        "Ships with inertia, shots and rocks. Most kills when time is up wins; drop in anytime."
    )
    seats = range(1, SEATS_MAX + 1)
    tick_hz = 20
    drop_in = True
    grace_s = 10
    away = Away.BOT
    bot_every = 4
    modes = (Mode(fill_s=4, bots_after_s=4, bots_to=4),)
    rewind_max = world.REWIND_MAX
    Settings = ArenaSettings
    Input = Controls
    view_type = VIEW
    secret_type = Record(ship=Optional(OWN_SHIP))

    def setup(self, seats: int, settings: ArenaSettings, rng: Rng) -> State:
        """An arena with its rocks, and nobody in it yet."""
        rocks = world.scatter_rocks(rng)
        ends_at = settings.length_s * self.tick_hz
        return State(rng, ends_at=ends_at, score_limit=settings.score_limit, rocks=rocks)

    def join(self, state: State, seat: int) -> None:
        """A new ship; the score of an earlier visit is kept."""
        state.scores.setdefault(seat, Score())
        ship = Ship()
        world.spawn(state, ship)
        state.ships[seat] = ship

    def leave(self, state: State, seat: int, why: str) -> None:
        """The ship is gone, its shots fly on, its score stands."""
        state.ships.pop(seat, None)

    def apply(self, state: State, seat: int, input: Controls) -> Refusal | None:
        """Hold these controls from now on."""
        return self.apply_seen(state, seat, input, 0)

    def apply_seen(self, state: State, seat: int, input: Controls, ago: int) -> Refusal | None:
        """The same, and shoot at ships where the sender saw them.

        A browser shows the own ship a period after it carried an input out, and the others a period
        later than when it sent it: so nothing is to be added to ``ago`` for the period that begins.
        """
        ship = state.ships.get(seat)
        if ship is None:
            return Refusal("not_playing")
        ship.held = input
        ship.ago = ago if 0 <= ago <= world.REWIND_MAX else max(0, min(ago, world.REWIND_MAX))
        return None

    def advance(self, state: State, elapsed: int) -> None:
        for _ in range(elapsed):
            world.step(state)

    def outcome(self, state: State) -> Outcome | None:
        """Most kills first; of equal ones, fewest deaths."""
        if state.time >= state.ends_at:
            return Outcome(_ranking(state.scores), "time_up")
        if 0 < state.score_limit <= max((s.kills for s in state.scores.values()), default=0):
            return Outcome(_ranking(state.scores), "score_reached")
        return None

    def view(self, state: State) -> View:
        """What everybody may see; places in units, speeds in units a period, times in periods.

        A ship is missing while it is wreckage. Its speed is how far it came in the last period: to
        the digit, so that places follow from it, as angles do from its spin. Its hull says when it
        is back (``back_at``), and until when it is safe and shoots three at a time. A shot is told
        once: where it was at its ``time``, which begins anew after ``SHOT_CYCLE``; since then it
        flies straight. ``by`` is who destroyed a seat last, or -1.
        """
        ships = state.ships
        before = state.past.at(1) if state.past else {}
        return {
            "ends_at": state.ends_at,
            "score_limit": state.score_limit,
            "rocks": dict(enumerate(state.rocks)),
            "ships": {
                seat: _shown(ship, *before.get(seat, (ship.x, ship.y)))
                for seat, ship in ships.items()
                if ship.hp
            },
            "hulls": {
                seat: (ship.hp, ship.safe_until, ship.triple_until, ship.back_at)
                for seat, ship in ships.items()
            },
            "shots": {key: shot.row for key, shot in state.shots.items()},
            "kits": dict(state.kits),
            "scores": {seat: (s.kills, s.deaths, s.by) for seat, s in state.scores.items()},
        }

    def secret(self, state: State, seat: int) -> View:
        """The own ship as of a moment ago, exactly; None while there is none."""
        ship = state.ships.get(seat)
        return {"ship": ship and ship.told}

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        """Nothing is hidden but digits."""

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Controls:
        return bot.decide(seat, view, secret, rng)


def _shown(ship: Ship, from_x: int, from_y: int) -> tuple[int, int, int, int, int, int, bool]:
    """The row of a ship that was there a period ago."""
    x, y = ship.x // FINE, ship.y // FINE
    vx, vy = x - from_x // FINE, y - from_y // FINE
    return x, y, vx, vy, ship.angle, ship.spin, ship.held.thrust


def _ranking(scores: dict[int, Score]) -> list[list[int]]:
    def worth(seat: int) -> tuple[int, int]:
        return -scores[seat].kills, scores[seat].deaths

    return [list(tied) for _, tied in groupby(sorted(scores, key=worth), worth)]
