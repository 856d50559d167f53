"""A line between a client and a server that a test can make worse, and how long its client waits.

A busy machine may be slow to answer, and no test shall fail of that: stores wait long, except where
nothing will come.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from games.hosting.ledger.in_redis import RedisLedger

PATIENT = {"wait_s": 60.0, "beat_wait_s": 60.0}
"""For stores of which no test asks how long they wait."""


@contextmanager
def hurried(ledger: RedisLedger, wait_s: float = 0.3) -> Iterator[None]:
    """In this block no answer is waited for long: there is none, or it is asked again."""
    patient = ledger._wait_s, ledger._beat_wait_s
    ledger._wait_s = ledger._beat_wait_s = wait_s
    try:
        yield
    finally:
        ledger._wait_s, ledger._beat_wait_s = patient


@contextmanager
def without_replicas(ledger: RedisLedger) -> Iterator[None]:
    """In this block no replica is waited for long: there is none."""
    patient = ledger._replicas
    assert patient is not None
    ledger._replicas = patient._replace(wait_ms=100)
    try:
        yield
    finally:
        ledger._replicas = patient


class Line:
    """A line to a server on this machine.

    Attributes:
        port: Of the server behind it, for those who connect from now on.
        delay_s: How long an answer takes on its way back.
        answers: Whether answers come back at all.
        lost: How many parts of answers did not.
        url: Its own address, as that of a Redis.
    """

    def __init__(self, url: str) -> None:
        self.port = int(url.rpartition(":")[2].partition("/")[0])
        self.delay_s = 0.0
        self.answers = True
        self.lost = 0
        self.url = ""
        self._cuts = 0
        self._ends: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Line"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        yield self
        server.close()

    def cut(self) -> None:
        """Who is connected hears nothing any more, and is not told; who connects anew does."""
        self._cuts += 1

    def end(self) -> None:
        """Who is connected is told that the line is gone."""
        for end in self._ends:
            end.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self._ends.add(writer)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._carry(reader, back), self._carry(there, writer, back=True))

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False
    ) -> None:
        cuts = self._cuts
        while data := await reader.read(65536):
            if back:
                await asyncio.sleep(self.delay_s)
            if cuts == self._cuts and (self.answers or not back):
                writer.write(data)
            elif back:
                self.lost += 1
        writer.close()
