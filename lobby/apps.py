"""The lobby app: accounts, lobbies, their REST API and the live list."""

from django.apps import AppConfig


class LobbyConfig(AppConfig):
    name = "lobby"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from games.services import match_changed
        from lobby.api import schema  # noqa: F401  registers itself
        from lobby.feed import lobby_was_changed, match_was_changed
        from lobby.scorer import scorer
        from lobby.services.accounts import account_leaves, account_renamed
        from lobby.services.lobbies import lobbies_leave, lobbies_tell_renamed, lobby_changed
        from lobby.services.ratings import ratings_hold

        account_renamed.connect(lobbies_tell_renamed)
        account_leaves.connect(lobbies_leave)
        account_leaves.connect(ratings_hold)
        lobby_changed.connect(lobby_was_changed)
        match_changed.connect(match_was_changed)
        match_changed.connect(scorer.result_may_be_in)
