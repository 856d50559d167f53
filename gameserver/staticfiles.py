"""Serves what a title brings for the browser from where its rules are.

``<folder of the rules>/client/main.js`` answers at ``/static/titles/<title>/main.js``; so a game is
one folder, inside this tree or outside.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import get_files
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage

from games.catalog import TITLES
from games.sim import Game

PREFIX = "titles"
IGNORED = [".*", "*~", "*.py", "__pycache__"]


def client_folder(game: type[Game[Any]]) -> Path | None:
    """Where a title's browser client is; None if it has none."""
    source = getattr(sys.modules.get(game.__module__), "__file__", None)
    if source is None:  # typed into a shell, or imported from an archive
        return None
    folder = Path(source).resolve().parent / "client"
    return folder if folder.is_dir() else None


class TitleFinder(BaseFinder):
    """Finds ``titles/<title>/…`` among the clients of all registered titles."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:  # type: ignore[override]
        """The file's full path; an empty list if there is none, or all in a list if asked so."""
        prefix, _, rest = path.partition("/")
        title, _, name = rest.partition("/")
        storage = self._storage(title) if prefix == PREFIX and name else None
        if storage is None or not _holds(storage, name):
            return []
        found = storage.path(name)
        return [found] if find_all or kwargs.get("all") else found

    def list(
        self, ignore_patterns: Iterable[str] | None
    ) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every file of every title, as its name within a storage that knows its prefix."""
        for title in TITLES:
            if storage := self._storage(title):
                for name in get_files(storage, [*IGNORED, *(ignore_patterns or ())]):
                    yield name, storage

    def _storage(self, title: str) -> FileSystemStorage | None:
        game = TITLES.get(title)
        folder = client_folder(game) if game else None
        if folder is None:
            return None
        storage = FileSystemStorage(location=folder)
        storage.prefix = f"{PREFIX}/{title}"  # type: ignore[attr-defined]  # where collectstatic puts it
        return storage


def _holds(storage: FileSystemStorage, name: str) -> bool:
    try:
        return Path(storage.path(name)).is_file()
    except (SuspiciousFileOperation, ValueError):  # "../…", or a NUL
        return False
