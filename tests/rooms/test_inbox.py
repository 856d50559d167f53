"""What waits for the next tick: bounded, in order, each input once."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.limits import INBOX_INPUTS_PER_SEAT_MAX
from games.protocol.messages import Again
from games.rooms.entries import Connect, Disconnect, Entry, Input, Vacate
from games.rooms.inbox import Inbox

MAX = INBOX_INPUTS_PER_SEAT_MAX


@pytest.fixture
def inbox() -> Inbox:
    """Seats 0 and 1 are open, and nothing waits."""
    inbox = Inbox()
    for seat in (0, 1):
        inbox.connect(seat, f"session-{seat}", "Ada")
    inbox.drain()
    return inbox


def fill(inbox: Inbox, seat: int = 0, first: int = 1) -> None:
    for seq in range(first, first + MAX):
        assert inbox.offer(seat, seq, None) is None


def seqs(entries: list[Entry]) -> list[int]:
    return [entry.seq for entry in entries if isinstance(entry, Input)]


def test_everything_leaves_in_the_order_of_its_arrival(inbox: Inbox) -> None:
    inbox.offer(1, 1, "a")
    inbox.vacate(0, "left")
    inbox.offer(1, 2, "b")
    inbox.disconnect(1)
    inbox.connect(1, "another", "Ben")
    assert inbox.drain() == [
        Input(1, "session-1", 1, "a"),
        Vacate(0, "left"),
        Input(1, "session-1", 2, "b"),
        Disconnect(1, "session-1"),
        Connect(1, "another", "Ben"),
    ]
    assert inbox.drain() == []


def test_it_says_whether_anything_waits(inbox: Inbox) -> None:
    assert not inbox
    inbox.offer(0, 2, None)
    assert not inbox, "what was not taken in does not wait"
    inbox.offer(0, 1, None)
    assert inbox
    inbox.drain()
    assert not inbox


def test_a_number_that_waits_changes_nothing_when_it_is_offered_again(inbox: Inbox) -> None:
    inbox.offer(0, 1, "first")
    inbox.offer(0, 2, "second")
    assert inbox.offer(0, 1, "other") is None
    assert inbox.offer(0, 2, "other") is None
    assert [entry.data for entry in inbox.drain()] == ["first", "second"]


def test_a_number_that_left_does_not_enter_again(inbox: Inbox) -> None:
    inbox.offer(0, 1, None)
    inbox.drain()
    assert inbox.offer(0, 1, None) is None
    assert inbox.drain() == []


def test_the_place_of_a_seat_ends_and_comes_back_with_the_tick(inbox: Inbox) -> None:
    fill(inbox)
    assert inbox.offer(0, MAX + 1, None) == Again(next=MAX + 1, code="busy")
    assert seqs(inbox.drain()) == list(range(1, MAX + 1))
    fill(inbox, first=MAX + 1)
    assert len(inbox.drain()) == MAX


def test_a_full_seat_does_not_touch_the_others(inbox: Inbox) -> None:
    fill(inbox, seat=0)
    inbox.offer(0, MAX + 1, None)
    fill(inbox, seat=1)
    assert len(inbox.drain()) == 2 * MAX


def test_repeated_numbers_take_no_place(inbox: Inbox) -> None:
    for _ in range(3 * MAX):
        inbox.offer(0, 1, None)
    for seq in range(2, MAX + 1):
        assert inbox.offer(0, seq, None) is None


def test_connects_and_vacates_enter_a_full_seat(inbox: Inbox) -> None:
    fill(inbox)
    inbox.disconnect(0)
    inbox.vacate(0, "left")
    assert len(inbox.drain()) == MAX + 2


def test_a_gap_is_answered_with_the_number_that_is_missing(inbox: Inbox) -> None:
    inbox.offer(0, 1, None)
    assert inbox.offer(0, 3, None) == Again(next=2, code="gap")
    assert seqs(inbox.drain()) == [1]
    assert inbox.offer(0, 2, None) is None


def test_who_sent_twenty_after_a_gap_is_asked_once_a_tick(inbox: Inbox) -> None:
    for _ in range(2):
        answers = [inbox.offer(0, seq, None) for seq in range(2, 22)]
        assert answers == [Again(next=1, code="gap")] + [None] * 19
        inbox.drain()


def test_who_sent_twenty_too_many_is_asked_once_a_tick(inbox: Inbox) -> None:
    fill(inbox)
    answers = [inbox.offer(0, seq, None) for seq in range(MAX + 1, MAX + 21)]
    assert answers == [Again(next=MAX + 1, code="busy")] + [None] * 19


def test_another_gap_in_the_same_tick_is_answered_as_well(inbox: Inbox) -> None:
    assert inbox.offer(0, 2, None) == Again(next=1, code="gap")
    inbox.offer(0, 1, None)
    assert inbox.offer(0, 3, None) == Again(next=2, code="gap")


def test_each_seat_is_asked_for_its_own(inbox: Inbox) -> None:
    assert inbox.offer(0, 5, None) == Again(next=1, code="gap")
    assert inbox.offer(1, 5, None) == Again(next=1, code="gap")


def test_a_new_socket_is_asked_again_in_the_same_tick(inbox: Inbox) -> None:
    """What the older socket was told, this one never heard."""
    inbox.offer(0, 2, None)
    inbox.connect(0, "session-0", "Ada")
    assert inbox.offer(0, 2, None) == Again(next=1, code="gap")


def test_a_session_that_returns_goes_on_counting(inbox: Inbox) -> None:
    inbox.offer(0, 1, None)
    inbox.disconnect(0)
    inbox.connect(0, "session-0", "Ada")
    assert inbox.offer(0, 1, "again") is None
    assert inbox.offer(0, 2, None) is None
    assert seqs(inbox.drain()) == [1, 2]


def test_a_new_session_begins_at_one_and_leaves_what_waits_to_the_older(inbox: Inbox) -> None:
    inbox.offer(0, 1, "older")
    inbox.connect(0, "reloaded", "Ada")
    assert inbox.offer(0, 2, None) == Again(next=1, code="gap")
    assert inbox.offer(0, 1, "newer") is None
    taken = [entry for entry in inbox.drain() if isinstance(entry, Input)]
    assert taken == [Input(0, "session-0", 1, "older"), Input(0, "reloaded", 1, "newer")]


def test_opening_a_seat_anew_wins_no_place(inbox: Inbox) -> None:
    """Else one who reloads in a loop could send as much as they like."""
    fill(inbox)
    inbox.connect(0, "reloaded", "Ada")
    assert inbox.offer(0, 1, None) == Again(next=1, code="busy")


def test_the_older_session_begins_anew_when_it_comes_back_after_another(inbox: Inbox) -> None:
    inbox.offer(0, 1, None)
    inbox.connect(0, "reloaded", "Ada")
    inbox.connect(0, "session-0", "Ada")
    assert inbox.offer(0, 2, None) == Again(next=1, code="gap")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 12) | st.just("tick"), max_size=60))
def test_whatever_is_offered_each_number_enters_once_and_in_order(offers: list[Any]) -> None:
    inbox = Inbox()
    inbox.connect(0, "session-0", "Ada")
    inbox.drain()
    taken: list[int] = []
    for offered in offers:
        if offered == "tick":
            drained = seqs(inbox.drain())
            assert len(drained) <= MAX
            taken += drained
        else:
            again = inbox.offer(0, offered, None)
            assert again is None or again.next <= offered
    taken += seqs(inbox.drain())
    assert taken == list(range(1, len(taken) + 1))
