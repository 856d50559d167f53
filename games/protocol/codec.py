"""The only place where bytes become messages, and messages bytes.

Two encodings of the same messages: JSON (text frames), to read; MessagePack (binary frames), for
play. A server frame carries one or more messages: in JSON one a line, in MessagePack one after
another.
"""

import math
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from games.limits import DEPTH_MAX, FRAME_BYTES_MAX
from games.protocol.codes import Code, ProtocolError
from games.protocol.messages import ClientMessage, Input, ServerMessage

Encoding = Literal["json", "msgpack"]

_json_encode = msgspec.json.Encoder().encode
_msgpack_encode = msgspec.msgpack.Encoder().encode
_json_client: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_msgpack_client: msgspec.msgpack.Decoder[ClientMessage] = msgspec.msgpack.Decoder(ClientMessage)


def decode(frame: bytes | str, encoding: Encoding) -> ClientMessage:
    """One client message, or ``ProtocolError``; nothing else escapes this function."""
    if _length(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(Code.TOO_LARGE)
    try:
        message = _decode(frame, encoding)
    except msgspec.ValidationError as error:
        unknown = str(error).startswith("Invalid value") and str(error).endswith("`$.t`")
        raise ProtocolError(Code.UNKNOWN_MESSAGE if unknown else Code.MALFORMED) from error
    except RecursionError as error:
        raise ProtocolError(Code.TOO_DEEP) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ProtocolError(Code.MALFORMED) from error
    if isinstance(message, Input):
        _require_plain(message.data, DEPTH_MAX - 1)
    return message


def encode(message: ServerMessage | ClientMessage, encoding: Encoding) -> bytes:
    """The bytes of one message; several for one frame are put together by ``join``."""
    return _json_encode(message) if encoding == "json" else _msgpack_encode(message)


def join(parts: Iterable[bytes], encoding: Encoding) -> bytes:
    """One frame from the bytes of several messages."""
    return (b"\n" if encoding == "json" else b"").join(parts)


def frame(*messages: ServerMessage, encoding: Encoding) -> bytes:
    """One frame that carries ``messages``, to be applied together."""
    return join((encode(message, encoding) for message in messages), encoding)


def _decode(frame: bytes | str, encoding: Encoding) -> ClientMessage:
    if encoding == "json":
        return _json_client.decode(frame)
    if isinstance(frame, str):
        raise ProtocolError(Code.WRONG_ENCODING)
    return _msgpack_client.decode(frame)


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
    if value is None or isinstance(value, str):
        return
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 64:
        return
    if isinstance(value, float) and math.isfinite(value):
        return
    if not isinstance(value, dict | list):
        raise ProtocolError(Code.MALFORMED)
    if depth == 0:
        raise ProtocolError(Code.TOO_DEEP)
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        raise ProtocolError(Code.MALFORMED)
    for item in value.values() if isinstance(value, dict) else value:
        _require_plain(item, depth - 1)
