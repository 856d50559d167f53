"""Keeps every socket of this process told of lobbies, and of the tickets of those who wait for a
match: who looks at what, and what they saw last.

There is one feed in a process. A change marks what it touches; soon after, the feed looks that up
once, encodes it once, and hands it to all who look at it. Its rules:

- A change may be told from any thread (``lobby_was_changed``), after its commit. It reaches the
  other processes by the channel layer, which may lose it: what is watched is also looked up again
  every ``FEED_RECHECK_S``.
- Queries run on a thread of the feed's own, never on the one that all of Django's async code
  shares: a slow query here delays nobody's frames.
- Nothing is sent twice: what looks as before is not news. Two pushes are ``FEED_PERIOD_S`` apart.
- A socket keeps the newest news only. One that does not read costs one list of memory.
"""

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import close_old_connections, connections

from lobby.limits import (
    FEED_FILTERS_MAX,
    FEED_PERIOD_S,
    FEED_RECHECK_S,
    FEED_REST,
    FEED_RETRY_S,
    LETTERS_WAITING_MAX,
    TICKET_SEEN_S,
)
from lobby.models.lobbies import Lobby
from lobby.presence import presence_of
from lobby.selectors.feed import feed_list, feed_lobbies, feed_lobbies_of_matches
from lobby.selectors.lobbies import Wanted, is_member, lobby_shown
from lobby.selectors.matchmaking import ticket_shown, tickets_latest
from lobby.services.matchmaking import tickets_seen

GROUP = "lobby.feeds"
"""All feeds of all processes."""

MISSED = '{"t":"missed"}'
"""What a socket is told that read too slowly: look again, by REST, at what you listen to."""


class Mine(NamedTuple):
    """The latest ticket of somebody; of nobody, where one is not logged in."""

    user_id: int | None


class Narrowed(NamedTuple):
    """The public list as far as somebody wants to see it.

    Attributes:
        text: ``Wanted`` as JSON: who wants the same looks at the same.
    """

    text: bytes


Target = UUID | Mine | Narrowed | None
"""What one may look at: a lobby, the own ticket, a part of the public list, or None for all of
that."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class Look:
    """One socket's view of the feed: a slot for the newest news, never a queue.

    Beside it wait letters (``lobby.live``), each of which says something of its own: a few, in
    order, the newest of them.
    """

    def __init__(self, user_id: int | None) -> None:
        self.user_id = user_id
        self.target: Target = None
        self._said = ""
        self._news: str | None = None
        self._letters: deque[str] = deque()
        self._missed = False
        self._wake = asyncio.Event()

    def post(self, text: str) -> None:
        """Something to say besides; of more than a few that wait, the oldest are forgotten."""
        if len(self._letters) >= LETTERS_WAITING_MAX:
            self._letters.popleft()
            self._missed = True
        self._letters.append(text)
        self._wake.set()

    def offer(self, text: str) -> None:
        """The newest there is to say; what waited before is forgotten."""
        if text == self._said:
            self._news = None  # it went there and back before anybody looked
        else:
            self._news = text
            self._wake.set()

    def forget(self) -> None:
        """What was said is of no interest any more: the socket looks elsewhere."""
        self._said, self._news = "", None

    async def news(self) -> str:
        """The next thing to say, as soon as there is one."""
        while self._news is None and not self._letters:
            self._wake.clear()
            await self._wake.wait()
        if self._missed:
            self._missed = False
            return MISSED
        if self._letters:
            return self._letters.popleft()
        assert self._news is not None
        self._said, self._news = self._news, None
        return self._said


class Changes(msgspec.Struct):
    """What has to be looked up again.

    Attributes:
        everything: All that anybody looks at.
        lobbies: These changed.
        matches: These changed, and with them the lobbies they came from.
        opened: Somebody began to look at these; they need not have changed.
        narrowed: The same, of parts of the list.
        people: Whose tickets changed.
        waiting: Who began to look at the own ticket.
    """

    everything: bool = False
    lobbies: set[UUID] = msgspec.field(default_factory=set)
    matches: set[UUID] = msgspec.field(default_factory=set)
    opened: set[UUID] = msgspec.field(default_factory=set)
    narrowed: set[Narrowed] = msgspec.field(default_factory=set)
    people: set[int] = msgspec.field(default_factory=set)
    waiting: set[int | None] = msgspec.field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether the public list may have changed."""
        return self.everything or bool(self.lobbies) or bool(self.matches)

    @property
    def concern_others(self) -> bool:
        """Whether other processes need to hear of it."""
        return bool(self) or bool(self.people)

    def add(self, other: "Changes") -> None:
        """Besides all this, that."""
        self.everything |= other.everything
        self.lobbies |= other.lobbies
        self.matches |= other.matches
        self.opened |= other.opened
        self.narrowed |= other.narrowed
        self.people |= other.people
        self.waiting |= other.waiting


