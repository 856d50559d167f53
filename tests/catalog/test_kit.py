"""The test kit finds what is wrong with a title, and says it so that its author can mend it."""

import re
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from games.sim import Game, Rng
from games.testing import TitleFault, check_title
from games.testing.checks import check_play, check_replay, check_secrets
from games.testing.samples import CannotDrawError, draw, draw_data
from games.testing.watch import guarded
from tests import planted


def test_a_sound_title_passes_and_what_was_shown_is_said() -> None:
    _, played, replayed, hidden = check_title(planted.Sealed)
    assert int(re.findall(r"(\d+) inputs", played)[0]) > 200
    assert "no clock" in played
    assert "where sets have another order" in replayed
    worlds, others, ticks = map(int, re.findall(r"\d+", hidden))
    assert worlds > 300
    assert others > worlds / 10
    assert ticks > 20


def test_a_title_may_say_that_nothing_is_hidden() -> None:
    assert check_secrets(planted.Open) == (
        "conceal is empty: it says that nothing is hidden from anybody"
    )


LEAKS = [
    (planted.ShowsTheBids, r"seat \d is told what it may not know, after tick \d+: view\.sealed"),
    (planted.ShowsTheirOrder, r"seat \d is told .*: view\.who\.0: \d, or \d"),
    (planted.ShowsTheOrderOfKeys, r"seat \d is told .*: the keys of view\.who"),
    (planted.TellsTheNeighbour, r"seat \d is told .*: secret\.highest: \d, or \d"),
    (planted.HintsAsTimePasses, r"seat \d is told .*, by tick \d+: view\.hint: \d, or \d"),
    (planted.ShowsWhatChanceHolds, r"seat \d is told .*, after tick 0: view\.next: \d+, or \d+"),
    (planted.EndsByTheHiddenBid, r"seat \d is told .*: result: "),
    (planted.SaysNothingOfItsSecret, "seats are told what others are not, but there is no conceal"),
    (planted.ConcealsTooLittle, r"conceal changed what others know in 0 of \d+ worlds: too seldom"),
]


@pytest.mark.parametrize(("kind", "said"), LEAKS, ids=lambda case: getattr(case, "__name__", ""))
def test_a_leak_is_found(kind: type[Game[Any]], said: str) -> None:
    with pytest.raises(TitleFault, match=rf"^sealed: {said}"):
        check_secrets(kind)


READS = [
    (planted.ReadsTheClock, r"advance calls time\.time \(planted\.py, line \d+\): .* the clock"),
    (planted.ReadsTheDate, r"outcome calls datetime\.datetime\.now \(.*\): it reads the clock"),
    (planted.DrawsAtRandom, r"bot calls random\.choice \(planted\.py, line \d+\): .* chance"),
    (planted.DrawsSecretly, r"setup calls random\.choice \(.*\): it reads chance"),
    (planted.DrawsBytes, r"setup calls os\.urandom \(.*\): it reads "),
    (planted.DrawsNames, r"\w+ calls uuid\.uuid4 \(.*\): it reads chance"),
    (planted.DrawsArrays, r"\w+ draws from numpy\.random"),
    (planted.ReadsAFile, r"apply calls io\.open \(.*\): it reads files"),
    (planted.ReadsItsEnvironment, r"view calls os\.\w+ \(.*\): it reads the system"),
    (planted.OpensASocket, r"secret calls socket\.__init__ \(.*\): it reads the network"),
    (planted.HidesWhatItDid, r"due calls random\.random \(.*\): it reads chance"),
]


@pytest.mark.parametrize(("kind", "said"), READS, ids=lambda case: getattr(case, "__name__", ""))
def test_what_rules_may_not_read_is_named_with_its_line(kind: type[Game[Any]], said: str) -> None:
    with pytest.raises(TitleFault, match=f"^sealed: {said}"):
        check_play(kind)


def test_settings_that_are_of_no_category_are_found() -> None:
    with pytest.raises(TitleFault, match=r"^sealed: category says 'large' of \{'size': \d+\}"):
        check_play(planted.ForgetsACategory)


def test_the_watch_gives_way_to_no_other_profiler_and_leaves_it_in_its_place() -> None:
    before = sys.getprofile()
    calls: list[str] = []
    sys.setprofile(lambda frame, event, argument: calls.append(event))
    try:
        mine = sys.getprofile()
        with pytest.raises(TitleFault, match=r"setup calls os\.urandom"):
            guarded(planted.DrawsBytes).setup(3, None, Rng(1))
        assert sys.getprofile() is mine
    finally:
        sys.setprofile(before)
    assert calls


