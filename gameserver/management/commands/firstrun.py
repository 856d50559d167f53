"""`manage.py firstrun`: someone who may enter the admin, where there is nobody yet."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import IntegrityError, transaction

PASSWORD_BYTES = 12
"""Bytes of chance; in text 16 characters that can still be typed."""


class Command(BaseCommand):
    help = "Creates the first admin user and prints its password, once; does nothing where one is."

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        name, password = "admin", secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            with transaction.atomic():
                users.create_superuser(username=name, password=password)
        except IntegrityError:  # a player has that name, or another worker was first
            if users.filter(is_superuser=True).exists():
                return
            name = f"admin-{secrets.token_hex(2)}"
            users.create_superuser(username=name, password=password)
        self.stdout.write(
            f"\n  First start: the admin at /admin/ is open to\n\n"
            f"      user      {name}\n      password  {password}\n\n"
            "  This password is shown once; change it there.\n"
        )
