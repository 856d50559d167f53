"""Chess: what python-chess leaves to us, and that both agree on the rest."""

import hashlib

import chess
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.catalog.chess import bot
from games.catalog.chess.rules import (
    FIRST_MOVE_S,
    HZ,
    Action,
    Chess,
    DrawAccept,
    DrawClaim,
    DrawDecline,
    DrawOffer,
    Move,
    Options,
    Resign,
    State,
)
from games.sim import Away, Outcome, Rng, diff, patch

GAME = Chess()
SHUFFLE = "g1f3 g8f6 f3g1 f6g8"
DRAWN = [[0, 1]]


def start(**options: int) -> State:
    return GAME.setup(2, Options(**options), Rng(1))


def at(fen: str) -> State:
    """A match that has come to this position, clocks running."""
    state = start()
    state.fen = fen
    state.moves = ["…"] * (2 if " w " in fen else 3)
    state.seen = {fen.rsplit(" ", 2)[0]: 1}
    return state


def play(state: State, moves: str, think: int = 0) -> State:
    """Let both sides move in turn, each after thinking for so many periods."""
    for uci in moves.split():
        GAME.advance(state, think)
        assert GAME.apply(state, state.turn, Move(uci)) is None, uci
    return state


def refusal(state: State, seat: int, action: Action) -> str:
    """The code an action is refused with; the state must be the same, byte for byte."""
    before = msgspec.msgpack.encode(state)
    refused = GAME.apply(state, seat, action)
    assert refused is not None, "was not refused"
    assert msgspec.msgpack.encode(state) == before
    return refused.code


def ending(state: State) -> tuple[list[list[int]], str]:
    outcome = GAME.outcome(state)
    assert outcome is not None, "the match goes on"
    return outcome.ranking, outcome.reason


# --- the board ---------------------------------------------------------------------------------


def test_scholars_mate_wins_for_white():
    state = play(start(), "e2e4 e7e5 f1c4 b8c6 d1h5 g8f6")
    assert GAME.outcome(state) is None
    play(state, "h5f7")
    assert ending(state) == ([[0], [1]], "checkmate")
    assert state.moves == ["e4", "e5", "Bc4", "Nc6", "Qh5", "Nf6", "Qxf7#"]
    assert GAME.view(state)["check"] is True
    assert GAME.view(state)["legal"] == ""


def test_fools_mate_wins_for_black():
    assert ending(play(start(), "f2f3 e7e5 g2g4 d8h4")) == ([[1], [0]], "checkmate")


def test_stalemate_is_a_draw():
    moves = (
        "e2e3 a7a5 d1h5 a8a6 h5a5 h7h5 h2h4 a6h6 a5c7 f7f6 c7d7 e8f7 d7b7 d8d3 b7b8 d3h7 b8c8 "
        "f7g6 c8e6"
    )
    assert ending(play(start(), moves)) == (DRAWN, "stalemate")


def test_dead_material_is_a_draw():
    state = at("8/8/8/8/4k3/8/3q4/2K5 w - - 0 60")
    assert ending(play(state, "c1d2")) == (DRAWN, "insufficient_material")


def test_the_same_position_five_times_is_a_draw():
    state = play(start(), " ".join([SHUFFLE] * 3))
    play(state, "g1f3 g8f6 f3g1")
    assert GAME.outcome(state) is None
    play(state, "f6g8")
    assert ending(state) == (DRAWN, "fivefold_repetition")


def test_seventy_five_moves_without_progress_are_a_draw():
    state = at("4k3/8/8/8/8/8/8/R3K3 w - - 149 100")
    assert ending(play(state, "a1a2")) == (DRAWN, "seventyfive_moves")


def test_mate_on_the_seventy_fifth_move_is_mate():
    state = at("7k/8/6K1/8/8/8/8/R7 w - - 149 100")
    assert ending(play(state, "a1a8")) == ([[0], [1]], "checkmate")


@pytest.mark.parametrize(("piece", "san"), [("q", "a8=Q+"), ("r", "a8=R+"), ("n", "a8=N")])
def test_a_pawn_becomes_what_its_player_names(piece, san):
    state = play(at("4k3/P7/8/8/8/8/8/4K3 w - - 0 40"), f"a7a8{piece}")
    assert state.moves[-1] == san
    assert chess.Board(state.fen).piece_at(chess.A8) == chess.Piece.from_symbol(piece.upper())


