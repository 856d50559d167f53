"""The feed: who hears of what, how often, and across processes."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from lobby import feed as feeds
from lobby.feed import Changes, Feed, Look
from lobby.limits import FEED_FILTERS_MAX, FEED_PERIOD_S
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.selectors.lobbies import Wanted, lobby_for_viewer, lobby_shown
from lobby.services.lobbies import (
    lobby_change,
    lobby_close,
    lobby_create,
    lobby_join,
    lobby_kick,
    lobby_start,
)
from tests.lobby.kit import lobby_of, people, person, run

SOON_S = 60.0
"""Longer than anything here takes; a test that fails waits this long."""

make_people = sync_to_async(people)
make_lobby = sync_to_async(lobby_of)


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    """The feed of this process, as the services know it."""
    await feeds.feed.start()
    yield feeds.feed
    await feeds.feed.stop()


async def news(look: Look) -> Any:
    """What ``look`` is told next: the list, or the lobby."""
    message = msgspec.json.decode(await asyncio.wait_for(look.news(), SOON_S))
    return message["lobbies"] if message["t"] == "lobbies" else message["lobby"]


def looking(feed: Feed, target: Any = None, user: User | None = None) -> Look:
    look = Look(user.id if user else None)
    feed.watch(look, target)
    return look


# --- a slot, no queue -----------------------------------------------------------------------------


async def test_a_socket_that_does_not_read_keeps_the_newest_news_only() -> None:
    look = Look(None)
    for number in range(1000):
        look.offer(str(number))
    assert await look.news() == "999"


async def test_what_looks_as_before_is_no_news() -> None:
    look = Look(None)
    look.offer("a")
    assert await look.news() == "a"
    look.offer("b")
    look.offer("a")  # there and back
    look.offer("c")
    assert await look.news() == "c"
    look.offer("c")
    waiting = asyncio.ensure_future(look.news())
    await asyncio.sleep(0)
    assert not waiting.done()
    look.offer("d")
    assert await waiting == "d"


# --- what is told ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_the_list_is_told_at_once_and_after_each_change(feed: Feed) -> None:
    (ann,) = await make_people("Ann")
    look = looking(feed)
    assert await news(look) == []
    lobby = await make_lobby(ann)
    (shown,) = await news(look)
    assert (shown["id"], shown["code"]) == (str(lobby.id), None)
    await sync_to_async(lobby_close)(lobby_id=lobby.id)
    assert await news(look) == []


@pytest.mark.django_db(transaction=True)
async def test_the_list_is_as_rest_tells_it(feed: Feed) -> None:
    ann, bob = await make_people("Ann", "Bob")
    lobby = await make_lobby(ann, bob)
    listed = await sync_to_async(lobby_for_viewer)(lobby_id=lobby.id, user=bob)
    shown = lobby_shown(listed, insider=False)
    assert await news(looking(feed)) == [shown]


@pytest.mark.django_db(transaction=True)
async def test_a_lobby_is_told_with_its_code_to_members_only(feed: Feed) -> None:
    ann, eve = await make_people("Ann", "Eve")
    lobby = await make_lobby(ann)
    assert (await news(looking(feed, lobby.id, ann)))["code"] == lobby.code
    assert (await news(looking(feed, lobby.id, eve)))["code"] is None
    assert (await news(looking(feed, lobby.id)))["code"] is None


@pytest.mark.django_db(transaction=True)
async def test_a_private_lobby_is_null_to_outsiders_and_so_is_none_at_all(feed: Feed) -> None:
    ann, eve = await make_people("Ann", "Eve")
    lobby = await make_lobby(ann, private=True)
    assert await news(looking(feed, lobby.id, eve)) is None
    assert await news(looking(feed, lobby.id)) is None
    assert await news(looking(feed, uuid4(), eve)) is None
    assert (await news(looking(feed, lobby.id, ann)))["name"] == lobby.name
    assert await news(looking(feed)) == []


@pytest.mark.django_db(transaction=True)
async def test_one_who_joins_sees_more_and_one_who_is_kicked_nothing(feed: Feed) -> None:
    ann, bob = await make_people("Ann", "Bob")
    lobby = await make_lobby(ann, private=True)
    look = looking(feed, lobby.id, bob)
    assert await news(look) is None
    await sync_to_async(lobby_join)(lobby_id=lobby.id, user=bob, code=lobby.code)
    assert (await news(look))["seats"]["taken"] == 2
    await sync_to_async(lobby_kick)(lobby_id=lobby.id, user=ann, kicked_id=bob.id)
    assert await news(look) is None


@pytest.mark.django_db(transaction=True)
async def test_a_lobby_follows_its_match(feed: Feed) -> None:
    from games.services import match_end

    ann, bob = await make_people("Ann", "Bob")
    lobby = await make_lobby(ann, bob)
    look, everybody = looking(feed, lobby.id, bob), looking(feed)
    assert (await news(look))["state"] == "open"
    assert (await news(everybody))[0]["state"] == "open"
    match = await sync_to_async(lobby_start)(lobby_id=lobby.id, user=ann)
    assert (await news(look))["match"] == str(match.id)
    assert (await news(everybody))[0]["state"] == "playing"
    await sync_to_async(match_end)(match_id=match.id)
    assert (await news(look))["state"] == "open"
    assert (await news(everybody))[0]["match"] is None


@pytest.mark.django_db(transaction=True)
async def test_a_match_that_only_begins_to_run_is_no_news(feed: Feed) -> None:
    ann, bob = await make_people("Ann", "Bob")
    lobby = await make_lobby(ann, bob)
    match = await sync_to_async(lobby_start)(lobby_id=lobby.id, user=ann)
    look = looking(feed, lobby.id, bob)
    assert (await news(look))["state"] == "playing"
    await sync_to_async(run)(match)
    await sync_to_async(lobby_close)(lobby_id=lobby.id)
    assert await news(look) is None  # and nothing in between


@pytest.mark.django_db(transaction=True)
async def test_looking_elsewhere_tells_that_from_the_start(feed: Feed) -> None:
    (ann,) = await make_people("Ann")
    lobby = await make_lobby(ann)
    look = looking(feed, None, ann)
    first = await news(look)
    feed.watch(look, lobby.id)
    assert (await news(look))["code"] == lobby.code
    feed.watch(look, None)
    assert await news(look) == first


@pytest.mark.django_db(transaction=True)
async def test_a_part_of_the_list_is_told_as_it_changes(feed: Feed) -> None:
    ann, bob = await make_people("Ann", "Bob")
    look = looking(feed, feeds.narrowed(Wanted(title="chess", wishes={"minutes": {"gte": 9}})))
    assert await news(look) == []
    lobby = await make_lobby(ann, settings={"minutes": 3})
    await make_lobby(bob, settings={"minutes": 10}, name="Slow")
    assert [shown["name"] for shown in await news(look)] == ["Slow"]
    change = sync_to_async(lobby_change)
    await change(lobby_id=lobby.id, user=ann, changes={"settings": {"minutes": 9}, "name": "Nine"})
    assert [shown["name"] for shown in await news(look)] == ["Slow", "Nine"]


async def test_so_many_different_parts_are_looked_at_and_no_more(feed: Feed) -> None:
    parts = [feeds.narrowed(Wanted(seats_free=number)) for number in range(FEED_FILTERS_MAX)]
    looks = [Look(None) for _ in parts]
    assert all(feed.watch(look, part) for look, part in zip(looks, parts, strict=True))
    late = Look(None)
    assert not feed.watch(late, feeds.narrowed(Wanted(rated=True)))
    assert feed.watch(late, parts[0])  # which others look at already
    assert not feed.watch(late, feeds.narrowed(Wanted(rated=True)))
    feed.unwatch(looks[1])
    assert feed.watch(late, feeds.narrowed(Wanted(rated=True)))
    for look in (late, *looks):
        feed.unwatch(look)
    assert feed._looks == {}


# --- how it is told -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_burst_of_changes_is_one_query_for_all_and_paced(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ann,) = await make_people("Ann")
    lobby = await make_lobby(ann)
    looks = [looking(feed) for _ in range(20)]
    for look in looks:
        await news(look)
    asked: list[tuple[float, str]] = []
    feed_list = feeds.feed_list

    def counted(wanted: Any = None) -> Any:
        asked.append((time.monotonic(), _thread()))
        return feed_list(wanted)

    monkeypatch.setattr(feeds, "feed_list", counted)
    for number in range(50):
        await sync_to_async(Lobby.objects.filter(id=lobby.id).update)(name=f"Now {number}")
        feed.changed(Changes(lobbies={lobby.id}))
    for look in looks:  # some may be shown the last one at once, while others still wait for it
        while (await news(look))[0]["name"] != "Now 49":
            pass
    times = [time for time, _ in asked]
    assert all(later - sooner > 0.9 * FEED_PERIOD_S for sooner, later in pairwise(times))
    assert {thread for _, thread in asked} == {"lobby-feed_0"}


def _thread() -> str:
    return threading.current_thread().name


@pytest.mark.django_db(transaction=True)
async def test_a_change_may_be_told_from_any_thread(feed: Feed) -> None:
    look = looking(feed)
    assert await news(look) == []

    def elsewhere() -> None:
        from django.db import connections

        lobby_create(user=person("Ann"), title="chess")
        connections.close_all()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert len(await news(look)) == 1
    await asyncio.to_thread(thread.join)


@pytest.mark.django_db(transaction=True)
async def test_what_is_watched_is_looked_up_again_if_nobody_tells(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FEED_RECHECK_S", 0.01)
    (ann,) = await make_people("Ann")
    lobby = await make_lobby(ann)
    look, everybody = looking(feed, lobby.id, ann), looking(feed)
    await news(look)
    await news(everybody)
    await sync_to_async(Lobby.objects.update)(name="Unheard of")
    assert (await news(look))["name"] == "Unheard of"
    assert (await news(everybody))[0]["name"] == "Unheard of"


@pytest.mark.django_db(transaction=True)
async def test_a_failing_database_is_asked_again(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feeds, "FEED_RETRY_S", 0.01)
    fails = [True]
    feed_list = feeds.feed_list

    def sometimes(wanted: Any = None) -> Any:
        if fails.pop() if fails else False:
            raise ConnectionError("no database")
        return feed_list(wanted)

    monkeypatch.setattr(feeds, "feed_list", sometimes)
    assert await news(looking(feed)) == []
    assert "no database" in caplog.text


@pytest.mark.django_db(transaction=True)
async def test_who_stopped_looking_is_forgotten(feed: Feed) -> None:
    look, other = looking(feed), looking(feed, uuid4())
    await news(look)
    for gone in (look, other, look):
        feed.unwatch(gone)
    assert feed._looks == {}
    (ann,) = await make_people("Ann")
    await make_lobby(ann)
    assert len(await news(looking(feed))) == 1  # and not the empty list of before


async def test_a_change_that_nobody_can_be_told_of_is_no_error() -> None:
    Feed().changed(Changes(lobbies={uuid4()}))


# --- between processes ----------------------------------------------------------------------------


@pytest.fixture
def redis(settings: Any, redis_url: str) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "hosts": [{"address": redis_url, "socket_timeout": None}],
                "prefix": f"test-{uuid4().hex}",
            },
        }
    }


@pytest.fixture
async def two(redis: None) -> AsyncIterator[tuple[Feed, Feed]]:
    """The feeds of two processes, both in the group of all feeds."""
    pair = Feed(), Feed()
    for one in pair:
        await one.start()
    async with asyncio.timeout(SOON_S):
        for one in pair:
            await one.joined.wait()
    yield pair
    for one in pair:
        await one.stop()
    await get_channel_layer().flush()


@pytest.mark.django_db(transaction=True)
async def test_a_change_in_one_process_is_told_in_another(two: tuple[Feed, Feed]) -> None:
    here, there = two
    (ann,) = await make_people("Ann")
    lobby = await make_lobby(ann)
    look, everybody = looking(there, lobby.id, ann), looking(there)
    await news(look)
    await news(everybody)
    await sync_to_async(Lobby.objects.update)(name="Heard of")
    here.changed(Changes(lobbies={lobby.id}))
    assert (await news(look))["name"] == "Heard of"
    assert (await news(everybody))[0]["name"] == "Heard of"


@pytest.mark.django_db(transaction=True)
async def test_a_change_in_a_process_without_a_feed_is_told_in_others(
    two: tuple[Feed, Feed],
) -> None:
    _, there = two
    (ann,) = await make_people("Ann")
    match = None
    lobby = await make_lobby(ann, title="arena")
    look = looking(there, lobby.id, ann)
    assert (await news(look))["match"] is None
    match = await sync_to_async(lobby_start)(lobby_id=lobby.id, user=ann)
    await asyncio.to_thread(Feed().changed, Changes(matches={match.id}))  # a command, a script
    assert (await news(look))["match"] == str(match.id)


async def test_a_change_at_the_very_moment_of_stopping_holds_nothing_up() -> None:
    for turns in range(4):
        one = Feed()
        await one.start()
        await asyncio.sleep(0.01)
        one.changed(Changes(everything=True))
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(SOON_S):
            await one.stop()
