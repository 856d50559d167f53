"""Channel layer and cache find the Redis that took another's place."""

import asyncio
from contextlib import suppress

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import RedisError

from gameserver.cache import Cache
from gameserver.sentinel import PrimaryPool, layer_host
from tests import services


async def test_relay_and_cache_go_on_when_the_primary_dies() -> None:
    with services.running_watched() as watched:
        layer = RedisPubSubChannelLayer(hosts=[{**layer_host(watched.url), "socket_timeout": None}])
        cache = Cache([watched.url], {"OPTIONS": {"pool_class": PrimaryPool}})
        channel = await layer.new_channel()
        for kill in (False, True):
            if kill:
                watched.primary.kill()
            heard = asyncio.ensure_future(layer.receive(channel))
            async with asyncio.timeout(60):
                kept = None
                while not heard.done() or kept is not kill:
                    with suppress(RedisError):
                        await layer.send(channel, {"type": "word"})
                        cache.set("key", kill)
                        kept = cache.get("key")
                    await asyncio.sleep(0.05)
            assert heard.result() == {"type": "word"}
        await layer.flush()
        cache.close()
