"""What a title takes: its settings."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from games.sim import Game
from lobby.codes import ApiCode, Refused
from lobby.limits import CHOICES_MAX, PROPERTY_MAX

Wish = dict[str, Any]
"""How a setting is compared: ``exact`` or ``in``, or ``gte`` and ``lte``."""


def settings_checked(game: type[Game[Any]], settings: Mapping[str, object]) -> dict[str, object]:
    """A title's settings as they are kept: checked, with every default filled in.

    Raises:
        Refused: ``invalid``; the field is named ``settings.<name>``.
    """
    try:
        checked = msgspec.convert(settings, game.Settings)
    except msgspec.ValidationError as error:
        field, problem = _setting_named(str(error))
        raise Refused(ApiCode.INVALID, {field: [problem]}) from error
    return dict(msgspec.to_builtins(checked))


def settings_wished(game: type[Game[Any]], wishes: Mapping[str, object]) -> dict[str, Wish]:
    """What settings of a title should be: each one a value, or what it may lie within.

    Args:
        wishes: ``{"days": 0, "minutes": {"min": 3, "max": 10}, "map": {"in": ["reef", "bay"]}}``.

    Raises:
        Refused: ``invalid``; the field is named ``settings.<name>``.
    """
    known = {field.name for field in msgspec.structs.fields(game.Settings)}
    for name in wishes:
        if name not in known:
            raise _wrong(name, "There is no such setting.")
    return {name: _wish_checked(game, name, wish) for name, wish in wishes.items()}


def _wish_checked(game: type[Game[Any]], name: str, wish: object) -> Wish:
    if isinstance(wish, dict) and wish and set(wish) <= {"min", "max"}:
        if not all(_is_number(bound) for bound in wish.values()):
            raise _wrong(name, "Bounds are numbers.")
        return {"gte" if side == "min" else "lte": bound for side, bound in wish.items()}
    if isinstance(wish, dict) and set(wish) == {"in"}:
        choices = wish["in"]
        if not isinstance(choices, list) or not 1 <= len(choices) <= CHOICES_MAX:
            raise _wrong(name, f"Name 1 to {CHOICES_MAX} choices.")
        return {"in": [settings_checked(game, {name: choice})[name] for choice in choices]}
    return {"exact": settings_checked(game, {name: wish})[name]}


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -PROPERTY_MAX <= value <= PROPERTY_MAX


def _wrong(name: str, problem: str) -> Refused:
    return Refused(ApiCode.INVALID, {f"settings.{name}": [problem]})


_AT = re.compile(r"(?P<problem>.*?) - at `\$\.?(?P<path>.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<name>.*)`", re.DOTALL)
_PATTERN = re.compile(r"Expected `str` matching regex")


def _setting_named(message: str) -> tuple[str, str]:
    """Which setting a sentence of msgspec is about, and what it says of it."""
    problem, path = message, ""
    if found := _AT.fullmatch(message):
        problem, path = found["problem"], found["path"]
    if found := _UNKNOWN.search(problem):
        path, problem = f"{path}.{found['name']}".strip("."), "There is no such setting."
    elif _PATTERN.match(problem):
        problem = "This is not of the form that is asked for."
    return f"settings.{path}".strip("."), problem
