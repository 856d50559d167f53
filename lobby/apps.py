"""The lobby app: accounts, lobbies, their REST API and the live list."""

from django.apps import AppConfig


class LobbyConfig(AppConfig):
    name = "lobby"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from games.services import match_changed
        from lobby.api import schema  # noqa: F401  registers itself
        from lobby.feed import lobby_was_changed, match_was_changed
        from lobby.services import lobby_changed

        lobby_changed.connect(lobby_was_changed)
        match_changed.connect(match_was_changed)
