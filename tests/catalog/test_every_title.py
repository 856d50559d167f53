"""What is asked of every title, without a line by its author.

First the test kit, which authors have elsewhere too: the rules alone. Then Hypothesis writes
scripts: who sits down, sends what, leaves, and how much time passes. A script is played in a real
room whose clients believe only the bytes that they are told. The inputs are made from the title's
``Input`` and asked of its bot.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from games.catalog import TITLES
from games.client import Follower
from games.protocol import codec
from games.protocol.messages import Input, ServerMessage
from games.rooms import Record, Room, Tick, replay
from games.sim import Game, Rng, plain
from games.testing import CHECKS
from games.testing.told import Teller
from games.testing.watch import guarded
from tests import values

ROOT = Path(__file__).resolve().parents[2]

BOTS = [title for title in TITLES if TITLES[title].has_bot()]

NEVER_REFUSE = {"hockey"}
"""Titles whose inputs are controls, which may be held at any time."""

every_title = pytest.mark.parametrize("title", TITLES)


@every_title
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_passes_the_kit(title: str, check: Callable[[type[Game[Any]]], str]) -> None:
    assert check(TITLES[title])


# --- a match with its clients --------------------------------------------------------------------

Step = tuple[str, int, Any]


class Match:
    """A room, and its clients: one on each seat, and a spectator in either encoding."""

    def __init__(self, game: Game[Any], script: dict[str, Any]) -> None:
        self.start = {
            "seed": script["seed"],
            "settings": script["settings"],
            "seats": [(seat, f"Player {seat}", bot) for seat, bot in enumerate(script["bots"])],
        }
        self.room = Room(game, **self.start, bot_seed=script["seed"])
        self.records: list[Record] = []
        self.rng = Rng(script["seed"])
        self.seats: dict[int, Follower] = {}
        self.here: set[int] = set()
        self.watchers = [Follower("json"), Follower("msgpack")]
        for watcher in self.watchers:
            watcher.follow(self.room.schema(None))
            tell(watcher, self.room.own_snapshot(None), self.room.snapshot())
        for seat, bot in enumerate(script["bots"]):
            if not bot:
                self.connect(seat)
        for step in script["steps"]:
            if self.room.outcome and script.get("to_the_end"):
                break
            self.step(*step)

    def step(self, what: str, number: int, data: Any) -> None:
        """Do what one line of the script says, where it can be done."""
        game = self.room.game
        if what == "tick":
            self.tick(number)
        elif what == "connect":
            self.connect(number % (game.seats.stop - 1))
        elif self.here:
            seat = sorted(self.here)[number % len(self.here)]
            if what == "input":
                self.say(seat, data)
            elif what == "think":
                self.say(seat, self.thought(seat))
            elif what == "disconnect":
                self.room.disconnect(seat)
                self.here.discard(seat)
            else:
                self.room.vacate(seat, data)

    def connect(self, seat: int) -> None:
        if seat in self.here or self.room.closed_to(seat) is not None:
            return
        client = self.seats.setdefault(seat, Follower("json" if seat % 2 else "msgpack"))
        self.here.add(seat)
        self.room.connect(seat, client.session, f"Player {seat}")
        client.follow(self.room.schema(seat))
        tell(client, self.room.own_snapshot(seat, client.session), self.room.snapshot(seat))

    def say(self, seat: int, data: Any) -> None:
        """An input, by way of its bytes."""
        client = self.seats[seat]
        _, frame = client.input(data)
        message = codec.decode(frame, client.encoding)
        assert isinstance(message, Input)
        self.room.offer(seat, message.seq, message.data)

    def thought(self, seat: int) -> Any:
        """What a bot would send in this seat's place."""
        client = self.seats[seat]
        assert client.view is not None
        game = self.room.game
        return msgspec.to_builtins(game.bot(seat, client.view["game"], client.secret, self.rng))

    def tick(self, elapsed: int) -> None:
        """Let time pass as a worker would: one period, or no more than the room is due for."""
        room = self.room
        if room.game.realtime and not room.outcome:
            tick = room.tick(1)
        else:
            due = room.due()
            tick = room.tick(0 if due is None else min(elapsed, due))
        self.records.append(tick.record)
        self.publish(tick)
        self.here -= set(tick.vacated)
        self.check()

    def publish(self, tick: Tick) -> None:
        for seat in self.here:
            heard = [part for part in (tick.own.get(seat), tick.shared) if part is not None]
            tell(self.seats[seat], *heard)
        for watcher in self.watchers:
            tell(watcher, *filter(None, (tick.own.get(None), tick.watched)))

    def check(self) -> None:
        """Every client holds exactly what its audience may see now, made anew."""
        room, sight = self.room, self.room._sight
        look = room._look()
        shared = plain(sight.shared, look.shared)
        for watcher in self.watchers:
            own = sight.watched and plain(sight.watched, sight.watched_of(look))
            knows(watcher, shared, own)
        for seat in self.here & set(room.places):
            own = sight.own and plain(sight.own, sight.own_of(room.state, look, seat))
            knows(self.seats[seat], shared, own)


