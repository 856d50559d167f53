"""The lobby app: accounts, lobbies, their REST API and the live list."""

from django.apps import AppConfig


class LobbyConfig(AppConfig):
    name = "lobby"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from games.services import match_changed
        from lobby.api import schema  # noqa: F401  registers itself
        from lobby.feed import lobby_was_changed, match_was_changed
        from lobby.live import (
            hidden_was_changed,
            member_was_removed,
            message_was_said,
            person_was_told,
        )
        from lobby.services.accounts import account_leaves, account_renamed
        from lobby.services.chat import message_said
        from lobby.services.invitations import invitations_between, invitations_of_gone
        from lobby.services.lobbies import (
            lobbies_leave,
            lobbies_tell_renamed,
            lobby_changed,
            member_removed,
        )
        from lobby.services.parties import parties_leave, parties_part
        from lobby.services.people import hidden_changed, person_blocked, person_told

        account_renamed.connect(lobbies_tell_renamed)
        account_leaves.connect(lobbies_leave)
        lobby_changed.connect(lobby_was_changed)
        match_changed.connect(match_was_changed)
        person_told.connect(person_was_told)
        hidden_changed.connect(hidden_was_changed)
        message_said.connect(message_was_said)
        member_removed.connect(member_was_removed)
        member_removed.connect(invitations_of_gone)
        person_blocked.connect(invitations_between)
        account_leaves.connect(parties_leave)
        person_blocked.connect(parties_part)
