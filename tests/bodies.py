"""Views and changes of nothing but JSON, in both encodings, for tests that make up what is told."""

from typing import Any

import msgspec

from games.sim import Json, Record, describe, pack
from games.sim.bits import BitWriter

SHARED = Json()
OWN = Record(secret=Json())
SCHEMA = {"shared": describe(SHARED), "own": describe(OWN)}


class View:
    """A whole shared view."""

    def __init__(self, view: Any) -> None:
        self._view = view

    def plain(self) -> Any:
        return self._view

    def packed(self) -> bytes:
        return pack(SHARED, self._view)


class Change:
    """A change of the shared view."""

    def __init__(self, change: Any) -> None:
        self._change = change

    def plain(self) -> Any:
        return self._change

    def packed(self) -> bytes:
        bits = BitWriter()
        self.write(bits)
        return bits.take()

    def write(self, bits: BitWriter) -> None:
        bits.put(1, 1)
        bits.data(msgspec.msgpack.encode(self._change))


class OwnView:
    """A whole own view, by its secret."""

    def __init__(self, secret: Any) -> None:
        self._view = {"secret": secret}

    def plain(self) -> Any:
        return self._view

    def packed(self) -> bytes:
        return pack(OWN, self._view)


class OwnChange(Change):
    """A change of the secret."""

    def plain(self) -> Any:
        return {"in": {"secret": self._change}}

    def write(self, bits: BitWriter) -> None:
        bits.put(1, 1)  # of the fields of the own view, this one changed
        super().write(bits)