def tell(client: Follower, *messages: ServerMessage) -> None:
    if messages:
        client.receive(codec.frame(*messages, encoding=client.encoding))


def knows(client: Follower, shared: Any, own: Any) -> None:
    """Whether a client holds just this, and missed nothing on the way."""
    assert client._shared is not None
    assert values.encoded(client._shared.view) == values.encoded(shared)
    assert values.encoded(client.own) == values.encoded(own)
    assert not client.gaps


def data_of(kind: type[Game[Any]]) -> st.SearchStrategy[Any]:
    """What its clients could send, as it stands in a message."""
    return values.of(kind.Input).map(msgspec.to_builtins)


@st.composite
def scripts(draw: st.DrawFn, kind: type[Game[Any]], steps_max: int = 40) -> dict[str, Any]:
    """Which room, and what happens in it."""
    number, inputs = st.integers(0, 20), data_of(kind)
    tick = st.tuples(st.just("tick"), st.sampled_from([0, 1, 1, 2, 50, 10**6]), st.none())
    talk = st.tuples(st.just("input"), number, inputs)
    steps = [
        *[tick] * 3,
        *[talk] * 3,
        st.tuples(st.sampled_from(["think"] if kind.has_bot() else ["connect"]), number, st.none()),
        st.tuples(st.just("input"), number, values.plain(2)),
        st.tuples(st.sampled_from(["connect", "disconnect"]), number, st.none()),
        st.tuples(st.just("vacate"), number, st.sampled_from(["left", "kicked"])),
    ]
    rare = st.sampled_from([*steps[:-1] * 3, steps[-1]]).flatmap(lambda step: step)
    length = draw(st.sampled_from([0, 20, steps_max]))
    first = draw(st.lists(rare, min_size=length, max_size=length))
    ends = [("tick", 1, None)] * draw(st.integers(1, 5))
    bot = st.booleans() if kind.has_bot() else st.just(False)
    seats = draw(st.integers(kind.seats.start, kind.seats.stop - 1))
    return {
        "seed": draw(st.integers(0, 2**64 - 1)),
        "settings": draw(values.of(kind.Settings).map(msgspec.to_builtins)),
        "bots": draw(st.lists(bot, min_size=seats, max_size=seats)),
        "steps": [*first, *ends],
    }


quick = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


# --- any play at all ---------------------------------------------------------------------------


@every_title
def test_whatever_is_played_rules_hold_clients_hold_the_view_and_it_replays(title: str) -> None:
    @quick
    @given(scripts(TITLES[title]))
    def check(script: dict[str, Any]) -> None:
        match = Match(guarded(TITLES[title], watch=False), script)
        again = replay(TITLES[title](), match.records, **match.start)
        assert again.hash() == match.room.hash()
        if match.room.outcome:
            _is_whole(match)

    check()


@pytest.mark.parametrize("title", BOTS)
def test_a_whole_match_is_played_to_its_end_and_replays(title: str) -> None:
    match = Match(TITLES[title](), whole(title))
    assert match.room.outcome is not None
    _is_whole(match)
    assert replay(TITLES[title](), match.records, **match.start).hash() == match.room.hash()


def whole(title: str) -> dict[str, Any]:
    """A script in which players who think like the bot play to the end, at the shortest settings;
    one of them loses the connection now and then."""
    kind = TITLES[title]
    seats = max(kind.seats.start, min(3, kind.seats.stop - 1))
    schema = msgspec.json.schema(kind.Settings)["$defs"][kind.Settings.__name__]["properties"]
    least = {name: field["minimum"] for name, field in schema.items() if field.get("minimum")}
    everyone: list[Step] = [("think", seat, None) for seat in range(seats)]
    rounds: list[Step] = []
    for number in range(6000):
        rounds += [*everyone, ("tick", 25, None)] if number % 4 == 0 else [("tick", 25, None)]
        if number % 90 == 50:
            rounds += [("disconnect", 0, None), ("tick", 1, None), ("connect", 0, None)]
    script = {"seed": 13, "settings": least, "bots": [False] * seats, "steps": rounds}
    return script | {"to_the_end": True}


