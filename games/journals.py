"""Archived journals, in Django's file storage ``journals``: stored, found, verified, removed.

A match has a folder of segments (``games.rooms.segment``). A file is written once and never
changed: its name tells its bytes, because two threads, or workers, may store segments of the same
ticks at once, and a storage that looks whether a name is free and writes then lets the later have
the name of both. Every call may wait for the storage, and raises what that raises.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from games.catalog import TITLES
from games.rooms.segment import Finding, Report, Segment, verify, write_segment

NAME = re.compile(r"(\d+)-(\d+)\w*\.evj")  # a storage adds letters to a name that it has already
DIGEST_BYTES = 8
"""Of a file, in its name: enough for the few of one match."""


class Stored(NamedTuple):
    """A segment that is there; its ticks as its name tells them."""

    first: int
    last: int
    name: str


def storage() -> Storage:
    """Where they are; ``STORAGES["journals"]`` says it."""
    return storages["journals"]


def folder(match: str) -> str:
    """Where those of one match are; many folders rather than one with a million."""
    return f"{match[:2]}/{match}"


def store(segment: Segment) -> None:
    """Keep a segment. One that is there already, the same to the byte, is not written again."""
    head = segment.head
    data = write_segment(segment)
    digest = blake2b(data, digest_size=DIGEST_BYTES).hexdigest()
    name = f"{folder(head.origin.match)}/{head.first:010d}-{head.last:010d}_{digest}.evj"
    if not (storage().exists(name) and read(name) == data):
        storage().save(name, ContentFile(data))


def stored(match: str) -> list[Stored]:
    """The segments of a match, in the order of their ticks."""
    try:
        _, files = storage().listdir(folder(match))
    except FileNotFoundError:
        return []
    found = [
        Stored(int(named[1]), int(named[2]), f"{folder(match)}/{file}")
        for file in files
        if (named := NAME.fullmatch(file))
    ]
    return sorted(found)


def read(name: str) -> bytes:
    """A file of ``stored``."""
    with storage().open(name) as file:
        return file.read()


def check(match: str, title: str, *, over: bool = False) -> Report:
    """Play a match again from its segments, and compare.

    Args:
        over: Whether it was played to its end.
    """
    game = TITLES.get(title)
    segments = stored(match)
    if game is None:
        last = segments[-1].last if segments else 0
        return Report(last, 0, 0, False, Finding(1, "wrong_rules", f"no title {title!r} here"))
    return verify(_files(segments), game(), over=over)


def _files(segments: list[Stored]) -> Iterator[bytes]:
    for segment in segments:
        yield read(segment.name)


def remove(match: str) -> None:
    """Remove all of a match; nothing if there is nothing."""
    try:
        _, files = storage().listdir(folder(match))
    except FileNotFoundError:
        return
    for file in files:
        storage().delete(f"{folder(match)}/{file}")
    storage().delete(folder(match))
