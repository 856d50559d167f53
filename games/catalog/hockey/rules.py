"""Hockey as a title: goals, the clock, who wins, what is seen.

How skaters and the puck move is in ``rink.py``. What all see is exact, to the last digit: so a
browser can foretell the whole rink from the last state that it knows, others' skaters by what they
hold down, and a puck that is met is sent off at once.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from games.catalog.hockey import bot, rink
from games.catalog.hockey.rink import (
    DEPTH,
    FINE,
    HEIGHT,
    MIDDLE,
    PUCK_SPEED_MAX,
    RELOAD,
    WAYS,
    WIDTH,
    Controls,
    Disc,
    Skater,
)
from games.sim import (
    Angle,
    Away,
    Bool,
    Enum,
    Game,
    Int,
    List,
    Mode,
    Optional,
    Outcome,
    Record,
    Refusal,
    Rng,
    Settings,
    Table,
    View,
)

HZ = 30
TEAMS = ("Blue", "Red")
SEATS_MAX = 6
GOALS_MAX = 10
LENGTH_S_MAX = 600

FACE_OFF = 3 * HZ // 2  # periods in which all stand and look at the puck
CHEERS = 2 * HZ  # periods after a goal
SUDDEN_DEATH = 120 * HZ  # periods after which nobody has won
SCORER = 4 * HZ  # periods after which whoever touched the puck has no part in a goal
STUCK = 3 * HZ  # periods in which the puck hardly moves, until another face-off
SLOW = 2 * FINE
STEERED_EVERY = 3  # periods in which a skater without a player thinks once

PHASES = ("face_off", "play", "cheers", "over")

_TIME = Int(0, 2 * (LENGTH_S_MAX * HZ + SUDDEN_DEATH + GOALS_MAX * (FACE_OFF + CHEERS)))
"""The clock stands still after goals, and for less time than it ran after a puck that was stuck."""
_SEAT = Int(0, SEATS_MAX - 1)
_SPEED = 64 * FINE
"""No speed reaches it: the puck's has a limit, and whom it meets is pushed by less than that."""

VIEW = Record(
    phase=Enum(*PHASES),
    until=_TIME,
    left=Int(0, max(LENGTH_S_MAX * HZ, SUDDEN_DEATH)),
    as_of=_TIME,
    sudden_death=Bool(),
    goals_to_win=Int(1, GOALS_MAX),
    goals=List(Int(0, GOALS_MAX), 2),
    last_goal=Optional(Record(team=Int(0, 1), seat=_SEAT, own=Bool())),
    scored=List(Int(0, GOALS_MAX), SEATS_MAX),
    steered=List(Bool(), SEATS_MAX),
    puck=Table(
        1,
        x=Int(-DEPTH, WIDTH * FINE + DEPTH),
        y=Int(0, HEIGHT * FINE),
        vx=Int(-PUCK_SPEED_MAX, PUCK_SPEED_MAX),
        vy=Int(-PUCK_SPEED_MAX, PUCK_SPEED_MAX),
        moves={"x": "vx", "y": "vy"},
    ),
    skaters=Table(
        SEATS_MAX,
        x=Int(0, WIDTH * FINE),
        y=Int(0, HEIGHT * FINE),
        vx=Int(-_SPEED, _SPEED),
        vy=Int(-_SPEED, _SPEED),
        way=Angle(WAYS),
        go=Int(-1, WAYS - 1),
        shoot=Bool(),
        reload=Int(0, RELOAD),
        moves={"x": "vx", "y": "vy"},
    ),
)


class Options(Settings):
    """What the host chooses."""

    goals: Annotated[
        int,
        Meta(ge=1, le=GOALS_MAX, title="Goals to win", description="Ends the match early."),
    ] = 5
    length_s: Annotated[
        int,
        Meta(ge=60, le=LENGTH_S_MAX, title="Length", description="In seconds of play."),
    ] = 180
    sudden_death: Annotated[
        bool,
        Meta(title="Sudden death", description="If it is level then, the next goal wins."),
    ] = True


class Goal(msgspec.Struct, frozen=True):
    """The last one: for which team, and by whom; ``own``: they play for the other."""

    team: int
    seat: int
    own: bool


