"""Those who play and watch: the real ``Follower``, on sockets that end, with a browser's patience.

Each frame brings along how far the journal was when the frame left the worker: nothing in it may
speak of anything later.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from games.client import Drift, Follower
from games.client.player import NUDGE_S
from games.protocol.codec import Encoding
from games.protocol.messages import ServerMessage
from games.sim import fingerprint
from games.tickets import ticket_issue
from tests.simulation.hosts import Host
from tests.simulation.network import Socket
from tests.simulation.oracle import Oracle
from tests.simulation.world import World

JOIN_S_MAX = 2.5
"""Seconds for a socket to lead into the room; then another one is tried, elsewhere."""
PAUSE_S_MIN, PAUSE_S_MAX = 0.05, 1.0
"""Of the pause before the next attempt, which doubles."""
INPUT_S = (0.05, 0.6)
"""Seconds from one input to the next; from, to."""
OPEN_INPUTS_MAX = 12
"""Inputs that are not settled, beyond which none is added."""

HOME = {1000, 4404}
"""Close codes that end a visit where the match is over, and only there."""
BACK = {1006, 4408, 4429, 4503}
"""Close codes after which one comes back; no fault may lead to any other."""
REPLACED = 4409
"""A room cannot tell the older of two sockets of one session, where both ask to be let in anew: the
newer may be sent away. It comes back, as a player would by loading the page; that is counted."""


class Noted(NamedTuple):
    """The journal when a frame left the worker."""

    tick: int
    settled: int


class Watched(Follower):
    """A follower under the oracle's eyes."""

    def __init__(self, encoding: Encoding, heard: Callable[[], None]) -> None:
        super().__init__(encoding)
        self._heard = heard

    def _apply(self, message: ServerMessage) -> list[bytes]:
        answers = super()._apply(message)
        self._heard()
        return answers

    @property
    def shared_print(self) -> int | None:
        """A fingerprint of the shared view; None before there is one."""
        return _print(self._shared)

    @property
    def own_tick(self) -> int:
        """Of the own view; -1 if there is none."""
        return self._own.tick if self._own else -1

    @property
    def own_print(self) -> int | None:
        """A fingerprint of the own view."""
        return _print(self._own)


def _print(known: Any) -> int | None:
    return None if known is None or known.tick < 0 else fingerprint(known._kind, known.held)


