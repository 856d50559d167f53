"""Colyseus on Node, both from npm; the server is ``server.js`` beside this."""

import json
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgpack

from bench.contenders import HOST, Cores, Missing, Running, Shape
from bench.contenders.processes import started
from bench.wire import BINARY, CONTROLS, Counts, Player, masked

HERE = Path(__file__).resolve().parent
NODE = HERE / "node_modules" / "node" / "bin" / "node"

_JOIN_ROOM, _ERROR, _ROOM_DATA, _ROOM_STATE, _ROOM_STATE_PATCH = 10, 11, 13, 14, 15
_SEQ = struct.Struct(">I")
_SHOWN = struct.Struct("<I")
"""Schemas write their numbers the other way round."""


def _input_frame(held: tuple[int, int, int], timed: bool) -> bytearray:
    """The frame of a "controls" message; with a number at its end, still zero, if it is timed."""
    turn, thrust, fire = held
    said = {"turn": turn, "thrust": bool(thrust), "fire": bool(fire)}
    data = msgpack.packb(said | {"seq": 0xFFFF_FFFF} if timed else said)
    return bytearray(masked(bytes((_ROOM_DATA,)) + msgpack.packb("controls") + data, BINARY))


_PLAIN = [_input_frame(held, timed=False) for held in CONTROLS]
_TIMED = [_input_frame(held, timed=True) for held in CONTROLS]


class ColyseusPlayer(Player):
    """Reserves a seat over HTTP, then takes it; the first of a room makes the room."""

    def __init__(
        self,
        address: tuple[str, int],
        number: int,
        counts: Counts,
        room: dict[str, str],
        shape: Shape,
    ) -> None:
        super().__init__(address, number, counts)
        self._room, self._shape = room, shape
        self._path = ""
        self._base = (0x5A00_0000 + number * 65_521) & 0x7FFF_FFFF
        self._shown = b""

    def dial(self, watch: Callable[[int, Callable[[], None]], None]) -> None:
        self._watch = watch
        if not self.connect(watch):
            return
        body = json.dumps({} if self._room else {"seats": self._shape.seats})
        where = f"joinById/{self._room['id']}" if self._room else "create/arena"
        self.write(
            f"POST /matchmake/{where} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}".encode()
        )

    def answered(self, data: bytes) -> bytes:
        """The seat, or else the answer to the handshake."""
        if self._path:
            return super().answered(data)
        _, _, body = data.partition(b"\r\n\r\n")
        if not body.endswith(b"}"):
            self._rest = data
            return b""
        seat = json.loads(body)
        if "sessionId" not in seat:
            self.fail(body.decode())
            return b""
        self._room["id"] = seat["roomId"]
        self._path = f"/{seat['processId']}/{seat['roomId']}?sessionId={seat['sessionId']}"
        self._socket.close()
        if self.connect(self._watch):
            self.ask(self._path)
        return b""

    def input(self) -> bytearray:
        if self.probe != self.seq:
            return _PLAIN[self.held]
        frame = _TIMED[self.held]
        _SEQ.pack_into(frame, len(frame) - _SEQ.size, self._base + self.seq)
        self._shown = _SHOWN.pack(self._base + self.seq)
        return frame

    def frame(self, data: bytes, start: int, now: float) -> None:
        kind = data[start]
        if kind == _ROOM_STATE_PATCH:
            self.patched(now)
            if self.probe and self._shown in data:
                self.shown(now)
        elif kind == _JOIN_ROOM:
            self.say(bytes((_JOIN_ROOM,)))
        elif kind == _ROOM_STATE:
            self.joined = True
        elif kind == _ERROR:
            self.fail(data[start:].decode("utf-8", "replace"))


class ColyseusTables:
    """A room is made by its first player."""

    def __init__(self, port: int) -> None:
        self._address = (HOST, port)
        self._players = 0

    def rooms(self, count: int, shape: Shape, counts: Counts) -> Iterator[Sequence[Player]]:
        for _ in range(count):
            room: dict[str, str] = {}
            first, self._players = self._players, self._players + shape.seats
            yield [
                ColyseusPlayer(self._address, number, counts, room, shape)
                for number in range(first, self._players)
            ]


@dataclass
class Colyseus:
    """One process of Node."""

    name: str
    title: str
    mode: str
    guess: int

    @contextmanager
    def running(self, cores: Cores) -> Iterator[Running]:
        from tests import services

        install()
        with ExitStack() as stack:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="colyseus-bench-"))
            )
            report, port = folder / "report.json", services.free_port()
            command = [str(NODE), "server.js", str(port), self.mode, str(report)]
            process = stack.enter_context(
                started(
                    command,
                    port,
                    cores.server,
                    folder / "log",
                    cwd=HERE,
                    env={"NODE_ENV": "production"},
                )
            )
            yield Running(
                ports=[port], parts={"server": process.pid}, reports={process.pid: report}
            )

    def tables(self, ports: Sequence[int]) -> ColyseusTables:
        return ColyseusTables(ports[0])


def install() -> None:
    """Fetch what the lock file names, once.

    Raises:
        Missing: npm is not there, or fails.
    """
    done, lock = HERE / "node_modules" / ".installed", HERE / "package-lock.json"
    if done.exists() and done.read_bytes() == lock.read_bytes() and NODE.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("npm is not installed; with it, Node and Colyseus are fetched from npm")
    command = [npm, "ci", "--no-audit", "--no-fund"]
    fetched = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if fetched.returncode or not NODE.exists():
        raise Missing(f"npm ci failed:\n{fetched.stdout}{fetched.stderr}")
    done.write_bytes(lock.read_bytes())


def installed() -> dict[str, str]:
    """The versions that the lock file names."""
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    names = {"Node": "node", "Colyseus": "@colyseus/core", "its schema": "@colyseus/schema"}
    return {shown: packages[f"node_modules/{name}"]["version"] for shown, name in names.items()}
