"""All who look at one room, and how they are told: each thing is encoded once for each encoding,
and goes to other workers in one message for all their sockets."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

import msgspec

from games.hosting.relay import Attach, Courier, Publish, Socket, Tell, gateway_channel
from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.messages import Delta, Own, ServerMessage, Snapshot
from games.rooms import Tick


class Gateways(Protocol):
    """What a room knows of its worker: the sockets here, and the way to the others."""

    id: str
    sockets: dict[str, Socket]
    courier: Courier


class Viewer(msgspec.Struct, frozen=True):
    """A socket that looks at this room; ``seat`` is None for spectators."""

    id: str
    gateway: str
    encoding: Encoding
    seat: int | None
    session: str
    name: str
    user: int
    visit: int = 0

    @classmethod
    def of(cls, attach: Attach) -> "Viewer":
        """The one who asks to be let in."""
        return cls(
            attach.viewer,
            attach.gateway,
            attach.encoding,
            attach.seat,
            attach.session,
            attach.name,
            attach.user,
            attach.visit,
        )

    def again(self) -> Attach:
        """What it would say to be let in once more."""
        return Attach(
            self.id,
            self.gateway,
            self.encoding,
            self.seat,
            self.session,
            self.name,
            self.user,
            self.visit,
            again=True,
        )


class Fanout:
    """The viewers of one room."""

    def __init__(self, match: str, worker: Gateways) -> None:
        self._match = match
        self._worker = worker
        self._viewers: dict[str, Viewer] = {}
        self._by_seat: dict[int, Viewer] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def __iter__(self) -> Iterator[Viewer]:
        return iter(self._viewers.values())

    def get(self, viewer_id: str) -> Viewer | None:
        """The viewer of that id."""
        return self._viewers.get(viewer_id)

    def on(self, seat: int) -> Viewer | None:
        """The viewer on ``seat``."""
        return self._by_seat.get(seat)

    def gateways(self) -> set[str]:
        """The other workers that keep sockets of viewers."""
        return {viewer.gateway for viewer in self._viewers.values()} - {self._worker.id}

    def by_gateway(self, gateway: str) -> list[Viewer]:
        """The viewers whose sockets that worker keeps."""
        return [viewer for viewer in self._viewers.values() if viewer.gateway == gateway]

    def add(self, viewer: Viewer) -> None:
        """From now on this one is told what is published."""
        self._viewers[viewer.id] = viewer
        if viewer.seat is not None:
            self._by_seat[viewer.seat] = viewer

    def remove(self, viewer: Viewer) -> None:
        """This one is told nothing more."""
        self._viewers.pop(viewer.id, None)
        if viewer.seat is not None and self._by_seat.get(viewer.seat) is viewer:
            del self._by_seat[viewer.seat]

    def tell(
        self,
        viewer: Viewer,
        *messages: ServerMessage,
        admits: int = 0,
        close: int | None = None,
    ) -> None:
        """Tell one viewer something, in one frame; ``close`` ends its socket afterwards, and
        ``admits`` is the title's rate where this is its welcome."""
        frame = codec.frame(*messages, encoding=viewer.encoding)
        tick = next((said.tick for said in messages if isinstance(said, Delta | Snapshot)), -1)
        told = Tell(viewer.id, frame, admits, close, tick, self._worker.id)
        if viewer.gateway != self._worker.id:
            self._worker.courier.post(gateway_channel(viewer.gateway), "gateway.down", told)
        elif socket := self._worker.sockets.get(viewer.id):
            socket.told(told)
        if close is not None:
            self.remove(viewer)

    def tell_all(self, *messages: ServerMessage, close: int) -> None:
        """A last word to everybody."""
        for viewer in list(self._viewers.values()):
            self.tell(viewer, *messages, close=close)

    def publish(self, tick: Tick) -> None:
        """Tell everybody what this tick brought."""
        if not self._viewers:
            return
        own = {seat: said for seat, said in tick.own.items() if seat is not None}
        watched = [said for said in (tick.own.get(None), tick.watched) if said is not None]
        if tick.watched is tick.shared and None not in tick.own:
            self._publish("all", tick.shared, watched, own)
        else:
            shared = [] if tick.shared is None else [tick.shared]
            self._publish("players", tick.shared, shared, own)
            self._publish("spectators", tick.watched, watched, {})

    def _publish(
        self,
        to: Literal["all", "players", "spectators"],
        delta: Delta | None,
        shared: Sequence[ServerMessage],
        own: dict[int, Own],
    ) -> None:
        """Tell some viewers what is for all of them, each after what is for its seat alone."""
        if not shared and not own:
            return
        said = Publish(self._match, to, delta.tick if delta else -1, {}, {}, self._worker.id)
        viewers = [viewer for viewer in self._viewers.values() if said.reaches(viewer.seat)]
        if shared:
            for encoding in sorted({viewer.encoding for viewer in viewers}):
                said.shared[encoding] = codec.frame(*shared, encoding=encoding)
        for seat, message in own.items():
            if viewer := self._by_seat.get(seat):
                said.own[viewer.id] = codec.encode(message, viewer.encoding)
        away: defaultdict[str, list[Viewer]] = defaultdict(list)
        for viewer in viewers:
            if viewer.gateway != self._worker.id:
                away[viewer.gateway].append(viewer)
                continue
            encoding = viewer.encoding
            frame = together(said.own.get(viewer.id), said.shared.get(encoding), encoding)
            if frame and (socket := self._worker.sockets.get(viewer.id)):
                socket.publish(frame, said.tick)
        for gateway, there in away.items():
            self._publish_away(gateway, there, said)

    def _publish_away(self, gateway: str, viewers: Iterable[Viewer], said: Publish) -> None:
        encodings = {viewer.encoding for viewer in viewers}
        message = msgspec.structs.replace(
            said,
            shared={name: part for name, part in said.shared.items() if name in encodings},
            own={viewer.id: said.own[viewer.id] for viewer in viewers if viewer.id in said.own},
        )
        if message.shared or message.own:
            self._worker.courier.post(gateway_channel(gateway), "gateway.down", message)


def together(own: bytes | None, shared: bytes | None, encoding: Encoding) -> bytes:
    """One frame of a viewer's own part and the shared one; either may be missing."""
    if own is None or shared is None:
        return own or shared or b""
    return codec.join((own, shared), encoding)
