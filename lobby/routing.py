"""The sockets of the lobby; the project puts them behind its check of the Origin."""

from channels.auth import AuthMiddlewareStack
from django.urls import path

from lobby.consumers import LobbyConsumer

websocket_urlpatterns = [path("ws/lobby", AuthMiddlewareStack(LobbyConsumer.as_asgi()))]
