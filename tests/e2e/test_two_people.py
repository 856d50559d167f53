"""Two people open a browser and play."""

import re

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.e2e.pages import (
    flies,
    gather,
    make_lobby,
    note,
    noted,
    play_as_guest,
    room,
    start_together,
    wait_live,
    wait_room,
)

pytestmark = pytest.mark.timeout(300)  # two pages, and a machine with other work


def test_in_arena_both_see_what_each_does_and_who_reloads_is_back(desk: Page, phone: Page) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    make_lobby(desk, "arena", length_s=600)
    start_together(desk, phone)
    lobby_seats = {room(desk, "seat"), room(phone, "seat")}
    assert lobby_seats == {0, 1}

    mine = str(room(desk, "seat"))
    flies(desk)
    desk.keyboard.down("Space")
    wait_room(phone, f"Object.values(room.state.shots).some((shot) => shot.seat === {mine})")
    desk.keyboard.up("Space")

    seat = room(phone, "seat")
    phone.reload()  # in the middle of the match
    wait_live(phone)
    assert room(phone, "seat") == seat
    wait_room(desk, f"room.seats['{seat}'].status === 'here'")


def test_arena_is_played_to_its_end_and_again(desk: Page, phone: Page) -> None:
    names = play_as_guest(desk), play_as_guest(phone)
    make_lobby(desk, "arena", length_s=20)
    start_together(desk, phone)
    desk.keyboard.down("Space")
    for page in (desk, phone):
        wait_room(page, "room.result", timeout_s=120)
        expect(page.locator("#result")).to_be_visible()
    desk.keyboard.up("Space")
    result = room(desk, "result")
    assert result == room(phone, "result")
    assert result["reason"] == "time_up"
    assert sorted(number for group in result["ranking"] for number in group) == [0, 1]
    for name in names:
        expect(desk.locator("#ranking")).to_contain_text(name)

    for page in (desk, phone):
        page.locator("#again").click()
        page.wait_for_url("**/lobby/**")
    expect(desk.locator("[data-start]")).to_be_enabled()
    desk.locator("[data-start]").click()
    wait_live(phone)
    phone.goto(phone.url.partition("/play/")[0] + "/history/")
    expect(phone.locator("main")).to_contain_text("Arena")
    expect(phone.locator("main")).to_contain_text(names[0])


def move(page: Page, uci: str) -> None:
    """Click a piece, then where it goes."""
    page.locator(f"[data-square={uci[:2]}]").click()
    page.locator(f"[data-square={uci[2:4]}]").click()


def test_chess_is_played_to_mate(desk: Page, phone: Page) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    make_lobby(desk, "chess")
    start_together(desk, phone)
    white, black = (desk, phone) if room(desk, "seat") == 0 else (phone, desk)
    moves = ["e2e4", "e7e5", "d1h5", "b8c6", "f1c4", "g8f6", "h5f7"]
    for ply, uci in enumerate(moves):
        mover, other = (black, white) if ply % 2 else (white, black)
        wait_room(mover, f"room.state.turn === {ply % 2} && room.state.moves.length === {ply}")
        move(mover, uci)
        wait_room(other, f"room.state.moves.length === {ply + 1}")
        if ply == 3:
            other.reload()
            wait_live(other)
    for page in (white, black):
        wait_room(page, "room.result")
        assert room(page, "result") == {"ranking": [[0], [1]], "reason": "checkmate"}
        expect(page.locator("#result")).to_be_visible()
    expect(white.locator("#result-headline")).to_contain_text(re.compile("won", re.IGNORECASE))
    expect(black.locator("#result-headline")).to_contain_text(re.compile("lost", re.IGNORECASE))


def test_roshambo_is_played_to_its_end(desk: Page, phone: Page) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    make_lobby(desk, "roshambo", first_to=1)
    start_together(desk, phone)
    desk.get_by_role("button", name="rock").click()
    wait_room(desk, "room.secret.mine === 'rock'")
    wait_room(phone, f"room.state.chosen[{room(desk, 'seat')}]")
    assert "rock" not in phone.evaluate(
        "JSON.stringify([evertick.room.state, evertick.room.secret])"
    )
    phone.get_by_role("button", name="scissors").click()
    for page in (desk, phone):
        wait_room(page, "room.result")
    assert room(desk, "result")["ranking"][0] == [room(desk, "seat")]


def test_the_host_sets_out_for_the_match_once(desk: Page, phone: Page) -> None:
    """The feed tells of it, and then the answer to the start."""
    play_as_guest(desk)
    play_as_guest(phone)
    make_lobby(desk, "chess")
    gather(desk, phone)
    setting_out: list[Route] = []
    answers: list[tuple[Route, APIResponse]] = []
    desk.route("**/play/*/", lambda route: setting_out.append(route))  # noqa: PLW0108 - it is inspected
    desk.route("**/start/", lambda route: answers.append((route, route.fetch())))
    desk.locator("[data-start]").click()
    while not (setting_out and answers):
        desk.wait_for_timeout(50)
    start, answer = answers[0]
    start.fulfill(response=answer)
    desk.wait_for_timeout(500)
    assert len(setting_out) == 1
    setting_out[0].continue_()
    wait_live(desk)


