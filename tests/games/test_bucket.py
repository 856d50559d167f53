"""A steady rate with a burst; time is handed in."""

import pytest

from games.bucket import TokenBucket


def taken(bucket: TokenBucket, now: float, tries: int = 1000) -> int:
    return sum(bucket.take(now) for _ in range(tries))


def test_it_begins_full_and_gives_no_more_than_that_at_once() -> None:
    assert taken(TokenBucket(10, 25, now=100.0), 100.0) == 25


def test_it_fills_at_its_rate() -> None:
    bucket = TokenBucket(10, 25, now=0.0)
    taken(bucket, 0.0)
    assert taken(bucket, 1.0) == 10
    assert taken(bucket, 1.5) == 5


def test_it_fills_up_to_its_limit() -> None:
    bucket = TokenBucket(10, 25, now=0.0)
    taken(bucket, 0.0)
    assert taken(bucket, 1e6) == 25


def test_a_part_of_a_token_is_not_lost() -> None:
    bucket = TokenBucket(8, 2, now=0.0)
    taken(bucket, 0.0)
    allowed = sum(bucket.take(step / 64) for step in range(1, 64 * 10 + 1))
    assert allowed == 80


def test_one_who_keeps_the_rate_is_never_stopped() -> None:
    bucket = TokenBucket(64, 128, now=0.0)
    assert all(bucket.take(step / 64) for step in range(100_000))


def test_one_who_sends_twice_the_rate_gets_the_rate() -> None:
    bucket = TokenBucket(64, 128, now=0.0)
    allowed = sum(bucket.take(step / 128) for step in range(128 * 60))
    assert allowed == pytest.approx(128 + 64 * 60, abs=1)


def test_what_is_refused_costs_nothing() -> None:
    bucket = TokenBucket(1, 1, now=0.0)
    assert taken(bucket, 0.0) == 1
    assert taken(bucket, 0.5, tries=100) == 0
    assert bucket.take(1.0)
