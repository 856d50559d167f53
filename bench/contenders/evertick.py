"""Evertick: `manage.py serve`, unchanged, and players who speak its protocol."""

import os
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import msgpack

from bench.contenders import HOST, Cores, Running, Shape, pin
from bench.wire import BINARY, CONTROLS, HEAD_BYTES, Counts, Player, masked

ServerName = Literal["daphne", "uvicorn"]

GOT_FRAMES = 16
"""Frames after which a client reports, as the protocol wants it."""
SETTINGS: dict[str, dict[str, object]] = {
    "arena": {"length_s": 600},  # the longest there is
    "chess": {"days": 3},
}

_HELLO, _INPUT, _GOT = 0, 1, 5
_SNAPSHOT, _DELTA, _OWN, _AGAIN, _ERROR = 1, 2, 3, 4, 6
_STATES = (_OWN, _DELTA)
_SETTLED, _STEP = 0, 2  # the first and the last of the short forms
_SETTLED_BYTES = 4
_NUMBER = struct.Struct(">I")


def _input_frame(held: tuple[int, int, int]) -> tuple[bytearray, int]:
    """The frame of an input, with its numbers still zero, and where the second of them stands."""
    turn, thrust, fire = held
    data = msgpack.packb({"turn": turn, "thrust": bool(thrust), "fire": bool(fire)})
    head = bytes((0x94, _INPUT)) + b"\xce\0\0\0\0" + data + b"\xce"
    return bytearray(masked(head + b"\0\0\0\0", BINARY)), HEAD_BYTES + len(head)


_FRAMES = [_input_frame(held) for held in CONTROLS]
_SEQ_AT = HEAD_BYTES + 3


def number(data: bytes, at: int) -> tuple[int | None, int]:
    """A whole number of MessagePack (None for nil), and where the next value begins."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    if first == 0xC0:
        return None, at + 1
    if 0xCC <= first <= 0xCF:
        stop = at + 1 + (1 << (first - 0xCC))
        return int.from_bytes(data[at + 1 : stop], "big"), stop
    raise ValueError(f"no count: {first:#x}")


class EvertickPlayer(Player):
    """Speaks MessagePack, reports what it received, and says what its player was looking at."""

    def __init__(
        self,
        address: tuple[str, int],
        number: int,
        counts: Counts,
        match: str,
        ticket: Callable[[], str],
    ) -> None:
        super().__init__(address, number, counts)
        self._match, self._ticket = match, ticket
        self._seen = 0
        self._received = 0

    def path(self) -> str:
        return f"/ws/room/{self._match}"

    def protocol(self) -> str:
        return "evertick.v1.msgpack"

    def opened(self) -> None:
        session = f"bench-{self.chance.getrandbits(64):016x}"
        self.say(msgpack.packb([_HELLO, 1, session, self._ticket()]))

    def input(self) -> bytearray:
        frame, seen_at = _FRAMES[self.held]
        _NUMBER.pack_into(frame, _SEQ_AT, self.seq)
        _NUMBER.pack_into(frame, seen_at, self._seen)
        return frame

    def frame(self, data: bytes, start: int, now: float) -> None:
        self._received += 1
        if self._received % GOT_FRAMES == 0:
            self.say(bytes((0x92, _GOT, 0xCE)) + _NUMBER.pack(self._received))
        if data[start] <= _STEP:
            return self._short(data, start, now) if self.joined else self._rare(data[start:])
        kind = data[start + 1]
        if kind in _STATES:
            # The tick, mostly in two bytes.
            at = start + 2
            if data[at] == 0xCD:
                self._seen = data[at + 1] << 8 | data[at + 2]
            else:
                self._seen = number(data, at)[0] or 0
            if self.joined:
                self.patched(now)
                if self.probe and kind == _OWN:
                    settled = number(data, number(data, at)[1])[0]
                    if settled is not None and settled >= self.probe:
                        self.shown(now)
                return
        self._rare(data[start:])

    def _short(self, data: bytes, start: int, now: float) -> None:
        """A short form: the lowest bits of the tick, and in most of the last settled input."""
        form, at = data[start], start + 3
        if form == _SETTLED:
            at -= 1
            self._seen += (data[start + 1] - self._seen + 0x80 & 0xFF) - 0x80
        else:
            low = data[start + 1] << 8 | data[start + 2]
            self._seen += (low - self._seen + 0x8000 & 0xFFFF) - 0x8000
        self.patched(now)
        if self.probe and form != _STEP:
            settled = data[at] << 8 | data[at + 1]
            if settled - self.probe & 0xFFFF < 0x8000:
                self.shown(now)

    def _rare(self, payload: bytes) -> None:
        """What comes at the beginning, and when something goes wrong."""
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        unpacker.feed(payload)
        while (at := unpacker.tell()) < len(payload):
            if payload[at] == _SETTLED:  # the own part of a seat that is shown nothing besides
                unpacker.read_bytes(_SETTLED_BYTES)
                continue
            if payload[at] <= _STEP:
                break
            kind, *fields = unpacker.unpack()
            if kind == _SNAPSHOT:
                self.joined, self._seen = True, fields[0]
            elif kind == _AGAIN:
                # What a player holds down now is as good as what they held then.
                self.seq, self.probe = fields[0] - 1, 0
                self.counts.asked_again += 1
            elif kind == _ERROR:
                self.fail(fields[0])


class EvertickTables:
    """Makes users and matches by the same services as the lobby, in the worker's database."""

    def __init__(self, ports: Sequence[int]) -> None:
        import django

        django.setup()
        self._ports = cycle(ports)
        self._made = 0

    def rooms(self, count: int, shape: Shape, counts: Counts) -> Iterator[Sequence[Player]]:
        for match in self._asleep(count) if shape.asleep else self._new(count, shape):
            port = next(self._ports)
            yield [
                self._player(port, match, seat.number, seat.user_id, counts)
                for seat in match.seats.all()
            ]

    def _asleep(self, count: int) -> list[Any]:
        from games.models import Match

        return list(Match.objects.filter(sleep__isnull=False)[:count])

    def _new(self, count: int, shape: Shape) -> list[Any]:
        from django.contrib.auth import get_user_model
        from django.db import transaction

        from games import services

        users = get_user_model().objects
        stamp = f"{os.getpid()}-{time.time_ns()}"
        people = users.bulk_create(
            users.model(username=f"bench-{stamp}-{n}", name=f"Player {n}", guest=True)
            for n in range(count * shape.seats)
        )
        with transaction.atomic():
            return [
                services.match_start(
                    title=shape.title,
                    settings=SETTINGS.get(shape.title, {}),
                    players=[
                        services.Player(user.pk, user.name)
                        for user in people[first : first + shape.seats]
                    ],
                )
                for first in range(0, len(people), shape.seats)
            ]

    def _player(self, port: int, match: Any, seat: int, user: int, counts: Counts) -> Player:
        from games.tickets import ticket_issue

        def ticket() -> str:  # good for half a minute, so it is fetched just before
            return ticket_issue(match=str(match.id), seat=seat, user=user, name=f"Player {seat}")

        self._made += 1
        return EvertickPlayer((HOST, port), self._made, counts, str(match.id), ticket)


