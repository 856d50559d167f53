"""`manage.py newgame`: a playable start of a new title, to be made into the game one has in mind.

What it writes lies beside it, as templates in `games/management/newgame/`.
"""

import builtins
import importlib.util
import keyword
import os
import re
import shlex
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from games.catalog import TITLES
from games.catalog.declared import is_title

TEMPLATES = Path(__file__).resolve().parents[1] / "newgame"
GAMES = TEMPLATES.parents[1]
CATALOG = GAMES / "catalog"
TREE = GAMES.parent
SDK = GAMES / "static" / "games" / "evertick.js"

LINE_MAX = 100
LISTED = re.compile(
    r"= \{\n    game\.title: declared\(game\)\s+for game in \((?P<classes>[\w,\s]+)\)\n\}\n"
)
"""The statement of `games/catalog/__init__.py` that lists the classes."""


class Command(BaseCommand):
    help = "Writes a small game that can be played at once, as the start of a new title."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("title", help="lower case letters, digits and _; a letter first")
        parser.add_argument(
            "--into",
            metavar="PATH",
            type=Path,
            help="a folder outside this tree; else the title becomes part of games/catalog",
        )

    def handle(self, *args: Any, title: str, into: Path | None, **options: Any) -> None:
        check_name(title)
        place = inside(title) if into is None else outside(title, into.expanduser().resolve())
        check_free(place)
        try:
            write(place)
            self.stdout.write(f"Wrote {place.folder}\n      {place.test}\n")
            self.stdout.write(how_to_start(place) if into else register(place))
        except OSError as error:
            raise CommandError(f"cannot write: {error}") from None


@dataclass(frozen=True)
class Place:
    """Where a title goes, and what it is called there."""

    title: str
    folder: Path
    test: Path
    root: Path
    """What must be on Python's path."""

    @property
    def package(self) -> str:
        return ".".join(self.folder.relative_to(self.root).parts)

    @property
    def game(self) -> str:
        """The name of its class: ``last_stone`` is ``LastStone``."""
        name = "".join(word.capitalize() for word in self.title.split("_"))
        return f"{name}Game" if name in taken() else name


def taken() -> set[str]:
    """Names that a new class cannot have: of Python, of the templates, of other titles."""
    words = re.findall(r"\w+", (TEMPLATES / "rules.py.tmpl").read_text("utf-8"))
    classes = {game.__name__ for game in TITLES.values()}
    return {*keyword.kwlist, *dir(builtins), *words, *classes, "Any", "TITLES"}


def inside(title: str) -> Place:
    test = TREE / "tests" / "sim" / f"test_{title}.py"
    return Place(title, CATALOG / title, test, TREE)


def outside(title: str, into: Path) -> Place:
    """Raises CommandError where no Python could import it from."""
    if into.is_relative_to(TREE):
        raise CommandError(f"{into} is inside Evertick; leave --into out, or name a place outside")
    root = into
    while (root / "__init__.py").is_file():
        root = root.parent
    place = Place(title, into / title, into / title / "test_rules.py", root)
    if not all(part.isidentifier() for part in place.package.split(".")):
        raise CommandError(f"{place.package!r} is no name that Python could import")
    return place


# --- What is refused ----------------------------------------------------------------------------


def check_name(title: str) -> None:
    if not is_title(title):
        raise CommandError(
            f"{title!r} is no name for a title: "
            "lower case letters, digits and _, a letter first, at most 32"
        )
    if keyword.iskeyword(title):
        raise CommandError(f"{title!r} is a word of Python's own; choose another")
    if title in TITLES:
        raise CommandError(f"there is a title {title!r} already; choose another name")


def check_free(place: Place) -> None:
    for path in (place.folder, place.folder.with_suffix(".py"), place.test):
        if path.exists():
            raise CommandError(f"{path} is there already")
    if place.package == place.title and importlib.util.find_spec(place.title):
        raise CommandError(f"Python has a module {place.title!r} already; choose another name")


