"""Chess with clocks, for two; seat 0 has the white pieces.

What is legal, and what the board alone decides, python-chess says. Ours is what it leaves open:

- Clocks: nobody's runs until both have made their first move. That move must come within
  ``FIRST_MOVE_S``, or the match is aborted; it costs no time and earns none. From then on the side
  to move pays, and gets the increment after its move.
- By correspondence each move has days; nobody need be there meanwhile.
- Draws: mate, stalemate, dead material, fivefold repetition and 75 moves end the match by
  themselves. Threefold repetition and 50 moves are claimed by the side to move.
- An offer of a draw stands until the opponent answers or moves; one for each position and side.
  Offering while the opponent's own offer stands accepts it.

The position is kept as FEN, so a state is small, and a move costs the same however long the game.
"""

from typing import Annotated, Any

import chess
import msgspec
from msgspec import Meta

from games.catalog.chess.bot import think
from games.sim import (
    Away,
    Bool,
    Category,
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
    Text,
    View,
)

HZ = 100
FIRST_MOVE_S = 30
DAYS_MAX = 14
DAY = 24 * 3600 * HZ
RAPID_S = 8 * 60
"""Expected thinking time of a side from which a match is rapid: clock and 40 increments, where
lichess has it as well. 5+3 is blitz, 10+0 and 15+10 are rapid."""
CLOCK_MAX = 2**27  # periods: two weeks, or three hours and a minute for each of 6000 moves

SIDE = Int(0, 1)


class Options(Settings):
    """The time each side has."""

    minutes: Annotated[
        int, Meta(ge=1, le=180, title="Minutes", description="On each side's clock at the start")
    ] = 5
    increment_s: Annotated[
        int, Meta(ge=0, le=60, title="Increment", description="Seconds added after each move")
    ] = 3
    days: Annotated[
        int,
        Meta(
            ge=0,
            le=DAYS_MAX,
            title="Days a move",
            description="By correspondence, in place of clocks; 0: with clocks",
        ),
    ] = 0


class _Input(msgspec.Struct, tag_field="t", forbid_unknown_fields=True):
    pass


class Move(_Input, tag="move"):
    """``{"t": "move", "uci": "e2e4"}``; castling is the king's move, promotion ``e7e8q``."""

    uci: Annotated[str, Meta(pattern="^[a-h][1-8][a-h][1-8][qrbn]?$", max_length=5)]


class Resign(_Input, tag="resign"):
    """The opponent wins; allowed at any time."""


class DrawOffer(_Input, tag="draw_offer"):
    """Asks the opponent for a draw."""


class DrawAccept(_Input, tag="draw_accept"):
    """Takes the opponent's offer."""


class DrawDecline(_Input, tag="draw_decline"):
    """Turns the opponent's offer down; a move does the same."""


class DrawClaim(_Input, tag="draw_claim"):
    """Ends the match where the view's ``claim`` names a reason."""


Action = Move | Resign | DrawOffer | DrawAccept | DrawDecline | DrawClaim


class State(msgspec.Struct):
    """A match of chess, between two ticks.

    Attributes:
        clocks: Periods left, white's and black's.
        increment: Periods added after a move.
        per_move: Periods for each move, by correspondence; else 0.
        first_move: Periods left for the first move of the side to move; counts until both moved.
        fen: The position.
        moves: In standard algebraic notation; their number says whose turn it is.
        last: The last move, in UCI notation.
        seen: How often each position stood on the board, since the last capture or pawn move.
        offer: Whose offer of a draw stands.
        offered: For each seat, after how many moves it last offered one; -1 for never.
        ending: Set once, when it is over.
    """

    clocks: list[int]
    increment: int
    first_move: int
    fen: str
    seen: dict[str, int]
    moves: list[str] = []
    last: str | None = None
    offer: int | None = None
    offered: list[int] = msgspec.field(default_factory=lambda: [-1, -1])
    ending: Outcome | None = None
    per_move: int = 0

    @property
    def turn(self) -> int:
        return len(self.moves) % 2

    @property
    def timed(self) -> bool:
        """Whether the clocks count; before that, the time for first moves does."""
        return len(self.moves) >= 2


