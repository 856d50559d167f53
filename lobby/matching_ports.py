"""What matchmaking must know of people and cannot know by itself: each a callable to be plugged in.

What stands here is honest where nothing is plugged in: everybody is rated the same, a party is
oneself, nobody is blocked, and nobody is told anything but by the ticket.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol


class Rated(Protocol):
    """How strong somebody is taken to be, in points: 400 more are odds of ten to one."""

    @property
    def mu(self) -> float: ...


def _nobody_rated(user_ids: Collection[int], title: str, category: str) -> Mapping[int, Rated]:
    return {}


def _alone(user_id: int) -> list[int]:
    return [user_id]


def _nobody_blocked(user_ids: Collection[int]) -> set[tuple[int, int]]:
    return set()


def _nothing_said(user_id: int, kind: str, data: dict[str, Any]) -> None:
    return


class Ports:
    """The four of them.

    Attributes:
        ratings_of: Of those who have one in a category of a title; whoever has none counts as 0.
        party_of: The ids of all in somebody's party, the leader first; oneself, if there is none.
        blocked_pairs: Of any number of people, the pairs that must not meet, the smaller id first.
        notify: Tell somebody something, wherever they look; it may be lost.
    """

    def __init__(self) -> None:
        self.ratings_of: Callable[[Collection[int], str, str], Mapping[int, Rated]] = _nobody_rated
        self.party_of: Callable[[int], list[int]] = _alone
        self.blocked_pairs: Callable[[Collection[int]], set[tuple[int, int]]] = _nobody_blocked
        self.notify: Callable[[int, str, dict[str, Any]], None] = _nothing_said


ports = Ports()
"""Those of this process."""
