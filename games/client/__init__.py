"""The protocol spoken from Python: for tests, bots and load.

It shares the message types with the server, and nothing else: what it knows of a room it puts
together from frames, as any client must.
"""

from games.client.follower import Drift, Follower
from games.client.player import Player, RoomClosed

__all__ = ["Drift", "Follower", "Player", "RoomClosed"]
