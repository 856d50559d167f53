"""Frames in whatever pieces the network makes of them, on real servers with their lanes."""

import asyncio
import base64
import random
from collections.abc import Iterator

import pytest

from games.client import Follower
from gameserver.lane import BINARY
from tests import services, titles
from tests.gameserver.test_lane import CLOSE, FIRST, LAST, PING, PONG, masked
from tests.people import Person, guest, match_of
from tests.services import Worker

INPUTS = 120
WAIT_S = 60


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def raw(request: pytest.FixtureRequest) -> Iterator[Worker]:
    with services.running_server(request.param, {"EVERTICK_TITLES": titles.ALL}) as running:
        yield running


class Line:
    """A player on a bare connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.room = Follower("msgpack")
        self.pongs: list[bytes] = []
        self.closed = False
        self._reader, self._writer = reader, writer

    @classmethod
    async def at(cls, person: Person, match: str) -> "Line":
        line = cls(*await asyncio.open_connection("127.0.0.1", person.worker.port))
        key = base64.b64encode(bytes(16)).decode()
        line.write(
            f"GET /ws/room/{match} HTTP/1.1\r\nHost: 127.0.0.1:{person.worker.port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: evertick.v1.msgpack\r\n\r\n".encode()
        )
        await line._reader.readuntil(b"\r\n\r\n")
        line.write(masked(BINARY, line.room.hello(await person.ticket(match))))
        while line.room.view is None:
            await line.hear()
        return line

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def write_in_pieces(self, data: bytes, chance: random.Random) -> None:
        """So that the server reads it in pieces, as a rule."""
        while data:
            size = chance.choice((1, 2, 5, 9, 40, 200))
            self.write(data[:size])
            data = data[size:]
            await self._writer.drain()
            await asyncio.sleep(0.0005)

    async def hear(self) -> None:
        """One frame of the server."""
        kind, size = await self._reader.readexactly(2)
        if size >= 126:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        payload = await self._reader.readexactly(size)
        if kind == PONG:
            self.pongs.append(payload)
        elif kind == CLOSE:
            self.closed = True
        elif kind == PING:
            self.write(masked(PONG, payload))
        else:
            for answer in self.room.receive(payload):
                self.write(masked(BINARY, answer))

    async def until_settled(self, number: int) -> None:
        async with asyncio.timeout(WAIT_S):
            while self.room.settled < number:
                await self.hear()

    def end(self) -> None:
        self._writer.transport.abort()


@pytest.mark.parametrize("seed", [1, 2])
async def test_inputs_come_in_order_however_the_network_cuts_them(raw: Worker, seed: int) -> None:
    chance = random.Random(seed)
    person = await guest(raw)
    line = await Line.at(person, await match_of("tally", person))
    try:
        pinged = 0
        for first in range(0, INPUTS, 8):  # no more at once than an inbox holds
            data, last = b"", 0
            for number in range(first, min(first + 8, INPUTS)):
                said = {"t": "add", "n": number}
                if number % 11 == 5:  # longer than the lane takes
                    said["more"] = "x" * 150
                last, payload = line.room.input(said)
                if number % 7 == 3:  # in two fragments, with a ping between
                    data += masked(FIRST, payload[:3]) + masked(PING, b"%d" % number)
                    data += masked(LAST, payload[3:])
                    pinged += 1
                else:
                    data += masked(BINARY, payload)
            await line.write_in_pieces(data, chance)
            await line.until_settled(last)
        assert len(line.pongs) == pinged
        assert line.room.errors == []
    finally:
        line.end()


async def test_a_frame_that_breaks_the_protocol_closes_the_line(raw: Worker) -> None:
    person = await guest(raw)
    line = await Line.at(person, await match_of("tally", person))
    try:
        good = masked(BINARY, line.room.input({"t": "add", "n": 1})[1])
        line.write(good + bytes((0xF3, 0x81)) + bytes(5))
        async with asyncio.timeout(WAIT_S):
            while not line.closed:
                await line.hear()
    finally:
        line.end()