class State(msgspec.Struct):
    """A match. A team is 0, blue, or 1, red; the time counts periods.

    Attributes:
        skaters: One for each seat; one more where a team would have fewer.
        until: When this phase is over by itself.
        left: On the clock, which runs while it is played.
        as_of: When the clock was last stopped or started.
        scored: By seat.
        touched: By team, who was at the puck last, and when; None since the last face-off.
        still: Periods in which the puck has hardly moved.
        gone: By seat, why it was given up.
        over: Why it ended; empty while it goes on.
    """

    seats: int
    goals_to_win: int
    left: int
    to_sudden_death: bool
    skaters: list[Skater]
    puck: Disc
    until: int = FACE_OFF
    time: int = 0
    as_of: int = 0
    phase: Literal["face_off", "play", "cheers", "over"] = "face_off"
    sudden_death: bool = False
    goals: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    scored: list[int] = []
    touched: list[tuple[int, int] | None] = msgspec.field(default_factory=lambda: [None, None])
    last_goal: Goal | None = None
    still: int = 0
    gone: dict[int, str] = {}
    over: str = ""


class Hockey(Game[State]):
    """Two teams of one to three skaters; whoever scores more goals wins, all of a team together."""

    title = "hockey"
    name = "Hockey"
    summary = "Blue against red on ice, one to three a side. Skate, pass, score."
    seats = range(2, SEATS_MAX + 1)
    teams = 2
    team_names = TEAMS
    tick_hz = HZ
    grace_s = 5
    away = Away.BOT
    bot_every = 4
    modes = (
        Mode(name="doubles", label="2 vs 2", seats=range(4, 5), bots_to=4),
        Mode(name="duel", label="1 vs 1", seats=range(2, 3)),
    )
    Settings = Options
    Input = Controls
    view_type = VIEW

    def setup(self, seats: int, settings: Options, rng: Rng) -> State:
        """Everybody at their spot; where a team has one fewer, the rules lend it a skater."""
        return State(
            seats=seats,
            goals_to_win=settings.goals,
            left=settings.length_s * HZ,
            to_sudden_death=settings.sudden_death,
            skaters=rink.line_up(seats + seats % 2),
            puck=_face_off_puck(),
            scored=[0] * seats,
        )

    def leave(self, state: State, seat: int, why: str) -> None:
        """The team does not have to play with one fewer: the rules steer the skater from now on."""
        state.gone[seat] = why

    def apply(self, state: State, seat: int, input: Controls) -> Refusal | None:
        """Hold these controls from now on."""
        state.skaters[seat].held = input
        return None

    def advance(self, state: State, elapsed: int) -> None:
        for _ in range(elapsed):
            _pass(state)

    def outcome(self, state: State) -> Outcome | None:
        """A team whose players all left has lost; else more goals win."""
        teams = [[seat for seat in range(state.seats) if seat % 2 == team] for team in (0, 1)]
        for team in (0, 1):
            if all(seat in state.gone for seat in teams[team]):
                return Outcome([teams[1 - team], teams[team]], state.gone[teams[team][-1]])
        if not state.over:
            return None
        if state.goals[0] == state.goals[1]:
            return Outcome([sorted(teams[0] + teams[1])], state.over)
        best = 0 if state.goals[0] > state.goals[1] else 1
        return Outcome([teams[best], teams[1 - best]], state.over)

    def view(self, state: State) -> View:
        """What everybody may see, which is all; places and speeds in fine parts, times in periods.

        The clock shows ``left`` as of the time ``as_of``, and runs while the phase is ``play``.
        ``go`` is where a player skates, or -1. A skater that is ``steered`` has no player.
        """
        puck = state.puck
        return {
            "phase": state.phase,
            "until": state.until,
            "left": state.left + (state.time - state.as_of if state.phase == "play" else 0),
            "as_of": state.as_of,
            "sudden_death": state.sudden_death,
            "goals_to_win": state.goals_to_win,
            "goals": list(state.goals),
            "last_goal": state.last_goal,
            "scored": list(state.scored),
            "steered": [_is_steered(state, seat) for seat in range(len(state.skaters))],
            "puck": {0: (puck.x, puck.y, puck.vx, puck.vy)},
            "skaters": {seat: _shown(skater) for seat, skater in enumerate(state.skaters)},
        }

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Controls | None:
        """It hesitates now and then, as people do."""
        if rng.below(5) == 0:
            return None
        skaters = [view["skaters"][str(number)] for number in range(len(view["skaters"]))]
        return bot.steer(seat, _disc(view["puck"]["0"]), [_disc(row) for row in skaters])


