"""All models of the app, for Django and its migrations; others import from the subject's module."""

from lobby.models.accounts import User, Users
from lobby.models.grants import Grant, grant_invent
from lobby.models.lobbies import Lobby, Member, code_invent

__all__ = ["Grant", "Lobby", "Member", "User", "Users", "code_invent", "grant_invent"]
