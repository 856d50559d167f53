"""Two people on two server processes, joined by a real Redis; and processes that end meanwhile."""

import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser

from tests import services
from tests.e2e.conftest import ENV, person
from tests.e2e.pages import flies, make_lobby, play_as_guest, room, start_together, wait_room
from tests.services import STOP_S_MAX, Worker

pytestmark = pytest.mark.timeout(300)  # two servers, two pages, and a machine with other work


def test_people_on_different_workers_meet_in_the_lobby_and_play(
    browser: Browser, redis_url: str, tmp_path: Path
) -> None:
    env = {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name}
    with (
        services.running_server("uvicorn", ENV | env, folder=tmp_path) as first,
        services.running_server("daphne", ENV | env, folder=tmp_path) as second,
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


class Balancer:
    """One address for several workers, as a load balancer gives: each new connection goes to the
    first that takes it."""

    def __init__(self, *workers: Worker) -> None:
        self._ports = [worker.port for worker in workers]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        for port in self._ports:
            with suppress(OSError):
                far = socket.create_connection(("127.0.0.1", port), timeout=2)
                far.settimeout(None)
                Thread(target=self._carry, args=(far, near), daemon=True).start()
                return self._carry(near, far)
        near.close()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_when_the_worker_of_a_match_is_killed_two_people_play_on_without_touching_anything(
    browser: Browser, redis_url: str, tmp_path: Path
) -> None:
    env = {"REDIS_URL": redis_url, "EVERTICK_PREFIX": tmp_path.name}
    with (
        services.running_server("uvicorn", ENV | env, folder=tmp_path) as doomed,
        services.running_server("uvicorn", ENV | env, folder=tmp_path) as other,
        ExitStack() as stack,
    ):
        stack.callback((balancer := Balancer(doomed, other)).close)
        ada, ben = person(browser.new_context(), doomed), person(browser.new_context(), other)
        ada.goto(balancer.url)
        for page in (ada, ben):
            play_as_guest(page)
        make_lobby(ada, "arena", length_s=600)
        start_together(ada, ben)
        for page in (ada, ben):
            flies(page)
        times = [room(page, "info.time") for page in (ada, ben)]
        doomed.process.send_signal(signal.SIGKILL)
        for page, time in zip((ada, ben), times, strict=True):
            wait_room(page, f"room.status === 'live' && room.info.time > {time} + 60")
            flies(page)
            assert room(page, "seat") is not None
        seats = room(ben, "seats")
        assert {seat["status"] for seat in seats.values()} == {"here"}
        assert ben.complaints == []  # type: ignore[attr-defined]


def test_when_the_only_server_is_killed_and_starts_again_the_match_goes_on_by_itself(
    browser: Browser, tmp_path: Path
) -> None:
    with services.running_server("daphne", ENV, folder=tmp_path) as before:
        ada, ben = person(browser.new_context(), before), person(browser.new_context(), before)
        play_as_guest(ada)
        play_as_guest(ben)
        make_lobby(ada, "roshambo", first_to=1)
        start_together(ada, ben)
        ada.get_by_role("button", name="paper").click()
        wait_room(ben, f"room.state.chosen[{room(ada, 'seat')}]")
        before.process.send_signal(signal.SIGKILL)
        before.process.wait(STOP_S_MAX)
    for page in (ada, ben):
        wait_room(page, "room.status === 'reconnecting'")
    with services.running_server("daphne", ENV, folder=tmp_path, port=before.port):
        for page in (ada, ben):
            wait_room(page, "room.status === 'live'")
        assert room(ada, "secret")["mine"] == "paper"
        ben.get_by_role("button", name="rock").click()
        for page in (ada, ben):
            wait_room(page, "room.result")
            assert room(page, "result")["ranking"][0] == [room(ada, "seat")]
