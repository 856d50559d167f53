"""What each viewer of a title is told, byte for byte, and where two of them differ."""

from typing import Any

from games.rooms.sight import SEATS, Sight
from games.sim import Game, View, ViewError, hold, pack, plain
from games.testing.watch import TitleFault


class Teller:
    """Says of a state what the viewers would be told of it."""

    def __init__(self, game: Game[Any]) -> None:
        self._game = game

    def told(self, state: Any, seat: int | None) -> "Told":
        """What this seat is told, or (None) what everybody is, spectators included. The tables by
        seat that some titles show to spectators besides are not in it: those are no secret to them.

        Raises:
            TitleFault: a view does not hold what the title declares.
        """
        game = self._game
        sight = Sight(game)  # each world is seen for the first time: a sight remembers the last one
        try:
            look = sight.look(state, "playing", hold(SEATS, {}), game.outcome(state))
            own = None if seat is None or sight.own is None else sight.own_of(state, look, seat)
        except ViewError as error:
            raise TitleFault(f"{game.title}: {error}") from error
        shown = pack(sight.shared, look.shared)
        seen = plain(sight.shared, look.shared)
        if own is None or sight.own is None:
            return Told(shown, seen["game"], seen["result"], None)
        return Told(
            shown + pack(sight.own, own), seen["game"], seen["result"], plain(sight.own, own)
        )


class Told:
    """What one viewer is told, as bytes and in plain values."""

    def __init__(self, sent: bytes, game: View, result: Any, own: View | None) -> None:
        self.sent = sent
        self.own = own
        self.view = {**game, **own["seen"]} if own and "seen" in own else game
        self.secret = own.get("secret") if own else None
        self.result = result

    def against(self, other: "Told") -> str:
        """Where the other one differs: ``view.last: 3, or 4``."""
        return difference(self._parts(), other._parts())

    def _parts(self) -> dict[str, Any]:
        return {"view": self.view, "secret": self.secret, "result": self.result}


def difference(one: Any, other: Any, path: str = "") -> str:
    """The first place in which two JSON-like values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"the keys of {path}: {_short(list(one))}, or {_short(list(other))}"
        pairs = [(f"{path}.{key}".lstrip("."), one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}.{i}", *both) for i, both in enumerate(zip(one, other, strict=True))]
    else:
        return f"{path}: {_short(one)}, or {_short(other)}"
    for place, mine, yours in pairs:
        if mine != yours or repr(mine) != repr(yours):
            return difference(mine, yours, place)
    return f"{path}: no plain difference"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
