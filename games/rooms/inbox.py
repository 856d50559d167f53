"""What waits for the next tick: bounded for each seat, in order, each input once.

An input leaves the inbox by a tick alone. Until then the same number offered again changes nothing,
and a number out of order is answered with the one that is expected.
"""

from typing import Any

from games.limits import INBOX_INPUTS_PER_SEAT_MAX
from games.protocol.codes import Code
from games.protocol.messages import Again
from games.rooms.entries import Connect, Disconnect, Entry, Input, Vacate


class Inbox:
    """The queue into one room."""

    def __init__(self) -> None:
        self._waiting: list[Entry] = []
        self._inputs: dict[int, int] = {}
        self._line: dict[int, tuple[str, int]] = {}  # seat: its session, last number taken in
        self._asked: dict[int, int] = {}  # seat: what it was asked to send again, since the tick

    def resume(self, line: dict[int, tuple[str, int]]) -> None:
        """Go on counting: by seat its session, and the last number that was settled."""
        self._line = line

    def connect(self, seat: int, session: str, name: str) -> None:
        """A client session takes the seat; its numbers begin at 1, unless it held it before."""
        if self._line.get(seat, ("", 0))[0] != session:
            self._line[seat] = (session, 0)
        self._asked.pop(seat, None)  # a new socket has heard nothing yet
        self._waiting.append(Connect(seat, session, name))

    def disconnect(self, seat: int) -> None:
        """The seat's socket is gone; its session may come back."""
        self._waiting.append(Disconnect(seat, self._line[seat][0]))

    def vacate(self, seat: int, why: str) -> None:
        """The seat is given up."""
        self._waiting.append(Vacate(seat, why))

    def offer(self, seat: int, seq: int, data: Any, seen: int = -1) -> Again | None:
        """Take in an input of the seat's session, or say from which number to send again.

        That is said once a tick: who sent twenty in a row is asked for them once, not twenty times.
        """
        session, last = self._line[seat]
        if seq <= last:
            return (
                None  # it waits here already, or was settled: its answer has been or will be sent
            )
        waiting = self._inputs.get(seat, 0)
        if seq > last + 1 or waiting >= INBOX_INPUTS_PER_SEAT_MAX:
            full = waiting >= INBOX_INPUTS_PER_SEAT_MAX
            return self._ask_again(seat, last + 1, Code.BUSY if full else Code.GAP)
        self._line[seat] = (session, seq)
        self._inputs[seat] = waiting + 1
        self._waiting.append(Input(seat, session, seq, data, seen))
        return None

    def _ask_again(self, seat: int, first: int, code: Code) -> Again | None:
        if self._asked.get(seat) == first:
            return None
        self._asked[seat] = first
        return Again(next=first, code=code)

    def drain(self) -> list[Entry]:
        """All that waited, in the order of its arrival."""
        drained, self._waiting = self._waiting, []
        self._inputs.clear()
        self._asked.clear()
        return drained

    def __bool__(self) -> bool:
        return bool(self._waiting)