def test_a_pawn_does_not_reach_the_end_and_stay_a_pawn():
    assert refusal(at("4k3/P7/8/8/8/8/8/4K3 w - - 0 40"), 0, Move("a7a8")) == "illegal_move"


def test_a_pawn_is_taken_in_passing_at_once_or_not_at_all():
    state = play(start(), "e2e4 a7a6 e4e5 d7d5")
    later = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
    play(state, "e5d6")
    assert chess.Board(state.fen).piece_at(chess.D5) is None
    play(later, "h2h3 h7h6")
    assert refusal(later, 0, Move("e5d6")) == "illegal_move"


def test_castling_moves_the_rook_too():
    state = play(start(), "e2e4 e7e5 g1f3 g8f6 f1c4 f8c5 e1g1 e8g8")
    assert state.fen.split()[0] == "rnbq1rk1/pppp1ppp/5n2/2b1p3/2B1P3/5N2/PPPP1PPP/RNBQ1RK1"
    assert state.moves[-2:] == ["O-O", "O-O"]
    assert state.last == "e8g8"


def test_nobody_castles_through_check():
    state = at("4k3/8/8/8/8/5r2/8/4K2R w K - 0 30")
    assert refusal(state, 0, Move("e1g1")) == "illegal_move"


@pytest.mark.parametrize(
    "uci", ["e2e5", "e7e5", "d1d3", "e3e4", "0000", "e2e4q", "e2e4\n", "zz", ""]
)
def test_an_illegal_move_changes_nothing(uci):
    assert refusal(start(), 0, Move(uci)) == "illegal_move"


def test_moving_out_of_turn_changes_nothing():
    state = start()
    assert refusal(state, 1, Move("e7e5")) == "not_your_turn"
    play(state, "e2e4")
    assert refusal(state, 0, Move("d2d4")) == "not_your_turn"


@pytest.mark.parametrize(
    "sent",
    [
        {"t": "move"},
        {"t": "move", "uci": "0000"},
        {"t": "move", "uci": "e2e4k"},
        {"t": "move", "uci": "e2e4 "},
        {"t": "move", "uci": 7},
        {"t": "resign", "seat": 1},
        {"t": "undo"},
        "e2e4",
        None,
    ],
)
def test_what_is_no_input_never_reaches_the_rules(sent):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sent, Chess.Input)


def test_a_position_that_cannot_come_again_is_forgotten():
    state = play(start(), SHUFFLE)
    assert len(state.seen) == 4
    play(state, "e2e4")
    assert len(state.seen) == 1


# --- the clocks --------------------------------------------------------------------------------


def test_first_moves_cost_no_time_and_earn_none():
    state = play(start(minutes=1, increment_s=2), "e2e4 e7e5", think=1000)
    assert state.clocks == [60 * HZ, 60 * HZ]


def test_a_move_costs_its_time_and_earns_the_increment():
    state = play(start(minutes=1, increment_s=2), "e2e4 e7e5")
    play(state, "g1f3", think=500)
    play(state, "b8c6", think=100)
    assert state.clocks == [6000 - 500 + 200, 6000 - 100 + 200]


def test_only_the_clock_of_the_side_to_move_runs():
    state = play(start(minutes=1), "e2e4 e7e5")
    GAME.advance(state, 700)
    view = GAME.view(state)
    assert (view["clocks"], view["running"]) == ([5300, 6000], 0)


def test_the_flag_falls_exactly_when_it_is_due():
    state = play(start(minutes=1), "e2e4 e7e5 g1f3", think=10)
    due = GAME.due(state)
    assert due == 6000
    GAME.advance(state, due - 1)
    assert GAME.outcome(state) is None
    assert GAME.due(state) == 1
    GAME.advance(state, 1)
    assert ending(state) == ([[0], [1]], "timeout")
    assert GAME.due(state) is None


def test_a_move_that_comes_after_the_flag_is_too_late():
    state = play(start(minutes=1), "e2e4 e7e5")
    GAME.advance(state, 99999)
    assert refusal(state, 0, Move("g1f3")) == "match_over"
    assert ending(state) == ([[1], [0]], "timeout")
    assert state.clocks[0] == 0


