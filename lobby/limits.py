"""Every bound of accounts and lobbies, with its reason; those of rooms are in ``games.limits``."""

NAME_CHARS_MAX = 20
"""Characters of a name that people see; what fits over a ship, and twice into a phone's header."""

USERNAME_CHARS_MIN = 3
"""Characters of a name to log in with; shorter ones are all guessed."""

NAME_CHANGES_MAX = 5
"""Changes of the name that others see, within ``NAME_CHANGES_S``: enough to try some, too few to
harass under a new name after each mute."""

NAME_CHANGES_S = 24 * 3600
"""Seconds in which changes of a name are counted."""

LOGIN_TRIES_MAX = 20
"""Tries at one account's password within ``LOGIN_WINDOW_S``, from wherever. Who mistypes needs
three; a password that our rules accept withstands 2,000 a day for years."""

LOGIN_WINDOW_S = 15 * 60
"""Seconds for which tries are counted, and the longest for which a stranger locks somebody out."""

RECENT_S = 10 * 60
"""Seconds after signing in for which one need not show again who one is."""

EMAIL_KEY_TTL_S = 3 * 24 * 3600
"""Seconds for which the link that confirms an address is good: a weekend."""

MAILS_PER_ADDRESS_MAX = 5
"""Mails to one address within ``MAILS_WINDOW_S``: nobody's inbox is flooded by way of us."""

MAILS_WINDOW_S = 3600
"""Seconds in which mails to an address are counted."""

MAILS_WAITING_MAX = 200
"""Mails that wait for the mail server; it takes some a second."""

EXPORT_ROWS_MAX = 10_000
"""Rows of one kind in what one is told of oneself, newest first: about 2 MB."""

AGENT_CHARS_MAX = 40
"""Characters that say what somebody came with: one line on a phone."""

SESSIONS_PER_USER_MAX = 20
"""Browsers in which one is signed in at once, as many as there may be tokens; beyond it the one
that was not used for longest is signed out."""

GRANT_USED_S = 300
"""Seconds between two notes that a token or session is used: a write each five minutes for each
person, and nobody needs to know it better."""

LOBBY_NAME_CHARS_MAX = 50
"""Characters of a lobby's name: one line of the list on a laptop."""

LOBBIES_PER_USER_MAX = 3
"""Open lobbies that one may be in at once. One is normal; three leave room for a forgotten tab."""

CODE_CHARS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Letters of a lobby's code: without those that look or sound like another (I, L, O, U, 0, 1)."""

CODE_LENGTH = 6
"""Letters in a code: 30**6 is 729 million, so at 120 guesses a minute one of a thousand private
lobbies is found once in four days; and what it opens is a game."""

LOBBY_PASSWORD_CHARS_MAX = 64
"""Characters of a lobby's password; it is told to friends by mouth."""

PASSWORD_TRIES_MAX = 5
"""Passwords that one account may try at one lobby in ``PASSWORD_TRIES_S``: slips of the finger."""

PASSWORD_TRIES_PER_LOBBY_MAX = 30
"""The same for all accounts together, as guests cost nothing: at this rate a word of a list of ten
thousand is found after five hours. It also bounds what hashing costs the server."""

PASSWORD_TRIES_S = 60
"""Seconds of the window in which tries are counted."""

BARRED_MAX = 100
"""People that one lobby keeps out, newest first; a host who needs more makes a private one."""

LOBBY_SEEN_S = 60.0
"""Seconds between two notes that somebody is in a lobby: one write a minute for each lobby that
lives, and a tenth of ``LOBBY_EMPTY_S``."""

LOBBY_EMPTY_S = 600.0
"""Seconds without a socket of anybody in it after which a lobby is closed: a phone that slept
through a call comes back within ten minutes."""

LOBBIES_EXPIRED_MAX = 100
"""Lobbies that one sweep closes; the next one comes soon."""

FILTER_CHARS_MAX = 1000
"""Characters of the JSON that narrows a list by settings; all settings of a title are 100."""

FILTER_SEATS_MAX = 1000
"""Free seats that one may ask for: more than any title has."""

FILTER_RATING_MAX = 10_000
"""A rating that one may ask for: more than anybody has."""

FEED_FILTERS_MAX = 32
"""Different filters of the live list that the sockets of one process look through at once: each is
a query of its own after a change. Who comes with one more asks REST, every five seconds."""

FEED_REST = 3
"""After a look the feed rests so many times as long as it took, so that many filters slow down what
they are told, and nothing else."""

FRIENDS_MAX = 250
"""Friends of one account: more than one knows, and their presence is one round trip."""

REQUESTS_SENT_MAX = 50
"""Unanswered requests of one account: who asks everybody is no friend."""

REQUESTS_RECEIVED_MAX = 200
"""Unanswered requests to one account, so that many guests cannot fill a list without end."""

BLOCKS_MAX = 500
"""People that one account blocks or mutes; each socket of it keeps their ids."""

NOTICES_KEPT_MAX = 100
"""Notices kept for one account, newest first: five pages, which nobody leafs through."""

PRESENCE_BEAT_S = 10.0
"""Seconds between two batches in which a worker says who is here: 10,000 people are ten round trips
of a millisecond or two."""

PRESENCE_FIRST_S = 0.5
"""Seconds until who just came is said to be here."""

PRESENCE_TTL_S = 30
"""Seconds for which somebody counts as here without a sign: two beats may be lost, and a page that
is loaded anew, or a train in a tunnel, is no absence."""

