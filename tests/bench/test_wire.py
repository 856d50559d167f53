"""The load generator's players: what they count, and what they say."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contenders.colyseus import ColyseusPlayer
from bench.contenders.evertick import EvertickPlayer, number
from bench.contenders.tutorial import TutorialPlayer
from bench.wire import BINARY, CLOSE, PING, Counts, Player
from games.protocol import codec
from games.protocol.messages import Again, Delta, Input, Own, Snapshot

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
HERE = ("127.0.0.1", 1)


class Packed:
    """A view or change that is this many bytes long."""

    def __init__(self, size: int) -> None:
        self.size = size

    def packed(self) -> bytes:
        return b"\x07" * self.size


class Line:
    """A socket whose other end is the test's."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.there, here = socket.socketpair()
        here.setblocking(False)
        player._socket, player._recv, player._send = here, here.recv, here.send

    def come(self, data: bytes) -> None:
        """This arrives, at once."""
        self.there.sendall(data)
        self.player.readable()

    def said(self) -> bytes:
        self.there.setblocking(False)
        try:
            return self.there.recv(65_536)
        except BlockingIOError:
            return b""


def evertick() -> Line:
    return Line(EvertickPlayer(HERE, 1, Counts(), "some-match", lambda: "a-ticket"))


def framed(payload: bytes, opcode: int = BINARY) -> bytes:
    """A frame as servers send it."""
    size = len(payload)
    if size < 126:
        head = bytes((opcode, size))
    elif size < 1 << 16:
        head = bytes((opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


def state(tick: int, settled: int | None, size: int) -> bytes:
    """What one player is told of a tick."""
    own = Own(tick=tick, settled=settled, change=Packed(3) if tick % 3 else None)
    return framed(codec.frame(own, Delta(tick, Packed(size)), encoding="msgpack"))


WELCOME = framed(codec.frame(Own(0), Snapshot(0, 0, Packed(700)), encoding="msgpack"))


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=20),
    st.integers(0, 70_000),
    st.lists(st.integers(1, 400), max_size=20),
)
def test_every_way_of_cutting_the_stream_counts_the_same(sizes, first_tick, cuts):
    ticks = range(first_tick, first_tick + len(sizes))
    stream = ANSWER + WELCOME
    settled = [None if tick % 5 or tick == first_tick else tick for tick in ticks]
    stream += b"".join(map(state, ticks, settled, sizes))
    line, at = evertick(), 0
    for cut in [*cuts, len(stream)]:
        if stream[at : at + cut]:
            line.come(stream[at : at + cut])
        at += cut
    player = line.player
    assert player.joined
    assert not player.closed
    assert player.patches == len(sizes)
    assert player.read == len(stream)
    assert player._seen == ticks[-1]


def test_an_input_is_shown_by_the_state_that_settles_it_and_by_none_before():
    line = evertick()
    line.come(ANSWER + WELCOME)
    line.player.timed = True
    for seq in range(1, 8):  # the seventh is timed
        line.player.send_input(float(seq))
    line.come(state(1, 6, 10))
    assert not line.player.counts.applied
    line.come(state(2, 7, 10))
    assert len(line.player.counts.applied) == 1


def test_inputs_are_what_the_protocol_says():
    line = evertick()
    line.come(ANSWER + WELCOME)
    line.come(state(66_000, None, 10))
    line.said()
    line.player.send_input(0.0)
    frame = line.said()
    assert (frame[0], frame[1] & 0x80, frame[2:6]) == (BINARY, 0x80, b"\0\0\0\0")
    said = codec.decode(frame[6:], "msgpack")
    assert isinstance(said, Input)
    assert (said.seq, said.seen, set(said.data)) == (1, 66_000, {"turn", "thrust", "fire"})


def test_what_the_server_had_no_place_for_is_sent_under_its_number_again():
    line = evertick()
    line.come(ANSWER + WELCOME)
    line.player.send_input(0.0)
    line.come(framed(codec.frame(Again(1, "busy"), encoding="msgpack")))
    assert line.player.counts.asked_again == 1
    line.said()
    line.player.send_input(0.0)
    assert codec.decode(line.said()[6:], "msgpack").seq == 1


def test_frames_are_reported_every_sixteen():
    line = evertick()
    line.come(ANSWER + WELCOME)
    line.said()
    for tick in range(1, 15):
        line.come(state(tick, None, 10))
    assert line.said() == b""
    line.come(state(15, None, 10))
    assert codec.decode(line.said()[6:], "msgpack").n == 16


def test_a_ping_is_answered_and_a_close_is_noticed():
    line = evertick()
    line.come(ANSWER)
    line.said()
    line.come(framed(b"hi", PING))
    assert line.said().endswith(b"hi")
    line.come(framed((4401).to_bytes(2, "big"), CLOSE))
    assert line.player.closed == "closed with 4401"


def test_colyseus_input_is_shown_by_the_patch_that_has_its_number():
    line = Line(ColyseusPlayer(HERE, 3, Counts(), {}, None))
    line.player._path = "/p/r?sessionId=s"
    line.come(ANSWER + framed(bytes((10, 1, 2))) + framed(bytes((14, 0))))
    assert line.player.joined
    line.player.timed = True
    for seq in range(1, 8):
        line.player.send_input(float(seq))
    acked = int.from_bytes(line.said()[-4:], "big")
    line.come(framed(bytes((15,)) + b"\xff\x02\x8d" + (acked - 1).to_bytes(4, "little")))
    assert not line.player.counts.applied
    line.come(framed(bytes((15,)) + b"\xff\x02\x8d" + acked.to_bytes(4, "little")))
    assert len(line.player.counts.applied) == 1
    assert line.player.patches == 2


def test_the_tutorials_input_is_shown_by_the_state_that_has_its_number():
    line = Line(TutorialPlayer(HERE, 3, Counts(), "room"))
    line.come(ANSWER)
    line.player.timed = True
    for seq in range(1, 8):
        line.player.send_input(float(seq))
    seq = line.said().rpartition(b'"seq":')[2].rstrip(b"}")
    told = b'{"type": "state", "state": {"ships": [{"seat": 0, "ack": %d}]}}'
    line.come(framed(told % (int(seq) - 1), line.player.opcode))
    assert not line.player.counts.applied
    line.come(framed(told % int(seq), line.player.opcode))
    assert len(line.player.counts.applied) == 1


@pytest.mark.parametrize("value", [0, 127, 128, 255, 256, 65_535, 65_536, 2**32, None])
def test_numbers_are_read_as_msgpack_writes_them(value):
    import msgpack

    packed = msgpack.packb(value)
    assert number(b"x" + packed + b"y", 1) == (value, 1 + len(packed))
