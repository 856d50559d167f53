"""``/ws/lobby``, as a page speaks to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from games.limits import FRAME_BYTES_MAX
from games.protocol.codes import Close, Code
from lobby import feed as feeds
from lobby.limits import WATCHES_BURST_MAX
from lobby.live import live
from lobby.matchmaker import Passes
from lobby.models.accounts import User
from lobby.models.grants import Grant
from lobby.models.matchmaking import Ticket
from lobby.routing import websocket_urlpatterns
from lobby.services.lobbies import lobby_leave
from lobby.services.matchmaking import ticket_create
from lobby.sockets import sockets
from tests.lobby.kit import lobby_of, people

pytestmark = pytest.mark.django_db(transaction=True)

SOON_S = 60

make_people = sync_to_async(people)
make_lobby = sync_to_async(lobby_of)

Open = Callable[..., Awaitable[WebsocketCommunicator]]


@pytest.fixture
async def open_socket() -> AsyncIterator[Open]:
    """Opens sockets, of somebody's session or of nobody's, and closes them after the test."""
    opened: list[WebsocketCommunicator] = []

    async def connect(user: User | None = None) -> WebsocketCommunicator:
        headers = [] if user is None else [(b"cookie", await session_of(user))]
        socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/lobby", headers)
        connected, _ = await socket.connect(timeout=SOON_S)
        assert connected
        opened.append(socket)
        return socket

    yield connect
    for socket in opened:
        await socket.disconnect(timeout=SOON_S)
    assert feeds.feed._looks == {}
    assert sockets.held() == set()
    assert live._by_name == {}
    await live.stop()
    await feeds.feed.stop()


@sync_to_async
def session_of(user: User) -> bytes:
    client = Client()
    client.force_login(user)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={key}".encode()


async def hear(socket: WebsocketCommunicator) -> Any:
    return await socket.receive_json_from(timeout=SOON_S)


async def refusal(socket: WebsocketCommunicator) -> tuple[str, int]:
    """The code of the error, and that of the closing."""
    error = await hear(socket)
    assert set(error) == {"t", "code", "message"}
    closing = await socket.receive_output(timeout=SOON_S)
    assert closing["type"] == "websocket.close"
    return error["code"], closing["code"]


async def test_a_visitor_sees_the_list_change(open_socket: Open) -> None:
    (ann,) = await make_people("Ann")
    socket = await open_socket()
    await socket.send_json_to({"t": "watch", "lobby": None})
    assert await hear(socket) == {"t": "lobbies", "lobbies": []}
    lobby = await make_lobby(ann)
    message = await hear(socket)
    assert [shown["id"] for shown in message["lobbies"]] == [str(lobby.id)]


async def test_nothing_is_said_before_one_looks(open_socket: Open) -> None:
    (ann,) = await make_people("Ann")
    socket = await open_socket()
    await make_lobby(ann)
    assert await socket.receive_nothing()


async def test_a_member_sees_the_own_lobby_by_the_session(open_socket: Open) -> None:
    ann, bob, eve = await make_people("Ann", "Bob", "Eve")
    lobby = await make_lobby(ann, bob, private=True)
    member, outsider = await open_socket(ann), await open_socket(eve)
    for socket in (member, outsider):
        await socket.send_json_to({"t": "watch", "lobby": str(lobby.id)})
    assert (await hear(member))["lobby"]["code"] == lobby.code
    assert await hear(outsider) == {"t": "lobby", "lobby": None}
    await sync_to_async(lobby_leave)(lobby_id=lobby.id, user=bob)
    assert (await hear(member))["lobby"]["seats"]["taken"] == 1
    await sync_to_async(lobby_leave)(lobby_id=lobby.id, user=ann)
    assert await hear(member) == {"t": "lobby", "lobby": None}


async def test_one_socket_may_look_here_and_there(open_socket: Open) -> None:
    (ann,) = await make_people("Ann")
    lobby = await make_lobby(ann)
    socket = await open_socket(ann)
    for _ in range(2):
        await socket.send_json_to({"t": "watch", "lobby": str(lobby.id)})
        assert (await hear(socket))["t"] == "lobby"
        await socket.send_json_to({"t": "watch"})
        assert (await hear(socket))["t"] == "lobbies"


async def test_who_waits_for_a_match_hears_what_becomes_of_it(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    waiting, visitor = await open_socket(ann), await open_socket()
    for socket in (waiting, visitor):
        await socket.send_json_to({"t": "watch", "ticket": True})
        assert await hear(socket) == {"t": "ticket", "ticket": None}
    await sync_to_async(ticket_create)(user=ann, title="chess")
    assert (await hear(waiting))["ticket"]["state"] == "waiting"
    await sync_to_async(ticket_create)(user=bob, title="chess")
    assert await sync_to_async(Passes("w1").turn)() == 2
    told = {said["t"]: said for said in [await hear(waiting), await hear(waiting)]}
    ticket = told["ticket"]["ticket"]
    assert (ticket["state"], len(ticket["match"])) == ("matched", 36)
    notice = {"id": None, "kind": "matched", "data": {"match": ticket["match"]}}
    assert told["notice"]["notice"] == notice, "wherever else they look"
    assert await visitor.receive_nothing(), "and nobody else"


async def test_a_ticket_that_is_looked_at_is_seen(open_socket: Open) -> None:
    (ann,) = await make_people("Ann")
    ticket = await sync_to_async(ticket_create)(user=ann, title="chess")
    rows = Ticket.objects.filter(id=ticket.id)
    await rows.aupdate(seen=ticket.created - timedelta(seconds=40))
    socket = await open_socket(ann)
    await socket.send_json_to({"t": "watch", "ticket": True})
    assert (await hear(socket))["ticket"]["id"] == ticket.id
    assert (await rows.aget()).seen >= ticket.created


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" ", Code.MALFORMED),
        ("{", Code.MALFORMED),
        ("[]", Code.MALFORMED),
        ("[" * 2000, Code.MALFORMED),
        ('{"t": "watch", "lobby": 7}', Code.MALFORMED),
        ('{"t": "watch", "lobby": "x"}', Code.MALFORMED),
        ('{"t": "dance"}', Code.UNKNOWN_MESSAGE),
        ("{}", Code.UNKNOWN_MESSAGE),
        (" " * (FRAME_BYTES_MAX + 1), Code.TOO_LARGE),
        ("é" * (FRAME_BYTES_MAX // 2 + 1), Code.TOO_LARGE),
    ],
)
async def test_what_is_no_message_is_named_and_ends_the_socket(
    open_socket: Open, text: str, code: Code
) -> None:
    socket = await open_socket()
    await socket.send_to(text_data=text)
    assert await refusal(socket) == (code.value, Close.BAD_MESSAGE)


async def test_a_page_is_closed_with_its_session_and_no_other_is(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    page, other, visitor = await open_socket(ann), await open_socket(bob), await open_socket()
    mine = await Grant.objects.aget(user=ann)
    assert len(sockets.held()) == 2
    sockets.end(grants=[mine.id, "unknown"])
    assert await refusal(page) == (Code.SIGNED_OUT.value, Close.FORBIDDEN)
    for socket in (other, visitor):
        await socket.send_json_to({"t": "watch"})
        assert (await hear(socket))["t"] == "lobbies"
    assert mine.id not in sockets.held()


async def test_a_binary_frame_is_refused(open_socket: Open) -> None:
    socket = await open_socket()
    await socket.send_to(bytes_data=b'{"t": "watch"}')
    assert await refusal(socket) == (Code.WRONG_ENCODING.value, Close.BAD_MESSAGE)


async def test_a_flood_ends_the_socket_and_no_other(open_socket: Open) -> None:
    flooding, other = await open_socket(), await open_socket()
    for _ in range(WATCHES_BURST_MAX + 5):
        await flooding.send_json_to({"t": "watch"})
    code, closing = "", {"type": ""}
    while closing["type"] != "websocket.close":
        closing = await flooding.receive_output(timeout=SOON_S)
        code = closing.get("text", code)
    assert closing["code"] == Close.FLOOD
    assert Code.FLOOD.value in code
    await other.send_json_to({"t": "watch"})
    assert (await hear(other))["t"] == "lobbies"


# --- a part of the list ---------------------------------------------------------------------------


async def test_a_page_sees_the_part_of_the_list_that_it_asks_for(open_socket: Open) -> None:
    ann, bob = await make_people("Ann", "Bob")
    await make_lobby(ann, settings={"minutes": 3})
    slow = await make_lobby(bob, settings={"minutes": 10})
    socket = await open_socket()
    filters = {"title": "chess", "settings": {"minutes": {"min": 5}}, "rating_max": 1500}
    await socket.send_json_to({"t": "watch", "filters": filters})
    assert [lobby["id"] for lobby in (await hear(socket))["lobbies"]] == [str(slow.id)]
    await socket.send_json_to({"t": "watch", "filters": filters | {"rating_min": 1501}})
    assert (await hear(socket))["lobbies"] == []
    await socket.send_json_to({"t": "watch", "filters": {}})
    assert len((await hear(socket))["lobbies"]) == 2


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"title": "go"}, "title"),
        ({"settings": {"minutes": 3}}, "settings"),
        ({"title": "chess", "settings": {"minutes": 0}}, "settings.minutes"),
        ({"title": "chess", "settings": {"minutes": {"in": [3] * 600}}}, "settings"),
        ({"seats_free": -1}, "filters"),
        ({"rating_min": "much"}, "filters"),
        ({"colour": "red"}, "filters"),
    ],
)
async def test_filters_that_make_no_sense_are_refused_and_the_socket_stays(
    open_socket: Open, filters: Any, field: str
) -> None:
    socket = await open_socket()
    await socket.send_json_to({"t": "watch", "filters": filters})
    told = await hear(socket)
    assert (told["t"], told["of"], told["code"]) == ("refused", "watch", "invalid")
    assert list(told["fields"]) == [field]
    await socket.send_json_to({"t": "watch"})
    assert await hear(socket) == {"t": "lobbies", "lobbies": []}
