"""The admin's pages; each subject registers its own."""

from lobby.admin import accounts, lobbies, matchmaking  # noqa: F401  they register themselves
