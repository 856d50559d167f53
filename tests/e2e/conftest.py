"""A real worker and a real Chromium, with two people at it: one at a desk, one on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests import services
from tests.services import Worker

FLAGS = [
    "--no-sandbox",  # where the tests run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Two windows share one screen here; neither may be treated as hidden.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]

WAIT_MS = 60_000
"""For anything to show up; a busy machine starts a page in a few seconds."""

ENV = {"EVERTICK_TITLES": "tests.e2e.titles.Arena"}

expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Its loop runs as long as it does, and while one runs no test may run another: it is gone when
    tests of another module come, as they may where several processes share them."""
    with sync_playwright() as running:
        yield running


@pytest.fixture
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """One for each test: it ends as a process does, whatever its windows are at.

    Closing windows one by one was once seen to wait for ever on a busy machine.
    """
    with playwright.chromium.launch(executable_path=chromium, args=FLAGS) as running:
        yield running


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """As `make run` starts it, with patient titles."""
    with services.running_server("daphne", ENV) as running:
        yield running


class Complaints(list[str]):
    """What a page had to complain about: errors of scripts and of its policy."""

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.append(message.text)


def person(context: BrowserContext, worker: Worker) -> Page:
    """A page whose errors fail the test at the end."""
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    complaints = Complaints()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", complaints.hear)
    page.complaints = complaints  # type: ignore[attr-defined]
    page.goto(worker.url)
    return page


@pytest.fixture
def desk(browser: Browser, worker: Worker) -> Iterator[Page]:
    page = person(browser.new_context(viewport={"width": 1280, "height": 800}), worker)
    yield page
    assert page.complaints == []  # type: ignore[attr-defined]


@pytest.fixture
def phone(browser: Browser, worker: Worker) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = person(context, worker)
    yield page
    assert page.complaints == []  # type: ignore[attr-defined]
