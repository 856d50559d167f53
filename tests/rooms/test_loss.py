"""Between a room and its viewers anything may be lost, repeated, reordered and late.

Every viewer believes only the bytes that reach it. At each tick that it says it knows, it holds
exactly what its audience saw then; and once the line is good again it is at the current tick
within a few messages.
"""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.client import Follower
from games.protocol import codec
from games.protocol.messages import Input, Resync, ServerMessage
from games.rooms import Room, Tick
from games.sim import Game, plain
from tests.field import Field, HiddenField
from tests.titles import Hasty, HastyParty
from tests.values import encoded

TITLES: list[type[Game[Any]]] = [Hasty, HastyParty, Field, HiddenField]


class Line:
    """One viewer of a room, behind a line that a seed makes bad."""

    def __init__(self, match: "Match", seat: int | None, encoding: codec.Encoding) -> None:
        self.match = match
        self.seat = seat
        self.client = Follower(encoding)
        self.flying: list[tuple[int, bytes]] = []
        self.client.follow(match.room.schema(seat))
        self.hear(match.room.own_snapshot(seat, self.client.session), match.room.snapshot(seat))

    def hear(self, *messages: ServerMessage) -> None:
        self.take(codec.frame(*messages, encoding=self.client.encoding))

    def post(self, *messages: ServerMessage) -> None:
        """Into the bad line: lost, or repeated, and each copy late by a few ticks."""
        frame = codec.frame(*messages, encoding=self.client.encoding)
        rng = self.match.rng
        for _ in range(rng.choices([0, 1, 2], [self.match.loss, 1, self.match.loss / 3])[0]):
            late = 0 if rng.random() > self.match.loss else rng.randrange(1, 9)
            self.flying.append((self.match.room.tick_no + late, frame))

    def deliver(self) -> None:
        """What is due arrives, in any order."""
        now = self.match.room.tick_no
        due = [frame for at, frame in self.flying if at <= now]
        self.flying = [(at, frame) for at, frame in self.flying if at > now]
        if self.match.loss:
            self.match.rng.shuffle(due)
        for frame in due:
            self.take(frame)

    def take(self, frame: bytes) -> None:
        for answer in self.client.receive(frame):
            self.answer(answer)
        self.check()

    def answer(self, frame: bytes) -> None:
        message = codec.decode(frame, self.client.encoding)
        room = self.match.room
        if self.match.rng.random() < self.match.loss:
            return
        if isinstance(message, Resync):
            shared = room.catch_up(self.seat, message.tick)
            told = [room.own_snapshot(self.seat, self.client.session)]
            self.post(*told, *([] if shared is None else [shared]))
        elif isinstance(message, Input) and self.seat is not None:
            again = room.offer(self.seat, message.seq, message.data, message.seen)
            if again is not None:
                self.post(again)

    def check(self) -> None:
        client, match = self.client, self.match
        shared, own = match.known[self.seat is None], match.owned.get(self.seat, {})
        assert client._shared is not None
        if client.tick >= 0:
            assert encoded(client._shared.view) == shared[client.tick]
        if client._own is not None and client._own.tick >= 0:
            assert encoded(client._own.view) == own[client._own.tick]


class Match:
    """A room, what it showed each audience at each tick, and viewers behind bad lines."""

    def __init__(self, kind: type[Game[Any]], seed: int) -> None:
        self.rng = random.Random(seed)
        self.loss = 0.3
        players = min(3, kind.seats.stop - 1)
        seats = [(seat, f"Player {seat}", False) for seat in range(players)]
        self.room = Room(kind(), seed=seed, settings={}, seats=seats)
        self.known: dict[bool, dict[int, bytes]] = {False: {}, True: {}}
        self.owned: dict[int | None, dict[int, bytes]] = {}
        self.note()
        self.lines = [
            Line(self, seat, "json" if seat % 2 else "msgpack") for seat in range(players)
        ]
        self.lines += [Line(self, None, "json"), Line(self, None, "msgpack")]
        for line in self.lines[:players]:
            assert line.seat is not None
            self.room.connect(line.seat, line.client.session, "Player")

    def note(self) -> None:
        """Remember what each audience is shown now."""
        for watching, audience in ((False, self.room._everybody), (True, self.room._watchers)):
            shown = plain(audience.kind, audience.held)
            self.known[watching].setdefault(audience.tick, encoded(shown))
        for seat, audience in self.room._own.items():
            shown = plain(audience.kind, audience.held)
            self.owned.setdefault(seat, {}).setdefault(audience.tick, encoded(shown))

    def tick(self) -> None:
        for line in self.lines:
            if line.seat is not None and self.rng.random() < 0.5:
                _, frame = line.client.input(self.input())
                line.answer(frame)
        tick = self.room.tick(1)
        self.note()
        self.publish(tick)
        for line in self.lines:
            line.deliver()

    def input(self) -> Any:
        if isinstance(self.room.game, Field):
            return {"x": self.rng.randint(-50, 50), "y": self.rng.randint(-50, 50)}
        return {"t": "add", "n": self.rng.randint(1, 20)}

    def publish(self, tick: Tick) -> None:
        for line in self.lines:
            shared = tick.watched if line.seat is None else tick.shared
            told = [part for part in (tick.own.get(line.seat), shared) if part is not None]
            if told:
                line.post(*told)


@pytest.mark.parametrize("kind", TITLES, ids=lambda kind: kind.title)
def test_who_reaches_the_current_tick_holds_the_exact_view(kind: type[Game[Any]]) -> None:
    gaps = checked = 0

    @settings(max_examples=8, deadline=None, print_blob=True)
    @given(st.integers(0, 2**32), st.integers(5, 90))
    def check(seed: int, ticks: int) -> None:
        nonlocal gaps, checked
        match = Match(kind, seed)
        for _ in range(ticks):
            match.tick()
        match.loss = 0
        for _ in range(45):
            match.tick()
        for line in match.lines:
            audience = match.room._shared_of(line.seat)
            assert line.client.tick == audience.tick
            gaps += line.client.gaps
            checked += line.client.checked

    check()
    assert gaps, "else nothing was lost"
    assert checked, "else no fingerprint was compared"
