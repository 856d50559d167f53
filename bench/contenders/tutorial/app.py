"""Arena as Channels' tutorials would have it: a stock consumer, and ``group_send`` of the state.

``python -m bench.contenders.tutorial.app <port> <redis> <report>``. Each room is a group and a task
that ticks, started by its first player; every tick sends the whole state as JSON to the group, and
every consumer sends it on. Unlike most tutorials, the loop keeps a due time, so that drift does not
decide; the rules are Evertick's own. On SIGHUP it writes what its ticks were like to ``report``.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from secrets import randbits
from typing import Any

import uvicorn
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py 8 would end the layer's blocking reads after five seconds.
            "CONFIG": {"hosts": [{"address": sys.argv[2], "socket_timeout": None}]},
        }
    },
)

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from games.catalog.arena import world
from games.catalog.arena.world import FINE, Controls, Score, Ship, State
from games.hosting.meter import Meter
from games.sim import Rng

PERIOD_S = 0.05
CATCH_UP_S = 5 * PERIOD_S
ENDS_AT = 10**9


class Ticks:
    """What ticks of all rooms were like since the last report."""

    def __init__(self) -> None:
        self.meter = Meter()

    def report(self) -> None:
        meter, self.meter = self.meter, Meter()
        said = {"ticks": meter.ticks, "dropped": meter.dropped, "late_ms_max": meter.late_ms_max}
        said |= {"late_ms_p50": meter.late_ms(0.5), "late_ms_p99": meter.late_ms(0.99)}
        half = Path(f"{sys.argv[3]}.half")
        half.write_text(json.dumps(said))
        half.rename(sys.argv[3])


ticks = Ticks()


class Room:
    """The state of one match, and the task that ticks it."""

    def __init__(self, name: str) -> None:
        rng = Rng(randbits(63))
        self.group = f"arena-{name}"
        self.state = State(rng, ENDS_AT, 0, rocks=world.scatter_rocks(rng))
        self.acks: dict[int, int] = {}
        self.task = asyncio.create_task(self.run())

    async def run(self) -> None:
        layer: Any = get_channel_layer()
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += PERIOD_S
            await asyncio.sleep(due - loop.time())
            late = loop.time() - due
            missed = int(late / PERIOD_S) if late > CATCH_UP_S else 0
            due += missed * PERIOD_S
            ticks.meter.tick(late, missed)
            world.step(self.state)
            await layer.group_send(self.group, {"type": "room.state", "state": self.seen()})

    def seen(self) -> dict[str, Any]:
        """The state as everybody is sent it."""
        state = self.state
        return {
            "time": state.time,
            "ships": [
                {
                    "seat": seat,
                    "x": ship.x // FINE,
                    "y": ship.y // FINE,
                    "angle": ship.angle,
                    "burning": ship.held.thrust,
                    "hp": ship.hp,
                    "safe_until": ship.safe_until,
                    "triple_until": ship.triple_until,
                    "back_at": ship.back_at,
                    "kills": state.scores[seat].kills,
                    "deaths": state.scores[seat].deaths,
                    "ack": self.acks[seat],
                }
                for seat, ship in state.ships.items()
            ],
            "shots": [
                {"x": shot.x // FINE, "y": shot.y // FINE, "seat": shot.seat}
                for shot in state.shots.values()
            ],
            "kits": [{"x": x, "y": y, "kind": kind} for x, y, kind in state.kits.values()],
        }


rooms: dict[str, Room] = {}


class PlayerConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """One player's socket."""

    async def connect(self) -> None:
        name = self.scope["url_route"]["kwargs"]["room"]
        self.room = rooms.get(name) or rooms.setdefault(name, Room(name))
        state = self.room.state
        self.seat = next(seat for seat in range(10**6) if seat not in state.ships)
        ship = Ship()
        world.spawn(state, ship)
        self.room.acks[self.seat] = 0
        state.scores[self.seat] = Score()
        state.ships[self.seat] = ship
        await self.channel_layer.group_add(self.room.group, self.channel_name)
        await self.accept()
        await self.send(text_data=json.dumps({"type": "rocks", "rocks": state.rocks}))

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room.group, self.channel_name)
        self.room.state.ships.pop(self.seat, None)
        if not self.room.state.ships:
            self.room.task.cancel()
            rooms.pop(self.scope["url_route"]["kwargs"]["room"], None)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        said = json.loads(text_data or "{}")
        if ship := self.room.state.ships.get(self.seat):
            self.room.acks[self.seat] = said["seq"]
            ship.held = Controls(said["turn"], said["thrust"], said["fire"])

    async def room_state(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({"type": "state", "state": event["state"]}))


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("ws/<str:room>", PlayerConsumer.as_asgi())])}
)


class Server(uvicorn.Server):
    """uvicorn, which says how its ticks were when it is asked."""

    async def startup(self, sockets: Any = None) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, ticks.report)
        await super().startup(sockets)


if __name__ == "__main__":
    config = uvicorn.Config(
        application,
        port=int(sys.argv[1]),
        loop="uvloop",
        ws="websockets-sansio",
        lifespan="off",
        log_level="warning",
        ws_per_message_deflate=False,
    )
    Server(config).run()