def test_a_bare_king_cannot_win_on_time():
    state = at("4k3/8/8/8/8/8/8/Q3K3 w - - 0 60")
    GAME.advance(state, state.clocks[0])
    assert ending(state) == (DRAWN, "timeout_insufficient")


def test_a_lone_pawn_can_win_on_time():
    state = at("4k3/p7/8/8/8/8/8/Q3K3 w - - 0 60")
    GAME.advance(state, state.clocks[0])
    assert ending(state) == ([[1], [0]], "timeout")


@pytest.mark.parametrize("moves", ["", "e2e4"])
def test_a_first_move_that_does_not_come_aborts_the_match(moves):
    state = play(start(), moves, think=FIRST_MOVE_S * HZ - 1)
    assert GAME.due(state) == FIRST_MOVE_S * HZ
    GAME.advance(state, FIRST_MOVE_S * HZ)
    assert ending(state) == (DRAWN, "aborted")


def test_time_stands_still_after_the_end():
    state = play(start(), "f2f3 e7e5 g2g4 d8h4")
    before = msgspec.msgpack.encode(state)
    GAME.advance(state, 12345)
    assert msgspec.msgpack.encode(state) == before


# --- draws, resigning, leaving -----------------------------------------------------------------


def test_an_accepted_offer_is_a_draw():
    state = play(start(), "e2e4")
    assert GAME.apply(state, 0, DrawOffer()) is None
    assert GAME.view(state)["offer"] == 0
    assert GAME.apply(state, 1, DrawAccept()) is None
    assert ending(state) == (DRAWN, "agreement")


def test_two_offers_that_cross_are_a_draw():
    state = play(start(), "e2e4")
    GAME.apply(state, 1, DrawOffer())
    GAME.apply(state, 0, DrawOffer())
    assert ending(state) == (DRAWN, "agreement")


def test_nobody_answers_their_own_offer_or_one_that_was_not_made():
    state = start()
    assert refusal(state, 1, DrawAccept()) == "no_offer"
    GAME.apply(state, 0, DrawOffer())
    assert refusal(state, 0, DrawAccept()) == "no_offer"
    assert refusal(state, 0, DrawDecline()) == "no_offer"


def test_a_declined_offer_is_not_made_again_in_the_same_position():
    state = play(start(), "e2e4")
    GAME.apply(state, 0, DrawOffer())
    assert refusal(state, 0, DrawOffer()) == "already_offered"
    assert GAME.apply(state, 1, DrawDecline()) is None
    assert refusal(state, 1, DrawAccept()) == "no_offer"
    assert refusal(state, 0, DrawOffer()) == "already_offered"
    assert GAME.view(state)["can_offer"] == [False, True]
    play(state, "e7e5")
    assert GAME.apply(state, 0, DrawOffer()) is None


def test_an_offer_outlives_a_move_by_who_made_it_and_not_one_by_the_opponent():
    state = start()
    GAME.apply(state, 0, DrawOffer())
    play(state, "e2e4")
    assert state.offer == 0
    play(state, "e7e5")
    assert state.offer is None


def test_the_same_position_three_times_is_a_draw_when_claimed_by_the_side_to_move():
    state = play(start(), SHUFFLE)
    assert refusal(state, 0, DrawClaim()) == "nothing_to_claim"
    play(state, SHUFFLE)
    assert GAME.view(state)["claim"] == "threefold_repetition"
    assert refusal(state, 1, DrawClaim()) == "not_your_turn"
    assert GAME.apply(state, 0, DrawClaim()) is None
    assert ending(state) == (DRAWN, "threefold_repetition")


def test_positions_that_differ_in_the_right_to_castle_are_not_the_same():
    state = play(start(), "e2e4 e7e5 e1e2 e8e7 e2e1 e7e8 e1e2 e8e7 e2e1 e7e8")
    assert GAME.view(state)["claim"] is None  # on the board three times, castling once
    play(state, "e1e2 e8e7 e2e1 e7e8")
    assert GAME.view(state)["claim"] == "threefold_repetition"


def test_fifty_moves_without_progress_are_a_draw_when_claimed():
    state = play(at("4k3/8/8/8/8/8/8/R3K3 w - - 98 80"), "a1a2")
    assert refusal(state, 1, DrawClaim()) == "nothing_to_claim"
    play(state, "e8e7")
    assert GAME.apply(state, 0, DrawClaim()) is None
    assert ending(state) == (DRAWN, "fifty_moves")


