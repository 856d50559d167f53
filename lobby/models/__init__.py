"""All models of the app, for Django and its migrations; others import from the subject's module."""

from lobby.models.accounts import User, Users
from lobby.models.chat import Message, Talk, Voice
from lobby.models.grants import Grant, grant_invent
from lobby.models.invitations import Invitation
from lobby.models.lobbies import Lobby, Member, code_invent
from lobby.models.matchmaking import Matcher, Ticket, Waiter
from lobby.models.parties import Party, PartyInvitation, PartyMember
from lobby.models.people import Block, Friend, FriendRequest, Notice
from lobby.models.ratings import Ladder, Rating, RatingChange
from lobby.models.reports import Report

__all__ = [
    "Block",
    "Friend",
    "FriendRequest",
    "Grant",
    "Invitation",
    "Ladder",
    "Lobby",
    "Matcher",
    "Member",
    "Message",
    "Notice",
    "Party",
    "PartyInvitation",
    "PartyMember",
    "Rating",
    "RatingChange",
    "Report",
    "Talk",
    "Ticket",
    "User",
    "Users",
    "Voice",
    "Waiter",
    "code_invent",
    "grant_invent",
]
