"""A beginner at chess: sees mate in one, counts what hangs, and likes the centre.

It knows what a player sees, nothing more. For each of its moves it looks at the opponent's best
answer. Answers are weighed without being played, and their number is bounded, so that a call takes
a few milliseconds however many queens there are.
"""

import chess

from games.sim import Rng, View

VALUE = {
    chess.PAWN: 100,
    chess.KNIGHT: 310,
    chess.BISHOP: 325,
    chess.ROOK: 500,
    chess.QUEEN: 950,
    chess.KING: 0,
}
MATE = 100_000
ANSWERS_MAX = 1500
"""Answers weighed in one call: 38 moves with 40 each, in about 8 ms. Then the moves that bring
least at once are left aside."""
MATES_MAX = 4
"""Best moves that are checked for a mate in one by the opponent; the first safe one is played."""
WHIM = 12
"""Hundredths of a pawn that moves may differ and still be equally likely."""
CONTENT = -150
"""Who stands worse than this takes a draw."""


def think(seat: int, view: View, rng: Rng) -> dict[str, str] | None:
    """What to send now: a move, an answer to an offer, or None for nothing."""
    board = chess.Board(view["fen"])
    me = seat == 0
    if view["reason"] is not None:
        return None
    if view["offer"] == 1 - seat:
        return {"t": "draw_accept" if _balance(board, me) < CONTENT else "draw_decline"}
    if view["turn"] != seat:
        return None
    if view["claim"] and _balance(board, me) < CONTENT:
        return {"t": "draw_claim"}
    return {"t": "move", "uci": _best(board, rng).uci()}


def _best(board: chess.Board, rng: Rng) -> chess.Move:
    """The best move two half-moves deep, with a whim between near equals."""
    moves = list(board.legal_moves)
    rng.shuffle(moves)
    gains = sorted(((_gain(board, move), move) for move in moves), key=_score, reverse=True)
    scored, weighed = [], 0
    for gain, move in gains:
        board.push(move)
        answers = list(board.legal_moves)
        scored.append((gain - _answer(board, answers) + rng.below(WHIM), move))
        board.pop()
        weighed += len(answers)
        if weighed > ANSWERS_MAX:
            break
    scored.sort(key=_score, reverse=True)
    safe = (move for _, move in scored[:MATES_MAX] if not _allows_mate(board, move))
    return next(safe, scored[0][1])


def _score(scored: tuple[int, chess.Move]) -> int:
    return scored[0]


def _answer(board: chess.Board, answers: list[chess.Move]) -> int:
    """What the side to move can gain at once: far below nothing if mated, a draw if stalemated."""
    if not answers:
        return -MATE if board.is_check() else _balance(board, not board.turn)
    best = -MATE
    for move in answers:
        gain = _gain(board, move)
        if board.is_capture(move) and board.is_attacked_by(not board.turn, move.to_square):
            gain -= VALUE[_piece(board, move.from_square)]  # it would be taken back
        best = max(best, gain)
    return best


def _allows_mate(board: chess.Board, move: chess.Move) -> bool:
    """Whether the opponent could mate right after ``move``."""
    board.push(move)
    mated = any(_mates(board, reply) for reply in board.legal_moves if board.gives_check(reply))
    board.pop()
    return mated


def _mates(board: chess.Board, move: chess.Move) -> bool:
    board.push(move)
    mate = board.is_checkmate()
    board.pop()
    return mate


def _gain(board: chess.Board, move: chess.Move) -> int:
    """Material and better squares that a move brings, in hundredths of a pawn."""
    piece = _piece(board, move.from_square)
    place = _PLACES[_endgame(board)][piece]
    flip = 0 if board.turn else 56  # black's board is white's, upside down
    gain = place[move.to_square ^ flip] - place[move.from_square ^ flip]
    if victim := board.piece_type_at(move.to_square):
        gain += VALUE[victim]
    elif piece == chess.PAWN and board.is_en_passant(move):
        gain += VALUE[chess.PAWN]
    if move.promotion:
        gain += VALUE[move.promotion] - VALUE[chess.PAWN]
    return gain


def _balance(board: chess.Board, me: chess.Color) -> int:
    """Material of one side less that of the other."""
    return sum(
        value * (len(board.pieces(piece, me)) - len(board.pieces(piece, not me)))
        for piece, value in VALUE.items()
    )


def _piece(board: chess.Board, square: int) -> int:
    return board.piece_type_at(square) or chess.KING


def _endgame(board: chess.Board) -> bool:
    return not board.queens


def _place(piece: int, square: int, endgame: bool) -> int:
    """What a square is worth to a white piece, in hundredths of a pawn."""
    file, rank = square % 8, square // 8
    centre = 7 - (abs(2 * file - 7) + abs(2 * rank - 7)) // 2  # 0 in the corner, 6 in the middle
    match piece:
        case chess.PAWN:
            return (0, 0, 4, 12, 20, 40, 80, 0)[rank] + (18 if file in (3, 4) and rank >= 3 else 0)
        case chess.KNIGHT:
            return 9 * centre
        case chess.BISHOP:
            return 4 * centre + (10 if rank else 0)
        case chess.ROOK:
            return (25 if rank == 6 else 0) + (6 if file in (3, 4) else 0)
        case chess.QUEEN:
            return centre
        case _:  # the king: to the centre in the endgame, into its castle before
            return 10 * centre if endgame else (40 if square in (6, 1, 2) else -15 * rank)


_PLACES = {
    endgame: {
        piece: [_place(piece, square, endgame) for square in chess.SQUARES] for piece in VALUE
    }
    for endgame in (False, True)
}
