"""The room store against a model of it, in thousands of steps that nobody thought of.

The model is as plain as can be: it keeps everything, and knows from when on the store has trimmed.
Any call may come twice, and late. Then the same with faults planted into the store, each of which
must be found: a test that would not notice a missing check is none.
"""

import asyncio
import inspect
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from games.hosting.ledger import (
    HOLLOW,
    Append,
    Checkpoint,
    Lease,
    LeaseLost,
    Ledger,
    Loaded,
    OutOfStep,
    Owner,
    Verdict,
    books,
    in_memory,
    scripts,
)
from games.hosting.ledger.in_redis import RedisLedger
from games.hosting.ledger.in_sqlite import SqliteLedger

OK, DUP, CONFLICT, GAP, FENCED = Verdict


@dataclass
class Room:
    """What a room must be."""

    epoch: int
    token: str
    worker: str
    released: str = ""
    tick: int = 0
    trimmed: int = 0
    archived: int = 0
    entries: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    checkpoints: dict[int, bytes] = field(default_factory=dict)

    def newest_two(self) -> list[int]:
        return sorted(self.checkpoints)[-2:]

    def trim(self) -> None:
        if len(self.checkpoints) > 1:
            self.trimmed = max(self.trimmed, min(self.newest_two()[0], self.archived))

    def kept(self, after: int) -> list[tuple[int, int, bytes]]:
        return [
            (tick, *self.entries[tick])
            for tick in range(max(after, self.trimmed) + 1, self.tick + 1)
        ]


