"""`manage.py checkgame`: the test kit, asked of one title, with what it has shown."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from games.catalog import TITLES
from games.sim import Game
from games.testing import CHECKS, TitleFault


class Command(BaseCommand):
    help = "Plays a title in every way it can think of, and says which rule it breaks, or none."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("title", help="its name, or its class: mygames.nim.rules.Nim")

    def handle(self, *args: Any, title: str, **options: Any) -> None:
        kind = found(title)
        for check in CHECKS:
            try:
                shown = check(kind)
            except TitleFault as fault:
                raise CommandError(str(fault)) from fault
            self.stdout.write(f"{check.__name__.removeprefix('check_'):>12}  {shown}\n")


def found(title: str) -> type[Game[Any]]:
    """The class of a title that is registered, or that can be imported."""
    if title in TITLES:
        return TITLES[title]
    try:
        kind = import_string(title)
    except ImportError as error:
        known = ", ".join(sorted(TITLES))
        raise CommandError(f"{error}; and the titles are {known}") from None
    if not (isinstance(kind, type) and issubclass(kind, Game)):
        raise CommandError(f"{title} is no class of a game")
    return kind
