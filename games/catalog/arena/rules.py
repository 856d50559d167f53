"""Arena as a title: who comes and goes, what is seen, who wins.

The physics are in ``world.py``, the bot is in ``bot.py``. What is seen is coarser than what is:
a viewer is told of every change, twenty times a second, so digits that nobody notices are cut.
"""

from itertools import groupby
from typing import Annotated

from msgspec import Meta

from games.catalog.arena import bot, world
from games.catalog.arena.world import Controls, Score, Ship, State
from games.sim.game import Away, Game, Outcome, Refusal, Settings, View
from games.sim.rng import Rng


class ArenaSettings(Settings):
    """What the host chooses."""

    length_s: Annotated[
        int, Meta(ge=60, le=600, title="Length", description="Of the match, in seconds.")
    ] = 180
    score_limit: Annotated[
        int,
        Meta(ge=0, le=100, title="Kills to win", description="Ends the match early; 0: never."),
    ] = 0


class Arena(Game[State]):
    """Ships, shots and rocks: who destroys most until time is up wins."""

    title = "arena"
    name = "Arena"
    summary = (
        "Ships with inertia, shots and rocks. Most kills when time is up wins; drop in anytime."
    )
    seats = range(1, 17)
    tick_hz = 20
    drop_in = True
    grace_s = 10
    away = Away.BOT
    bot_every = 4
    Settings = ArenaSettings
    Input = Controls

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
        if seat not in state.ships:
            return Refusal("not_playing")
        state.ships[seat].held = input
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
        """What everybody may see; places in units, speeds in half units a period.

        A ship is ``[x, y, vx, vy, angle]``, and missing while it is wreckage. A hull is ``[hp,
        burning, safe_until, triple_until, back_at]``. A shot is ``[x, y, vx, vy, time, seat]`` as
        of the ``time`` it was fired, its speed in 32nds of a unit; it flies straight. A kit is
        ``[x, y, kind]``, a score ``[kills, deaths, by]``, a rock ``[x, y, radius]`` for ever.
        """
        ships = {str(seat): ship for seat, ship in state.ships.items()}
        return {
            "ends_at": state.ends_at,
            "score_limit": state.score_limit,
            "rocks": state.rocks,
            "ships": {seat: _motion(ship) for seat, ship in ships.items() if ship.hp},
            "hulls": {seat: _hull(ship) for seat, ship in ships.items()},
            "shots": {key: shot.row for key, shot in state.shots.items()},
            "kits": {key: list(kit) for key, kit in state.kits.items()},
            "scores": {str(seat): [s.kills, s.deaths, s.by] for seat, s in state.scores.items()},
        }

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Controls:
        return bot.decide(seat, view, rng)


def _motion(ship: Ship) -> list[int]:
    """The row of a ship, of which most changes in every period."""
    half = world.FINE // 2
    x, y = ship.x // world.FINE, ship.y // world.FINE
    return [x, y, (ship.vx + half // 2) // half, (ship.vy + half // 2) // half, ship.angle]


def _hull(ship: Ship) -> list[int]:
    """The row of a ship that seldom changes; times are when, not how long, so that they stand."""
    burning = int(ship.held.thrust and ship.hp > 0)
    return [ship.hp, burning, ship.safe_until, ship.triple_until, ship.back_at]


def _ranking(scores: dict[int, Score]) -> list[list[int]]:
    def worth(seat: int) -> tuple[int, int]:
        return -scores[seat].kills, scores[seat].deaths

    return [list(tied) for _, tied in groupby(sorted(scores, key=worth), worth)]