def test_who_resigns_loses_even_out_of_turn():
    state = start()
    GAME.apply(state, 1, Resign())
    assert ending(state) == ([[0], [1]], "resignation")
    view = GAME.view(state)
    assert (view["legal"], view["running"], view["first_move"]) == ("", None, None)


def test_who_leaves_loses_and_only_once():
    state = start()
    GAME.leave(state, 0, "forfeit")
    GAME.leave(state, 1, "left")
    assert ending(state) == ([[1], [0]], "forfeit")


@pytest.mark.parametrize("action", [Move("e2e4"), Resign(), DrawOffer(), DrawClaim()])
def test_nothing_happens_after_the_end(action):
    state = start()
    GAME.apply(state, 1, Resign())
    assert refusal(state, 0, action) == "match_over"


@pytest.mark.parametrize(
    "chosen", [{"minutes": 0}, {"minutes": 181}, {"increment_s": -1}, {"increment_s": 61}, {"x": 1}]
)
def test_settings_out_of_bounds_are_refused(chosen):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(chosen, Options)


# --- whole games -------------------------------------------------------------------------------

choices = st.lists(st.integers(0, 217), min_size=1, max_size=60)


def random_game(picks: list[int]) -> list[Move]:
    """Legal moves from the opening position, until the picks or the game run out."""
    board, moves = chess.Board(), []
    for pick in picks:
        legal = sorted(move.uci() for move in board.legal_moves)
        if not legal or board.is_insufficient_material():
            break
        board.push_uci(legal[pick % len(legal)])
        moves.append(Move(board.peek().uci()))
    return moves


@settings(max_examples=20, deadline=None)
@given(choices, st.integers(0, 59))
def test_a_game_comes_to_the_same_state_again_even_if_stored_in_between(picks, stored):
    moves = random_game(picks)
    one, two = start(), start()
    for number, move in enumerate(moves):
        if number == stored:
            two = msgspec.msgpack.decode(msgspec.msgpack.encode(two), type=State)
        for state in (one, two):
            GAME.advance(state, number)
            assert GAME.apply(state, state.turn, move) is None or state.ending is not None
    assert msgspec.msgpack.encode(one) == msgspec.msgpack.encode(two)


def test_a_view_once_given_stays_as_it_is():
    state = play(start(), "e2e4")
    view = GAME.view(state)
    before = msgspec.json.encode(view)
    GAME.apply(state, 1, DrawOffer())
    play(state, "e7e5 g1f3", think=10)
    assert msgspec.json.encode(view) == before


@settings(max_examples=20, deadline=None)
@given(choices)
def test_changes_of_the_view_lead_from_each_view_to_the_next(picks):
    state = start()
    told = GAME.view(state)
    for move in random_game(picks):
        GAME.apply(state, state.turn, move)
        view = GAME.view(state)
        change = diff(told, view)
        told = patch(told, change)
        assert told == view
        if len(view["moves"]) > 2:
            assert change["in"]["moves"] == {"push": view["moves"][-1:]}


@settings(max_examples=20, deadline=None)
@given(choices)
def test_the_view_names_exactly_the_legal_moves(picks):
    state, board = start(), chess.Board()
    for move in random_game(picks):
        GAME.apply(state, state.turn, move)
        board.push_uci(move.uci)
        assert state.fen == board.fen()
        if state.ending is None:
            named = {
                word[:2] + word[at : at + 2]
                for word in GAME.view(state)["legal"].split()
                for at in range(2, len(word), 2)
            }
            assert named == {legal.uci()[:4] for legal in board.legal_moves}


def test_golden_a_won_game_replays_to_the_same_bytes():
    """The "Opera game" (Morphy, 1858). If this fails on purpose, raise ``Chess.version``."""
    state = play(
        start(),
        "e2e4 e7e5 g1f3 d7d6 d2d4 c8g4 d4e5 g4f3 d1f3 d6e5 f1c4 g8f6 f3b3 d8e7 b1c3 c7c6 c1g5 b7b5 "
        "c3b5 c6b5 c4b5 b8d7 e1c1 a8d8 d1d7 d8d7 h1d1 e7e6 b5d7 f6d7 b3b8 d7b8 d1d8",
        think=250,
    )
    assert GAME.outcome(state) == Outcome([[0], [1]], "checkmate")
    digest = hashlib.sha256(msgspec.msgpack.encode(state)).hexdigest()
    assert digest[:16] == "79410b420b4cd0ea"


