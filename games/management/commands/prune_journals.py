"""`manage.py prune_journals`: what workers do once an hour, done now."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from games.limits import PRUNE_MAX
from games.services import journals_prune


class Command(BaseCommand):
    help = "Removes the archived journals of matches that ended more than JOURNAL_DAYS ago."

    def handle(self, *args: Any, **options: Any) -> None:
        days = settings.EVERTICK["JOURNAL_DAYS"]
        removed = 0
        while days and (some := journals_prune(days=days, most=PRUNE_MAX)):
            removed += some
        kept = f"kept for {days} days" if days else "kept for ever"
        self.stdout.write(f"{removed} removed; journals are {kept}\n")
