"""Every bound of this title, with its reason; times are in seconds, lengths in characters."""

SEATS_MIN = 3
"""One draws, and two race for the word; with one guesser alone nobody is ahead of anybody."""

SEATS_MAX = 8
"""A round is a turn for each; with eight, one waits ten minutes for the own one."""

ROUNDS_MAX = 10
"""With eight players more than two hours at the usual pace."""

TURN_S_MIN, TURN_S_MAX = 20, 180
"""To scribble something, and to paint it; beyond that those who guess have long guessed."""

HINTS_MAX = 5
"""Letters shown by and by; never more than a third of a word, whatever is chosen."""

CHOOSE_S = 12
"""To read three words and pick one; then one is picked."""

IDLE_S = 25
"""Without a mark on the board, after which nobody goes on waiting for a drawer who is not there."""

REVEAL_S = 7
"""To read the word, and who got what for it."""

WAIT_S = 30
"""For somebody to join one who is alone; then the match is over."""

# --- The board -----------------------------------------------------------------------------------

BOARD_WIDTH, BOARD_HEIGHT = 800, 600
"""Cells of the grid that points lie on: a cell is a pixel of a large phone, and less than one of
what a hand can hold still. A point is one number of 19 bits."""

COLOURS = 16
SIZES = 4
"""As many as a phone has room for in three rows that a thumb can hit: four bits, and two."""

POINTS_PER_INPUT_MAX = 64
"""Points of one input: a browser gathers some six in the tenth of a second between two of them, and
what a stalled page has saved up goes in a few. That is 320 bytes of the 4096 of a frame."""

POINTS_MAX = 5000
"""Points on the board at once: a minute and a half of steady drawing at 55 a second. Who comes late
is told 12 kB then."""

STROKES_MAX = 500
"""Strokes on the board at once; a dot is one as well."""

FILLS_MAX = 40
"""Of them, areas filled: each takes a phone some milliseconds whenever the board is drawn anew."""

# --- Words and chat ------------------------------------------------------------------------------

WORD_MIN, WORD_MAX = 2, 20
"""What the head of a phone shows of it in one line or two."""

OWN_WORDS_MAX = 2000
"""Characters of a host's own list, with its commas: two hundred words. All may read it, as they may
all settings."""

OFFERS = 3
"""Words to choose from."""

SAY_MAX = 80
"""Of one message: a guess is a word, and a remark is a line."""

CHAT_MAX = 40
"""Lines that all see: two screens of a phone. It is told to who comes late."""

LOG_MAX = 20
"""Lines that one seat alone sees."""

SAY_EVERY_S = 1.5
"""Seconds for each message in the long run: quicker is no guess any more, it is a list."""

SAY_BURST = 4
"""Messages that may come at once before that."""
