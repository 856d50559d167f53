"""Invitations to lobbies: links, and letters to friends."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from lobby.limits import INVITATIONS_PER_LOBBY_MAX
from lobby.models.accounts import User
from lobby.models.invitations import Invitation
from lobby.models.people import Notice
from lobby.services.invitations import invitation_accept, invitation_make, invitations_prune
from lobby.services.lobbies import lobby_close, lobby_kick
from tests.lobby.kit import api, fields_of, lobby_of, people, person, refused
from tests.lobby.test_lobbies import do
from tests.lobby.test_people import act, make_friends
from tests.lobby.test_services import at_once

pytestmark = pytest.mark.django_db


def made(user: User, lobby: Any, **body: Any) -> dict[str, Any]:
    answer = api(user).post(f"/api/lobbies/{lobby.id}/invitations/", body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def look(user: User | None, token: str) -> Any:
    return api(user).get(f"/api/invitations/{token}/")


def accept(user: User | None, token: str) -> Any:
    return api(user).post(f"/api/invitations/{token}/accept/")


def test_a_link_opens_a_private_lobby_with_a_password_to_so_many() -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    lobby = lobby_of(ann, title="arena", private=True, password="p")
    link = made(ann, lobby, uses=2)
    assert link["path"] == f"/join/{link['token']}/"
    shown = look(None, link["token"]).json()
    assert (shown["lobby"]["name"], shown["lobby"]["code"]) == (lobby.name, None)
    assert refused(accept(None, link["token"]), 401, "not_authenticated")
    assert accept(bob, link["token"]).json()["code"] == lobby.code
    assert accept(bob, link["token"]).status_code == 200  # in it already: nothing is used up
    assert accept(cid, link["token"]).status_code == 200
    assert refused(accept(dan, link["token"]), 410, "invitation_over")
    assert refused(look(dan, link["token"]), 410, "invitation_over")


def test_a_link_that_is_old_or_taken_back_or_of_a_closed_lobby_opens_nothing() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, title="arena")
    old, gone, closed = (made(ann, lobby) for _ in range(3))
    past = timezone.now() - timedelta(seconds=1)
    Invitation.objects.filter(id=old["id"]).update(expires=past)
    assert refused(accept(bob, old["token"]), 410, "invitation_over")
    path = f"/api/lobbies/{lobby.id}/invitations/{gone['id']}/"
    assert api(ann).delete(path).status_code == 204
    assert refused(api(ann).delete(path), 404, "not_found")
    assert refused(accept(bob, gone["token"]), 404, "not_found")
    lobby_close(lobby_id=lobby.id)
    assert refused(accept(bob, closed["token"]), 404, "not_found")
    invitations_prune()
    assert not Invitation.objects.exists()
    for token in ("x", "x" * 500, "%00"):
        assert refused(accept(bob, token), 404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_the_last_of_a_link_at_once_one_gets_in() -> None:
    ann, *rivals = people("Ann", "Bob", "Cid", "Dan", "Eve")
    lobby = lobby_of(ann, title="arena")
    token = invitation_make(lobby_id=lobby.id, user=ann, uses=1, hours=1).token
    came = at_once(
        *(lambda user=user: invitation_accept(token=token, user=user) for user in rivals)
    )
    assert came == {"done": 1, "invitation_over": 3}
    assert lobby.members.count() == 2


def test_who_finds_no_seat_uses_nothing_up() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    lobby = lobby_of(ann, bob)
    token = made(ann, lobby, uses=1)["token"]
    assert refused(accept(cid, token), 409, "lobby_full")
    do(bob, lobby, "leave")
    assert accept(cid, token).status_code == 200


def test_members_see_their_own_links_and_the_host_all(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    lobby = lobby_of(ann, bob, title="arena")
    mine, hers = made(bob, lobby), made(ann, lobby)
    path = f"/api/lobbies/{lobby.id}/invitations/"
    client = api(ann)
    with django_assert_num_queries(4):
        assert [each["id"] for each in client.get(path).json()] == [hers["id"], mine["id"]]
    assert [each["id"] for each in api(bob).get(path).json()] == [mine["id"]]
    assert refused(api(eve).get(path), 404, "not_found")
    assert refused(api(eve).post(path, {}), 404, "not_found")
    assert refused(api(bob).delete(f"{path}{hers['id']}/"), 404, "not_found")
    assert api(ann).delete(f"{path}{mine['id']}/").status_code == 204


def test_links_are_few_and_within_bounds() -> None:
    ann = person("Ann")
    lobby = lobby_of(ann)
    for _ in range(INVITATIONS_PER_LOBBY_MAX):
        invitation_make(lobby_id=lobby.id, user=ann, uses=1, hours=1)
    path = f"/api/lobbies/{lobby.id}/invitations/"
    assert refused(api(ann).post(path, {}), 409, "too_many_invitations")
    for body in ({"uses": 0}, {"uses": 10**9}, {"hours": 0}, {"hours": "x"}, {"hours": 10**9}):
        assert list(fields_of(api(ann).post(path, body))) == list(body)


def test_a_friend_is_told_and_comes_in_and_nobody_else_does() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    lobby = lobby_of(ann, private=True)
    assert refused(do(ann, lobby, "invite", user=bob.id), 403, "not_friends")
    assert refused(do(ann, lobby, "invite", user=10**40), 403, "not_friends")
    make_friends(ann, bob)
    for _ in range(2):  # the second letter takes the place of the first
        assert do(ann, lobby, "invite", user=bob.id).status_code == 201
    token = Invitation.objects.get().token
    notice = Notice.objects.filter(user=bob, kind="lobby_invitation").first()
    assert notice is not None
    assert (notice.data["lobby"]["name"], notice.data["token"]) == (lobby.name, token)
    assert refused(accept(eve, token), 404, "not_found")
    assert accept(bob, token).status_code == 200
    assert "user" in fields_of(do(ann, lobby, "invite", user=bob.id))


def test_who_is_kept_out_is_not_let_in_by_an_invitation_and_invites_nobody() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    make_friends(ann, bob)
    lobby = lobby_of(ann, bob, title="arena")
    theirs, link = made(bob, lobby), made(ann, lobby)
    from lobby.services.invitations import invitations_of_gone

    lobby_kick(lobby_id=lobby.id, user=ann, kicked_id=bob.id)
    invitations_of_gone(lobby_id=lobby.id, user_id=bob.id)  # as the commit does
    assert refused(accept(cid, theirs["token"]), 404, "not_found")
    assert refused(accept(bob, link["token"]), 403, "kicked")
    assert refused(do(ann, lobby, "invite", user=bob.id), 403, "kicked")


def test_a_block_takes_letters_back() -> None:
    ann, bob = people("Ann", "Bob")
    make_friends(ann, bob)
    lobby = lobby_of(ann)
    do(ann, lobby, "invite", user=bob.id)
    act(bob, ann, "block")
    assert not Invitation.objects.exists()


def test_a_link_has_a_page_for_everybody() -> None:
    ann, bob = people("Ann", "Bob")
    link = made(ann, lobby_of(ann, private=True))
    client = Client()
    assert client.get(link["path"]).status_code == 200
    client.force_login(bob)
    assert client.get(link["path"]).status_code == 200
