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

REPORT_BYTES_MAX = 64
"""Bytes of a message that is still looked at in a flood, in case it is a `got`; the longest has 32
in JSON, and some put spaces between."""

FLOOD_WARNINGS_MAX = 3
"""Warnings (`flood`) before a socket that goes on sending too much is closed."""

HISTORY_TICKS_MAX = 64
"""Views remembered for each audience: over three seconds at 20 Hz, longer than a gap in the channel
layer takes to be noticed. Who lacks more gets a snapshot."""

HISTORY_KEY_EVERY = 16
"""Remembered views from one that is kept itself to the next; those between are kept as changes. So
many changes at the most are undone for one who missed something: one or two milliseconds."""

DELAYED_VIEWS_MAX = 1200
"""Views that wait to be shown to delayed spectators: a minute at 20 Hz. Beyond it spectators see
fewer of them, and none earlier."""

HASH_CHANGES = 64
"""Changes from one fingerprint of an audience's view to the next: a drift shows within three
seconds at 20 Hz, for a few bytes and microseconds a second."""

OUTBOX_FRAMES_MAX = 32
"""Frames waiting for one socket: over a second and a half at 20 Hz. When full they are dropped, and
the socket gets one catch-up when it can take frames again."""

OUTBOX_BYTES_MAX = 256 * 1024
"""Bytes waiting for one socket, for titles with large views; same answer as above. One frame may be
larger, where nothing else waits."""

WINDOW_FRAMES_MAX = 64
"""Frames written to one socket that its client has not reported yet. It reports every sixteen, so
at 60 Hz a round trip of three quarters of a second holds nothing up."""

WINDOW_BYTES_MAX = 512 * 1024
"""Bytes written to one socket and not reported yet; one frame may be larger, where nothing else is
on its way. It reports each second, so with a quarter of a second of round trip this is 400 KiB a
second, or 20 KiB a frame at 20 Hz. For a reader that stopped, a worker holds this and what waits,
on a server that takes all it is given."""

SILENT_READER_S = 20.0
"""Seconds without a report, while something waits for one, after which a socket is closed: a tab
that was put to sleep may wake before that, and a phone come out of a tunnel."""

CLOSE_WAIT_S = 5.0
"""Seconds for a socket to close once it was told to: what is on its way at 100 KiB a second. Then
the line is cut; a peer that does not read would keep its buffers here for as long as it likes."""

CATCH_UP_TICKS_MAX = 5
"""Late ticks that are run at once to catch up: a quarter of a second at 20 Hz. Time beyond is
dropped and counted, or a stall would be followed by a burst that nobody can play through."""

THIN_S_MAX = 0.25
"""Seconds from one thing that viewers are told to the next, at the most, where a worker has more to
do than it can and tells less often: each fifth tick at 20 Hz. Beyond that ticks come late."""

THIN_LATE = 0.4
"""Share of a period from which on a tick counts as late."""

THIN_WINDOW_S = 0.5
THIN_TICKS_MIN = 8
"""Seconds, and ticks, of which more than half must be late before viewers are told less often: a
stall of a moment is caught up with instead."""

THIN_PATIENCE_S_MAX = 30.0
"""Seconds from one try to tell more often to the next, at the most; each that was too much doubles
them. A try that fails makes ticks late for a second."""

TICKET_TTL_S = 30
"""Seconds in which a ticket must be used. It is fetched just before the socket opens."""

GRANTS_SWEEP_S = 2.0
"""Seconds between two looks at whether the tokens and sessions of a worker's sockets are still
good, in case the word that one ended was lost: one query for all of them, on a thread that no
socket waits for."""

GRANT_MARK_S = 0.3
"""Seconds for the room store to note that a token or session ended, before sockets are told all the
same: they are to be closed within one."""

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

LAYER_RETRY_S = 1.0
"""Seconds until what other workers say is listened to again, after the channel layer failed."""

HAND_OVER_S = 2.0
"""Seconds for a stopping worker to leave its rooms to others; Ctrl-C has to end within five."""

TAKEN_S = 0.5
"""Seconds for a room that was handed over to run elsewhere, before its sockets look for it."""

WHERE_WAIT_S = 1.0
"""Seconds for one host to find or open a room, before the next is asked."""

MOVE_SPREAD_S = 1.0
"""Seconds over which a worker that drains asks its sockets to move: not all at once, for each costs
another worker a handshake and a whole view."""

MOVE_WAIT_S = 1.0
"""Seconds for the last of them to be gone, before a worker that stops closes it."""

WORKER_ROW_S = 2.0
"""Seconds between two looks of a worker at its row, where operators see it and may ask it to
drain."""

WORKER_UNSEEN_S = 600
"""Seconds after which the row of a worker that died is removed."""

