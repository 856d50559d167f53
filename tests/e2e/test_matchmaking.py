"""One click, a wait, a match."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import play_as_guest, room, wait_live

pytestmark = pytest.mark.timeout(300)


def play_now(page: Page, title: str, mode: str = "") -> None:
    card = page.locator(f"[data-title={title}]")
    if mode:
        card.locator("select").select_option(mode)
    card.locator("[data-do=play]").click()


def test_two_who_play_now_are_in_one_match_and_one_may_think_better_of_it(
    desk: Page, phone: Page
) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    play_now(phone, "chess", "rapid")
    phone.wait_for_url("**/wait/")
    expect(phone.locator("#search")).to_contain_text("Rapid 15+10")
    expect(phone.locator("[data-elapsed]")).to_have_text(re.compile(r"0:0[1-9]"))
    phone.locator("[data-cancel]").click()
    phone.wait_for_url(re.compile(r":\d+/$"))
    play_now(phone, "chess")
    phone.wait_for_url("**/wait/")
    phone.goto(phone.url.replace("/wait/", "/"))
    expect(phone.locator("#waiting")).to_contain_text("Chess, Blitz 5+3")
    phone.locator("#waiting a").click()
    play_now(desk, "chess")
    for page in (desk, phone):
        page.wait_for_url("**/play/**")
        wait_live(page)
    assert desk.url == phone.url
    assert {room(desk, "seat"), room(phone, "seat")} == {0, 1}
    desk.evaluate("evertick.room.leave()")
    phone.locator("#again").click()
    phone.wait_for_url("**/wait/")
    expect(phone.locator("#search")).to_contain_text("Blitz 5+3")


def test_who_is_alone_plays_with_bots_and_the_next_drops_in(desk: Page, phone: Page) -> None:
    for page in (desk, phone):
        play_as_guest(page)
        play_now(page, "arena")
        page.wait_for_url("**/play/**")
        wait_live(page)
    assert desk.url == phone.url
    names = [seat["name"] for seat in room(desk, "seats").values()]
    assert sum(name.startswith("Bot ") for name in names) == 3
