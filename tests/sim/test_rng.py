"""Chance that replays: the numbers are SplitMix64's, and none of them is favoured."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.sim import Rng

seeds = st.integers(0, 2**64 - 1)


def test_the_bits_are_those_of_the_reference() -> None:
    rng = Rng(1234567)
    assert [rng.bits() for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_golden_draws_stay_what_they_are() -> None:
    """What replays of old matches rest on; see ``Game.version`` before changing these."""
    rng, deck = Rng(42), list(range(8))
    rng.shuffle(deck)
    assert deck == [3, 1, 6, 2, 4, 0, 7, 5]
    assert [rng.below(6) for _ in range(8)] == [2, 1, 2, 5, 4, 2, 1, 2]
    assert [rng.between(-3, 3) for _ in range(4)] == [2, 0, 1, 1]
    assert rng.choice("abc") == "a"
    assert rng.fork() == Rng(17659533654446416872)


@given(seeds)
def test_the_same_seed_gives_the_same_numbers(seed: int) -> None:
    one, other = Rng(seed), Rng(seed)
    assert [one.bits() for _ in range(20)] == [other.bits() for _ in range(20)]


def test_neighbouring_seeds_have_nothing_in_common() -> None:
    first = {Rng(seed).bits() for seed in range(1000)}
    assert len(first) == 1000
    assert sum(bits & 1 for bits in first) == pytest.approx(500, abs=80)


@given(seeds, st.integers(1, 2**64))
def test_below_stays_below(seed: int, bound: int) -> None:
    rng = Rng(seed)
    assert all(0 <= rng.below(bound) < bound for _ in range(5))


@pytest.mark.parametrize("bound", [1, 2, 3, 6, 7, 100])
def test_below_favours_no_number(bound: int) -> None:
    rng, each = Rng(5), 300
    counts = Counter(rng.below(bound) for _ in range(bound * each))
    assert set(counts) == set(range(bound))
    chi2 = sum((count - each) ** 2 / each for count in counts.values())
    assert chi2 < 2 * bound + 20


def test_below_draws_again_where_the_rest_would_favour_small_numbers() -> None:
    """Of a bound of three quarters of all bits, one draw in four is thrown away."""
    bound, rng = 3 << 62, Rng(5)
    small = sum(rng.below(bound) < 1 << 62 for _ in range(3000))
    assert small == pytest.approx(1000, abs=120), "it would be 1500 by the remainder alone"


@pytest.mark.parametrize("bound", [0, -1, 2**64 + 1])
def test_a_bound_that_cannot_be_kept_is_an_error(bound: int) -> None:
    with pytest.raises(ValueError, match="bound"):
        Rng(1).below(bound)


@given(seeds, st.integers(-1000, 1000), st.integers(0, 3))
def test_between_includes_both_ends(seed: int, low: int, more: int) -> None:
    rng = Rng(seed)
    assert {rng.between(low, low + more) for _ in range(120)} == set(range(low, low + more + 1))


@given(seeds, st.lists(st.integers(0, 9), max_size=30))
def test_shuffle_keeps_every_item(seed: int, items: list[int]) -> None:
    shuffled = list(items)
    Rng(seed).shuffle(shuffled)
    assert Counter(shuffled) == Counter(items)


def test_every_order_comes_out_of_shuffle_as_often() -> None:
    rng, counts = Rng(9), Counter[str]()
    for _ in range(2400):
        cards = list("abcd")
        rng.shuffle(cards)
        counts["".join(cards)] += 1
    assert len(counts) == 24
    assert sum((count - 100) ** 2 / 100 for count in counts.values()) < 60


@given(seeds, st.integers(0, 10))
def test_a_generator_goes_on_where_it_was_after_it_was_written_into_a_state(
    seed: int, drawn: int
) -> None:
    rng = Rng(seed)
    for _ in range(drawn):
        rng.bits()
    for encoding in (msgspec.msgpack, msgspec.json):
        again = encoding.decode(encoding.encode(rng), type=Rng)
        assert again == rng
        assert again.bits() == Rng(rng.seed).bits()


def test_what_draws_from_a_fork_does_not_disturb_its_origin() -> None:
    one, other = Rng(3), Rng(3)
    fork, _ = one.fork(), other.fork()
    drawn = [fork.bits() for _ in range(10)]
    following = [one.bits() for _ in range(10)]
    assert following == [other.bits() for _ in range(10)]
    assert not set(drawn) & set(following)
