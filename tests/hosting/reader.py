"""A socket, as a worker has it, without a browser behind it."""

from typing import Any

from games.hosting.relay import Ask, Attach
from games.hosting.worker import Worker


class Reader:
    """A socket that notes what it is told to do."""

    encoding = "json"
    seat = None

    def __init__(self, worker: Worker, match: str = "", owner: str = "") -> None:
        self.worker, self.match, self.owner = worker, match, owner
        self.viewer = f"reader of {match}"
        self.welcomed = True
        self.moves: list[str] = []
        self.expected = 0
        self.shown: list[int] = []  # the ticks that it was told of
        self.asked = self.caught_up = 0
        worker.sockets[self.viewer] = self
        worker.watch(self)

    def told(self, message: Any) -> None:
        self.shown.append(message.tick)
        if message.close is not None:
            self.leave()

    def publish(self, frame: bytes, tick: int) -> None:
        self.shown.append(tick)

    def ask_in(self, seat: int) -> Attach:
        """What it says to be let in."""
        return Attach(self.viewer, self.worker.id, "json", seat, "s" * 16, "Ada", 1)

    def moved(self, owner: str, *, expected: bool = False) -> None:
        self.moves.append(owner)
        self.owner = owner
        self.expected += expected

    def catch_up(self) -> None:
        self.caught_up += 1
        self.worker.post(self.match, self.owner, Ask(self.viewer, -1))

    def ask_to_move(self) -> None:
        self.asked += 1
        self.leave()

    def leave(self) -> None:
        self.worker.sockets.pop(self.viewer, None)
