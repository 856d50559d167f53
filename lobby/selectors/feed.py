"""What the live list asks for."""

from collections.abc import Iterable
from uuid import UUID

from lobby.limits import FEED_LOBBIES_MAX
from lobby.models.lobbies import Lobby
from lobby.selectors.base import Shown
from lobby.selectors.lobbies import lobbies, lobbies_public, lobby_shown


def feed_list() -> list[Shown]:
    """The live list: the newest public lobbies, as anybody may see them."""
    return [lobby_shown(lobby, insider=False) for lobby in lobbies_public()[:FEED_LOBBIES_MAX]]


def feed_lobbies(*, lobby_ids: Iterable[UUID]) -> list[Lobby]:
    """Those lobbies that are not closed."""
    return list(lobbies().filter(id__in=list(lobby_ids), closed=False))


def feed_lobbies_of_matches(*, match_ids: Iterable[UUID]) -> set[UUID]:
    """Which lobbies these matches came from."""
    rows = Lobby.objects.filter(match_id__in=list(match_ids))
    return set(rows.values_list("id", flat=True))
