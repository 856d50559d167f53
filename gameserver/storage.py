"""Files that are there whole or not at all, whenever the process or its machine dies."""

import os
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage


class WholeFileStorage(FileSystemStorage):
    """Django's own writes a file in place: half of one would be found under its name."""

    def _save(self, name: str, content: Any) -> str:
        written = super()._save(f"{name}.part", content)  # type: ignore[misc]
        part = Path(self.path(written))
        _flush(part)
        part.replace(self.path(name))
        _flush(part.parent)
        return name


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
