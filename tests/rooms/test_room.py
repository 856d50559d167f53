"""A room with the handle in the test's hand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.limits import HISTORY_TICKS_MAX, INBOX_INPUTS_PER_SEAT_MAX, PAUSE_S_MAX
from games.protocol.messages import Again, Delta, Snapshot
from games.rooms import Record, Room, RulesFault, Tick, replay
from games.rooms.entries import Disconnect
from games.sim import Game, patch
from tests.titles import Hasty, HastyParty, HastyWaiting, Party, Tally, Thinking

TWO = [(0, "Ada", False), (1, "Ben", False)]


def a_room(game: Game[Any] | None = None, seats: Any = TWO) -> Room:
    room = Room(game or Tally(), seed=7, settings={}, seats=seats)
    for seat, name, bot in seats:
        if not bot:
            room.connect(seat, f"session-{seat}", name)
    room.tick(0 if not room.game.realtime else 1)
    return room


def add(room: Room, seat: int, seq: int, n: int) -> Again | None:
    return room.offer(seat, seq, {"t": "add", "n": n})


def test_an_input_is_applied_and_settled_by_the_next_tick() -> None:
    room = a_room()
    assert add(room, 0, 1, 5) is None
    assert room.state.sums == [0, 0]
    tick = room.tick()
    assert room.state.sums == [5, 0]
    assert tick.own[0].settled == 1
    assert tick.shared is not None
    assert tick.shared.change.plain() == {"in": {"game": {"set": {"sums": [5, 0]}}}}


def test_an_input_arriving_twice_is_applied_once() -> None:
    room = a_room()
    add(room, 0, 1, 5)
    assert add(room, 0, 1, 5) is None
    room.tick()
    assert add(room, 0, 1, 5) is None
    room.tick()
    assert room.state.sums == [5, 0]


def test_an_input_after_a_gap_is_asked_for_again() -> None:
    room = a_room()
    assert add(room, 0, 2, 5) == Again(next=1, code="gap")
    room.tick()
    assert room.state.sums == [0, 0]


def test_a_full_inbox_answers_busy_and_settles_nothing_of_it() -> None:
    room = a_room()
    for seq in range(1, INBOX_INPUTS_PER_SEAT_MAX + 1):
        assert add(room, 0, seq, 1) is None
    busy = add(room, 0, INBOX_INPUTS_PER_SEAT_MAX + 1, 1)
    assert busy == Again(next=INBOX_INPUTS_PER_SEAT_MAX + 1, code="busy")
    assert add(room, 0, INBOX_INPUTS_PER_SEAT_MAX + 2, 1) is None, "said once a tick is enough"
    assert add(room, 1, 1, 1) is None, "the other seat does not feel it"
    assert room.tick().own[0].settled == INBOX_INPUTS_PER_SEAT_MAX
    assert add(room, 0, INBOX_INPUTS_PER_SEAT_MAX + 1, 1) is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"t": "add", "n": 13}, "unlucky"),
        ({"t": "add", "n": 100_000}, "invalid"),
        ({"t": "add"}, "invalid"),
        ({"t": "nothing"}, "invalid"),
        (None, "invalid"),
        ([1, [2]], "invalid"),
    ],
)
def test_a_refused_input_is_settled_with_its_code_and_changes_nothing(data: Any, code: str) -> None:
    room = a_room()
    before = list(room.state.log)
    room.offer(0, 1, data)
    own = room.tick().own[0]
    assert (own.settled, own.refused) == (1, [(1, code)])
    assert room.state.log == before


def test_ticks_that_are_caught_up_with_are_told_as_one() -> None:
    room = a_room(Party())
    for seq, n in enumerate((5, 13, 7), 1):
        add(room, 0, seq, n)
    room.vacate(1, "left")
    first = room.tick(more=True)
    assert (first.shared, first.watched, first.own, first.vacated) == (None, None, {}, {})
    tick = room.tick()
    assert (first.record.tick, tick.record.tick) == (2, 3)
    assert (tick.shared.tick, tick.shared.back) == (3, 2)
    assert room.snapshot().view.plain()["game"]["sums"][0] == 12
    own = tick.own[0]
    assert (own.tick, own.settled, own.refused) == (3, 3, [(2, "unlucky")])
    assert own.inbox == 1, "how many the tick before found says nothing of its sender"
    assert tick.vacated == {1: "left"}
    assert not room.tick().own, "each thing is told once"


def test_an_end_is_told_though_more_ticks_were_to_follow() -> None:
    room = a_room()
    room.offer(0, 1, {"t": "misbehave", "how": "win"})
    tick = room.tick(more=True)
    assert tick.shared.change.plain()["set"]["result"]["reason"] == "won"
    assert tick.own[0].settled == 1


def test_what_was_refused_is_remembered_for_one_who_comes_back() -> None:
    room = a_room()
    room.offer(0, 1, {"t": "add", "n": 13})
    room.tick()
    assert room.own_snapshot(0, "session-0").refused == [(1, "unlucky")]
    assert room.own_snapshot(0, "another one").refused == []


def test_the_same_session_goes_on_counting_and_a_new_one_begins_at_one() -> None:
    room = a_room()
    add(room, 0, 1, 5)
    room.tick()
    room.disconnect(0)
    room.tick()
    assert room.connect(0, "session-0", "Ada") == 1
    assert add(room, 0, 2, 5) is None
    room.tick()
    assert room.connect(0, "reloaded", "Ada") == 0
    assert add(room, 0, 1, 5) is None
    room.tick()
    assert room.state.sums == [15, 0]


def test_inputs_of_a_session_that_was_replaced_before_the_tick_are_not_told_to_the_new_one() -> (
    None
):
    room = a_room()
    add(room, 0, 1, 5)
    room.connect(0, "reloaded", "Ada")
    tick = room.tick()
    assert room.state.sums == [5, 0], "what was taken in is applied"
    assert room.places[0].settled == 0
    assert tick.own[0].settled is None, "numbers of the older session mean nothing to it"
    assert room.own_snapshot(0, "reloaded").settled == 0


def test_a_secret_goes_to_its_seat_alone() -> None:
    room = a_room()
    add(room, 0, 1, 5)
    tick = room.tick()
    assert tick.own[0].change.plain() == {"in": {"secret": {"set": {"mine": [5]}}}}
    assert 1 not in tick.own
    assert tick.shared is not None
    assert "mine" not in str(tick.shared.change.plain())


def test_who_is_away_is_waited_for_and_then_gives_the_match_up() -> None:
    room = a_room(Hasty())
    room.disconnect(1)
    room.tick()
    grace = room.game.grace_s * room.game.tick_hz
    assert room.places[1].status == "away"
    until = room.places[1].until
    assert until is not None
    for _ in range(grace - 2):  # the tick of the disconnect counts
        room.tick()
    assert room.outcome is None
    tick = room.tick()
    assert room.time == until
    assert room.outcome is not None
    assert (room.outcome.ranking, room.outcome.reason) == ([[0], [1]], "forfeit")
    assert tick.vacated == {1: "forfeit"}


def test_a_player_who_never_comes_is_waited_for_as_long() -> None:
    room = Room(Hasty(), seed=7, settings={}, seats=TWO)
    room.connect(0, "session-0", "Ada")
    for _ in range(room.game.grace_s * room.game.tick_hz):
        room.tick()
    assert room.outcome is not None
    assert room.outcome.ranking == [[0], [1]]


def test_who_comes_back_in_time_plays_on() -> None:
    room = a_room(Hasty())
    room.disconnect(1)
    room.tick()
    room.connect(1, "session-1", "Ben")
    for _ in range(room.game.grace_s * room.game.tick_hz * 2):
        room.tick()
    assert room.outcome is None
    assert room.places[1].status == "here"


def test_a_late_disconnect_of_an_older_session_does_not_put_the_seat_away() -> None:
    room = a_room()
    room.connect(1, "reloaded", "Ben")
    room.tick()
    room.play(Record(room.tick_no + 1, 1, [Disconnect(1, "session-1")]))
    assert room.places[1].status == "here"


def test_a_title_that_pauses_stands_still_until_its_player_is_back() -> None:
    room = a_room(HastyWaiting())
    room.disconnect(1)
    for _ in range(room.game.grace_s * room.game.tick_hz + 1):
        room.tick()
    clock = room.state.clock
    assert room.paused
    add(room, 0, 1, 5)
    assert room.tick().own[0].refused == [(1, "paused")]
    assert room.state.clock == clock
    room.connect(1, "session-1", "Ben")
    room.tick()
    assert not room.paused
    assert room.state.clock == clock + 1


def test_a_pause_has_an_end() -> None:
    room = a_room(HastyWaiting())
    room.disconnect(1)
    for _ in range((room.game.grace_s + PAUSE_S_MAX) * room.game.tick_hz + 1):
        room.tick()
    assert room.outcome is not None
    assert room.outcome.reason == "forfeit"


def test_a_bot_plays_for_who_is_away_and_hands_the_seat_back() -> None:
    room = a_room(HastyParty())
    room.disconnect(1)
    for _ in range(room.game.grace_s * room.game.tick_hz + 20):
        room.tick()
    assert room.places[1].status == "bot"
    played = room.state.sums[1]
    assert played > 0
    room.connect(1, "session-1", "Ben")
    room.tick()
    assert room.places[1].status == "here"
    back = room.state.sums[1]
    for _ in range(20):
        room.tick()
    assert room.state.sums[1] == back


def test_who_drops_in_gets_a_seat_and_a_snapshot_of_it() -> None:
    room = a_room(Party())
    assert room.closed_to(2) is None
    assert room.closed_to(3) is not None
    room.connect(2, "session-2", "Cyd")
    room.tick()
    assert room.state.log[-1] == [2, 0]
    assert room.snapshot().view.plain()["seats"]["2"] == {
        "name": "Cyd",
        "status": "here",
        "until": None,
    }
    assert room.own_snapshot(2, "session-2").view.plain() == {"secret": {"mine": [0]}}


def test_a_kicked_seat_stays_closed_even_where_people_drop_in() -> None:
    room = a_room(Party())
    room.vacate(1, "kicked")
    assert room.tick().vacated == {1: "kicked"}
    assert room.closed_to(1) == "kicked"
    room.vacate(0, "left")
    room.tick()
    assert room.closed_to(0) is None


def test_a_room_that_all_people_left_ends() -> None:
    room = a_room(Party(), [(0, "Ada", False), (1, "Bot", True)])
    room.vacate(0, "left")
    room.tick()
    assert room.outcome is not None
    assert room.outcome.reason == "everyone_left"


def test_after_the_end_inputs_are_refused_and_nothing_changes_it() -> None:
    room = a_room()
    room.offer(0, 1, {"t": "misbehave", "how": "win"})
    tick = room.tick()
    assert tick.shared is not None
    assert tick.shared.change.plain()["set"]["result"] == {"ranking": [[0], [1]], "reason": "won"}
    outcome = room.outcome
    add(room, 1, 1, 5)
    room.vacate(0, "left")
    assert room.tick(0).own[1].refused == [(1, "match_over")]
    assert room.outcome is outcome


def test_a_bug_in_the_rules_names_the_record_it_happened_at() -> None:
    room = a_room()
    room.offer(0, 1, {"t": "misbehave", "how": "raise"})
    with pytest.raises(RulesFault) as caught:
        room.tick()
    assert caught.value.record.entries[0].seq == 1
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_turn_title_lets_time_pass_before_it_applies_a_move() -> None:
    room = a_room(Thinking())
    add(room, 0, 1, 5)
    own = room.tick(300).own[0]
    assert own.refused == [(1, "match_over")], "the clock had run out before the move came"


def test_a_turn_title_is_due_when_its_clock_a_grace_time_or_a_bot_is() -> None:
    room = a_room(Thinking())
    assert room.due() == 300
    room.tick(100)
    assert room.due() == 200
    room.disconnect(0)
    room.tick(50)
    assert room.due() == 150, "the flag falls before the grace time ends"
    with_bot = a_room(Thinking(), [(0, "Ada", False), (1, "Bot", True)])
    assert with_bot.due() == 10
    with_bot.tick(10)
    assert with_bot.state.sums == [0, 1]
    assert with_bot.due() == 10, "it saw its own move, and is asked again"


def test_a_bot_that_waits_keeps_no_turn_title_awake() -> None:
    room = a_room(Thinking(), [(0, "Ada", False), (1, "Bot", True)])
    for _ in range(3):
        room.tick(10)
    assert room.state.sums == [0, 3], "all that this bot wants to add"
    room.tick(10)  # asked once more, it wants nothing
    assert room.due() == 260, "nothing is due but the flag"
    add(room, 0, 1, 5)
    room.tick(10)
    assert room.due() == 10, "something happened, so it is asked again"


def test_one_who_missed_little_is_told_the_changes_and_one_who_missed_much_a_snapshot() -> None:
    room = a_room()
    views = {room.snapshot().tick: room.snapshot().view.plain()}
    for seq in range(1, HISTORY_TICKS_MAX + 10):
        add(room, 0, seq, 1)
        room.tick()
        views[room.tick_no] = room.snapshot().view.plain()
    now = views[room.tick_no]
    for known, view in views.items():
        caught_up = room.catch_up(0, known)
        if known == room.tick_no:
            assert caught_up is None
        elif known < room.tick_no - HISTORY_TICKS_MAX:
            assert isinstance(caught_up, Snapshot)
        else:
            assert isinstance(caught_up, Delta), "in one"
            assert (caught_up.tick, caught_up.tick - caught_up.back) == (room.tick_no, known)
            assert patch(view, caught_up.change.plain()) == now
    assert isinstance(room.catch_up(0, -1), Snapshot)
    assert isinstance(room.catch_up(0, 10**9), Snapshot)


def test_one_for_whom_it_went_there_and_back_is_told_its_tick_by_a_snapshot() -> None:
    room = a_room()
    known = room.tick_no
    add(room, 0, 1, 5)
    room.tick()
    add(room, 0, 2, -5)
    room.tick()
    assert isinstance(room.catch_up(0, known), Snapshot)


class Watcher:
    """A viewer that believes only what it was told."""

    def __init__(self, room: Room) -> None:
        snapshot = room.snapshot()
        self.tick, self.view = snapshot.tick, snapshot.view.plain()

    def hear(self, delta: Delta | None) -> None:
        if delta is not None:
            assert delta.tick - delta.back == self.tick
            self.tick, self.view = delta.tick, patch(self.view, delta.change.plain())


_actions = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "add", "add", "connect", "disconnect", "vacate", "tick", "tick", "late"]
        ),
        st.integers(0, 2),
        st.integers(-20, 20),
    ),
    max_size=80,
)


@settings(max_examples=60, deadline=None)
@given(_actions, st.sampled_from([Hasty, Thinking, HastyWaiting, HastyParty]))
def test_a_room_replays_to_the_same_state_and_its_viewers_hold_the_exact_view(
    actions: list[tuple[str, int, int]], title: type[Game[Any]]
) -> None:
    room = a_room(title())
    records: list[Record] = []
    first = Room(title(), seed=7, settings={}, seats=TWO)
    for seat, name, _ in TWO:
        first.connect(seat, f"session-{seat}", name)
    records.append(first.tick(1 if title.realtime else 0).record)
    watcher, seqs = Watcher(room), [0, 0, 0]
    for action, seat, n in actions:
        if seat not in room.places and not (action == "connect" and room.closed_to(seat) is None):
            continue
        _act(room, action, seat, n, seqs)
        if action == "late" and title.realtime and not room.outcome:
            late = room.tick(more=True)
            records.append(late.record)
            watcher.hear(late.shared)
        if action in ("tick", "late"):
            tick = _turn(room, n)
            records.append(tick.record)
            watcher.hear(tick.shared)
            assert watcher.view == room.snapshot().view.plain()
    again = replay(title(), records, seed=7, settings={}, seats=TWO)
    assert again.hash() == room.hash()


def _turn(room: Room, n: int) -> Tick:
    return room.tick(1 if room.game.realtime and not room.outcome else abs(n))


def _act(room: Room, action: str, seat: int, n: int, seqs: list[int]) -> None:
    if action == "add":
        if add(room, seat, seqs[seat] + 1, n) is None:
            seqs[seat] += 1
    elif action == "connect" and room.closed_to(seat) is None:
        room.connect(seat, f"session-{seat}", "Cyd")
    elif action == "disconnect":
        room.disconnect(seat)
    elif action == "vacate":
        room.vacate(seat, "left")
