"""Sketch: who may draw, what a guess is worth, who hears what; and that the word stays hidden."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.catalog import sketch
from games.catalog.sketch import words
from games.catalog.sketch.board import Clear, Fill, Ink, More, Undo
from games.catalog.sketch.limits import (
    BOARD_HEIGHT,
    BOARD_WIDTH,
    CHAT_MAX,
    CHOOSE_S,
    COLOURS,
    FILLS_MAX,
    IDLE_S,
    LOG_MAX,
    POINTS_MAX,
    POINTS_PER_INPUT_MAX,
    REVEAL_S,
    SAY_BURST,
    SAY_EVERY_S,
    SIZES,
    STROKES_MAX,
    WAIT_S,
)
from games.catalog.sketch.rules import Options, Sketch
from games.catalog.sketch.shapes import SHAPES, drawing_of
from games.catalog.sketch.turns import DRAWER_MAX, GUESS_MAX, GUESS_MIN, HZ, Choose, Say, State
from games.protocol import codec
from games.rooms import Room
from games.sim import Outcome, Rng, View, diff, patch

GAME = Sketch()
DOT = Ink(1, 1, [100])


def start(seats: int = 3, **options: Any) -> State:
    """A match whose first drawer, seat 0, is about to choose."""
    state = GAME.setup(GAME.seats.stop - 1, Options(**options), Rng(1))
    for seat in range(seats):
        GAME.join(state, seat)
    GAME.advance(state, 1)
    assert (state.phase, state.drawer) == ("choosing", 0)
    return state


def drawing(word: str = "elephant", seats: int = 3, **options: Any) -> State:
    """The first turn, in which seat 0 draws this word."""
    state = start(seats, **options)
    state.offers[1] = word
    assert GAME.apply(state, 0, Choose(1)) is None
    assert state.phase == "drawing"
    return state


def sent(state: State, seat: int, input: Any) -> str | None:
    """The code of the refusal, which left the state as it was."""
    before = msgspec.msgpack.encode(state)
    refusal = GAME.apply(state, seat, input)
    assert refusal is None or msgspec.msgpack.encode(state) == before
    return refusal.code if refusal else None


def say(state: State, seat: int, *texts: str) -> None:
    """Say it, at a pace that is fine with everybody."""
    for text in texts:
        state.players[seat].quiet_at = 0
        assert sent(state, seat, Say(text)) is None


def heard(state: State, seat: int | None) -> list[str]:
    """All that is said to a seat, or to those who look on."""
    lines = [line.text for line in GAME.view(state)["chat"].values() if line.kind == "say"]
    own = [] if seat is None else GAME.secret(state, seat)["log"].values()
    return lines + [line.text for line in own]


def told(state: State, seat: int | None) -> bytes:
    return msgspec.json.encode(
        [GAME.view(state), None if seat is None else GAME.secret(state, seat)]
    )


def until(state: State, phase: str, periods: int = 4000) -> None:
    """Let time pass until this phase comes."""
    for _ in range(periods):
        if state.phase == phase:
            return
        GAME.advance(state, 1)
    raise AssertionError(f"{phase} never comes")


# --- turns --------------------------------------------------------------------------------------


def test_the_words_to_choose_from_are_the_drawers_alone():
    state = start()
    assert len(GAME.secret(state, 0)["offers"]) == 3
    assert GAME.secret(state, 1)["offers"] == []
    for seat in (1, 2, None):
        assert not any(word.encode() in told(state, seat) for word in state.offers)
    assert sent(state, 1, Choose(0)) == "not_choosing"


def test_who_does_not_choose_gets_one_of_the_three():
    state = start()
    offers = list(state.offers)
    GAME.advance(state, CHOOSE_S * HZ - 2)
    assert state.phase == "choosing"
    GAME.advance(state, 2)
    assert state.phase == "drawing"
    assert state.word in offers


def test_everybody_draws_once_in_a_round_and_no_word_comes_twice():
    state = start(4, rounds=2, turn_s=20)
    drawers, drawn = [], []
    while GAME.outcome(state) is None:
        drawers.append(state.drawer)
        GAME.apply(state, state.drawer, Choose(0))
        drawn.append(state.word)
        until(state, "reveal")
        while state.phase == "reveal":
            GAME.advance(state, 1)
    assert drawers == [0, 1, 2, 3, 0, 1, 2, 3]
    assert len(set(drawn)) == len(drawn)
    assert GAME.outcome(state) == Outcome([[0, 1, 2, 3]], "all_drawn")


def test_time_that_is_up_ends_the_turn_and_shows_the_word():
    state = drawing("elephant", turn_s=20)
    GAME.advance(state, 20 * HZ - 1)
    assert state.phase == "drawing"
    GAME.advance(state, 1)
    view = GAME.view(state)
    assert (view["phase"], view["ended"], view["mask"]) == ("reveal", "time_up", "elephant")
    GAME.advance(state, REVEAL_S * HZ)
    assert (state.phase, state.drawer, GAME.view(state)["mask"]) == ("choosing", 1, "")


def test_a_drawer_who_draws_nothing_is_not_waited_for():
    state = drawing()
    GAME.advance(state, IDLE_S * HZ)
    assert (state.phase, state.ended) == ("reveal", "idle")


def test_who_drew_and_wiped_it_off_may_think():
    state = drawing()
    assert [sent(state, 0, drawn) for drawn in (DOT, Clear())] == [None, None]
    GAME.advance(state, IDLE_S * HZ + 1)
    assert state.phase == "drawing"


def test_letters_are_shown_by_and_by_and_never_more_than_a_third():
    state = drawing("elephant", turn_s=80, hints=5)
    sent(state, 0, DOT)
    shown = []
    while state.phase == "drawing":
        shown.append(sum(char != "_" for char in GAME.view(state)["mask"]))
        GAME.advance(state, 1)
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0, 2)
    assert shown.index(1) == 40 * HZ
    assert shown.index(2) == 60 * HZ


def test_the_mask_tells_how_many_letters_there_are_and_what_is_between_them():
    assert GAME.view(drawing("tug of war"))["mask"] == "___ __ ___"
    assert GAME.view(drawing("yo-yo"))["mask"] == "__-__"


def test_without_hints_none_is_shown():
    state = drawing("elephant", hints=0)
    sent(state, 0, DOT)
    GAME.advance(state, 79 * HZ)
    assert GAME.view(state)["mask"] == "________"


# --- guesses and scores -------------------------------------------------------------------------


def test_an_early_guess_is_worth_more_and_the_drawer_gets_a_share():
    state = drawing(turn_s=80)
    sent(state, 0, DOT)
    say(state, 1, "Elephant")
    assert state.players[1].score == GUESS_MAX
    GAME.advance(state, 40 * HZ)
    say(state, 2, "ELEPHANT!")
    assert state.players[2].score == (GUESS_MIN + GUESS_MAX) // 2
    assert (state.phase, state.ended) == ("reveal", "all_guessed")
    assert state.players[0].score == DRAWER_MAX


def test_the_drawer_gets_less_where_fewer_guessed():
    state = drawing(seats=5, turn_s=20)
    say(state, 3, "elephant")
    until(state, "reveal")
    assert [player.gained for player in state.players.values()] == [60, 0, 0, GUESS_MAX, 0]


def test_a_word_is_guessed_once():
    state = drawing()
    say(state, 1, "elephant")
    assert sent(state, 1, Say("elephant")) == "gives_it_away"
    assert state.players[1].score == GUESS_MAX


@pytest.mark.parametrize(
    ("guess", "word"),
    [
        ("ICE CREAM", "ice cream"),
        ("icecream", "ice cream"),
        ("ice-cream!", "ice cream"),
        ("Yoyo", "yo-yo"),
        ("Café", "cafe"),
        ("strasse", "Straße"),
        ("  sun ", "sun"),
    ],
)
def test_a_guess_counts_whatever_its_case_accents_and_spaces(guess, word):
    assert words.is_right(guess, word)


@pytest.mark.parametrize("guess", ["sunn", "s", "the sun", "", "!?", "su n d"])
def test_what_is_another_word_is_wrong(guess):
    assert not words.is_right(guess, "sun")


@pytest.mark.parametrize(
    ("guess", "word", "close"),
    [
        ("elefant", "elephant", True),
        ("elephants", "elephant", True),
        ("elephnat", "elephant", True),
        ("elegant", "elephant", True),
        ("element", "elephant", False),
        ("bird", "bind", True),
        ("brd", "bird", True),
        ("bad", "bird", False),
        ("cat", "car", False),
        ("cars", "car", True),
        ("car", "cars", True),
        ("elephant", "elephant", False),
        ("", "car", False),
    ],
)
def test_a_near_miss_is_a_letter_or_two_off(guess, word, close):
    assert words.is_close(guess, word) is close


@pytest.mark.parametrize(
    ("text", "word", "does"),
    [
        ("it is an elephant", "elephant", True),
        ("e l e p h a n t", "elephant", True),
        ("Elephants!", "elephant", True),
        ("I want that", "ant", False),
        ("an ANT, of course", "ant", True),
        ("ice-cold cream", "ice cream", False),
        ("ice cream", "ice cream", True),
        ("a yo yo", "yo-yo", True),
        ("nothing", "elephant", False),
    ],
)
def test_what_gives_a_word_away(text, word, does):
    assert words.gives_away(text, word) is does


# --- who hears what -----------------------------------------------------------------------------


def test_a_right_guess_is_seen_by_nobody():
    state = drawing(seats=4)
    say(state, 1, "elephant")
    for seat in (0, 2, 3, None):
        assert heard(state, seat) == []
    assert b"elephant" not in told(state, 2) + told(state, None)
    assert b"elephant" in told(state, 1)
    last = list(GAME.view(state)["chat"].values())[-1]
    assert (last.kind, last.seat, last.text) == ("guessed", 1, "")


def test_a_near_miss_is_told_to_its_guesser_alone():
    state = drawing(seats=4)
    say(state, 1, "elefant")
    assert heard(state, 1) == ["elefant"]
    assert [line.kind for line in GAME.secret(state, 1)["log"].values()] == ["close"]
    for seat in (0, 2, 3, None):
        assert heard(state, seat) == []


def test_a_wrong_guess_is_seen_by_all():
    state = drawing()
    say(state, 1, "tiger")
    assert [heard(state, seat) for seat in (0, 2, None)] == [["tiger"]] * 3


def test_those_who_know_the_word_chat_among_themselves():
    state = drawing(seats=5)
    say(state, 1, "elephant")
    say(state, 2, "elephant")
    say(state, 0, "was that good?")
    say(state, 1, "very")
    for seat in (0, 1, 2):
        assert heard(state, seat) == ["was that good?", "very"]
    for seat in (3, 4, None):
        assert heard(state, seat) == []
    say(state, 3, "elephant")
    assert heard(state, 3) == [], "what was said before was for others"


@pytest.mark.parametrize("seat", [0, 1])
def test_who_knows_the_word_cannot_say_it(seat):
    state = drawing(seats=4)
    say(state, 1, "elephant")
    assert sent(state, seat, Say("an ELE-PHANT, you know")) == "gives_it_away"


def test_between_turns_all_talk_to_all():
    state = drawing(turn_s=20)
    say(state, 1, "elephant")
    until(state, "reveal")
    for seat in range(3):
        say(state, seat, f"elephant {seat}")
    assert heard(state, 2)[-3:] == ["elephant 0", "elephant 1", "elephant 2"]


def test_who_chooses_is_silent_until_it_is_done():
    state = start()
    assert sent(state, 0, Say(state.offers[0])) == "choose_first"
    say(state, 1, "come on")
    assert heard(state, 0) == ["come on"]


def test_who_talks_too_fast_is_told_so():
    state = drawing()
    for number in range(SAY_BURST):
        assert sent(state, 1, Say(f"guess {number}")) is None
    assert sent(state, 1, Say("elephant")) == "too_fast"
    assert sent(state, 2, Say("tiger")) is None
    GAME.advance(state, int(SAY_EVERY_S * HZ))
    assert sent(state, 1, Say("elephant")) is None
    assert state.players[1].guessed


def test_the_chat_and_what_one_alone_hears_have_an_end():
    state = drawing()
    say(state, 1, *[f"guess {number}" for number in range(CHAT_MAX + 5)])
    say(state, 2, *["elefant"] * (LOG_MAX + 5))
    view = GAME.view(state)["chat"]
    assert len(view) == CHAT_MAX
    assert list(view.values())[-1].text == f"guess {CHAT_MAX + 4}"
    assert len(GAME.secret(state, 2)["log"]) == LOG_MAX


@pytest.mark.parametrize(
    ("text", "shown"),
    [("  a \n b\t", "a b"), ("a\u202eb\u200b", "ab"), ("<b>é ✓</b>", "<b>é ✓</b>")],
)
def test_text_is_cleaned_of_what_has_no_looks(text, shown):
    state = drawing()
    say(state, 1, text)
    assert heard(state, 2) == [shown]


@pytest.mark.parametrize("text", [" ", "\n", "\u200b\u202e", "\ud800"])
def test_nothing_is_no_message(text):
    assert sent(drawing(), 1, Say(text)) == "empty"


# --- the board ----------------------------------------------------------------------------------


def test_only_the_drawer_draws_and_only_in_time():
    state = start()
    assert sent(state, 0, DOT) == "not_drawing"
    GAME.apply(state, 0, Choose(0))
    for seat, drawn in ((1, DOT), (2, Undo()), (1, Clear()), (2, More([1])), (7, DOT)):
        assert sent(state, seat, drawn) == ("not_playing" if seat == 7 else "not_drawing")
    assert sent(state, 0, DOT) is None
    until(state, "reveal")
    assert sent(state, 0, More([2])) == "not_drawing"


def test_strokes_grow_are_taken_back_and_wiped_off():
    state = drawing()
    for drawn in (DOT, More([101, 102]), Ink(2, 0, [5]), Fill(3, 9)):
        assert sent(state, 0, drawn) is None
    assert [
        (key, stroke["tool"], stroke["points"])
        for key, stroke in GAME.view(state)["strokes"].items()
    ] == [("1", "brush", [100, 101, 102]), ("2", "brush", [5]), ("3", "fill", [9])]
    assert sent(state, 0, More([1])) == "no_stroke"
    assert sent(state, 0, Undo()) is None
    assert sent(state, 0, More([1])) == "no_stroke"
    assert sent(state, 0, DOT) is None
    assert list(GAME.view(state)["strokes"]) == ["1", "2", "3"]
    assert sent(state, 0, Clear()) is None
    assert GAME.view(state)["strokes"] == {}
    assert [sent(state, 0, drawn) for drawn in (Undo(), Clear())] == ["nothing_there"] * 2


def test_the_board_holds_so_many_points_and_no_more():
    state = drawing()
    piece = list(range(POINTS_PER_INPUT_MAX))
    assert sent(state, 0, Ink(1, 1, piece)) is None
    for _ in range(POINTS_MAX // POINTS_PER_INPUT_MAX - 1):
        assert sent(state, 0, More(piece)) is None
    assert sent(state, 0, More(piece)) == "canvas_full"
    assert sent(state, 0, Ink(1, 1, piece)) == "canvas_full"
    assert sent(state, 0, More(piece[: POINTS_MAX % POINTS_PER_INPUT_MAX])) is None
    assert sent(state, 0, Undo()) is None
    assert sent(state, 0, Ink(1, 1, piece)) is None


@pytest.mark.parametrize(("input", "most"), [(DOT, STROKES_MAX), (Fill(1, 1), FILLS_MAX)])
def test_strokes_and_fills_have_a_bound_as_well(input, most):
    state = drawing()
    for _ in range(most):
        assert GAME.apply(state, 0, input) is None
    assert sent(state, 0, input) == "canvas_full"


def test_the_board_is_empty_at_the_next_turn():
    state = drawing(turn_s=20)
    sent(state, 0, DOT)
    until(state, "reveal")
    assert GAME.view(state)["strokes"], "still to be looked at"
    until(state, "choosing")
    assert GAME.view(state)["strokes"] == {}


@pytest.mark.parametrize(
    "data",
    [
        {"t": "ink", "colour": 16, "size": 0, "points": [1]},
        {"t": "ink", "colour": 0, "size": 4, "points": [1]},
        {"t": "ink", "colour": 0, "size": 0, "points": []},
        {"t": "ink", "colour": 0, "size": 0, "points": [480_000]},
        {"t": "ink", "colour": 0, "size": 0, "points": [-1]},
        {"t": "more", "points": [1] * (POINTS_PER_INPUT_MAX + 1)},
        {"t": "more", "points": [1.5]},
        {"t": "fill", "colour": 1, "cell": "1"},
        {"t": "choose", "number": 3},
        {"t": "say", "text": ""},
        {"t": "say", "text": "x" * 81},
        {"t": "undo", "seat": 1},
        {"t": "peek"},
        "elephant",
        None,
    ],
)
def test_what_is_no_input_never_reaches_the_rules(data):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(data, Sketch.Input)


# --- coming and going ---------------------------------------------------------------------------


def test_a_drawer_who_leaves_ends_the_turn_and_guesses_count():
    state = drawing(seats=4)
    say(state, 1, "elephant")
    GAME.leave(state, 0, "left")
    assert (state.phase, state.ended) == ("reveal", "left")
    assert state.players[1].score == GUESS_MAX
    until(state, "choosing")
    assert state.drawer == 1


def test_where_the_last_who_guesses_leaves_all_have_guessed():
    state = drawing()
    say(state, 1, "elephant")
    GAME.leave(state, 2, "left")
    assert state.ended == "all_guessed"
    assert state.players[0].score == DRAWER_MAX


def test_who_comes_in_guesses_at_once_and_draws_in_this_round():
    state = drawing(turn_s=20, rounds=1)
    GAME.join(state, 5)
    say(state, 5, "elephant")
    drawers = []
    while GAME.outcome(state) is None:
        if state.drawer is not None and state.drawer not in drawers:
            drawers.append(state.drawer)
        GAME.advance(state, 1)
    assert drawers == [0, 1, 2, 5]
    assert GAME.outcome(state) == Outcome([[5], [0], [1, 2]], "all_drawn")


def test_who_left_and_comes_back_has_the_same_points_and_no_second_turn_or_guess():
    state = drawing(turn_s=20)
    say(state, 1, "elephant")
    GAME.leave(state, 1, "left")
    GAME.join(state, 1)
    assert sent(state, 1, Say("elephant")) == "gives_it_away"
    assert state.players[1].score == GUESS_MAX
    until(state, "choosing")
    assert state.drawer == 1
    GAME.leave(state, 1, "left")
    GAME.join(state, 1)
    until(state, "choosing")
    assert state.drawer == 2


def test_who_is_left_alone_is_joined_or_the_match_is_over():
    state = drawing()
    GAME.leave(state, 1, "left")
    GAME.leave(state, 2, "left")
    until(state, "waiting")
    assert GAME.outcome(state) is None
    GAME.join(state, 4)
    until(state, "choosing")
    GAME.leave(state, 4, "left")
    until(state, "waiting")
    GAME.advance(state, WAIT_S * HZ)
    assert GAME.outcome(state) == Outcome([[0, 1, 2, 4]], "too_few")


def test_the_ranking_goes_by_points_and_equal_ones_tie():
    state = drawing(seats=4, rounds=1)
    for seat, score in enumerate([100, 250, 100, 0]):
        state.players[seat].score = score
    state.phase = "over"
    assert GAME.outcome(state) == Outcome([[1], [0, 2], [3]], "all_drawn")


# --- words --------------------------------------------------------------------------------------


def test_the_lists_are_long_and_no_word_is_in_two_of_them():
    all_words = [word for listed in words.WORDS.values() for word in listed]
    assert min(map(len, words.WORDS.values())) >= 120
    assert len({words.folded(word) for word in all_words}) == len(all_words)
    assert set(SHAPES) <= set(all_words)
    for word in all_words:
        msgspec.convert({"own_words": word}, Options)


def test_a_hosts_own_words_come_first_and_the_list_follows():
    state = start(own_words="Kraken, ice palace, kraken, Ålborg, x-ray", level="easy")
    assert state.own == ["kraken", "ice palace", "ålborg", "x-ray"]
    assert set(state.offers) < set(state.own)
    GAME.apply(state, 0, Choose(0))
    until(state, "reveal")
    until(state, "choosing")
    assert set(state.offers) == set(state.own) - set(state.used)
    GAME.apply(state, 1, Choose(0))
    until(state, "reveal")
    until(state, "choosing")
    assert len(set(state.offers) & set(words.WORDS["easy"])) == 1


@pytest.mark.parametrize("text", ["a", "1984", "two,,three", ",two", "two,", "x" * 21, "so/so"])
def test_lists_that_are_none_are_refused(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"own_words": text}, Options)


def test_mixed_offers_are_one_of_each_level():
    for seed in range(20):
        offers = words.offers([], "mixed", [], Rng(seed))
        assert [offers[at] in words.WORDS[level] for at, level in enumerate(words.LISTS)] == [
            True
        ] * 3


# --- secrets ------------------------------------------------------------------------------------


def two_worlds(words: tuple[str, str]) -> list[Room]:
    """Two rooms that differ in what seat 0 draws alone."""
    rooms = []
    for word in words:
        seats = [(seat, f"Player {seat}", False) for seat in range(4)]
        room = Room(GAME, seed=5, settings={}, seats=seats)
        for seat, name, _ in seats:
            room.connect(seat, f"session-{seat}", name)
        room.tick(1)
        room.state.offers[0] = word
        rooms.append(room)
    return rooms


def bytes_told(
    room: Room, moves: list[tuple[int, dict[str, Any]]], seat: int | None
) -> list[bytes]:
    """The bytes for a seat and for all, while these are sent, one a second."""
    numbers, frames = dict.fromkeys(range(4), 0), []
    for by, data in moves:
        numbers[by] += 1
        assert room.offer(by, numbers[by], data) is None
        for _ in range(HZ):
            tick = room.tick(1)
            for encoding in ("json", "msgpack"):
                parts = [tick.own.get(seat), tick.shared, room.snapshot(seat)]
                parts.append(room.own_snapshot(seat, f"session-{seat}"))
                frames += [codec.frame(part, encoding=encoding) for part in parts if part]
    return frames


MOVES: list[tuple[int, dict[str, Any]]] = [
    (0, {"t": "choose", "number": 0}),
    (0, {"t": "ink", "colour": 1, "size": 1, "points": [1, 2, 3]}),
    (1, {"t": "say", "text": "tiger"}),
    (2, {"t": "say", "text": "zebra"}),
    (0, {"t": "say", "text": "no…"}),
    (0, {"t": "more", "points": [4, 5, 6]}),
    *[(0, {"t": "more", "points": [number]}) for number in range(30)],
]


@pytest.mark.parametrize("seat", [1, 2, None])
def test_another_word_of_as_many_letters_changes_no_byte_until_one_is_shown(seat):
    one, other = (bytes_told(room, MOVES, seat) for room in two_worlds(("elephant", "mushroom")))
    assert one == other


@pytest.mark.parametrize("seat", [1, None])
def test_the_number_of_letters_is_public(seat):
    one, other = (bytes_told(room, MOVES, seat) for room in two_worlds(("elephant", "lion")))
    assert one != other, "else the test above shows nothing"


def test_what_is_concealed_agrees_with_all_that_was_told():
    state = drawing("elephant", seats=4, hints=2)
    sent(state, 0, DOT)
    say(state, 1, "mushroom", "elefant")
    GAME.advance(state, 45 * HZ)
    seen = set()
    for seed in range(200):
        world = msgspec.convert(msgspec.to_builtins(state), State)
        GAME.conceal(world, 2, Rng(seed))
        assert words.fits(world.word, GAME.view(state)["mask"])
        assert told(world, 2) == told(state, 2)
        seen.add(world.word)
    assert len(seen) > 1
    assert "mushroom" not in seen
    world = msgspec.convert(msgspec.to_builtins(state), State)
    GAME.conceal(world, 1, Rng(1))
    assert world.word == "elephant", "nothing else is as close to what seat 1 tried"


# --- bytes --------------------------------------------------------------------------------------


def test_each_tick_tells_what_was_drawn_in_it_and_nothing_else():
    """Forty points a second, for half a minute: as many bytes at its end as at its beginning."""
    room = two_worlds(("elephant", "elephant"))[0]
    room.offer(0, 1, {"t": "choose", "number": 0})
    room.tick(1)
    room.offer(0, 2, {"t": "ink", "colour": 3, "size": 1, "points": [0]})
    room.tick(1)
    sizes = []
    for number in range(300):
        points = [(997 * (4 * number + at)) % 480_000 for at in range(4)]
        room.offer(0, 3 + number, {"t": "more", "points": points})
        tick = room.tick(1)
        assert tick.shared is not None
        sizes.append(len(codec.frame(tick.shared, encoding="msgpack")))
    told = sizes[:100] + sizes[200:]
    assert max(told) <= 40
    assert sum(sizes[200:]) <= sum(sizes[:100]) + 100
    whole = len(codec.frame(room.snapshot(1), encoding="msgpack"))
    assert 1201 * 19 / 8 < whole < 1201 * 19 / 8 + 300
    room.offer(0, 303, {"t": "undo"})
    tick = room.tick(1)
    assert tick.shared is not None
    assert len(codec.frame(tick.shared, encoding="msgpack")) < 40


def test_the_browser_has_the_same_board() -> None:
    """Its grid, colours, sizes and pieces, as they stand in its source."""
    source = (Path(sketch.__file__).parent / "client" / "strokes.js").read_text()
    for name, value in (
        ("WIDTH", BOARD_WIDTH),
        ("HEIGHT", BOARD_HEIGHT),
        ("POINTS_PER_INPUT_MAX", POINTS_PER_INPUT_MAX),
    ):
        assert f"export const {name} = {value};" in source
    assert len(re.findall(r'\["[a-z ]+", "#[0-9a-f]{6}"\]', source)) == COLOURS
    widths = re.search(r"WIDTHS = \[(.*?)\]", source)
    assert widths
    assert len(widths[1].split(",")) == SIZES


# --- bots ---------------------------------------------------------------------------------------


def plain(view: View) -> View:
    return msgspec.json.decode(msgspec.json.encode(view))


def test_a_bot_draws_all_of_what_it_knows_and_then_rests():
    state = drawing("house")
    for _ in range(200):
        move = GAME.bot(0, plain(GAME.view(state)), plain(GAME.secret(state, 0)), Rng(1))
        if move is None:
            break
        assert sent(state, 0, msgspec.convert(move, Sketch.Input)) is None
    assert move is None
    there = [stroke["points"] for stroke in GAME.view(state)["strokes"].values()]
    assert [len(points) for points in there] == [len(line.points) for line in drawing_of("house")]


@pytest.mark.parametrize("word", [*SHAPES, "democracy", "tug of war"])
def test_all_that_it_draws_lies_on_the_board_and_is_soon_done(word):
    lines = drawing_of(word)
    assert 1 <= len(lines) <= 20
    assert sum(-(-len(line.points) // 8) for line in lines) <= 60
    for line in lines:
        assert all(0 <= x < 800 and 0 <= y < 600 for x, y in line.points)


def test_a_bot_guesses_what_the_mask_allows_and_nothing_twice():
    state = drawing("elephant", seats=3, hints=2)
    sent(state, 0, DOT)
    GAME.advance(state, 45 * HZ)
    mask = GAME.view(state)["mask"]
    guesses = set()
    rng = Rng(3)
    for _ in range(3000):
        if state.phase != "drawing":
            break
        move = GAME.bot(1, plain(GAME.view(state)), plain(GAME.secret(state, 1)), rng)
        if move is not None:
            assert words.fits(move["text"], mask)
            assert move["text"] not in guesses
            guesses.add(move["text"])
            state.players[1].quiet_at = 0
            assert sent(state, 1, msgspec.convert(move, Sketch.Input)) is None
        if state.players[1].guessed:
            break
    assert state.players[1].guessed


def test_a_bot_picks_what_it_can_draw():
    state = start()
    state.offers = ["democracy", "house", "vertigo"]
    for seed in range(10):
        move = GAME.bot(0, plain(GAME.view(state)), plain(GAME.secret(state, 0)), Rng(seed))
        assert move == {"t": "choose", "number": 1}


# --- whatever happens ---------------------------------------------------------------------------


texts = st.sampled_from(["elephant", "elefant", "tiger", "house", "hi", "x"])
inputs = st.one_of(
    st.builds(Say, texts),
    st.builds(Choose, st.integers(0, 2)),
    st.builds(Ink, st.integers(0, 15), st.integers(0, 3), st.lists(st.integers(0, 99), min_size=1)),
    st.builds(More, st.lists(st.integers(0, 99), min_size=1, max_size=9)),
    st.builds(Fill, st.integers(0, 15), st.integers(0, 99)),
    st.just(Undo()),
    st.just(Clear()),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 4), inputs),
        st.sampled_from([1, 10, 130, 260]),
        st.tuples(st.sampled_from(["join", "leave"]), st.integers(0, 4)),
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(steps)
def test_whatever_happens_views_follow_and_who_guesses_is_not_told_the_word(steps):
    state = start(4, turn_s=20)
    seen = plain(GAME.view(state))
    for step in steps:
        if GAME.outcome(state) is not None:
            break
        if isinstance(step, int):
            GAME.advance(state, step)
        elif step[0] == "join":
            GAME.join(state, step[1])
        elif step[0] == "leave":
            GAME.leave(state, step[1], "left")
        else:
            sent(state, *step)
        view = plain(GAME.view(state))
        assert patch(seen, diff(seen, view)) == view
        seen = view
        assert sum(player.score for player in state.players.values()) >= 0
        if state.phase == "drawing":
            assert set(GAME.view(state)["mask"]) - {"_", " ", "-"} <= set(state.word)
            for seat in state.guessing:
                assert GAME.secret(state, seat)["word"] is None
