"""Every bound of accounts and lobbies, with its reason; those of rooms are in ``games.limits``."""

NAME_CHARS_MAX = 20
"""Characters of a name that people see; what fits over a ship, and twice into a phone's header."""

USERNAME_CHARS_MIN = 3
"""Characters of a name to log in with; shorter ones are all guessed."""

LOBBY_NAME_CHARS_MAX = 50
"""Characters of a lobby's name: one line of the list on a laptop."""

LOBBIES_PER_USER_MAX = 3
"""Open lobbies that one may be in at once. One is normal; three leave room for a forgotten tab."""

CODE_CHARS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Letters of a lobby's code: without those that look or sound like another (I, L, O, U, 0, 1)."""

CODE_LENGTH = 6
"""Letters in a code: 30**6 is 729 million, so at 120 guesses a minute one of a thousand private
lobbies is found once in four days; and what it opens is a game."""

BODY_BYTES_MAX = 64 * 1024
"""Bytes of a REST body; the largest we know are a few hundred."""

PAGE_SIZE_MAX = 100
"""Rows of one page of a list."""

FEED_LOBBIES_MAX = 100
"""Lobbies in the live list, newest first. Nobody reads more, and each change sends all of them."""

FEED_PERIOD_S = 0.2
"""Seconds between two pushes of the same list: faster than anybody reads, and a burst of changes
costs one query."""

FEED_RECHECK_S = 10.0
"""Seconds after which what is watched is looked up again without being told of a change, since the
channel layer may lose messages."""

FEED_RETRY_S = 1.0
"""Seconds to wait after the database or the channel layer failed."""

MATCHING_PERIOD_S = 0.25
"""Seconds between two passes of the matchmaker: nobody notices them in a wait, and an idle pass is
one query."""

MATCHING_PASS_S_MAX = 1.0
"""Seconds that a pass computes for one pool. 50,000 who wait need a third; what is cut off because
many fit nobody goes on from there in the next pass, so that other pools do not wait for it."""

MATCHING_WORK_S = 0.002
MATCHING_PAUSE_S = 0.001
"""Seconds that a pass computes, and for which it then lets the other threads go on: rooms tick in
this process, and Python would make each of their steps wait for 5 ms."""

MATCHES_AT_ONCE_MAX = 50
"""Matches that are written in one transaction. On SQLite nobody else writes meanwhile: 50 take
about 50 ms."""

MATCHING_TRANSACTION_IDLE_S = 2
"""Seconds after which PostgreSQL ends the transaction of a matcher that stands still in it, which
else would keep its tickets, and whoever succeeds it, waiting."""

SPREAD_START = 100.0
SPREAD_PER_S = 10.0
SPREAD_MAX = 800.0
"""Points of rating by which two may differ: at first, more for each second of waiting, and at most.
On a scale where 400 points are odds of ten to one: first 64 %, after 70 seconds 99 %."""

TICKETS_WAITING_MAX = 100_000
"""Tickets that may wait at once. A pass over half as many was measured; beyond it waits grow, and
memory with them: about a kilobyte each."""

TICKETS_COUNTED_S = 1
"""Seconds for which the number of those who wait is taken as known."""

TICKET_WAIT_S_MAX = 1800
"""Seconds after which a ticket expires: whoever waited half an hour is not at the table."""

TICKET_UNSEEN_S = 45
"""Seconds after which a ticket expires that nobody looks at, by the lobby's socket or by REST:
its people closed the page. Above two rounds of ``TICKET_SEEN_S``, and a restart between them."""

TICKET_SEEN_S = 10.0
"""Seconds between two notes that a ticket is looked at."""

TICKETS_SWEEP_S = 5.0
"""Seconds between two looks for tickets that expired, and for accounts that were blocked. What is
blocked is checked again as a match is written."""

TICKETS_KEPT_S = 24 * 3600
"""Seconds for which a ticket is kept that ended: estimates and one's own list ask for it."""

PROPERTIES_MAX = 8
"""Properties of a ticket, and of others that it asks for: region, language, map, and some more."""

PROPERTY_CHARS_MAX = 64
"""Characters of a property that is a text."""

PROPERTY_MAX = 1e9
"""The largest number that a property may be, and the smallest below zero."""

CHOICES_MAX = 16
"""Texts of which a query takes any."""

ESTIMATE_MATCHES = 30
ESTIMATE_PAST_S = 600
ESTIMATE_KEPT_S = 5
"""A wait is estimated from so many of the latest tickets matched in a pool, none older than that;
and known for so many seconds, as it is asked for by everybody who waits."""

BACKFILL_ROOMS_MAX = 100
"""Running matches, newest first, that a pass may fill up: of 16 seats, 1,600 people."""

WATCHES_BURST_MAX = 20
"""Messages at once on the socket of the lobby list; a page sends one."""

WATCHES_PER_S = 2.0
"""Messages a second, in the long run, on that socket."""
