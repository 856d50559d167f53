"""What each seat sees of a table that nobody sees whole."""

from typing import Any

import pytest

from games.rooms import Room, sight
from games.sim import Circle, Rng, plain
from games.sim.sights import Seen
from tests.field import RADIUS, Animal, Field, HiddenField, Meadow

SEATS = [(seat, f"Player {seat}", False) for seat in range(3)]


def field(*others: tuple[int, int, int], kind: type[Field] = Field) -> Room:
    """Seat 0 in the corner, seat 1 far away, seat 2 beside seat 0; and other animals."""

    class Still(kind):  # type: ignore[misc,valid-type]
        def setup(self, seats: int, settings: Any, rng: Rng) -> Meadow:
            state = Meadow(rng)
            state.animals = {0: Animal(0, 0), 1: Animal(900, 900), 2: Animal(100, 0)}
            for number, x, y in others:
                state.animals[number] = Animal(x, y)
            return state

        def advance(self, state: Meadow, elapsed: int) -> None:
            pass

    return Room(Still(), seed=1, settings={}, seats=SEATS)


def seen(room: Room, seat: int | None) -> set[str]:
    return set(room.own_snapshot(seat).view.plain()["seen"]["animals"])


def change(room: Room, seat: int) -> dict[str, Any]:
    own = room.tick().own.get(seat)
    if own is None:
        return {}
    told: dict[str, Any] = own.change.plain()["in"]["seen"]["in"]["animals"]
    return told


def test_a_seat_sees_the_rows_within_its_circle_and_those_on_the_edge() -> None:
    room = field((201, RADIUS, 0), (202, RADIUS + 1, 0))
    assert seen(room, 0) == {"0", "2", "201"}
    assert seen(room, 1) == {"0", "201"}, "by a mask of its own"


def test_such_rows_are_never_in_the_shared_view() -> None:
    room = field()
    assert "animals" not in room.snapshot().view.plain()["game"]
    room.state.animals[0].x = 50
    assert room.tick().shared is None


def test_spectators_see_the_whole_table_unless_the_title_forbids() -> None:
    assert seen(field((201, 500, 500)), None) == {"0", "1", "2", "201"}
    hidden = field((201, 500, 500), kind=HiddenField)
    assert hidden.own_snapshot(None).view is None
    assert hidden.schema(None)["own"] is None
    hidden.state.animals[201].x = 0
    assert None not in hidden.tick().own


def test_a_row_that_comes_into_sight_is_told_apart_from_one_that_is_new() -> None:
    room = field((201, 500, 0))
    room.tick()
    room.state.animals[201].x = 150
    room.state.animals[301] = Animal(60, 60)
    told = change(room, 0)
    assert set(told["set"]) == {"201", "301"}
    assert told["enter"] == ["201"]


def test_a_row_that_leaves_sight_is_told_apart_from_one_that_is_removed() -> None:
    room = field((201, 150, 0), (204, 20, 20))
    room.tick()
    room.state.animals[201].x = 500
    del room.state.animals[204]
    told = change(room, 0)
    assert sorted(told["gone"]) == ["201", "204"]
    assert told["leave"] == ["201"]


def test_what_happens_out_of_sight_changes_no_byte_that_a_seat_is_told() -> None:
    """Two worlds that differ only there."""
    told: list[list[bytes]] = []
    for elsewhere in (600, 700):
        room = field((205, elsewhere, elsewhere))
        heard = [room.own_snapshot(0).view.packed()]
        for step in range(5):
            room.state.animals[205].y -= step * (elsewhere - 590) // 10
            room.state.animals[2].x += step
            own = room.tick().own.get(0)
            heard.append(own.change.packed() if own else b"")
        told.append(heard)
    assert told[0] == told[1]


def test_a_hundred_seats_each_see_what_their_circle_holds() -> None:
    seats = [(seat, f"Player {seat}", False) for seat in range(100)]
    room = Room(Field(), seed=5, settings={}, seats=seats)
    for _ in range(5):
        room.tick()
    whole = plain(room._own[None].kind, room._own[None].held)["seen"]["animals"]
    for seat in (0, *range(2, 100)):
        own = room.state.animals[seat]
        circle = Circle(own.x, own.y, RADIUS)
        near = {
            number
            for number, row in whole.items()
            if (row["x"] - circle.x) ** 2 + (row["y"] - circle.y) ** 2 <= RADIUS**2
        }
        assert seen(room, seat) == near


class Commons(Field):
    """Who comes, comes in the middle."""

    title = "commons"
    drop_in = True

    def setup(self, seats: int, settings: Any, rng: Rng) -> Meadow:
        return super().setup(0, settings, rng)

    def join(self, state: Meadow, seat: int) -> None:
        state.animals.setdefault(seat, self._animal(state.rng))


def heard(crowd_min: int) -> list[dict[int | None, tuple[Any, ...]]]:
    """All that each seat is told, tick by tick, while ever more come and some rest."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sight, "CROWD_MIN", crowd_min)
        room = Room(Commons(), seed=8, settings={}, seats=[])
        told = []
        for number in range(60):
            if number % 2 and number < 40:
                seat = number * 7 % 40
                room.connect(seat, f"session-{seat}", f"Player {seat}")
            for seat, place in room.places.items():
                if number % 3:
                    room.offer(seat, place.settled + 1, {"x": seat % 9 - 4, "y": number % 7 - 3})
            own = room.tick().own
            told.append(
                {
                    seat: (
                        said.settled,
                        said.change and said.change.packed(),
                        said.change and said.change.plain(),
                        said.view and said.view.packed(),
                        said.back,
                        said.hash,
                    )
                    for seat, said in own.items()
                }
            )
        assert isinstance(room._own[7].held["seen"]["animals"], Seen) == (crowd_min == 1)
        return told


def test_seats_are_told_the_same_whether_they_are_many_or_few() -> None:
    assert heard(1) == heard(10**9)


@pytest.mark.parametrize("seat", [0, None])
def test_the_schema_says_that_rows_come_and_go(seat: int | None) -> None:
    own = field().schema(seat)["own"]
    table = dict(dict(own["fields"])["seen"]["fields"])["animals"]
    assert table["by_seat"] is True
