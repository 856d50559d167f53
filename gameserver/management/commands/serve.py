"""`manage.py serve`: one worker, ready for browsers."""

import os
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from games.hosting.roles import Role
from gameserver import serving


class Command(BaseCommand):
    help = "Serves Evertick with one worker process until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument(
            "--server",
            choices=["daphne", "uvicorn"],
            default=os.environ.get("SERVER") or "daphne",
        )
        parser.add_argument(
            "--role",
            choices=list(Role),
            default=settings.EVERTICK["ROLE"],
            help="gateway: sockets alone; host: rooms alone; web: pages and REST alone",
        )
        parser.add_argument(
            "--web",
            type=int,
            default=settings.EVERTICK["WEB_PROCESSES"],
            help="so many processes beside this one answer pages and REST",
        )
        parser.add_argument("--beside", type=int, help=SUPPRESS)  # a worker starts it so
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="first migrate the database and make the first admin, as `make run` does",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        settings.EVERTICK["ROLE"] = options["role"]
        try:
            serving.check_role()
            if options["beside"] is not None:
                serving.serve_beside(options["beside"])
                return
            web = 0 if options["role"] == Role.WEB else options["web"]  # it is one itself
            serving.check_web(options["server"], web)
            serving.check_answers()
            if options["prepare"]:
                call_command("migrate", verbosity=0)
                call_command("firstrun", stdout=self.stdout)
            serving.check_migrated()
            serving.serve(options["server"], options["host"], options["port"], web=web)
        except serving.CannotServe as error:
            raise SystemExit(f"Cannot start: {error}.") from None