# --- one period ---------------------------------------------------------------------------------


def _pass(state: State) -> None:
    state.time += 1
    if state.over or (state.phase == "face_off" and state.time < state.until):
        return
    if state.phase == "face_off":
        _enter(state, "play")
    _steer(state)
    for seat, _ in rink.step(state.puck, state.skaters):
        state.touched[seat % 2] = (seat, state.time)
    if state.phase == "cheers":
        if state.time >= state.until:
            _line_up(state)
        return
    state.left -= 1
    team = rink.scored(state.puck)
    if team is not None:
        _score(state, team)
    elif state.left <= 0:
        _time_up(state)
    elif _is_stuck(state):
        _line_up(state)


def _steer(state: State) -> None:
    """Think for those who have no player."""
    for seat, skater in enumerate(state.skaters):
        if _is_steered(state, seat) and (state.time + seat) % STEERED_EVERY == 0:
            skater.held = bot.steer(seat, state.puck, state.skaters)


def _score(state: State, team: int) -> None:
    state.goals[team] += 1
    state.last_goal = goal = _goal(state, team)
    if not goal.own and goal.seat < state.seats:
        state.scored[goal.seat] += 1
    if state.sudden_death or state.goals[team] >= state.goals_to_win:
        _end(state, "sudden_death" if state.sudden_death else "goals")
    else:
        _enter(state, "cheers")
        state.until = state.time + CHEERS


def _goal(state: State, team: int) -> Goal:
    """Whose goal it is: of who sent the puck on its way, also where the other team deflected it."""
    mine, theirs = state.touched[team], state.touched[1 - team]
    if theirs and (mine is None or mine[1] < min(theirs[1], state.time - SCORER)):
        return Goal(team, theirs[0], own=True)
    return Goal(team, mine[0] if mine else team, own=False)


def _time_up(state: State) -> None:
    if state.to_sudden_death and not state.sudden_death and state.goals[0] == state.goals[1]:
        state.sudden_death, state.left = True, SUDDEN_DEATH
        _line_up(state)
    else:
        _end(state, "time_up")


def _is_stuck(state: State) -> bool:
    """Whether those at the puck have held each other, or the boards, for too long."""
    puck = state.puck
    slow = any(state.touched) and abs(puck.vx) < SLOW and abs(puck.vy) < SLOW
    state.still = state.still + 1 if slow else 0
    return state.still >= STUCK


def _line_up(state: State) -> None:
    """Everybody back at their spot, for the next face-off."""
    held = [skater.held for skater in state.skaters]
    state.skaters = rink.line_up(len(state.skaters))
    for skater, still in zip(state.skaters, held, strict=True):
        skater.held = still
    state.puck = _face_off_puck()
    state.touched, state.still = [None, None], 0
    _enter(state, "face_off")
    state.until = state.time + FACE_OFF


def _end(state: State, why: str) -> None:
    state.over = why
    _enter(state, "over")


def _enter(state: State, phase: Literal["face_off", "play", "cheers", "over"]) -> None:
    """Another phase; the clock runs in one of them."""
    state.phase = phase
    state.as_of = state.time - 1 if phase == "play" else state.time


def _face_off_puck() -> Disc:
    return Disc(WIDTH * FINE // 2, MIDDLE)


def _is_steered(state: State, seat: int) -> bool:
    return seat in state.gone or seat >= state.seats


# --- what is shown ------------------------------------------------------------------------------


def _shown(skater: Skater) -> tuple[int, int, int, int, int, int, bool, int]:
    go = skater.held.go
    return (
        skater.x,
        skater.y,
        skater.vx,
        skater.vy,
        skater.way,
        -1 if go is None else go,
        skater.held.shoot,
        skater.reload,
    )


def _disc(row: View) -> Disc:
    return Disc(row["x"], row["y"], row["vx"], row["vy"])
