"""Liar's dice: what a bid may be, who pays for a call, who is out; and that dice stay hidden."""

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.catalog.liars_dice.rules import HZ, REVEAL_PERIODS, Bid, Liar, LiarsDice, Options, State
from games.protocol import codec
from games.rooms import Room
from games.sim import Outcome, Refusal, Rng, diff, patch

GAME = LiarsDice()
CALL = Liar()


def start(*dice: list[int], first: int = 0, **options: Any) -> State:
    """A round in which each seat has rolled what is given here."""
    state = GAME.setup(len(dice), Options(**options), Rng(1))
    state.dice = [list(rolled) for rolled in dice]
    state.counts = [len(rolled) for rolled in dice]
    state.turn = first
    return state


def play(state: State, *words: str) -> State:
    """Let the seats in turn bid, each ``"count face"``, or call: ``"liar"``."""
    for word in words:
        move = CALL if word == "liar" else Bid(*map(int, word.split()))
        assert GAME.apply(state, state.turn, move) is None
    return state


def refused(state: State, seat: int, move: Bid | Liar) -> str | None:
    """The code of the refusal, which left the state as it was."""
    before = msgspec.msgpack.encode(state)
    refusal = GAME.apply(state, seat, move)
    assert refusal is None or msgspec.msgpack.encode(state) == before
    return refusal.code if refusal else None


def by_itself(state: State) -> None:
    """Let the time run until something happens."""
    due = GAME.due(state)
    assert due is not None
    GAME.advance(state, due)


# --- bids ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bid", "code"),
    [
        ((3, 4), "too_low"),
        ((3, 3), "too_low"),
        ((2, 6), "too_low"),
        ((3, 5), None),
        ((4, 2), None),
        ((10, 2), None),
        ((11, 6), "too_many"),
        ((9, 1), "ones_are_wild"),
    ],
)
def test_a_bid_has_more_dice_or_as_many_of_a_higher_face(bid, code):
    state = play(start([2] * 5, [3] * 5), "3 4")
    assert refused(state, 1, Bid(*bid)) == code


def test_where_ones_are_not_wild_they_are_the_lowest_face():
    state = play(start([2] * 5, [3] * 5, wild_ones=False), "1 1", "1 2", "2 1")
    assert refused(state, 1, Bid(1, 6)) == "too_low"


def test_the_turn_goes_around_and_past_those_who_are_out():
    state = start([2, 2], [], [3, 3], [4])
    turns = [play(state, word).turn for word in ("1 2", "1 3", "1 4", "1 5")]
    assert turns == [2, 3, 0, 2]


def test_only_the_seat_in_turn_bids_or_calls():
    state = play(start([2], [3], [4]), "1 2")
    for seat in (0, 2):
        assert refused(state, seat, Bid(1, 3)) == "not_your_turn"
        assert refused(state, seat, CALL) == "not_your_turn"


def test_without_a_bid_there_is_nothing_to_call():
    assert refused(start([2], [3]), 0, CALL) == "nothing_to_call"


def test_while_the_dice_lie_open_nobody_bids():
    state = play(start([2, 2], [3, 3]), "1 2", "liar")
    for seat in (0, 1):
        assert refused(state, seat, Bid(1, 2)) == "not_now"
        assert refused(state, seat, CALL) == "not_now"


def test_after_the_highest_bid_there_is_only_the_call():
    state = play(start([6], [6]), "2 6")
    for count, face in ((1, 2), (2, 6), (3, 2), (36, 6)):
        assert refused(state, 1, Bid(count, face)) is not None
    play(state, "liar")
    assert state.last is not None
    assert state.last.loser == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"t": "bid", "count": 0, "face": 2},
        {"t": "bid", "count": 37, "face": 2},
        {"t": "bid", "count": 1, "face": 7},
        {"t": "bid", "count": 1, "face": 0},
        {"t": "bid", "count": 1.5, "face": 2},
        {"t": "bid", "count": 1},
        {"t": "liar", "seat": 1},
        {"t": "peek"},
        "liar",
        None,
    ],
)
def test_what_is_no_bid_and_no_call_never_reaches_the_rules(sent):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sent, LiarsDice.Input)


