"""The admin's pages; each subject registers its own."""

from lobby.admin import accounts, lobbies  # noqa: F401  they register themselves
