"""Who sees what of a title: its views, divided among the audiences.

All that everybody may see is the shared view. What one seat sees besides is its own view: the
title's ``secret``, and the rows in its sight of the tables that are declared ``by_seat``; those
are never in the shared view. Spectators have an own view too, where such tables are open to them.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, NamedTuple

from games.sim import (
    Circle,
    Enum,
    Game,
    Grid,
    Held,
    Holder,
    Int,
    Json,
    Kind,
    Map,
    Optional,
    Outcome,
    Record,
    Rows,
    Table,
    Text,
    View,
    hold,
)
from games.sim.sights import Seen, Sights

PHASES = ("playing", "paused", "over")
STATUSES = ("here", "away", "bot", "gone")

TIME_MAX = 2**48
"""Periods; a room at 100 Hz gets there in ninety thousand years."""

CROWD_MIN = 16
"""From so many seats on, what they see is found for all at once."""

SEATS = Map(
    Record(name=Text(150), status=Enum(*STATUSES), until=Optional(Int(0, TIME_MAX))), 10_000
)
RESULT = Json()


class Kinds(NamedTuple):
    """How what a title shows is divided; for the public ones see ``Sight``.

    Attributes:
        rest: Of the title's view, what all are told.
        tables: What each is told for itself; ``open`` of them, what spectators are told.
    """

    rest: Kind
    tables: dict[str, Table]
    open: dict[str, Table]
    shared: Record
    own: Record | None
    watched: Record | None


@cache
def _kinds(view_type: Kind | None, secret_type: Kind | None) -> Kinds:
    """The same for all rooms of a title, which may be thousands.

    Args:
        secret_type: None where the title keeps no secrets.
    """
    fields = dict(view_type.fields) if isinstance(view_type, Record) else {}
    tables = {
        name: kind for name, kind in fields.items() if isinstance(kind, Table) and kind.by_seat
    }
    rest: Kind = Json()
    if view_type is not None:
        rest = Record(**{name: kind for name, kind in fields.items() if name not in tables})
    own: dict[str, Kind] = {}
    if secret_type is not None:
        own["secret"] = secret_type
    if tables:
        own["seen"] = Record(**tables)
    opened = {name: kind for name, kind in tables.items() if kind.spectators}
    return Kinds(
        rest=rest,
        tables=tables,
        open=opened,
        shared=Record(phase=Enum(*PHASES), seats=SEATS, result=RESULT, game=rest),
        own=Record(**own) if own else None,
        watched=Record(seen=Record(**opened)) if opened else None,
    )


class Sight:
    """The kinds of a title's audiences, and what each is shown of a state.

    Attributes:
        shared: The kind of the shared view.
        own: That of a seat's own view; None where no seat sees more than all.
        watched: That of what spectators see besides; None where they see nothing more.
    """

    def __init__(self, game: Game[Any]) -> None:
        self._game = game
        self._has_secrets = type(game).secret is not Game.secret
        secret_type = game.secret_type or Json() if self._has_secrets else None
        kinds = _kinds(game.view_type, secret_type)
        self.shared, self.own, self.watched = kinds.shared, kinds.own, kinds.watched
        self._tables, self._open = kinds.tables, kinds.open
        self._hold_rest = Holder(kinds.rest, "view")
        self._hold_tables = {
            name: Holder(kind, f"view.{name}") for name, kind in self._tables.items()
        }
        self._hold_secrets: dict[int, Holder] = {}
        self._own: dict[int, dict[str, Held]] = {}
        self._sights: dict[str, Sights] = {}  # the newest of each table

    def look(self, state: Any, phase: str, seats: Held, outcome: Outcome | None) -> "Look":
        """What there is to see of this state.

        Raises:
            ViewError: the title shows something that it did not declare.
        """
        view = self._game.view(state)
        tables = {
            name: holder.hold(_part(view, name)) for name, holder in self._hold_tables.items()
        }
        if tables:
            view = {name: part for name, part in view.items() if name not in tables}
        result: Held = None
        if outcome is not None:
            result = hold(RESULT, {"ranking": outcome.ranking, "reason": outcome.reason})
        shared = {
            "phase": PHASES.index(phase),
            "seats": seats,
            "result": result,
            "game": self._hold_rest.hold(view),
        }
        return Look(shared, tables)

    def own_of(self, state: Any, look: "Look", seat: int) -> Held:
        """What this seat sees besides; the same object as before where that did not change."""
        own: dict[str, Held] = {}
        if self._has_secrets:
            holder = self._hold_secrets.get(seat) or self._holder_of(seat)
            secret = holder.hold(self._game.secret(state, seat))
            before = None if self._tables else self._own.get(seat)
            if before is not None and before["secret"] is secret:
                return before
            own["secret"] = secret
        if self._tables:
            own["seen"] = {
                name: look.found[name][seat]
                if name in look.found
                else look.seen(name, kind, self._game.sees(state, name, seat))
                for name, kind in self._tables.items()
            }
        self._own[seat] = own
        return own

    def look_round(self, state: Any, look: "Look", seats: Collection[int]) -> None:
        """Find what all these seats see, at once, where they are many."""
        if len(seats) < CROWD_MIN:
            return
        for name, kind in self._tables.items():
            sights = {seat: self._game.sees(state, name, seat) for seat in seats}
            before = self._sights.get(name)
            if found := look.find(name, kind, sights, before):
                self._sights[name] = found

    def _holder_of(self, seat: int) -> Holder:
        assert self.own is not None
        holder = self._hold_secrets[seat] = Holder(self.own.fields["secret"], "secret")
        return holder

    def watched_of(self, look: "Look") -> Held:
        """What spectators see besides."""
        return {"seen": {name: look.tables[name] for name in self._open}}


class Look:
    """One look at a state: the shared view, and the tables of which each seat sees a part."""

    def __init__(self, shared: Held, tables: dict[str, Rows]) -> None:
        self.shared = shared
        self.tables = tables
        self._grids: dict[tuple[str, str, str, float], Grid] = {}
        self.found: dict[str, dict[int, Seen]] = {}  # by table and seat, what was found at once

    def find(
        self, name: str, kind: Table, sights: dict[int, Any], before: Sights | None
    ) -> Sights | None:
        """Find what seats see of a table; None where their circles are about other columns."""
        columns = {(s.across, s.down) for s in sights.values() if isinstance(s, Circle)}
        if len(columns) != 1:
            return None
        rows = self.tables[name]
        ((across, down),) = columns
        places = kind.column(rows, across), kind.column(rows, down)
        found = Sights.of(rows, places, sights, before)
        self.found[name] = found.by_seat()
        return found

    def seen(self, name: str, kind: Table, sight: Any) -> Rows:
        """The rows in sight."""
        rows = self.tables[name]
        if sight is None:
            return rows.seen()
        if isinstance(sight, Circle):
            seen = self._grid(name, kind, sight).within(sight)
        else:
            seen = rows.positions(sight)
        return rows.seen(seen)

    def _grid(self, name: str, kind: Table, circle: Circle) -> Grid:
        key = (name, circle.across, circle.down, circle.radius)
        if key not in self._grids:
            rows = self.tables[name]
            xs, ys = kind.column(rows, circle.across), kind.column(rows, circle.down)
            self._grids[key] = Grid(xs, ys, circle.radius)
        return self._grids[key]


def _part(view: Mapping[str, Any], name: str) -> Any:
    return view.get(name, {}) if isinstance(view, dict) else {}


def game_view(shared: View, own: View | None) -> View:
    """The title's view as one audience knows it: what all see, and the rows in its sight."""
    game: View = shared["game"]
    return {**game, **own["seen"]} if own and "seen" in own else game
