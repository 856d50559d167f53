"""Real sockets at a real worker, on both servers."""

import asyncio
import contextlib
import json
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from games.client import Follower, Player, RoomClosed
from games.limits import FLOOD_WARNINGS_MAX, FRAME_BYTES_MAX
from games.protocol import codec
from games.protocol.codec import Encoding
from games.protocol.messages import SERVER, Error, Leave, Ping
from tests.people import Person, guest, match_of
from tests.services import Worker

ENCODINGS: tuple[Encoding, ...] = ("json", "msgpack")


async def two_at(worker: Worker, title: str = "tally") -> tuple[Person, Person, str]:
    ada, ben = await guest(worker), await guest(worker)
    return ada, ben, await match_of(title, ada, ben)


def add(n: int) -> dict[str, Any]:
    return {"t": "add", "n": n}


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_two_players_see_what_each_other_does(worker: Worker, encoding: Encoding) -> None:
    ada, ben, match = await two_at(worker)
    first = await ada.play(match, encoding=encoding)
    second = await ben.play(match, encoding=encoding)
    assert await first.settle(await first.send(add(3))) is None
    assert await second.settle(await second.send(add(4))) is None
    for player in (first, second):
        await player.until(lambda room: room.view["game"]["sums"] == [3, 4])
        await player.close()


