"""A room as it is kept in storage, so that another worker can go on with it; never sent to anyone.

It says of which title and version of the rules it is: a state means nothing to other rules.
"""

from hashlib import blake2b
from typing import Any

import msgspec

from games.sim import Game, Outcome, Rng


class WrongRules(Exception):
    """A checkpoint was made under other rules than those that are to go on with it."""


class Place(msgspec.Struct):
    """A seat of this room, and who is on it.

    Attributes:
        status: ``here``, ``away`` (waited for), ``bot`` or ``gone`` (for good).
        person: Whether a player sits here, even while a bot plays.
        until: Room time at which the waiting ends, while away.
        pausing: Whether the room stands still for this one.
        session: The client session whose numbers count.
        left: Why it is gone: ``left``, ``kicked`` or ``forfeit``.
        settled: Its highest input number that a tick has settled.
        refused: What was refused of it lately: number and code.
    """

    name: str
    status: str
    person: bool = True
    until: int | None = None
    pausing: bool = False
    left: str = ""
    session: str = ""
    settled: int = 0
    refused: list[tuple[int, str]] = []


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """All that a room's future depends on, but its seed and settings, which the match has.

    Attributes:
        rules: Version of the rules.
        tick: The tick after which it was made.
        time: The room's time, in periods.
        state: Of the title.
    """

    title: str
    rules: int
    tick: int
    time: int
    outcome: Outcome | None
    places: dict[int, Place]
    state: Any


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Its bytes."""
    return msgspec.msgpack.encode(checkpoint)


def hash_of(data: bytes) -> str:
    """A fingerprint of a checkpoint: two rooms that have the same have the same future."""
    return blake2b(data, digest_size=8).hexdigest()


def read_checkpoint(game: Game[Any], data: bytes) -> Checkpoint:
    """The checkpoint, with a state of the title's own type.

    Raises:
        WrongRules: it is of another title, or of a version of its rules that is not migrated.
    """
    kept: Checkpoint = msgspec.msgpack.decode(data, type=_Rough)
    if (kept.title, kept.rules) == (game.title, game.version):
        state: Any = msgspec.msgpack.decode(kept.state, type=_state_type(game))
    else:
        state = _migrated(game, kept)
    return msgspec.structs.replace(kept, state=state)


def rules_of(data: bytes) -> int:
    """The version of the rules under which a checkpoint was made."""
    kept: Checkpoint = msgspec.msgpack.decode(data, type=_Rough)
    return kept.rules


def _migrated(game: Game[Any], kept: Checkpoint) -> Any:
    wrong = f"a checkpoint of {kept.title} {kept.rules}, here is {game.title} {game.version}"
    if kept.title != game.title:
        raise WrongRules(wrong)
    try:
        state = game.migrate(msgspec.msgpack.decode(kept.state), kept.rules)
    except NotImplementedError:
        raise WrongRules(wrong) from None
    return msgspec.convert(state, _state_type(game), strict=False)


class _Rough(Checkpoint, frozen=True, array_like=True):
    state: msgspec.Raw


def _state_type(game: Game[Any]) -> type:
    """What the title's ``setup`` makes; said nowhere else."""
    seats = game.seats.stop - 1 if game.drop_in else game.seats.start
    return type(game.setup(seats, game.Settings(), Rng(0)))
