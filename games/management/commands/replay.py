"""`manage.py replay`: plays matches again from their archived journals, and compares."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from games import journals, selectors
from games.models import Match


class Command(BaseCommand):
    help = "Plays archived matches again, and says whether each leads to the state that it led to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("matches", nargs="*", type=_id, metavar="MATCH", help="its id")
        parser.add_argument("--all", action="store_true", help="all that are archived")
        parser.add_argument(
            "--since", type=_date, metavar="DATE", help="all that began since then: 2026-05-01"
        )

    def handle(
        self,
        *args: Any,
        matches: list[UUID],
        all: bool,
        since: datetime | None,
        **options: Any,
    ) -> None:
        found = Match.objects.filter(archived__isnull=False)
        if matches:
            found = Match.objects.filter(id__in=matches)
            if missing := set(matches) - set(found.values_list("id", flat=True)):
                raise CommandError(f"no match {', '.join(map(str, missing))}")
        elif since:
            found = found.filter(created__gte=since)
        elif not all:
            raise CommandError("name matches, or --all, or --since DATE")
        wrong = 0
        for match in found.order_by("created").iterator():
            over = selectors.archive_complete(match)
            report = journals.check(str(match.id), match.title, over=over)
            self.stdout.write(f"{match.id} {match.title:12} {report}\n")
            wrong += report.wrong
        if wrong:
            raise CommandError(f"{wrong} wrong")


def _id(text: str) -> UUID:
    return UUID(text)


def _date(text: str) -> datetime:
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=UTC)
