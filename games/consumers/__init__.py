"""The two Channels consumers: ``RoomConsumer``, one a live room; ``PlayerConsumer``, one a socket.

The room holds the authoritative state and its tick. The socket checks size, shape, seat and rate,
forwards and sends; what an input means is for the room. In one process they meet directly, else
over the channel layer. Neither goes through Channels' stock dispatch (``games.sockets`` says why),
nor touches the ORM.
"""

from games.consumers.player import PlayerConsumer
from games.consumers.room import RoomConsumer

__all__ = ["PlayerConsumer", "RoomConsumer"]