# --- calls --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wild", "bid", "found", "loser"),
    [
        (True, "4 5", 4, 1),
        (True, "5 5", 4, 0),
        (True, "3 5", 4, 1),
        (False, "3 5", 3, 1),
        (False, "4 5", 3, 0),
        (False, "1 1", 1, 1),
        (False, "2 1", 1, 0),
    ],
)
def test_who_was_wrong_loses_a_die(wild, bid, found, loser):
    state = play(start([1, 5, 5], [2, 5, 6], wild_ones=wild), bid, "liar")
    assert state.last is not None
    assert (state.last.found, state.last.loser) == (found, loser)
    assert state.counts == [3 - (loser == 0), 3 - (loser == 1)]


def test_all_dice_lie_open_until_the_next_roll():
    state = play(start([1, 2], [3, 3]), "2 3", "liar")
    last = GAME.view(state)["last"]
    assert last == {
        "dice": [[1, 2], [3, 3]],
        "bidder": 0,
        "caller": 1,
        "count": 2,
        "face": 3,
        "found": 3,
        "loser": 1,
    }
    assert (GAME.view(state)["phase"], GAME.view(state)["turn"]) == ("reveal", None)
    GAME.advance(state, REVEAL_PERIODS - 1)
    assert state.phase == "reveal"
    assert GAME.due(state) == 1
    GAME.advance(state, 1)
    assert state.phase == "bidding"
    assert [len(dice) for dice in state.dice] == [2, 1]
    assert state.bids == []
    assert GAME.due(state) == 45 * HZ


def test_the_loser_starts_the_next_round():
    state = play(start([2, 2], [2, 2], [3, 3]), "1 2", "5 2", "liar")
    by_itself(state)
    assert state.turn == 1


def test_where_the_loser_is_out_the_next_one_starts():
    state = play(start([2, 2], [2], [3, 3]), "1 2", "4 2", "liar")
    assert state.counts == [2, 0, 2]
    by_itself(state)
    assert state.turn == 2


# --- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn_s", [10, 120])
def test_who_runs_out_of_time_calls(turn_s):
    state = play(start([2, 2], [3, 3], turn_s=turn_s), "3 2")
    GAME.advance(state, turn_s * HZ - 1)
    assert state.phase == "bidding"
    GAME.advance(state, 1)
    assert state.last is not None
    assert (state.last.caller, state.last.loser) == (1, 0)


@pytest.mark.parametrize(("wild", "least"), [(True, (0, 1, 2)), (False, (0, 1, 1))])
def test_who_runs_out_of_time_without_a_bid_bids_the_least(wild, least):
    state = start([2, 2], [3, 3], wild_ones=wild)
    by_itself(state)
    assert state.bids == [least]
    assert state.turn == 1


def test_the_time_starts_anew_with_each_bid():
    state = start([2, 2], [3, 3])
    GAME.advance(state, 400)
    assert GAME.due(play(state, "1 2")) == 45 * HZ


def test_a_match_in_which_nobody_acts_comes_to_an_end():
    state = start([2] * 5, [3] * 5, [4] * 5)
    for _ in range(200):
        if GAME.outcome(state) is None:
            by_itself(state)
    assert GAME.outcome(state) is not None
    assert GAME.due(state) is None


# --- out, and the end ---------------------------------------------------------------------------


def test_the_last_one_with_dice_wins_once_the_dice_were_seen():
    state = play(start([2], [3, 3]), "2 2", "liar")
    assert GAME.outcome(state) is None
    by_itself(state)
    assert GAME.outcome(state) == Outcome([[1], [0]], "last_with_dice")


def test_who_went_out_later_ranks_higher():
    state = play(start([2], [3], [4], [5]), "3 2", "liar")
    by_itself(state)
    assert state.turn == 1
    state.dice = [[], [3], [4], [5]]
    play(state, "1 3", "2 3", "liar")
    by_itself(state)
    assert state.turn == 3
    state.dice = [[], [3], [], [5]]
    play(state, "1 5", "liar")
    by_itself(state)
    assert GAME.outcome(state) == Outcome([[3], [1], [2], [0]], "last_with_dice")


def test_who_leaves_is_out_and_the_round_is_rolled_anew():
    state = play(start([2, 2], [3, 3], [4, 4]), "1 2", "2 3")
    GAME.leave(state, 1, "left")
    assert (state.counts, state.bids, state.turn) == ([2, 0, 2], [], 2)
    assert GAME.secret(state, 1) == {"dice": []}


