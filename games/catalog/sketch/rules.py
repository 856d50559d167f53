"""Sketch as a title: what may be chosen and sent, and who sees what.

How turns go is in ``turns.py``, the board in ``board.py``, words and guesses in ``words.py``.

What each may know:
- All see the board, the scores, how many letters the word has, and the lines that are open to all.
- The drawer knows the word, and so does whoever guessed it. These chat among themselves, in lines
  that stand in their secrets alone; a right guess stands nowhere but as "guessed".
- A near miss is told to its guesser alone. The others do not see it, or they would try its letters.
- All know what was guessed wrong, and thereby what the word is not.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from games.catalog.sketch import bot, turns, words
from games.catalog.sketch.board import STROKES, Clear, Drawing, Fill, Ink, More, Undo
from games.catalog.sketch.limits import (
    CHAT_MAX,
    HINTS_MAX,
    LOG_MAX,
    OFFERS,
    OWN_WORDS_MAX,
    ROUNDS_MAX,
    SAY_MAX,
    SEATS_MAX,
    SEATS_MIN,
    TURN_S_MAX,
    TURN_S_MIN,
    WORD_MAX,
    WORD_MIN,
)
from games.catalog.sketch.turns import (
    ENDS,
    HZ,
    KINDS,
    PHASES,
    TURNS_MAX,
    Choose,
    Player,
    Say,
    State,
)
from games.sim import (
    Away,
    Bool,
    Enum,
    Game,
    Int,
    List,
    Map,
    Optional,
    Outcome,
    Record,
    Refusal,
    Rng,
    Settings,
    Table,
    Text,
    View,
)

SEAT = Int(0, SEATS_MAX - 1)
SCORE_MAX = TURNS_MAX * turns.GUESS_MAX
LINES = 1 << 24
"""More than can be said in the longest match, and than can come and go in it."""

_LETTER = "A-Za-zÀ-ÖØ-öø-ÿ"
_WORD = f"[{_LETTER}][{_LETTER}' -]{{{WORD_MIN - 1},{WORD_MAX - 1}}}"


class Options(Settings):
    """What the lobby asks before a match."""

    rounds: Annotated[
        int, Meta(ge=1, le=ROUNDS_MAX, title="Rounds", description="In each, everybody draws once")
    ] = 3
    turn_s: Annotated[
        int,
        Meta(ge=TURN_S_MIN, le=TURN_S_MAX, title="Time to draw", description="Seconds for a word"),
    ] = 80
    hints: Annotated[
        int,
        Meta(
            ge=0,
            le=HINTS_MAX,
            title="Hints",
            description="Letters shown by and by, a third of the word at most",
        ),
    ] = 2
    level: Annotated[
        Literal["mixed", "easy", "medium", "hard"],
        Meta(title="Words", description="Mixed: one of each to choose from"),
    ] = "mixed"
    own_words: Annotated[
        str,
        Meta(
            max_length=OWN_WORDS_MAX,
            pattern=f"^$|^{_WORD}(, ?{_WORD})*$",
            title="Words of your own",
            description=f"With commas between them, {WORD_MIN} to {WORD_MAX} letters each; "
            "they come first, and all players can read them here",
        ),
    ] = ""


class Sketch(Game[State]):
    """Three to eight seats; who gathers most points by guessing and by drawing wins."""

    title = "sketch"
    name = "Sketch"
    summary = "Draw a secret word while the others race to guess it."
    seats = range(SEATS_MIN, SEATS_MAX + 1)
    tick_hz = HZ
    drop_in = True
    grace_s = 12
    away = Away.BOT
    bot_every = 4
    Settings = Options
    Input = Choose | Ink | More | Fill | Undo | Clear | Say
    view_type = Record(
        phase=Enum(*PHASES),
        round=Int(0, ROUNDS_MAX),
        drawer=Optional(SEAT),
        ends_at=Int(0, turns.TIME_MAX),
        lasts=Int(0, turns.PHASE_MAX),
        mask=Text(WORD_MAX),
        ended=Optional(Enum(*ENDS)),
        strokes=STROKES,
        players=Table(
            SEATS_MAX,
            score=Int(0, SCORE_MAX),
            gained=Int(0, turns.GUESS_MAX),
            guessed=Bool(),
        ),
        chat=Map(Record(kind=Enum(*KINDS), seat=SEAT, text=Text(SAY_MAX)), CHAT_MAX),
    )
    secret_type = Record(
        word=Optional(Text(WORD_MAX)),
        offers=List(Text(WORD_MAX), OFFERS),
        log=Map(
            Record(after=Int(0, LINES), kind=Enum("say", "close"), seat=SEAT, text=Text(SAY_MAX)),
            LOG_MAX,
        ),
    )

    def setup(self, seats: int, settings: Options, rng: Rng) -> State:
        return State(
            rng,
            rounds=settings.rounds,
            turn_periods=settings.turn_s * HZ,
            hints=settings.hints,
            level=settings.level,
            own=words.own_words(settings.own_words),
        )

    def join(self, state: State, seat: int) -> None:
        """A seat that was left is taken with its score, and what it guessed stays guessed."""
        player = state.players.setdefault(seat, Player())
        player.here, player.log = True, {}
        if state.round:
            state.tell("joined", seat)

    def leave(self, state: State, seat: int, why: str) -> None:
        """A drawer takes the turn along; the match goes on among the others."""
        player = state.players.get(seat)
        if player is not None and player.here:
            player.here = False
            turns.left(state, seat)

    def apply(self, state: State, seat: int, input: Choose | Drawing | Say) -> Refusal | None:
        player = state.players.get(seat)
        if player is None or not player.here:
            return Refusal("not_playing")
        match input:
            case Say(text):
                return turns.say(state, seat, text)
            case Choose(number):
                return turns.choose(state, seat, number)
        if state.phase != "drawing" or seat != state.drawer:
            return Refusal("not_drawing")
        return state.board.draw(input)

    def advance(self, state: State, elapsed: int) -> None:
        for _ in range(elapsed):
            turns.tick(state)

    def outcome(self, state: State) -> Outcome | None:
        """Most points first; who left keeps them, and a place."""
        if state.phase != "over":
            return None
        groups: dict[int, list[int]] = {}
        for seat, player in sorted(state.players.items()):
            groups.setdefault(player.score, []).append(seat)
        ranking = [groups[score] for score in sorted(groups, reverse=True)]
        return Outcome(ranking, "too_few" if state.cut_short else "all_drawn")

    def view(self, state: State) -> View:
        """What everybody may see. ``mask`` has ``_`` for a letter that is not shown yet: of how
        many letters the word is, is public. ``ends_at`` is when this phase ends, in the room's
        time, and ``lasts`` how long it is, both in periods."""
        return {
            "phase": state.phase,
            "round": state.round,
            "drawer": state.drawer,
            "ends_at": state.ends_at,
            "lasts": state.lasts,
            "mask": words.masked(state.word, state.shown),
            "ended": state.ended,
            "strokes": state.board.view(),
            "players": {
                seat: (player.score, player.gained, player.guessed)
                for seat, player in state.players.items()
            },
            "chat": {str(number): line for number, line in state.chat.items()},
        }

    def secret(self, state: State, seat: int) -> View:
        """What this seat alone may see besides: the word or the words to choose from, if it may
        know them, and the lines that are for it. ``after`` is the open line that came before."""
        player = state.players[seat]
        return {
            "word": state.word if state.knows(seat) else None,
            "offers": state.offers if seat == state.drawer else [],
            "log": {str(number): line for number, line in player.log.items()},
        }

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        """Who does not know the word holds any for possible that has these letters in these places,
        was not drawn before, and of which all guesses would have been as wrong and as close."""
        state.rng = rng.fork()
        for other, player in state.players.items():
            if other != seat:
                player.log = {
                    number: msgspec.structs.replace(line, text="…")
                    for number, line in player.log.items()
                }
        if state.phase == "choosing" and seat != state.drawer:
            state.offers = words.offers(state.own, state.level, state.used, rng)
        if state.phase == "drawing" and not state.knows(seat):
            state.word = rng.choice(turns.possible(state, seat))
            state.used[-1] = state.word

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> dict[str, Any] | None:
        """Guesses by the letters shown; draws what it has learned to draw, or a doodle."""
        return bot.think(seat, view, secret, rng)
