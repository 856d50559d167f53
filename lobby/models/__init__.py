"""All models of the app, for Django and its migrations; others import from the subject's module."""

from lobby.models.accounts import User, Users
from lobby.models.chat import Message, Talk, Voice
from lobby.models.lobbies import Lobby, Member, code_invent
from lobby.models.people import Block, Friend, FriendRequest, Notice

__all__ = [
    "Block",
    "Friend",
    "FriendRequest",
    "Lobby",
    "Member",
    "Message",
    "Notice",
    "Talk",
    "User",
    "Users",
    "Voice",
    "code_invent",
]
