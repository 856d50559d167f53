"""A title for tests of sight: many animals on a field, of which each seat sees those near its own.

Everything about it is exact to say: who sees what follows from places that anybody can work out.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from games.sim import (
    Circle,
    Enum,
    Fixed,
    Game,
    Int,
    Outcome,
    Record,
    Refusal,
    Rng,
    Settings,
    Table,
    View,
)

SIDE = 1000
RADIUS = 200
MOODS = ("calm", "wild")


class Animal(msgspec.Struct):
    x: int
    y: int
    mood: int = 0


class Meadow(msgspec.Struct):
    rng: Rng
    animals: dict[int, Animal] = {}
    born: int = 0
    left: int = 0


class Move(msgspec.Struct):
    x: Annotated[int, Meta(ge=-50, le=50)] = 0
    y: Annotated[int, Meta(ge=-50, le=50)] = 0


class Field(Game[Meadow]):
    """Seats steer the animals of their own number; others wander, are born and die."""

    title = "field"
    name = "Field"
    seats = range(1, 101)
    tick_hz = 20
    Input = Move
    wanderers = 15
    view_type = Record(
        alive=Int(0, 10_000),
        animals=Table(
            1000,
            by_seat=True,
            x=Fixed(0, SIDE, 0.5),
            y=Fixed(0, SIDE, 0.5),
            mood=Enum(*MOODS),
        ),
    )

    def setup(self, seats: int, settings: Settings, rng: Rng) -> Meadow:
        state = Meadow(rng, born=seats)
        for number in range(seats):
            state.animals[number] = self._animal(rng)
        for _ in range(self.wanderers):
            self._bear(state)
        return state

    def apply(self, state: Meadow, seat: int, input: Move) -> Refusal | None:
        own = state.animals[seat]
        own.x, own.y = _within(own.x + input.x), _within(own.y + input.y)
        return None

    def advance(self, state: Meadow, elapsed: int) -> None:
        rng = state.rng
        for number, animal in list(state.animals.items()):
            if rng.below(3) == 0:
                animal.x = _within(animal.x + rng.between(-30, 30))
                animal.y = _within(animal.y + rng.between(-30, 30))
            if rng.below(20) == 0:
                animal.mood = 1 - animal.mood
            if number >= 100 and rng.below(40) == 0:
                del state.animals[number]
        while rng.below(2):
            self._bear(state)

    def outcome(self, state: Meadow) -> Outcome | None:
        return None

    def view(self, state: Meadow) -> View:
        rows = {
            number: (animal.x, animal.y, MOODS[animal.mood])
            for number, animal in state.animals.items()
        }
        return {"alive": len(rows), "animals": rows}

    def sees(self, state: Meadow, table: str, seat: int) -> Any:
        own = state.animals[seat]
        if seat == 1:  # this one sees by a mask of its own
            return [number for number in state.animals if number % 3 == 0]
        return Circle(own.x, own.y, RADIUS)

    def _bear(self, state: Meadow) -> None:
        if len(state.animals) < 900:
            state.born += 1
            state.animals[100 + state.born] = self._animal(state.rng)

    def _animal(self, rng: Rng) -> Animal:
        return Animal(rng.between(0, SIDE), rng.between(0, SIDE))


class HiddenField(Field):
    """Spectators see nothing of the animals."""

    title = "hidden_field"
    view_type = Record(
        alive=Int(0, 10_000),
        animals=Table(
            1000,
            by_seat=True,
            spectators=False,
            x=Fixed(0, SIDE, 0.5),
            y=Fixed(0, SIDE, 0.5),
            mood=Enum(*MOODS),
        ),
    )


def _within(place: int) -> int:
    return max(0, min(SIDE, place))
