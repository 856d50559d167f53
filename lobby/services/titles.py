"""What a title takes: its settings."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from games.sim import Game
from lobby.codes import ApiCode, Refused


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
