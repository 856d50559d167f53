"""Whatever a page says to ``/ws/lobby`` is answered by a code, and never by an accident.

Frames are drawn: bytes, any text, any JSON, and mostly messages with one thing or another wrong in
them. After each the socket is closed with a code that is documented, or open, and then answers.
"""

import json
import os
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as drawing
from hypothesis import strategies as st

from games.protocol.codes import Close, Code
from lobby.codes import ApiCode
from lobby.consumers import KINDS
from lobby.limits import REACTIONS
from lobby.models.accounts import User
from lobby.models.people import Friend
from tests.lobby.kit import lobby_of, match_of, people
from tests.lobby.test_consumers import Open, open_socket

__all__ = ["open_socket"]

pytestmark = pytest.mark.django_db(transaction=True)

FRAMES = int(os.environ.get("HYPOTHESIS_DRAWS", "0")) * 5000 or 300
"""Drawn for each who speaks; so many thousand as ``HYPOTHESIS_DRAWS`` says, times five."""

SOON_S = 60

TOLD = {
    "lobbies", "lobby", "ticket", "error", "notice", "unread", "listening", "message", "counted",
    "dropped", "said", "reaction", "refused", "missed",
}  # fmt: skip
"""All that the socket says, as docs/lobby-socket.md has it."""

REFUSALS = ({code.value for code in ApiCode} | {Code.BUSY.value}) - {ApiCode.INTERNAL.value}

LETTERS = st.text(st.characters(), max_size=30)  # half of a pair as well, which JSON can escape
NUMBERS = st.integers() | st.integers(-(10**40), 10**40) | st.floats()
PLAIN = st.none() | st.booleans() | NUMBERS | LETTERS
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=8,
)
Fields = dict[str, st.SearchStrategy[Any]]

BOUNDS = st.dictionaries(st.sampled_from(["min", "max", "in", "is"]), ANYTHING, max_size=3)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["chess", "arena", "go", ""]) | ANYTHING,
        "settings": st.dictionaries(
            st.sampled_from(["minutes", "days", "length_s"]) | LETTERS, BOUNDS | PLAIN, max_size=3
        )
        | ANYTHING,
        "rated": st.booleans() | ANYTHING,
        "seats_free": st.integers(-1, 1001) | ANYTHING,
        "rating_min": st.floats(-1, 10_001) | ANYTHING,
        "rating_max": st.floats(-1, 10_001) | ANYTHING,
        "": ANYTHING,
    },
)


def _odd(kind: str, needs: list[str], usual: Fields) -> st.SearchStrategy[Any]:
    """A message of this kind, with what it needs."""
    rest = {name: value for name, value in usual.items() if name not in needs}
    needed = {"t": st.just(kind)} | {name: usual[name] for name in needs}
    return st.fixed_dictionaries(needed, optional=rest)


def messages(ids: list[str], talks: list[str]) -> st.SearchStrategy[Any]:
    """Frames, as text or as bytes; most of them nearly, or wholly, as they should be."""
    usual: Fields = {
        "lobby": st.sampled_from([*ids, str(uuid4()), None]),
        "ticket": st.booleans(),
        "filters": FILTERS,
        "talk": st.sampled_from(talks) | st.text(max_size=30),
        "text": st.text(max_size=400),
        "emoji": st.sampled_from(REACTIONS) | st.text(max_size=9),
        "ref": st.integers(0, 9) | st.integers(),
    }
    needs: dict[str, list[str]] = {
        "watch": [],
        "listen": ["talk"],
        "unlisten": ["talk"],
        "say": ["talk", "text"],
    }
    needs["react"] = ["talk", "emoji"]
    odd = st.one_of(*(_odd(kind, needs[kind], usual) for kind in sorted(KINDS)))
    wrong = st.fixed_dictionaries(
        {"t": st.sampled_from(sorted(KINDS)) | st.text(max_size=8)},
        optional={name: value | ANYTHING for name, value in usual.items()} | {"more": ANYTHING},
    )
    deep = st.sampled_from(["[" * 4000, '{"t":' * 800, "x" * 5000, "", "\0", "null", '"t"', "[]"])
    broken = st.tuples(odd, st.integers(0, 60)).map(lambda it: json.dumps(it[0])[: it[1]])
    return st.one_of(
        *[odd.map(json.dumps)] * 6,
        *[wrong.map(json.dumps)] * 2,
        ANYTHING.map(json.dumps),
        st.text(max_size=200),
        broken,
        deep,
        st.binary(max_size=200),
        odd.map(lambda message: json.dumps(message).encode()),
    )


def drawn(frames: st.SearchStrategy[Any]) -> list[Any]:
    """So many of them, the same each time."""
    found: list[Any] = []

    @drawing(
        max_examples=FRAMES,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(frames)
    def draw(frame: Any) -> None:
        found.append(frame)

    draw()
    return found


@sync_to_async
def world() -> tuple[User, list[str], list[str]]:
    """Somebody with a lobby, a match and a friend; what is called how."""
    ann, bob, cid = people("Ann", "Bob", "Cid")
    Friend.objects.create(user=ann, friend=bob)
    Friend.objects.create(user=bob, friend=ann)
    own, other = lobby_of(ann, bob), lobby_of(cid, private=True)
    match = match_of(ann, bob)
    talks = [
        f"lobby:{own.id}", f"lobby:{other.id}", f"match:{match.id}", f"match:{own.id}",
        f"direct:{ann.id}-{bob.id}", f"direct:{ann.id}-{cid.id}", f"direct:{10**30}-1",
        "lobby:", "direct:", ":", "lobby:\0", "x" * 300,
    ]  # fmt: skip
    return ann, [str(own.id), str(other.id)], talks


@pytest.fixture(autouse=True)
def nobody_is_too_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """What floods do, other tests say."""
    for name in ("WATCHES", "SAYS", "REACTIONS"):
        monkeypatch.setattr(f"lobby.consumers.{name}_BURST_MAX", 10**9)
    monkeypatch.setattr("lobby.services.chat.CHAT_BURST_MAX", 10**9)


@pytest.mark.parametrize("who", ["somebody", "nobody"])
async def test_whatever_a_page_says_is_answered_by_a_code(who: str, open_socket: Open) -> None:
    ann, ids, talks = await world()
    user = ann if who == "somebody" else None
    socket, closed = await open_socket(user), 0
    for number, frame in enumerate(await sync_to_async(drawn)(messages(ids, talks))):
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await socket.send_input({"type": "websocket.receive", kind: frame})
        if not await answers(socket, f"probe {number}", frame):
            socket, closed = await open_socket(user), closed + 1
    assert 0.1 * FRAMES < closed < 0.9 * FRAMES  # both were seen


async def answers(socket: WebsocketCommunicator, probe: str, frame: Any) -> bool:
    """Whether the socket is open still; all that it says meanwhile must be what it may say."""
    await socket.send_json_to({"t": "react", "talk": probe, "emoji": "nothing"})
    while True:
        output = await socket.receive_output(timeout=SOON_S)
        if output["type"] == "websocket.close":
            assert output["code"] == Close.BAD_MESSAGE, frame
            return False
        told = json.loads(output["text"])
        assert told["t"] in TOLD, (frame, told)
        if told["t"] == "error":
            assert told["code"] in {code.value for code in Code}, (frame, told)
        if told["t"] == "refused":
            assert told["code"] in REFUSALS, (frame, told)
            if told["talk"] == probe:
                return True
