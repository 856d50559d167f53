"""What a worker is there for, and how others know: its id says it."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a worker does."""

    ALL = "all"
    """It runs rooms, and keeps sockets."""
    GATEWAY = "gateway"
    """It keeps sockets, whose rooms hosts run: they outlive a change of the rules."""
    HOST = "host"
    """It runs rooms, and takes no sockets."""
    WEB = "web"
    """It answers pages, REST and the lobby's sockets; no room and no player is there."""


def new_id(role: Role, titles: Mapping[str, Any]) -> str:
    """A worker's id: its role, a fingerprint of the rules it has, and chance."""
    rules = ",".join(sorted(f"{title}={game.version}" for title, game in titles.items()))
    digest = hashlib.blake2b(rules.encode(), digest_size=4).hexdigest()
    return f"{role}-{digest}-{secrets.token_hex(6)}"


def runs_rooms(worker: str) -> bool:
    """Whether the worker of this id is there to run rooms."""
    return not worker.startswith((f"{Role.GATEWAY}-", f"{Role.WEB}-"))


def keeps_sockets(worker: str) -> bool:
    """Whether the worker of this id is there to keep the sockets of players."""
    return not worker.startswith((f"{Role.HOST}-", f"{Role.WEB}-"))


def same_rules(worker: str, other: str) -> bool:
    """Whether two workers have the same versions of the same titles."""
    return worker.split("-")[1:2] == other.split("-")[1:2]


def by_weight(match: str, workers: Iterable[str]) -> list[str]:
    """The workers, in the order in which they are to be asked to run a match.

    Rendezvous hashing: everybody who knows the same workers comes to the same order, each match has
    another one, and a worker that comes or goes changes nothing among the others.
    """

    def weight(worker: str) -> bytes:
        return hashlib.blake2b(f"{match} {worker}".encode(), digest_size=8).digest()

    return sorted(workers, key=weight, reverse=True)
