"""Who is here, and where: shared by all workers through Django's cache, as keys that expire.

Each worker writes the keys of its own sockets' people, all in one batch every few seconds, and
forgets nobody by hand: who has no socket any more is gone when the keys expire. So a page that is
loaded anew does not flicker, and a worker that dies takes nobody's word with it. A key for each
place, since one's sockets may be at several workers: none overwrites what another knows.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.core.cache import cache

from lobby.limits import PRESENCE_TTL_S

CHUNK = 1000
"""Keys of one round trip."""


class Place(StrEnum):
    """Where somebody is; what comes later says more."""

    ONLINE = "online"
    LOBBY = "lobby"
    MATCH = "match"


def presence_write(here: Mapping[Place, Iterable[int]]) -> None:
    """These people are here now."""
    keys = [_key(place, user_id) for place, user_ids in here.items() for user_id in user_ids]
    for first in range(0, len(keys), CHUNK):
        cache.set_many(dict.fromkeys(keys[first : first + CHUNK], 1), timeout=PRESENCE_TTL_S)


def presence_of(user_ids: Iterable[int]) -> dict[int, Place]:
    """Where each of these people is; who is nowhere is left out."""
    keys = {_key(place, user_id): (user_id, place) for user_id in user_ids for place in Place}
    found: dict[int, Place] = {}
    asked = list(keys)
    known: set[str] = set()
    for first in range(0, len(asked), CHUNK):
        known.update(cache.get_many(asked[first : first + CHUNK]))
    for key in asked:  # in the order of places
        if key in known:
            user_id, place = keys[key]
            found[user_id] = place
    return found


def _key(place: Place, user_id: int) -> str:
    return f"here:{place.value}:{user_id}"
