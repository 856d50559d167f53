"""Tokens and sessions that end, at workers of this process: who is told, who is found, who is not
let in. Nothing is waited for that a sweep would do: sweeps run when the test says so."""

import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest

from games import services
from games.catalog import TITLES
from games.client.follower import Follower
from games.hosting import worker as workers
from games.hosting.fanout import Viewer
from games.hosting.ledger import LedgerUnavailable
from games.hosting.ledger.in_memory import MemoryLedger
from games.hosting.relay import Attach
from games.hosting.worker import Control, Worker
from games.protocol.messages import Error
from games.tickets import ticket_issue
from tests.consumers.test_player import Socket
from tests.hosting.test_worker import until, workers_on
from tests.titles import Patient

pytestmark = pytest.mark.django_db(transaction=True)


class Accounts:
    """Those who know accounts, as the test has it."""

    def __init__(self) -> None:
        self.bad: set[str] = set()
        self.asked: list[set[str]] = []
        self.ended: set[str] = set()
        self.here: set[str] = set()

    def good(self, *, grants: Collection[str]) -> set[str]:
        self.asked.append(set(grants))
        return set(grants) - self.bad

    def held(self) -> set[str]:
        return self.here

    def end(self, *, grants: Collection[str]) -> None:
        self.ended |= set(grants)


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Accounts:
    known = Accounts()
    monkeypatch.setattr(services, "grants", known)
    monkeypatch.setattr(workers, "GRANTS_SWEEP_S", 3600.0)
    monkeypatch.setitem(TITLES, Patient.title, Patient)
    return known


@pytest.fixture
async def pair(accounts: Accounts) -> AsyncIterator[tuple[Worker, Worker]]:
    async with workers_on(MemoryLedger(time.monotonic, trim_unarchived=True)) as start:
        first, second = await start(), await start()
        await until(lambda: bool(first._others and second._others))
        yield first, second


async def match_at(worker: Worker) -> str:
    def start() -> str:
        return str(services.match_start(title="patient", settings={}, players=[], bots=1).id)

    match = await worker.records.call(start)
    assert await worker.locate(match) == worker.id
    return match


def hello(match: str, grant: str) -> tuple[Follower, bytes]:
    room = Follower("json")
    return room, room.hello(ticket_issue(match=match, seat=None, user=1, name="Ada", grant=grant))


async def open_at(worker: Worker, match: str, grant: str) -> tuple[Socket, Follower]:
    room, said = hello(match, grant)
    socket = await Socket(worker, match).open(said)
    room.receive(socket.first)
    return socket, room


async def signed_out(socket: Socket) -> bool:
    said, closed = (await socket.hears(Error)).code, await socket.closed()
    await socket.close()
    return (said, closed) == ("signed_out", 4403)


async def not_let_in(worker: Worker, match: str, said: bytes) -> bool:
    socket = Socket(worker, match)
    with pytest.raises(ValueError, match="not enough values"):  # the worker keeps no such socket
        await socket.open(said)
    closed = await socket.closed()
    await socket.close()
    return b"signed_out" in socket.first and closed == 4403


async def test_sockets_of_a_grant_close_at_all_workers_and_no_others(
    pair: tuple[Worker, Worker], accounts: Accounts
) -> None:
    match = await match_at(pair[0])
    theirs = [await open_at(worker, match, "gone") for worker in pair]
    others = [await open_at(worker, match, grant) for worker in pair for grant in ("stays", "")]
    Control(pair[1]).sign_out(grants=["gone"])
    for socket, _ in theirs:
        assert await signed_out(socket)
    assert accounts.ended == {"gone"}
    assert [len(worker.sockets) for worker in pair] == [2, 2]
    for socket, _ in others:
        await socket.close()


async def test_neither_ticket_nor_resume_token_of_an_ended_grant_opens_anything(
    pair: tuple[Worker, Worker],
) -> None:
    match = await match_at(pair[0])
    socket, room = await open_at(pair[0], match, "gone")
    _, unspent = hello(match, "gone")
    resume = room.hello_beside()
    await pair[1].end_grants(["gone"])
    assert await signed_out(socket)
    for worker in pair:
        assert await not_let_in(worker, match, resume)
    assert await not_let_in(pair[1], match, unspent)
    welcome, _ = await open_at(pair[1], match, "another")
    await welcome.close()


async def test_a_sweep_finds_in_one_query_what_nobody_was_told_of(
    pair: tuple[Worker, Worker], accounts: Accounts
) -> None:
    match = await match_at(pair[0])
    socket, room = await open_at(pair[0], match, "gone")
    other, _ = await open_at(pair[0], match, "stays")
    nobody, _ = await open_at(pair[0], match, "")
    accounts.here, accounts.bad, accounts.asked = (
        {"page", "closed page"},
        {"gone", "closed page"},
        [],
    )
    await pair[0]._sweep_grants()
    assert accounts.asked == [{"gone", "stays", "page", "closed page"}]
    assert await signed_out(socket)
    assert accounts.ended == {"gone", "closed page"}
    assert await not_let_in(pair[1], match, room.hello_beside())
    await other.close()
    await nobody.close()


async def test_the_grant_goes_with_a_resume_token_from_socket_to_socket(
    pair: tuple[Worker, Worker],
) -> None:
    match = await match_at(pair[0])
    first, room = await open_at(pair[0], match, "gone")
    await first.close()
    second = await Socket(pair[1], match).open(room.hello_beside())
    room.move([second.first])
    third = await Socket(pair[0], match).open(room.hello_beside())
    await pair[0].end_grants(["gone"])
    for socket in (second, third):
        assert await signed_out(socket)


def test_the_grant_goes_with_a_viewer_whose_room_is_passed_on() -> None:
    attach = Attach("v", "w", "json", 0, "session-1", "Ada", 1, visit=2, grant="gone")
    again = Viewer.of(attach).again()
    assert (again.grant, again.visit, again.again) == ("gone", 2, True)


async def test_sockets_are_told_even_where_the_room_store_does_not_answer(
    pair: tuple[Worker, Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    match = await match_at(pair[0])
    socket, _ = await open_at(pair[1], match, "gone")

    async def unavailable(*_: Any) -> bool:
        raise LedgerUnavailable

    monkeypatch.setattr(pair[0].ledger, "spend", unavailable)
    await pair[0].end_grants(["gone"])
    assert await signed_out(socket)
