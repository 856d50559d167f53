"""Where sockets of matches come in."""

from django.urls import URLPattern, path

from games.consumers import PlayerConsumer
from games.hosting.worker import Worker


def websocket_urlpatterns(worker: Worker) -> list[URLPattern]:
    """The room's id stands in the path, so that a load balancer can keep a room's sockets on one
    worker; the right to join never does."""
    return [path("ws/room/<uuid:match>", PlayerConsumer.as_asgi(worker=worker))]
