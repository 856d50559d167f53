"""Mail leaves by itself, and what fails there reaches nobody's request."""

import threading
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.mail.backends.base import BaseEmailBackend

from lobby import mails
from lobby.limits import MAILS_PER_ADDRESS_MAX, MAILS_WAITING_MAX

GATE = threading.Event()


class Slow(BaseEmailBackend):
    """A mail server that answers when the test says so."""

    def send_messages(self, messages: Any) -> int:
        GATE.wait(20)
        return outgoing.get_connection(
            "django.core.mail.backends.locmem.EmailBackend"
        ).send_messages(messages)


class Broken(BaseEmailBackend):
    """One that refuses."""

    def send_messages(self, messages: Any) -> int:
        raise OSError("refused")


def send(to: str = "ann@example.org") -> None:
    mails.mail(to=to, template="changed", name="Ann <&>")


def test_a_mail_has_a_subject_and_text_as_it_was_written() -> None:
    send()
    mails.mails_sent()
    (message,) = outgoing.outbox
    assert message.subject == "Your address was changed"
    assert "Hello Ann <&>," in message.body


def test_nobody_waits_for_a_slow_server_and_what_finds_no_room_is_dropped(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Slow"
    GATE.clear()
    try:
        for number in range(MAILS_WAITING_MAX + 10):
            send(f"{number}@example.org")
    finally:
        GATE.set()
    mails.mails_sent()
    assert MAILS_WAITING_MAX <= len(outgoing.outbox) <= MAILS_WAITING_MAX + 1


def test_a_server_that_refuses_does_not_end_the_thread(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    send()
    mails.mails_sent()
    assert "could not be sent" in caplog.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send()
    mails.mails_sent()
    assert len(outgoing.outbox) == 1


def test_an_address_is_sent_so_many() -> None:
    for _ in range(MAILS_PER_ADDRESS_MAX + 3):
        send()
    mails.mails_sent()
    assert len(outgoing.outbox) == MAILS_PER_ADDRESS_MAX
