"""What people are told over ``/ws/lobby``, and where they are said to be."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.utils import timezone

from lobby import live as lives
from lobby.feed import Look
from lobby.limits import LETTERS_WAITING_MAX, LIVE_JOBS_MAX, LOBBY_EMPTY_S, PRESENCE_TTL_S
from lobby.live import Letter, Live, Post, beat, live
from lobby.models.lobbies import Lobby
from lobby.presence import Place, presence_of, presence_write
from lobby.services.people import block_set, notify
from tests.lobby.kit import api, lobby_of, people, person
from tests.lobby.test_consumers import Open, hear, make_lobby, make_people, open_socket
from tests.lobby.test_feed import redis

__all__ = ["open_socket", "redis"]

SOON_S = 10.0


async def until(holds: Callable[[], bool]) -> None:
    """Returns once it is so."""
    async with asyncio.timeout(SOON_S):
        while not holds():  # noqa: ASYNC110  nothing says when it is
            await asyncio.sleep(0.01)


# --- telling --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_notice_reaches_every_socket_of_its_person_and_no_other(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    first, second, other = [await open_socket(user) for user in (ann, ann, bob)]
    await sync_to_async(notify)(ann.id, "hello", {"n": 1})
    for socket in (first, second):
        message = await hear(socket)
        assert (message["t"], message["unread"]) == ("notice", 1)
        assert (message["notice"]["kind"], message["notice"]["data"]) == ("hello", {"n": 1})
    assert await other.receive_nothing()


async def test_letters_go_before_news_and_a_slow_reader_is_told_that_it_missed_some() -> None:
    look = Look(1)
    look.offer("news")
    for number in range(LETTERS_WAITING_MAX + 10):
        look.post(str(number))
    assert await look.news() == '{"t":"missed"}'
    heard = [await look.news() for _ in range(LETTERS_WAITING_MAX + 1)]
    assert heard[0] == "10"
    assert heard[-2:] == [str(LETTERS_WAITING_MAX + 9), "news"]


def test_words_of_one_who_is_hidden_are_not_heard() -> None:
    post = Post(Look(1))
    post.hidden = frozenset({7})
    post.hear(Letter("t", "spoken", author=8))
    post.hear(Letter("t", "hidden", author=7, instead="something"))
    post.hear(Letter("t", "hidden", author=7))
    assert list(post.look._letters) == ["spoken", "something"]


@pytest.fixture
async def two(redis: None) -> AsyncIterator[tuple[Live, Live]]:
    """Two processes' worth of it, joined by Redis."""
    both = (Live(), Live())
    for each in both:
        await each.start()
        await asyncio.wait_for(each.joined.wait(), SOON_S)
    yield both
    for each in both:
        await each.stop()
    await get_channel_layer().flush()


@pytest.mark.django_db(transaction=True)
async def test_letters_reach_the_sockets_of_other_processes(two: tuple[Live, Live]) -> None:
    here, there = two
    far, near = Post(Look(None)), Post(Look(None))
    for each, post in ((here, near), (there, far)):
        each.join(post)
        assert each.listen(post, "lobby:x", speaks=True)
    count = LETTERS_WAITING_MAX - 1  # none is forgotten, however slowly they are read
    for number in range(count):
        here.tell_now(Letter("lobby:x", str(number)))
    for post in (far, near):
        heard = [await asyncio.wait_for(post.look.news(), SOON_S) for _ in range(count)]
        assert heard == [str(number) for number in range(count)]


async def test_what_sockets_ask_of_the_database_is_bounded() -> None:
    own = Live()
    await own.start()
    gate, done = asyncio.Event(), []
    loop = asyncio.get_running_loop()

    def wait() -> None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()

    assert own.submit(wait, done.append)
    assert all(own.submit(int, done.append) for _ in range(LIVE_JOBS_MAX - 1))
    assert not own.submit(int, done.append)
    gate.set()
    await until(lambda: len(done) == LIVE_JOBS_MAX)
    assert own.submit(int, done.append)
    await own.stop()


