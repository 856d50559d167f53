"""A conversation at a real room, as ``docs/protocol.md`` records it; run this to print it anew."""

from collections.abc import Iterator

from games.catalog.roshambo.rules import Roshambo
from games.protocol.codec import decode, encode
from games.protocol.codes import Code, error_message
from games.protocol.messages import (
    ClientMessage,
    Delta,
    Hello,
    Input,
    Move,
    Ping,
    Pong,
    Resync,
    ServerMessage,
    Welcome,
)
from games.rooms import Room, Tick

SESSION = "f00dcafe"


def conversation() -> Iterator[str]:
    """Its lines: ``>`` from the client, ``<`` from the server, indented where a frame goes on."""
    settings = {"first_to": 1}
    seats = [(0, "Ada", False), (1, "Ben", False)]
    room = Room(Roshambo(), seed=7, settings=settings, seats=seats)

    yield "Ada opens the socket; Ben is not there yet."
    yield _said(Hello(v=1, session=SESSION, ticket="eyJt…"))
    settled = room.connect(0, SESSION, "Ada")
    welcome = Welcome(
        v=1,
        match="0b63a7f2-5a3e-4c1d-9d63-1f0a2f6f6a10",
        title="roshambo",
        seat=0,
        hz=10,
        realtime=False,
        time=0,
        settings=settings,
        schema=room.schema(0),
        settled=settled,
        resume="eyJz…",
    )
    yield _told(welcome, room.own_snapshot(0, SESSION), room.snapshot())
    yield _tick(room.tick(0))
    yield "Ben comes, two seconds later."
    room.connect(1, "another session", "Ben")
    yield _tick(room.tick(20))
    yield "Ada chooses. Her choice comes back to her alone; all see that she chose."
    yield _offer(room, Input(seq=1, data="rock"))
    yield _tick(room.tick(15))
    yield "She changes her mind, which the rules refuse; and asks for something nobody knows."
    yield _offer(room, Input(seq=2, data="paper"))
    yield _offer(room, Input(seq=3, data="dynamite"))
    yield _tick(room.tick(5))
    yield "A number is missing: the room asks for it."
    yield _offer(room, Input(seq=5, data="paper"))
    yield "She measures the round trip, and pretends to have lost all deltas since tick 1."
    yield _said(Ping(n=1))
    yield _told(Pong(n=1))
    yield _said(Resync(tick=1))
    caught_up = room.catch_up(0, 1)
    assert isinstance(caught_up, Delta)
    yield _told(room.own_snapshot(0, SESSION), caught_up)
    yield (
        "Her worker is about to stop. She opens another socket and is welcomed there, as at first; "
        "the room closes the old one."
    )
    yield _told(Move())
    yield _said(Hello(v=1, session=SESSION, resume="eyJz…"))
    yield _told(error_message(Code.SEAT_REPLACED))
    yield "Ben chooses, and the match is over."
    room.offer(1, 1, "scissors")
    yield _tick(room.tick(12))
    yield "Had she said something else, it would have ended like this, with close code 4400."
    yield '> {"t":"dance"}'
    yield _told(error_message(Code.UNKNOWN_MESSAGE))


def _offer(room: Room, asked: Input) -> str:
    again = room.offer(0, asked.seq, asked.data)
    return _said(asked) + ("" if again is None else "\n" + _told(again))


def _said(message: ClientMessage) -> str:
    line = encode(message, "json")
    assert decode(line, "json") == message
    return f"> {line.decode()}"


def _told(*messages: ServerMessage) -> str:
    lines = [encode(message, "json").decode() for message in messages]
    return "\n".join(f"{' ' if number else '<'} {line}" for number, line in enumerate(lines))


def _tick(tick: Tick) -> str:
    told = [message for message in (tick.own.get(0), tick.shared) if message is not None]
    return _told(*told)


def document() -> str:
    """The conversation as the page has it: talk outside of the blocks, frames inside."""
    parts: list[str] = []
    for line in conversation():
        frame = line[0] in "<>"
        if frame and parts and parts[-1].startswith("```"):
            parts[-1] = parts[-1].removesuffix("\n```") + f"\n{line}\n```"
        else:
            parts.append(f"```\n{line}\n```" if frame else line)
    return "\n\n".join(parts)


if __name__ == "__main__":
    print(document())
