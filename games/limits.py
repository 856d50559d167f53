"""Every bound of the server, with its unit and its reason.

A name ends in its unit and in ``_MAX`` or ``_MIN`` where it is a bound.
"""

FRAME_BYTES_MAX = 4096
"""Bytes of one message from a browser. An input is a few dozen bytes; chat and settings go by REST.
Nakama and Colyseus choose the same. 4 KiB of the worst JSON costs under a millisecond to decode."""

DEPTH_MAX = 8
"""Nested lists and maps in one message. An input deeper than this belongs to no game, and Python's
own recursion limit is no polite answer."""

HELLO_WAIT_S = 5.0
"""Seconds from opening a socket to its first valid message; a browser needs one round trip."""

INBOX_INPUTS_PER_SEAT_MAX = 8
"""Inputs kept for one seat between two ticks. One per display frame is 60 a second, six per tick at
10 Hz; eight leaves room for jitter. When full, the newest is answered `again` and sent again: the
seat that floods feels it, the others do not."""

REFUSALS_REMEMBERED_MAX = 32
"""Refused inputs remembered for one seat, so that one who reconnects hears of what was refused
meanwhile: four full inboxes."""

MESSAGES_PER_S_BASE = 60
"""Messages a second that a socket may send besides three for each period of its title: a display
frame's worth of inputs, and pings."""

MESSAGES_PER_TICK = 3
"""Messages for each period of the title; one input a tick is normal, three is generous."""

MESSAGES_BURST_S = 2.0
"""Seconds of the allowed rate that may come at once: what a phone saved up in a tunnel."""

FLOOD_WARNINGS_MAX = 3
"""Warnings (`flood`) before a socket that goes on sending too much is closed."""

HISTORY_TICKS_MAX = 64
"""Changes remembered for each audience: over three seconds at 20 Hz, longer than a gap in the
channel layer takes to be noticed. Who lacks more gets a snapshot."""

OUTBOX_FRAMES_MAX = 32
"""Frames waiting for one socket: over a second and a half at 20 Hz. When full they are dropped, and
the socket gets one catch-up when it can take frames again."""

OUTBOX_BYTES_MAX = 256 * 1024
"""Bytes waiting for one socket, for titles with large views; same answer as above."""

CATCH_UP_TICKS_MAX = 5
"""Late ticks that are run at once to catch up: a quarter of a second at 20 Hz. Time beyond is
dropped and counted, or a stall would be followed by a burst that nobody can play through."""

TICKET_TTL_S = 30
"""Seconds in which a ticket must be used. It is fetched just before the socket opens."""

RESUME_TTL_S = 24 * 3600
"""Seconds in which a resume token brings its holder back to their seat; a match is shorter."""

PAUSE_S_MAX = 180
"""Seconds a match stands still for a missing player before the seat is given up."""

LINGER_S = 30.0
"""Seconds a finished room stays in memory, so that who reconnects still sees the result."""

UNOWNED_S = 2.0
"""Seconds after its start in which a match may wait for its first socket before any worker takes
it."""

LAST_WORDS_S = 1.5
"""Seconds for sockets to write their last frame and close when a worker stops. One that does not
read is cut; Ctrl-C has to end within five seconds altogether."""

HEARTBEAT_S = 1.0
"""Seconds between two signs of life of a worker."""

WORKER_SILENCE_S = 4.0
"""Seconds without a sign of life after which a worker counts as dead; three beats may be lost."""

VIEWERS_PER_ROOM_MAX = 500
"""Sockets of one room, spectators included. Joining beyond it is answered `room_full`."""

ROOMS_PER_WORKER_MAX = 5000
"""Rooms in memory of one worker; more are refused with `worker_full`."""

ATTACH_WAIT_S = 1.0
"""Seconds to wait for a room on another worker to answer before it is asked again; a message may
be lost on the way."""

ATTACH_TRIES_MAX = 5
"""How often a room is asked before the player is told `room_unreachable`."""

ROOM_QUEUE_MAX = 1000
"""Messages waiting for one worker in the in-memory channel layer. Rooms and sockets of one process
meet directly, so this holds control messages only."""

COURIER_MESSAGES_MAX = 2000
"""Messages waiting to be carried to other workers: half a second of a full worker. Beyond it the
oldest are dropped; their receivers notice the gap and ask."""
