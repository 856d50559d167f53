"""The whole server as one ASGI application; here the parts are plugged together.

Servers that say when they start and stop (``manage.py serve``) call ``startup`` and ``shutdown``.
Under others the worker starts with the first thing that is asked of it.
"""

import asyncio
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gameserver.settings")

from gameserver.handler import Handler

django_app = Handler()  # first: it loads the apps that the rest imports

from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import re_path

from games import routing as games_routing
from games import services
from games.consumers import RoomConsumer
from games.hosting.ledger import Ledger
from games.hosting.ledger.in_redis import RedisLedger
from games.hosting.ledger.in_sqlite import SqliteLedger
from games.hosting.roles import Role, keeps_sockets, runs_rooms
from games.hosting.worker import Control, Options, Worker
from gameserver.origins import OriginCheck, refuse
from lobby import routing as lobby_routing
from lobby.feed import feed
from lobby.live import live
from lobby.matchmaker import matchmaker
from lobby.scorer import scorer
from lobby.sockets import sockets


async def _open_ledger() -> Ledger:
    """The room store: in Redis, where workers share it; else in a file of this one's own."""
    chosen = settings.EVERTICK
    trim_unarchived = not chosen["ARCHIVE"]
    if url := chosen["JOURNAL_URL"]:
        return RedisLedger.connect(
            url,
            chosen["KEY_PREFIX"],
            replicas=chosen["JOURNAL_REPLICAS"],
            trim_unarchived=trim_unarchived,
        )
    return await SqliteLedger.open(chosen["JOURNAL_PATH"], trim_unarchived=trim_unarchived)


worker = Worker(
    open_ledger=_open_ledger,
    layer=get_channel_layer(),
    room_app=RoomConsumer.as_asgi(),
    options=Options(
        role=Role(settings.EVERTICK["ROLE"]),
        lease_s=settings.EVERTICK["LEASE_S"],
        drain_s=settings.EVERTICK["DRAIN_S"],
        spread_s=settings.EVERTICK["DRAIN_SPREAD_S"],
        archives=settings.EVERTICK["ARCHIVE"] and settings.EVERTICK["ROLE"] != Role.WEB,
        journal_days=settings.EVERTICK["JOURNAL_DAYS"],
    ),
)
services.rooms = Control(worker)
services.grants = sockets
live.in_rooms = lambda: {socket.person for socket in worker.sockets.values() if socket.person}

_nowhere: Any = refuse  # the types of Django's paths know views alone
_places: list[Any] = [re_path("", _nowhere)]
if keeps_sockets(worker.id):
    _places[:0] = games_routing.websocket_urlpatterns(worker)
if worker.options.role is not Role.HOST:
    _places[:0] = lobby_routing.websocket_urlpatterns
_sockets = URLRouter(_places)
_checked = OriginCheck(_sockets, origins=settings.EVERTICK["ORIGINS"], hosts=settings.ALLOWED_HOSTS)
_router = ProtocolTypeRouter({"http": django_app, "websocket": _checked})


class Application:
    """What an ASGI server calls, and when the worker behind it starts and stops."""

    def __init__(self) -> None:
        self._starting: asyncio.Task[None] | None = None
        self._ended = False

    async def startup(self) -> None:
        """Start what runs beside requests; once, however often it is asked."""
        if self._starting is None:
            self._ended = False
            self._starting = asyncio.get_running_loop().create_task(self._start())
        await asyncio.shield(self._starting)

    async def shutdown(self) -> None:
        """Tell players, record what was lost, and stop."""
        self._ended = True  # a request that comes now begins nothing
        starting, self._starting = self._starting, None
        if starting is not None and starting.done() and starting.exception() is None:
            await worker.stop()  # first: whatever else hangs, players hear how it ended
            await matchmaker.stop()
            await feed.stop()
            await live.stop()
            await asyncio.to_thread(scorer.stop)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if not self._ended and (self._starting is None or not self._starting.done()):
            await self.startup()
        await _router(scope, receive, send)

    async def _start(self) -> None:
        await worker.start()
        await feed.start()
        await live.start(sweeps=worker.options.role is not Role.WEB)
        if worker.options.role is not Role.WEB:
            scorer.start()
        if runs_rooms(worker.id):
            matchmaker.start(worker=worker.id, leads=lambda: worker.has_part("matchmaking"))


application = Application()
startup = application.startup
shutdown = application.shutdown
