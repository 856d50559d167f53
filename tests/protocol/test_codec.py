"""Bytes become messages or a coded error; messages become bytes and come back as they were."""

import math
import random
import struct
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from games.client.follower import decode as decode_server
from games.limits import DEPTH_MAX, FRAME_BYTES_MAX
from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.codes import Close, Code, ProtocolError
from games.protocol.messages import CLIENT as CLIENT_KINDS
from games.protocol.messages import (
    ClientMessage,
    Delta,
    Hello,
    Input,
    Own,
    Ping,
    Pong,
    ServerMessage,
)
from games.protocol.short import SETTLED, Near
from tests import values

ENCODINGS: tuple[Encoding, ...] = ("json", "msgpack")
CLIENT, SERVER = get_args(ClientMessage), get_args(ServerMessage)

encodings = pytest.mark.parametrize("encoding", ENCODINGS)


NUMBERS = {kind.__struct_config__.tag: number for number, kind in CLIENT_KINDS.items()}


def pack(value: Any, encoding: Encoding) -> bytes:
    """A message as its encoding has it, from a map; anything else as it is."""
    if encoding == "json":
        return msgspec.json.encode(value)
    if isinstance(value, dict) and isinstance(value.get("t"), str):
        tag = value["t"]
        rest = {name: field for name, field in value.items() if name != "t"}
        value = row(tag, rest) if tag in NUMBERS else [99]
    return msgspec.msgpack.encode(value)


def row(tag: str, said: dict[str, Any]) -> list[Any]:
    """The array that stands for a message; what is not known goes to its end."""
    number, said = NUMBERS[tag], dict(said)
    fields = []
    for field in msgspec.structs.fields(CLIENT_KINDS[number]):
        if not said:
            break
        default = None if field.default is msgspec.NODEFAULT else field.default
        fields.append(said.pop(field.name, default))
    return [number, *fields, *said.values()]


def code_of(frame: bytes | str, encoding: Encoding) -> Code | None:
    """The code with which a frame is refused, or None."""
    try:
        codec.decode(frame, encoding)
    except ProtocolError as refused:
        error = refused
    else:
        return None
    assert error.close == Close.BAD_MESSAGE
    return error.code


# --- there and back ----------------------------------------------------------------------------


@encodings
@pytest.mark.parametrize("kind", CLIENT)
def test_what_a_client_says_comes_back_as_it_was(kind: Any, encoding: Encoding) -> None:
    @settings(max_examples=25, deadline=None)
    @given(values.of(kind))
    def check(message: Any) -> None:
        frame = codec.encode(message, encoding)
        decoded = codec.decode(frame, encoding)
        assert type(decoded) is kind
        assert values.encoded(decoded) == values.encoded(message)
        if encoding == "json":
            assert codec.decode(frame.decode(), encoding) == decoded

    check()


class Body:
    """A change, in each encoding."""

    def __init__(self, change: Any) -> None:
        self._change = change

    def plain(self) -> Any:
        return self._change

    def packed(self) -> bytes:
        return values.encoded(self._change)


def with_body(message: Any) -> Any:
    """The message as a room tells it."""
    if getattr(message, "change", None) is None:
        return message
    return msgspec.structs.replace(message, change=Body(message.change))


def heard(message: Any, encoding: Encoding) -> Any:
    """The message as it arrives: in MessagePack with the bytes of its change."""
    if encoding == "json" or getattr(message, "change", None) is None:
        return message
    return msgspec.structs.replace(message, change=values.encoded(message.change))


usual = st.builds(
    Own,
    tick=st.integers(0, 2**53 - 1),
    settled=st.integers(0, 2**53 - 1),
    change=st.none() | st.text(max_size=300),
    back=st.sampled_from([1, 2, 255, 256]),
) | st.builds(Delta, tick=st.integers(0, 2**53 - 1), change=st.text("x", max_size=300))
"""What has a short form, if it is small enough."""


@settings(max_examples=200, deadline=None)
@given(usual, st.integers(-32_768, 32_767), st.integers(-32_768, 32_767))
def test_short_forms_are_read_by_what_is_known(message: Any, ahead: int, more: int) -> None:
    settled = getattr(message, "settled", 0)
    frame = codec.encode(with_body(message), "msgpack")
    if frame[0] == SETTLED:
        ahead >>= 8
    near = Near(max(-1, message.tick - ahead), max(0, settled - more))
    (decoded,) = decode_server(frame, "msgpack", near)
    assert values.encoded(decoded) == values.encoded(heard(message, "msgpack"))
    if frame[0] < 0x80:
        for stop in range(1, len(frame)):
            with pytest.raises((ValueError, struct.error)):
                decode_server(frame[:stop], "msgpack", near)


