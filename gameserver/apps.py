"""The project as an app: its management commands and its checks."""

from django.apps import AppConfig


class GameserverConfig(AppConfig):
    name = "gameserver"

    def ready(self) -> None:
        from gameserver import checks  # noqa: F401  registers itself