SLEEP_DUE_S = 60.0
"""A room sleeps if nothing happens in it by itself for longer than this: waking costs the database
as much as a minute in memory costs nobody."""

SLEEP_AFTER_S = 10.0
"""Seconds without a viewer before a room goes to sleep: a page that is reloaded is back by then."""

HEARING_S = 1.0
"""Seconds between two looks at whether something of a room elsewhere was lost on its way: a room
that plays is heard of more often."""

FIRST_BEAT_S = 3.0
"""Seconds for the room store to take a starting worker's first sign of life; then it does not
start."""

ADOPTIONS_AT_ONCE_MAX = 8
"""Rooms of a dead worker that are read and replayed at the same time; each is a few milliseconds of
this worker's loop, and its own rooms tick meanwhile."""

UNCOMMITTED_TICKS_MAX = 4
"""Ticks of one room that may be computed before the room store has the first of them: a fifth of a
second at 20 Hz. Beyond it the room stands still: nothing of it may be told."""

PHASE_S = 0.005
"""Seconds between two moments at which real-time rooms of a worker tick: ten in a period at 20 Hz.
Fewer would make more rooms share a round trip to the room store, and wait for each other."""

RECLAIM_PAUSE_S = 0.1
"""Seconds between two attempts to give the room store what it lost, while it does not answer."""

CHECKPOINT_S = 5.0
"""Seconds between two checkpoints of a room, if something happened: what a new owner replays."""

CHECKPOINT_ENTRIES_MAX = 200
"""Entries after which a checkpoint is made earlier, for rooms in which much is said."""

VIEWERS_PER_ROOM_MAX = 500
"""Sockets of one room, spectators included. Joining beyond it is answered `room_full`."""

ROOMS_PER_WORKER_MAX = 5000
"""Rooms in memory of one worker; more are refused with `worker_full`."""

ATTACH_WAIT_S = 0.15
"""Seconds to wait for a room on another worker to answer before it is asked again, and twice as
long each time: three periods at 20 Hz. A message may be lost on the way, and is where the room is
just about to listen."""

ATTACH_TRIES_MAX = 5
"""How often a room is asked before the player is told `room_unreachable`: for nearly five
seconds."""

FOLLOW_PAUSE_S = 0.1
"""Seconds between two attempts of a socket to find a room whose worker is gone."""

FOLLOW_TRIES_MAX = 100
"""How often it tries: ten seconds, in which a dead worker is noticed many times over, and Redis may
come back."""

ROOM_QUEUE_MAX = 1000
"""Messages waiting for one worker in the in-memory channel layer. Rooms and sockets of one process
meet directly, so this holds control messages only."""

COURIER_MESSAGES_MAX = 2000
"""Messages waiting to be carried to one other worker, each input one: a tenth of a second of what a
thousand players say, half of one of what their rooms do. Beyond it the oldest are dropped; their
receivers notice the gap and ask."""

COURIER_WORKERS_MAX = 1000
"""Other workers that are remembered though nothing waits for them: a cluster has a few dozen, and
each that is started has a name of its own."""

LETTER_MESSAGES_MAX = 100
"""Messages for one worker that are on their way at once: they go, and are lost, together. Inputs
that follow each other are one."""

LETTER_INPUTS_MAX = 500
"""Inputs in one message: what 2,500 players say in 10 ms. The next begins another."""

LETTER_PAUSE_S = 0.004
"""Seconds from one letter to the next in which inputs wait for others: until rooms there are about
to tick, at most `PHASE_S`, or where that is not known until these seconds have passed. So those of
any number of players are some 200 letters a second for their worker and the one that runs their
rooms; those of few players do not wait."""

LETTER_EARLY_S = 0.0025
"""Seconds before rooms tick at which inputs leave for them: the way there takes below one, the way
of the letter by which the moment is known as long, and timers are exact to one."""

# --- The room store ------------------------------------------------------------------------------

LEASE_S = 0.5
"""Seconds of silence, as another worker observes it, after which the rooms of a worker may be taken
over. Half of the second in which play has to go on; the other half is for loading and replay."""

BEAT_S = 0.1
"""Seconds between two signs of life, and between two readings of them: four may be lost, and a dead
worker is noticed a tenth late at most. Ten small writes a second, whatever number of rooms."""

BEAT_WAIT_S = 0.15
"""Seconds for a beat to be written before it is tried anew. With `BEAT_S` well below `LEASE_S`, so
that workers that live are heard again before they count as dead once Redis is back."""

BEAT_SAVED_MS = 1000
"""Milliseconds between two beats that reach the file: they tell until when thinking times are
charged, and nobody watches. More often would keep a disk awake."""

