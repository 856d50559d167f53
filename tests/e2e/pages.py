"""What people do on the pages."""

import re
import time
from typing import Any

from playwright.sync_api import Error, Page, expect


def play_as_guest(page: Page) -> str:
    """One click; the name that the page gives."""
    page.get_by_role("button", name="Play as guest").first.click()
    heading = page.get_by_role("heading", name=re.compile("Ready when you"))
    expect(heading).to_be_visible()
    return re.sub(r"^.*are, |\.$", "", heading.inner_text().replace("\n", " "))


def make_lobby(page: Page, title: str, *, rated: bool = False, **settings: int) -> None:
    """Make a lobby of that title, with these settings."""
    page.locator(f"[data-title={title}] [data-do=create]").click()
    dialog = page.get_by_role("dialog")
    if rated:
        dialog.get_by_role("switch", name="Rated").check()
    for name, value in settings.items():
        dialog.locator(f"input[name={name}]").fill(str(value))
    dialog.locator("[data-submit]").click()
    page.wait_for_url("**/lobby/**")
    expect(page.locator("#lobby")).to_be_visible()


def start_together(host: Page, guest: Page) -> None:
    """The guest joins the host's lobby; the host starts."""
    gather(host, guest)
    host.locator("[data-start]").click()
    for page in (host, guest):
        page.wait_for_url("**/play/**")
        wait_live(page)


def gather(host: Page, guest: Page) -> None:
    """The guest sees the host's lobby appear, joins and readies up; the host may start."""
    name = host.locator(".lobby-name").inner_text()
    guest.locator(".lobby-row", has_text=name).locator("[data-do=join]").click()
    guest.wait_for_url("**/lobby/**")
    guest.locator("[data-ready]").click()
    expect(host.locator("[data-start]")).to_be_enabled()


def wait_live(page: Page) -> None:
    """Until the room is there and its state shown."""
    wait(page, "window.evertick?.room?.status === 'live' && Boolean(evertick.room.state)")
    expect(page.locator("#loading")).to_be_hidden()


def room(page: Page, what: str) -> Any:
    """Something of the page's room: ``state``, ``seat``, ``result``."""
    return page.evaluate(f"window.evertick.room.{what}")


def wait_room(page: Page, holds: str, timeout_s: float = 60) -> None:
    """Until an expression about ``room`` holds."""
    wait(page, f"((room) => {holds})(window.evertick.room)", timeout_s)


def flies(page: Page) -> None:
    """The own ship moves while it burns, whichever way it looks; or it is gone, and then another
    one is somewhere else."""
    ship = f"state.ships['{room(page, 'seat')}']"
    wait_room(page, f"room.{ship}")
    x, y = room(page, f"{ship}?.x ?? 0"), room(page, f"{ship}?.y ?? 0")
    page.keyboard.down("ArrowUp")
    moved = f"Math.hypot(room.{ship}.x - {x}, room.{ship}.y - {y}) > 3"
    wait_room(page, f"room.{ship} && {moved}")
    page.keyboard.up("ArrowUp")


def wait(page: Page, holds: str, timeout_s: float = 60) -> None:
    """Until an expression holds; asked from here, as the page's policy forbids it to evaluate."""
    end = time.monotonic() + timeout_s
    while not _holds(page, holds):
        assert time.monotonic() < end, f"never came true: {holds}"
        page.wait_for_timeout(50)


def note(page: Page, place: str) -> None:
    """From now on all that is said there is kept, however soon it is gone; see ``noted``."""
    watch = """(place) => {
        window.noted = [];
        const look = () => window.noted.push(document.querySelector(place)?.textContent ?? "");
        new MutationObserver(look).observe(
            document.body, { childList: true, characterData: true, subtree: true });
    }"""
    page.evaluate(watch, place)


def noted(page: Page) -> list[str]:
    """What was said where ``note`` was told to look, in order."""
    return list(page.evaluate("window.noted"))


def _holds(page: Page, holds: str) -> bool:
    try:
        return bool(page.evaluate(f"Boolean({holds})"))
    except Error:
        return False  # the page is just leaving for the next one