def test_a_title_that_no_other_process_could_find_is_told_so() -> None:
    class Inside(planted.Sealed):
        pass

    with pytest.raises(TitleFault, match="its class stands in a function"):
        check_replay(Inside)


FORGETS = [
    (planted.ReadsTheClockInAList, r"the same match played twice differs after tick \d+ at state"),
    (planted.GoesThroughASet, r"match \d+ comes out differently after tick \d+ .*PYTHONHASHSEED"),
    (planted.CountsInItsClass, r"CountsInItsClass\.calls changed in play"),
    (planted.CountsInItself, r"self\.calls changed in play"),
    (
        planted.CountsInItsModule,
        r"the same match .*at state\.hint: .*tests\.planted\.CALLS changed",
    ),
    (planted.CannotBeReadBack, "its state cannot be read back: Expected `int`.*hint"),
]


@pytest.mark.parametrize(("kind", "said"), FORGETS, ids=lambda case: getattr(case, "__name__", ""))
def test_what_does_not_replay_is_found(kind: type[Game[Any]], said: str) -> None:
    with pytest.raises(TitleFault, match=f"^sealed: {said}"):
        check_replay(kind)


FAILS = [
    (planted.ChangesInView, "sealed: view changes the state, which it may only read"),
    (planted.RefusesTooLate, r"sealed: apply refuses \d \(sealed_already\), and changes the state"),
    (planted.Raises, r"sealed: apply\w* raises KeyError\(\d\)"),
    (planted.ShowsNoJson, r"sealed: view\b.*complex"),
    (planted.BidsTooHigh, "sealed: bot sends 10, no Input: .*<= 9"),
    (planted.PartsATeam, r"sealed: outcome ranks .* which parts seats of one team"),
    (
        planted.ForgetsASeat,
        r"sealed: outcome ranks \[\[0\], \[1\]\], but these played: \[0, 1, 2\]",
    ),
    (planted.RefusesInWords, "sealed: a refusal is 'No!', which is not lower_snake_case"),
    (planted.CannotBeWritten, "sealed: its state cannot be written down"),
    (planted.HasNoName, "title 'Not A Title': title must be lower_snake_case"),
]


@pytest.mark.parametrize(("kind", "said"), FAILS, ids=lambda case: getattr(case, "__name__", ""))
def test_rules_that_fail_are_found(kind: type[Game[Any]], said: str) -> None:
    with pytest.raises(TitleFault, match=f"^{said}"):
        check_title(kind)


# --- what is drawn ------------------------------------------------------------------------------


class Far(msgspec.Struct, tag="far", tag_field="t"):
    x: Annotated[int, Meta(ge=-4, le=20, multiple_of=4)]
    y: Annotated[float, Meta(gt=0, le=1)]
    word: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    among: list[Literal["a", 2]] = []


class Near(msgspec.Struct, tag="near", tag_field="t"):
    square: Annotated[str, Meta(pattern="^[a-h][1-8](=[qrbn])?$", max_length=4)]
    pair: tuple[bool, None] = (True, None)
    named: Annotated[dict[str, bytes], Meta(max_length=2)] = {}


class Odd(msgspec.Struct, tag="odd", tag_field="t"):
    twice: Annotated[str, Meta(pattern=r"^(a|b)\1$")]


def drawn(kind: Any) -> Iterator[Any]:
    rng = Rng(1)
    return (draw_data(kind, rng) for _ in range(300))


@pytest.mark.parametrize("kind", [Far, Near, Far | Near, Near | Odd, int, str | None, Any])
def test_what_is_drawn_is_of_its_type(kind: Any) -> None:
    values = [msgspec.convert(data, kind) for data in drawn(kind)]
    assert len({repr(value) for value in values}) >= 10


def test_what_is_drawn_reaches_both_ends() -> None:
    values = [draw(Far, rng) for rng in map(Rng, range(300))]
    assert {value.x for value in values} == set(range(-4, 21, 4))
    assert max(value.y for value in values) == 1
    assert min(value.y for value in values) > 0


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(CannotDrawError, match="too intricate"):
        draw(Odd, Rng(1))