# --- What is written ----------------------------------------------------------------------------


def write(place: Place) -> None:
    """Every template, under its own name without ``.tmpl``."""
    for template in sorted(TEMPLATES.rglob("*.tmpl")):
        path = place.folder / template.relative_to(TEMPLATES).with_suffix("")
        if path.name == "test_rules.py":
            path = place.test
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled(template.read_text("utf-8"), place), "utf-8")


def filled(text: str, place: Place) -> str:
    values = {
        "title": place.title,
        "name": place.title.replace("_", " ").strip().capitalize(),
        "Game": place.game,
        "imports": imports(place),
        "sdk": Path(os.path.relpath(SDK, place.folder / "client")).as_posix(),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def imports(place: Place) -> str:
    """Of its test; sorted, wherever it stands."""
    sim = "from games.sim import Outcome, Rng\nfrom games.testing import check_title"
    beside = place.test.parent == place.folder
    return (
        f"{sim}\n\nfrom . import rules" if beside else f"from {place.package} import rules\n{sim}"
    )


# --- What comes next ----------------------------------------------------------------------------


def register(place: Place) -> str:
    """Adds the title to the catalog, where that looks as it should; says what was done."""
    catalog = CATALOG / "__init__.py"
    before = catalog.read_text("utf-8")
    after = registered(before, place.title, place.game)
    if after is None:
        line = import_line(place.title, place.game).rstrip()
        return (
            f"Add it to {catalog} yourself, which is not as expected:\n"
            f"      {line}\n      and {place.game} to TITLES\n"
        )
    catalog.write_text(after, "utf-8")
    return f"Added it to {catalog}\nNow: make run\n"


def registered(source: str, title: str, game: str) -> str | None:
    """`games/catalog/__init__.py` with one title more, in its place by the alphabet.

    None if it is not of the shape that this knows; unchanged if the title is in it.
    """
    listed, line = LISTED.search(source), import_line(title, game)
    lines = source.splitlines(keepends=True)
    later = [number for number, text in enumerate(lines) if _order(text) > _order(line)]
    if listed is None or not later:
        return None
    classes = re.findall(r"\w+", listed["classes"])
    if line in lines and game in classes:
        return source
    if line in lines or game in classes:
        return None
    lines.insert(later[0], line)
    return "".join(lines).replace(listed[0], _listing(sorted([*classes, game])))


def import_line(title: str, game: str) -> str:
    return f"from games.catalog.{title}.rules import {game}\n"


def _order(line: str) -> list[tuple[int, int]]:
    """As ruff sorts imports: numbers in names by their value. Empty for what is none of ours."""
    found = re.match(r"from (games\.[\w.]+) import ", line)
    parts = re.findall(r"\d+|\D", found[1]) if found else []
    return [(ord("0"), int(part)) if part.isdigit() else (ord(part), 0) for part in parts]


def _listing(classes: list[str]) -> str:
    """The statement as ruff would lay it out."""
    head, listed = "    game.title: declared(game)", f"for game in ({', '.join(classes)})"
    if len(f"{head} {listed}") <= LINE_MAX:
        body = f"{head} {listed}"
    elif len(f"    {listed}") <= LINE_MAX:
        body = f"{head}\n    {listed}"
    else:
        each = "".join(f"        {name},\n" for name in classes)
        body = f"{head}\n    for game in (\n{each}    )"
    return f"= {{\n{body}\n}}\n"


def how_to_start(place: Place) -> str:
    """The settings with which a title outside this tree is served."""
    titles = ",".join([*settings.EVERTICK_TITLES, f"{place.package}.rules.{place.game}"])
    told = f"EVERTICK_TITLES={titles} make run\n"
    if str(place.root) not in sys.path:
        path = os.pathsep.join(filter(None, [str(place.root), os.environ.get("PYTHONPATH")]))
        told = f"PYTHONPATH={shlex.quote(path)} {told}"
    return f"Now: {told}"
