"""A mistake in a title's declaration is an error at start that names title and attribute."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from games import catalog
from games.catalog import TITLES, register
from games.catalog.declared import declared
from games.sim import Away, Game, Settings
from tests.titles import Broken, Party, Tally, Thinking, Waiting


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


@pytest.mark.parametrize("game", [*TITLES.values(), Tally, Thinking, Waiting, Broken, Party])
def test_the_titles_of_this_tree_are_declared_well(game: type[Game[Any]]) -> None:
    assert declared(game) is game


@pytest.mark.parametrize(
    "attributes",
    [
        {"seats": range(1, 17)},
        {"seats": range(1, 2)},
        {"tick_hz": 1},
        {"tick_hz": 1000},
        {"title": "a"},
        {"title": "a" * 32},
        {"title": "a_1"},
        {"away": Away.PAUSE},
        {"away": Away.BOT, "bot": lambda *_: None},
        {"Input": int | str},
        {"Input": list[Annotated[int, Meta(ge=0)]]},
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
        ("Settings", Loose),
        ("Settings", NoDefault),
        ("Settings", OutOfBounds),
        ("Settings", Unspeakable),
        ("Settings", Settings()),
        ("Settings", None),
        ("Input", dict[complex, list[int] | tuple[int]] | list[str]),
        ("Input", int | Tally | Plain),
    ],
)
def test_a_mistake_names_the_title_and_the_attribute(attribute: str, value: Any) -> None:
    wrong = title_with(**{attribute: value})
    with pytest.raises(TypeError, match=r"\w") as caught:
        declared(wrong)
    assert str(caught.value).startswith(f"title {wrong.title!r}: {attribute} ")


@pytest.mark.parametrize("attribute", ["title", "name", "seats"])
def test_what_is_missing_is_named(attribute: str) -> None:
    said = {"title": "x", "name": "X", "seats": range(1, 2)}
    del said[attribute]
    wrong = type("Unfinished", (Game,), said)
    name = said.get("title", "Unfinished")
    with pytest.raises(TypeError, match=f"^title '{name}': {attribute} is missing$"):
        declared(wrong)


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
