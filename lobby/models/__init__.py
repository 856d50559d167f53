"""All models of the app, for Django and its migrations; others import from the subject's module."""

from lobby.models.accounts import User, Users
from lobby.models.grants import Grant, grant_invent
from lobby.models.lobbies import Lobby, Member, code_invent
from lobby.models.ratings import Ladder, Rating, RatingChange

__all__ = [
    "Grant",
    "Ladder",
    "Lobby",
    "Member",
    "Rating",
    "RatingChange",
    "User",
    "Users",
    "code_invent",
    "grant_invent",
]
