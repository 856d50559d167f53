"""What is said over ``/ws/lobby``, and who hears it."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from games.protocol.codes import Close, Code
from lobby.limits import (
    LIVE_JOBS_MAX,
    REACTIONS,
    REACTIONS_BURST_MAX,
    SAYS_BURST_MAX,
    TALKS_PER_SOCKET_MAX,
)
from lobby.live import live
from lobby.models.chat import Message
from lobby.selectors.chat import direct_name
from lobby.services.chat import chat_say
from lobby.services.lobbies import lobby_kick
from lobby.services.people import block_set
from tests.lobby.kit import lobby_of, people, person
from tests.lobby.test_consumers import Open, hear, make_lobby, make_people, open_socket, refusal
from tests.lobby.test_people_live import until

__all__ = ["open_socket"]

pytestmark = pytest.mark.django_db(transaction=True)


async def listening(socket: WebsocketCommunicator, talk: str) -> Any:
    await socket.send_json_to({"t": "listen", "talk": talk})
    return await hear(socket)


async def said(socket: WebsocketCommunicator, talk: str, text: Any, ref: int = 1) -> None:
    await socket.send_json_to({"t": "say", "talk": talk, "text": text, "ref": ref})


async def test_what_one_says_the_others_hear_with_its_number(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    talk = f"lobby:{(await make_lobby(ann, bob)).id}"
    one, other = await open_socket(ann), await open_socket(bob)
    for socket in (one, other):
        assert await listening(socket, talk) == {
            "t": "listening", "talk": talk, "speaks": True, "last": 0,
        }  # fmt: skip
    await said(one, talk, "shit happens", ref=7)
    heard = await hear(other)
    assert (heard["t"], heard["talk"], heard["number"]) == ("message", talk, 1)
    assert heard["message"]["text"] == "**** happens"
    assert heard["message"]["author"]["name"] == "Ann"
    answers = {message["t"]: message for message in [await hear(one), await hear(one)]}
    assert answers["said"] == {"t": "said", "talk": talk, "ref": 7, "number": 1}
    assert answers["message"] == heard
    await one.send_json_to({"t": "unlisten", "talk": talk})
    await sync_to_async(chat_say)(user=bob, talk=talk, text="by REST")
    assert (await hear(other))["message"]["text"] == "by REST"
    assert await one.receive_nothing()


async def test_who_may_not_is_told_so_and_stays(open_socket: Open) -> None:
    ann, eve = await make_people("Ann", "Eve")
    talk = f"lobby:{(await make_lobby(ann)).id}"
    visitor, stranger, member = await open_socket(), await open_socket(eve), await open_socket(ann)
    for socket, code in ((visitor, "not_authenticated"), (stranger, "not_found")):
        answer = await listening(socket, talk)
        assert (answer["t"], answer["of"], answer["code"]) == ("refused", "listen", code)
        await said(socket, talk, "x", ref=3)
        answer = await hear(socket)
        assert (answer["of"], answer["ref"], answer["code"]) == ("say", 3, code)
        await socket.send_json_to({"t": "react", "talk": talk, "emoji": REACTIONS[0]})
        assert (await hear(socket))["code"] in {"not_authenticated", "may_not_speak"}
    await said(member, talk, "")
    assert (await hear(member))["fields"] == {"text": ["Say something."]}
    assert not await Message.objects.aexists()


@pytest.mark.parametrize(
    "text",
    ['{"t": "say"}', '{"t": "listen", "talk": 7}', '{"t": "react", "talk": "x", "emoji": []}'],
)
async def test_what_is_no_message_ends_the_socket(open_socket: Open, text: str) -> None:
    socket = await open_socket()
    await socket.send_to(text_data=text)
    assert await refusal(socket) == (Code.MALFORMED.value, Close.BAD_MESSAGE)


async def test_one_who_is_muted_is_heard_as_a_number_alone(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    talk = f"lobby:{(await make_lobby(ann, bob)).id}"
    await sync_to_async(block_set)(user=bob, other_id=ann.id, chat_only=True)
    socket = await open_socket(bob)
    await listening(socket, talk)  # behind the question of whom Bob hides
    await sync_to_async(chat_say)(user=ann, talk=talk, text="x")
    assert await hear(socket) == {"t": "message", "talk": talk, "number": 1, "message": None}


async def test_who_is_removed_from_a_lobby_hears_it_no_more(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    lobby = await make_lobby(ann, bob)
    talk = f"lobby:{lobby.id}"
    socket = await open_socket(bob)
    await listening(socket, talk)
    await sync_to_async(lobby_kick)(lobby_id=lobby.id, user=ann, kicked_id=bob.id)
    assert await hear(socket) == {"t": "dropped", "talk": talk}
    await sync_to_async(chat_say)(user=ann, talk=talk, text="Alone")
    assert await socket.receive_nothing()


async def test_one_socket_listens_to_a_few_conversations(open_socket: Open) -> None:
    (ann,) = await make_people("Ann")
    others = await make_people(*(f"P{number}" for number in range(TALKS_PER_SOCKET_MAX + 2)))
    talks = [direct_name(ann.id, other.id) for other in others]
    socket = await open_socket(ann)
    for talk in talks:  # all at once: they are looked up behind each other
        await socket.send_json_to({"t": "listen", "talk": talk})
    answers = [await hear(socket) for _ in talks]
    assert [answer["t"] for answer in answers].count("listening") == TALKS_PER_SOCKET_MAX
    assert [answer.get("code") for answer in answers].count("too_many_talks") == 2
    await socket.send_json_to({"t": "unlisten", "talk": talks[0]})
    assert (await listening(socket, talks[-1]))["t"] == "listening"


async def test_reactions_are_few_of_a_fixed_set_and_not_kept(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    talk = f"lobby:{(await make_lobby(ann, bob)).id}"
    one, other = await open_socket(ann), await open_socket(bob)
    for socket in (one, other):
        await listening(socket, talk)
    for _ in range(REACTIONS_BURST_MAX + 1):
        await one.send_json_to({"t": "react", "talk": talk, "emoji": REACTIONS[0]})
    for _ in range(REACTIONS_BURST_MAX):
        shown = await hear(other)
        assert (shown["t"], shown["emoji"], shown["user"]["name"]) == ("reaction", "👍", "Ann")
    assert await other.receive_nothing()
    codes = [(await hear(one)).get("code") for _ in range(REACTIONS_BURST_MAX + 1)]
    assert codes.count("too_fast") == 1
    await one.send_json_to({"t": "react", "talk": talk, "emoji": "💩"})
    assert (await hear(one))["code"] == "invalid"


async def test_when_too_much_waits_one_is_told_that_it_is_busy(
    open_socket: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await sync_to_async(person)("Ann")
    talk = f"lobby:{(await sync_to_async(lobby_of)(ann)).id}"
    socket = await open_socket(ann)
    await until(lambda: live._waiting == 0)
    monkeypatch.setattr(live, "_waiting", LIVE_JOBS_MAX)
    await said(socket, talk, "x", ref=5)
    answer = await hear(socket)
    assert (answer["code"], answer["ref"]) == ("busy", 5)
    monkeypatch.setattr(live, "_waiting", 0)
    await said(socket, talk, "x", ref=6)
    assert (await hear(socket))["ref"] == 6


async def test_a_flood_of_words_ends_the_socket(open_socket: Open) -> None:
    (ann,) = await sync_to_async(people)("Ann")
    socket = await open_socket(ann)
    for _ in range(SAYS_BURST_MAX + 5):
        await said(socket, "lobby:x", "x")
    async with asyncio.timeout(10):
        while (message := await socket.receive_output())["type"] != "websocket.close":
            pass
    assert message["code"] == Close.FLOOD
