"""A player over a real socket, for tests and load."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from games.client.follower import Follower
from games.protocol.codec import Encoding

NUDGE_S = 1.0
"""Seconds without progress after which unsettled inputs are sent again."""


class RoomClosed(Exception):
    """The socket closed; ``code`` says what to do about it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Player:
    """One client session: opens a socket, follows the room, sends inputs."""

    def __init__(self, url: str, *, encoding: Encoding = "msgpack") -> None:
        """Args:
        url: ``ws://host:port/ws/room/<match>``.
        """
        self.url = url
        self.room = Follower(encoding)
        self.close_code: int | None = None
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._nudger: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    async def join(self, ticket: str = "") -> None:
        """Open a socket, with a ticket or to return, and wait for the welcome and the state.

        Raises:
            RoomClosed: the server would not have us.
        """
        self.close_code = None
        protocol = Subprotocol(f"evertick.v1.{self.room.encoding}")
        self._socket = await connect(self.url, subprotocols=[protocol], compression=None)
        await self._send(self.room.hello(ticket))
        self._reader = asyncio.create_task(self._read())
        self._nudger = asyncio.create_task(self._nudge())
        await self.until(lambda room: room.welcome is not None and room.view is not None)

    async def send(self, data: Any) -> int:
        """Ask for something; the number under which it will be settled."""
        seq, frame = self.room.input(data)
        await self._send(frame)
        return seq

    async def send_raw(self, frame: bytes | str) -> None:
        """Send these bytes, whatever they are."""
        assert self._socket is not None
        await self._socket.send(frame)

    async def until(self, holds: Callable[[Follower], Any], timeout_s: float = 10) -> None:
        """Wait until ``holds(room)``.

        Raises:
            RoomClosed: the socket closed before that.
            TimeoutError: it did not come true in time.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            while not holds(self.room):
                if self.close_code is not None:
                    raise RoomClosed(self.close_code)
                await self._changed.wait()

    async def settle(self, seq: int) -> str | None:
        """Wait until an input is settled; the code of its refusal, if it was refused."""
        await self.until(lambda room: room.settled >= seq)
        return self.room.refused.get(seq)

    async def closed(self, timeout_s: float = 10) -> int:
        """Wait for the socket to close; its code."""
        with contextlib.suppress(RoomClosed):
            await self.until(lambda _: False, timeout_s)
        assert self.close_code is not None
        return self.close_code

    async def close(self) -> None:
        """Close the socket without giving the seat up."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def cut(self) -> None:
        """Lose the connection as a network does, without a close frame."""
        assert self._socket is not None
        self._socket.transport.abort()
        assert self._reader is not None
        await self._reader

    async def _send(self, frame: bytes) -> None:
        assert self._socket is not None
        await self._socket.send(frame.decode() if self.room.encoding == "json" else frame)

    async def _answer(self, frames: list[bytes]) -> None:
        """Send these; if the socket is closed already, what was received before is read all the
        same."""
        with contextlib.suppress(ConnectionClosed):
            for frame in frames:
                await self._send(frame)

    async def _nudge(self) -> None:
        """Send again what is not settled after a while: it was lost, and nothing came after it."""
        while True:
            settled = self.room.settled
            await asyncio.sleep(NUDGE_S)
            await self._answer(self.room.report())
            if self.room.settled == settled:
                for frame in self.room.unsettled():
                    await self._send(frame)

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for frame in self._socket:
                await self._answer(self.room.receive(frame))
                async with self._changed:
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            if self._nudger is not None:
                self._nudger.cancel()
            self.close_code = self._socket.close_code or 1006
            async with self._changed:
                self._changed.notify_all()
