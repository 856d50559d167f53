"""The admin's pages; each subject registers its own."""

from lobby.admin import accounts, chat, lobbies, people, reports  # noqa: F401  they register themselves