def test_what_no_short_form_says_is_said_in_an_array() -> None:
    body = Body("x" * 252)  # 255 bytes of it, with quotes and all
    assert codec.encode(Delta(tick=1, change=body), "msgpack")[0] == 2
    for message in (
        Delta(tick=1, change=Body("x" * 300)),
        Delta(tick=1, change=body, back=2),
        Delta(tick=1, change=body, time=7),
        Delta(tick=1, change=body, hash=7),
        Own(tick=1),
        Own(tick=1, settled=1, inbox=2),
        Own(tick=1, settled=1, refused=[(1, "no")]),
        Own(tick=1, settled=1, view={}),
        Own(tick=1, settled=1, change=body, hash=7),
        Own(tick=1, settled=1, change=body, back=256),
    ):
        told = codec.encode(message, "msgpack")
        assert told[0] >= 0x80
        assert type(decode_server(told, "msgpack")[0]) is type(message)


@encodings
@pytest.mark.parametrize("kind", SERVER)
def test_what_the_server_says_comes_back_as_it_was(kind: Any, encoding: Encoding) -> None:
    @settings(max_examples=25, deadline=None)
    @given(values.of(kind))
    def check(message: Any) -> None:
        told = with_body(message)
        near = Near(getattr(message, "tick", 0), getattr(message, "settled", None) or 0)
        (decoded,) = decode_server(codec.encode(told, encoding), encoding, near)
        assert type(decoded) is kind
        assert values.encoded(decoded) == values.encoded(heard(message, encoding))

    check()


@encodings
@settings(max_examples=50, deadline=None)
@given(messages=st.lists(values.of(ServerMessage), min_size=1, max_size=5))
def test_a_frame_carries_several_messages_in_order(
    encoding: Encoding, messages: list[ServerMessage]
) -> None:
    messages = [with_body(message) for message in messages]
    parts = [codec.encode(message, encoding) for message in messages]
    frame = codec.frame(*messages, encoding=encoding)
    alone = [message for part in parts for message in decode_server(part, encoding)]
    assert list(map(type, alone)) == list(map(type, messages))
    assert list(map(values.encoded, decode_server(frame, encoding))) == list(
        map(values.encoded, alone)
    )
    assert codec.join(parts, encoding) == frame


def test_what_stands_at_its_default_is_left_out() -> None:
    assert codec.encode(Own(tick=3), "json") == b'{"t":"own","tick":3}'
    assert codec.encode(Own(tick=3, settled=0), "json") == b'{"t":"own","tick":3,"settled":0}'
    assert codec.encode(Pong(n=0), "json") == b'{"t":"pong","n":0}', "it has no default"


@encodings
def test_fields_that_are_not_known_are_skipped(encoding: Encoding) -> None:
    frame = pack({"t": "ping", "n": 3, "later": [{"x": 1}]}, encoding)
    assert codec.decode(frame, encoding) == Ping(n=3)


# --- any bytes at all --------------------------------------------------------------------------


def is_a_message_or_an_error(frame: bytes | str, encoding: Encoding) -> None:
    try:
        message = codec.decode(frame, encoding)
    except ProtocolError:
        return
    assert isinstance(message, CLIENT)
    if isinstance(message, Input):
        for other in ENCODINGS:  # every worker and every client can be told of it
            assert codec.decode(codec.encode(message, other), other) == message


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80) | st.text(max_size=80), st.sampled_from(ENCODINGS))
@example("", "json")
@example("{}", "msgpack")
@example(b"\xff", "json")
@example('"\ud800"', "json")
@example('{"t":"ping","n":1e400}', "json")
def test_any_bytes_at_all_are_a_message_or_a_coded_error(
    frame: bytes | str, encoding: Encoding
) -> None:
    is_a_message_or_an_error(frame, encoding)


def test_bytes_that_are_nearly_a_message_are_one_or_a_coded_error() -> None:
    chance = random.Random(14)
    whole = [
        (codec.encode(message, encoding), encoding)
        for encoding in ENCODINGS
        for message in (
            Hello(v=1, session="0123456789abcdef", ticket="a:b:c"),
            Input(seq=1, data={"t": "add", "n": [1, -2, 0.5, None, True, "é", 2**60]}),
            Input(seq=2**53 - 1, data=[[], {}, [[{"a": [1.5]}]]]),
            Ping(n=-1),
        )
    ]
    for _ in range(6000):
        frame, encoding = chance.choice(whole)
        is_a_message_or_an_error(_spoilt(frame, chance), encoding)


