"""Two people in one team against bots, on a desk and on a phone that stands upright."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import (
    gather,
    make_lobby,
    note,
    noted,
    play_as_guest,
    room,
    wait_live,
    wait_room,
)

pytestmark = pytest.mark.timeout(300)


def skates(page: Page, key: str, axis: str, sign: int) -> None:
    """While a key is held, the own skater goes that way; the server says so."""
    own = f"room.state.skaters['{room(page, 'seat')}'].{axis}"
    wait_room(page, "room.state.phase === 'play'")
    before = page.evaluate(f"((room) => {own})(window.evertick.room)")
    page.keyboard.down(key)
    wait_room(page, f"({own} - {before}) * {sign} > 1500")
    page.keyboard.up(key)


def test_two_of_one_team_play_hockey_to_the_end_and_see_which_team_won(
    desk: Page, phone: Page
) -> None:
    names = play_as_guest(desk), play_as_guest(phone)
    make_lobby(desk, "hockey", goals=1, length_s=600, bots=2)
    desk.locator(".seat-choice").select_option(label="Blue")
    gather(desk, phone)
    phone.locator(".seat-choice").select_option(label="Blue")
    expect(desk.locator("#members .badge[data-team='0']")).to_have_text("Blue")
    desk.locator("[data-start]").click()
    for page in (desk, phone):
        page.wait_for_url("**/play/**")
        wait_live(page)
        note(page, ".hk-banner")
    assert {room(desk, "seat"), room(phone, "seat")} == {0, 2}
    for page in (desk, phone):
        expect(page.locator(".hk-team.hk-mine")).to_have_text("Blue")
    skates(desk, "ArrowDown", "y", 1)
    skates(phone, "ArrowDown", "x", -1)  # upright: the own goal is below

    for page in (desk, phone):
        wait_room(page, "room.result", timeout_s=200)
        assert room(page, "result") == {"ranking": [[1, 3], [0, 2]], "reason": "goals"}
        expect(page.locator(".hk-goals-1")).to_have_text("1")
        expect(page.locator("#result-headline")).to_have_text("Your team lost")
        expect(page.locator("#result-detail")).to_have_text("Red beat Blue 1 : 0.")
        expect(page.locator("#ranking .first .team")).to_have_text(["Red", "Red"])
        assert any(re.search("Goal against you", said) for said in noted(page))
    for name in names:
        expect(desk.locator("#ranking li:not(.first)", has_text=name)).to_be_visible()

    for page in (desk, phone):
        page.locator("#again").click()
        page.wait_for_url("**/lobby/**")
        expect(page.locator(".seat-choice")).to_have_value("team:0")
    expect(desk.locator("#banner")).to_contain_text(re.compile("Lost.*against Bot 1 and Bot 2"))
