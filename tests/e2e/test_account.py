"""One's account in two browsers."""

from playwright.sync_api import Browser, Page, expect

from tests import services
from tests.e2e.conftest import person
from tests.e2e.pages import play_as_guest
from tests.lobby.provider import CLIENT, SECRET, running_provider


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


def test_a_guest_signs_in_by_a_provider_and_stays_who_they_are(browser: Browser) -> None:
    """The pages' policy lets forms and scripts go nowhere else, and yet one gets there."""
    with running_provider() as provider:
        provider.claims = {"sub": "42", "preferred_username": "Otter"}
        env = {
            "OIDC_SERVER_URL": provider.url,
            "OIDC_NAME": "Example ID",
            "OIDC_CLIENT_ID": CLIENT,
            "OIDC_SECRET": SECRET,
        }
        with services.running_server("daphne", env) as worker, browser.new_context() as context:
            page = person(context, worker)
            play_as_guest(page)
            guest = page.locator("body").get_attribute("data-user")
            page.goto(f"{worker.url}/account/")
            page.get_by_role("button", name="Continue with Example ID").click()
            expect(page.locator("[data-identities]")).to_contain_text("Example ID: Otter")
            assert page.locator("body").get_attribute("data-user") == guest
            assert page.complaints == []  # type: ignore[attr-defined]