def test_where_the_seat_in_turn_leaves_the_next_one_opens():
    state = play(start([2, 2], [3, 3], [4, 4]), "1 2")
    GAME.leave(state, 1, "forfeit")
    assert state.turn == 2


def test_those_who_leave_at_the_same_time_tie_and_rank_below_who_stayed_longer():
    state = start([2], [3], [4], [5], [6])
    GAME.advance(state, 10)
    GAME.leave(state, 4, "left")
    GAME.leave(state, 1, "kicked")
    GAME.advance(state, 10)
    GAME.leave(state, 0, "forfeit")
    assert GAME.outcome(state) is None
    GAME.advance(state, 10)
    GAME.leave(state, 2, "left")
    assert GAME.outcome(state) == Outcome([[3], [2], [0], [1, 4]], "last_with_dice")


def test_who_leaves_when_out_already_disturbs_nobody():
    state = play(start([], [3, 3], [4, 4], first=1), "1 2")
    before = msgspec.msgpack.encode(state)
    GAME.leave(state, 0, "left")
    assert msgspec.msgpack.encode(state) == before


def test_who_leaves_during_a_reveal_does_not_end_it():
    state = play(start([2, 2], [3, 3], [4, 4]), "1 2", "4 2", "liar")
    GAME.leave(state, 1, "left")
    assert state.phase == "reveal"
    by_itself(state)
    assert (state.counts, state.turn) == ([2, 0, 2], 2)


@pytest.mark.parametrize("leaver", [0, 1])
def test_a_match_that_a_call_decided_stays_decided_whoever_leaves_then(leaver):
    state = play(start([2], [3, 3]), "2 2", "liar")
    GAME.leave(state, leaver, "left")
    assert GAME.outcome(state) == Outcome([[1], [0]], "last_with_dice")


# --- secrets ------------------------------------------------------------------------------------


def two_worlds() -> tuple[Room, Room]:
    """Two rooms that differ in the dice of seat 1 alone."""
    rooms = []
    for dice in ([1, 2, 3, 4, 5], [6, 6, 6, 6, 6]):
        seats = [(seat, f"Player {seat}", False) for seat in range(3)]
        room = Room(GAME, seed=5, settings={}, seats=seats)
        for seat, name, _ in seats:
            room.connect(seat, f"session-{seat}", name)
        room.state.dice[1] = dice
        room.tick(0)
        rooms.append(room)
    return rooms[0], rooms[1]


