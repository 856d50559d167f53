"""The secret key of an installation that names none: made once, kept in a file of its own.

Several workers may start at the same moment on an empty folder; all must get the same key, or the
sessions and tickets of one are forgeries to the other. So the file appears whole or not at all.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 48
"""Bytes of chance; in text 64 characters, above the 50 that Django asks for."""


def secret_key(path: Path) -> str:
    """The key kept at ``path``, made first where there is none; readable by its owner only.

    Raises:
        OSError: the folder cannot be written, or the file not be read.
    """
    with suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
        # A link is made at once and never replaces: of two that start together the first one wins.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()