class Model:
    """All rooms."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}

    def holds(self, match: str, token: str) -> bool:
        room = self.rooms.get(match)
        return bool(room and room.worker and room.token == token)

    def append(self, batch: list[Append]) -> list[Verdict]:
        refused: dict[tuple[str, str], Verdict] = {}
        verdicts = []
        for match, token, tick, payload in batch:
            verdict = refused.get((match, token)) or self._one(match, token, tick, payload)
            if verdict not in {OK, DUP}:
                refused[match, token] = verdict
            verdicts.append(verdict)
        return verdicts

    def _one(self, match: str, token: str, tick: int, payload: bytes) -> Verdict:
        if not self.holds(match, token):
            return FENCED
        room = self.rooms[match]
        if room.tick == HOLLOW:
            return GAP
        if tick == room.tick + 1:
            room.tick = tick
            room.entries[tick] = (room.epoch, payload)
            return OK
        if tick > room.tick:
            return GAP
        known = tick > room.trimmed and room.entries[tick][1] == payload
        return DUP if known else CONFLICT

    def checkpoint(self, match: str, token: str, tick: int, blob: bytes) -> bool | Verdict:
        if refused := self._refused(match, token, tick):
            return refused
        room = self.rooms[match]
        if room.checkpoints and tick <= max(room.checkpoints):
            return False
        room.checkpoints[tick] = blob
        room.trim()
        return True

    def archived(self, match: str, token: str, tick: int) -> Verdict | None:
        if refused := self._refused(match, token, tick):
            return refused
        room = self.rooms[match]
        room.archived = max(room.archived, tick)
        room.trim()
        return None

    def _refused(self, match: str, token: str, tick: int) -> Verdict | None:
        if not self.holds(match, token):
            return FENCED
        return GAP if tick > self.rooms[match].tick else None

    def restore(self, match: str, token: str, tick: int, blob: bytes) -> bool | Verdict:
        if not self.holds(match, token):
            return FENCED
        room = self.rooms[match]
        if tick <= room.tick:
            return CONFLICT if tick < room.tick else False
        room.tick = room.trimmed = room.archived = tick
        room.checkpoints = {tick: blob}
        return True

    def release(self, match: str, token: str) -> bool:
        room = self.rooms.get(match)
        if room and self.holds(match, token):
            room.worker, room.released = "", token
        return bool(room and token and room.released == token and not room.worker)

    def forget(self, match: str, token: str) -> bool:
        if match not in self.rooms:
            return True
        if not self.holds(match, token):
            return False
        del self.rooms[match]
        return True


MATCHES = st.sampled_from(["m", "n"])
WORKERS = st.sampled_from(["a", "b"])
WHICH = st.integers(0, 3)
"""How many tokens back: 0 is the newest of that match."""
OFFSET = st.sampled_from([0, 0, 1, 1, 1, -1, -3, 2, 5])
PAYLOADS = st.sampled_from([b"x", b"x", b"y"])


class Machine(RuleBasedStateMachine):
    """Random calls, to the model and to the store; both must answer the same."""

    open: Callable[[], Any]
    """Opens an empty store; set by a subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.ledger: Ledger = self.runner.run(type(self).open())
        self.model = Model()
        self.tokens: dict[str, list[str]] = {"m": [""], "n": [""]}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.accepted: dict[tuple[str, int], bytes] = {}
        self.epochs: dict[str, int] = {}

    def teardown(self) -> None:
        try:
            self.rooms_are_found_under_their_workers()
        finally:
            self._close()

    def _close(self) -> None:
        self.runner.run(self.ledger.close())
        self.runner.close()

    def token(self, match: str, which: int) -> str:
        return self.tokens[match][-1 - min(which, len(self.tokens[match]) - 1)]

    def tick(self, match: str, offset: int) -> int:
        room = self.model.rooms.get(match)
        return (room.tick if room else 0) + offset

    def call(self, name: str, *arguments: Any) -> Any:
        """The answer of both."""
        self.calls.append((name, arguments))
        expected = getattr(self.model, name)(*arguments)
        try:
            answer = self.runner.run(getattr(self.ledger, name)(*arguments))
        except (LeaseLost, OutOfStep) as refused:
            answer = refused.verdict
        assert answer == expected, (name, arguments)
        return answer

    @initialize(above=st.sampled_from([0, 3]))
    def begin(self, above: int) -> None:
        """With a room that is new, and another that is new or was lost."""
        self.acquire("m", "a", 0, 0)
        self.acquire("n", "a", 0, above)

    @rule(match=MATCHES, worker=WORKERS, which=WHICH, above=st.integers(0, 6))
    def acquire(self, match: str, worker: str, which: int, above: int) -> None:
        self._acquire(match, worker, self.token(match, which), above)

    @rule(match=MATCHES, worker=WORKERS)
    def acquire_what_is_there(self, match: str, worker: str) -> None:
        there = self.runner.run(self.ledger.owner(match))
        self._acquire(match, worker, there.token if there else "", 0)

    def _acquire(self, match: str, worker: str, seen: str, above: int) -> None:
        room = self.model.rooms.get(match)
        answer = self.runner.run(self.ledger.acquire(match, worker, seen, above))
        if (room.token if room else "") != seen:
            expected = Owner(room.worker, room.epoch, room.token, room.tick) if room else None
            assert answer == (expected or Owner("", 0, "", 0))
            return
        assert isinstance(answer, Lease)
        assert answer.epoch == max(room.epoch if room else 0, above) + 1
        assert answer.token not in self.tokens[match], "a token never comes back"
        if room is None:
            room = self.model.rooms[match] = Room(0, "", "")
            room.tick = HOLLOW if above else 0
        assert (answer.worker, answer.tick) == (worker, room.tick)
        room.epoch, room.token, room.worker = answer.epoch, answer.token, worker
        self.tokens[match].append(answer.token)

    @rule(
        parts=st.lists(
            st.tuples(MATCHES, st.sampled_from([0, 0, 0, 1, 2]), OFFSET, PAYLOADS),
            min_size=1,
            max_size=5,
        )
    )
    def append(self, parts: list[tuple[str, int, int, bytes]]) -> None:
        batch = [
            Append(match, self.token(match, which), self.tick(match, offset), payload)
            for match, which, offset, payload in parts
        ]
        self._note(batch, self.call("append", batch))

    @rule(match=MATCHES, count=st.integers(1, 6), payload=PAYLOADS)
    def append_some(self, match: str, count: int, payload: bytes) -> None:
        first = self.tick(match, 1)
        batch = [
            Append(match, self.token(match, 0), tick, payload)
            for tick in range(first, first + count)
        ]
        self._note(batch, self.call("append", batch))

    @rule(match=MATCHES, count=st.integers(1, 4), archive=st.booleans())
    def go_on_for_a_while(self, match: str, count: int, archive: bool) -> None:
        """As an owner does: ticks, a checkpoint, the archive if it is there."""
        self.append_some(match, count, b"x")
        self.checkpoint(match, 0, 0)
        if archive:
            self.archived(match, 0, 0)

    def _note(self, batch: list[Append], verdicts: list[Verdict]) -> None:
        for (match, _, tick, payload), verdict in zip(batch, verdicts, strict=True):
            if verdict in {OK, DUP}:
                assert self.accepted.setdefault((match, tick), payload) == payload

    @rule(match=MATCHES, which=st.sampled_from([0, 0, 1]), offset=st.integers(-4, 1))
    def checkpoint(self, match: str, which: int, offset: int) -> None:
        tick = max(0, self.tick(match, offset))
        self.call("checkpoint", match, self.token(match, which), tick, b"at %d" % tick)

    @rule(match=MATCHES, which=st.sampled_from([0, 0, 1]), offset=st.integers(-4, 1))
    def archived(self, match: str, which: int, offset: int) -> None:
        self.call("archived", match, self.token(match, which), max(0, self.tick(match, offset)))

    @rule(match=MATCHES, which=st.sampled_from([0, 0, 1]), offset=st.integers(-2, 3))
    def restore(self, match: str, which: int, offset: int) -> None:
        tick = max(0, self.tick(match, offset))
        self.call("restore", match, self.token(match, which), tick, b"at %d" % tick)

    @rule(match=MATCHES, which=st.sampled_from([0, 0, 1]))
    def release(self, match: str, which: int) -> None:
        self.call("release", match, self.token(match, which))
        self._note_release(match)

    def _note_release(self, match: str) -> None:
        room = self.model.rooms.get(match)
        if room is None or room.worker or room.token != room.released:
            return
        there = self.runner.run(self.ledger.owner(match))
        assert there is not None
        assert there.token not in self.tokens[match], "nor does that of a released room"
        room.token = there.token
        self.tokens[match].append(there.token)

    @rule(match=MATCHES, which=st.sampled_from([0, 1, 2]))
    def forget(self, match: str, which: int) -> None:
        if self.call("forget", match, self.token(match, which)):
            self.epochs.pop(match, None)
            self.tokens[match].append("")
            for known in [known for known in self.accepted if known[0] == match]:
                del self.accepted[known]

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def late(self, data: st.DataObject) -> None:
        """A call that was made before is carried out again: its bytes were in a slow line."""
        name, arguments = data.draw(st.sampled_from(self.calls))
        gone = name == "forget" and arguments[0] not in self.model.rooms
        if gone:
            return
        answer = self.call(name, *arguments)
        if name == "append":
            self._note(arguments[0], answer)
        if name == "release":
            self._note_release(arguments[0])

    @rule(match=MATCHES, older=st.booleans())
    def load(self, match: str, older: bool) -> None:
        room = self.model.rooms.get(match)
        token = self.token(match, 0)
        try:
            loaded = self.runner.run(self.ledger.load(match, token, older=older))
        except LeaseLost:
            assert not self.model.holds(match, token)
            return
        assert room is not None
        assert self.model.holds(match, token)
        kept = room.newest_two()
        at = (kept[0] if older else kept[-1]) if kept else None
        checkpoint = None if at is None else Checkpoint(at, room.checkpoints[at])
        assert loaded == Loaded(checkpoint, loaded.entries)
        assert loaded.entries == room.kept(at or 0)

    @invariant()
    def the_journal_is_what_was_accepted(self) -> None:
        for match in ("m", "n"):
            room = self.model.rooms.get(match)
            entries = self.runner.run(self.ledger.read(match))
            assert entries == (room.kept(0) if room else [])
            for tick, _, payload in entries:
                assert self.accepted[match, tick] == payload
            epochs = [entry.epoch for entry in entries]
            assert epochs == sorted(epochs)

    @invariant()
    def the_owner_is_who_acquired_last_and_the_epoch_only_rises(self) -> None:
        for match in ("m", "n"):
            room = self.model.rooms.get(match)
            there = self.runner.run(self.ledger.owner(match))
            assert there == (room and Owner(room.worker, room.epoch, room.token, room.tick))
            if there:
                assert there.epoch >= self.epochs.get(match, 0)
                self.epochs[match] = there.epoch

    @rule()
    def rooms_are_found_under_their_workers(self) -> None:
        for worker in ("a", "b", ""):
            assert self.runner.run(self.ledger.rooms_of(worker)) == {
                match: room.token
                for match, room in self.model.rooms.items()
                if room.worker == worker
            }


