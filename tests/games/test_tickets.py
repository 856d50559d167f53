"""The signed pass from the lobby to a room, and the token to come back with."""

import time
from typing import Any

import msgspec
import pytest
from django.core import signing

from games.limits import RESUME_TTL_S, TICKET_TTL_S
from games.protocol.codes import Close, Code, ProtocolError
from games.tickets import resume_issue, resume_read, ticket_issue, ticket_read


def ticket(**changes: Any) -> str:
    right: dict[str, Any] = {"match": "m1", "seat": 1, "user": 7, "name": "Ann"}
    return ticket_issue(**right | changes)


def resume(session: str = "session-1") -> str:
    return resume_issue(right=ticket_read(ticket()), session=session)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets time pass for the signatures; until then it stands still."""
    now = time.time()

    def pass_s(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now + seconds)

    pass_s(0)
    return pass_s


def test_each_resume_token_is_of_a_later_visit_than_the_one_it_was_given_for() -> None:
    first = resume_read(resume(), session="session-1")
    second = resume_read(resume_issue(right=first, session="session-1"), session="session-1")
    assert (ticket_read(ticket()).visit, first.visit, second.visit) == (0, 1, 2)


def test_a_ticket_says_who_may_sit_where() -> None:
    right = ticket_read(ticket())
    assert (right.match, right.seat, right.user, right.name) == ("m1", 1, 7, "Ann")
    assert ticket_read(ticket(seat=None)).seat is None


def test_each_ticket_has_a_nonce_of_its_own() -> None:
    nonces = {ticket_read(ticket()).nonce for _ in range(50)}
    assert len(nonces) == 50
    assert all(len(nonce) >= 20 for nonce in nonces)


@pytest.mark.parametrize("seconds", [0, TICKET_TTL_S - 1])
def test_a_ticket_is_valid_for_a_short_while(later: Any, seconds: float) -> None:
    issued = ticket()
    later(seconds)
    assert ticket_read(issued).seat == 1


def test_a_ticket_expires(later: Any) -> None:
    issued = ticket()
    later(TICKET_TTL_S + 2)
    with pytest.raises(ProtocolError) as error:
        ticket_read(issued)
    assert (error.value.code, error.value.close) == (Code.TICKET_EXPIRED, Close.UNAUTHORIZED)


def forged() -> list[str]:
    issued = ticket()
    body, stamp, signature = issued.rsplit(":", 2)
    other = ticket(seat=0).rsplit(":", 2)[0]
    return [
        "",
        "x",
        "::",
        "é",
        issued[:-1],
        issued + "x",
        f"{other}:{stamp}:{signature}",
        f"{body}:{stamp}0:{signature}",
        resume(),
        signing.dumps(msgspec.to_builtins(ticket_read(issued)), salt="other"),
        signing.dumps(
            msgspec.to_builtins(ticket_read(issued)), key="other", salt="evertick.ticket"
        ),
        signing.dumps({"match": 1}, salt="evertick.ticket"),
        signing.dumps([], salt="evertick.ticket"),
    ]


@pytest.mark.parametrize("number", range(13))
def test_what_we_did_not_issue_is_no_ticket(number: int) -> None:
    with pytest.raises(ProtocolError) as error:
        ticket_read(forged()[number])
    assert (error.value.code, error.value.close) == (Code.TICKET_INVALID, Close.UNAUTHORIZED)


def test_a_resume_token_brings_its_session_back_to_its_place() -> None:
    right = resume_read(resume(), session="session-1")
    assert (right.match, right.seat, right.user, right.name) == ("m1", 1, 7, "Ann")
    assert right.nonce == ""


def test_a_resume_token_outlives_a_match(later: Any) -> None:
    token = resume()
    later(RESUME_TTL_S - 1)
    assert resume_read(token, session="session-1").seat == 1
    later(RESUME_TTL_S + 2)
    with pytest.raises(ProtocolError, match="resume_invalid"):
        resume_read(token, session="session-1")


@pytest.mark.parametrize("token", ["", "x", "ticket"])
def test_what_is_no_resume_token_brings_nobody_back(token: str) -> None:
    with pytest.raises(ProtocolError, match="resume_invalid"):
        resume_read(ticket() if token == "ticket" else token, session="session-1")


@pytest.mark.parametrize("session", ["", "session-2"])
def test_another_session_does_not_come_back_with_it(session: str) -> None:
    with pytest.raises(ProtocolError, match="resume_invalid"):
        resume_read(resume(), session=session)
