"""What is lost between workers is found, whether something comes after it or not."""

import pytest

from games.hosting.hearing import LOOKS_MAX, Doubt, Hearing


@pytest.fixture
def hearing() -> Hearing:
    hearing = Hearing()
    hearing.begin("m", "w", 1)
    return hearing


def looks(hearing: Hearing, count: int) -> list[list[Doubt]]:
    return [list(hearing.look()) for _ in range(count)]


def times(looks: list[list[Doubt]]) -> list[int]:
    return [number for number, doubts in enumerate(looks, 1) if doubts]


def test_a_room_that_plays_is_not_doubted(hearing: Hearing) -> None:
    for count in range(2, 50):
        hearing.heard("m", "w", count)
        assert looks(hearing, 1) == [[]]


def test_a_number_that_is_left_out_is_missed_once(hearing: Hearing) -> None:
    hearing.heard("m", "w", 2)
    hearing.heard("m", "w", 4)
    assert looks(hearing, 1) == [[Doubt("m", "w", 4, lost=True)]]
    hearing.heard("m", "w", 5)
    assert looks(hearing, 1) == [[]]


def test_what_comes_twice_or_late_is_not_missed(hearing: Hearing) -> None:
    for count in (2, 2, 1, 3):
        hearing.heard("m", "w", count)
    assert looks(hearing, 1) == [[]]


def test_a_quiet_room_is_asked_ever_more_seldom_and_always_again(hearing: Hearing) -> None:
    assert times(looks(hearing, 100)) == [2, 4, 8, 16, 32, 64, 96]
    hearing.heard("m", "w", 2)
    assert looks(hearing, 2) == [[], [Doubt("m", "w", 2, lost=False)]]


def test_another_owner_and_a_room_anew_count_anew(hearing: Hearing) -> None:
    hearing.heard("m", "w", 2)
    hearing.heard("m", "the next owner", 7)  # whose welcome is still on its way
    hearing.begin("m", "the next owner", 8)
    hearing.heard("m", "w", 3)
    hearing.heard("m", "the next owner", 9)
    assert looks(hearing, 1) == [[]]
    hearing.begin("m", "the next owner", 1)
    hearing.heard("m", "the next owner", 2)
    assert looks(hearing, 1) == [[]]


def test_a_second_welcome_misses_what_the_first_socket_did_not_get(hearing: Hearing) -> None:
    hearing.begin("m", "w", 3)
    assert looks(hearing, 1) == [[Doubt("m", "w", 3, lost=True)]]


def test_a_room_at_which_nobody_looks_is_forgotten(hearing: Hearing) -> None:
    hearing.forget("m")
    hearing.heard("m", "w", 9)
    assert times(looks(hearing, LOOKS_MAX)) == []
