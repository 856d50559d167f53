"""A mistake in a title's declaration is an error at start that names title and attribute."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from games import catalog
from games.catalog import TITLES, register
from games.catalog.declared import declared
from games.sim import (
    Angle,
    Away,
    Category,
    DeclarationError,
    Enum,
    Game,
    Int,
    Json,
    List,
    Map,
    Mode,
    Optional,
    Record,
    Settings,
    Table,
    Text,
)
from tests.titles import Blitz, Broken, HastyParty, HastyWaiting, Patient, Tally, Wide

FAST = Category(name="fast", label="Fast")


class Plain(Game[Any]):
    """The least that a title must say."""

    title = "plain"
    name = "Plain"
    seats = range(2, 3)


def title_with(**attributes: Any) -> type[Game[Any]]:
    return type("Wrong", (Plain,), attributes)


class NoDefault(Settings):
    length: int


class OutOfBounds(Settings):
    length: Annotated[int, Meta(ge=60, le=600)] = 10


class Unspeakable(Settings):
    what: complex = 1j


class Loose(msgspec.Struct):
    length: int = 1


def test_the_least_that_a_title_must_say_is_enough() -> None:
    assert declared(Plain) is Plain
    assert not Plain.has_bot()


OF_TESTS = [Tally, Blitz, Patient, HastyWaiting, Broken, HastyParty, Wide]


@pytest.mark.parametrize("game", [*TITLES.values(), *OF_TESTS])
def test_the_titles_of_this_tree_are_declared_well(game: type[Game[Any]]) -> None:
    assert declared(game) is game


@pytest.mark.parametrize(
    "attributes",
    [
        {"seats": range(1, 17)},
        {"seats": range(1, 2)},
        {"seats": range(4, 7), "teams": 2, "modes": (Mode(seats=range(4, 5)),)},
        {"teams": 2, "team_names": ("Blue", "Red")},
        {"tick_hz": 1},
        {"tick_hz": 1000},
        {"title": "a"},
        {"title": "a" * 32},
        {"title": "a_1"},
        {"away": Away.PAUSE},
        {"away": Away.BOT, "bot": lambda *_: None},
        {"Input": int | str},
        {"Input": list[Annotated[int, Meta(ge=0)]]},
        {"view_type": Record()},
        {"view_type": Record(n=Int(0, 0), log=List(Json(), 5))},
        {"view_type": Record(ships=Table(16, by_seat=True, spectators=False, x=Int(0, 5)))},
        {"secret_type": Record(dice=List(Int(1, 6), 5)), "secret": lambda *_: {"dice": []}},
    ],
)
def test_what_is_just_right_is_let_in(attributes: dict[str, Any]) -> None:
    game = title_with(**attributes)
    assert declared(game) is game


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("title", ""),
        ("title", "Chess"),
        ("title", "1st"),
        ("title", "_x"),
        ("title", "a-b"),
        ("title", "a b"),
        ("title", "a\n"),
        ("title", "ä"),
        ("title", "a" * 33),
        ("title", 5),
        ("seats", range(2, 2)),
        ("seats", range(3, 2)),
        ("seats", range(2)),
        ("seats", range(-1, 2)),
        ("seats", range(2, 9, 2)),
        ("seats", 2),
        ("seats", (1, 2)),
        ("tick_hz", 0),
        ("tick_hz", -20),
        ("tick_hz", 1001),
        ("tick_hz", "20"),
        ("bot_every", 0),
        ("bot_every", "1"),
        ("away", Away.BOT),
        ("away", "bot"),
        ("away", "sleep"),
        ("grace_s", -1),
        ("rateable", 1),
        ("teams", 1),
        ("teams", 3),
        ("teams", -2),
        ("teams", "two"),
        ("team_names", ("Blue", "Red")),
        ("team_names", ["Blue", "Red"]),
        ("team_names", "BR"),
        ("Settings", Loose),
        ("Settings", NoDefault),
        ("Settings", OutOfBounds),
        ("Settings", Unspeakable),
        ("Settings", Settings()),
        ("Settings", None),
        ("categories", (Category,)),
        ("categories", (Category(name="Fast", label="Fast"),)),
        ("categories", (FAST, FAST)),
        ("categories", (FAST,)),
        ("category", lambda self, settings: "fast"),
        ("modes", ()),
        ("modes", [Mode()]),
        ("modes", (Mode, Mode())),
        ("modes", (Mode(), Mode())),
        ("modes", (Mode(name="Fast"),)),
        ("modes", (Mode(seats=range(2, 4)),)),
        ("modes", (Mode(seats=range(1, 3)),)),
        ("modes", (Mode(fill_s=-1),)),
        ("modes", (Mode(settings={"minutes": 5}),)),
        ("Input", dict[complex, list[int] | tuple[int]] | list[str]),
        ("Input", int | Tally | Plain),
        ("view_type", Int(0, 1)),
        ("view_type", Record),
        ("view_type", {"n": Int(0, 1)}),
        ("secret_type", Json()),
        ("secret_type", Record()),  # there is no secret method
    ],
)
def test_a_mistake_names_the_title_and_the_attribute(attribute: str, value: Any) -> None:
    wrong = title_with(**{attribute: value})
    with pytest.raises(TypeError, match=r"\w") as caught:
        declared(wrong)
    assert str(caught.value).startswith(f"title {wrong.title!r}: {attribute} ")


def test_a_mode_of_a_title_with_teams_has_as_many_seats_for_each() -> None:
    wrong = title_with(seats=range(2, 7), teams=2, modes=(Mode(seats=range(2, 4)),))
    with pytest.raises(TypeError, match="its seats must be as many for each team"):
        declared(wrong)


def test_what_is_played_is_in_one_of_the_categories() -> None:
    found = {"categories": (FAST,), "category": lambda self, settings: "fast"}
    declared(title_with(**found))
    for said in ("", "slow", None):
        with pytest.raises(TypeError, match=r"category says .* which is none of the categories$"):
            declared(title_with(**found | {"category": lambda self, settings, said=said: said}))


@pytest.mark.parametrize("attribute", ["title", "name", "seats"])
def test_what_is_missing_is_named(attribute: str) -> None:
    said = {"title": "x", "name": "X", "seats": range(1, 2)}
    del said[attribute]
    wrong = type("Unfinished", (Game,), said)
    name = said.get("title", "Unfinished")
    with pytest.raises(TypeError, match=f"^title '{name}': {attribute} is missing$"):
        declared(wrong)


@pytest.mark.parametrize(
    ("view_type", "mistake"),
    [
        (Record(ends_at=Int(5, 0)), "ends_at: low is above high"),
        (Record(ships=Table(16, x=Int(5, 0))), "ships.x: low is above high"),
        (Record(a=Record(b=Record(c=Enum()))), "a.b.c: has no names"),
        (Record(log=List(Text(0), 5)), "log[]: max must be from 1 to 1048576"),
        (Record(bag=Map(Record(n=Angle(0)), 5)), "bag{}.n: steps must be from 1 to 2**53"),
        (Record(n=5), "n: 5 is no kind"),
        (Record(n=Optional(Int)), "n: <class 'games.sim.kinds.scalars.Int'> is no kind"),
        (
            Record(a=Record(t=Table(1, by_seat=True))),
            "a.t: by_seat belongs to tables that are fields of view_type itself",
        ),
        (
            Record(t=Optional(Table(1, by_seat=True))),
            "t: by_seat belongs to tables that are fields of view_type itself",
        ),
    ],
)
def test_a_mistake_in_a_view_names_the_title_and_the_field(view_type: Any, mistake: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declared(title_with(view_type=view_type))
    assert str(caught.value) == f"plain: view.{mistake}"
    with pytest.raises(TypeError) as caught_too:
        declared(title_with(secret_type=view_type, secret=lambda *_: {}))
    assert str(caught_too.value) == f"plain: secret.{mistake}"


def test_a_secret_is_not_divided_by_seat_again() -> None:
    secret_type = Record(t=Table(1, by_seat=True))
    with pytest.raises(DeclarationError, match=r"^plain: secret\.t: by_seat belongs to"):
        declared(title_with(secret_type=secret_type, secret=lambda *_: {}))


# --- the register ------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def the_register_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "TITLES", dict(TITLES))


def test_every_title_is_registered_under_its_own_name() -> None:
    assert all(game.title == title for title, game in TITLES.items())


def test_a_title_from_outside_is_registered_once() -> None:
    register(Plain)
    register(Plain)
    assert catalog.TITLES["plain"] is Plain


def test_a_name_that_is_taken_is_an_error_and_keeps_who_has_it() -> None:
    taken = title_with(title="chess")
    with pytest.raises(TypeError, match="'chess' is registered twice"):
        register(taken)
    assert catalog.TITLES["chess"] is TITLES["chess"]


def test_a_title_that_is_declared_badly_is_not_registered() -> None:
    with pytest.raises(TypeError, match="tick_hz"):
        register(title_with(tick_hz=0))
    assert "plain" not in catalog.TITLES