@dataclass
class Evertick:
    """One worker with the store in its own process, or with Redis; or several, on the same core.

    Attributes:
        roles: Of its workers. Players connect to those that keep sockets.
        env: More for their environment.
    """

    name: str
    title: str
    server: ServerName = "uvicorn"
    redis: bool = False
    roles: tuple[str, ...] = ("all",)
    guess: int = 570
    profile: bool = False
    env: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, cores: Cores) -> Iterator[Running]:
        from tests import services

        with ExitStack() as stack:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="evertick-bench-"))
            )
            titles = "bench.crowd.Crowd100,bench.crowd.Crowd1000"
            env = {"EVERTICK_TITLES": titles} | dict(self.env)
            stores = {}
            if self.redis:
                journal = ("--appendonly", "yes", "--appendfsync", "everysec")
                store = stack.enter_context(services.running_valkey(*journal))
                pin(cores.aside, store.process.pid)
                env["REDIS_URL"] = store.url
                stores["Redis"] = store.process.pid
            running = Running([], {}, stores)
            for number, role in enumerate(self.roles):
                report = folder / f"{number}.json"
                command = [sys.executable, "-m", "bench.server", str(report)]
                prefix = (*command, str(cores.server), str(int(self.profile)))
                worker = stack.enter_context(
                    services.running_server(
                        self.server, env | {"ROLE": role}, folder=folder, prefix=prefix
                    )
                )
                process = worker.process.pid
                running.parts[f"{role} {number}"] = process
                running.env = worker.env
                if role != "host":
                    running.ports.append(worker.port)
                if role != "gateway" or self.profile:
                    running.reports[process] = report
            yield running

    def tables(self, ports: Sequence[int]) -> EvertickTables:
        return EvertickTables(ports)
