"""Rock, paper, scissors: rounds, time, and that a choice stays secret until both are in."""

import hashlib
import re
from itertools import product
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.catalog.roshambo.rules import BEATS, ROUND_PERIODS, Options, Roshambo, State
from games.sim import Outcome, Rng, diff, patch

GAME = Roshambo()


def start(first_to: int = 3) -> State:
    return GAME.setup(2, Options(first_to=first_to), Rng(1))


def play(state: State, *rounds: str) -> State:
    """Play whole rounds, each given as two words: ``"rock paper"``."""
    for played in rounds:
        for seat, choice in enumerate(played.split()):
            assert GAME.apply(state, seat, choice) is None
    return state


@pytest.mark.parametrize(
    ("played", "wins"),
    [
        ("rock scissors", [1, 0]),
        ("scissors rock", [0, 1]),
        ("paper rock", [1, 0]),
        ("rock paper", [0, 1]),
        ("scissors paper", [1, 0]),
        ("paper scissors", [0, 1]),
        ("rock rock", [0, 0]),
        ("paper paper", [0, 0]),
    ],
)
def test_a_round_goes_to_the_choice_that_beats_the_other(played, wins):
    state = play(start(), played)
    assert state.wins == wins
    assert state.rounds == [played.split()]


@pytest.mark.parametrize("choice", BEATS)
def test_what_a_seat_chose_shows_to_itself_alone(choice):
    """Worlds that differ in one secret give everybody else the same bytes."""
    state, other = play(start(), "rock paper"), play(start(), "rock paper")
    GAME.apply(state, 0, choice)
    GAME.apply(other, 0, "rock")
    for look in (GAME.view, lambda world: GAME.secret(world, 1)):
        assert msgspec.json.encode(look(state)) == msgspec.json.encode(look(other))
    assert GAME.view(state)["chosen"] == [True, False]
    assert GAME.secret(state, 0) == {"mine": choice}
    assert GAME.secret(state, 1) == {"mine": None}


def test_both_choices_are_revealed_together():
    state = play(start(), "rock paper")
    assert GAME.view(state)["rounds"] == [["rock", "paper"]]
    assert GAME.view(state)["chosen"] == [False, False]


def test_nobody_chooses_twice():
    state = start()
    GAME.apply(state, 0, "rock")
    before = msgspec.msgpack.encode(state)
    assert GAME.apply(state, 0, "paper").code == "already_chosen"
    assert msgspec.msgpack.encode(state) == before


@pytest.mark.parametrize("sent", ["lizard", "", None, 1, {"t": "rock"}, ["rock"]])
def test_what_is_no_choice_never_reaches_the_rules(sent):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sent, Roshambo.Input)


@pytest.mark.parametrize("first_to", [1, 3, 10])
def test_who_wins_enough_rounds_wins_the_match(first_to):
    state = play(start(first_to), *["rock scissors", "paper paper"] * (first_to - 1))
    assert GAME.outcome(state) is None
    play(state, "rock scissors")
    assert GAME.outcome(state) == Outcome([[0], [1]], "rounds_won")


@pytest.mark.parametrize("first_to", [0, 11])
def test_settings_out_of_bounds_are_refused(first_to):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"first_to": first_to}, Options)


@pytest.mark.parametrize("seat", [0, 1])
def test_who_does_not_choose_in_time_loses_the_round(seat):
    state = start()
    GAME.apply(state, seat, "rock")
    GAME.advance(state, ROUND_PERIODS - 1)
    assert state.rounds == []
    assert GAME.due(state) == 1
    GAME.advance(state, 1)
    assert state.wins[seat] == 1
    assert state.wins[1 - seat] == 0
    assert GAME.due(state) == ROUND_PERIODS


def test_the_time_starts_anew_with_each_round():
    state = start()
    GAME.advance(state, 100)
    play(state, "rock rock")
    assert GAME.due(state) == ROUND_PERIODS


def test_three_rounds_in_a_row_without_a_choice_end_the_match_tied():
    state = play(start(), "rock paper")
    for _ in range(2):
        GAME.advance(state, ROUND_PERIODS)
    play(state, "rock rock")
    for _ in range(3):
        assert GAME.outcome(state) is None
        GAME.advance(state, ROUND_PERIODS)
    assert GAME.outcome(state) == Outcome([[0, 1]], "nobody_chose")


def test_a_view_once_given_stays_as_it_is():
    state = play(start(), "rock paper")
    view = GAME.view(state)
    before = msgspec.json.encode(view)
    play(state, "rock scissors")
    assert msgspec.json.encode(view) == before


@given(st.lists(st.sampled_from([*product((0, 1), BEATS), 1, 40, 150]), max_size=80))
def test_changes_of_the_view_lead_from_each_view_to_the_next(steps):
    state = start(10)
    told, secrets = GAME.view(state), [GAME.secret(state, seat) for seat in (0, 1)]
    for step in steps:
        if isinstance(step, int):
            GAME.advance(state, step)
        else:
            GAME.apply(state, *step)
        told = patch(told, diff(told, GAME.view(state)))
        assert told == GAME.view(state)
        for seat in (0, 1):
            secrets[seat] = patch(secrets[seat], diff(secrets[seat], GAME.secret(state, seat)))
            assert secrets[seat] == GAME.secret(state, seat)


def test_golden_two_bots_replay_to_the_same_bytes():
    """Chance and rules together; if this fails on purpose, raise ``Roshambo.version``."""
    state, rng = start(10), Rng(2024)
    while GAME.outcome(state) is None:
        GAME.advance(state, 7)
        for seat in (0, 1):
            choice = GAME.bot(seat, GAME.view(state), GAME.secret(state, seat), rng)
            assert GAME.apply(state, seat, choice) is None
    digest = hashlib.sha256(msgspec.msgpack.encode(state)).hexdigest()
    assert (state.wins, digest[:16]) == ([10, 5], "0a02fd2aa13f1aae")


def test_the_bot_chooses_once_a_round():
    state = start()
    GAME.apply(state, 1, "rock")
    assert GAME.bot(1, GAME.view(state), GAME.secret(state, 1), Rng(1)) is None


GUIDE = Path(__file__).resolve().parents[2] / "docs" / "authors.md"
CATALOG = GUIDE.parents[1] / "games" / "catalog"
BLOCKS = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_guide_quotes_the_code_as_it_is():
    quotes = [(name, code) for name, code in BLOCKS if name != "run"]
    assert len(quotes) > 8
    for name, code in quotes:
        assert code in (CATALOG / name).read_text()


def test_the_guides_own_test_passes():
    (code,) = (code for name, code in BLOCKS if name == "run")
    exec(compile(code, str(GUIDE), "exec"), {})
