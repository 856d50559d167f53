"""The lobby app: accounts, lobbies, their REST API and the live list."""

from django.apps import AppConfig


class LobbyConfig(AppConfig):
    name = "lobby"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in
        from django.db.models.signals import post_delete

        from games.services import match_changed
        from lobby.api import schema  # noqa: F401  registers itself
        from lobby.feed import lobby_was_changed, match_was_changed, tickets_were_changed
        from lobby.live import (
            hidden_was_changed,
            member_was_removed,
            message_was_said,
            person_was_told,
        )
        from lobby.models.grants import Grant
        from lobby.scorer import scorer
        from lobby.selectors.accounts import account_known, sessions_known
        from lobby.selectors.lobbies import lobbies_known
        from lobby.selectors.matches import matches_known
        from lobby.services.accounts import EXPORTS, account_leaves, account_renamed
        from lobby.services.chat import message_said
        from lobby.services.grants import grant_was_deleted, session_begins
        from lobby.services.invitations import invitations_between, invitations_of_gone
        from lobby.services.lobbies import (
            lobbies_leave,
            lobbies_tell_renamed,
            lobby_changed,
            member_removed,
        )
        from lobby.services.lockouts import login_succeeded
        from lobby.services.matchmaking import ticket_changed, tickets_leave
        from lobby.services.parties import parties_leave, parties_part
        from lobby.services.people import hidden_changed, person_blocked, person_told
        from lobby.services.ratings import ratings_hold

        user_logged_in.connect(session_begins)
        user_logged_in.connect(login_succeeded)
        post_delete.connect(grant_was_deleted, sender=Grant)
        EXPORTS["account"] = account_known
        EXPORTS["sessions"] = sessions_known
        EXPORTS["lobbies"] = lobbies_known
        EXPORTS["matches"] = matches_known
        account_renamed.connect(lobbies_tell_renamed)
        account_leaves.connect(lobbies_leave)
        account_leaves.connect(tickets_leave)
        account_leaves.connect(ratings_hold)
        lobby_changed.connect(lobby_was_changed)
        match_changed.connect(match_was_changed)
        match_changed.connect(scorer.result_may_be_in)
        person_told.connect(person_was_told)
        hidden_changed.connect(hidden_was_changed)
        message_said.connect(message_was_said)
        member_removed.connect(member_was_removed)
        member_removed.connect(invitations_of_gone)
        person_blocked.connect(invitations_between)
        account_leaves.connect(parties_leave)
        person_blocked.connect(parties_part)
        ticket_changed.connect(tickets_were_changed)
