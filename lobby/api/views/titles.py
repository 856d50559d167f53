"""REST of titles."""

from django.urls import path
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from games.catalog import TITLES
from lobby.api.schema import described
from lobby.api.serializers.titles import TitleOut
from lobby.api.views.base import Api
from lobby.codes import ApiCode
from lobby.selectors.titles import game_shown


class TitleList(Api):
    permission_classes = [AllowAny]

    @described({200: TitleOut(many=True)}, summary="The games")
    def get(self, request: Request) -> Response:
        """All of them, with a JSON schema of the settings of each."""
        return Response([game_shown(game) for game in TITLES.values()])


class TitleRead(Api):
    permission_classes = [AllowAny]

    @described({200: TitleOut}, ApiCode.NOT_FOUND, summary="One game")
    def get(self, request: Request, title: str) -> Response:
        if title not in TITLES:
            raise NotFound
        return Response(game_shown(TITLES[title]))


urlpatterns = [
    path("titles/", TitleList.as_view(), name="api-titles"),
    path("titles/<slug:title>/", TitleRead.as_view(), name="api-title"),
]
