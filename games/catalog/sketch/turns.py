"""How a match goes: who draws, what is said and guessed, what it is worth.

- A round is a turn for each who plays. A turn: the drawer picks one of three words, draws, and then
  all see the word.
- It ends when all have guessed, when time is up, when the drawer is gone, or has put nothing on the
  board for too long. What was guessed until then counts.
- A guess is worth more the earlier it comes. The drawer gets the greater a share the more of the
  others found the word.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from games.catalog.sketch.board import Board
from games.catalog.sketch.limits import (
    CHAT_MAX,
    CHOOSE_S,
    IDLE_S,
    LOG_MAX,
    OFFERS,
    REVEAL_S,
    ROUNDS_MAX,
    SAY_BURST,
    SAY_EVERY_S,
    SAY_MAX,
    SEATS_MAX,
    TURN_S_MAX,
    WAIT_S,
)
from games.catalog.sketch.words import (
    fits,
    gives_away,
    is_close,
    is_right,
    letters_of,
    masked,
    offers,
    pool,
)
from games.sim import Refusal, Rng

HZ = 10
PHASES = ("waiting", "choosing", "drawing", "reveal", "over")
ENDS = ("all_guessed", "time_up", "left", "idle")
KINDS = ("say", "guessed", "draws", "word", "joined", "left")

GUESS_MIN, GUESS_MAX = 100, 300
"""Points for a guess at the last moment, and at the first."""
DRAWER_MAX = 240
"""Points for a drawer whose word all have found."""

TURNS_MAX = ROUNDS_MAX * SEATS_MAX
PHASE_MAX = max(TURN_S_MAX, WAIT_S) * HZ
TIME_MAX = (TURNS_MAX + 1) * (CHOOSE_S + TURN_S_MAX + REVEAL_S + WAIT_S) * HZ
"""Periods of a match in which all draw in all rounds, and each turn is followed by a wait."""

SAY_COST = int(SAY_EVERY_S * HZ)

_UNSEEN = {
    char: " " if char in (0x09, 0x0A, 0x0D, 0x2028, 0x2029) else None
    for span in (
        range(0x20),
        range(0x7F, 0xA0),
        (0xAD, 0x61C, 0xFEFF),
        range(0x200B, 0x2010),
        range(0x2028, 0x202F),
        range(0x2060, 0x2070),
        range(0xD800, 0xE000),
    )
    for char in span
}
"""What has no looks of its own, and may change those of the text around it. Spelled out, as what
Python takes for printable depends on its version."""


class Choose(msgspec.Struct, tag="choose", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "choose", "number": 1}``: to draw this one of the words that are offered."""

    number: Annotated[int, Meta(ge=0, lt=OFFERS)]


class Say(msgspec.Struct, tag="say", tag_field="t", forbid_unknown_fields=True):
    """``{"t": "say", "text": "elephant"}``: a guess, from who still guesses; else chat."""

    text: Annotated[str, Meta(min_length=1, max_length=SAY_MAX)]


class Line(msgspec.Struct, frozen=True):
    """What all may read: something said, or something that happened."""

    kind: str
    seat: int
    text: str = ""


class Whisper(msgspec.Struct, frozen=True):
    """What some may read: said among those who know the word, or a near miss.

    Attributes:
        after: The number of the open line before it.
    """

    after: int
    kind: Literal["say", "close"]
    seat: int
    text: str


class Player(msgspec.Struct):
    """What there is to know of a seat.

    Attributes:
        gained: Points of this turn.
        quiet_at: The ``clock`` at which all that it said is forgiven.
        heard: How many lines it alone was told.
    """

    here: bool = True
    score: int = 0
    gained: int = 0
    guessed: bool = False
    quiet_at: int = 0
    heard: int = 0
    log: dict[int, Whisper] = {}

    def hear(self, whisper: Whisper) -> None:
        self.heard += 1
        self.log[self.heard] = whisper
        if len(self.log) > LOG_MAX:
            del self.log[next(iter(self.log))]