class Chess(Game[State]):
    """Two seats, one board; ticks only when somebody acts or a clock runs out."""

    title = "chess"
    name = "Chess"
    version = 2  # since matches by correspondence
    summary = "The game of kings, with clocks: mate, flag or agree on a draw."
    seats = range(2, 3)
    tick_hz = HZ
    realtime = False
    grace_s = 60
    away = Away.FORFEIT
    bot_every = 80
    modes = (
        Mode(name="blitz", label="Blitz 5+3", settings={"minutes": 5, "increment_s": 3}),
        Mode(name="rapid", label="Rapid 15+10", settings={"minutes": 15, "increment_s": 10}),
    )
    categories = (
        Category(name="blitz", label="Blitz"),
        Category(name="rapid", label="Rapid"),
        Category(name="correspondence", label="Correspondence"),
    )
    Settings = Options
    Input = Action
    view_type = Record(
        fen=Text(100),
        turn=SIDE,
        moves=List(Text(8), 12_000),  # the 75-move rule ends any match before
        last=Optional(Text(5)),
        check=Bool(),
        legal=Text(600),
        clocks=List(Int(0, CLOCK_MAX), 2),
        running=Optional(SIDE),
        first_move=Optional(Int(0, DAYS_MAX * DAY)),
        offer=Optional(SIDE),
        can_offer=List(Bool(), 2),
        claim=Optional(Enum("threefold_repetition", "fifty_moves")),
        reason=Optional(Text(40)),
    )

    def setup(self, seats: int, settings: Options, rng: Rng) -> State:
        """The opening position, full clocks, white to move."""
        per_move = settings.days * DAY
        return State(
            clocks=[per_move or settings.minutes * 60 * HZ] * 2,
            increment=settings.increment_s * HZ,
            first_move=per_move or FIRST_MOVE_S * HZ,
            per_move=per_move,
            fen=chess.STARTING_FEN,
            seen={_key(chess.STARTING_FEN): 1},
        )

    def away_in(self, settings: Options) -> Away:
        """By correspondence the clock alone decides how long one may be away."""
        return Away.STAY if settings.days else self.away

    def category(self, settings: Options) -> str:
        """By how long a side may think in all; days are another game than minutes."""
        if settings.days:
            return "correspondence"
        thinks_s = settings.minutes * 60 + 40 * settings.increment_s
        return "blitz" if thinks_s < RAPID_S else "rapid"

    def leave(self, state: State, seat: int, why: str) -> None:
        """Who goes away loses, unless it was over already."""
        if state.ending is None:
            state.ending = _win(1 - seat, why)

    def apply(self, state: State, seat: int, input: Action) -> Refusal | None:
        """Move, resign, or deal with a draw; all but the move may be done at any time."""
        if state.ending is not None:
            return Refusal("match_over")
        match input:
            case Move(uci):
                return _move(state, seat, uci)
            case Resign():
                state.ending = _win(1 - seat, "resignation")
            case DrawOffer():
                return _offer(state, seat)
            case DrawAccept() | DrawDecline() if state.offer != 1 - seat:
                return Refusal("no_offer")
            case DrawAccept():
                state.ending = _draw("agreement")
            case DrawDecline():
                state.offer = None
            case DrawClaim():
                return _claim(state, seat)
        return None

    def advance(self, state: State, elapsed: int) -> None:
        """Take the time off whatever counts, and end the match where nothing is left of it."""
        if state.ending is not None:
            return
        if not state.timed:
            state.first_move = max(0, state.first_move - elapsed)
            if not state.first_move:
                state.ending = _draw("aborted")
            return
        state.clocks[state.turn] = max(0, state.clocks[state.turn] - elapsed)
        if not state.clocks[state.turn]:
            state.ending = _flag_fell(state)

    def due(self, state: State) -> int | None:
        """Periods until the flag falls, or the time for a first move is over."""
        if state.ending is not None:
            return None
        return state.clocks[state.turn] if state.timed else state.first_move

    def outcome(self, state: State) -> Outcome | None:
        """Winner first; both together for a draw, and for a match that never began (aborted)."""
        return state.ending

    def view(self, state: State) -> View:
        """All there is: chess has no secrets.

        ``legal`` spares the browser an engine: a word for each piece that can move, its square and
        then every square it may go to: ``"e2e3e4 g1f3h3"``.
        """
        board = chess.Board(state.fen)
        over = state.ending is not None
        return {
            "fen": state.fen,
            "turn": state.turn,
            "moves": list(state.moves),
            "last": state.last,
            "check": board.is_check(),
            "legal": "" if over else _legal(board),
            "clocks": list(state.clocks),
            "running": state.turn if state.timed and not over else None,
            "first_move": None if state.timed or over else state.first_move,
            "offer": state.offer,
            "can_offer": [offered < len(state.moves) for offered in state.offered],
            "claim": None if over else _claimable(state),
            "reason": state.ending.reason if state.ending else None,
        }

    def migrate(self, state: dict[str, Any], version: int) -> dict[str, Any]:
        """Older states say nothing of correspondence, and all of them are without it."""
        return state

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> dict[str, str] | None:
        """A beginner's move, and an honest answer to an offer of a draw."""
        return think(seat, view, rng)