class Seen(msgspec.Struct, frozen=True):
    """What one look into the database found.

    Attributes:
        listed: The public list, if it was asked for.
        lobbies: Each lobby asked for, if it is still there.
        here: Those of their people who are.
        tickets: What each who asked is told of the own ticket.
        narrowed: Parts of the list that were asked for.
    """

    listed: str | None
    lobbies: dict[UUID, Lobby | None]
    tickets: dict[Mine, str]
    narrowed: dict[Narrowed, str]
    here: frozenset[int] = frozenset()


class Feed:
    """The sockets of one event loop that look at lobbies."""

    def __init__(self) -> None:
        self.origin = uuid.uuid4().hex
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._clear()

    def _clear(self) -> None:
        """Nobody looks, nothing changed."""
        self._looks: dict[Target, set[Look]] = {}
        self._listed: str | None = None
        self._here = Changes()
        self._elsewhere = Changes()
        self._checked_at = self._seen_at = float("-inf")
        self._wake = asyncio.Event()
        self.joined = asyncio.Event()
        """Set as soon as other processes are heard."""

    async def start(self) -> None:
        """Run on this loop; the first socket does so too."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        assert self._loop is None or self._loop.is_closed(), "one process has one feed"
        self._clear()  # what an ended loop left behind is of no use
        self._loop = loop
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lobby-feed")
        self._tasks = [loop.create_task(self._push()), loop.create_task(self._hear())]

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

    def watch(self, look: Look, target: Target) -> bool:
        """Let ``look`` look at ``target`` from now on; it hears of it at once.

        False: too many different parts of the list are looked at, and it looks at nothing.
        """
        self.unwatch(look)
        if isinstance(target, Narrowed) and target not in self._looks and self._is_full():
            return False
        look.forget()
        look.target = target
        self._looks.setdefault(target, set()).add(look)
        if target is None and self._listed is not None:
            look.offer(self._listed)
        elif target is None:
            self._mark(Changes(everything=True))
        elif isinstance(target, Mine):
            self._mark(Changes(waiting={target.user_id}))
        elif isinstance(target, Narrowed):
            self._mark(Changes(narrowed={target}))
        else:
            self._mark(Changes(opened={target}))
        return True

    def _is_full(self) -> bool:
        return sum(isinstance(target, Narrowed) for target in self._looks) >= FEED_FILTERS_MAX

    def unwatch(self, look: Look) -> None:
        """``look`` looks at nothing."""
        looks = self._looks.get(look.target, set())
        looks.discard(look)
        if not looks:
            self._looks.pop(look.target, None)
            if look.target is None:
                self._listed = None  # nobody keeps it fresh from now on
        look.target = None

    # --- changes --------------------------------------------------------------------------------

    def changed(self, changes: Changes) -> None:
        """Something changed, here and now; from any thread, after its commit."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed just now
                self._loop.call_soon_threadsafe(self._mark_and_tell, changes)
                return
        _tell_others(changes, self.origin)

    def _mark_and_tell(self, changes: Changes) -> None:
        self._elsewhere.add(changes)
        self._mark(changes)

    def _mark(self, changes: Changes) -> None:
        self._here.add(changes)
        self._wake.set()

    async def _push(self) -> None:
        """Tell sockets and other processes what changed, again and again."""
        while True:
            # Not ``wait_for``: before Python 3.12 it swallows a cancellation that comes together
            # with what it waits for, and ``stop`` would wait for ever.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FEED_RECHECK_S):
                    await self._wake.wait()
            changes, self._here = self._here, Changes()
            changes.everything |= self._is_due()
            self._wake.clear()
            began = self._loop_time()
            try:
                await self._tell()
                await self._serve(changes)
            except Exception:  # no socket may stay untold for ever because of one bad minute
                log.exception("the live list could not be brought up to date")
                self._mark(changes)
                await asyncio.sleep(FEED_RETRY_S)
            took = self._loop_time() - began
            await asyncio.sleep(max(FEED_PERIOD_S, FEED_REST * took))

    def _loop_time(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def _is_due(self) -> bool:
        """Whether all has to be looked up again, as something may have been lost; also where
        there is always some news."""
        assert self._loop is not None
        due = self._loop.time() - self._checked_at >= FEED_RECHECK_S
        if due:
            self._checked_at = self._loop.time()
        return due

    async def _serve(self, changes: Changes) -> None:
        """Look up what of ``changes`` somebody looks at, and hand it out."""
        assert self._loop is not None
        watched = {target for target in self._looks if isinstance(target, UUID)}
        waiting = {target for target in self._looks if isinstance(target, Mine)}
        listed = None in self._looks and bool(changes)
        parts = {target for target in self._looks if isinstance(target, Narrowed)}
        parts = parts if changes else parts & changes.narrowed
        if not listed and not watched and not waiting and not parts:
            return
        if waiting and self._loop.time() - self._seen_at >= TICKET_SEEN_S:
            self._seen_at = self._loop.time()
            there = {mine.user_id for mine in waiting if mine.user_id is not None}
            await self._ask(lambda: tickets_seen(user_ids=there))
        seen = await self._ask(lambda: _look_up(changes, watched, waiting, parts, listed=listed))
        for mine, text in seen.tickets.items():
            self._offer(mine, lambda look, text=text: text)  # type: ignore[misc]
        if seen.listed is not None and None in self._looks:
            self._listed = seen.listed
            self._offer(None, lambda look: self._listed)
        for part, text in seen.narrowed.items():
            self._offer(part, lambda look, text=text: text)  # type: ignore[misc]
        for lobby_id, lobby in seen.lobbies.items():
            self._offer(lobby_id, _Worded(lobby, seen.here).text_for)

    def _offer(self, target: Target, text_for: Callable[[Look], str | None]) -> None:
        for look in self._looks.get(target, ()):
            if text := text_for(look):
                look.offer(text)

    async def _ask(self, query: Callable[[], T]) -> T:
        """Run ``query`` on the feed's own thread."""
        assert self._loop is not None
        return await self._loop.run_in_executor(self._thread, with_connection, query)

    # --- other processes ------------------------------------------------------------------------

    async def _tell(self) -> None:
        layer = layer_between()
        changes, self._elsewhere = self._elsewhere, Changes()
        if not changes.concern_others or layer is None:
            return
        try:
            await layer.group_send(GROUP, _as_message(changes, self.origin))
        except Exception:  # they look again by themselves before long
            log.warning("other workers could not be told of a changed lobby", exc_info=True)

    async def _hear(self) -> None:
        """What other processes say changed."""

        def take(message: dict[str, Any]) -> None:
            self._mark(_from_message(message))

        await hear_others(GROUP, self.origin, take, self.joined)


class _Worded:
    """A lobby, put into words at most once for insiders and once for outsiders."""

    def __init__(self, lobby: Lobby | None, here: frozenset[int]) -> None:
        self.lobby = lobby
        self.here = here
        self.texts: dict[bool | None, str] = {}

    def text_for(self, look: Look) -> str:
        """What ``look`` may know: null where it is closed, or private and not theirs."""
        insider = self.lobby is not None and is_member(self.lobby, look.user_id)
        if self.lobby is None or (self.lobby.private and not insider):
            return self._text(None)
        return self._text(insider)

    def _text(self, insider: bool | None) -> str:
        if insider not in self.texts:
            shown = (
                None
                if insider is None or self.lobby is None
                else lobby_shown(self.lobby, insider=insider, here=self.here)
            )
            self.texts[insider] = _encoded({"t": "lobby", "lobby": shown})
        return self.texts[insider]


feed = Feed()
"""The feed of this process."""


def lobby_was_changed(lobby_id: UUID, **_: Any) -> None:
    """Receives ``lobby.services.lobbies.lobby_changed``."""
    feed.changed(Changes(lobbies={lobby_id}))


def match_was_changed(match_id: UUID, **_: Any) -> None:
    """Receives ``games.services.match_changed``."""
    feed.changed(Changes(matches={match_id}))


def tickets_were_changed(user_ids: Iterable[int], **_: Any) -> None:
    """Receives ``lobby.services.matchmaking.ticket_changed``."""
    feed.changed(Changes(people=set(user_ids)))


def _look_up(
    changes: Changes,
    watched: set[UUID],
    waiting: set[Mine],
    parts: set[Narrowed],
    *,
    listed: bool,
) -> Seen:
    """What ``changes`` made of the list, where wanted, of the parts of it and of the lobbies that
    are watched, and of the tickets of those who look at theirs."""
    touched = watched if changes.everything else watched & _touched(changes)
    there = {lobby.id: lobby for lobby in feed_lobbies(lobby_ids=touched)}
    text = _encoded({"t": "lobbies", "lobbies": feed_list()}) if listed else None
    people = {member.user_id for lobby in there.values() for member in lobby.members.all()}
    here = frozenset(presence_of(people)) if people else frozenset()
    found = {lobby_id: there.get(lobby_id) for lobby_id in touched}
    narrowed = {
        part: _encoded({"t": "lobbies", "lobbies": feed_list(_wanted.decode(part.text))})
        for part in parts
    }
    return Seen(
        listed=text,
        lobbies=found,
        tickets=_tickets_told(changes, waiting),
        narrowed=narrowed,
        here=here,
    )


_wanted = msgspec.json.Decoder(Wanted)


def narrowed(wanted: Wanted) -> Target:
    """The part of the list that is like this; all of it, where nothing is asked for."""
    if wanted == Wanted():
        return None
    return Narrowed(msgspec.json.encode(wanted, order="deterministic"))


def _tickets_told(changes: Changes, waiting: set[Mine]) -> dict[Mine, str]:
    whose = {
        mine
        for mine in waiting
        if changes.everything or mine.user_id in changes.people or mine.user_id in changes.waiting
    }
    if not whose:
        return {}
    found = tickets_latest(user_ids={mine.user_id for mine in whose if mine.user_id is not None})
    told = {user_id: ticket_shown(ticket) for user_id, ticket in found.items()}
    return {
        mine: _encoded({"t": "ticket", "ticket": told.get(mine.user_id or 0)}) for mine in whose
    }


def _touched(changes: Changes) -> set[UUID]:
    touched = changes.lobbies | changes.opened
    if changes.matches:
        touched |= feed_lobbies_of_matches(match_ids=changes.matches)
    return touched


def with_connection(query: Callable[[], T]) -> T:
    """Run ``query`` as a request is run: no broken or outdated connection before or after it."""
    close_old_connections()
    try:
        return query()
    finally:
        close_old_connections()


def layer_between() -> Any:
    """The way to other processes; None where there is no other."""
    layer = get_channel_layer()
    return None if isinstance(layer, InMemoryChannelLayer) else layer


async def hear_others(
    group: str, origin: str, take: Callable[[dict[str, Any]], None], joined: asyncio.Event
) -> None:
    """Hand on what other processes say to ``group``, for as long as there may be others.

    Args:
        origin: Of this process, whose own words are left out.
        joined: Set as soon as others are heard.
    """
    layer = layer_between()
    while layer is not None:
        try:
            await _listen(layer, group, origin, take, joined)
        except Exception:
            log.warning("other workers cannot be heard; trying again", exc_info=True)
            await asyncio.sleep(FEED_RETRY_S)


async def _listen(
    layer: Any,
    group: str,
    origin: str,
    take: Callable[[dict[str, Any]], None],
    joined: asyncio.Event,
) -> None:
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    joined.set()
    try:
        while True:
            message = await layer.receive(channel)
            if message.get("origin") != origin:
                take(message)
    finally:
        with contextlib.suppress(Exception):
            await layer.group_discard(group, channel)


def _tell_others(changes: Changes, origin: str) -> None:
    """Tell the feeds of other processes, from one that runs no feed: a command, a first request."""
    layer = layer_between()
    if layer is None:
        return
    message = _as_message(changes, origin)
    try:
        async_to_sync(layer.group_send)(GROUP, message)
    except Exception:  # the change itself is safe; they look again by themselves before long
        log.warning("other workers could not be told of a changed lobby", exc_info=True)


def _as_message(changes: Changes, origin: str) -> dict[str, Any]:
    return {
        "type": "lobby.changed",
        "origin": origin,
        "lobbies": [str(lobby_id) for lobby_id in changes.lobbies],
        "matches": [str(match_id) for match_id in changes.matches],
        "people": sorted(changes.people),
    }


def _from_message(message: dict[str, Any]) -> Changes:
    return Changes(
        lobbies=_ids(message["lobbies"]),
        matches=_ids(message["matches"]),
        people=set(message.get("people", ())),
    )


def _ids(texts: Iterable[str]) -> set[UUID]:
    return {UUID(text) for text in texts}


def _encoded(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
