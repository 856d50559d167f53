"""Whether a title's class says all that it must; a mistake is an error at start that names it."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from games.sim import Away, Category, DeclarationError, Game, Kind, Mode, Record, Settings, Table

_TITLE = re.compile(r"[a-z][a-z0-9_]{0,31}")


def declared(game: type[Game[Any]]) -> type[Game[Any]]:
    """``game`` itself, if its declaration holds.

    Raises:
        TypeError: names the title and the attribute that is wrong.
        DeclarationError: a TypeError; names the title and the field of its views that is wrong.
    """
    for attribute, problem in _problems(game):
        raise TypeError(f"title {getattr(game, 'title', game.__name__)!r}: {attribute} {problem}")
    for name, view_type in (("view", game.view_type), ("secret", game.secret_type)):
        for path, problem in _view_problems(name, view_type):
            raise DeclarationError(f"{game.title}: {name}{path}: {problem}")
    return game


def _problems(game: type[Game[Any]]) -> list[tuple[str, str]]:
    found = [(name, "is missing") for name in ("title", "name", "seats") if not hasattr(game, name)]
    if found:
        return found
    checks = [
        ("title", is_title(game.title), "must be lower_snake_case, at most 32 long"),
        ("seats", _is_seats(game.seats), "must be a range of numbers from 1 on"),
        ("tick_hz", _is_from(1, game.tick_hz) and game.tick_hz <= 1000, "must be from 1 to 1000"),
        ("grace_s", _is_from(0, game.grace_s), "must be 0 or more"),
        ("bot_every", _is_from(1, game.bot_every), "must be 1 or more"),
        ("away", game.away in list(Away), "must be one of games.sim.Away"),
        ("away", game.away != Away.BOT or game.has_bot(), "is 'bot', but there is no bot method"),
        ("rateable", isinstance(game.rateable, bool), "must be True or False"),
        ("teams", _is_teams(game.teams, game.seats), "must be 0, or at least 2 with a seat each"),
        (
            "team_names",
            _is_names(game.team_names) and len(game.team_names) in (0, game.teams),
            "must be a tuple of texts, one for each team",
        ),
        ("Settings", _is_settings(game.Settings), "must extend games.sim.Settings"),
        ("view_type", _is_view_type(game.view_type), "must be a games.sim.Record, or None"),
        ("secret_type", _is_view_type(game.secret_type), "must be a games.sim.Record, or None"),
        (
            "secret_type",
            game.secret_type is None or game.secret is not Game.secret,
            "is declared, but there is no secret method",
        ),
    ]
    found = [(name, problem) for name, holds, problem in checks if not holds]
    return found or _schema_problems(game) or _mode_problems(game) or list(_category_problems(game))


# What stands in a class body may be of any type, whatever its annotation says.


def is_title(title: object) -> bool:
    """Whether a title may be registered under this name."""
    return isinstance(title, str) and _TITLE.fullmatch(title) is not None


def _is_seats(seats: object) -> bool:
    return isinstance(seats, range) and len(seats) > 0 and seats.start >= 1 and seats.step == 1


def _is_from(least: int, number: object) -> bool:
    return isinstance(number, int) and number >= least


def _is_teams(teams: object, seats: object) -> bool:
    if not isinstance(teams, int):
        return False
    return teams == 0 or (teams >= 2 and isinstance(seats, range) and seats.start >= teams)


def _is_names(names: object) -> bool:
    return isinstance(names, tuple) and all(isinstance(name, str) and name for name in names)


def _is_settings(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Settings)


def _is_view_type(kind: object) -> bool:
    return kind is None or isinstance(kind, Record)


def _view_problems(name: str, view_type: Record | None) -> list[tuple[str, str]]:
    """The mistakes in a declaration: the path of each inside the view, and what is wrong."""
    if view_type is None:
        return []
    return view_type.problems or [
        (path, "by_seat belongs to tables that are fields of view_type itself")
        for path, kind, direct in _inside(view_type)
        if isinstance(kind, Table) and kind.by_seat and not (direct and name == "view")
    ]


def _inside(kind: Kind, path: str = "") -> Iterator[tuple[str, Kind, bool]]:
    """Every kind in another: the path to it, it, and whether it is directly inside."""
    for name, part in kind.parts():
        yield path + name, part, True
        yield from ((inner, deep, False) for inner, deep, _ in _inside(part, path + name))


def _mode_problems(game: type[Game[Any]]) -> list[tuple[str, str]]:
    """Modes must fit the title: its seats, its settings, and its teams, which share all seats."""
    modes: object = game.modes
    if not isinstance(modes, tuple) or not modes:
        return [("modes", "must be a tuple of games.sim.Mode, at least one")]
    if not all(isinstance(mode, Mode) for mode in modes):
        return [("modes", "must be a tuple of games.sim.Mode, at least one")]
    names = [mode.name for mode in modes]
    if len(set(names)) < len(names):
        return [("modes", "must each have a name of its own")]
    return [
        ("modes", f"{mode.name!r}: {problem}")
        for mode in modes
        for problem in _problems_of_mode(mode, game)
    ]


def _problems_of_mode(mode: Mode, game: type[Game[Any]]) -> Iterator[str]:
    seats = game.seats if mode.seats is None else mode.seats
    if not is_title(mode.name):
        yield "its name must be lower_snake_case, at most 32 long"
    if not _is_seats(seats) or seats.start < game.seats.start or seats.stop > game.seats.stop:
        yield "its seats must be within those of the title"
    elif game.teams and (seats.stop - 1) % game.teams:
        yield "its seats must be as many for each team"
    if not all(_is_from(0, number) for number in (mode.fill_s, mode.bots_after_s, mode.bots_to)):
        yield "its times and numbers must be 0 or more"
    try:
        msgspec.convert(mode.settings, game.Settings)
    except msgspec.ValidationError as error:
        yield f"its settings: {error}"


def _category_problems(game: type[Game[Any]]) -> Iterator[tuple[str, str]]:
    """Categories must have names, and what is played by default and by modes must be in one."""
    known: object = game.categories
    if not isinstance(known, tuple) or not all(isinstance(each, Category) for each in known):
        yield "categories", "must be a tuple of games.sim.Category"
        return
    names = [category.name for category in known]
    if not all(map(is_title, names)) or len(set(names)) < len(names):
        yield "categories", "must each have a lower_snake_case name of its own, at most 32 long"
    says = game.category is not Game.category
    if names and not says:
        yield "categories", "need a category method that tells them apart"
        return
    if says and not names:
        yield "category", "is there, but no categories are declared"
    for settings in ({}, *(mode.settings for mode in game.modes)) if names else ():
        found = game().category(msgspec.convert(settings, game.Settings))
        if found not in names:
            yield "category", f"says {found!r} of {settings}, which is none of the categories"


def _schema_problems(game: type[Game[Any]]) -> list[tuple[str, str]]:
    """Settings need a good default for each field; both types must mean something to msgspec."""
    try:
        msgspec.json.schema(game.Settings)
        defaults = msgspec.to_builtins(msgspec.convert({}, game.Settings))
        msgspec.convert(defaults, game.Settings)
    except (TypeError, msgspec.ValidationError) as error:
        return [("Settings", str(error))]
    try:
        msgspec.json.Decoder(game.Input)
    except TypeError as error:
        return [("Input", str(error))]
    return []