def _move(state: State, seat: int, uci: str) -> Refusal | None:
    if seat != state.turn:
        return Refusal("not_your_turn")
    board = chess.Board(state.fen)
    try:
        move = board.parse_uci(uci)
    except ValueError:
        return Refusal("illegal_move")
    if not move:  # the null move, "0000", which python-chess lets pass
        return Refusal("illegal_move")
    if state.per_move:
        state.clocks[seat] = state.per_move
    elif state.timed:
        state.clocks[seat] += state.increment
    if state.offer == 1 - seat:
        state.offer = None
    state.moves.append(board.san_and_push(move))
    state.last = move.uci()
    state.first_move = state.per_move or FIRST_MOVE_S * HZ
    _arrive(state, board)
    return None


def _arrive(state: State, board: chess.Board) -> None:
    """Note the position after a move, and end the match if the position does."""
    state.fen = board.fen()
    if board.halfmove_clock == 0:
        state.seen.clear()  # nothing from before can come again
    key = _key(state.fen)
    state.seen[key] = state.seen.get(key, 0) + 1
    if ended := board.outcome():
        reason = ended.termination.name.lower()
        state.ending = _draw(reason) if ended.winner is None else _win(_seat(ended.winner), reason)
    elif state.seen[key] >= 5:
        state.ending = _draw("fivefold_repetition")


def _offer(state: State, seat: int) -> Refusal | None:
    if state.offer == 1 - seat:
        state.ending = _draw("agreement")
    elif state.offer == seat or state.offered[seat] == len(state.moves):
        return Refusal("already_offered")
    else:
        state.offer = seat
        state.offered[seat] = len(state.moves)
    return None


def _claim(state: State, seat: int) -> Refusal | None:
    if seat != state.turn:
        return Refusal("not_your_turn")
    reason = _claimable(state)
    if reason is None:
        return Refusal("nothing_to_claim")
    state.ending = _draw(reason)
    return None


def _claimable(state: State) -> str | None:
    """Why the side to move may claim a draw now (FIDE Laws 9.2.2 and 9.3.2)."""
    if state.seen[_key(state.fen)] >= 3:
        return "threefold_repetition"
    return "fifty_moves" if int(state.fen.split()[4]) >= 100 else None


def _flag_fell(state: State) -> Outcome:
    """FIDE Laws 6.9: the opponent wins, or draws if no series of legal moves could mate."""
    winner = 1 - state.turn
    if chess.Board(state.fen).has_insufficient_material(winner == 0):
        return _draw("timeout_insufficient")
    return _win(winner, "timeout")


def _legal(board: chess.Board) -> str:
    targets: dict[int, dict[str, None]] = {}  # a dict, as promotions name a square four times
    for move in board.legal_moves:
        targets.setdefault(move.from_square, {})[chess.SQUARE_NAMES[move.to_square]] = None
    return " ".join(chess.SQUARE_NAMES[square] + "".join(to) for square, to in targets.items())


def _key(fen: str) -> str:
    """What makes two positions the same: pieces, turn, castling, and a capture en passant."""
    return fen.rsplit(" ", 2)[0]


def _seat(color: chess.Color) -> int:
    return 0 if color == chess.WHITE else 1


def _win(seat: int, reason: str) -> Outcome:
    return Outcome([[seat], [1 - seat]], reason)


def _draw(reason: str) -> Outcome:
    return Outcome([[0, 1]], reason)
