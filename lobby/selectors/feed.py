"""What the live list asks for."""

from collections.abc import Iterable
from uuid import UUID

from lobby.limits import FEED_LOBBIES_MAX
from lobby.models.lobbies import Lobby
from lobby.selectors.base import Shown
from lobby.selectors.lobbies import (
    Wanted,
    lobbies,
    lobbies_public,
    lobbies_wanted,
    lobby_shown,
)


def feed_list(wanted: Wanted | None = None) -> list[Shown]:
    """The live list: the newest public lobbies, as anybody may see them; or those alone that
    somebody wants to see."""
    rows = lobbies_public() if wanted is None else lobbies_wanted(wanted)
    return [lobby_shown(lobby, insider=False) for lobby in rows[:FEED_LOBBIES_MAX]]


def feed_lobbies(*, lobby_ids: Iterable[UUID]) -> list[Lobby]:
    """Those lobbies that are not closed."""
    return list(lobbies().filter(id__in=list(lobby_ids), closed=False))


def feed_lobbies_of_matches(*, match_ids: Iterable[UUID]) -> set[UUID]:
    """Which lobbies these matches came from."""
    rows = Lobby.objects.filter(match_id__in=list(match_ids))
    return set(rows.values_list("id", flat=True))