# --- the bot -----------------------------------------------------------------------------------


def ask(state: State, seat: int) -> dict[str, str] | None:
    return GAME.bot(seat, GAME.view(state), None, Rng(3))


def test_the_bot_mates_in_one():
    assert ask(play(start(), "f2f3 e7e5 g2g4"), 1) == {"t": "move", "uci": "d8h4"}


def test_the_bot_does_not_walk_into_mate_in_one():
    state = play(start(), "e2e4 e7e5 f1c4 b8c6 d1h5")
    for seed in range(20):
        said = bot.think(1, GAME.view(state), Rng(seed))
        board = chess.Board(state.fen)
        board.push_uci(said["uci"])
        mate = chess.Move.from_uci("h5f7")
        if board.is_legal(mate):
            board.push(mate)
            assert not board.is_checkmate(), said


def test_the_bot_takes_what_hangs_and_leaves_what_is_guarded():
    assert ask(at("4k3/8/8/3q4/4P3/8/8/4K3 w - - 0 30"), 0)["uci"] == "e4d5"
    assert ask(at("4k3/8/4p3/3p4/8/8/3Q4/4K3 w - - 0 30"), 0)["uci"] != "d2d5"


def test_the_bot_waits_for_its_turn_and_for_the_end():
    state = start()
    assert ask(state, 1) is None
    GAME.apply(state, 0, Resign())
    assert ask(state, 0) is None


def test_the_bot_takes_a_draw_only_when_it_stands_badly():
    even = start()
    GAME.apply(even, 0, DrawOffer())
    assert ask(even, 1) == {"t": "draw_decline"}
    lost = at("4k3/8/8/8/8/8/8/Q3K3 w - - 0 60")
    GAME.apply(lost, 0, DrawOffer())
    assert ask(lost, 1) == {"t": "draw_accept"}


def test_two_bots_play_to_the_end():
    state, rng = start(minutes=180), Rng(5)
    while GAME.outcome(state) is None:
        GAME.advance(state, GAME.bot_every)
        said = GAME.bot(state.turn, GAME.view(state), None, rng)
        assert GAME.apply(state, state.turn, msgspec.convert(said, Chess.Input)) is None


def test_the_bot_thinks_a_bounded_time_however_many_queens_there_are(monkeypatch):
    """Counted instead of measured: the weighing of a move is what takes the time."""
    weighed = 0
    gain = bot._gain

    def counted(board: chess.Board, move: chess.Move) -> int:
        nonlocal weighed
        weighed += 1
        return gain(board, move)

    monkeypatch.setattr(bot, "_gain", counted)
    ask(at("1k1q1q2/1q3q1q/q2q4/4q3/3Q4/Q4Q2/1Q3Q1Q/K1Q1Q3 w - - 0 1"), 0)  # 99 moves, 99 answers
    assert bot.ANSWERS_MAX < weighed < bot.ANSWERS_MAX + 2 * 218


# --- by correspondence -------------------------------------------------------------------------


def test_by_correspondence_each_move_has_days_and_nobody_need_be_there():
    settings = GAME.Settings(days=3)
    state = GAME.setup(2, settings, Rng(1))
    assert GAME.away_in(settings) is Away.STAY
    assert GAME.away_in(GAME.Settings()) is Away.FORFEIT
    day = 24 * 3600 * GAME.tick_hz
    for seat, uci in enumerate(("e2e4", "e7e5", "g1f3")):
        assert GAME.due(state) == 3 * day
        GAME.advance(state, 2 * day)
        assert GAME.apply(state, seat % 2, Move(uci)) is None
    assert state.clocks == [3 * day, 3 * day]
    GAME.advance(state, 3 * day)
    assert GAME.outcome(state) == Outcome([[0], [1]], "timeout")


def test_a_state_from_before_correspondence_goes_on():
    state = play(start(), "e2e4 e7e5")
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(state))
    del old["per_move"]
    assert msgspec.convert(GAME.migrate(old, 1), type(state)) == state
