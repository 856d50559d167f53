"""Daphne's protocol of a WebSocket, as we need it, and the fast lane past ASGI on it.

The lane is what ``lane.py`` is on uvicorn, by the same rules, and cuts frames by the same
``Splitter``. Past it autobahn takes a frame apart in a dozen calls, Daphne hands it to a task by a
queue, and Twisted waits for its reactor with each answer.

Rules of this file:
- Imported once Daphne has chosen its reactor; never by what runs on uvicorn.
- Bytes go to the socket at once only while none wait before them. So what goes the ordinary way
  keeps its place.
"""

import time
from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol as States
from daphne.ws_protocol import WebSocketProtocol

from gameserver.lane import BINARY, TEXT, Splitter, head


class DaphneLane:
    """The lane of one socket; see ``games.sockets.Lane``."""

    __slots__ = ("_socket", "sink")

    def __init__(self, socket: "DaphneSocket") -> None:
        self.sink: Any = None
        self._socket = socket

    def write(self, payload: bytes) -> bool:
        """Send a binary frame now; False if it cannot go now, or nothing can any more."""
        return self._socket.write_now(head(BINARY, len(payload)) + payload)

    def write_text(self, payload: bytes) -> bool:
        """The same with a text frame; ``payload`` is UTF-8."""
        return self._socket.write_now(head(TEXT, len(payload)) + payload)


class DaphneSocket(WebSocketProtocol):
    """Has the lane; the limit of size is for what comes in alone, and a peer that does not read
    fills no buffer.

    Attributes:
        lane: Offered to the application when it is made.
    """

    maxMessagePayloadSize: int  # noqa: N815 - autobahn's name

    lane: DaphneLane | None = None
    _splitter: Splitter | None = None

    def offer_lane(self) -> DaphneLane:
        """A lane, for the application that is made for this socket."""
        self.lane = DaphneLane(self)
        return self.lane

    # --- in ------------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self._splitter is not None:
            self._splitter.feed(data)
        else:
            self._dataReceived(data)
            if self.lane is not None and self._is_between_frames():
                self._splitter = Splitter(
                    self._direct, self._dataReceived, self.maxFramePayloadSize
                )

    def _is_between_frames(self) -> bool:
        """Whether the handshake is done, and autobahn holds nothing back of what came."""
        is_open = self.state == States.STATE_OPEN and self._perMessageCompress is None
        return is_open and not self.data and self.current_frame is None and not self.inside_message

    def _direct(self, payload: bytes) -> bool:
        sink = None if self.lane is None else self.lane.sink
        if sink is None or self.muted or self.state != States.STATE_OPEN:
            return False
        if not self.application_queue.empty():
            return False
        self.last_ping = time.time()  # as Daphne notes that something was heard
        sink(payload)
        return True

    def onPing(self, payload: bytes) -> None:  # noqa: N802 - autobahn's name
        """Answered, but not to a peer that does not read the answers."""
        if not self.transport._isSendBufferFull():
            super().onPing(payload)

    # --- out -----------------------------------------------------------------------------------

    def write_now(self, frame: bytes) -> bool:
        """Send a whole frame, unless something waits before it or nothing may be sent any more."""
        transport = self.transport
        if self.state != States.STATE_OPEN or self.send_queue or transport.disconnecting:
            return False
        if transport.dataBuffer or transport._tempDataBuffer:
            return False
        sent = transport.writeSomeData(frame)
        if type(sent) is not int:
            return False  # the line broke, which the reactor finds as well
        if sent < len(frame):
            transport.write(frame[sent:])
        return True

    def serverSend(self, content: bytes | str, binary: bool = False) -> None:  # noqa: N802
        """autobahn would drop a message that is larger than those it takes in."""
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().serverSend(content, binary)
        finally:
            self.maxMessagePayloadSize = limit

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        super().connectionLost(reason)
        if self.lane is not None:
            self.lane.sink = None
        # Circles of references, which would stay until a full garbage collection.
        self.lane = self._splitter = None
