"""A client that believes what it was told, notices what it was not told, and asks once."""

from typing import Any

import msgspec
import pytest

from games.client.follower import ASK_AGAIN, GOT_BYTES, GOT_FRAMES, Drift, Follower, decode
from games.limits import INBOX_INPUTS_PER_SEAT_MAX
from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.messages import (
    Again,
    Delta,
    Error,
    Got,
    Hello,
    Input,
    Move,
    Own,
    Pong,
    Resync,
    ServerMessage,
    Snapshot,
    Welcome,
)
from games.sim import fingerprint
from tests.bodies import SCHEMA, SHARED, Change, OwnChange, OwnView, View

WELCOME = Welcome(
    v=1,
    match="m",
    title="tally",
    seat=0,
    hz=20,
    realtime=True,
    time=0,
    settings={},
    schema=SCHEMA,
    resume="token",
)


@pytest.fixture(params=["json", "msgpack"])
def follower(request: pytest.FixtureRequest) -> Follower:
    """One that was welcomed and knows tick 0."""
    follower = Follower(request.param)
    first = Snapshot(tick=0, time=0, view=View({"n": 0, "log": [1]}))
    assert hear(follower, WELCOME, Own(tick=0, view=OwnView({"mine": []}), settled=0), first) == []
    return follower


def hear(follower: Follower, *messages: ServerMessage) -> list[Any]:
    """What the follower answers to a frame of these messages."""
    frame = codec.frame(*messages, encoding=follower.encoding)
    return said(follower, follower.receive(frame))


def said(follower: Follower, frames: list[bytes]) -> list[Any]:
    return [codec.decode(frame, follower.encoding) for frame in frames]


def change(tick: int, base: int | None = None, time: int | None = None, n: int = 0) -> Delta:
    """The change that makes ``n`` what it says, else the number of its tick."""
    return Delta(
        tick=tick,
        time=tick if time is None else time,
        change=Change({"set": {"n": n or tick}}),
        back=1 if base is None else tick - base,
    )


def own_tick(follower: Follower) -> int:
    assert follower._own is not None
    return follower._own.tick


# --- frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ada", "a\u2028b", "a\u0085b", "a\x0bb\x1c", "a\nb\r", "🚀"])
@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_no_character_in_a_name_breaks_a_frame_apart(encoding: Encoding, name: str) -> None:
    messages = [Again(next=1, code=name), Pong(n=1)]
    frame = codec.frame(*messages, encoding=encoding)
    assert decode(frame, encoding) == messages
    if encoding == "json":
        assert decode(frame.decode(), encoding) == messages, "as a text frame arrives"


def test_a_frame_that_is_cut_is_an_error() -> None:
    whole = codec.frame(Pong(n=1), Pong(n=2), encoding="json")
    with pytest.raises(msgspec.DecodeError):
        decode(whole[:-1], "json")


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_messages_of_a_newer_server_are_skipped(encoding: Encoding) -> None:
    new = b'{"t":"fireworks","n":3}' if encoding == "json" else msgspec.msgpack.encode([99, 3])
    known = codec.encode(Pong(n=1), encoding)
    assert decode(codec.join([new, known, new], encoding), encoding) == [Pong(n=1)]


# --- the shared view ---------------------------------------------------------------------------


def test_changes_are_applied_one_after_another(follower: Follower) -> None:
    push = Delta(tick=2, change=Change({"in": {"log": {"push": [2]}}}), time=7)
    assert hear(follower, change(1), push) == []
    assert follower.view == {"n": 1, "log": [1, 2]}
    assert (follower.tick, follower.time, follower.gaps) == (2, 7, 0)


def test_a_view_once_handed_out_stays_as_it_is(follower: Follower) -> None:
    held = follower.view
    hear(follower, change(1))
    assert held == {"n": 0, "log": [1]}


def test_a_gap_is_asked_about_once(follower: Follower) -> None:
    hear(follower, change(1))
    assert hear(follower, change(3)) == [Resync(tick=1)]
    assert hear(follower, change(4)) == []
    assert hear(follower, change(5), change(6)) == []
    assert follower.view == {"n": 1, "log": [1]}
    assert follower.gaps == 1


