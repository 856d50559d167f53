"""People at a real server: accounts and lobbies over REST, play over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from games.client import Player, RoomClosed
from games.protocol.codec import Encoding
from games.protocol.codes import Close
from tests.services import Worker

T = TypeVar("T")

WAIT_S = 60.0
"""Seconds for an answer; a guard against waiting for ever."""


@dataclass
class Person:
    """A guest, at one worker."""

    worker: Worker
    http: httpx.AsyncClient
    id: int
    name: str

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """What the API answers; an error is a failure of the test."""
        answer = await self.http.post(f"/api/{path}", json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.http.get(f"/api/{path}")
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def ticket(self, match: str, *, spectate: bool = False) -> str:
        body = {"spectate": True} if spectate else {}
        return str((await self.post(f"matches/{match}/ticket/", **body))["ticket"])

    def player(
        self, match: str, *, encoding: Encoding = "msgpack", worker: Worker | None = None
    ) -> Player:
        """This person's client, not joined yet; at another worker if one is named."""
        return Player(f"{(worker or self.worker).ws_url}/ws/room/{match}", encoding=encoding)

    async def play(
        self,
        match: str,
        *,
        encoding: Encoding = "msgpack",
        worker: Worker | None = None,
        spectate: bool = False,
    ) -> Player:
        """This person at the match, with the state at hand."""

        async def come() -> Player:
            player = self.player(match, encoding=encoding, worker=worker)
            await player.join(await self.ticket(match, spectate=spectate))
            return player

        return await persistently(come)


async def come_back(player: Player) -> None:
    """This player in the match again, by its resume token."""
    await persistently(player.join)


async def persistently(come: Callable[[], Awaitable[T]]) -> T:
    """Comes again as long as it is told to, as any client does: a busy worker may need a while."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                return await come()
            except RoomClosed as closed:
                if closed.code != Close.UNAVAILABLE:
                    raise
            await asyncio.sleep(0.1)


async def guest(worker: Worker) -> Person:
    """A new guest."""
    http = httpx.AsyncClient(base_url=worker.url, timeout=WAIT_S)
    answer = await http.post("/api/auth/guest/", json={})
    assert answer.status_code == 201, answer.text
    said = answer.json()
    http.headers["Authorization"] = f"Token {said['token']}"
    return Person(worker, http, said["user"]["id"], said["user"]["name"])


async def match_of(
    title: str,
    *people: Person,
    bots: int = 0,
    settings: dict[str, Any] | None = None,
    private: bool = False,
) -> str:
    """A match that the first of these people made and started, through a lobby."""
    host, *others = people
    lobby = await host.post(
        "lobbies/", title=title, settings=settings or {}, private=private, bots=bots
    )
    for other in others:
        await other.post(f"lobbies/{lobby['id']}/join/", code=lobby["code"] or "")
        await other.post(f"lobbies/{lobby['id']}/ready/", ready=True)
    return str((await host.post(f"lobbies/{lobby['id']}/start/"))["match"])