class State(msgspec.Struct):
    """A match between two ticks.

    Attributes:
        drew: Who has had a turn in this round.
        used: Words that were drawn, this turn's the last of them.
        shown: Places of letters that all see.
        lines: How many were told to all.
        begun: How many of them before this turn's drawing began.
        clock: Periods since the start.
    """

    rng: Rng
    rounds: int
    turn_periods: int
    hints: int
    level: str
    own: list[str]
    players: dict[int, Player] = {}
    phase: Literal["waiting", "choosing", "drawing", "reveal", "over"] = "waiting"
    round: int = 0
    drew: list[int] = []
    drawer: int | None = None
    offers: list[str] = []
    word: str = ""
    shown: list[int] = []
    ended: Literal["all_guessed", "time_up", "left", "idle"] | None = None
    used: list[str] = []
    board: Board = msgspec.field(default_factory=Board)
    chat: dict[int, Line] = {}
    lines: int = 0
    begun: int = 0
    ends_at: int = WAIT_S * HZ
    lasts: int = WAIT_S * HZ
    clock: int = 0
    cut_short: bool = False

    @property
    def playing(self) -> list[int]:
        """The seats that play."""
        return [seat for seat, player in self.players.items() if player.here]

    @property
    def guessing(self) -> list[int]:
        """Those of them who do not know the word."""
        return [seat for seat in self.playing if not self.knows(seat)]

    @property
    def gone(self) -> int:
        """Periods of this phase that have passed."""
        return self.clock - (self.ends_at - self.lasts)

    def knows(self, seat: int) -> bool:
        """Whether a seat knows what is being drawn."""
        return self.phase == "drawing" and (seat == self.drawer or self.players[seat].guessed)

    def tell(self, kind: str, seat: int, text: str = "") -> None:
        """Something that all may read."""
        self.lines += 1
        self.chat[self.lines] = Line(kind, seat, text)
        if len(self.chat) > CHAT_MAX:
            del self.chat[next(iter(self.chat))]

    def go(self, phase: Literal["waiting", "choosing", "drawing", "reveal"], periods: int) -> None:
        self.phase, self.lasts, self.ends_at = phase, periods, self.clock + periods


# --- time ----------------------------------------------------------------------------------------


def tick(state: State) -> None:
    """Let a period pass."""
    if state.phase == "over":
        return
    state.clock += 1
    if state.phase == "waiting" and len(state.playing) > 1:
        _next_turn(state)
    elif state.phase == "drawing":
        _hint(state)
        if not state.board.touched and state.gone >= IDLE_S * HZ:
            _end_turn(state, "idle")
    if state.clock < state.ends_at:
        return
    if state.phase == "waiting":
        state.phase, state.cut_short = "over", True
    elif state.phase == "choosing":
        _draw(state, state.rng.choice(state.offers))
    elif state.phase == "drawing":
        _end_turn(state, "time_up")
    else:
        _next_turn(state)


def _next_turn(state: State) -> None:
    state.drawer, state.word, state.shown, state.ended = None, "", [], None
    state.board = Board()
    for player in state.players.values():
        player.guessed, player.gained = False, 0
    if len(state.playing) < 2:
        state.go("waiting", WAIT_S * HZ)
        return
    waiting = [seat for seat in state.playing if seat not in state.drew]
    if not waiting or not state.round:
        if state.round == state.rounds:
            state.phase = "over"
            return
        state.round += 1
        state.drew, waiting = [], state.playing
    state.drawer = seat = min(waiting)
    state.drew.append(seat)
    state.offers = offers(state.own, state.level, state.used, state.rng)
    state.tell("draws", seat)
    state.go("choosing", CHOOSE_S * HZ)


def choose(state: State, seat: int, number: int) -> Refusal | None:
    """The drawer picks a word."""
    if state.phase != "choosing" or seat != state.drawer:
        return Refusal("not_choosing")
    _draw(state, state.offers[number])
    return None


