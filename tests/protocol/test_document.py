"""``docs/protocol.md`` says what the code does, down to the bytes."""

import json
import re
from pathlib import Path

from games import limits
from games.client.follower import decode
from games.protocol.codec import encode
from games.protocol.codes import MESSAGES, Close, Code
from games.protocol.messages import ClientMessage, Delta, Own, Ping, ServerMessage
from games.protocol.short import Near
from games.sim import hold, pack, pack_change, patch, plain_change, read_kind
from tests.protocol.conversation import document

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")

KINDS = (
    *("int", "fixed", "angle", "bool", "enum", "text", "optional"),
    *("list", "map", "record", "table", "json"),
)

TO_INPUTS_ALONE = {Code.INVALID, Code.BUSY, Code.GAP, Code.PAUSED}
"""Codes that never come in an ``error``; the page has them under "Inputs"."""


class OneByte:
    """A change in a single byte."""

    def packed(self) -> bytes:
        return b"\x80"


def block(kind: str) -> str:
    """The text of the one fenced block of that kind."""
    found = re.findall(rf"```{kind}\n(.*?)\n```", PAGE, re.DOTALL)
    assert len(found) == 1, kind
    return found[0]


def test_the_recorded_conversation_is_what_a_room_says() -> None:
    assert document() in PAGE


def test_the_bytes_of_the_example_are_those_of_the_codec() -> None:
    as_json, as_msgpack = (bytes.fromhex(line) for line in block("bytes").splitlines())
    assert as_json == encode(Ping(n=7), "json")
    assert as_msgpack == encode(Ping(n=7), "msgpack")


def test_the_example_of_a_change_leads_from_before_to_after() -> None:
    before, change, after = (
        json.loads(block(f"json {name}")) for name in ("before", "change", "after")
    )
    assert patch(before, change) == after


def test_the_bytes_of_the_worked_example_are_those_of_the_layout() -> None:
    kind = read_kind(json.loads(block("json bits-schema")))
    before, change = (json.loads(block(f"json bits-{name}")) for name in ("before", "change"))
    old, new = hold(kind, before), hold(kind, patch(before, change))
    assert pack(kind, old).hex(" ") == block("bits-whole")
    bits = pack_change(kind, old, new)
    assert bits is not None
    assert bits.hex(" ") == block("bits-change")
    assert plain_change(kind, old, new) == change


def test_the_bytes_of_the_short_forms_are_those_of_the_codec() -> None:
    own, delta = (bytes.fromhex(line) for line in block("short").splitlines())
    settled, step = Own(tick=70_000, settled=258), Delta(tick=70_000, change=OneByte())
    assert (encode(settled, "msgpack"), encode(step, "msgpack")) == (own, delta)
    told = decode(own + delta, "msgpack", Near(tick=69_999, settled=256))
    assert told == [settled, Delta(tick=70_000, change=b"\x80")]


def test_every_kind_has_a_row() -> None:
    for kind in KINDS:
        assert re.search(rf"^\| `{kind}` \|", PAGE, re.MULTILINE), kind


def test_every_error_code_has_a_row() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert {code.value for code in MESSAGES} - rows == {code.value for code in TO_INPUTS_ALONE}
    for code in TO_INPUTS_ALONE:
        assert f"`{code}`" in PAGE


def test_every_close_code_has_a_row() -> None:
    for close in Close:
        assert re.search(rf"^\| [\d, ]*\b{close:d}\b", PAGE, re.MULTILINE), close


def test_every_message_and_field_is_named() -> None:
    for kind in (*ClientMessage.__args__, *ServerMessage.__args__):
        assert f"`{kind.__struct_config__.tag}`" in PAGE
        for name in kind.__struct_fields__:
            assert re.search(rf"[`\"]{name}[`\"]", PAGE), f"{kind.__name__}.{name}"


def test_the_limits_are_those_of_the_code() -> None:
    for text in (
        f"{limits.FRAME_BYTES_MAX:,} bytes, {limits.DEPTH_MAX} levels",
        f"{limits.MESSAGES_PER_S_BASE} + {limits.MESSAGES_PER_TICK} · `hz` a second",
        f"inputs of a seat between two ticks | {limits.INBOX_INPUTS_PER_SEAT_MAX} |",
        f"remembered for `resync` | {limits.HISTORY_TICKS_MAX} |",
        f"{limits.OUTBOX_FRAMES_MAX}, or {limits.OUTBOX_BYTES_MAX // 1024} KiB",
        f"sockets of a room | {limits.VIEWERS_PER_ROOM_MAX} |",
    ):
        assert text in PAGE, text
