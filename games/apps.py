"""The games app: registers the titles that a setting names from outside this tree."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string


class GamesConfig(AppConfig):
    name = "games"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from games.catalog import register

        for path in settings.EVERTICK_TITLES:
            register(import_string(path))
