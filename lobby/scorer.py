"""Lets results reach the ratings, on a thread of its own.

A result is recorded by the thread with which a room reaches the database, and other rooms wait in
line for that thread; so all that happens there is a word to this one. The word may be lost, with
the process or without: each process also looks by itself now and then, and what is due says so in
its row. Any number of processes may do so at once.
"""

import logging
import threading
from typing import Any

from django.db import close_old_connections, connections

from lobby.limits import RATING_SWEEP_S, SCORER_STOP_S
from lobby.services.ratings import ratings_sweep

log = logging.getLogger(__name__)


class Scorer:
    """The one thread of a process that counts results."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Count what is due, and what will be; once, however often it is asked."""
        if self._thread is not None:
            return
        self._stopping.clear()
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="scorer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being counted; the rest is counted by others, or later."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            self._wake.set()
            thread.join(SCORER_STOP_S)

    def result_may_be_in(self, **_: Any) -> None:
        """Receives ``games.services.match_changed``; what it was is found out on the thread."""
        self._wake.set()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                self._sweep()
                self._wake.wait(RATING_SWEEP_S)
        finally:
            connections.close_all()

    def _sweep(self) -> None:
        close_old_connections()
        try:
            ratings_sweep()
        except Exception:  # the next look finds what this one left
            log.exception("results could not be counted")
        finally:
            close_old_connections()


scorer = Scorer()
"""That of this process."""
