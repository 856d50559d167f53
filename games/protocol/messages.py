"""The whole vocabulary of the wire, both directions.

In JSON a message is a map with its kind under ``t``, and fields that stand at their default are
left out. In MessagePack it is an array: the number of its kind (``CLIENT``, ``SERVER``), then its
fields in the order in which they stand here, without those at the end that stand at their default;
``short`` has shorter forms of what nearly every tick says.
Unknown fields are skipped, and clients skip messages of an unknown kind, so that old and new can
talk. A frame from the client carries one message; a frame from the server carries one or more, to
be applied together, in order.
"""

from typing import Annotated, Any, Literal, Protocol, get_args

import msgspec
from msgspec import Meta

Number = Annotated[int, Meta(ge=-1, le=2**53 - 1)]
"""A count that every language holds exactly, JavaScript included; -1 stands for "none yet"."""

VERSION = 1
"""Of the protocol. It changes when an old client could no longer follow."""

SUBPROTOCOLS: dict[str, Literal["json", "msgpack"]] = {
    "evertick.v1.json": "json",
    "evertick.v1.msgpack": "msgpack",
}
"""WebSocket subprotocols, and the encoding that each one stands for. JSON where none is named."""


class Body(Protocol):
    """A view, or a change of one, that each encoding says in its own way."""

    def plain(self) -> Any:
        """For JSON: maps, lists, numbers, text."""

    def packed(self) -> bytes:
        """For MessagePack: bits, by the schema of the welcome."""


class _Message(msgspec.Struct, tag_field="t", omit_defaults=True):
    pass


# --- from the client ---------------------------------------------------------------------------


class Hello(_Message, tag="hello"):
    """First message of a socket: the right to join, and who this client is.

    Attributes:
        v: Version of the protocol.
        session: A random name of this page load, 8 to 64 characters; kept across reconnects. Input
            numbers count per session.
        ticket: From the REST API, for a new visit; or
        resume: the token of an earlier welcome, to return.
    """

    v: int
    session: Annotated[str, Meta(min_length=8, max_length=64)]
    ticket: str = ""
    resume: str = ""


class Input(_Message, tag="input"):
    """What the seat asks for.

    Attributes:
        seq: 1, 2, 3, … without gaps, per session.
        data: What the title expects; see its client.
        seen: Tick of the shared view that the sender was looking at; -1 if it does not say.
    """

    seq: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    data: Any = None
    seen: Number = -1


class Resync(_Message, tag="resync"):
    """ "The last I know is this": asks for what was missed since.

    Attributes:
        tick: Tick of the last shared view, or -1. The own view is always told whole.
    """

    tick: Number = -1


class Ping(_Message, tag="ping"):
    """Asks for a pong with the same ``n``, for the round-trip time."""

    n: Number


class Leave(_Message, tag="leave"):
    """Gives the seat up for good."""


class Got(_Message, tag="got"):
    """ "I received this much": what else is on its way may be in buffers, or lost.

    Attributes:
        n: Frames of the server on this socket so far; that of the welcome is the first.
    """

    n: Number


ClientMessage = Hello | Input | Resync | Ping | Leave | Got

CLIENT = dict(enumerate(get_args(ClientMessage)))
"""The kinds by their number in MessagePack."""


# --- from the server ---------------------------------------------------------------------------


class Welcome(_Message, tag="welcome"):
    """The hello was accepted; a snapshot follows in the same frame.

    Attributes:
        v: Version of the protocol.
        match: Its id.
        title: Of the game.
        seat: This client's seat, or null for a spectator.
        hz: Periods a second: the unit of ``time``.
        realtime: Whether there is a tick in each period.
        time: The room's time now, in periods; a snapshot's is that of its last change.
        settings: What was chosen about the match.
        schema: The types of the ``shared`` view and of the ``own`` one, which may be null; see
            "Schema" in ``docs/protocol.md``.
        settled: Highest input number of this session that a tick has settled.
        resume: Token to return with.
    """

    v: int
    match: str
    title: str
    seat: int | None
    hz: int
    realtime: bool
    time: int
    settings: dict[str, Any]
    schema: dict[str, Any]
    settled: int = 0
    resume: str = ""


class Snapshot(_Message, tag="snapshot"):
    """The whole shared view as of ``tick``; forget what was known before.

    Attributes:
        tick: Number of the last change of this view.
        time: The room's time then, in periods.
        view: See "The shared view" in ``docs/protocol.md``.
    """

    tick: int
    time: int
    view: Any


class Delta(_Message, tag="delta"):
    """What changed in the shared view at ``tick``.

    Attributes:
        tick: Number of this tick.
        change: See "Changes" in ``docs/protocol.md``.
        back: It changes the view of ``tick - back``; who does not hold that one asks to catch up.
        time: The room's time, in periods, unless it is ``back`` after that of the changed view.
        hash: Now and then, the fingerprint of the view that this leads to.
    """

    tick: int
    change: Any
    back: int = 1
    time: int | None = None
    hash: int | None = None


class Own(_Message, tag="own"):
    """For this seat alone, before the shared message of the same tick.

    Spectators are told this way of what only they see of it all.

    Attributes:
        tick: Number of this tick.
        settled: All inputs of this session up to this number are settled; none if absent.
        change: What changed in the own view.
        view: The whole own view; replaces what was known.
        back: With ``change``: it changes the own view of ``tick - back``.
        inbox: How many inputs of this seat the tick found waiting. One is the ideal: who finds
            more sends too early, in bursts.
        refused: Pairs of input number and code, for those that were not carried out.
        hash: Now and then, the fingerprint of the own view that this leads to.
    """

    tick: int
    settled: int | None = None
    change: Any = None
    view: Any = None
    back: int = 1
    inbox: int = 1
    refused: list[tuple[int, str]] = []
    hash: int | None = None


class Again(_Message, tag="again"):
    """Inputs from ``next`` on were not taken: send them again, in order. Said once a tick.

    Attributes:
        next: The number the room expects.
        code: ``busy`` (after the next message about a tick) or ``gap`` (one got lost: at once).
    """

    next: int
    code: str


class Pong(_Message, tag="pong"):
    """Answer to a ping."""

    n: int


class Error(_Message, tag="error"):
    """Something went wrong; where it is fatal, the socket closes next.

    Attributes:
        code: See "Errors" in ``docs/protocol.md``.
        message: The same for people.
    """

    code: str
    message: str


class Move(_Message, tag="move"):
    """This socket closes before long: open another one beside it, and go on there.

    The room stays as it is. The new socket says ``hello`` with the ``resume`` token.
    """


ServerMessage = Welcome | Snapshot | Delta | Own | Again | Pong | Error | Move

SERVER = dict(enumerate(get_args(ServerMessage)))
"""The kinds by their number in MessagePack."""
