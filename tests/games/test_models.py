"""What the database itself refuses of matches and seats."""

import pytest
from django.db import IntegrityError, transaction

from games.models import Match, Seat
from tests.lobby.kit import match_of, people, person

pytestmark = pytest.mark.django_db


def test_a_seat_number_stands_once_in_a_match() -> None:
    match = match_of(*people("Ann", "Bob"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(match=match, number=1, name="Eve", user=person("Eve"))


def test_a_player_sits_once_in_a_match_and_bots_as_often_as_wanted() -> None:
    ann = person("Ann")
    match = match_of(ann, title="arena", bots=3)
    assert match.seats.filter(bot=True).count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(match=match, number=9, name="Ann", user=ann)


@pytest.mark.parametrize(
    ("status", "live"),
    [
        ("starting", True),
        ("running", True),
        ("finished", False),
        ("abandoned", False),
        ("faulted", False),
    ],
)
def test_a_match_is_live_until_it_ends_somehow(status: str, live: bool) -> None:
    assert Match(status=status).live is live


def test_a_seed_of_63_bits_fits() -> None:
    match = match_of(person("Ann"))
    Match.objects.update(seed=2**63 - 1)
    match.refresh_from_db()
    assert match.seed == 2**63 - 1
