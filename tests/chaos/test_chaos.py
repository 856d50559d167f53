"""A short run of faults, and the oracle itself: it must see what must not be.

``CHAOS_SEED``, ``CHAOS_SECONDS``, ``CHAOS_RUNS`` and ``CHAOS_ROOMS`` make the run another one or a
longer one, and ``CHAOS_DATABASE=postgres`` puts PostgreSQL under it. Nothing here asserts how long
anything takes.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from games.hosting.ledger import Entry
from games.rooms import Record, Room
from games.rooms.entries import Connect, Input
from games.rooms.journal import Written, write_tick
from tests.chaos import report
from tests.chaos.gaps import CALM, MIXED, longest, measure, percentile
from tests.chaos.lines import Lines
from tests.chaos.nemesis import KINDS, Done, Fault, draw
from tests.chaos.oracle import Journal, Match, Verdict, judge
from tests.chaos.players import Member, Recorder, Told, digest
from tests.chaos.run import ROOMS, Plan, Result, _never_moved, run_all
from tests.chaos.titles import Steady

SEED = int(os.environ.get("CHAOS_SEED", "1"))
"""The same each time, so that the suite fails of what was changed; ``make chaos`` draws others."""
SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
RUNS = int(os.environ.get("CHAOS_RUNS", "1"))
DATABASE = os.environ.get("CHAOS_DATABASE", "sqlite")
SOON_S = 60
"""Seconds for what must come; a guard against waiting for ever."""
SHORT = ("steady", "arena", "chess")


@pytest.mark.timeout(600 + 4 * SECONDS)
@pytest.mark.parametrize("seed", range(SEED, SEED + RUNS), ids=[str(run) for run in range(RUNS)])
def test_whatever_dies_or_stands_still_nothing_acknowledged_is_lost_or_contradicted(
    seed: int,
) -> None:
    rooms = tuple(os.environ.get("CHAOS_ROOMS", " ".join(SHORT)).split())
    plan = Plan(seed, SECONDS, rooms, pause_s=(0.3, 2.5), database=DATABASE)
    [result] = run_all([plan])
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
    assert {fault.kind for fault in draw(7, 60, 1, kinds=("kill", "mute"))} == {"kill", "mute"}


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


# --- gaps ----------------------------------------------------------------------------------------


def done(kind: str, at: float, until: float, slot: int = 0) -> Done:
    return Done(Fault(1.0, kind, 0, until - at), at, until, slot)


class Watcher(Member):
    """Somebody with a socket at slot 0, who was told of the state at these times."""

    def __init__(self, *times: float) -> None:
        self.room = Recorder("msgpack")
        self.room.shared = [Told(at, tick, b"", whole=False) for tick, at in enumerate(times)]
        self.match, self.homes = "m", [(0.0, 0)]


def test_the_longest_gap_touches_the_fault() -> None:
    times = [0.0, 0.1, 0.2, 1.4, 1.5, 1.6, 5.0]
    assert longest(times, 0.3, 1.45) == (0.2, 1.4)
    assert longest(times, 1.45, 1.55) == (1.4, 1.5)
    assert longest([], 0, 1) is None
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile([1, 2, 3, 4], 0.99) == 4


def test_a_gap_is_that_of_the_fault_that_could_be_its_reason() -> None:
    faults = [done("kill", 10, 10), done("drain", 14, 14.1), done("kill", 18, 18, slot=1)]
    watcher = Watcher(9.0, 9.5, 10.2, 10.3, 13.5, 14.2, 15.3, 17.9, 18.25, 19.1, 19.5)
    gaps = measure(faults, [watcher])
    assert {kind: [round(gap, 2) for gap in some] for kind, some in gaps.items()} == {
        "kill": [3.2],
        "drain": [1.1],
        CALM: [0.85],
        MIXED: [],
    }


def test_a_gap_that_several_faults_could_be_the_reason_for_is_none_of_theirs() -> None:
    faults = [done("kill", 10, 10), done("drain", 11.5, 11.6)]
    gaps = measure(faults, [Watcher(9.9, 10.1, 10.9, 12.0, 12.1)])
    assert gaps == {MIXED: [pytest.approx(1.1)]}


# --- what is over before it is mended ------------------------------------------------------------


def test_rooms_must_leave_a_worker_that_is_cut_off_and_nothing_else() -> None:
    cut = done("hole", 10, 14)
    cut.matches = cut.kept = {"m"}
    assert len(_never_moved([cut])) == 1
    assert not _never_moved([cut, done("store stop", 12, 13)])
    cut.kept = set()
    assert not _never_moved([cut])


# --- lines ---------------------------------------------------------------------------------------


class Wire:
    """A line between two sockets: one that asks, and one that is the store."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.lines = Lines(folder, listener.getsockname()[1], 1)
        stack.callback(self.lines.close)
        self.asker = stack.enter_context(self.connect())
        self.store, _ = listener.accept()
        stack.enter_context(self.store)
        for end in (self.asker, self.store):
            end.settimeout(SOON_S)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.lines.ports[0]))

    def asks(self, said: bytes, *, heard: bool = True) -> None:
        """The store hears it, or it does not."""
        self._passes(self.asker, self.store, said, heard)

    def answers(self, said: bytes, *, heard: bool) -> None:
        self._passes(self.store, self.asker, said, heard)

    def _passes(
        self, speaker: socket.socket, hearer: socket.socket, said: bytes, heard: bool
    ) -> None:
        speaker.sendall(said)
        if heard:
            assert hearer.recv(100) == said
            return
        hearer.settimeout(0.2)  # nothing comes, however long it is waited for
        with pytest.raises(TimeoutError):
            hearer.recv(100)
        hearer.settimeout(SOON_S)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    with ExitStack() as stack:
        yield Wire(tmp_path, stack)


@pytest.mark.parametrize(
    ("state", "asks", "answers"),
    [("whole", True, True), ("slow", True, True), ("hole", False, False), ("mute", True, False)],
)
def test_a_line_passes_on_what_its_state_says(
    wire: Wire, state: str, asks: bool, answers: bool
) -> None:
    wire.lines.turn(0, state)
    wire.asks(b"?", heard=asks)
    wire.answers(b"!", heard=answers)
    wire.lines.turn(0, "whole")
    assert asks or wire.store.recv(100) == b"?"  # late, and not lost
    assert answers or wire.asker.recv(100) == b"!"
    wire.asks(b"again")


def test_a_line_that_is_cut_resets_all_connections(wire: Wire) -> None:
    wire.lines.turn(0, "cut")
    for asker in (wire.asker, wire.connect()):
        with asker, pytest.raises(ConnectionError):
            asker.recv(1)
    with pytest.raises(ConnectionError):
        wire.store.recv(1)


# --- results -------------------------------------------------------------------------------------


def test_results_are_kept_and_summed_up(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    assert report.read(path) == []
    results = [
        Result(
            Plan(seed, 10.0),
            Verdict(acknowledged=500, lost=seed, complaints=["lost"] * seed),
            [Fault(1.0, "kill", 0, 0.5), Fault(1.0, "cut", 2, 3.0, "journal")],
            {"kill": [0.5 + seed], MIXED: [4.0]},
        )
        for seed in (0, 1)
    ]
    for result in results:
        report.append(path, result)
    assert report.read(path) == results
    table = report.table(results)
    assert "| kill -9 of a worker | 2 | 2 | 0.500 s | 1.500 s | 1.500 s |" in table
    assert "| several faults at once |  | 2 | 4.000 s" in table
    assert "| inputs acknowledged | 1,000 |" in table
    assert "| **acknowledged and lost** | 1 |" in table
