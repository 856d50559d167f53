"""Anything JSON-like: what a view is where nothing is declared."""

import math
import struct
from typing import Any

import msgspec
import numpy as np

from games.sim.bits import BitReader, BitWriter, LayoutError
from games.sim.diff import REPLACED, Change, compare, patch
from games.sim.kinds.kind import Kind, ViewError

_json_decode = msgspec.json.Decoder().decode
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

_EXACT_MAX = 2**53
"""Whole numbers beyond are rounded by those who know no others than doubles."""


class Json(Kind):
    """None, truths, numbers, texts, and lists and maps of such; there is no promise about size."""

    def __init__(self) -> None:
        self._be(exact=False)

    def schema(self) -> dict[str, Any]:
        return {"kind": "json"}

    def hold(self, value: Any) -> Any:
        try:
            return _json_decode(_json_encode(value))  # a deep copy, of nothing but what JSON has
        except UnicodeEncodeError:
            raise ViewError("is nothing that JSON can say: a text with half a character") from None
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ViewError(f"is nothing that JSON can say: {error}") from None

    def plain(self, held: Any) -> Any:
        return msgspec.to_builtins(held) if isinstance(held, dict | list) else held

    def same(self, old: Any, new: Any) -> bool:
        return old is new or not compare(old, new)

    def write(self, bits: BitWriter, held: Any) -> None:
        bits.data(canonical(held) if bits.canonical else _encode(held))

    def read(self, bits: BitReader) -> Any:
        return _read(bits)

    def write_change(self, bits: BitWriter, old: Any, new: Any) -> None:
        change = compare(old, new)
        if not change or change is REPLACED:
            bits.put(0, 1)
            self.write(bits, new)
        else:
            bits.put(1, 1)
            bits.data(_encode(change))

    def read_change(self, bits: BitReader, old: Any) -> Any:
        if not bits.take(1):
            return _read(bits)
        change = _read(bits)
        if not isinstance(old, dict | list) or not isinstance(change, dict):
            raise LayoutError("a change of what does not change")
        try:
            return patch(old, change)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise LayoutError("a change that does not fit") from error

    def change(self, old: Any, new: Any) -> Change:
        change = compare(old, new)
        return change if change is REPLACED else msgspec.to_builtins(change or {})


def _builtin(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a value of type {type(value).__name__}")


_json_encode = msgspec.json.Encoder(enc_hook=_builtin).encode


def _read(bits: BitReader) -> Any:
    data = bits.data()
    try:
        value = _decode(data)
        _require_json(value)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise LayoutError("no MessagePack of anything JSON-like") from error
    return value


def _require_json(value: Any) -> None:
    kind = type(value)
    if kind is dict:
        if not all(type(key) is str for key in value):
            raise TypeError("a key that is not text")
        for item in value.values():
            _require_json(item)
    elif kind is list:
        for item in value:
            _require_json(item)
    elif value is not None and kind not in {bool, int, float, str}:
        raise TypeError(kind.__name__)


def canonical(value: Any) -> bytes:
    """The one way to write it for a fingerprint, whatever encoding it came in."""
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def _write(value: Any, parts: list[bytes]) -> None:
    if isinstance(value, dict):
        parts.append(b"{")
        for key in sorted(value):
            parts.append(_text(key))
            _write(value[key], parts)
        parts.append(b"}")
    elif isinstance(value, list):
        parts.append(b"[")
        for item in value:
            _write(item, parts)
        parts.append(b"]")
    elif isinstance(value, str):
        parts.append(_text(value))
    elif value is None:
        parts.append(b"n")
    elif isinstance(value, bool):
        parts.append(b"t" if value else b"f")
    else:
        parts.append(_number(value))


def _text(text: str) -> bytes:
    data = text.encode()
    return b"s%d:%s" % (len(data), data)


def _number(number: float) -> bytes:
    if isinstance(number, int):
        return b"i%d;" % (number if abs(number) <= _EXACT_MAX else int(float(number)))
    if not math.isfinite(number):
        return b"n"  # as in JSON
    return b"i%d;" % int(number) if number.is_integer() else b"d" + struct.pack(">d", number)
