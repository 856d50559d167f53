"""Mail leaves on a thread of its own: an answer takes as long whether there was one to send or not,
and no request waits for a mail server. Nor does a worker that stops: what waits then is lost, and
whoever misses it asks again.
"""

import hashlib
import logging
from functools import cache
from queue import Full, Queue
from threading import Thread
from typing import Any

from django.core.mail import send_mail
from django.template.loader import render_to_string

from lobby.counters import count
from lobby.limits import MAILS_PER_ADDRESS_MAX, MAILS_WAITING_MAX, MAILS_WINDOW_S

log = logging.getLogger(__name__)

Mail = tuple[str, str, str]
"""Subject, body, and to whom."""


def mail(*, to: str, template: str, **context: Any) -> None:
    """Send ``templates/lobby/mail/<template>.txt``, whose first line is the subject. Nobody is sent
    too many, and what finds no room to wait is dropped."""
    whose = hashlib.sha256(to.encode()).hexdigest()[:32]
    if count(f"mail:{whose}", window_s=MAILS_WINDOW_S).number > MAILS_PER_ADDRESS_MAX:
        return log.warning("an address was sent too many mails; this one is left out")
    text = render_to_string(f"lobby/mail/{template}.txt", context)
    subject, _, body = text.lstrip().partition("\n")
    try:
        _waiting().put_nowait((subject, body.lstrip(), to))
    except Full:
        log.error("too many mails wait for the mail server; this one is left out")


def mails_sent() -> None:
    """Returns once all that waited is sent, or was not to be."""
    _waiting().join()


@cache
def _waiting() -> "Queue[Mail]":
    """What waits, and the thread that takes it."""
    waiting: Queue[Mail] = Queue(MAILS_WAITING_MAX)
    Thread(target=_send_all, args=[waiting], name="mails", daemon=True).start()
    return waiting


def _send_all(waiting: "Queue[Mail]") -> None:
    while True:
        subject, body, to = waiting.get()
        try:
            send_mail(subject, body, None, [to])
        except Exception:
            log.exception("a mail could not be sent")
        finally:
            waiting.task_done()
