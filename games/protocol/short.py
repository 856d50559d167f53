"""Short forms, in MessagePack, of what is said in nearly every tick.

A message is an array, and an array never begins with a byte below 0x80: a frame in which one stands
where a message begins has a short form there. It has no names and no defaults, only what differs
from tick to tick; whatever a message says besides is said in its array. Numbers that grow are told
by their lowest 16 bits; who reads them takes the one that is nearest to what is known. Where no
view hangs on a tick, 8 bits of it will do.
"""

from struct import Struct
from typing import NamedTuple

from games.protocol.messages import Delta, Own, ServerMessage

SETTLED, CHANGED, STEP = range(3)
"""Which form it is: the first byte."""

_BYTE, _PAIR = 0xFF, 0xFFFF

_SETTLED = Struct(">BBH")
_CHANGED = Struct(">BHHBB")
_STEP = Struct(">BHB")


class Near(NamedTuple):
    """What a reader knows: the tick of its shared view, and the highest input that is settled."""

    tick: int = 0
    settled: int = 0


def shortened(message: ServerMessage) -> bytes | None:
    """The short form of a message; None if it has none."""
    if type(message) is Own:
        return _own(message)
    return _delta(message) if type(message) is Delta else None


def _own(own: Own) -> bytes | None:
    settled = own.settled
    if settled is None or own.inbox != 1 or own.refused or own.hash is not None:
        return None
    if own.view is not None:
        return None
    if own.change is None:
        if own.back != 1:
            return None
        return _SETTLED.pack(SETTLED, own.tick & _BYTE, settled & _PAIR)
    bits = own.change.packed()
    if len(bits) > _BYTE or own.back > _BYTE:
        return None
    head = _CHANGED.pack(CHANGED, own.tick & _PAIR, settled & _PAIR, own.back, len(bits))
    return head + bits  # type: ignore[no-any-return]  # a Body's


def _delta(delta: Delta) -> bytes | None:
    if delta.back != 1 or delta.time is not None or delta.hash is not None:
        return None
    bits = delta.change.packed()
    if len(bits) > _BYTE:
        return None
    return _STEP.pack(STEP, delta.tick & _PAIR, len(bits)) + bits  # type: ignore[no-any-return]


def read(frame: bytes, at: int, near: Near) -> tuple[ServerMessage, int]:
    """The message whose short form begins here, and where it ends.

    Raises:
        ValueError, struct.error: there is none, or a part of one.
    """
    form = frame[at]
    if form == SETTLED:
        _, tick, settled = _SETTLED.unpack_from(frame, at)
        tick = _nearest(near.tick, tick, _BYTE)
        return Own(tick, settled=_nearest(near.settled, settled)), at + _SETTLED.size
    if form == CHANGED:
        _, tick, settled, back, size = _CHANGED.unpack_from(frame, at)
        bits, at = _bits(frame, at + _CHANGED.size, size)
        tick, settled = _nearest(near.tick, tick), _nearest(near.settled, settled)
        return Own(tick, settled=settled, change=bits, back=back), at
    if form == STEP:
        _, tick, size = _STEP.unpack_from(frame, at)
        bits, at = _bits(frame, at + _STEP.size, size)
        return Delta(_nearest(near.tick, tick), bits), at
    raise ValueError(f"no short form begins with {form}")


def _bits(frame: bytes, at: int, size: int) -> tuple[bytes, int]:
    bits = frame[at : at + size]
    if len(bits) < size:
        raise ValueError("cut off")
    return bits, at + size


def _nearest(known: int, low: int, mask: int = _PAIR) -> int:
    """The number nearest to a known one that has these lowest bits; none below 0 is."""
    half = mask + 1 >> 1
    number = known + ((low - known + half) & mask) - half
    return number if number >= 0 else low
