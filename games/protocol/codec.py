"""The only place where bytes become messages, and messages bytes.

Two encodings of the same messages: JSON (text frames), to read; MessagePack (binary frames), for
play, with views as bits. A server frame carries one or more messages: in JSON one a line, in
MessagePack one after another, some in a short form.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal, Union

import msgspec

from games.limits import DEPTH_MAX, FRAME_BYTES_MAX
from games.protocol.codes import Code, ProtocolError
from games.protocol.messages import CLIENT, SERVER, ClientMessage, Input, ServerMessage
from games.protocol.short import shortened

Encoding = Literal["json", "msgpack"]

INTEGER_MIN, INTEGER_MAX = -(1 << 63), (1 << 64) - 1
"""What MessagePack can say."""

_json_encode = msgspec.json.Encoder(enc_hook=lambda body: body.plain()).encode
_msgpack_encode = msgspec.msgpack.Encoder(enc_hook=lambda body: body.packed()).encode
_SHAPES = {
    kind: (
        number,
        [
            [] if field.default_factory is list else field.default
            for field in reversed(msgspec.structs.fields(kind))
        ],
    )
    for kinds in (CLIENT, SERVER)
    for number, kind in kinds.items()
}
"""By kind, its number, and what its fields are where nothing is said, last first; ``NODEFAULT``
where something must be."""


class Rows:
    """Reads the arrays that stand for messages of one direction in MessagePack."""

    def __init__(self, kinds: dict[int, Any]) -> None:
        # msgspec checks an array against a struct of its own kind; these are the messages again.
        twins = {
            number: msgspec.defstruct(
                kind.__name__,
                [_field(field) for field in msgspec.structs.fields(kind)],
                array_like=True,
                tag=number,
            )
            for number, kind in kinds.items()
        }
        self._kinds = {twins[number]: kind for number, kind in kinds.items()}
        self._decode = msgspec.msgpack.Decoder(Union[tuple(twins.values())]).decode  # noqa: UP007
        self._union: Any = Union[tuple(twins.values())]  # noqa: UP007

    def decode(self, frame: bytes) -> Any:
        """The one message of a frame."""
        twin = self._decode(frame)
        return self._kinds[type(twin)](*msgspec.structs.astuple(twin))

    def convert(self, row: list[Any]) -> Any:
        """The message that this array stands for."""
        twin = msgspec.convert(row, self._union)
        return self._kinds[type(twin)](*msgspec.structs.astuple(twin))


def _field(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    if field.required:
        return field.name, field.type
    default = field.default_factory if field.default is msgspec.NODEFAULT else None
    if default is not None:
        return field.name, field.type, msgspec.field(default_factory=default)
    return field.name, field.type, field.default


_DECODE: dict[Encoding, Callable[[Any], ClientMessage]] = {
    "json": msgspec.json.Decoder(ClientMessage).decode,
    "msgpack": Rows(CLIENT).decode,
}
_BETWEEN: dict[Encoding, bytes] = {"json": b"\n", "msgpack": b""}


def decode(frame: bytes | str, encoding: Encoding) -> ClientMessage:
    """One client message, or ``ProtocolError``; nothing else escapes this function."""
    if (len(frame) if type(frame) is bytes else _length(frame)) > FRAME_BYTES_MAX:
        raise ProtocolError(Code.TOO_LARGE)
    if encoding != "json" and type(frame) is str:
        raise ProtocolError(Code.WRONG_ENCODING)
    try:
        message = _DECODE[encoding](frame)
    except msgspec.ValidationError as error:
        unknown = str(error).startswith("Invalid value") and str(error).endswith(
            ("`$.t`", "`$[0]`")
        )
        raise ProtocolError(Code.UNKNOWN_MESSAGE if unknown else Code.MALFORMED) from error
    except RecursionError as error:
        raise ProtocolError(Code.TOO_DEEP) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ProtocolError(Code.MALFORMED) from error
    if type(message) is Input:
        _require_plain(message.data, DEPTH_MAX - 1)
    return message


def encode(message: ServerMessage | ClientMessage, encoding: Encoding) -> bytes:
    """The bytes of one message; several for one frame are put together by ``join``."""
    if encoding == "json":
        return _json_encode(message)
    return shortened(message) or _msgpack_encode(_row(message))  # type: ignore[arg-type]  # a client's has none


def join(parts: Iterable[bytes], encoding: Encoding) -> bytes:
    """One frame from the bytes of several messages."""
    return _BETWEEN[encoding].join(parts)


def frame(*messages: ServerMessage, encoding: Encoding) -> bytes:
    """One frame that carries ``messages``, to be applied together."""
    return join((encode(message, encoding) for message in messages), encoding)


def _row(message: ServerMessage | ClientMessage) -> list[Any]:
    """The array that stands for a message in MessagePack."""
    number, defaults = _SHAPES[type(message)]
    fields = msgspec.structs.astuple(message)
    stop = len(fields)
    for default in defaults:
        if fields[stop - 1] != default:
            break
        stop -= 1
    return [number, *fields[:stop]]


def _length(frame: bytes | str) -> int:
    """Bytes of a frame on the wire, where a character of text takes up to four."""
    if isinstance(frame, bytes) or frame.isascii():
        return len(frame)
    return len(frame.encode(errors="surrogatepass"))


def _require_plain(value: Any, depth: int) -> None:
    """Refuse what only one of the encodings can say, or no game needs.

    MessagePack knows NaN, keys that are no text, byte strings and extension types. NaN breaks
    comparison and replay; the rest could not be told to a JSON client. JSON knows integers of any
    size; those beyond 64 bits could not be told to another worker.
    """
    kind = type(value)  # decoders make these very types
    if kind is not dict and kind is not list:
        return _require_scalar(value)
    if depth == 0:
        raise ProtocolError(Code.TOO_DEEP)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                raise ProtocolError(Code.MALFORMED)
    for item in value.values() if kind is dict else value:
        kind = type(item)
        if kind not in _ALWAYS_PLAIN and not (kind is int and INTEGER_MIN <= item <= INTEGER_MAX):
            _require_plain(item, depth - 1)


_ALWAYS_PLAIN = frozenset({bool, str, type(None)})


def _require_scalar(value: Any) -> None:
    kind = type(value)
    if kind is int:
        fits = INTEGER_MIN <= value <= INTEGER_MAX
    else:
        fits = kind in _ALWAYS_PLAIN or (kind is float and math.isfinite(value))
    if not fits:
        raise ProtocolError(Code.MALFORMED)
