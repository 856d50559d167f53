"""Friends, requests, blocks and notices, as a client sees them."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from lobby.limits import (
    BLOCKS_MAX,
    FRIENDS_MAX,
    NOTICES_KEPT_MAX,
    REQUESTS_RECEIVED_MAX,
    REQUESTS_SENT_MAX,
)
from lobby.models.accounts import User
from lobby.models.people import Block, Friend, FriendRequest, Notice
from lobby.presence import Place, presence_write
from lobby.selectors.people import are_blocked, blocked_pairs, friends_of
from lobby.services.accounts import guest_create
from lobby.services.people import (
    block_set,
    friend_accept,
    friend_remove,
    friend_request,
    notify,
    person_told,
)
from tests.lobby.kit import api, fields_of, people, person, refused
from tests.lobby.test_services import at_once

pytestmark = pytest.mark.django_db


def act(user: User, other: User | int, what: str) -> Any:
    other_id = other if isinstance(other, int) else other.id
    return api(user).post(f"/api/people/{other_id}/{what}/")


def listed(user: User, path: str) -> list[str]:
    answer = api(user).get(f"/api/{path}/")
    assert answer.status_code == 200, answer.content
    return [row["user"]["name"] for row in answer.json()["results"]]


def told(user: User) -> list[str]:
    return [row["kind"] for row in api(user).get("/api/notices/").json()["results"]]


def make_friends(one: User, other: User) -> None:
    friend_request(user=one, other_id=other.id)
    friend_accept(user=other, other_id=one.id)


# --- friends --------------------------------------------------------------------------------------


def test_who_is_asked_and_says_yes_is_a_friend() -> None:
    ann, bob = people("Ann", "Bob")
    assert act(ann, bob, "request").json()["request"] == "sent"
    assert act(ann, bob, "request").status_code == 200  # twice is once
    assert (listed(bob, "friends/requests"), told(bob)) == (["Ann"], ["friend_request"])
    assert listed(ann, "friends/requests/sent") == ["Bob"]
    assert listed(ann, "friends") == []
    assert act(bob, ann, "accept").json() == {
        "user": {"id": ann.id, "name": "Ann", "guest": False},
        "friend": True, "request": None, "blocked": False, "muted": False, "presence": "offline",
    }  # fmt: skip
    assert (listed(ann, "friends"), listed(bob, "friends")) == (["Bob"], ["Ann"])
    assert told(ann) == ["friend_accepted"]
    assert friends_of(ann.id) == [bob.id]
    assert not FriendRequest.objects.exists()
    act(ann, bob, "unfriend")
    assert (friends_of(ann.id), friends_of(bob.id)) == ([], [])


def test_a_request_can_be_declined_and_taken_back() -> None:
    ann, bob = people("Ann", "Bob")
    for who, other in ((bob, ann), (ann, bob)):
        act(ann, bob, "request")
        assert act(who, other, "decline").json()["request"] is None
    assert refused(act(bob, ann, "accept"), 404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_each_other_at_once_are_friends() -> None:
    for _ in range(3):
        ann, bob = people("Ann", "Bob")
        came = at_once(
            lambda: friend_request(user=ann, other_id=bob.id),  # noqa: B023
            lambda: friend_request(user=bob, other_id=ann.id),  # noqa: B023
        )
        assert came == {"done": 2}
        assert (friends_of(ann.id), friends_of(bob.id)) == ([bob.id], [ann.id])
    assert not FriendRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_is_asked_and_blocks_at_once_has_no_friend_left() -> None:
    ann, bob = people("Ann", "Bob")
    friend_request(user=ann, other_id=bob.id)
    at_once(
        lambda: friend_accept(user=bob, other_id=ann.id),
        lambda: block_set(user=ann, other_id=bob.id),
    )
    assert are_blocked(ann.id, bob.id)
    assert not Friend.objects.exists()
    assert not FriendRequest.objects.exists()


@pytest.mark.parametrize("what", ["request", "accept", "decline", "unfriend", "block", "mute"])
def test_nobody_and_oneself_are_no_people_to_do_something_about(what: str) -> None:
    ann = person("Ann")
    assert "user" in fields_of(act(ann, ann, what))
    for nobody in (0, 10**9, 10**40):
        assert refused(act(ann, nobody, what), 404, "not_found")
    assert refused(api().post(f"/api/people/{ann.id}/{what}/"), 401, "not_authenticated")


def test_people_are_found_by_username_and_guests_are_not() -> None:
    ann, bob, guest = person("Ann"), person("Bob"), guest_create()
    find = api(ann).post("/api/people/find/", {"username": bob.username.upper()})
    assert find.json()["user"]["id"] == bob.id
    assert find.json()["presence"] is None
    for name in (guest.username, "nobody", "a\x00b"):
        answer = api(ann).post("/api/people/find/", {"username": name})
        assert answer.status_code in {400, 404}


def test_friends_and_requests_are_bounded() -> None:
    ann, bob = people("Ann", "Bob")
    crowd = User.objects.bulk_create(
        User(username=f"c{number}", name="C") for number in range(FRIENDS_MAX)
    )
    FriendRequest.objects.bulk_create(
        FriendRequest(sender=ann, receiver=other) for other in crowd[:REQUESTS_SENT_MAX]
    )
    assert refused(act(ann, bob, "request"), 409, "too_many_requests")
    FriendRequest.objects.all().delete()
    FriendRequest.objects.bulk_create(
        FriendRequest(sender=other, receiver=bob) for other in crowd[:REQUESTS_RECEIVED_MAX]
    )
    assert refused(act(ann, bob, "request"), 409, "too_many_requests")
    FriendRequest.objects.all().delete()
    act(bob, ann, "request")
    Friend.objects.bulk_create(Friend(user=ann, friend=other) for other in crowd)
    assert refused(act(ann, bob, "accept"), 409, "too_many_friends")
    assert refused(act(ann, bob, "request"), 409, "too_many_friends")


def test_a_list_of_friends_says_where_they_are_in_few_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ann, *others = people("Ann", "Bob", "Cid", "Dan", "Eve")
    for other in others:
        make_friends(ann, other)
    bob, cid, dan, _ = others
    presence_write({Place.ONLINE: [bob.id, cid.id], Place.MATCH: [cid.id], Place.LOBBY: [dan.id]})
    client = api(ann)
    with django_assert_num_queries(3):  # who asks, how many, the page
        rows = client.get("/api/friends/").json()["results"]
    assert [row["presence"] for row in rows] == ["online", "match", "lobby", "offline"]
    for path in ("friends/requests", "friends/requests/sent", "blocks", "notices"):
        for other in others:
            notify(ann.id, "x", {})
            Block.objects.get_or_create(blocker=ann, blocked=other)
            FriendRequest.objects.get_or_create(sender=ann, receiver=other)
            FriendRequest.objects.get_or_create(sender=other, receiver=ann)
        with django_assert_num_queries(3):
            assert len(client.get(f"/api/{path}/").json()["results"]) >= 4


# --- blocks ---------------------------------------------------------------------------------------


def test_a_block_ends_a_friendship_and_keeps_requests_away_both_ways() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    make_friends(ann, bob)
    friend_request(user=cid, other_id=ann.id)
    assert act(ann, bob, "block").json()["blocked"]
    act(ann, cid, "block")
    assert friends_of(bob.id) == []
    assert listed(ann, "friends/requests") == []
    assert refused(act(bob, ann, "request"), 403, "blocked")
    assert refused(act(ann, bob, "request"), 403, "blocked")
    assert sorted(listed(ann, "blocks")) == ["Bob", "Cid"]
    assert listed(bob, "blocks") == []
    assert blocked_pairs([cid.id, bob.id, ann.id]) == {(ann.id, bob.id), (ann.id, cid.id)}
    assert blocked_pairs([bob.id, cid.id]) == set()
    act(ann, bob, "unblock")
    assert act(bob, ann, "request").status_code == 200


def test_a_mute_hides_words_and_nothing_else() -> None:
    ann, bob = people("Ann", "Bob")
    make_friends(ann, bob)
    shown = act(ann, bob, "mute").json()
    assert (shown["muted"], shown["blocked"], shown["friend"]) == (True, False, True)
    assert blocked_pairs([ann.id, bob.id]) == set()
    act(ann, bob, "block")
    act(ann, bob, "mute")
    assert act(ann, bob, "unmute").json()["blocked"]  # a block is more than a mute
    assert act(ann, bob, "unblock").json()["muted"] is False


def test_blocks_are_bounded() -> None:
    ann, bob = people("Ann", "Bob")
    crowd = User.objects.bulk_create(
        User(username=f"c{number}", name="C") for number in range(BLOCKS_MAX)
    )
    Block.objects.bulk_create(Block(blocker=ann, blocked=other) for other in crowd)
    assert refused(act(ann, bob, "block"), 409, "too_many_blocks")
    assert act(ann, crowd[0], "block").status_code == 200


# --- notices --------------------------------------------------------------------------------------


def test_notices_are_kept_until_newer_ones_push_them_out() -> None:
    ann = person("Ann")
    for number in range(NOTICES_KEPT_MAX + 3):
        notify(ann.id, "count", {"n": number})
    assert Notice.objects.count() == NOTICES_KEPT_MAX
    first = api(ann).get("/api/notices/").json()
    assert (first["count"], first["results"][0]["data"]) == (NOTICES_KEPT_MAX, {"n": 102})


def test_what_was_read_is_unread_no_more_and_others_are_not_touched() -> None:
    ann, bob = people("Ann", "Bob")
    for user in (ann, bob, ann):
        notify(user.id, "x", {})
    client = api(ann)
    newest, older = client.get("/api/notices/").json()["results"]
    assert client.post("/api/notices/read/", {"up_to": older["id"]}).json() == {"unread": 1}
    assert [row["id"] for row in client.get("/api/notices/?unread=true").json()["results"]] == [
        newest["id"]
    ]
    assert client.post("/api/notices/read/", {"up_to": 10**40}).json() == {"unread": 0}
    assert not Notice.objects.get(user=bob).read
    for wrong in (-1, "x", None):
        assert "up_to" in fields_of(client.post("/api/notices/read/", {"up_to": wrong}))


def test_what_is_of_no_use_later_is_told_and_not_kept(
    django_capture_on_commit_callbacks: Any,
) -> None:
    ann, heard = person("Ann"), []

    def hear(user_id: int, message: Any, **_: Any) -> None:
        heard.append((user_id, message["notice"]["kind"]))

    person_told.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            notify(ann.id, "ticket", {"state": "searching"}, keep=False)
    finally:
        person_told.disconnect(hear)
    assert heard == [(ann.id, "ticket")]
    assert not Notice.objects.exists()


def test_friends_go_with_their_account() -> None:
    from lobby.services.accounts import account_delete

    ann, bob = people("Ann", "Bob")
    make_friends(ann, bob)
    account_delete(user=ann)
    assert friends_of(bob.id) == []
    friend_remove(user=bob, other_id=person("Cid").id)