async def test_each_seat_is_told_its_own_secret_only(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    first, second = await ada.play(match), await ben.play(match)
    watcher = await (await guest(worker)).play(match, spectate=True)
    await first.settle(await first.send(add(3)))
    await second.until(lambda room: room.view["game"]["sums"][0] == 3)
    await watcher.until(lambda room: room.view["game"]["sums"][0] == 3)
    assert first.room.secret == {"mine": [3]}
    assert second.room.secret == {"mine": []}
    assert watcher.room.secret is None
    for player in (first, second, watcher):
        await player.close()


async def test_a_reloaded_page_is_back_in_its_seat(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    first, second = await ada.play(match), await ben.play(match)
    await first.settle(await first.send(add(3)))
    await first.cut()
    await second.until(lambda room: room.view["seats"]["0"]["status"] == "away")
    again = await ada.play(match)
    assert again.room.welcome.seat == 0
    assert again.room.view["game"]["sums"] == [3, 0]
    await again.settle(await again.send(add(3)))
    await second.until(lambda room: room.view["seats"]["0"]["status"] == "here")
    await second.until(lambda room: room.view["game"]["sums"] == [6, 0])
    await again.close()
    await second.close()


async def test_a_cut_line_loses_no_input_and_applies_none_twice(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    player, other = await ada.play(match), await ben.play(match)
    for n in range(1, 31):
        await player.send(add(1))
        if n % 10 == 0:
            await player.cut()
            await player.join()  # by its resume token, as the same session
        await asyncio.sleep(0)
    await player.settle(30)
    await other.until(lambda room: room.view["game"]["sums"][0] == 30)
    assert player.room.refused == {}
    await player.close()
    await other.close()


async def test_of_two_sockets_on_a_seat_the_newer_wins_and_the_older_is_told(
    worker: Worker,
) -> None:
    ada, _, match = await two_at(worker)
    older = await ada.play(match)
    newer = await ada.play(match)
    assert await older.closed() == 4409
    assert older.room.errors == ["seat_replaced"]
    assert await newer.settle(await newer.send(add(1))) is None
    assert newer.room.view["seats"]["0"]["status"] == "here"
    await newer.close()


async def test_a_refused_input_is_settled_with_its_code(worker: Worker) -> None:
    ada, _, match = await two_at(worker)
    player = await ada.play(match)
    assert await player.settle(await player.send(add(13))) == "unlucky"
    assert await player.settle(await player.send({"t": "nonsense"})) == "invalid"
    assert player.room.view["game"]["sums"] == [0, 0]
    await player.close()


async def test_a_match_that_is_won_is_recorded_and_told_to_all(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    first, second = await ada.play(match), await ben.play(match)
    await second.send({"t": "misbehave", "how": "win"})
    for player in (first, second):
        await player.until(lambda room: room.view["result"])
        assert player.room.view["result"] == {"ranking": [[1], [0]], "reason": "won"}
        assert player.room.view["phase"] == "over"
    assert await first.settle(await first.send(add(1))) == "match_over"
    result = await eventually(lambda: _finished(ada, match))
    assert result["status"] == "finished"
    await first.close()
    await second.close()


async def test_giving_up_a_seat_ends_a_match_of_two(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    first, second = await ada.play(match), await ben.play(match)
    await second.send_raw(codec.encode(Leave(), "msgpack"))
    assert await second.closed() == 1000
    await first.until(lambda room: room.view["result"])
    assert first.room.view["result"] == {"ranking": [[0], [1]], "reason": "left"}
    await first.close()


async def both_in_time(worker: Worker) -> tuple[Player, Player]:
    """Two who are at a match that soon loses patience, before it did; if not at the first, then at
    the next one."""
    while True:
        ada, ben, match = await two_at(worker, "hasty")
        first, second = ada.player(match), ben.player(match)
        tickets = await ada.ticket(match), await ben.ticket(match)
        with contextlib.suppress(RoomClosed):
            await asyncio.gather(first.join(tickets[0]), second.join(tickets[1]))
            if not second.room.view["result"]:
                return first, second


async def test_who_does_not_come_back_in_time_forfeits(worker: Worker) -> None:
    first, second = await both_in_time(worker)
    await second.cut()
    told: list[dict[str, Any]] = []

    def over(room: Follower) -> bool:
        told.append({"time": room.time, **room.view["seats"]["1"]})
        return room.view["result"] is not None

    await first.until(over)
    assert first.room.view["result"] == {"ranking": [[0], [1]], "reason": "forfeit"}
    (until,) = {seat["until"] for seat in told if seat["status"] == "away"}
    assert told[-1]["time"] >= until
    await first.close()


async def test_a_turn_title_costs_no_tick_while_everybody_thinks(worker: Worker) -> None:
    ada, ben, match = await two_at(worker, "blitz")
    first, second = await ada.play(match), await ben.play(match)
    await second.settle(await second.send(add(1)))
    await first.until(lambda room: room.view["result"])
    assert first.room.view["game"] == {"sums": [0, 1], "clock": first.room.view["game"]["clock"]}
    assert first.room.view["game"]["clock"] >= 100, "its flag fell by itself"
    assert first.room.view["result"]["reason"] == "time_up"
    assert first.room.tick <= 7, "joins, one move and the flag, each a tick of its own"
    await first.close()
    await second.close()


async def test_a_bug_in_the_rules_stops_that_room_and_no_other(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    cyd, _, other_match = await two_at(worker)
    first, second = await ada.play(match), await ben.play(match)
    other = await cyd.play(other_match)
    await first.send({"t": "misbehave", "how": "raise"})
    for player in (first, second):
        assert await player.closed() == 4500
        assert player.room.errors == ["room_faulted"]
    assert await other.settle(await other.send(add(1))) is None
    answer = await eventually(lambda: _ended(ada, match))
    assert answer["status"] == "faulted"
    assert "Traceback" not in json.dumps(answer), "that is for the operator"
    await other.close()


async def test_a_bug_in_setup_is_told_and_recorded(worker: Worker) -> None:
    ada, _, match = await two_at(worker, "broken")
    with pytest.raises(RoomClosed) as closed:
        await ada.play(match)
    assert closed.value.code == 4500
    assert (await eventually(lambda: _ended(ada, match)))["status"] == "faulted"


async def test_a_ticket_is_used_once_even_by_many_at_the_same_moment(worker: Worker) -> None:
    ada, _, match = await two_at(worker)
    ticket = await ada.ticket(match)

    async def attempt() -> str:
        player = ada.player(match)
        with contextlib.suppress(RoomClosed):
            await player.join(ticket)
            await player.close()
            return "in"
        return f"{player.close_code} {player.room.errors[0]}"

    told = await asyncio.gather(*(attempt() for _ in range(12)))
    assert sorted(told) == ["4401 ticket_used"] * 11 + ["in"]


@pytest.mark.parametrize("forged", ["", "nonsense", "a:b:c", "x" * 300])
async def test_a_forged_ticket_is_refused(worker: Worker, forged: str) -> None:
    ada, _, match = await two_at(worker)
    player = ada.player(match)
    with pytest.raises(RoomClosed) as closed:
        await player.join(forged or " ")
    assert (closed.value.code, player.room.errors) == (4401, ["ticket_invalid"])


async def test_a_ticket_of_another_match_is_refused(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    other = await match_of("tally", ada, ben)
    player = ada.player(match)
    with pytest.raises(RoomClosed):
        await player.join(await ada.ticket(other))
    assert player.room.errors == ["ticket_invalid"]


async def test_a_resume_token_of_another_session_is_refused(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    player = await ada.play(match)
    token = player.room.welcome.resume
    thief = ben.player(match)
    async with connect(thief.url) as socket:
        await socket.send(
            json.dumps({"t": "hello", "v": 1, "session": "another-one", "resume": token})
        )
        assert json.loads(await socket.recv())["code"] == "resume_invalid"
        await socket.wait_closed()
        assert socket.close_code == 4401
    await player.close()


HELLO = {"t": "hello", "v": 1, "session": "a-session"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no message", "malformed"),
        ("", "malformed"),
        ('{"t":"dance"}', "unknown_message"),
        ('{"n":1}', "malformed"),
        ('{"t":"ping","n":"one"}', "malformed"),
        ('{"t":"ping","n":NaN}', "malformed"),
        ('{"t":"input","seq":1,"data":1e999}', "malformed"),
        ('{"t":"input","seq":1,"data":"\\ud800"}', "malformed"),
        ('{"t":"input","seq":1,"data":' + "[" * 9 + "]" * 9 + "}", "too_deep"),
        ('{"t":"input","seq":1,"data":' + "[" * 1900 + "]" * 1900 + "}", "too_deep"),
        ('{"t":"input","seq":1,"data":"' + "x" * FRAME_BYTES_MAX + '"}', "too_large"),
        ('{"t":"input","seq":1,"data":1}', "unexpected_message"),
        ('{"t":"leave"}', "unexpected_message"),
        (json.dumps(HELLO | {"v": 99, "ticket": "x"}), "unsupported_version"),
        (b'{"t":"ping","n":1}', "wrong_encoding"),
    ],
)
async def test_what_is_no_message_is_answered_with_a_code_and_closes(
    worker: Worker, said: str | bytes, code: str
) -> None:
    url = f"{worker.ws_url}/ws/room/00000000-0000-0000-0000-000000000000"
    async with connect(url) as socket:
        await socket.send(said)
        answer = json.loads(await socket.recv())
        assert (answer["t"], answer["code"]) == ("error", code)
        await socket.wait_closed()
        assert socket.close_code == 4400


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\xc1", "malformed"),
        (b"\x81", "malformed"),
        (msgspec.msgpack.encode([77]), "unknown_message"),
        (msgspec.msgpack.encode([1, 1, float("nan")]), "malformed"),
        (msgspec.msgpack.encode([1, 1, {1: 2}]), "malformed"),
        (msgspec.msgpack.encode([1, 1, b"raw"]), "malformed"),
        (codec.encode(Ping(n=1), "msgpack") + b"\x00", "malformed"),
        (b"\xdf\xff\xff\xff\xff", "malformed"),
        (b"\x93\x01\x01" + b"\x91" * 20 + b"\x00", "too_deep"),
        (b"\x00" * (FRAME_BYTES_MAX + 1), "too_large"),
        ('{"t":"ping","n":1}', "wrong_encoding"),
    ],
)
async def test_the_binary_encoding_is_as_strict(
    worker: Worker, said: str | bytes, code: str
) -> None:
    url = f"{worker.ws_url}/ws/room/00000000-0000-0000-0000-000000000000"
    async with connect(url, subprotocols=["evertick.v1.msgpack"]) as socket:
        await socket.send(said)
        number, told, _ = msgspec.msgpack.decode(await socket.recv())
        assert (SERVER[number], told) == (Error, code)
        await socket.wait_closed()
        assert socket.close_code == 4400


async def test_a_message_beyond_what_a_server_takes_in_is_closed_with_1009(worker: Worker) -> None:
    url = f"{worker.ws_url}/ws/room/00000000-0000-0000-0000-000000000000"
    async with connect(url) as socket:
        await socket.send("x" * 100_000)
        await socket.wait_closed()
        assert socket.close_code == 1009


async def test_a_flood_is_warned_and_closed_and_its_neighbour_plays_on(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    flooder, other = await ada.play(match), await ben.play(match)
    ping = codec.encode(Ping(n=1), "msgpack")

    async def flood() -> None:
        while flooder.close_code is None:
            for _ in range(200):
                await flooder.send_raw(ping)
            await asyncio.sleep(0.05)

    with contextlib.suppress(ConnectionClosed):
        await asyncio.wait_for(flood(), 60)
    assert await flooder.closed() == 4429
    assert flooder.room.errors == ["flood"] * (FLOOD_WARNINGS_MAX + 1)
    assert await other.settle(await other.send(add(1))) is None
    await other.close()


async def test_a_spectator_sends_nothing(worker: Worker) -> None:
    ada, _, match = await two_at(worker)
    first = await ada.play(match)
    watcher = await (await guest(worker)).play(match, spectate=True)
    assert watcher.room.welcome.seat is None
    await watcher.send(add(1))
    await watcher.until(lambda room: room.errors)
    assert watcher.room.errors == ["spectators_send_nothing"]
    await first.settle(await first.send(add(2)))
    await watcher.until(lambda room: room.view["game"]["sums"] == [2, 0])
    await watcher.close()
    await first.close()


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("same", True),
        ("null", False),
        ("https://evil.example", False),
        ("http://127.0.0.1:1", False),
        ("http://127.0.0.1.evil.example", False),
        ("nonsense", False),
    ],
)
async def test_only_pages_of_this_server_open_sockets(
    worker: Worker, origin: str | None, welcome: bool
) -> None:
    url = f"{worker.ws_url}/ws/room/00000000-0000-0000-0000-000000000000"
    headers = {} if origin is None else {"Origin": worker.url if origin == "same" else origin}
    if welcome:
        async with connect(url, additional_headers=headers):
            return
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, additional_headers=headers)
    # Daphne's own answer to what is no origin at all is 400; ours to all others is 403.
    assert refused.value.response.status_code in (400, 403)


async def test_a_socket_that_leads_nowhere_is_refused(worker: Worker) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{worker.ws_url}/ws/nowhere")
    assert refused.value.response.status_code == 403


async def test_a_match_that_is_over_has_no_seats_to_come_to(worker: Worker) -> None:
    ada, ben, match = await two_at(worker)
    ticket = await ada.ticket(match)
    player = await ben.play(match)
    await player.send({"t": "misbehave", "how": "raise"})
    await player.closed()
    late = ada.player(match)
    with pytest.raises(RoomClosed) as closed:
        await late.join(ticket)
    assert closed.value.code in (4404, 4500)


async def test_a_kicked_player_is_told_and_stays_out(worker: Worker) -> None:
    ada, ben = await guest(worker), await guest(worker)
    lobby = await ada.post("lobbies/", title="party", settings={})
    await ben.post(f"lobbies/{lobby['id']}/join/")
    await ben.post(f"lobbies/{lobby['id']}/ready/", ready=True)
    match = (await ada.post(f"lobbies/{lobby['id']}/start/"))["match"]
    first, second = await ada.play(match), await ben.play(match)
    await ada.post(f"lobbies/{lobby['id']}/kick/", user=ben.id)
    assert await second.closed() == 4403
    assert second.room.errors == ["kicked"]
    await first.until(lambda room: room.view["seats"]["1"]["status"] == "gone")
    answer = await ben.http.post(f"/api/matches/{match}/ticket/", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "seat_gone")
    await first.close()


async def test_people_drop_in_while_a_match_runs(worker: Worker) -> None:
    ada, ben = await guest(worker), await guest(worker)
    lobby = await ada.post("lobbies/", title="party", settings={}, bots=1)
    match = (await ada.post(f"lobbies/{lobby['id']}/start/"))["match"]
    first = await ada.play(match)
    await first.until(lambda room: room.view["game"]["sums"][1] > 0)  # the bot plays
    assert first.room.view["seats"]["1"]["status"] == "bot"
    await ben.post(f"lobbies/{lobby['id']}/join/")
    second = await ben.play(match)
    assert second.room.welcome.seat == 2
    await first.until(lambda room: room.view["seats"].get("2", {}).get("status") == "here")
    assert await second.settle(await second.send(add(7))) is None
    await first.until(lambda room: room.view["game"]["sums"][2] == 7)
    await first.close()
    await second.close()


async def test_a_match_nobody_comes_to_is_played_without_them(worker: Worker) -> None:
    ada, _, match = await two_at(worker, "hasty")
    await eventually(lambda: _finished(ada, match))
    result = await ada.get(f"matches/{match}/result/")
    assert result["reason"] == "forfeit"
    assert sorted(seat for group in result["ranking"] for seat in group) == [0, 1]


async def test_healthz_answers(worker: Worker) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{worker.url}/healthz")).status_code == 200


# --- what is awaited -----------------------------------------------------------------------------


async def _finished(person: Person, match: str) -> dict[str, Any] | None:
    read = await person.get(f"matches/{match}/")
    return read if read["status"] == "finished" else None


async def _ended(person: Person, match: str) -> dict[str, Any] | None:
    read = await person.get(f"matches/{match}/")
    return read if read["status"] not in ("starting", "running") else None


async def eventually(ask: Any, timeout_s: float = 60) -> Any:
    """What ``ask`` gives, once it gives something."""
    async with asyncio.timeout(timeout_s):
        while not (answer := await ask()):  # noqa: ASYNC110 - the answer is in another process
            await asyncio.sleep(0.1)
    return answer
