"""Teams from the lobby, or from the matchmaker, to a rated result: four people, four sockets."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from games.catalog.hockey import Hockey
from games.client import Player
from games.sim import Rng
from tests.people import WAIT_S, Person
from tests.services import Worker

GAME = Hockey()

alone = pytest.mark.parametrize("worker", ["uvicorn"], indirect=True)


async def four_at(worker: Worker) -> list[Person]:
    """Four people with accounts, as guests have no rating."""
    return [await account(worker) for _ in range(4)]


async def account(worker: Worker) -> Person:
    http = httpx.AsyncClient(base_url=worker.url, timeout=WAIT_S)
    name = f"h{uuid4().hex[:10]}"
    answer = await http.post(
        "/api/auth/register/", json={"username": name, "password": "correct horse battery"}
    )
    assert answer.status_code == 201, answer.text
    said = answer.json()
    http.headers["Authorization"] = f"Token {said['token']}"
    return Person(worker, http, said["user"]["id"], name)


async def lobby_of(host: Person, *others: Person) -> str:
    """A rated lobby in which the host and the last to come have chosen red."""
    settings = {"goals": 1, "length_s": 600}
    lobby = (await host.post("lobbies/", title="hockey", settings=settings, rated=True))["id"]
    for other in others:
        await other.post(f"lobbies/{lobby}/join/")
    for person in (host, others[-1]):
        await person.post(f"lobbies/{lobby}/seat/", team=1)
    return str(lobby)


async def start(lobby: str, host: Person, *others: Person) -> str:
    for other in others:
        await other.post(f"lobbies/{lobby}/ready/", ready=True)
    return str((await host.post(f"lobbies/{lobby}/start/"))["match"])


async def skate(player: Player) -> None:
    """Play as a bot would, until it is over."""
    seat, rng = player.room.welcome.seat, Rng(1)
    while player.room.view["result"] is None:
        held = GAME.bot(seat, player.room.view["game"], None, rng)
        if held is not None:
            await player.send(msgspec.to_builtins(held))
        await asyncio.sleep(GAME.bot_every / GAME.tick_hz)


@alone
async def test_two_teams_play_a_rated_match_and_who_wins_rises_together(worker: Worker) -> None:
    ann, bob, cid, dan = people = await four_at(worker)
    lobby = await lobby_of(*people)
    match = await start(lobby, *people)
    seats = (await ann.get(f"matches/{match}/"))["seats"]
    assert [(seat["user"], seat["team"]) for seat in seats] == [
        (bob.id, 0), (ann.id, 1), (cid.id, 0), (dan.id, 1)
    ]  # fmt: skip
    players = [await person.play(match) for person in people]
    watcher = await (await account(worker)).play(match, spectate=True)
    await asyncio.gather(skate(players[0]), skate(players[3]))  # red alone
    for player in (*players, watcher):
        await player.until(lambda room: room.view["result"])
        assert player.room.view["result"] == {"ranking": [[1, 3], [0, 2]], "reason": "goals"}
        assert player.room.view["game"]["goals"] == [0, 1]
        await player.close()

    changes = {seat["user"]: seat["rating"]["change"] for seat in await rated(ann, match)}
    assert changes[ann.id] == changes[dan.id] > 0 > changes[bob.id] == changes[cid.id]

    again = await start(lobby, *people)
    assert again != match
    seats = (await ann.get(f"matches/{again}/"))["seats"]
    assert [seat["user"] for seat in seats] == [bob.id, ann.id, cid.id, dan.id]
    for person in people:
        await person.http.aclose()


async def rated(person: Person, match: str) -> list[dict[str, Any]]:
    """The seats of a match, once its result is in the ratings."""
    async with asyncio.timeout(WAIT_S):
        while True:
            seats = (await person.get(f"matches/{match}/"))["seats"]
            if all(seat["rating"] for seat in seats):
                return list(seats)
            await asyncio.sleep(0.05)


@alone
async def test_a_party_of_two_meets_two_who_came_alone(worker: Worker) -> None:
    people = await four_at(worker)
    ann, bob, cid, dan = people
    await ann.post(f"people/{bob.id}/request/")
    await bob.post(f"people/{ann.id}/accept/")
    await ann.post("party/invite/", user=bob.id)
    (invitation,) = (await bob.get("party/"))["invitations"]
    await bob.post("party/join/", party=invitation["party"])
    for person in (cid, ann, dan):
        await person.post("matchmaking/tickets/", title="hockey", mode="doubles", bots=False)
    matches = {await matched(person) for person in people}
    (match,) = matches
    shown = await ann.get(f"matches/{match}/")
    teams = {seat["user"]: seat["team"] for seat in shown["seats"]}
    assert shown["rated"]
    assert teams[ann.id] == teams[bob.id] != teams[cid.id] == teams[dan.id]
    players = [await person.play(match) for person in people]
    for player in players:
        await player.until(lambda room: room.view["game"]["phase"] == "play")
        await player.close()
    for person in people:
        await person.http.aclose()


async def matched(person: Person) -> str:
    """The match that was found for somebody."""
    async with asyncio.timeout(WAIT_S):
        while True:
            (ticket,) = (await person.get("matchmaking/tickets/"))["results"]
            if ticket["match"]:
                return str(ticket["match"])
            await asyncio.sleep(0.05)