@pytest.mark.django_db(transaction=True)
async def test_who_blocks_somebody_does_not_hear_them_from_then_on(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    await open_socket(ann)
    (post,) = live._by_name[f"user:{ann.id}"]
    await sync_to_async(block_set)(user=ann, other_id=bob.id, chat_only=True)
    await until(lambda: post.hidden == frozenset({bob.id}))


@pytest.mark.django_db(transaction=True)
async def test_whom_one_hides_is_asked_again_where_too_much_waited(
    open_socket: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await make_people("Ann", "Bob")
    await sync_to_async(block_set)(user=ann, other_id=bob.id)
    monkeypatch.setattr(lives, "FEED_RETRY_S", 0.01)
    monkeypatch.setattr(lives, "LIVE_JOBS_MAX", 0)
    await open_socket(ann)
    (post,) = live._by_name[f"user:{ann.id}"]
    assert post.hidden == frozenset()
    monkeypatch.setattr(lives, "LIVE_JOBS_MAX", LIVE_JOBS_MAX)
    await until(lambda: post.hidden == frozenset({bob.id}))


# --- presence -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_where_somebody_is_follows_from_their_sockets(
    open_socket: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, cid = await make_people("Ann", "Bob", "Cid")
    lobby = await make_lobby(bob)
    await open_socket(ann)
    socket = await open_socket(bob)
    await socket.send_json_to({"t": "watch", "lobby": str(lobby.id)})
    await hear(socket)
    await open_socket()  # of a visitor
    monkeypatch.setattr(live, "in_rooms", lambda: [cid.id])
    assert live.here() == {Place.ONLINE: {ann.id}, Place.LOBBY: {bob.id}, Place.MATCH: {cid.id}}
    await until(lambda: len(presence_of([ann.id, bob.id, cid.id])) == 3)


def test_presence_is_shared_by_workers_through_redis(redis_url: str, settings: Any) -> None:
    prefix = {"KEY_PREFIX": f"test-{uuid4().hex}"}
    redis_cache = {"BACKEND": "gameserver.cache.Cache", "LOCATION": redis_url}
    settings.CACHES = {"default": redis_cache | prefix}
    presence_write({Place.LOBBY: range(2500), Place.MATCH: [7]})
    here = presence_of([7, 8, 2499, 2500])
    assert here == {7: Place.MATCH, 8: Place.LOBBY, 2499: Place.LOBBY}


def test_presence_is_the_most_telling_of_all_places_and_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import time

    now = [time.time()]
    monkeypatch.setattr("django.core.cache.backends.base.time.time", lambda: now[0])
    monkeypatch.setattr("django.core.cache.backends.locmem.time.time", lambda: now[0])
    presence_write({Place.MATCH: [1], Place.ONLINE: range(3000)})
    presence_write({Place.ONLINE: [1]})  # by another worker
    here = presence_of(range(3001))
    assert (here[1], here[2999], len(here)) == (Place.MATCH, Place.ONLINE, 3000)
    now[0] += PRESENCE_TTL_S + 1
    assert presence_of(range(3001)) == {}


@pytest.mark.django_db
def test_a_lobby_shows_who_of_its_people_is_away_and_lives_while_one_is_not() -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    Lobby.objects.update(seen=timezone.now() - timezone.timedelta(seconds=LOBBY_EMPTY_S - 1))
    beat({Place.ONLINE: {bob.id}, Place.LOBBY: set(), Place.MATCH: set()})
    members = api(ann).get(f"/api/lobbies/{lobby.id}/").json()["members"]
    assert [member["away"] for member in members] == [True, False]
    assert (timezone.now() - Lobby.objects.get().seen).total_seconds() < 60


@pytest.mark.django_db
def test_a_sweep_closes_what_is_deserted() -> None:
    lobby_of(person("Ann"))
    Lobby.objects.update(seen=timezone.now() - timezone.timedelta(seconds=LOBBY_EMPTY_S + 1))
    lives.sweep()
    assert Lobby.objects.get().closed
