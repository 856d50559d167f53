"""Whether all that rooms of other workers say to the sockets here has arrived.

The channel layer may lose a message, and nobody misses the last word of a room that then says
nothing for an hour. So a room counts what it says to each worker. A number that is left out is
noticed when the next one comes; when none comes the room is asked, ever more seldom. (What players
say they repeat themselves, until it is settled.)
"""

from collections.abc import Iterator
from typing import NamedTuple

LOOKS_MAX = 32
"""The most looks from one question to a quiet room to the next."""


class Doubt(NamedTuple):
    """A room of which something may be missing here.

    Attributes:
        heard: The number of the last that came.
        lost: Whether some before it did not come; else that is to be asked.
    """

    match: str
    owner: str
    heard: int
    lost: bool


class _Room:
    def __init__(self, owner: str, heard: int) -> None:
        self.owner, self.heard = owner, heard
        self.lost = False
        self.looks = 0  # since anything came


class Hearing:
    """What came of each room."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}

    def begin(self, match: str, owner: str, number: int) -> None:
        """A socket was let in, and told everything up to this message."""
        room = self._rooms.get(match)
        if room is None or room.owner != owner or number < room.heard:  # a room anew counts anew
            self._rooms[match] = _Room(owner, number)
        else:
            self.heard(match, owner, number)

    def heard(self, match: str, owner: str, number: int) -> None:
        """The message of this number came."""
        room = self._rooms.get(match)
        if room is not None and room.owner == owner and number > room.heard:
            room.lost |= number > room.heard + 1
            room.heard, room.looks = number, 0

    def forget(self, match: str) -> None:
        """Nobody here looks at this room any more."""
        self._rooms.pop(match, None)

    def look(self) -> Iterator[Doubt]:
        """The rooms to doubt at the moment. To be asked at an even pace, at which each room that
        plays is heard of."""
        for match, room in self._rooms.items():
            room.looks += 1
            if room.lost or _is_time(room.looks):
                yield Doubt(match, room.owner, room.heard, room.lost)
            room.lost = False


def _is_time(looks: int) -> bool:
    """At the second look, the fourth, the eighth, …"""
    return looks % LOOKS_MAX == 0 if looks > LOOKS_MAX else looks > 1 and looks & (looks - 1) == 0
