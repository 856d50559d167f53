"""One's account in two browsers."""

from playwright.sync_api import Page, expect

from tests.e2e.pages import play_as_guest


def register(page: Page, username: str, password: str) -> None:
    page.goto(f"{page.url}register/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.locator("form[data-form] [type=submit]").click()
    expect(page.locator(".account [data-my-name]")).to_have_text(username)


def test_a_guest_becomes_an_account_and_signs_out_everywhere_else(desk: Page, phone: Page) -> None:
    home = desk.url
    play_as_guest(desk)
    guest = desk.locator("body").get_attribute("data-user")
    register(desk, "Otter", "correct horse")
    assert desk.locator("body").get_attribute("data-user") == guest

    phone.goto(f"{home}login/")
    phone.get_by_label("User name").fill("otter")
    phone.get_by_label("Password").fill("correct horse")
    phone.locator("form[data-form] [type=submit]").click()
    expect(phone.locator("[data-status=live]")).to_be_visible()

    desk.goto(f"{home}account/")
    expect(desk.locator("[data-sessions] li")).to_have_count(2)
    everywhere = desk.locator("[data-end-others]")
    everywhere.click()
    everywhere.click()
    expect(desk.locator("[data-sessions] li")).to_have_count(1)
    expect(phone.locator(".topbar").get_by_text("Log in")).to_be_visible()  # its socket said so