SWEEP_S = 30.0
"""Seconds between two sweeps of a worker over what is old: deserted lobbies, old messages."""

LIVE_JOBS_MAX = 200
"""Questions and messages of a worker's sockets that wait for the database: at a few milliseconds
each, half a second's worth. When full, the newest is answered ``busy``, to be sent again."""

LETTERS_WAITING_MAX = 64
"""Messages and notices kept for a socket that does not read: more than a panel shows. Beyond, the
oldest are dropped, and it is told that it ``missed`` some."""

LETTERS_OUT_MAX = 2000
"""Letters that wait to go to other workers. Beyond, the oldest are dropped; it shows as a gap."""

LETTERS_PER_SEND_MAX = 100
"""Letters in one message between workers; a tenth of a megabyte at the most."""

TALKS_PER_SOCKET_MAX = 8
"""Conversations that one socket listens to: a lobby, its match, and a few friends."""

CHAT_CHARS_MAX = 300
"""Characters of a message: two lines on a laptop, and with the largest of them a frame still."""

CHAT_BURST_MAX = 8
"""Messages at once: who types in halves of sentences."""

CHAT_PER_S = 0.5
"""Messages a second, in the long run; nobody reads faster than that from one person."""

CHAT_PAGE_MAX = 50
"""Messages of one page of history: a panel shows ten."""

CHAT_KEPT_MAX = 500
"""Messages kept of one conversation, newest first: an evening."""

CHAT_DAYS = 30
"""Days for which a message is kept: as long as tokens and journals."""

CHAT_PRUNED_MAX = 1000
"""Messages that one sweep removes; at one sweep in half a minute, a worker keeps up with thirty a
second."""

SAYS_BURST_MAX = 30
"""Messages and reactions at once on one socket; beyond, it is closed as a flood. Long before that
each is answered ``too_fast``."""

SAYS_PER_S = 5.0
"""The same a second, in the long run."""

REACTIONS_BURST_MAX = 5
"""Reactions at once of one socket, which everybody in the match sees."""

REACTIONS_PER_S = 1.0
"""Reactions a second, in the long run."""

REACTIONS = ("👍", "👏", "😀", "😮", "😢", "🔥", "🎉", "🤝")
"""All there are. A fixed set says nothing that somebody would have to read before."""

INVITATIONS_PER_LOBBY_MAX = 20
"""Invitations to one lobby that still open it: a letter to everybody of the largest title."""

INVITATION_USES_MAX = 100
"""People who may come in by one link; no lobby has more seats."""

INVITATION_HOURS_MAX = 7 * 24
"""Hours for which a link is good; a lobby hardly lives as long."""

PARTY_MAX = 8
"""People in a party: half of the largest title's seats, so that others find room."""

PARTY_INVITATIONS_MAX = 20
"""Unanswered invitations of one party."""

REPORT_CHARS_MAX = 500
"""Characters of the reason of a report: a paragraph."""

REPORT_MESSAGES = 20
"""Messages that are kept with a report: what led to it, and a little of what followed."""

REPORTS_OPEN_MAX = 20
"""Reports of one account that nobody has looked at yet."""

EXPORT_ROWS_MAX = 10_000
"""Messages of one account in a copy of its data: in thirty days nobody types more."""

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

RATING_BATCH_MAX = 20
"""Results of one title that reach the ratings in one transaction: under a tenth of a second, for
which SQLite lets nobody else write, also those who record the next result."""

RATING_AGAIN_MAX = 400
"""Changes, a row for each player of a match, that are worked out again because a result came late:
with the new ones a third of a second. What came later than that counts behind all others."""

RATING_SWEEP_S = 30.0
"""Seconds between two looks of each process for results that are not in the ratings: of one that
was recorded by a process which then died, or that spectators were not to know yet."""

RESULT_NEWS_S = 600
"""Seconds after its end for which a result that counts is told to those who played: until they have
long gone on to something else."""

SCORER_STOP_S = 1.0
"""Seconds for a process that stops to finish what it is counting; a batch takes a tenth."""

RATING_CHUNK = 500
"""Matches, and rows, that a rebuild reads or writes at once."""

REBUILD_MATCHES_MAX = 5_000
"""Matches that the admin counts anew within a request: a few seconds. The command has no bound."""

HISTORY_POINTS_MAX = 500
"""Matches in the plot of a rating, the latest: more than a plot has pixels for."""

BOARD_PAGE_SIZE = 50
"""Rows of a page of a leaderboard."""

BOARD_ROWS_MAX = 5_000
"""Ranks that can be paged through: a hundred pages. The database reads all rows before a page, so
this bounds what one costs; whoever is further down is found by ``around=me``."""

BOARD_AROUND = 5
"""Rows above and below one's own."""

BOARD_CACHE_S = 15
"""Seconds for which a page of a leaderboard, and a rank, may be as they were: nobody waits for a
rank, and one page that all look at is read four times a minute."""

BOARD_COUNT_S = 60
"""The same for how many are ranked, and who is left out: to count a hundred thousand takes longer
than everything else of a page, and nobody notices one more or less."""

BOARD_BARRED_MAX = 1_000
"""Closed accounts that are left out of a leaderboard, best first; more than these are a flood, and
an operator deletes them."""

BOARD_FRIENDS_MAX = 500
"""Friends that are ranked among each other."""

PROFILE_MATCHES_MAX = 10
"""Latest matches on somebody's page."""

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
