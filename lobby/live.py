"""Tells the sockets of this process what is meant for people rather than for lookers-on: notices,
and what is said where they listen. And says for them who is here.

There is one in a process, beside the feed. Its rules:

- A letter may be told from any thread, after its commit. It goes to the sockets here at once, and
  to the other processes in one message for all letters that wait, which each of them hands on to
  its own sockets. The channel layer may lose it: notices are rows, and what is said is numbered, so
  that a gap shows and is filled from the rows.
- What sockets ask of the database is done on a thread of its own, in order, and at most
  ``LIVE_JOBS_MAX`` of it waits. No socket waits: it is answered later, or ``busy`` at once.
- Who is here is written every ``PRESENCE_BEAT_S`` in one batch (``lobby.presence``), and every
  ``SWEEP_S`` what is old is cleared away. Any number of workers may do so at the same time.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from asgiref.sync import async_to_sync
from django.db import connections
from django.utils import timezone

from lobby.feed import Look, hear_others, layer_between, with_connection
from lobby.limits import (
    FEED_RETRY_S,
    LETTERS_OUT_MAX,
    LETTERS_PER_SEND_MAX,
    LIVE_JOBS_MAX,
    PRESENCE_BEAT_S,
    PRESENCE_FIRST_S,
    SWEEP_S,
    TALKS_PER_SOCKET_MAX,
)
from lobby.presence import Place, presence_write
from lobby.selectors.people import hidden_from
from lobby.services.chat import chat_prune
from lobby.services.invitations import invitations_prune
from lobby.services.lobbies import lobbies_expire, lobbies_seen

GROUP = "lobby.live"
"""All processes."""

CHUNK = 500
"""People in one query."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class Letter(msgspec.Struct, frozen=True, array_like=True):
    """What some sockets are to be told.

    Attributes:
        to: ``user:<id>``, or the name of a conversation.
        text: The whole message, encoded once.
        author: Whose words these are; who hides those is told ``instead``.
        hides: The socket's people are to look up again whom they hide; there is no text.
        drops: A conversation that they may not listen to any more.
    """

    to: str
    text: str = ""
    author: int | None = None
    instead: str = ""
    hides: bool = False
    drops: str = ""


_letters = msgspec.json.Decoder(list[Letter])


