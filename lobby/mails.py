"""Mail leaves on a thread of its own: an answer takes as long whether there was one to send or not,
and no request waits for a mail server."""

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any

from django.core.mail import send_mail
from django.template.loader import render_to_string

from lobby.counters import count
from lobby.limits import MAILS_PER_ADDRESS_MAX, MAILS_WAITING_MAX, MAILS_WINDOW_S

log = logging.getLogger(__name__)

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mails")
_room = BoundedSemaphore(MAILS_WAITING_MAX)


def mail(*, to: str, template: str, **context: Any) -> None:
    """Send ``templates/lobby/mail/<template>.txt``, whose first line is the subject. Nobody is sent
    too many, and what finds no room to wait is dropped."""
    if count(f"mail:{to}", window_s=MAILS_WINDOW_S).number > MAILS_PER_ADDRESS_MAX:
        return log.warning("an address was sent too many mails; this one is left out")
    text = render_to_string(f"lobby/mail/{template}.txt", context)
    subject, _, body = text.lstrip().partition("\n")
    if not _room.acquire(blocking=False):
        return log.error("too many mails wait for the mail server; this one is left out")
    _thread.submit(_send, subject, body.lstrip(), to)


def mails_sent() -> None:
    """Returns once all that waited is sent, or was not to be."""
    _thread.submit(lambda: None).result()


def _send(subject: str, body: str, to: str) -> None:
    try:
        send_mail(subject, body, None, [to])
    except Exception:
        log.exception("a mail could not be sent")
    finally:
        _room.release()
