"""A short run of faults, and the oracle itself: it must see what must not be.

``CHAOS_SEED``, ``CHAOS_SECONDS``, ``CHAOS_RUNS`` and ``CHAOS_ROOMS`` make the run another one or a
longer one, and ``CHAOS_DATABASE=postgres`` puts PostgreSQL under it. Nothing here asserts how long
anything takes.
"""

import os
import random
from collections.abc import Callable

import pytest

from games.hosting.ledger import Entry
from games.rooms import Record, Room
from games.rooms.entries import Connect, Input
from games.rooms.journal import Written, write_tick
from tests.chaos.gaps import longest, percentile
from tests.chaos.nemesis import KINDS, draw
from tests.chaos.oracle import Journal, Match, Verdict, judge
from tests.chaos.players import Member, Recorder, Told, digest
from tests.chaos.run import ROOMS, Plan, run
from tests.chaos.titles import Steady

SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
RUNS = int(os.environ.get("CHAOS_RUNS", "1"))
SHORT = ("steady", "arena", "chess")


@pytest.mark.timeout(180 + 4 * SECONDS)
@pytest.mark.parametrize("seed", range(SEED, SEED + RUNS), ids=[str(run) for run in range(RUNS)])
def test_whatever_dies_or_stands_still_nothing_acknowledged_is_lost_or_contradicted(
    seed: int,
) -> None:
    rooms = tuple(os.environ.get("CHAOS_ROOMS", " ".join(SHORT)).split())
    plan = Plan(seed, SECONDS, rooms, pause_s=(0.3, 2.5))
    result = run(plan)
    verdict = result.verdict
    assert not verdict.complaints, "\n".join(
        [f"CHAOS_SEED={seed}", *map(str, result.faults), *verdict.complaints, result.logs[-20_000:]]
    )
    assert verdict.acknowledged > 0
    assert verdict.views > verdict.acknowledged / 10


def test_a_seed_says_what_goes_wrong_and_when() -> None:
    faults = draw(7, 600, len(ROOMS))
    assert faults == draw(7, 600, len(ROOMS)) != draw(8, 600, len(ROOMS))
    assert {fault.kind for fault in faults} == set(KINDS)
    assert sum(fault.after_s for fault in faults) <= 600


# --- the oracle, with a history that is made up ------------------------------------------------

MATCH = Match("m", "steady", 5, {"length": 1000}, [(0, "Ada", False)], "running", None)


class History:
    """A room with one player, who sent three inputs and heard of each; all of it is well."""

    def __init__(self) -> None:
        self.player = Member.__new__(Member)
        self.player.match, self.player.game, self.player.seat = "m", Steady(), 0
        self.player.complaints, self.player.reconnects = [], 0
        self.recorder = self.player.room = Recorder("msgpack")
        session = self.recorder.session
        for _ in range(3):
            self.recorder.input(self.player._count())
        self.records = [
            Record(1, 1, [Connect(0, session, "Ada")]),
            Record(2, 1, [Input(0, session, 1, {"t": "add", "n": 1})]),
            Record(3, 1, [Input(0, session, 2, {"t": "add", "n": 2})]),
            Record(4, 1, [Input(0, session, 3, {"t": "add", "n": 3})]),
        ]
        room = Room(Steady(), seed=5, settings=MATCH.settings, seats=MATCH.seats)
        for record in self.records:
            room.play(record)
            told = room._everybody
            self.recorder.shared.append(
                Told(float(record.tick), record.tick, digest(told.kind, told.held), whole=False)
            )
        self.recorder._settle(3)

    def judge(self, match: Match = MATCH) -> Verdict:
        journal = Journal("", "", ["m"])
        for number, record in enumerate(self.records, 1):
            payload = write_tick(Written(0, record))
            journal.put("m", Entry(number, 1, payload))
        return judge(Steady(), match, [self.player], journal, None)


def lose_one(history: History) -> None:
    history.records[3].entries.clear()


def apply_one_twice(history: History) -> None:
    history.records[3].entries.insert(0, history.records[2].entries[0])


def swap_two(history: History) -> None:
    first, second = history.records[1].entries, history.records[2].entries
    first[0], second[0] = second[0], first[0]


def change_one(history: History) -> None:
    history.records[2].entries[0].data = {"t": "add", "n": 4}


def tell_another_view(history: History) -> None:
    told = history.recorder.shared[2]
    history.recorder.shared[2] = told._replace(digest=bytes(8))


def tell_of_a_tick_that_never_was(history: History) -> None:
    history.recorder.shared.append(history.recorder.shared[3]._replace(tick=5))


def run_back(history: History) -> None:
    history.recorder.shared.append(history.recorder.shared[1])


def refuse_what_was_not(history: History) -> None:
    history.recorder.refused[2] = "unlucky"


def test_the_oracle_has_nothing_to_say_of_a_history_without_fault() -> None:
    verdict = History().judge()
    assert verdict == Verdict(acknowledged=3, views=4, ticks=4, owners=1)


@pytest.mark.parametrize(
    "spoil",
    [
        lose_one,
        apply_one_twice,
        swap_two,
        change_one,
        tell_another_view,
        tell_of_a_tick_that_never_was,
        run_back,
        refuse_what_was_not,
    ],
)
def test_the_oracle_sees_what_must_not_be(spoil: Callable[[History], None]) -> None:
    history = History()
    spoil(history)
    assert history.judge().complaints


def test_a_match_that_was_given_up_is_seen() -> None:
    assert History().judge(MATCH._replace(status="abandoned")).complaints


def test_a_snapshot_of_an_older_tick_is_no_contradiction_if_it_is_true() -> None:
    history = History()
    history.recorder.shared.append(history.recorder.shared[1]._replace(whole=True))
    verdict = history.judge()
    assert (verdict.back, verdict.complaints) == (1, [])


def test_gaps_are_those_that_touch_the_fault() -> None:
    times = [0.0, 0.1, 0.2, 1.4, 1.5, 1.6, 5.0]
    assert longest(times, 0.3, 1.45) == pytest.approx(1.2)
    assert longest(times, 1.5, 1.55) == pytest.approx(0.1)
    assert longest([], 0, 1) == 0
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile([1, 2, 3, 4], 0.99) == 4
