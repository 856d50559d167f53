"""A room's journal: its ticks as they are written, and how they lead to the room again."""

from collections.abc import Iterable

import msgspec

from games.rooms.checkpoint import WrongRules, hash_of
from games.rooms.entries import Record
from games.rooms.room import Room


class Diverged(Exception):
    """The same journal led to another state than it did where it was written."""

    def __init__(self, tick: int) -> None:
        super().__init__(f"the state after tick {tick} is not the one that was written down")
        self.tick = tick


class Written(msgspec.Struct, frozen=True, array_like=True):
    """One tick as the journal has it.

    Attributes:
        at_ms: When it was, by its owner's monotonic clock.
        hash: Of the whole room after it, where a checkpoint was made; else empty.
        rules: Version of the rules that made it; 0 where that was not kept yet.
        begins: A checkpoint of the room before it, where what stands in the journal before does
            not lead there: at the first tick, after other rules, and after a loss; else empty.
    """

    at_ms: int
    record: Record
    hash: str = ""
    rules: int = 0
    begins: bytes = b""


write_tick = msgspec.msgpack.Encoder().encode
read_tick = msgspec.msgpack.Decoder(Written).decode


def go_on(room: Room, journal: Iterable[Written]) -> None:
    """Play what was written since the room's checkpoint, and be ready for what comes.

    Raises:
        WrongRules: it was played under another version of the rules.
        Diverged: the rules do not do what they did when it was written.
    """
    for written in journal:
        if written.rules not in {0, room.game.version}:
            here = f"here are rules {room.game.version}"
            raise WrongRules(f"tick {written.record.tick} is of rules {written.rules}, {here}")
        room.play(written.record)
        if written.hash and written.hash != hash_of(room.checkpoint()):
            raise Diverged(written.record.tick)
    room.go_on_counting()
