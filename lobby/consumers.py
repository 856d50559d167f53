"""The socket that pages keep open to see lobbies as they change, and to hear from people.

``/ws/lobby``, JSON in text frames; ``docs/lobby-socket.md`` says all of it. The client says what it
looks at, and again whenever it looks at something else; the server says how that looks, at once and
after each change:

    -> {"t": "watch", "lobby": null}            the public list
    -> {"t": "watch", "filters": {...}}         those of it that are like this
    -> {"t": "watch", "lobby": "<id>"}          one lobby
    -> {"t": "watch", "ticket": true}           the own ticket for a match, the latest
    <- {"t": "lobbies", "lobbies": [...]}
    <- {"t": "lobby", "lobby": {...} or null}   null: closed, or not yours to see
    <- {"t": "ticket", "ticket": {...} or null} null: there is none
    <- {"t": "error", "code", "message"}        and then the socket is closed

Who is signed in is told what is meant for them, and may listen and speak where people talk:

    <- {"t": "notice", "notice": {...}, "unread"}     unread: missing where it is not kept
    <- {"t": "unread", "unread"}                      some were read, here or elsewhere
    -> {"t": "listen", "talk": "lobby:<id>"}          also match:<id>, direct:<id>-<id>
    -> {"t": "unlisten", "talk"}
    <- {"t": "listening", "talk", "speaks", "last"}
    <- {"t": "message", "talk", "number", "message"}  null: of somebody whom you do not read
    <- {"t": "counted", "talk", "seats"}              its match changed ratings
    <- {"t": "dropped", "talk"}                       you may not listen there any more
    -> {"t": "say", "talk", "text", "ref"}            ref: any number of yours
    <- {"t": "said", "talk", "ref", "number"}
    -> {"t": "react", "talk", "emoji"}
    <- {"t": "reaction", "talk", "emoji", "user"}
    <- {"t": "refused", "of", "talk", "ref", "code", "message"}
    <- {"t": "missed"}                                you read too slowly: ask REST

Nothing here waits for the database: what is asked of it is answered later, or ``busy`` at once. Who
looks is known by the session; nobody needs one to see the public list. A session that ends takes
its sockets along: ``signed_out``, and a closing that says not to come back by itself. A peer that
vanished without a word is found by the pings of the ASGI server, which is set up to send them.
"""

import asyncio
import contextlib
import logging
from typing import Any
from uuid import UUID

import msgspec
from channels.exceptions import StopConsumer

from games.bucket import TokenBucket
from games.limits import FRAME_BYTES_MAX
from games.protocol.codes import MESSAGES, Close, Code
from games.sockets import SocketConsumer
from lobby.codes import ANSWERS, ApiCode, Refused
from lobby.feed import Look, Mine, Narrowed, Target, feed, narrowed
from lobby.limits import (
    REACTIONS,
    REACTIONS_BURST_MAX,
    REACTIONS_PER_S,
    SAYS_BURST_MAX,
    SAYS_PER_S,
    TALKS_PER_SOCKET_MAX,
    WATCHES_BURST_MAX,
    WATCHES_PER_S,
)
from lobby.live import Letter, Post, encoded, live
from lobby.models.accounts import User
from lobby.models.chat import Message
from lobby.presence import Place
from lobby.selectors.accounts import user_shown
from lobby.selectors.chat import Right, talk_last, talk_right
from lobby.services.chat import chat_say
from lobby.services.filters import filters_checked
from lobby.services.grants import KEY
from lobby.sockets import sockets

log = logging.getLogger(__name__)


class Watch(msgspec.Struct, tag="watch", tag_field="t"):
    """What the page looks at: the own ticket, else a lobby, or None for the public list, of which
    filters leave a part."""

    lobby: UUID | None = None
    ticket: bool = False
    filters: dict[str, Any] = {}


class Listen(msgspec.Struct, tag="listen", tag_field="t"):
    """The page wants to hear what is said there."""

    talk: str


class Unlisten(msgspec.Struct, tag="unlisten", tag_field="t"):
    """The page wants to hear it no more."""

    talk: str


class Say(msgspec.Struct, tag="say", tag_field="t"):
    """Somebody says something."""

    talk: str
    text: str
    ref: int = 0