def _spoilt(frame: bytes, chance: random.Random) -> bytes:
    broken = bytearray(frame)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(broken) + 1)
        match chance.randrange(4):
            case 0:
                broken[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del broken[at : at + chance.randint(1, 4)]
            case 2:
                broken[at:at] = chance.randbytes(chance.randint(1, 4))
            case _:
                broken[at:at] = broken[: chance.randint(1, 8)]
    return bytes(broken)


def _is_kind(head: list[Any]) -> bool:
    return bool(head) and type(head[0]) is int and head[0] in CLIENT_KINDS


@settings(max_examples=100, deadline=None)
@given(values.plain(3), st.sampled_from(ENCODINGS))
def test_any_value_in_the_place_of_a_message_is_a_coded_error(
    value: Any, encoding: Encoding
) -> None:
    # ``[4]`` is a message where messages are arrays.
    assume(encoding == "json" or not isinstance(value, list) or not _is_kind(value[:1]))
    assert code_of(pack(value, encoding), encoding) in (Code.MALFORMED, Code.UNKNOWN_MESSAGE)


# --- what is wrong, by name --------------------------------------------------------------------


@encodings
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"t": "dance"}, Code.UNKNOWN_MESSAGE),
        ({"t": ""}, Code.UNKNOWN_MESSAGE),
        ({"t": "welcome", "v": 1}, Code.UNKNOWN_MESSAGE),
        ({"t": 5}, Code.MALFORMED),
        ({"n": 1}, Code.MALFORMED),
        ({}, Code.MALFORMED),
        ([], Code.MALFORMED),
        ({"t": "got"}, Code.MALFORMED),
        ({"t": "got", "n": -2}, Code.MALFORMED),
        ({"t": "input", "seq": 1, "seen": -2}, Code.MALFORMED),
        ([{"t": "ping", "n": 1}], Code.MALFORMED),
        (None, Code.MALFORMED),
        ({"t": "ping"}, Code.MALFORMED),
        ({"t": "ping", "n": "1"}, Code.MALFORMED),
        ({"t": "ping", "n": True}, Code.MALFORMED),
        ({"t": "ping", "n": -2}, Code.MALFORMED),
        ({"t": "ping", "n": 2**53}, Code.MALFORMED),
        ({"t": "input", "seq": 0}, Code.MALFORMED),
        ({"t": "input", "seq": -1}, Code.MALFORMED),
        ({"t": "input", "seq": 2**53}, Code.MALFORMED),
        ({"t": "input", "seq": 1.5}, Code.MALFORMED),
        ({"t": "input", "data": 1}, Code.MALFORMED),
        ({"t": "hello", "v": 1, "session": "1234567"}, Code.MALFORMED),
        ({"t": "hello", "v": 1, "session": "x" * 65}, Code.MALFORMED),
        ({"t": "hello", "v": "1", "session": "x" * 8}, Code.MALFORMED),
        ({"t": "hello", "session": "x" * 8}, Code.MALFORMED),
        ({"t": "resync", "tick": -2}, Code.MALFORMED),
    ],
)
def test_a_message_that_is_not_one_is_named(said: Any, code: Code, encoding: Encoding) -> None:
    assert code_of(pack(said, encoding), encoding) == code


@encodings
@pytest.mark.parametrize(
    "said",
    [
        {"t": "ping", "n": -1},
        {"t": "ping", "n": 2**53 - 1},
        {"t": "input", "seq": 2**53 - 1},
        {"t": "hello", "v": 1, "session": "x" * 8},
        {"t": "hello", "v": 1, "session": "x" * 64},
        {"t": "hello", "v": 2, "session": "x" * 8},
        {"t": "resync"},
        {"t": "leave"},
    ],
)
def test_what_is_just_within_its_bounds_is_a_message(said: Any, encoding: Encoding) -> None:
    assert code_of(pack(said, encoding), encoding) is None


@encodings
def test_a_frame_carries_one_message_of_a_client(encoding: Encoding) -> None:
    ping = codec.encode(Ping(n=1), encoding)
    assert code_of(codec.join([ping, ping], encoding), encoding) == Code.MALFORMED
    assert code_of(ping[:-1], encoding) == Code.MALFORMED


def test_text_where_binary_was_agreed_is_named() -> None:
    assert code_of('{"t":"leave"}', "msgpack") == Code.WRONG_ENCODING


@encodings
def test_one_byte_too_many_is_too_large(encoding: Encoding) -> None:
    def of_size(size: int) -> bytes:
        length = size
        while len(frame := codec.encode(Input(seq=1, data="x" * length), encoding)) > size:
            length -= 1
        assert len(frame) == size
        return frame

    assert code_of(of_size(FRAME_BYTES_MAX), encoding) is None
    assert code_of(of_size(FRAME_BYTES_MAX + 1), encoding) == Code.TOO_LARGE
    assert code_of(b"\xff" * (FRAME_BYTES_MAX + 1), encoding) == Code.TOO_LARGE


