"""Views as few bits: whole, and as what changed since a view that is known.

A held value is what ``hold`` returns; see ``games.sim.kinds.kind`` for the three shapes of a value
and ``docs/protocol.md`` for the layout.
"""

import zlib
from typing import Any

from games.sim.bits import BitReader, BitWriter, in_bytes
from games.sim.diff import REPLACED, Change
from games.sim.kinds.kind import Held, Kind, ViewError
from games.sim.kinds.schema import check


def hold(kind: Kind, value: Any, path: str = "view") -> Held:
    """A value as a title shows it, checked and quantised; it shares nothing with it.

    Args:
        path: What the value is called in errors.
    Raises:
        ViewError: it is not what is declared.
        DeclarationError: the declaration is wrong.
    """
    if kind.problems:
        check(kind, path)
    try:
        return kind.hold(value)
    except ViewError as error:
        error.inside(path)
        raise


def plain(kind: Kind, held: Held) -> Any:
    """A held value as clients and bots see it: dicts, lists, numbers, text."""
    return kind.plain(held)


def same(kind: Kind, old: Held, new: Held) -> bool:
    """Whether there is nothing to tell of ``new`` to who knows ``old``."""
    return old is new or kind.same(old, new)


def pack(kind: Kind, held: Held) -> bytes:
    """The whole value."""
    bits = BitWriter()
    kind.write(bits, held)
    return bits.take()


def unpack(kind: Kind, data: bytes) -> Held:
    """What ``pack`` was given.

    Raises:
        LayoutError: these bytes are no value of this kind.
    """
    bits = BitReader(data)
    held = kind.read(bits)
    bits.finish()
    return held


def pack_change(kind: Kind, old: Held, new: Held) -> bytes | None:
    """How to get from one value to another; None if nothing changed."""
    told = None if old is new else kind.tell(old, new)
    return None if told is None else in_bytes(*told)


def unpack_change(kind: Kind, old: Held, data: bytes) -> Held:
    """The value that a change leads to; ``old`` is not modified, and what stays is shared with it.

    Raises:
        LayoutError: these bytes are no change of this value.
    """
    bits = BitReader(data)
    held = kind.read_change(bits, old)
    bits.finish()
    return held


def plain_change(kind: Kind, old: Held, new: Held) -> Change:
    """The same for JSON, as in ``games.sim.diff``: a change of the plain values.

    Returns:
        Empty if nothing changed. Tables that are ``by_seat`` say besides, in ``enter`` and
        ``leave``, which keys of ``set`` and ``gone`` only came into sight or left it.
    Raises:
        ValueError: there is nothing that stays; who is to know ``new`` must be told it whole.
    """
    if same(kind, old, new):
        return {}
    change = kind.change(old, new)
    if change is REPLACED:
        raise ValueError("another value, to be told whole")
    return change


def fingerprint(kind: Kind, held: Held) -> int:
    """A number of 32 bits that differs, very likely, where values differ: CRC-32 of the layout."""
    bits = BitWriter(canonical=True)
    kind.write(bits, held)
    return zlib.crc32(bits.take())
