"""Two people with accounts play a rated match, and see what it made of them."""

import re
from uuid import uuid4

from playwright.sync_api import Page, Route, expect

from tests.e2e.pages import make_lobby, play_as_guest, start_together, wait_room


def register(page: Page) -> str:
    """A new account; its name."""
    name = f"p{uuid4().hex[:10]}"
    page.goto(page.url.rstrip("/") + "/register/")
    page.fill("#username", name)
    page.fill("#password", "correct horse battery")
    page.locator("form[data-form=register] [type=submit]").click()
    expect(page.get_by_role("heading", name=re.compile("Ready when you"))).to_be_visible()
    return name


def says_nothing_of_changes(route: Route) -> None:
    """A match as REST says it, but for what it changed."""
    answer = route.fetch()
    match = answer.json()
    for seat in match["seats"]:
        seat["rating"] = None
    route.fulfill(response=answer, json=match)


def test_a_rated_match_changes_what_both_are_shown(desk: Page, phone: Page) -> None:
    name = register(desk)
    register(phone)
    make_lobby(desk, "roshambo", rated=True, first_to=1)
    expect(desk.locator("[data-badges]")).to_contain_text("Rated")
    phone.route(re.compile(r"/api/matches/[^/]+/$"), says_nothing_of_changes)  # it is told alone
    start_together(desk, phone)
    desk.get_by_role("button", name="rock").click()
    phone.get_by_role("button", name="scissors").click()
    for page, change in ((desk, "+79"), (phone, "−79")):
        wait_room(page, "room.result")
        expect(page.locator("#ranking .mine .change")).to_have_text(change)
    desk.locator("#ranking .mine a").click()
    desk.wait_for_url("**/players/**")
    expect(desk.locator(".rating-tab[aria-pressed=true]")).to_contain_text("1579?")
    plot = desk.get_by_role("img", name=re.compile("1 matches, from 1500 to 1579"))
    expect(plot).to_be_visible()
    expect(desk.locator("#plot-said")).to_contain_text("1579? (+79)")
    expect(desk.locator(".match-row .change")).to_have_text("+79")
    phone.goto(desk.url)
    expect(phone.get_by_role("heading", name=name)).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "no sideways scroll"
    )


def test_guests_see_leaderboards_and_are_not_let_into_rated_lobbies(
    desk: Page, phone: Page
) -> None:
    register(desk)
    play_as_guest(phone)
    make_lobby(desk, "roshambo", rated=True)
    name = desk.locator(".lobby-name").inner_text()
    row = phone.locator(".lobby-row", has_text=name)
    expect(row.get_by_role("button")).to_be_disabled()
    expect(row).to_contain_text("Accounts only")
    phone.goto(phone.url + "leaderboards/?title=chess&season=all")
    expect(phone.locator("#board-empty")).to_contain_text("Nobody is ranked here yet.")
    expect(phone.locator(".board-tab[aria-current=page]")).to_have_text("Chess")
    expect(phone.locator("#board-categories [aria-pressed=true]")).to_have_text("Blitz")
    phone.get_by_role("button", name="Correspondence").click()
    expect(phone).to_have_url(re.compile("category=correspondence"))
    expect(phone.locator("#board-caption")).to_contain_text("Chess, Correspondence")
    phone.locator("#season").select_option(index=0)
    expect(phone).to_have_url(re.compile(r"category=correspondence.*season=\d{4}-\d{2}"))