class React(msgspec.Struct, tag="react", tag_field="t"):
    """Somebody shows something, which nobody keeps."""

    talk: str
    emoji: str


Asked = Watch | Listen | Unlisten | Say | React

_asked = msgspec.json.Decoder(Asked)
_kind = msgspec.json.Decoder(dict[str, object])
KINDS = {"watch", "listen", "unlisten", "say", "react"}


class LobbyConsumer(SocketConsumer):
    """One page that looks at lobbies, and listens."""

    def opened(self) -> None:
        """Who looks is known by the session."""
        user = self.scope.get("user")
        self.user: User | None = user if getattr(user, "id", None) is not None else None
        self.look = Look(user_id=None if self.user is None else self.user.id)
        # What the session says was read to learn who looks.
        self.grant = "" if self.user is None else self.scope["session"].get(KEY, "")
        sockets.add(self.grant, self)
        self.post = Post(self.look)
        self.writer: asyncio.Task[None] | None = None
        now = self.loop.time()
        self.bucket = TokenBucket(WATCHES_PER_S, WATCHES_BURST_MAX, now)
        self.says = TokenBucket(SAYS_PER_S, SAYS_BURST_MAX, now)
        self.reactions = TokenBucket(REACTIONS_PER_S, REACTIONS_BURST_MAX, now)

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Accept; the page says next what it looks at."""
        await feed.start()
        await live.start()
        live.join(self.post)
        await self.send({"type": "websocket.accept"})
        self.writer = self.loop.create_task(self.write())

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """One frame of the page."""
        text = message.get("text")
        if text is None:
            await self.refuse(Code.WRONG_ENCODING)
        elif len(text.encode()) > FRAME_BYTES_MAX:
            await self.refuse(Code.TOO_LARGE)
        else:
            await self.understand(text)

    async def understand(self, text: str) -> None:
        """What the frame says, if it says something and there were not too many before it."""
        try:
            asked: Asked | None = _asked.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            asked = None
        bucket = self.says if isinstance(asked, Say | React) else self.bucket
        if not bucket.take(self.loop.time()):
            await self.refuse(Code.FLOOD, Close.FLOOD)
        elif asked is None:
            await self.refuse(_why(text))
        else:
            self.follow(asked)

    def follow(self, asked: Asked) -> None:
        """Do what the page asks for; what takes time is answered later."""
        match asked:
            case Watch():
                self.watch(asked)
            case Unlisten(talk=talk):
                live.unlisten(self.post, talk)
                self.move()
            case _ if self.user is None:
                self.deny(asked, ApiCode.NOT_AUTHENTICATED)
            case Listen():
                self.listen(asked, self.user)
            case Say():
                self.say(asked, self.user)
            case React():
                self.react(asked, self.user)

    def watch(self, asked: Watch) -> None:
        """Look at something else; at nothing, where the feed cannot show it."""
        target: Target = Mine(self.look.user_id) if asked.ticket else asked.lobby
        if target is None and asked.filters:
            try:
                target = narrowed(filters_checked(asked.filters))
            except Refused as refusal:
                feed.unwatch(self.look)
                return self.deny(asked, refusal.code, refusal.fields)
        if not feed.watch(self.look, target):
            self.deny(asked, Code.BUSY)
        self.move()

    async def write(self) -> None:
        """Send the newest news, whenever the last one is on its way."""
        # The server may know before us that the peer is gone, and then it tells us so.
        with contextlib.suppress(OSError, RuntimeError):
            while True:
                await self.send({"type": "websocket.send", "text": await self.look.news()})

    async def refuse(self, code: Code, close: Close = Close.BAD_MESSAGE) -> None:
        """Say what was wrong, and close."""
        self.gone()
        await self.say_why(code, close)
        raise StopConsumer

    async def say_why(self, code: Code, close: Close) -> None:
        """Say it, and close."""
        error = {"t": "error", "code": code.value, "message": MESSAGES[code]}
        with contextlib.suppress(OSError, RuntimeError):  # as in ``write``
            await self.send({"type": "websocket.send", "text": encoded(error)})
            await self.send({"type": "websocket.close", "code": int(close), "reason": code.value})

    def sign_out(self) -> None:
        """The session that this page came in with ended."""
        self.gone()
        self.writer = self.loop.create_task(self.say_why(Code.SIGNED_OUT, Close.FORBIDDEN))

    def gone(self) -> None:
        """Look at nothing, say nothing."""
        sockets.remove(self.grant, self)
        feed.unwatch(self.look)
        live.leave(self.post)
        if self.writer is not None:
            self.writer.cancel()

    # --- people -------------------------------------------------------------------------------

    def listen(self, asked: Listen, user: User) -> None:
        """Let the page hear what is said there, once it is known that it may."""
        if len(self.post.talks) >= TALKS_PER_SOCKET_MAX and asked.talk not in self.post.talks:
            return self.deny(asked, ApiCode.TOO_MANY_TALKS)

        def look_up() -> tuple[Right, int]:
            right = talk_right(name=asked.talk, user=user)
            return right, talk_last(name=right.name)

        def know(found: tuple[Right, int] | Exception) -> None:
            if isinstance(found, Exception):
                return self.failed(asked, found)
            right, last = found
            if not live.listen(self.post, right.name, speaks=right.speaks):
                return self.deny(asked, ApiCode.TOO_MANY_TALKS)
            told = {"talk": right.name, "speaks": right.speaks, "last": last}
            self.look.post(encoded({"t": "listening"} | told))
            self.move()

        if not live.submit(look_up, know):
            self.deny(asked, Code.BUSY)

    def say(self, asked: Say, user: User) -> None:
        """Write it down; whoever listens hears it then."""

        def told(found: Message | Exception) -> None:
            if isinstance(found, Exception):
                return self.failed(asked, found)
            said = {"t": "said", "talk": asked.talk, "ref": asked.ref, "number": found.number}
            self.look.post(encoded(said))

        def speak() -> Message:
            return chat_say(user=user, talk=asked.talk, text=asked.text)

        if not live.submit(speak, told):
            self.deny(asked, Code.BUSY)

    def react(self, asked: React, user: User) -> None:
        """Show it to whoever listens; nothing is kept."""
        if asked.emoji not in REACTIONS:
            return self.deny(asked, ApiCode.INVALID)
        if not self.post.talks.get(asked.talk):
            return self.deny(asked, ApiCode.MAY_NOT_SPEAK)
        if not self.reactions.take(self.loop.time()):
            return self.deny(asked, ApiCode.TOO_FAST)
        shown = {"talk": asked.talk, "emoji": asked.emoji, "user": user_shown(user)}
        live.tell_now(Letter(asked.talk, encoded({"t": "reaction"} | shown), author=user.id))

    def move(self) -> None:
        """Say where the page is, by what it looks at and listens to."""
        if any(talk.startswith("match:") for talk in self.post.talks):
            return live.moved(self.post, Place.MATCH)
        target = self.look.target
        reads_list = target is None or isinstance(target, Narrowed)
        live.moved(self.post, Place.ONLINE if reads_list else Place.LOBBY)

    def failed(self, asked: Asked, error: Exception) -> None:
        """What was asked for did not come about."""
        if isinstance(error, Refused):
            return self.deny(asked, error.code, error.fields)
        log.error("a socket's question failed", exc_info=error)
        self.deny(asked, ApiCode.INTERNAL)

    def deny(self, asked: Asked, code: ApiCode | Code, fields: Any = None) -> None:
        """Say that it is not done, and why; the socket stays open."""
        message = MESSAGES[code] if isinstance(code, Code) else ANSWERS[code][1]
        self.look.post(
            encoded(
                {
                    "t": "refused",
                    "of": type(asked).__name__.lower(),
                    "talk": getattr(asked, "talk", None),
                    "ref": getattr(asked, "ref", None),
                    "code": code.value,
                    "message": message,
                    "fields": fields or {},
                }
            )
        )


def _why(text: str) -> Code:
    """What is wrong with a frame that is no message of ours."""
    try:
        kind = _kind.decode(text).get("t")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Code.MALFORMED
    return Code.MALFORMED if kind in KINDS else Code.UNKNOWN_MESSAGE