def _draw(state: State, word: str) -> None:
    state.word, state.offers = word, []
    state.used.append(word)
    state.begun = state.lines
    state.go("drawing", state.turn_periods)


def _hint(state: State) -> None:
    """Show another letter when its time has come: they divide the time after the first part of it,
    which goes without."""
    letters = letters_of(state.word)
    most = min(state.hints, len(letters) // 3)
    due = min(most, state.gone * (most + 2) // state.lasts - 1)
    if due > len(state.shown):
        state.shown.append(state.rng.choice([at for at in letters if at not in state.shown]))


def _end_turn(state: State, why: Literal["all_guessed", "time_up", "left", "idle"]) -> None:
    """All see the word, and the drawer gets a share."""
    assert state.drawer is not None
    found = sum(player.guessed for player in state.players.values())
    asked = found + len([seat for seat in state.guessing if seat != state.drawer])
    _gain(state.players[state.drawer], DRAWER_MAX * found // max(1, asked))
    state.ended, state.offers = why, []
    state.shown = letters_of(state.word)
    if state.word:
        state.tell("word", state.drawer, state.word)
    state.go("reveal", REVEAL_S * HZ)


def _gain(player: Player, points: int) -> None:
    player.gained += points
    player.score += points


def left(state: State, seat: int) -> None:
    """A seat is empty: that may end the turn."""
    if state.round and state.phase != "over":
        state.tell("left", seat)
    if state.phase in ("choosing", "drawing"):
        if seat == state.drawer or len(state.playing) < 2:
            _end_turn(state, "left")
        elif not state.guessing:
            _end_turn(state, "all_guessed")


# --- what is said --------------------------------------------------------------------------------


def cleaned(text: str) -> str:
    """A line of text that looks like what it is."""
    return " ".join(text.translate(_UNSEEN).split())


def say(state: State, seat: int, text: str) -> Refusal | None:
    """A guess, or something said to those who may hear it."""
    text = cleaned(text)
    player = state.players[seat]
    if not text:
        return Refusal("empty")
    if state.phase == "choosing" and seat == state.drawer:
        return Refusal("choose_first")
    if player.quiet_at - state.clock > (SAY_BURST - 1) * SAY_COST:
        return Refusal("too_fast")
    if state.knows(seat):
        if gives_away(text, state.word):
            return Refusal("gives_it_away")
        for other in state.playing:
            if state.knows(other):
                state.players[other].hear(Whisper(state.lines, "say", seat, text))
    elif state.phase == "drawing":
        _guess(state, seat, text)
    else:
        state.tell("say", seat, text)
    player.quiet_at = max(player.quiet_at, state.clock) + SAY_COST
    return None


def _guess(state: State, seat: int, text: str) -> None:
    player = state.players[seat]
    if is_right(text, state.word):
        left = state.ends_at - state.clock
        _gain(player, GUESS_MIN + (GUESS_MAX - GUESS_MIN) * left // state.lasts)
        player.guessed = True
        state.tell("guessed", seat)
        if not state.guessing:
            _end_turn(state, "all_guessed")
    elif is_close(text, state.word):
        player.hear(Whisper(state.lines, "close", seat, text))
    else:
        state.tell("say", seat, text)


def possible(state: State, seat: int) -> list[str]:
    """The words that a seat may take for the one that is drawn, by all that it was told."""
    mask = masked(state.word, state.shown)
    guesses = [line.text for number, line in state.chat.items() if number > state.begun]
    missed = [
        line.text
        for line in state.players[seat].log.values()
        if line.kind == "close" and line.after >= state.begun
    ]
    return [
        word
        for word in pool(state.own, state.level)
        if word == state.word
        or (
            word not in state.used
            and fits(word, mask)
            and not any(is_right(guess, word) or is_close(guess, word) for guess in guesses)
            and all(is_close(guess, word) for guess in missed)
        )
    ]
