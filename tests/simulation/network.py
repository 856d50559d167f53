"""What workers say to each other, and what browsers and workers do: a layer that loses, and sockets
that end.

The layer may lose a message, deliver it twice, or late, behind others. A socket keeps the order
while it lasts.
"""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Protocol

from channels.exceptions import ChannelFull

from games.consumers import PlayerConsumer
from games.hosting.worker import Worker
from tests.simulation.weather import LAYER, QUICK_S, Weather
from tests.simulation.world import Loop, World

CAPACITY = 100
"""Messages of one channel, as Channels' layers have it."""


class Channel:
    """What waits for one reader."""

    def __init__(self) -> None:
        self.waiting: deque[dict[str, Any]] = deque()
        self.reader: asyncio.Future[None] | None = None


class Network:
    """All channels of all workers.

    Attributes:
        apart: Workers that hear nothing of the others, and the others nothing of them.
    """

    def __init__(self, world: World, weather: Weather) -> None:
        self.apart: set[str] = set()
        self._world, self._weather = world, weather
        self._channels: defaultdict[str, Channel] = defaultdict(Channel)

    def send(self, sender: str, channel: str, message: dict[str, Any], rng: random.Random) -> None:
        if len(self._channels[channel].waiting) >= CAPACITY:
            self._world.fault("message dropped")
            raise ChannelFull
        for way_s in self._weather.way(LAYER, rng, "message"):
            self._world.later(way_s, self._arrive, sender, channel, message)

    def _arrive(self, sender: str, channel: str, message: dict[str, Any]) -> None:
        receiver = channel.split(".")[1]
        if sender in self.apart or receiver in self.apart:
            return
        self._world.log("layer", sender, channel[:30], len(message["body"]))
        to = self._channels[channel]
        to.waiting.append(message)
        if to.reader is not None and not to.reader.done():
            to.reader.set_result(None)

    async def receive(self, channel: str) -> dict[str, Any]:
        to = self._channels[channel]
        while not to.waiting:
            to.reader = asyncio.get_running_loop().create_future()
            await to.reader
        return to.waiting.popleft()


class Layer:
    """The channel layer, as one worker has it."""

    def __init__(self, network: Network, world: World, loop: Loop) -> None:
        self.worker = ""  # its id, once it has one
        self._network = network
        self._rng = world.chance(f"layer {loop.name}")

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(self._rng.uniform(*QUICK_S) / 4)
        self._network.send(self.worker, channel, message, self._rng)

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self._network.receive(channel)


class Browser(Protocol):
    """The other end of a socket."""

    def sending(self) -> Any:
        """A frame leaves the worker now; what is returned comes with it."""

    def hear(self, socket: "Socket", frame: bytes | str, noted: Any) -> None:
        """A frame came, and what was noted when it left."""

    def closed(self, socket: "Socket", code: int) -> None:
        """The socket is gone; 1006 if nobody said so."""


class Socket:
    """One WebSocket: a real ``PlayerConsumer`` at one end, a browser at the other."""

    def __init__(
        self, world: World, loop: Loop, worker: Worker, browser: Browser, match: str, encoding: str
    ) -> None:
        self._world, self._loop, self._browser = world, loop, browser
        self._rng = world.chance(f"socket {loop.name} {match} {world.now}")
        self._up: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._arrives = {"up": 0.0, "down": 0.0}
        self._open = True  # for the browser
        scope = {
            "type": "websocket",
            "url_route": {"kwargs": {"match": match}},
            "subprotocols": [f"evertick.v1.{encoding}"],
        }
        app = PlayerConsumer.as_asgi(worker=worker)
        loop.create_task(app(scope, self._up.get, self._send))
        self._say({"type": "websocket.connect"})

    # --- the browser's end -----------------------------------------------------------------------

    def send(self, frame: bytes | str) -> None:
        """The browser says something."""
        kind = "text" if isinstance(frame, str) else "bytes"
        self._say({"type": "websocket.receive", kind: frame})

    def cut(self, notice_s: float) -> None:
        """The line breaks: the browser hears nothing more, the worker notices after a while."""
        if self._open:
            self._open = False
            self._world.later(notice_s, self._gone)

    def end(self) -> None:
        """The process at the other end is gone."""
        if self._open:
            self._open = False
            self._browser.closed(self, 1006)

    def _gone(self) -> None:
        self._up.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def _say(self, message: dict[str, Any]) -> None:
        if self._open:
            self._travel("up", self._up.put_nowait, message)

    # --- the worker's end ------------------------------------------------------------------------

    async def _send(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.send":
                frame = message.get("bytes") or message.get("text")
                self._travel("down", self._hear, frame, self._browser.sending())
            case "websocket.close":
                self._travel("down", self._close, message["code"])

    def _hear(self, frame: bytes | str, noted: Any) -> None:
        if self._open:
            self._browser.hear(self, frame, noted)

    def _close(self, code: int) -> None:
        if self._open:
            self._open = False
            self._up.put_nowait({"type": "websocket.disconnect", "code": code})
            self._browser.closed(self, code)

    # --- between them ----------------------------------------------------------------------------

    def _travel(self, way: str, arrive: Callable[..., None], *what: Any) -> None:
        """Bring something to the other end, behind all that went the same way before."""
        at = max(self._arrives[way], self._world.now + self._rng.uniform(*QUICK_S))
        self._arrives[way] = at
        self._world.later(at - self._world.now, arrive, *what)