WATCH_LATE_S = 0.25
"""Seconds between two readings, or for one, beyond which this worker could not see and begins to
count silence anew: two readings and a half."""

WATCH_FORGETS_S = 60.0
"""Seconds after which a silent worker that was struck off is forgotten."""

LEDGER_WAIT_S = 1.0
"""Seconds for an answer of the room store. A load is megabytes at most; a disk that takes longer
for its fsync is as good as away, and the call is repeated."""

LEDGER_CONNECTIONS_MAX = 8
"""Connections of a worker to the Redis of the room store; batches use one of them, adopting rooms
the others."""

LEDGER_LOOKUP_WAIT_S = 0.05
"""Seconds that are waited, when one Sentinel or node of a Cluster has said where keys are kept, for
others that may know better. One of them may hang, and a beat has to go there yet, `BEAT_WAIT_S`."""

LEDGER_LOCK_WAIT_S = 3.0
"""Seconds to wait for the file of the room store, whose last process may still be ending."""

LEDGER_CALLS_PER_COMMIT_MAX = 500
"""Calls carried out in one transaction of the file; the rest waits for the next."""

LEDGER_ROOMS_PER_CALL_MAX = 32
"""Rooms appended by one call of the script in Redis, which serves nobody else meanwhile: half a
millisecond. One by one costs twice the CPU here and a third more there; more at once, no less."""

LEDGER_ROOMS_AT_ONCE_MAX = 200
"""Rooms of a dead worker that are asked for or acquired in one round trip: answers are read without
a pause, 40 µs each, and the rooms here go on between two of them."""

COMMIT_TICKS_MAX = 500
"""Ticks in one round trip to the room store: a phase of a full worker. More would only be slower
for the first of them."""

COMMIT_BYTES_MAX = 1024 * 1024
"""Bytes in one round trip; a tick may be larger, where it is alone."""

WAITING_TICKS_MAX = 10_000
"""Ticks that wait for the room store: two of each room of a full worker. Beyond it rooms stand
still."""

WAITING_BYTES_MAX = 32 * 1024 * 1024
"""Bytes that wait for the room store; the same answer."""

COMMIT_PAUSE_S_MIN = 0.01
"""Seconds before a batch is repeated for the first time."""

COMMIT_PAUSE_S_MAX = 0.2
"""Seconds before it is repeated again and again; the pause doubles up to it. Play goes on half a
second after Redis is back."""

# --- The archive ---------------------------------------------------------------------------------

ARCHIVE_TICKS = 1200
"""Ticks of a room after which they are archived: a minute at 20 Hz, some ten kilobytes."""

ARCHIVE_S = 60.0
"""Seconds after which they are archived if they are fewer: how much longer than a checkpoint needs
it the room store keeps a journal."""

ARCHIVE_READ_TICKS = 200
"""Ticks read from the room store at once, so that its answer stays small."""

SEGMENT_BYTES_MAX = 8 * 1024 * 1024
"""Bytes of a journal in one segment, before they are compressed; a single tick may be more."""

SEGMENT_UNPACKED_BYTES_MAX = 64 * 1024 * 1024
"""Bytes to which a file may unpack when it is read; a small file can be made to be gigabytes."""

ARCHIVES_AT_ONCE_MAX = 2
"""Rooms of a worker that are archived at the same time, and threads that wait for the storage. Each
holds a segment in memory. A minute of ten busy players takes 5 to 10 ms of a core there, and 4 ms
of the loop, in pieces below one."""

ARCHIVE_WAIT_S = 60.0
"""Seconds for the storage to take a segment, or its turn; then it counts as away. Its thread may
still wait: what it writes late is what is written again."""

ARCHIVE_BACKLOG_TICKS_MAX = 72_000
"""Ticks of a live room that wait for a storage that is away: an hour at 20 Hz, some ten megabytes.
Beyond it they are given up, so that the room store does not fill."""

ARCHIVE_CLOSE_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds between the tries to archive the rest of a match that is over; then it is left to the
sweep of any worker."""

ARCHIVE_LATE_S = 300.0
"""Seconds after the end of a match in which the rest of its journal may still be on its way."""

ARCHIVE_SWEEP_S = 30.0
"""Seconds between two looks for matches that are over and still in the room store."""

ARCHIVE_SWEEP_MAX = 50
"""Of those, how many are archived at a look."""

ARCHIVE_HOLD_S = 24 * 3600.0
"""Seconds after its end for which the room store keeps what cannot be archived; then it is lost."""

PRUNE_S = 3600.0
"""Seconds between two looks for archives that are old enough to be removed."""

PRUNE_MAX = 200
"""Of those, how many matches are removed at a look."""

REPLAY_TICKS_MAX = 5_000
"""Ticks that the admin plays again within a request: a second or two. The command has no bound."""
