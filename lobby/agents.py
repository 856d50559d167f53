"""What somebody came with, in a few words: ``Firefox on Linux``.

Coarse on purpose: it tells one's devices apart in a list, and says little about them.
"""

from lobby.limits import AGENT_CHARS_MAX

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
"""Each names those below it as well, so the first that is found counts."""

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def agent_named(header: str) -> str:
    """``header`` is the User-Agent; of a program, its name alone."""
    browser = _first(_BROWSERS, header)
    system = _first(_SYSTEMS, header)
    if browser and system:
        return f"{browser} on {system}"
    name = browser or header.partition("/")[0]
    shown = "".join(char for char in name if char.isascii() and char.isprintable()).strip()
    return shown[:AGENT_CHARS_MAX] or "A program"


def _first(known: tuple[tuple[str, str], ...], header: str) -> str:
    return next((name for sign, name in known if sign in header), "")
