"""Two people on two server processes, joined by a real Redis."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import services
from tests.e2e.conftest import person
from tests.e2e.pages import make_lobby, play_as_guest, room, start_together, wait_room

pytestmark = pytest.mark.timeout(300)  # two servers, two pages, and a machine with other work


def test_people_on_different_workers_meet_in_the_lobby_and_play(
    browser: Browser, redis_url: str, tmp_path: Path
) -> None:
    env = {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name}
    with (
        services.running_server("uvicorn", env, folder=tmp_path) as first,
        services.running_server("daphne", env, folder=tmp_path) as second,
    ):
        ada, ben = person(browser.new_context(), first), person(browser.new_context(), second)
        play_as_guest(ada)
        play_as_guest(ben)
        make_lobby(ada, "roshambo", first_to=1)
        start_together(ada, ben)
        ada.get_by_role("button", name="paper").click()
        ben.get_by_role("button", name="rock").click()
        for page in (ada, ben):
            wait_room(page, "room.result")
            assert room(page, "result")["ranking"][0] == [room(ada, "seat")]
            assert page.complaints == []  # type: ignore[attr-defined]
