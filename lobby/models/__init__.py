"""All models of the app, for Django and its migrations; others import from the subject's module."""

from lobby.models.accounts import User, Users
from lobby.models.lobbies import Lobby, Member, code_invent
from lobby.models.matchmaking import Matcher, Ticket, Waiter

__all__ = ["Lobby", "Matcher", "Member", "Ticket", "User", "Users", "Waiter", "code_invent"]
