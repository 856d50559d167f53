"""The socket that pages keep open to see lobbies as they change.

``/ws/lobby``, JSON in text frames. The client says what it looks at, and again whenever it looks at
something else; the server says how that looks, at once and after each change:

    -> {"t": "watch", "lobby": null}            the public list
    -> {"t": "watch", "lobby": "<id>"}          one lobby
    -> {"t": "watch", "ticket": true}           the own ticket for a match, the latest
    <- {"t": "lobbies", "lobbies": [...]}
    <- {"t": "lobby", "lobby": {...} or null}   null: closed, or not yours to see
    <- {"t": "ticket", "ticket": {...} or null} null: there is none
    <- {"t": "error", "code", "message"}        and then the socket is closed

Who looks is known by the session; nobody needs one to see the public list. A peer that vanished
without a word is found by the pings of the ASGI server, which is set up to send them.
"""

import asyncio
import contextlib
from typing import Any, Literal
from uuid import UUID

import msgspec
from channels.exceptions import StopConsumer

from games.bucket import TokenBucket
from games.limits import FRAME_BYTES_MAX
from games.protocol.codes import MESSAGES, Close, Code
from games.sockets import SocketConsumer
from lobby.feed import Look, Mine, feed
from lobby.limits import WATCHES_BURST_MAX, WATCHES_PER_S


class Watch(msgspec.Struct):
    """What the page looks at: the own ticket, else a lobby, or None for the public list."""

    t: Literal["watch"]
    lobby: UUID | None = None
    ticket: bool = False


_watch = msgspec.json.Decoder(Watch)
_kind = msgspec.json.Decoder(dict[str, object])


class LobbyConsumer(SocketConsumer):
    """One page that looks at lobbies."""

    def opened(self) -> None:
        """Who looks is known by the session."""
        self.look = Look(user_id=getattr(self.scope.get("user"), "id", None))
        self.writer: asyncio.Task[None] | None = None
        self.bucket = TokenBucket(WATCHES_PER_S, WATCHES_BURST_MAX, self.loop.time())

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Accept; the page says next what it looks at."""
        await feed.start()
        await self.send({"type": "websocket.accept"})
        self.writer = self.loop.create_task(self.write())

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """One frame of the page."""
        text = message.get("text")
        if text is None:
            await self.refuse(Code.WRONG_ENCODING)
        elif len(text.encode()) > FRAME_BYTES_MAX:
            await self.refuse(Code.TOO_LARGE)
        elif not self.bucket.take(self.loop.time()):
            await self.refuse(Code.FLOOD, Close.FLOOD)
        else:
            await self.understand(text)

    async def understand(self, text: str) -> None:
        """What the frame says, if it says something."""
        try:
            watch = _watch.decode(text)
            feed.watch(self.look, Mine(self.look.user_id) if watch.ticket else watch.lobby)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            await self.refuse(_why(text))

    async def write(self) -> None:
        """Send the newest news, whenever the last one is on its way."""
        # The server may know before us that the peer is gone, and then it tells us so.
        with contextlib.suppress(OSError, RuntimeError):
            while True:
                await self.send({"type": "websocket.send", "text": await self.look.news()})

    async def refuse(self, code: Code, close: Close = Close.BAD_MESSAGE) -> None:
        """Say what was wrong, and close."""
        self.gone()
        error = {"t": "error", "code": code.value, "message": MESSAGES[code]}
        await self.send({"type": "websocket.send", "text": msgspec.json.encode(error).decode()})
        await self.send({"type": "websocket.close", "code": int(close), "reason": code.value})
        raise StopConsumer

    def gone(self) -> None:
        """Look at nothing, say nothing."""
        feed.unwatch(self.look)
        if self.writer is not None:
            self.writer.cancel()


def _why(text: str) -> Code:
    """What is wrong with a frame that is no ``watch``."""
    try:
        kind = _kind.decode(text).get("t")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Code.MALFORMED
    return Code.MALFORMED if kind == "watch" else Code.UNKNOWN_MESSAGE
