"""The panel for those who make games, on a page as strict as all of them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import make_lobby, play_as_guest, room, wait, wait_live, wait_room

pytestmark = pytest.mark.timeout(300)


def test_panel_shows_the_connection_and_makes_it_worse(desk: Page) -> None:
    play_as_guest(desk)
    make_lobby(desk, "arena", length_s=600)
    desk.locator("[data-start]").click()
    desk.wait_for_url("**/play/**")
    wait_live(desk)
    panel = desk.locator("#evertick-debug")
    expect(panel).to_have_count(0)
    loaded = "performance.getEntriesByType('resource').some(({ name }) => name.includes('debug'))"
    assert not desk.evaluate(loaded)

    desk.keyboard.press("Backquote")
    expect(panel.locator(".title")).to_contain_text("live")
    expect(panel.locator("[data-name=In] dd")).to_have_text(re.compile(r"[1-9].*B/s"))
    expect(panel.locator(".panel")).to_have_css("position", "fixed")
    panel.locator(".tree summary", has_text="state").first.click()
    expect(panel.locator(".tree")).to_contain_text("ships")

    panel.locator("input[name=latency]").fill("200")
    assert room(desk, "weather") == {"latency": 200, "jitter": 0, "loss": 0}
    wait_room(desk, "room.stats.rtt > 100")
    panel.locator("input[name=seconds]").fill("0.5")
    desk.evaluate("window.seen = []")
    desk.evaluate("void evertick.room.on('status', (status) => seen.push(status))")
    panel.locator("button", has_text="Cut").click()
    wait(desk, "seen.includes('reconnecting') && seen.at(-1) === 'live'")

    desk.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    desk.goto(desk.url + "?debug")
    wait_live(desk)
    expect(panel.locator(".title")).to_contain_text("live")