def heard(room: Room, moves: list[dict[str, Any]], seat: int) -> list[bytes]:
    """The bytes for ``seat`` and for all, while the seats in turn send these moves."""
    bytes_told = []
    for number, data in enumerate(moves):
        turn = room.state.turn
        assert room.offer(turn, number // 3 + 1, data) is None
        tick = room.tick(7)
        for encoding in ("json", "msgpack"):
            told = [tick.own.get(seat), tick.shared, room.snapshot()]
            told.append(room.own_snapshot(seat, f"session-{seat}"))
            bytes_told += [codec.frame(part, encoding=encoding) for part in told if part]
    return bytes_told


BIDS = [{"t": "bid", "count": count, "face": 6} for count in (1, 2, 3, 4)]


@pytest.mark.parametrize("seat", [0, 2])
def test_another_seats_dice_change_no_byte_that_a_seat_is_told(seat):
    first, second = two_worlds()
    assert heard(first, BIDS, seat) == heard(second, BIDS, seat)
    for look in (GAME.view, lambda state: GAME.secret(state, seat)):
        assert msgspec.json.encode(look(first.state)) == msgspec.json.encode(look(second.state))
    assert GAME.secret(first.state, 1) != GAME.secret(second.state, 1)


def test_the_call_is_what_shows_them():
    first, second = two_worlds()
    moves = [*BIDS[:2], {"t": "liar"}]
    assert heard(first, moves, 0) != heard(second, moves, 0), "else the test above shows nothing"


def test_no_view_holds_dice_or_chance_before_a_call():
    state = play(start([1, 2], [3, 4]), "1 2")
    view = GAME.view(state)
    assert view["last"] is None
    assert set(view) == {
        *("phase", "round", "turn", "left", "turn_periods", "reveal_periods"),
        *("wild", "counts", "bids", "last"),
    }
    assert GAME.secret(state, 0) == {"dice": [1, 2]}


# --- bots, views and replay ---------------------------------------------------------------------


def bots_play(seats: int, seed: int, **options: Any) -> State:
    """A match between bots to its end; each is refused nothing."""
    rng = Rng(seed)
    state = GAME.setup(seats, Options(**options), rng.fork())
    for _ in range(3000):
        if GAME.outcome(state) is not None:
            return state
        GAME.advance(state, min(LiarsDice.bot_every, GAME.due(state) or 0))
        view, turn = GAME.view(state), state.turn
        move = GAME.bot(turn, view, GAME.secret(state, turn), rng)
        if move is not None:
            assert GAME.apply(state, turn, msgspec.convert(move, LiarsDice.Input)) is None
    raise AssertionError("this match does not end")


def test_two_hundred_matches_between_bots_come_to_an_end():
    for seed in range(200):
        seats = 2 + seed % 5
        state = bots_play(seats, seed, dice=1 + seed % 6, wild_ones=seed % 3 > 0)
        outcome = GAME.outcome(state)
        assert outcome is not None
        assert sorted(seat for tied in outcome.ranking for seat in tied) == list(range(seats))
        assert [seat for seat, count in enumerate(state.counts) if count] == outcome.ranking[0]


def test_a_bot_calls_what_cannot_be():
    state = play(start([2, 2, 3], [4, 4, 5]), "6 6")
    assert GAME.bot(1, GAME.view(state), GAME.secret(state, 1), Rng(1)) == {"t": "liar"}


def test_a_bot_does_not_call_what_it_holds():
    state = play(start([2, 2, 3], [5, 5, 5]), "2 5")
    for seed in range(50):
        move = GAME.bot(1, GAME.view(state), GAME.secret(state, 1), Rng(seed))
        assert move is not None
        assert move["t"] == "bid"


def test_a_bot_is_silent_unless_it_is_its_turn():
    state = start([2, 2], [3, 3])
    assert GAME.bot(1, GAME.view(state), GAME.secret(state, 1), Rng(1)) is None
    play(state, "1 2", "liar")
    assert GAME.bot(0, GAME.view(state), GAME.secret(state, 0), Rng(1)) is None


def test_a_view_once_given_stays_as_it_is():
    state = play(start([2, 2], [3, 3]), "1 2")
    views = [GAME.view(state), GAME.secret(state, 0)]
    before = msgspec.json.encode(views)
    play(state, "1 3", "liar")
    by_itself(state)
    assert msgspec.json.encode(views) == before


steps = st.lists(
    st.one_of(
        st.builds(Bid, st.integers(1, 8), st.integers(1, 6)),
        st.just(CALL),
        st.sampled_from([1, 50, 70, 450]),
        st.tuples(st.just("leave"), st.integers(0, 3)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps, st.booleans())
def test_whatever_happens_the_views_follow_and_turn_and_counts_hold(steps, wild):
    state = start([1, 2], [2, 3], [3, 4], [4, 5], wild_ones=wild)
    told = GAME.view(state)
    for step in steps:
        if GAME.outcome(state) is not None:
            break
        if isinstance(step, int):
            GAME.advance(state, step)
        elif isinstance(step, tuple):
            GAME.leave(state, step[1], "left")
        else:
            answer = GAME.apply(state, state.turn, step)
            assert answer is None or isinstance(answer, Refusal)
        told = patch(told, diff(told, GAME.view(state)))
        assert told == GAME.view(state)
        if state.phase == "bidding":
            assert state.counts[state.turn] > 0
            assert [len(dice) for dice in state.dice] == state.counts
            assert 0 < state.left <= state.turn_periods


def test_golden_four_bots_replay_to_the_same_bytes():
    """Chance, rules and bots together; if it fails on purpose, raise ``LiarsDice.version``."""
    state = bots_play(4, 2024)
    digest = hashlib.sha256(msgspec.msgpack.encode(state)).hexdigest()
    outcome = GAME.outcome(state)
    assert outcome is not None
    assert (outcome.ranking, state.round, digest[:16]) == (
        [[1], [2], [3], [0]],
        19,
        "87bec4045e6f44da",
    )
