"""Every code says something, is said somewhere, and stands in the protocol's own page."""

import re
from functools import cache
from pathlib import Path

import pytest

from games.protocol.codes import MESSAGES, Close, Code, ProtocolError, error_message
from games.protocol.messages import Error

ROOT = Path(__file__).resolve().parents[2]


@cache
def sources() -> str:
    """All of the server but the vocabulary itself."""
    folders = [ROOT / name for name in ("games", "lobby", "gameserver")]
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    return "\n".join(path.read_text() for path in paths if path.name != "codes.py")


@cache
def page() -> str:
    return (ROOT / "docs" / "protocol.md").read_text()


@pytest.mark.parametrize("code", Code)
def test_a_code_has_words_for_people(code: Code) -> None:
    words = MESSAGES[code]
    assert re.fullmatch(r"[A-Z].{8,78}\.", words)
    assert error_message(code) == Error(code=code.value, message=words)


def test_no_two_codes_share_their_words() -> None:
    assert len(set(MESSAGES.values())) == len(MESSAGES) == len(Code)


@pytest.mark.parametrize("code", Code)
def test_a_code_is_said_somewhere(code: Code) -> None:
    assert re.search(rf"\bCode\.{code.name}\b", sources())


@pytest.mark.parametrize("close", sorted(set(Close) - {Close.BAD_MESSAGE}))
def test_a_close_code_is_used_somewhere(close: Close) -> None:
    """All but the one that a broken message closes with by itself."""
    assert re.search(rf"\bClose\.{close.name}\b", sources())


@pytest.mark.parametrize("code", Code)
def test_the_page_of_the_protocol_lists_a_code(code: Code) -> None:
    assert f"`{code.value}`" in page()


@pytest.mark.parametrize("close", Close)
def test_the_page_of_the_protocol_lists_a_close_code(close: Close) -> None:
    assert re.search(rf"\| *`?{close.value}`? *\|", page())


def test_close_codes_are_ones_that_an_application_may_use() -> None:
    assert all(close in (1000, 1001) or 4000 <= close <= 4999 for close in Close)


def test_a_broken_client_is_told_its_code_and_closed() -> None:
    error = ProtocolError(Code.TOO_DEEP)
    assert (error.code, error.close, str(error)) == (Code.TOO_DEEP, 4400, "too_deep")
    assert ProtocolError(Code.TICKET_USED, Close.UNAUTHORIZED).close == 4401
