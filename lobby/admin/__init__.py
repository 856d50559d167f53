"""The admin's pages; each subject registers its own."""

from lobby.admin import (  # noqa: F401  they register themselves
    accounts,
    chat,
    lobbies,
    matchmaking,
    people,
    ratings,
    reports,
)
