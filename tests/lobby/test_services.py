"""What two people do at the same moment, and who is told of it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connections, transaction

from games.models import Match
from games.services import match_changed
from lobby.codes import Refused
from lobby.limits import LOBBIES_PER_USER_MAX
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby, Member
from lobby.services.accounts import account_register, account_rename
from lobby.services.lobbies import (
    lobby_change,
    lobby_changed,
    lobby_close,
    lobby_create,
    lobby_join,
    lobby_kick,
    lobby_leave,
    lobby_pass_on,
    lobby_ready,
    lobby_seat,
    lobby_start,
)
from tests.lobby.kit import lobby_of, people, person


def at_once(*actions: Callable[[], Any]) -> Counter[str]:
    """Does all of these at the same moment, each in a thread; how often each thing came of it."""
    together = threading.Barrier(len(actions))

    def do(action: Callable[[], Any]) -> str:
        together.wait()
        try:
            action()
        except Refused as refused:
            return refused.code.value
        else:
            return "done"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as threads:
        return Counter(threads.map(do, actions))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_the_last_seat_one_gets_it() -> None:
    lobby = lobby_of(person("Ann"))
    rivals = people("Bob", "Cid", "Dan", "Eve", "Fay", "Gus")
    came = at_once(*(lambda user=user: lobby_join(lobby_id=lobby.id, user=user) for user in rivals))
    assert came == {"done": 1, "lobby_full": 5}
    assert lobby.members.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_person_at_many_doors_at_once_passes_as_many_as_allowed() -> None:
    ann = person("Ann")
    doors = [lobby_of(user).id for user in people("Bob", "Cid", "Dan")]
    came = at_once(
        *(lambda door=door: lobby_join(lobby_id=door, user=ann) for door in doors),
        *(lambda: lobby_create(user=ann, title="chess") for _ in range(3)),
    )
    assert came == {"done": LOBBIES_PER_USER_MAX, "too_many_lobbies": 6 - LOBBIES_PER_USER_MAX}
    assert Member.objects.filter(user=ann).count() == LOBBIES_PER_USER_MAX


@pytest.mark.django_db(transaction=True)
def test_joining_twice_at_once_is_joining_once() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    join = [lambda: lobby_join(lobby_id=lobby.id, user=bob)] * 4
    assert at_once(*join) == {"done": 4}
    assert lobby.members.count() == 2


@pytest.mark.django_db(transaction=True)
def test_starting_twice_at_once_starts_one_match() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    start = [lambda: lobby_start(lobby_id=lobby.id, user=ann)] * 3
    assert at_once(*start) == {"done": 1, "already_playing": 2}
    assert Match.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_when_all_leave_at_once_the_lobby_closes() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    assert at_once(
        lambda: lobby_leave(lobby_id=lobby.id, user=ann),
        lambda: lobby_leave(lobby_id=lobby.id, user=bob),
    ) == {"done": 2}
    lobby.refresh_from_db()
    assert lobby.closed
    assert not lobby.members.exists()


@pytest.mark.django_db(transaction=True)
def test_who_joins_while_the_last_one_leaves_is_inside_or_finds_nothing() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    came = at_once(
        lambda: lobby_leave(lobby_id=lobby.id, user=ann),
        lambda: lobby_join(lobby_id=lobby.id, user=bob),
    )
    lobby.refresh_from_db()
    inside = lobby.members.filter(user=bob).exists()
    assert came == ({"done": 2} if inside else {"done": 1, "not_found": 1})
    assert lobby.closed != inside
    assert lobby.host == (bob if inside else None)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_register_one_name_at_once_one_gets_it() -> None:
    names = ["Otter", "otter", "OTTER"]
    came = at_once(
        *(
            lambda name=name: account_register(username=name, password="correct horse")
            for name in names
        )
    )
    assert came == {"done": 1, "invalid": 2}
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_database_itself_holds_usernames_apart() -> None:
    User.objects.create_user("Otter")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("oTTer")


# --- who is told ----------------------------------------------------------------------------------


@pytest.fixture
def told() -> Iterator[list[UUID]]:
    """The lobbies and matches of which a change was told, in order."""
    heard: list[UUID] = []

    def hear(lobby_id: UUID | None = None, match_id: UUID | None = None, **_: Any) -> None:
        heard.extend(found for found in (lobby_id, match_id) if found)

    lobby_changed.connect(hear)
    match_changed.connect(hear)
    yield heard
    lobby_changed.disconnect(hear)
    match_changed.disconnect(hear)


@pytest.mark.django_db
def test_every_write_to_a_lobby_is_told_after_its_commit(
    told: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, title="arena")
    steps: list[Callable[[], Any]] = [
        lambda: lobby_change(lobby_id=lobby.id, user=ann, changes={"name": "Now"}),
        lambda: account_rename(user=bob, name="Bobby"),
        lambda: lobby_seat(lobby_id=lobby.id, user=bob, seat=1),
        lambda: lobby_pass_on(lobby_id=lobby.id, user=ann, heir_id=bob.id),
        lambda: lobby_pass_on(lobby_id=lobby.id, user=bob, heir_id=ann.id),
        lambda: lobby_ready(lobby_id=lobby.id, user=bob, ready=True),
        lambda: lobby_start(lobby_id=lobby.id, user=ann),
        lambda: lobby_leave(lobby_id=lobby.id, user=bob),
        lambda: lobby_join(lobby_id=lobby.id, user=bob),
        lambda: lobby_kick(lobby_id=lobby.id, user=ann, kicked_id=bob.id),
        lambda: lobby_close(lobby_id=lobby.id),
    ]
    for step in steps:
        with django_capture_on_commit_callbacks() as callbacks:
            step()
        assert told == []
        for callback in callbacks:
            callback()
        assert lobby.id in told
        told.clear()


@pytest.mark.django_db
def test_what_is_refused_is_told_to_nobody(
    told: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(Refused):
        lobby_start(lobby_id=lobby.id, user=bob)
    assert not lobby_close(lobby_id=Lobby().id)
    assert told == []
