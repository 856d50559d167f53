"""All models of the app, for Django and its migrations; others import from the subject's module."""

from lobby.models.accounts import User, Users
from lobby.models.lobbies import Lobby, Member, code_invent

__all__ = ["Lobby", "Member", "User", "Users", "code_invent"]