class Viewer:
    """One client session: a player, or with ``seat`` None a spectator.

    Attributes:
        over: Whether it was sent home, as it should be.
    """

    def __init__(
        self,
        world: World,
        oracle: Oracle,
        hosts: list[Host],
        match: str,
        seat: int | None,
        encoding: Encoding,
    ) -> None:
        self.match, self.seat = match, seat
        self.name = f"{match[:4]}/{'spectator' if seat is None else seat}"
        self.room = Watched(encoding, self._check)
        self.over = False
        self.playing = True
        self._world, self._oracle, self._hosts = world, oracle, hosts
        self._rng = world.chance(f"viewer {self.name}")
        self._socket: Socket | None = None
        self._sockets = 0
        self._host = self._rng.randrange(len(hosts))
        self._pause_s = PAUSE_S_MIN
        self._noted = Noted(0, 0)
        self._known = -1
        self._known_at = 0  # on which of its sockets
        world.later(self._rng.uniform(0.2, 1.0), self._open)
        world.later(self._rng.uniform(1.0, 2.0), self._nudge)
        if seat is not None:
            world.later(self._rng.uniform(1.0, 2.0), self._play)

    @property
    def connected(self) -> bool:
        """Whether it has a socket that led into the room."""
        return self._socket is not None and self.room.welcome is not None

    @property
    def settled(self) -> bool:
        """Whether nothing that it sent is open."""
        return self.over or self.room.settled == self.room.sent

    # --- sockets ---------------------------------------------------------------------------------

    def _open(self) -> None:
        self._host = (self._host + 1) % len(self._hosts)
        host = self._hosts[self._host]
        if host.worker is None or host.leaving:  # as a proxy would know from its health check
            return self._again()
        self._sockets += 1
        self._socket = host.open(self, self.match, self.room.encoding)
        ticket = ""
        if not self.room._resume:
            ticket = ticket_issue(match=self.match, seat=self.seat, user=1, name="Ada")
        self._send(self.room.hello(ticket))
        self._world.later(JOIN_S_MAX, self._look, self._sockets)

    def _look(self, socket: int) -> None:
        """Whether that socket has led into the room by now."""
        if socket == self._sockets and self._socket is not None and self.room.welcome is None:
            self.cut(0.0)

    def cut(self, notice_s: float) -> None:
        """Lose the socket, which the worker notices after a while."""
        if self._socket is not None:
            self._socket.cut(notice_s)
            self._socket = None
            self._again()

    def _again(self) -> None:
        self._world.later(self._pause_s * self._rng.uniform(0.5, 1.5), self._open)
        self._pause_s = min(2 * self._pause_s, PAUSE_S_MAX)

    def closed(self, socket: Socket, code: int) -> None:
        if socket is not self._socket:
            return
        self._socket = None
        self._world.log(self.name, "closed", code, self.room.errors[-1:])
        if code == REPLACED:
            self._world.fault("replaced by an older socket", self.name)
        if code in BACK | {REPLACED}:
            self._again()
        elif code in HOME and self._oracle.over(self.match):
            self.over = True
        elif not self._oracle.excuses(self.match):
            self._oracle.blame(f"{self.name} was closed with {code}, {self.room.errors[-1:]}")
        else:
            self.over = True

    def _send(self, *frames: bytes) -> None:
        if self._socket is not None:
            for frame in frames:
                self._socket.send(frame.decode() if self.room.encoding == "json" else frame)

    # --- what is told ----------------------------------------------------------------------------

    def sending(self) -> Noted:
        return Noted(*self._oracle.journal(self.match, self.seat))

    def hear(self, socket: Socket, frame: bytes | str, noted: Noted) -> None:
        if socket is not self._socket:
            return
        self._noted = noted
        self._world.log(self.name, "hears", len(frame))
        try:
            answers = self.room.receive(frame)
        except Drift as drift:
            return self._oracle.blame(f"{self.name}: {drift}")
        if self.room.welcome is not None:
            self._pause_s = PAUSE_S_MIN
        self._send(*answers)

    def _check(self) -> None:
        """What it knows now is the truth, no older than before, and no newer than the journal."""
        room, oracle = self.room, self._oracle
        if room.tick < 0:
            return  # it is told everything anew, and that comes next
        if room.tick < self._known and not oracle.excuses(self.match):
            self._back(room.tick)
        self._known, self._known_at = room.tick, self._sockets
        oracle.told(self.match, self.name, None, room.tick, room.shared_print)
        oracle.told(self.match, self.name, self.seat, room.own_tick, room.own_print)
        if oracle.over(self.match) or oracle.excuses(self.match):
            return  # what comes after the end is told, and not kept
        if room.tick > self._noted.tick:
            oracle.blame(f"{self.name} saw tick {room.tick} before it was kept")
        if room.settled > self._noted.settled:
            oracle.blame(f"{self.name} was told that {room.settled} is settled before it was kept")

    def _back(self, tick: int) -> None:
        """It was told of an older tick than before. On a new socket that may come of an owner that
        was replaced, and does not know it yet: it is counted, and must have been so."""
        if self._known_at == self._sockets:
            self._oracle.blame(f"{self.name} saw time run back from {self._known} to {tick}")
        self._world.fault("an older state on a new socket", self.name, self._known, tick)

    # --- what is said ----------------------------------------------------------------------------

    def _play(self) -> None:
        if self.over or not self.playing:
            return
        if self.room.sent - self.room.settled < OPEN_INPUTS_MAX:
            seq, frame = self.room.input({"t": "add", "n": self.room.sent + 1})
            self._world.log(self.name, "says", seq)
            if self.room.welcome is not None:
                self._send(frame)
        self._world.later(self._rng.uniform(*INPUT_S), self._play)

    def _nudge(self) -> None:
        """Report what came, and repeat what is not settled: what was lost last, nobody misses."""
        if self.connected:
            self._send(*self.room.report(), *self.room.unsettled())
        self._world.later(NUDGE_S, self._nudge)
