"""Parties: friends who go from lobby to lobby together."""

from typing import Any

import pytest

from lobby.limits import PARTY_MAX
from lobby.models.accounts import User
from lobby.models.parties import Party
from lobby.models.people import Notice
from lobby.selectors.people import party_of
from lobby.services.accounts import account_delete
from lobby.services.parties import party_invite, party_join
from tests.lobby.kit import api, fields_of, lobby_of, people, person, refused
from tests.lobby.test_people import act, make_friends
from tests.lobby.test_services import at_once

pytestmark = pytest.mark.django_db


def do(user: User, what: str, /, **body: Any) -> Any:
    return api(user).post(f"/api/party/{what}/", body)


def party(leader: User, *others: User) -> Party:
    """A party of friends."""
    for other in others:
        make_friends(leader, other)
        party_invite(user=leader, friend_id=other.id)
        party_join(user=other, party_id=Party.objects.get(members__user=leader).id)
    return Party.objects.get(members__user=leader)


def test_a_friend_who_is_invited_joins_and_who_leads_comes_first() -> None:
    ann, bob = people("Ann", "Bob")
    assert party_of(bob.id) == [bob.id]
    assert refused(do(ann, "invite", user=bob.id), 403, "not_friends")
    make_friends(ann, bob)
    shown = do(ann, "invite", user=bob.id).json()["party"]
    assert [user["name"] for user in shown["invited"]] == ["Bob"]
    assert Notice.objects.filter(user=bob, kind="party_invitation").count() == 1
    asked = api(bob).get("/api/party/").json()
    assert asked["party"] is None
    assert asked["invitations"][0]["leader"]["name"] == "Ann"
    joined = do(bob, "join", party=asked["invitations"][0]["party"]).json()
    assert [user["name"] for user in joined["party"]["members"]] == ["Ann", "Bob"]
    assert do(bob, "join", party=joined["party"]["id"]).status_code == 200
    assert party_of(bob.id) == party_of(ann.id) == [ann.id, bob.id]
    do(ann, "lead", user=bob.id)
    assert party_of(ann.id) == [bob.id, ann.id]


def test_nobody_joins_without_an_invitation_or_two_parties() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    first, second = party(ann, bob), party(cid, dan)
    assert refused(do(bob, "join", party=second.id), 404, "not_found")
    assert refused(do(bob, "join", party=10**40), 404, "not_found")
    make_friends(cid, bob)
    do(cid, "invite", user=bob.id)
    assert refused(do(bob, "join", party=second.id), 409, "in_a_party")
    do(bob, "leave")
    assert do(bob, "join", party=second.id).status_code == 200
    assert party_of(ann.id) == [ann.id]
    assert first.members.count() == 1


def test_a_leader_who_leaves_is_followed_and_the_last_one_ends_it() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    party(ann, bob, cid)
    do(ann, "leave")
    assert party_of(cid.id) == [bob.id, cid.id]
    account_delete(user=bob)
    assert party_of(cid.id) == [cid.id]
    assert Party.objects.get().leader == cid
    do(cid, "leave")
    assert not Party.objects.exists()
    assert do(cid, "leave").status_code == 200


def test_only_the_leader_invites_removes_and_appoints() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    party(ann, bob)
    make_friends(bob, cid)
    for what, who in (("invite", cid), ("kick", ann), ("lead", bob)):
        assert refused(do(bob, what, user=who.id), 403, "not_leader")
    assert refused(do(cid, "kick", user=ann.id), 404, "not_found")
    assert "user" in fields_of(do(ann, "kick", user=ann.id))
    assert "user" in fields_of(do(ann, "lead", user=cid.id))
    assert do(ann, "kick", user=bob.id).json()["party"]["members"] != []
    assert party_of(bob.id) == [bob.id]


@pytest.mark.django_db(transaction=True)
def test_a_party_has_no_more_people_than_it_may() -> None:
    ann, *others = people("Ann", *(f"P{number}" for number in range(PARTY_MAX + 1)))
    for other in others:
        make_friends(ann, other)
        party_invite(user=ann, friend_id=other.id)
    mine = Party.objects.get()
    came = at_once(*(lambda user=user: party_join(user=user, party_id=mine.id) for user in others))
    assert came == {"done": PARTY_MAX - 1, "party_full": 2}
    assert mine.members.count() == PARTY_MAX


def test_a_party_joins_a_lobby_together_or_not_at_all() -> None:
    ann, bob, cid, eve = people("Ann", "Bob", "Cid", "Eve")
    party(ann, bob, cid)
    small, large = lobby_of(eve), lobby_of(eve, title="arena", private=True, password="p")
    assert refused(do(ann, "lobby", lobby=str(small.id)), 409, "lobby_full")
    assert small.members.count() == 1
    assert refused(do(ann, "lobby", lobby=str(large.id)), 404, "not_found")
    answer = do(ann, "lobby", lobby=str(large.id), code=large.code)
    assert refused(answer, 403, "lobby_password_wrong")
    entry = {"lobby": str(large.id), "code": large.code, "password": "p"}
    assert refused(do(bob, "lobby", **entry), 403, "not_leader")
    for _ in range(2):
        assert do(ann, "lobby", **entry).status_code == 200
    assert large.members.count() == 4
    told = Notice.objects.filter(kind="party_lobby")
    assert sorted(notice.user.name for notice in told) == ["Bob", "Cid"]
    assert "lobby" in fields_of(do(ann, "lobby", lobby="x"))


def test_who_blocks_somebody_of_the_own_party_is_in_it_no_more() -> None:
    ann, bob = people("Ann", "Bob")
    party(ann, bob)
    act(bob, ann, "block")
    assert party_of(bob.id) == [bob.id]
    assert party_of(ann.id) == [ann.id]


def test_declined_is_declined() -> None:
    ann, bob = people("Ann", "Bob")
    make_friends(ann, bob)
    party_invite(user=ann, friend_id=bob.id)
    mine = Party.objects.get()
    assert do(bob, "decline", party=mine.id).json()["invitations"] == []
    assert refused(do(bob, "join", party=mine.id), 404, "not_found")
    assert do(person("Eve"), "decline", party=10**40).status_code == 200
