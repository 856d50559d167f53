"""Where the lobby's subjects meet: matchmaking with ratings, parties and blocks; one's data."""

from typing import Any

import pytest
from django.utils import timezone

from games.models import Match
from games.selectors import category_of
from lobby.matchmaker import Passes
from lobby.models.accounts import User
from lobby.models.matchmaking import Ticket
from lobby.models.parties import Party, PartyMember
from lobby.models.ratings import Rating
from lobby.services.accounts import guest_create
from lobby.services.matchmaking import ticket_create
from lobby.services.parties import party_leave
from lobby.services.people import block_set
from tests.lobby.kit import api, lobby_of, people
from tests.lobby.test_lobbies import listed

pytestmark = pytest.mark.django_db(transaction=True)


def rated_at(user: User, mu: float, title: str = "chess") -> None:
    now = timezone.now()
    Rating.objects.create(
        user=user,
        title=title,
        category=category_of(title=title, settings={}),
        season="",
        mu=mu,
        sigma=60,
        last=now,
    )


def party(leader: User, *others: User) -> None:
    made = Party.objects.create(leader=leader)
    for user in (leader, *others):
        PartyMember.objects.create(party=made, user=user)


def matched(*users: User, title: str = "chess") -> set[Any]:
    """The matches that one pass finds for these, each of whom waits alone."""
    for user in users:
        ticket_create(user=user, title=title, bots=False)
    Passes("a-worker").turn()
    return {ticket.match_id for ticket in Ticket.objects.filter(owner__in=users)}


def test_those_who_are_equally_strong_find_each_other() -> None:
    ann, bob, eve, zoe = people("Ann", "Bob", "Eve", "Zoe")
    for user, mu in ((ann, 1500), (bob, 2100), (eve, 1510), (zoe, 2090)):
        rated_at(user, mu)
    matched(ann, bob, eve, zoe)
    pairs = {frozenset(m.seats.values_list("user_id", flat=True)) for m in Match.objects.all()}
    assert pairs == {frozenset({ann.id, eve.id}), frozenset({bob.id, zoe.id})}
    assert all(Match.objects.values_list("rated", flat=True))


def test_a_match_with_a_guest_is_casual() -> None:
    (ann,) = people("Ann")
    matched(ann, guest_create())
    assert list(Match.objects.values_list("rated", flat=True)) == [False]


def test_who_blocked_somebody_is_not_matched_with_them() -> None:
    ann, bob = people("Ann", "Bob")
    block_set(user=ann, other_id=bob.id)
    assert matched(ann, bob) == {None}


def test_a_party_waits_in_one_ticket_that_ends_when_somebody_leaves_it() -> None:
    ann, bob = people("Ann", "Bob")
    party(ann, bob)
    ticket = ticket_create(user=ann, title="arena", bots=False)
    assert set(ticket.people.values_list("user_id", flat=True)) == {ann.id, bob.id}
    party_leave(user=bob)
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.CANCELLED


def test_lobbies_are_listed_by_the_rating_of_their_host() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    rated_at(ann, 1800)
    rated_at(bob, 1200, title="roshambo")
    strong, beginner, other = (lobby_of(user, title="chess") for user in (ann, bob, eve))
    assert set(listed(rating_min=1501)) == {str(strong.id)}
    assert set(listed(rating_max=1600)) == {str(beginner.id), str(other.id)}
    assert set(listed(rating_min=1400, rating_max=1900)) == {
        str(lobby.id) for lobby in (strong, beginner, other)
    }


def test_ones_data_is_that_of_all_subjects() -> None:
    (ann,) = people("Ann")
    data = api(ann).get("/api/me/export/").json()
    subjects = {"account", "sessions", "lobbies", "matches", "people", "chat", "ratings", "tickets"}
    assert subjects <= set(data)
