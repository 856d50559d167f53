"""A line between a client and a server that a test can make worse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Line:
    """A line to a server on this machine.

    Attributes:
        port: Of the server behind it, for those who connect from now on.
        delay_s: How long an answer takes on its way back.
        answers: Whether answers come back at all.
        url: Its own address, as that of a Redis.
    """

    def __init__(self, url: str) -> None:
        self.port = int(url.rpartition(":")[2].partition("/")[0])
        self.delay_s = 0.0
        self.answers = True
        self.url = ""
        self._cuts = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Line"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        yield self
        server.close()

    def cut(self) -> None:
        """Who is connected hears nothing any more, and is not told; who connects anew does."""
        self._cuts += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
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
        writer.close()