def test_text_is_measured_in_bytes() -> None:
    def said(count: int) -> str:
        return codec.encode(Input(seq=1, data="🚀" * count), "json").decode()

    most = (FRAME_BYTES_MAX - len(said(0))) // 4
    assert code_of(said(most), "json") is None
    assert code_of(said(most + 1), "json") == Code.TOO_LARGE


def nested(depth: int, kind: str) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "list" else {"x": value}
    return value


@encodings
@pytest.mark.parametrize("kind", ["list", "map"])
def test_one_level_too_many_is_too_deep(kind: str, encoding: Encoding) -> None:
    """The message itself is the first level."""
    deepest = nested(DEPTH_MAX - 1, kind)
    assert codec.decode(pack({"t": "input", "seq": 1, "data": deepest}, encoding), encoding)
    deeper = pack({"t": "input", "seq": 1, "data": nested(DEPTH_MAX, kind)}, encoding)
    assert code_of(deeper, encoding) == Code.TOO_DEEP


@encodings
def test_an_empty_level_too_many_is_too_deep_as_well(encoding: Encoding) -> None:
    empty: Any = []
    for _ in range(DEPTH_MAX - 1):
        empty = [1, empty]
    frame = pack({"t": "input", "seq": 1, "data": empty}, encoding)
    assert code_of(frame, encoding) == Code.TOO_DEEP


@pytest.mark.parametrize("where", ["data", "later"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_exceeds_pythons_own_depth_is_a_polite_answer(where: str, encoding: Encoding) -> None:
    depth = FRAME_BYTES_MAX // 2 - 30
    if encoding == "json":
        message = b'{"t":"input","seq":1,"%s":%s}'
        frame = message % (where.encode(), b"[" * depth + b"]" * depth)
    else:
        head = pack({"t": "input", "seq": 1, where: 0}, encoding)[:-1]
        assert head[0] == 0x90 + (3 if where == "data" else 5)
        frame = head + b"\x91" * depth + b"\xc0"
    assert code_of(frame, encoding) == Code.TOO_DEEP


@pytest.mark.parametrize(
    "said",
    ["NaN", "Infinity", "1e999", "-1e999", r'"\ud800"', "01", "1" + "0" * 25, str(2**64), "'a'"],
)
def test_json_that_no_game_needs_is_malformed(said: str) -> None:
    assert code_of(f'{{"t":"input","seq":1,"data":{said}}}', "json") == Code.MALFORMED
    assert code_of(f'{{"t":"input","seq":1,"data":[{said}]}}', "json") == Code.MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pack(math.nan, "msgpack"), id="nan"),
        pytest.param(pack(-math.inf, "msgpack"), id="infinity"),
        pytest.param(b"\xc4\x01a", id="bytes"),
        pytest.param(b"\xd4\x05\x00", id="extension"),
        pytest.param(b"\xd6\xff\x00\x00\x00\x00", id="timestamp"),
        pytest.param(b"\xd7\xff" + b"\xff" * 8, id="timestamp that is none"),
        pytest.param(b"\xc7\x0c\xff" + b"\xff" * 12, id="long timestamp that is none"),
        pytest.param(b"\x81\x01\x01", id="number as a key"),
        pytest.param(b"\x81\xc0\x01", id="null as a key"),
        pytest.param(b"\x81\x80\x01", id="map as a key"),
        pytest.param(b"\x81\x91\x80\x01", id="list as a key"),
        pytest.param(b"\x81\xc4\x01a\x01", id="bytes as a key"),
        pytest.param(b"\xa2\xff\xfe", id="no UTF-8"),
        pytest.param(b"\xa3\xed\xa0\x80", id="lone surrogate"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="list that says it is huge"),
        pytest.param(b"\xdf\xff\xff\xff\xff", id="map that says it is huge"),
        pytest.param(b"\xdb\xff\xff\xff\xff", id="text that says it is huge"),
        pytest.param(b"\xc1", id="the byte that means nothing"),
    ],
)
def test_msgpack_that_json_cannot_say_is_malformed(data: bytes) -> None:
    head = pack({"t": "input", "seq": 1, "data": 0}, "msgpack")[:-1]
    assert code_of(head + b"\x01", "msgpack") is None
    assert code_of(head + data, "msgpack") == Code.MALFORMED
    assert code_of(head + b"\x91" + data, "msgpack") == Code.MALFORMED


@encodings
@pytest.mark.parametrize("number", [-(2**63), 2**64 - 1, 2**53, 0.1, -0.5, 5e-324])
def test_numbers_that_every_worker_can_be_told_are_taken_in(
    number: float, encoding: Encoding
) -> None:
    frame = pack({"t": "input", "seq": 1, "data": {"n": [number]}}, encoding)
    decoded = codec.decode(frame, encoding)
    assert isinstance(decoded, Input)
    assert values.encoded(decoded.data) == values.encoded({"n": [number]})
