"""What every WebSocket consumer of the project stands on."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer


class Lane(Protocol):
    """A short way between a socket and its server, in the scope's extensions where there is one
    (``evertick.lane``), after the socket was accepted.

    Attributes:
        sink: Is to take the payload of small binary frames instead of ``websocket_receive``, which
            still takes all others; frames keep their order. None: it takes no more.
    """

    sink: Callable[[bytes], object] | None

    def write(self, payload: bytes) -> bool:
        """Send a binary frame now; False if it cannot go now, or nothing can any more."""

    def write_text(self, payload: bytes) -> bool:
        """The same with a text frame; ``payload`` is UTF-8."""


class SocketConsumer(AsyncConsumer):
    """A Channels consumer on the short way.

    The stock one takes a channel of the layer for each socket, and each frame through the one
    thread that all of Django's async code shares; neither is needed by sockets that never touch the
    ORM: a measured 5.6-6.9 thousand frames a second against 20-28.
    """

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve the socket, from its opening to its end."""
        self.scope, self.base_send = scope, send
        self.loop = asyncio.get_running_loop()
        self.opened()
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            self.gone()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hand an event of the server to the method that is named after it."""
        if message["type"] == "websocket.receive":  # nearly all of them
            return await self.websocket_receive(message)
        await getattr(self, get_handler_name(message))(message)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """A frame of the peer."""
        raise NotImplementedError

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """The socket is gone."""
        raise StopConsumer

    def opened(self) -> None:
        """Called first, before any event."""

    def gone(self) -> None:
        """Called last, however it ended."""