def _is_whole(match: Match) -> None:
    outcome = match.room.outcome
    assert outcome is not None
    assert sorted(seat for tied in outcome.ranking for seat in tied) == sorted(match.room.places)
    assert all(outcome.ranking), "a group of nobody"
    assert re.fullmatch(r"[a-z][a-z0-9_]*", outcome.reason)


def journals(title: str) -> list[dict[str, Any]]:
    """A few matches of a title, the same ones each time."""
    played: list[dict[str, Any]] = []

    @settings(quick, max_examples=10, derandomize=True, database=None, phases=[Phase.generate])
    @given(scripts(TITLES[title], steps_max=60))
    def play(script: dict[str, Any]) -> None:
        match = Match(TITLES[title](), script)
        hashed = match.room.hash()
        played.append({**match.start, "title": title, "records": match.records, "hash": hashed})

    play()
    return played


REPLAY = """
import sys, msgspec
from games.catalog import TITLES
from games.rooms import Record, replay
for match in msgspec.msgpack.decode(sys.stdin.buffer.read()):
    records = msgspec.convert(match.pop("records"), list[Record])
    title, _ = match.pop("title"), match.pop("hash")
    print(replay(TITLES[title](), records, **match).hash())
"""


def test_the_same_records_give_the_same_state_in_another_process_with_other_hashes() -> None:
    matches = [match for title in TITLES for match in journals(title)]
    hashes = {
        seed: subprocess.run(
            [sys.executable, "-c", REPLAY],
            input=msgspec.msgpack.encode(matches),
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            timeout=60,
        )
        for seed in ("1", "2")
    }
    for other in hashes.values():
        assert other.stdout.decode().split() == [match["hash"] for match in matches]


# --- bots --------------------------------------------------------------------------------------


def moves(title: str, seats: int, ticks: int) -> Iterator[tuple[Any, int, Any]]:
    """State, seat and move of a match between bots, each before it is made."""
    game, rng = TITLES[title](), Rng(3)
    teller = Teller(game)
    state = game.setup(game.seats.stop - 1 if game.drop_in else seats, game.Settings(), Rng(8))
    for seat in range(seats if game.drop_in else 0):
        game.join(state, seat)
    for _ in range(ticks):
        for seat in range(seats):
            if game.outcome(state) is None:
                told = teller.told(state, seat)
                move = game.bot(seat, told.view, told.secret, rng)
                if move is not None:
                    yield state, seat, msgspec.to_builtins(move)
        if game.outcome(state) is None:
            game.advance(state, 1)


@pytest.mark.parametrize("title", BOTS)
def test_a_bot_sends_what_a_client_could_and_is_never_refused(title: str) -> None:
    game, made = TITLES[title](), 0
    for seats in {game.seats.start, min(game.seats.stop - 1, 6)}:
        for state, seat, move in moves(title, seats, ticks=25):
            assert game.apply(state, seat, msgspec.convert(move, game.Input)) is None
            made += 1
    assert made >= 10


@pytest.mark.parametrize("title", BOTS)
def test_a_room_full_of_bots_plays_by_itself(title: str) -> None:
    game = TITLES[title]()
    seats = [(seat, f"Bot {seat}", True) for seat in range(max(2, game.seats.start))]
    room = Room(game, seed=4, settings={}, seats=seats)
    hashes, moved = [room.hash()], 0
    for _ in range(60):
        if room.outcome is None:
            tick = room.tick(1 if game.realtime else room.due() or 0)
            hashes.append(room.hash())
            moved += len(tick.record.entries)
    assert moved > 10
    assert len(set(hashes)) == len(hashes), "every tick is another state"


# --- refusals, ends, secrets -------------------------------------------------------------------


@pytest.mark.parametrize("title", [title for title in TITLES if title not in NEVER_REFUSE])
def test_an_input_that_is_refused_leaves_the_state_as_it_was(title: str) -> None:
    refused = 0

    @settings(quick, max_examples=40, phases=[Phase.generate])
    @given(st.lists(st.tuples(st.integers(0, 15), data_of(TITLES[title])), max_size=12))
    def check(inputs: list[tuple[int, Any]]) -> None:
        nonlocal refused
        game = TITLES[title]()
        seats = game.seats.stop - 1
        state = game.setup(seats, game.Settings(), Rng(1))
        for seat, data in inputs:
            before = msgspec.msgpack.encode(state)
            typed = msgspec.convert(data, game.Input)
            if game.apply(state, seat % seats, typed) is not None:
                refused += 1
                assert msgspec.msgpack.encode(state) == before

    check()
    assert refused, "else this showed nothing"


