"""Two people who meet by a link, talk, and become friends."""

import json

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.pages import make_lobby, play_as_guest, wait_live


def say(page: Page, where: str, text: str) -> None:
    page.locator(f"{where} .chat-input").fill(text)
    page.locator(f"{where} .chat-input").press("Enter")


def lose_second_message(page: Page) -> None:
    """As the channel layer may: the page is not told of message 2 of any conversation."""

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            message = json.loads(frame)
            if (message["t"], message.get("number")) != ("message", 2):
                socket.send(frame)

        server.on_message(pass_on)
        socket.on_message(server.send)

    page.route_web_socket("**/ws/lobby", route)


def test_what_was_lost_on_its_way_is_asked_for(desk: Page, phone: Page) -> None:
    lose_second_message(phone)
    play_as_guest(desk)
    make_lobby(desk, "arena")
    play_as_guest(phone)
    phone.goto(desk.url)
    phone.locator("[data-join]").click()
    expect(phone.locator("#chat .chat-input")).to_be_visible()
    for text in ("One", "Two", "Three"):
        say(desk, "#chat", text)
        expect(desk.locator("#chat .chat-text").last).to_have_text(text)
    expect(phone.locator("#chat .chat-text")).to_have_text(["One", "Two", "Three"])


def test_a_friend_is_invited_talked_with_and_played_with(desk: Page, phone: Page) -> None:
    play_as_guest(desk)
    make_lobby(desk, "chess")
    desk.locator("[data-make-link]").click()
    expect(desk.locator("[data-links] li")).to_have_count(1)
    path = desk.evaluate(
        "fetch(`/api/lobbies/${location.pathname.split('/')[2]}/invitations/`)"
        ".then((answer) => answer.json()).then(([link]) => link.path)"
    )
    phone.goto(f"{desk.url.split('/lobby/')[0]}{path}")
    phone.locator("[data-accept]").click()
    phone.wait_for_url("**/lobby/**")

    say(desk, "#chat", "Hello <b>you</b>")
    expect(phone.locator("#chat .chat-text")).to_have_text("Hello <b>you</b>")
    say(phone, "#chat", "Hi")
    expect(desk.locator("#chat .chat-text")).to_have_text(["Hello <b>you</b>", "Hi"])

    desk.locator("[data-do=more]").click()
    desk.locator(".person-menu [data-do=request]").click()
    expect(phone.locator("#bell [data-unread]")).to_be_visible()
    phone.locator("#bell").click()
    phone.locator(".notice-row button").first.click()
    expect(desk.locator("#bell [data-unread]")).to_be_visible()
    phone.keyboard.press("Escape")

    phone.locator("[data-ready]").click()
    desk.locator("[data-start]").click()
    for page in (desk, phone):
        page.wait_for_url("**/play/**")
        wait_live(page)
    desk.locator("#play-chat-open").click()
    assert desk.evaluate("document.activeElement.id") == "stage"
    say(desk, "#play-chat", "Good luck")
    expect(phone.locator("#play-chat-open [data-unread]")).to_be_visible()
    desk.locator("#play-chat .chat-input").press("Escape")
    assert desk.evaluate("document.activeElement.id") == "stage"

    desk.goto(desk.url.split("/play/")[0] + "/friends/")
    expect(desk.locator("#friends .presence")).to_have_text("In a match")
