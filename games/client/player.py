"""A player over a real socket, for tests and load."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.protocol import State
from websockets.typing import Subprotocol

from games.client.follower import Follower
from games.protocol.codec import Encoding
from games.protocol.codes import Close

WAIT_S = 60.0
"""Seconds to wait for a handshake, or for something to come true, unless told otherwise. Both ends
may share one busy machine: this is a guard against waiting for ever, and no measure of anything."""

NUDGE_S = 1.0
"""Seconds without progress after which unsettled inputs are sent again."""

MOVE_S = 5.0
"""Seconds for a second socket to open and lead into the room."""

MOVE_PAUSE_S_MIN, MOVE_PAUSE_S_MAX = 0.25, 5.0
"""The most that passes before the next attempt, which doubles."""

LOST = 1006
"""As WebSockets have it: the connection is gone, and nobody said why."""

FINAL = {
    *(Close.NORMAL, Close.BAD_MESSAGE, Close.UNAUTHORIZED, Close.FORBIDDEN, Close.NOT_FOUND),
    *(Close.REPLACED, Close.GONE, Close.FAULTED),
}
"""Close codes after which another attempt would be refused as well."""


class RoomClosed(Exception):
    """The socket closed; ``code`` says what to do about it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Player:
    """One client session: opens a socket, follows the room, sends inputs.

    When the server asks for it, it moves to a second socket by itself, and nobody notices.

    Attributes:
        moves: How often it did.
        close_code: With which the socket was closed; None while it is open.
    """

    def __init__(self, url: str, *, encoding: Encoding = "msgpack") -> None:
        """Args:
        url: ``ws://host:port/ws/room/<match>``.
        """
        self.url = url
        self.room = Follower(encoding)
        self.close_code: int | None = None
        self.moves = 0
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._nudger: asyncio.Task[None] | None = None
        self._mover: asyncio.Task[None] | None = None
        self._greeted = False  # whether a second socket has said hello since the first was opened
        self._changed = asyncio.Condition()

    async def join(self, ticket: str = "") -> None:
        """Open a socket, with a ticket or to return, and wait for the welcome and the state.

        Raises:
            RoomClosed: the server would not have us.
        """
        self.close_code = None
        self._greeted = False
        self._socket = await self._connect()
        await self._send(self.room.hello(ticket))
        self._reader = asyncio.create_task(self._read(self._socket))
        self._nudger = asyncio.create_task(self._nudge())
        await self.until(lambda room: room.welcome is not None and room.view is not None)

    async def send(self, data: Any) -> int:
        """Ask for something; the number under which it will be settled."""
        seq, frame = self.room.input(data)
        if self.room.holds_back:
            return seq
        try:
            await self._send(frame)
        except ConnectionClosed:
            if self._mover is None:
                raise
        return seq  # on a move it is sent again from the next socket

    async def send_raw(self, frame: bytes | str) -> None:
        """Send these bytes, whatever they are."""
        assert self._socket is not None
        await self._socket.send(frame)

    async def until(self, holds: Callable[[Follower], Any], timeout_s: float = WAIT_S) -> None:
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

    async def closed(self, timeout_s: float = WAIT_S) -> int:
        """Wait for the socket to close; its code."""
        with contextlib.suppress(RoomClosed):
            await self.until(lambda _: False, timeout_s)
        assert self.close_code is not None
        return self.close_code

    async def close(self) -> None:
        """Close the socket without giving the seat up."""
        self._stay()
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def cut(self) -> None:
        """Lose the connection as a network does, without a close frame."""
        assert self._socket is not None
        self._stay()
        self._socket.transport.abort()
        assert self._reader is not None
        await self._reader

    async def _connect(self) -> ClientConnection:
        protocol = Subprotocol(f"evertick.v1.{self.room.encoding}")
        return await connect(
            self.url, subprotocols=[protocol], compression=None, open_timeout=WAIT_S
        )

    async def _send(self, frame: bytes) -> None:
        assert self._socket is not None
        await self._socket.send(self._payload(frame))

    def _payload(self, frame: bytes) -> bytes | str:
        return frame.decode() if self.room.encoding == "json" else frame

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
                await self._answer(self.room.unsettled())

    async def _read(self, socket: ClientConnection) -> None:
        try:
            await self._hear(socket)
            if socket is self._socket and self._mover is not None:
                await asyncio.wait([self._mover])
        finally:
            if socket is self._socket:
                await self._lost(socket.close_code or LOST)

    async def _hear(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in socket:
                if socket is not self._socket:
                    continue  # what the old one still has to say is nobody's
                await self._answer(self.room.receive(frame))
                if self.room.asked_to_move and self._mover is None:
                    self._mover = asyncio.create_task(self._move(socket))
                await self._tell()

    async def _lost(self, code: int) -> None:
        self._stay()
        if self._nudger is not None:
            self._nudger.cancel()
        # Where a second socket got as far as the room, and failed, the seat is nobody else's.
        self.close_code = LOST if code == Close.REPLACED and self._greeted else code
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # --- to another socket ---------------------------------------------------------------------

    async def _move(self, old: ClientConnection) -> None:
        """Go on over a second socket; try again as long as the first one is open."""
        pause_s = MOVE_PAUSE_S_MIN
        try:
            while old.state is State.OPEN:
                try:
                    async with asyncio.timeout(MOVE_S):
                        await self._take_over()
                    return await old.close()
                except ConnectionClosed as closed:
                    if closed.rcvd is not None and closed.rcvd.code in FINAL:
                        self.room.asked_to_move = False
                        return
                except (OSError, TimeoutError, WebSocketException):
                    pass
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(random.uniform(0, pause_s)):
                        await old.wait_closed()
                pause_s = min(2 * pause_s, MOVE_PAUSE_S_MAX)
        finally:
            self._mover = None

    async def _take_over(self) -> None:
        """Let a second socket lead into the room while the first is in use; then change over."""
        new = await self._connect()
        try:
            await new.send(self._payload(self.room.hello_beside()))
            self._greeted = True
            frames = [await new.recv()]
            while not self.room.is_reached_by(frames):
                frames.append(await new.recv())
        except BaseException:
            new.transport.abort()
            raise
        self._socket, self._greeted = new, False
        self.moves += 1
        answers = self.room.move(frames)
        self._reader = asyncio.create_task(self._read(new))
        await self._answer(answers)
        await self._tell()

    def _stay(self) -> None:
        if self._mover is not None:
            self._mover.cancel()