@every_title
def test_a_state_that_was_written_and_read_goes_on_the_same(title: str) -> None:
    """What checkpoints will rest on: the state is all there is, and it can be told."""

    @settings(quick, max_examples=8)
    @given(scripts(TITLES[title], steps_max=20))
    def check(script: dict[str, Any]) -> None:
        room = Match(TITLES[title](), script).room
        game, state = room.game, room.state
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state))
        assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(state)
        teller = Teller(game)
        for seat in (None, *room.places):
            assert teller.told(again, seat).sent == teller.told(state, seat).sent
        if room.outcome is None:
            for one in (state, again):
                game.advance(one, 1)
            assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(state)

    check()


@every_title
@pytest.mark.parametrize("why", ["left", "kicked", "forfeit"])
def test_whoever_leaves_and_in_whatever_order_the_match_comes_to_an_end(
    title: str, why: str
) -> None:
    game = TITLES[title]()
    seats = [(seat, f"Player {seat}", False) for seat in range(max(2, game.seats.start))]
    room = Room(game, seed=4, settings={}, seats=seats)
    for seat, name, _ in seats:
        room.connect(seat, f"session-{seat}", name)
    room.tick(1)
    for seat, _, _ in reversed(seats):
        room.vacate(seat, why)
        room.tick(1 if game.realtime else 0)
    assert room.outcome is not None
    assert sorted(seat for tied in room.outcome.ranking for seat in tied) == [n for n, *_ in seats]
    room.tick(0)
    assert room.tick(0).shared is None, "after the end nothing moves"


@pytest.mark.parametrize("title", [title for title in TITLES if TITLES[title].drop_in])
def test_who_comes_after_the_end_sees_it_and_sits_nowhere(title: str) -> None:
    room = Room(TITLES[title](), seed=4, settings={}, seats=[(0, "Ada", False)])
    room.connect(0, "session-0", "Ada")
    room.vacate(0, "left")
    room.connect(1, "session-1", "Ben")  # on the way while the match ended
    room.tick(1)
    for seat in (0, 1):
        room.connect(seat, f"session-{seat}", "Ada")
        assert room.offer(seat, 1, None) is None
        room.tick(0)
    assert list(room.places) == [0]
    assert room.snapshot().view.plain()["result"] == {"ranking": [[0]], "reason": "everyone_left"}


@every_title
def test_settings_are_as_the_lobby_needs_them(title: str) -> None:
    """It builds a form from the schema: each field has words for people, and numbers a range."""
    schema = msgspec.json.schema(TITLES[title].Settings)
    fields = schema["$defs"][TITLES[title].Settings.__name__]["properties"]
    for name, field in fields.items():
        assert field.get("title"), f"{name} has no title"
        assert "default" in field
        if field.get("type") in ("integer", "number"):
            assert field["minimum"] <= field["default"] <= field["maximum"]


def told_to_others(title: str, steps: list[tuple[int, Any]], seat: int) -> list[bytes]:
    """What all but ``seat`` hear in a match in which these inputs are sent, one a tick."""
    game = TITLES[title]()
    names = [(number, f"Player {number}", False) for number in range(2)]
    room = Room(game, seed=1, settings={}, seats=names)
    for number, name, _ in names:
        room.connect(number, f"session-{number}", name)
    room.tick(1)
    heard, seqs = [], [0, 0]
    for by, data in steps:
        seqs[by] += 1
        assert room.offer(by, seqs[by], data) is None
        tick = room.tick(1)
        told = [tick.own.get(1 - seat), tick.shared, tick.own.get(None), tick.watched]
        told += [room.snapshot(), room.own_snapshot(1 - seat, f"session-{1 - seat}")]
        for encoding in ("json", "msgpack"):
            heard += [codec.frame(part, encoding=encoding) for part in told if part]
    return heard


def test_what_one_seat_chose_in_secret_reaches_nobody_else() -> None:
    choices = ["rock", "paper", "scissors"]
    for seat in (0, 1):
        opened: list[tuple[int, Any]] = [(0, "rock"), (1, "paper")]
        heard = [told_to_others("roshambo", [*opened, (seat, one)], seat) for one in choices]
        assert heard[0] == heard[1] == heard[2]
        revealed = [
            told_to_others("roshambo", [*opened, (seat, one), (1 - seat, "rock")], seat)
            for one in choices
        ]
        assert revealed[0] != revealed[1] != revealed[2], "else this could not fail"
