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

RATING_SWEEP_S = 30.0
"""Seconds between two looks of each process for results that are not in the ratings: of one that
was recorded by a process which then died, or that spectators were not to know yet."""

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

BOARD_BARRED_MAX = 1_000
"""Closed accounts that are left out of a leaderboard, best first; more than these are a flood, and
an operator deletes them."""

BOARD_FRIENDS_MAX = 500
"""Friends that are ranked among each other."""

PROFILE_MATCHES_MAX = 10
"""Latest matches on somebody's page."""

WATCHES_BURST_MAX = 20
"""Messages at once on the socket of the lobby list; a page sends one."""

WATCHES_PER_S = 2.0
"""Messages a second, in the long run, on that socket."""
