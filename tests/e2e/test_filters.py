"""Somebody looks for a lobby of a certain kind, and sends the list to a friend."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.pages import make_lobby, play_as_guest


def test_a_list_is_narrowed_down_live_and_shared_by_its_address(desk: Page, phone: Page) -> None:
    here = phone.url
    play_as_guest(desk)
    make_lobby(desk, "chess", minutes=7)
    seven = desk.locator(".lobby-name").inner_text()
    desk.goto(here)
    make_lobby(desk, "chess", minutes=50)
    desk.goto(here)
    row = phone.locator(".lobby-row", has_text="Minutes 7")
    expect(row).to_be_visible()
    phone.get_by_role("button", name="Chess", exact=True).click()
    phone.get_by_role("button", name="Filters").click()
    phone.get_by_label("Minutes, at most").fill("20")
    phone.get_by_label("Minutes, at most").blur()
    phone.get_by_label("Rating of the host, at most").fill("1600")
    phone.get_by_label("Rating of the host, at most").blur()
    expect(phone).to_have_url(re.compile(r"\?title=chess&rating=\.\.1600&s\.minutes=\.\.20$"))
    expect(phone.locator("#more-filters .badge")).to_have_text("2")
    expect(phone.locator(".lobby-row")).to_have_count(1)
    expect(row).to_contain_text(seven)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "no sideways scroll"
    )
    desk.goto(phone.url)
    expect(desk.locator("#filters [aria-pressed=true]")).to_have_text("Chess")
    desk.get_by_role("button", name="Filters").click()
    expect(desk.get_by_label("Minutes, at most")).to_have_value("20")
    phone.get_by_label("Minutes, at least").fill("9")
    phone.get_by_label("Minutes, at least").blur()
    expect(phone.locator("#lobbies-empty")).to_contain_text("No lobby is like that just now.")
    phone.goto(here)
    phone.locator("[data-title=chess] [data-do=create]").click()
    phone.get_by_role("dialog").locator("input[name=minutes]").fill("12")
    phone.locator("[data-submit]").click()
    phone.wait_for_url("**/lobby/**")
    expect(desk.locator(".lobby-row", has_text="Minutes 12")).to_be_visible()  # as it happens
    expect(desk.locator(".lobby-row", has_text="Minutes 50")).to_have_count(1)  # one's own stays
