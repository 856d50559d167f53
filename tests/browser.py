"""The Chromium that the browser tests use: found, or fetched.

Looked for under its usual names, then among Playwright's own. ``python -m tests.browser`` installs
one where there is none, by apt as root, else by Playwright; it says in one line where that fails.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium on this machine, if there is one."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return _playwrights_own()


def install() -> str | None:
    """Fetches a Chromium; its path, or None where there is no way to one."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        _quiet("apt-get", "update")
        _quiet("apt-get", "install", "-y", "--no-install-recommends", "chromium")
    if not chromium():
        _quiet(sys.executable, "-m", "playwright", "install", "chromium")
    return chromium()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _quiet(*command: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    if chromium():
        return 0
    print("No Chromium on this machine; fetching one …", flush=True)
    if install():
        return 0
    print(
        "No Chromium could be installed, and the browser tests need one. Install chromium, "
        "or leave them out: make test BROWSER=0",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
