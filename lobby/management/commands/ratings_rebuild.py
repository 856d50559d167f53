"""`manage.py ratings_rebuild`: all ratings anew, from the records of matches.

It gives the numbers that stand there already, unless something changed what results are worth: a
new version of the rating model, another length of seasons, a title that lets people drop in, or
one that says otherwise which settings are of which category.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from games.catalog import TITLES
from games.models import Match
from lobby.services.ratings import ratings_rebuild


class Command(BaseCommand):
    help = "Works out ratings anew, from the results of rated matches. New results wait meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("titles", nargs="*", help="these alone; else all that were ever rated")

    def handle(self, *args: Any, **options: Any) -> None:
        rated = Match.objects.filter(rated=True).order_by("title")
        known = list(rated.values_list("title", flat=True).distinct())
        chosen = options["titles"] or known
        if strange := sorted(set(chosen) - set(known) - set(TITLES)):
            raise CommandError(f"no such title: {', '.join(strange)}")
        for title in chosen:
            self.stdout.write(f"{title}: {ratings_rebuild(title=title)} matches\n")
