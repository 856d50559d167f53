"""Which workers are silent, told from readings of their beats. Time is handed in."""

import pytest

from games.hosting.ledger.watch import Watch
from games.limits import WATCH_FORGETS_S

LEASE_S, LATE_S, POLL_S = 0.5, 0.25, 0.1


class Watcher:
    """A worker that reads all beats each tenth of a second, in a time of its own."""

    def __init__(self) -> None:
        self.watch = Watch(LEASE_S, LATE_S)
        self.now = 1000.0
        self.beats = {"a": 1, "b": 1}

    def read(self, took_s: float = 0.0) -> set[str]:
        asked, self.now = self.now, self.now + took_s
        return self.watch.saw(asked, self.now, self.beats)

    def go_on(self, seconds: float, *, living: str = "") -> set[str]:
        """Read for so long; what is silent at the end. Those who live beat before each reading."""
        silent: set[str] = set()
        for _ in range(round(seconds / POLL_S)):
            self.now += POLL_S
            for worker in living:
                self.beats[worker] = self.beats.get(worker, 0) + 100
            silent = self.read()
        return silent


@pytest.fixture
def watcher() -> Watcher:
    """One that has read once."""
    watcher = Watcher()
    assert watcher.read() == set()
    return watcher


def test_who_beats_is_never_silent(watcher: Watcher) -> None:
    assert watcher.go_on(60, living="ab") == set()
    assert not watcher.watch.is_silent("a")


def test_who_does_not_move_for_the_lease_time_is_silent_and_no_sooner(watcher: Watcher) -> None:
    assert watcher.go_on(0.4, living="b") == set()
    assert watcher.go_on(0.2, living="b") == {"a"}
    assert watcher.watch.is_silent("a")
    assert not watcher.watch.is_silent("b")


def test_who_moves_again_is_silent_no_more(watcher: Watcher) -> None:
    watcher.go_on(1, living="b")
    assert watcher.go_on(0.1, living="ab") == set()
    assert watcher.go_on(0.4, living="b") == set()
    assert watcher.go_on(0.2, living="b") == {"a"}


def test_any_change_is_a_movement_also_backwards(watcher: Watcher) -> None:
    """A store that lost its tail tells an older value, and a late beat is one."""
    watcher.go_on(0.4)
    watcher.beats["a"] = 0
    assert watcher.go_on(0.2) == {"b"}


def test_the_pause_of_the_lease_before_the_first_reading_does_not_count() -> None:
    watcher = Watcher()
    assert watcher.go_on(0.5) == set()
    assert watcher.go_on(0.2) == {"a", "b"}


def test_silence_begins_anew_after_a_reading_that_failed(watcher: Watcher) -> None:
    watcher.go_on(0.4)
    watcher.watch.missed()
    watcher.now += POLL_S
    assert watcher.read() == set()
    assert watcher.go_on(0.4) == set()
    assert watcher.go_on(0.2) == {"a", "b"}


def test_a_worker_that_was_silent_gets_another_lease_time_when_nobody_could_see(
    watcher: Watcher,
) -> None:
    assert watcher.go_on(1, living="b") == {"a"}
    watcher.watch.missed()
    assert watcher.go_on(0.1, living="b") == set()


def test_silence_begins_anew_when_the_own_loop_was_late(watcher: Watcher) -> None:
    watcher.go_on(0.3)
    watcher.now += 2.0
    assert watcher.read() == set(), "nobody was heard in that time because nobody listened"
    assert watcher.go_on(0.4) == set()
    assert watcher.go_on(0.2) == {"a", "b"}


def test_silence_begins_anew_after_a_reading_that_took_long(watcher: Watcher) -> None:
    """The store stood still; ours was the first question that it answered, and beats wait."""
    watcher.go_on(0.3)
    watcher.now += POLL_S
    assert watcher.read(took_s=2.0) == set()
    assert watcher.go_on(0.4) == set()
    assert watcher.go_on(0.2) == {"a", "b"}


def test_the_time_of_a_reading_itself_is_no_silence(watcher: Watcher) -> None:
    for _ in range(2):
        watcher.now += POLL_S
        assert watcher.read(took_s=0.15) == set()
    watcher.now = 1000.0 + LEASE_S - 0.01
    assert watcher.read(took_s=0.2) == set(), "it was asked before the lease was over"


def test_a_watcher_that_is_late_now_and_then_sees_a_death_all_the_same(watcher: Watcher) -> None:
    for _ in range(5):
        watcher.go_on(0.3, living="ab")
        watcher.now += 1.0
    assert watcher.go_on(0.7, living="b") == {"a"}


def test_who_is_not_among_the_beats_is_watched_once_somebody_asks(watcher: Watcher) -> None:
    assert not watcher.watch.is_silent("c")
    assert watcher.go_on(0.4, living="ab") == set()
    assert watcher.go_on(0.2, living="ab") == {"c"}
    assert watcher.watch.is_silent("c")
    assert not watcher.watch.is_silent("d")


def test_who_vanished_from_the_store_is_silent_after_the_lease_time_only(watcher: Watcher) -> None:
    del watcher.beats["a"]
    assert watcher.go_on(0.5, living="b") == set()
    assert watcher.go_on(0.2, living="b") == {"a"}
    assert watcher.go_on(0.1, living="ab") == set(), "and is back with its next beat"


def test_the_last_beat_is_known_as_long_as_it_is_in_the_store(watcher: Watcher) -> None:
    assert watcher.watch.beat_of("a") == 1
    watcher.go_on(0.2, living="a")
    assert watcher.watch.beat_of("a") == 201
    assert watcher.watch.beat_of("nobody") is None


def test_those_who_were_struck_off_are_forgotten_in_the_end(watcher: Watcher) -> None:
    watcher.beats = {"b": 1}
    watcher.go_on(WATCH_FORGETS_S, living="b")
    assert watcher.watch.is_silent("a")
    assert watcher.go_on(2, living="b") == set()
    assert not watcher.watch.is_silent("a")
    assert watcher.go_on(WATCH_FORGETS_S * 2) == {"b"}, "who is still in the store never is"