def test_an_opponent_whose_line_is_cut_is_seen_waited_for_and_comes_back(
    desk: Page, phone: Page
) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    make_lobby(desk, "chess")
    start_together(desk, phone)
    seat = room(phone, "seat")
    address = phone.url
    phone.goto("about:blank")
    wait_room(desk, f"room.seats['{seat}'].status === 'away'")
    expect(desk.locator("#absence")).to_be_visible()
    expect(desk.locator("#absence-text")).to_contain_text(re.compile(r"\d"))
    phone.goto(address)
    wait_live(phone)
    wait_room(desk, f"room.seats['{seat}'].status === 'here'")
    expect(desk.locator("#absence")).to_be_hidden()


def test_a_private_lobby_is_joined_by_its_code_alone(desk: Page, phone: Page) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    desk.locator("[data-title=chess] [data-do=create]").click()
    dialog = desk.get_by_role("dialog")
    dialog.locator("input[name=private]").check()
    dialog.locator("[data-submit]").click()
    desk.wait_for_url("**/lobby/**")
    expect(desk.locator("[data-code]")).not_to_be_empty()
    code = desk.locator("[data-code]").inner_text()
    assert re.fullmatch(r"[A-Z0-9]{4,8}", code)
    name = desk.locator(".lobby-name").inner_text()
    expect(phone.locator(".lobby-row", has_text=name)).to_have_count(0)
    phone.locator("#join-code input").fill(code.lower())
    phone.locator("#join-code button").click()
    phone.wait_for_url("**/lobby/**")
    expect(desk.locator("#members li")).to_have_count(2)


def test_a_page_that_registers_is_signed_in_after_it_closed(desk: Page) -> None:
    desk.get_by_role("link", name="Register").first.click()
    desk.locator("input[name=username]").fill("adalovelace")
    desk.locator("input[name=password]").first.fill("correct horse battery")
    desk.locator("form button[type=submit]").click()
    expect(desk.get_by_role("heading", name=re.compile("Ready when you"))).to_be_visible()
    desk.reload()
    expect(desk.locator(".topbar")).to_contain_text("adalovelace")


def test_liars_dice_are_hidden_until_somebody_is_called_a_liar(desk: Page, phone: Page) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    make_lobby(desk, "liars_dice", dice=1)
    start_together(desk, phone)
    first, second = (
        (desk, phone) if room(desk, "state.turn") == room(desk, "seat") else (phone, desk)
    )
    dice = {room(page, "seat"): room(page, "secret.dice") for page in (desk, phone)}
    first.locator(".ld-more").click()
    first.locator(".ld-faces button").last.click()
    first.locator(".ld-make").click()
    wait_room(second, "room.state.turn === room.seat")
    assert room(second, "state.bids") == [[room(first, "seat"), 2, 6]]
    expect(second.locator(".ld-seat .ld-die:not(.ld-hidden)")).to_have_count(1)  # in the bubble
    assert room(second, "state.last") is None
    for page in (first, second):
        note(page, ".ld-say")  # the match is over a few seconds after
    second.locator(".ld-liar").click()
    for page in (first, second):
        wait_room(page, "room.result")
        assert any(re.search("(is|are) out", said) for said in noted(page))
        assert room(page, "state.last.dice") == [dice[0], dice[1]]
        assert room(page, "result")["reason"] == "last_with_dice"
        expect(page.locator("#result")).to_be_visible()


def test_a_sketch_is_drawn_and_guessed(desk: Page, phone: Page) -> None:
    play_as_guest(desk)
    play_as_guest(phone)
    make_lobby(desk, "sketch", rounds=1, bots=1)
    start_together(desk, phone)
    assert (room(desk, "seat"), room(phone, "seat")) == (0, 1)
    desk.locator(".sk-offers button").first.click()
    wait_room(desk, "room.secret.word")
    word = room(desk, "secret.word")
    wait_room(phone, "room.state.phase === 'drawing'")
    assert re.sub(r"[^ '-]", "_", word) == room(phone, "state.mask")
    assert word not in phone.evaluate("JSON.stringify([evertick.room.state, evertick.room.secret])")

    board = desk.locator(".sk-canvas").bounding_box()
    assert board is not None
    desk.mouse.move(board["x"] + board["width"] / 4, board["y"] + board["height"] / 2)
    desk.mouse.down()
    desk.mouse.move(board["x"] + board["width"] / 2, board["y"] + board["height"] / 2, steps=5)
    desk.mouse.up()
    wait_room(phone, "room.state.strokes['1']?.points.at(-1) === 400 + 800 * 300")

    box = phone.locator(".sk-input")
    box.fill("no idea")
    box.press("Enter")
    expect(desk.locator(".sk-say-line", has_text="no idea")).to_be_visible()
    box.fill(word.upper())
    box.press("Enter")
    wait_room(phone, f"room.secret.word === {word!r}")
    for page in (desk, phone):
        expect(page.locator(".sk-guessed-line").first).to_be_visible()
        expect(page.locator("[data-seat='1'].sk-guessed .sk-score")).to_have_text(
            re.compile("^[1-3]")
        )
    assert room(desk, "state.players['1'].score") >= 100
    expect(phone.locator(".sk-mask")).to_have_attribute("aria-label", word)
