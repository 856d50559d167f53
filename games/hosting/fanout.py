"""All who look at one room, and how they are told: each thing is encoded once for each encoding,
and goes to other workers in one message for all their sockets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from games.hosting.relay import Attach, Courier, Publish, Socket, Tell, To, reaches
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
    grant: str = ""

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
            attach.grant,
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
            grant=self.grant,
        )


class _Group(NamedTuple):
    """Viewers whose sockets another worker keeps, and who are told something together.

    Attributes:
        encodings: All that one of them reads.
        seated: Those on seats, who may be told something of their own.
    """

    gateway: str
    encodings: list[Encoding]
    seated: list[tuple[str, int, Encoding]]


class Fanout:
    """The viewers of one room."""

    def __init__(self, match: str, worker: Gateways) -> None:
        self._match = match
        self._worker = worker
        self._viewers: dict[str, Viewer] = {}
        self._here: dict[str, tuple[Viewer, Socket]] = {}  # those whose sockets this worker keeps
        self._away: dict[str, Viewer] = {}
        self._groups: dict[To, list[_Group]] = {}  # of those, once they are told something
        self._by_seat: dict[int, Viewer] = {}
        self._said: defaultdict[str, int] = defaultdict(int)  # how much, by gateway

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
        return {viewer.gateway for viewer in self._away.values()}

    def by_gateway(self, gateway: str) -> list[Viewer]:
        """The viewers whose sockets that other worker keeps."""
        return [viewer for viewer in self._away.values() if viewer.gateway == gateway]

    def said(self, gateway: str) -> int:
        """How much was said to the sockets of that worker."""
        return self._said.get(gateway, 0)

    def _next(self, gateway: str) -> int:
        self._said[gateway] += 1
        return self._said[gateway]

    def add(self, viewer: Viewer) -> None:
        """From now on this one is told what is published."""
        self._viewers[viewer.id] = viewer
        if viewer.seat is not None:
            self._by_seat[viewer.seat] = viewer
        if viewer.gateway != self._worker.id:
            self._away[viewer.id] = viewer
            self._groups.clear()
        elif socket := self._worker.sockets.get(viewer.id):
            self._here[viewer.id] = (viewer, socket)

    def remove(self, viewer: Viewer) -> None:
        """This one is told nothing more."""
        for viewers in (self._viewers, self._here, self._away):
            viewers.pop(viewer.id, None)
        self._groups.clear()
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
            told.number = self._next(viewer.gateway)
            self._worker.courier.down(viewer.gateway, told)
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
        watched = [said for said in (tick.own.get(None), tick.watched) if said is not None]
        if tick.watched is tick.shared and None not in tick.own:
            self._publish("all", tick.shared, watched, tick.own)
        else:
            own: dict[int | None, Own] = {
                seat: said for seat, said in tick.own.items() if seat is not None
            }
            shared = [] if tick.shared is None else [tick.shared]
            self._publish("players", tick.shared, shared, own)
            self._publish("spectators", tick.watched, watched, {})

    def _publish(
        self,
        to: To,
        delta: Delta | None,
        shared: Sequence[ServerMessage],
        own: Mapping[int | None, Own],
    ) -> None:
        """Tell some viewers what is for all of them, each after what is for its seat alone.

        Args:
            own: By seat; None is not among them.
        """
        if not shared and not own:
            return
        tick = delta.tick if delta else -1
        parts = _Encoded(shared)
        for viewer, socket in self._here.values():
            seat, encoding = viewer.seat, viewer.encoding
            if to != "all" and (to == "spectators") != (seat is None):
                continue
            frame = parts[encoding]
            if seat in own:
                frame = together(codec.encode(own[seat], encoding), frame, encoding)
            if frame:
                socket.publish(frame, tick)
        if self._away:
            self._publish_away(to, tick, parts, own)

    def _publish_away(
        self, to: To, tick: int, shared: "_Encoded", own: Mapping[int | None, Own]
    ) -> None:
        """Tell other workers what is for their sockets."""
        for gateway, encodings, seated in self._groups.get(to) or self._group(to):
            parts: dict[str, bytes] = {name: part for name in encodings if (part := shared[name])}
            owns = {
                viewer: codec.encode(own[seat], encoding)
                for viewer, seat, encoding in seated
                if seat in own
            }
            if parts or owns:
                number = self._next(gateway)
                said = Publish(self._match, to, tick, parts, owns, self._worker.id, number)
                self._worker.courier.down(gateway, said)

    def _group(self, to: To) -> list[_Group]:
        """Those of each other worker who are told what is for ``to``; until somebody comes or
        goes."""
        by_gateway: defaultdict[str, list[Viewer]] = defaultdict(list)
        for viewer in self._away.values():
            if reaches(to, viewer.seat):
                by_gateway[viewer.gateway].append(viewer)
        groups = self._groups[to] = [
            _Group(
                gateway,
                sorted({viewer.encoding for viewer in viewers}),
                [(one.id, one.seat, one.encoding) for one in viewers if one.seat is not None],
            )
            for gateway, viewers in by_gateway.items()
        ]
        return groups


class _Encoded(dict[str, bytes]):
    """The same messages in each encoding that is asked for."""

    def __init__(self, messages: Sequence[ServerMessage]) -> None:
        super().__init__()
        self._messages = messages

    def __missing__(self, encoding: Encoding) -> bytes:
        frame = self[encoding] = codec.frame(*self._messages, encoding=encoding)
        return frame


def together(own: bytes | None, shared: bytes | None, encoding: Encoding) -> bytes:
    """One frame of a viewer's own part and the shared one; either may be missing."""
    if not own or not shared:
        return own or shared or b""
    return codec.join((own, shared), encoding)