def machine(opener: Callable[[], Any]) -> type[Machine]:
    """The machine, on stores that ``opener`` opens."""
    return type("Machine", (Machine,), {"open": staticmethod(opener)})


async def open_memory() -> Ledger:
    return in_memory.MemoryLedger(lambda: 0.0)


class InNewFile:
    """Opens a store in a file of its own each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self) -> Ledger:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        return await SqliteLedger.open(folder / "rooms.sqlite3")


def in_redis(url: str) -> Callable[[], Any]:
    async def opener() -> Ledger:
        prefix = f"test-{secrets.token_hex(6)}"
        return RedisLedger.connect(url, prefix, wait_s=60.0, beat_wait_s=60.0)

    return opener


CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def explore(opener: Callable[[], Any], examples: int, *, steps: int = 30, **more: Any) -> None:
    """Run the machine."""
    run_state_machine_as_test(
        machine(opener),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=CHECKS,
            **more,
        ),
    )


def test_in_memory_the_store_does_what_the_model_does() -> None:
    explore(open_memory, 100, steps=40)


def test_in_a_file_the_store_does_what_the_model_does(tmp_path: Path) -> None:
    explore(InNewFile(tmp_path), 25)
    shutil.rmtree(tmp_path)


@pytest.mark.timeout(300)  # each step asks a server, several times
def test_in_redis_the_store_does_what_the_model_does(redis_url: str) -> None:
    explore(in_redis(redis_url), 8)


# --- faults that must be found -----------------------------------------------------------------


def found(opener: Callable[[], Any], examples: int) -> bool:
    """Whether the machine notices that something is wrong."""
    try:
        explore(
            opener, examples, steps=40, phases=[Phase.generate], print_blob=False, derandomize=True
        )
    except Exception:  # noqa: BLE001 - an answer that is wrong, or the store broke down over it
        return True
    return False


def planted(module: ModuleType, right: str, wrong: str) -> dict[str, Any]:
    """What is in the module, with a fault in its source."""
    source = inspect.getsource(module)
    assert right in source, "the fault belongs to code that has changed"
    names: dict[str, Any] = {"__name__": "planted", "__doc__": ""}
    exec(compile(source.replace(right, wrong), "planted", "exec", dont_inherit=True), names)
    return names


FAULTS = {
    "no check of the token": ("room.token == token and is_lease(token)", "True"),
    "the token of a released room is one": (" and is_lease(token)", ""),
    "no check of the tick": ("tick > room.tick + 1 or", "False or"),
    "a room that was lost begins anew": (" or room.tick == HOLLOW", ""),
    "no check of the content": ("if there.payload == payload", "if True"),
    "no check of what was seen": ('(room.token if room else "") != claim.seen', "False"),
    "an epoch that does not rise": ("claim.above) + 1", "claim.above)"),
    "a rest that goes on after a refusal": ("refused[match, token] = verdict", "pass"),
    "trimmed before it is archived": ("min(room.older, room.archived)", "room.older"),
    "trimmed up to the newest checkpoint": ("min(room.older, room", "min(room.newest, room"),
    "a late checkpoint that replaces a newer": ("tick <= room.newest", "False"),
    "a restore that goes back": ("if tick < room.tick:", "if False:"),
    "a release by whoever asks": ("if self._holds(room, token):", "if True:"),
}


@pytest.mark.timeout(300)  # the search ends when it has found it, mostly within seconds
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_books_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_memory, "Books", planted(books, *FAULTS[fault])["Books"])
    assert found(open_memory, 1500)


SCRIPT_FAULTS = {
    "no check of the token": ("APPEND", "and 'fenced'", "and false"),
    "no check of the tick": ("APPEND", "number == last + 1", "number > last"),
    "a room that was lost begins anew": ("APPEND", "if last < 0", "if false"),
    "no check of the content": ("APPEND", "there[2][4] ~= payload", "false"),
    "a rest that goes on after a refusal": ("APPEND", "then refused = answer end", "then end"),
    "no check of what was seen": ("ACQUIRE", "if token ~= ARGV[1]", "if false"),
    "an epoch that does not rise": ("ACQUIRE", "tonumber(ARGV[4])) + 1)", "tonumber(ARGV[4])))"),
    "a stale checkpoint": ("CHECKPOINT", "if fenced(", "if false and fenced("),
    "trimmed before it is archived": ("CHECKPOINT", "if unarchived ~= '1'", "if false"),
    "a restore that goes back": ("RESTORE", "if tick < last", "if false"),
    "a release by whoever asks": ("RELEASE", "if known[1] == ARGV[1]", "if known[1]"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", SCRIPT_FAULTS)
def test_a_fault_in_a_script_is_found(
    fault: str, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    name, right, wrong = SCRIPT_FAULTS[fault]
    script = getattr(scripts, name)
    assert right in script, "the fault belongs to a script that has changed"
    monkeypatch.setattr(scripts, name, script.replace(right, wrong))
    assert found(in_redis(redis_url), 500)