class Post:
    """One socket: whose it is, where it listens, whom it does not hear."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.user_id = look.user_id
        self.place = Place.ONLINE
        self.talks: dict[str, bool] = {}  # what it listens to, and whether it may speak there
        self.hidden: frozenset[int] = frozenset()

    def hear(self, letter: Letter) -> None:
        """Say it, unless it comes from somebody who is hidden."""
        text = letter.instead if letter.author in self.hidden else letter.text
        if text:
            self.look.post(text)


class Live:
    """The sockets of one event loop."""

    def __init__(self) -> None:
        self.origin = uuid.uuid4().hex
        self.in_rooms: Callable[[], Iterable[int]] = lambda: ()
        """Who has a socket to a room at this process; ``gameserver`` says."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._clear()

    def _clear(self) -> None:
        self._posts: set[Post] = set()
        self._by_name: dict[str, set[Post]] = {}
        self._out: deque[Letter] = deque(maxlen=LETTERS_OUT_MAX)
        self._wake = asyncio.Event()
        self._new = asyncio.Event()
        self._waiting = 0
        self.joined = asyncio.Event()
        """Set as soon as other processes are heard."""

    async def start(self, *, sweeps: bool = True) -> None:
        """Run on this loop; the first socket does so too.

        Args:
            sweeps: Whether it clears away what is old, as some processes have to.
        """
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        assert self._loop is None or self._loop.is_closed(), "one process has one of these"
        self._clear()
        self._sweeps = sweeps
        self._loop = loop
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lobby-live")
        self._tasks = [loop.create_task(each()) for each in (self._send, self._hear, self._beat)]

    async def stop(self) -> None:
        """End, and close what it holds open."""
        if self._loop is not asyncio.get_running_loop():
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._ask(connections.close_all)
        assert self._thread is not None
        self._thread.shutdown(wait=True)
        self._loop, self._thread, self._tasks = None, None, []

    # --- sockets --------------------------------------------------------------------------------

    def join(self, post: Post) -> None:
        """Tell this socket from now on what its person is told."""
        self._posts.add(post)
        if post.user_id is not None:
            self._by_name.setdefault(_of_user(post.user_id), set()).add(post)
            self._look_up_hidden(post)
            self._new.set()

    def leave(self, post: Post) -> None:
        """The socket is gone."""
        self._posts.discard(post)
        for name in [*post.talks, *([_of_user(post.user_id)] if post.user_id else [])]:
            self._forget(name, post)
        post.talks.clear()

    def listen(self, post: Post, talk: str, *, speaks: bool) -> bool:
        """Tell this socket what is said in ``talk``; False: it is gone, or listens too much."""
        full = len(post.talks) >= TALKS_PER_SOCKET_MAX and talk not in post.talks
        if post not in self._posts or full:
            return False
        post.talks[talk] = speaks
        self._by_name.setdefault(talk, set()).add(post)
        return True

    def unlisten(self, post: Post, talk: str) -> None:
        """Tell it no more."""
        if post.talks.pop(talk, None) is not None:
            self._forget(talk, post)

    def _drop(self, post: Post, talk: str) -> None:
        if talk in post.talks:
            self.unlisten(post, talk)
            post.look.post(encoded({"t": "dropped", "talk": talk}))

    def moved(self, post: Post, place: Place) -> None:
        """The socket's person is somewhere else now."""
        if post.place is not place:
            post.place = place
            self._new.set()

    def _forget(self, name: str, post: Post) -> None:
        there = self._by_name.get(name, set())
        there.discard(post)
        if not there:
            self._by_name.pop(name, None)

    def _look_up_hidden(self, post: Post) -> None:
        """Learn whom the socket's person hides; again after a while, where that fails."""
        user_id = post.user_id
        if user_id is None or post not in self._posts:
            return

        def know(hidden: frozenset[int] | Exception) -> None:
            if isinstance(hidden, frozenset):
                post.hidden = hidden
            else:
                self._look_up_hidden_later(post)

        if not self.submit(lambda: hidden_from(user_id), know):
            self._look_up_hidden_later(post)

    def _look_up_hidden_later(self, post: Post) -> None:
        if self._loop is not None:
            self._loop.call_later(FEED_RETRY_S, self._look_up_hidden, post)

    # --- questions ------------------------------------------------------------------------------

    def submit(self, job: Callable[[], T], then: Callable[[T | Exception], None]) -> bool:
        """Do ``job`` on the thread that may wait, behind those before it; ``then`` is told on the
        loop what came of it. False: too much waits already, or it ended, and nothing is done."""
        if self._loop is None or self._thread is None or self._waiting >= LIVE_JOBS_MAX:
            return False
        self._waiting += 1
        loop = self._loop

        def done(future: Future[T]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop closed meanwhile
                loop.call_soon_threadsafe(self._answer, future, then)

        self._thread.submit(with_connection, job).add_done_callback(done)
        return True

    def _answer(self, future: "Future[T]", then: Callable[[T | Exception], None]) -> None:
        self._waiting -= 1
        error = future.exception()
        if error is None:
            then(future.result())
        elif isinstance(error, Exception):
            then(error)

    async def _ask(self, query: Callable[[], T]) -> T:
        assert self._loop is not None
        return await self._loop.run_in_executor(self._thread, with_connection, query)

    # --- letters --------------------------------------------------------------------------------

    def tell(self, letter: Letter) -> None:
        """Hand out a letter, here and elsewhere; from any thread, after its commit."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed just now
                self._loop.call_soon_threadsafe(self.tell_now, letter)
                return
        _tell_others([letter], self.origin)

    def tell_now(self, letter: Letter) -> None:
        """The same, on the loop."""
        self._deliver(letter)
        self._out.append(letter)
        self._wake.set()

    def _deliver(self, letter: Letter) -> None:
        for post in list(self._by_name.get(letter.to, ())):
            if letter.hides:
                self._look_up_hidden(post)
            elif letter.drops:
                self._drop(post, letter.drops)
            else:
                post.hear(letter)

    async def _send(self) -> None:
        """Tell other processes, all that waits in few messages."""
        layer = layer_between()
        while True:
            await self._wake.wait()
            self._wake.clear()
            letters, alone = list(self._out), layer is None
            self._out.clear()
            for first in range(0, 0 if alone else len(letters), LETTERS_PER_SEND_MAX):
                part = letters[first : first + LETTERS_PER_SEND_MAX]
                try:
                    await layer.group_send(GROUP, _as_message(part, self.origin))
                except Exception:  # numbers show what is missing, and rows have it
                    log.warning("other workers could not be told what was said", exc_info=True)

    async def _hear(self) -> None:
        """What other processes tell."""

        def take(message: dict[str, Any]) -> None:
            for letter in _letters.decode(message["letters"]):
                self._deliver(letter)

        await hear_others(GROUP, self.origin, take, self.joined)

    # --- who is here ----------------------------------------------------------------------------

    def here(self) -> dict[Place, set[int]]:
        """Whose sockets are at this process, by where they are."""
        found: dict[Place, set[int]] = {place: set() for place in Place}
        for post in self._posts:
            if post.user_id is not None:
                found[post.place].add(post.user_id)
        found[Place.MATCH].update(self.in_rooms())
        return found

    async def _beat(self) -> None:
        """Say who is here, and now and then clear away what is old."""
        assert self._loop is not None
        swept = self._loop.time() - SWEEP_S * random.random()  # workers take turns
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PRESENCE_BEAT_S):
                    await self._new.wait()
            self._new.clear()
            due = self._sweeps and self._loop.time() - swept > SWEEP_S
            swept = self._loop.time() if due else swept
            here = self.here()
            try:
                await self._ask(lambda: beat(here))  # noqa: B023  awaited within this round
                if due:
                    await self._ask(sweep)
            except Exception:  # the next beat is as good
                log.exception("it could not be written down who is here")
            await asyncio.sleep(PRESENCE_FIRST_S)


live = Live()
"""That of this process."""


def beat(here: dict[Place, set[int]]) -> None:
    """Write down who is here, for other workers and for their lobbies."""
    presence_write(here)
    ids = sorted(set().union(*here.values()))
    for first in range(0, len(ids), CHUNK):
        lobbies_seen(user_ids=ids[first : first + CHUNK], now=timezone.now())


def sweep() -> None:
    """Clear away what is old."""
    lobbies_expire(now=timezone.now())
    chat_prune(now=timezone.now())
    invitations_prune()


def person_was_told(user_id: int, message: dict[str, Any], **_: Any) -> None:
    """Receives ``lobby.services.people.person_told``."""
    live.tell(Letter(_of_user(user_id), encoded(message)))


def hidden_was_changed(user_id: int, **_: Any) -> None:
    """Receives ``lobby.services.people.hidden_changed``."""
    live.tell(Letter(_of_user(user_id), hides=True))


def message_was_said(talk: str, author_id: int, message: dict[str, Any], **_: Any) -> None:
    """Receives ``lobby.services.chat.message_said``."""
    told = {"t": "message", "talk": talk, "number": message["number"]}
    spoken, nothing = encoded(told | {"message": message}), encoded(told | {"message": None})
    live.tell(Letter(talk, spoken, author=author_id, instead=nothing))


def match_was_counted(match_id: UUID, seats: list[Any], **_: Any) -> None:
    """Receives ``lobby.services.results.match_counted``."""
    talk = f"match:{match_id}"
    live.tell(Letter(talk, encoded({"t": "counted", "talk": talk, "seats": seats})))


def member_was_removed(lobby_id: UUID, user_id: int, **_: Any) -> None:
    """Receives ``lobby.services.lobbies.member_removed``."""
    live.tell(Letter(_of_user(user_id), drops=f"lobby:{lobby_id}"))


def encoded(message: dict[str, Any]) -> str:
    """A message as sockets send it."""
    return msgspec.json.encode(message).decode()


def _of_user(user_id: int) -> str:
    return f"user:{user_id}"


def _tell_others(letters: list[Letter], origin: str) -> None:
    """Tell other processes, from one without sockets: a command, a first request."""
    layer = layer_between()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(GROUP, _as_message(letters, origin))
    except Exception:  # what matters is in rows
        log.warning("other workers could not be told what was said", exc_info=True)


def _as_message(letters: list[Letter], origin: str) -> dict[str, Any]:
    return {
        "type": "lobby.letters",
        "origin": origin,
        "letters": msgspec.json.encode(letters).decode(),
    }
