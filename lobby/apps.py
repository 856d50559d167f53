"""The lobby app: accounts, lobbies, their REST API and the live list."""

from django.apps import AppConfig


class LobbyConfig(AppConfig):
    name = "lobby"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from games.services import match_changed
        from lobby.api import schema  # noqa: F401  registers itself
        from lobby.feed import lobby_was_changed, match_was_changed, tickets_were_changed
        from lobby.services.accounts import account_leaves, account_renamed
        from lobby.services.lobbies import lobbies_leave, lobbies_tell_renamed, lobby_changed
        from lobby.services.matchmaking import ticket_changed, tickets_leave

        account_renamed.connect(lobbies_tell_renamed)
        account_leaves.connect(lobbies_leave)
        account_leaves.connect(tickets_leave)
        lobby_changed.connect(lobby_was_changed)
        match_changed.connect(match_was_changed)
        ticket_changed.connect(tickets_were_changed)