def test_it_is_asked_again_when_much_came_that_is_of_no_use(follower: Follower) -> None:
    assert hear(follower, change(3)) == [Resync(tick=0)]
    later = [hear(follower, change(tick)) for tick in range(4, 4 + ASK_AGAIN)]
    assert later == [[]] * (ASK_AGAIN - 1) + [[Resync(tick=0)]]
    assert follower.gaps == 1, "it is the same gap"


# --- what it says of itself --------------------------------------------------------------------


def test_it_reports_what_it_received_every_so_many_frames(follower: Follower) -> None:
    said_of = [hear(follower, change(tick)) for tick in range(1, 2 * GOT_FRAMES)]
    assert [answer for answer in said_of if answer] == [
        [Got(n=GOT_FRAMES)],
        [Got(n=2 * GOT_FRAMES)],
    ]
    assert said(follower, follower.report()) == []
    hear(follower, Pong(n=1))
    assert said(follower, follower.report()) == [Got(n=2 * GOT_FRAMES + 1)]
    assert said(follower, follower.report()) == [], "nothing is reported twice"


def test_it_reports_large_frames_sooner(follower: Follower) -> None:
    large = Snapshot(tick=1, time=1, view=View({"n": "x" * (GOT_BYTES // 2)}))
    assert hear(follower, large) == []
    assert hear(follower, large) == [Got(n=3)]


def test_frames_are_counted_anew_on_each_socket(follower: Follower) -> None:
    hear(follower, change(1))
    follower.hello()
    assert follower.report() == []
    hear(follower, WELCOME)
    assert said(follower, follower.report()) == [Got(n=1)]


def test_a_view_that_is_not_what_the_server_knows_is_a_drift(follower: Follower) -> None:
    right = fingerprint(SHARED, {"n": 1, "log": [1]})
    hear(follower, msgspec.structs.replace(change(1), hash=right))
    assert follower.checked == 1
    with pytest.raises(Drift, match="tick 2"):
        hear(follower, msgspec.structs.replace(change(2), hash=right))


def test_what_was_missed_closes_the_gap_and_the_next_one_is_asked_about(
    follower: Follower,
) -> None:
    assert hear(follower, change(2)) == [Resync(tick=0)]
    assert hear(follower, Own(tick=2, view=OwnView({})), change(1), change(2), change(3)) == []
    assert (follower.tick, follower.view) == (3, {"n": 3, "log": [1]})
    assert hear(follower, change(5)) == [Resync(tick=3)]
    assert follower.gaps == 2


def test_a_snapshot_closes_the_gap_as_well(follower: Follower) -> None:
    assert hear(follower, change(9)) == [Resync(tick=0)]
    hear(follower, Snapshot(tick=12, time=12, view=View({"other": 1})))
    assert (follower.tick, follower.view) == (12, {"other": 1})
    assert hear(follower, change(13)) == []
    assert hear(follower, change(20)) == [Resync(tick=13)]


def test_a_change_is_known_by_its_base_and_not_by_its_number(follower: Follower) -> None:
    """Ticks at which nothing changed are not told."""
    assert hear(follower, change(8, base=0)) == []
    assert follower.tick == 8


def test_a_change_that_is_known_already_is_skipped(follower: Follower) -> None:
    hear(follower, change(1), change(2))
    assert hear(follower, change(1), change(2, n=99)) == []
    assert follower.view == {"n": 2, "log": [1]}
    assert follower.gaps == 0


def test_a_change_before_any_snapshot_is_a_gap() -> None:
    follower = Follower("json")
    assert hear(follower, change(0, base=-1)) == [Resync(tick=-1)]


def test_time_that_runs_back_is_a_drift(follower: Follower) -> None:
    hear(follower, change(1, time=10))
    hear(follower, change(2, time=10))
    with pytest.raises(Drift, match="from 10 to 9 at tick 3"):
        hear(follower, change(3, time=9))


# --- what is for this seat alone ---------------------------------------------------------------


def test_the_own_view_changes_by_itself(follower: Follower) -> None:
    hear(follower, Own(tick=3, back=3, change=OwnChange({"set": {"mine": [1]}})), change(3, base=0))
    assert (follower.secret, own_tick(follower), follower.tick) == ({"mine": [1]}, 3, 3)
    hear(follower, Own(tick=4, back=1, change=OwnChange({"in": {"mine": {"push": [2]}}})))
    assert (follower.secret, own_tick(follower), follower.tick) == ({"mine": [1, 2]}, 4, 3)


def test_a_gap_in_the_own_view_is_asked_about_and_closed_by_the_whole_of_it(
    follower: Follower,
) -> None:
    lost = Own(tick=5, change=OwnChange({"set": {"mine": [5]}}))
    assert hear(follower, lost) == [Resync(tick=0)]
    assert follower.secret == {"mine": []}
    hear(follower, Own(tick=5, view=OwnView({"mine": [4, 5]})))
    assert (follower.secret, own_tick(follower)) == ({"mine": [4, 5]}, 5)
    hear(follower, Own(tick=6, back=1, change=OwnChange({"in": {"mine": {"push": [6]}}})))
    assert follower.secret == {"mine": [4, 5, 6]}


def test_a_second_gap_in_the_own_view_is_asked_about_where_nothing_shared_changed(
    follower: Follower,
) -> None:
    assert hear(follower, Own(tick=5, back=1, change=OwnChange({"set": {"mine": [5]}}))) == [
        Resync(tick=0)
    ]
    hear(follower, Own(tick=5, view=OwnView({"mine": [4, 5]})))
    assert hear(follower, Own(tick=7, back=1, change=OwnChange({"set": {"mine": [7]}}))) == [
        Resync(tick=0)
    ]


def test_an_own_change_that_is_known_already_is_skipped(follower: Follower) -> None:
    hear(follower, Own(tick=5, view=OwnView({"mine": [5]})))
    assert hear(follower, Own(tick=4, back=1, change=OwnChange({"set": {"mine": [4]}}))) == []
    assert follower.secret == {"mine": [5]}


# --- inputs ------------------------------------------------------------------------------------


def test_inputs_are_numbered_and_kept_until_a_tick_settled_them(follower: Follower) -> None:
    sent = [follower.input({"n": n}) for n in (7, 8, 9)]
    assert [seq for seq, _ in sent] == [1, 2, 3]
    inputs = [Input(seq=seq, data={"n": n}) for seq, n in ((1, 7), (2, 8), (3, 9))]
    assert said(follower, [frame for _, frame in sent]) == inputs
    assert said(follower, follower.unsettled()) == inputs
    hear(follower, Own(tick=1, settled=2))
    assert said(follower, follower.unsettled()) == inputs[2:]
    assert follower.settled == 2


def test_what_is_settled_never_becomes_less(follower: Follower) -> None:
    hear(follower, Own(tick=1, settled=2))
    hear(follower, Own(tick=2, settled=1), Own(tick=3))
    assert follower.settled == 2


def test_refusals_are_kept_by_their_number(follower: Follower) -> None:
    for n in range(3):
        follower.input(n)
    hear(follower, Own(tick=1, settled=2, refused=[(1, "invalid"), (2, "unlucky")]))
    hear(follower, Own(tick=2, settled=3, refused=[(3, "busy")]))
    assert follower.refused == {1: "invalid", 2: "unlucky", 3: "busy"}
    assert follower.unsettled() == []


def test_after_a_gap_inputs_are_sent_again_at_once(follower: Follower) -> None:
    for n in range(4):
        follower.input(n)
    again = hear(follower, Again(next=3, code="gap"))
    assert again == [Input(seq=3, data=2), Input(seq=4, data=3)]
    assert hear(follower, Own(tick=1, settled=2)) == []


def test_where_the_room_was_busy_inputs_are_sent_again_after_its_next_tick(
    follower: Follower,
) -> None:
    for n in range(4):
        follower.input(n)
    assert hear(follower, Again(next=3, code="busy")) == []
    assert hear(follower, Own(tick=1, settled=2)) == [Input(seq=3, data=2), Input(seq=4, data=3)]
    assert hear(follower, Own(tick=2, settled=2)) == [], "once"


def test_many_are_sent_in_batches_that_the_room_can_take(follower: Follower) -> None:
    """A welcome settles what it settles; only a tick after it makes place for more."""
    count = INBOX_INPUTS_PER_SEAT_MAX
    for n in range(2 * count + 3):
        follower.input(n)
    follower.hello()
    back = msgspec.structs.replace(WELCOME, settled=1)
    told = Own(tick=9, view=OwnView({}), settled=1), Snapshot(tick=9, time=9, view=View({}))
    numbers = [said.seq for said in hear(follower, back, *told)]
    assert numbers == list(range(2, 2 + count))
    assert follower.holds_back
    assert hear(follower, Own(tick=10, settled=1)) == [], "it has no place yet"
    numbers = [said.seq for said in hear(follower, Own(tick=11, settled=1 + count))]
    assert numbers == list(range(2 + count, 2 + 2 * count))
    last = hear(follower, Own(tick=12, settled=1 + 2 * count))
    assert [said.seq for said in last] == [2 + 2 * count, 3 + 2 * count]
    assert not follower.holds_back


# --- across sockets ----------------------------------------------------------------------------


def test_a_session_begins_with_a_ticket_and_returns_with_what_the_welcome_gave(
    follower: Follower,
) -> None:
    new = Follower(follower.encoding)
    (hello,) = said(new, [new.hello("a ticket")])
    assert hello == Hello(v=1, session=new.session, ticket="a ticket")
    (back,) = said(follower, [follower.hello()])
    assert back == Hello(v=1, session=follower.session, resume="token")
    (anew,) = said(follower, [follower.hello("another ticket")])
    assert anew == Hello(v=1, session=follower.session, ticket="another ticket")


def test_two_sessions_have_two_names() -> None:
    assert Follower().session != Follower().session


def test_who_returns_sends_again_what_was_not_settled(follower: Follower) -> None:
    for n in range(3):
        follower.input(n)
    follower.hello()
    assert follower.welcome is None
    back = msgspec.structs.replace(WELCOME, settled=1)
    own = Own(tick=9, view=OwnView({"mine": [0]}), settled=1, refused=[(1, "unlucky")])
    answers = hear(follower, back, own, Snapshot(tick=9, time=9, view=View({"n": 9})))
    assert answers == [Input(seq=2, data=1), Input(seq=3, data=2)]
    assert follower.refused == {1: "unlucky"}
    assert follower.view == {"n": 9}
    assert hear(follower, change(10)) == []


def test_the_snapshot_of_a_return_holds_even_where_its_tick_is_older(follower: Follower) -> None:
    hear(follower, change(1), change(2))
    hear(follower, WELCOME, Snapshot(tick=1, time=1, view=View({"n": 1})))
    assert (follower.tick, follower.view) == (1, {"n": 1})


def test_pongs_and_errors_are_kept_in_order(follower: Follower) -> None:
    hear(follower, Pong(n=4), Error(code="flood", message="…"), Pong(n=5))
    hear(follower, Error(code="kicked", message="…"))
    assert (follower.pongs, follower.errors) == ([4, 5], ["flood", "kicked"])


# --- to another socket -------------------------------------------------------------------------


def frame_of(follower: Follower, *messages: ServerMessage) -> bytes:
    return codec.frame(*messages, encoding=follower.encoding)


def test_a_second_socket_changes_nothing_before_the_move(follower: Follower) -> None:
    hear(follower, Move())
    assert follower.asked_to_move
    (hello,) = said(follower, [follower.hello_beside()])
    assert hello == Hello(v=1, session=follower.session, resume="token")
    hear(follower, change(1))
    assert (follower.tick, follower.welcome is None) == (1, False)


def test_a_second_socket_is_gone_on_with_once_it_leads_as_far_as_the_first(
    follower: Follower,
) -> None:
    hear(follower, change(1), change(2))
    frames = [frame_of(follower, WELCOME, Snapshot(tick=0, time=0, view=View({"n": 0})))]
    assert not follower.is_reached_by(frames)
    frames.append(frame_of(follower, change(1)))
    assert not follower.is_reached_by(frames)
    frames.append(frame_of(follower, change(2)))
    assert follower.is_reached_by(frames)
    assert not follower.is_reached_by(frames[1:]), "who is not welcome there does not go"


def test_after_the_move_what_is_not_settled_is_sent_again_and_frames_are_counted_anew(
    follower: Follower,
) -> None:
    for n in range(3):
        follower.input(n)
    hear(follower, Move(), change(1))
    there = msgspec.structs.replace(WELCOME, settled=1, resume="another")
    frames = [
        frame_of(follower, there, Snapshot(tick=1, time=1, view=View({"n": 1}))),
        frame_of(follower, change(2)),
    ]
    assert said(follower, follower.move(frames)) == [Input(seq=2, data=1), Input(seq=3, data=2)]
    assert (follower.tick, follower.received, follower.asked_to_move) == (2, 2, False)
    assert said(follower, [follower.hello_beside()])[0].resume == "another"
