"""Plugs the lobby's subjects together: who hears of what, and whom each asks for what it does not
know. Imported once all models are there."""

from functools import partial

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete

from games.services import match_changed
from lobby.api import schema  # noqa: F401  registers itself
from lobby.feed import lobby_was_changed, match_was_changed, tickets_were_changed
from lobby.live import (
    hidden_was_changed,
    match_was_counted,
    member_was_removed,
    message_was_said,
    person_was_told,
)
from lobby.matching_ports import ports
from lobby.models.grants import Grant
from lobby.scorer import scorer
from lobby.selectors.accounts import account_known, sessions_known
from lobby.selectors.exports import chat_export, people_export
from lobby.selectors.lobbies import lobbies_known
from lobby.selectors.matches import matches_known
from lobby.selectors.matchmaking import tickets_exported
from lobby.selectors.people import blocked_pairs, party_of
from lobby.selectors.ratings import ratings_exported, ratings_of
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
from lobby.services.matchmaking import ticket_changed, tickets_leave, tickets_part
from lobby.services.parties import parties_leave, parties_part, party_changed
from lobby.services.people import hidden_changed, notify, person_blocked, person_told
from lobby.services.ratings import ratings_hold, results_counted
from lobby.services.results import match_counted, results_told


def connect() -> None:
    """Once, when Django is ready."""
    user_logged_in.connect(session_begins)
    user_logged_in.connect(login_succeeded)
    post_delete.connect(grant_was_deleted, sender=Grant)
    EXPORTS["account"] = account_known
    EXPORTS["sessions"] = sessions_known
    EXPORTS["lobbies"] = lobbies_known
    EXPORTS["matches"] = matches_known
    EXPORTS["people"] = people_export
    EXPORTS["chat"] = chat_export
    EXPORTS["ratings"] = ratings_exported
    EXPORTS["tickets"] = tickets_exported
    ports.ratings_of = ratings_of
    ports.party_of = party_of
    ports.blocked_pairs = blocked_pairs
    ports.notify = partial(notify, keep=False)  # the ticket says it as well
    party_changed.connect(tickets_part)
    account_renamed.connect(lobbies_tell_renamed)
    account_leaves.connect(lobbies_leave)
    account_leaves.connect(tickets_leave)
    account_leaves.connect(ratings_hold)
    lobby_changed.connect(lobby_was_changed)
    match_changed.connect(match_was_changed)
    match_changed.connect(scorer.result_may_be_in)
    results_counted.connect(results_told)
    match_counted.connect(match_was_counted)
    person_told.connect(person_was_told)
    hidden_changed.connect(hidden_was_changed)
    message_said.connect(message_was_said)
    member_removed.connect(member_was_removed)
    member_removed.connect(invitations_of_gone)
    person_blocked.connect(invitations_between)
    account_leaves.connect(parties_leave)
    person_blocked.connect(parties_part)
    ticket_changed.connect(tickets_were_changed)
