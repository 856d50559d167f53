"""REST of conversations: what was said, and saying something without a socket."""

from django.urls import path
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.schema import described
from lobby.api.serializers.chat import HistoryAsk, HistoryOut, MessageOut, SayIn
from lobby.api.views.base import READS, WRITES, Api, caller, checked
from lobby.codes import ApiCode
from lobby.selectors.chat import history_shown, message_shown
from lobby.services.chat import chat_say

TALK = OpenApiParameter(
    "talk", str, OpenApiParameter.PATH, description="`lobby:<id>`, `match:<id>`, `direct:<id>-<id>`"
)


class Chat(Api):
    @described(
        {200: HistoryOut},
        *READS,
        ApiCode.NOT_FOUND,
        ApiCode.INVALID,
        parameters=[TALK, HistoryAsk],
        summary="What was said",
    )
    def get(self, request: Request, talk: str) -> Response:
        """A page of fifty, oldest first: the newest, or those before or after a number."""
        asked = HistoryAsk(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(history_shown(name=talk, user=caller(request), **asked.validated_data))

    @described(
        {201: MessageOut},
        *WRITES,
        ApiCode.NOT_FOUND,
        ApiCode.MAY_NOT_SPEAK,
        ApiCode.MUTED,
        ApiCode.TOO_FAST,
        ApiCode.TEXT_REFUSED,
        body=SayIn,
        parameters=[TALK],
        summary="Say something",
    )
    def post(self, request: Request, talk: str) -> Response:
        """Answered with what others read: a word filter may have changed it."""
        text = checked(SayIn, request)["text"]
        message = chat_say(user=caller(request), talk=talk, text=text)
        return Response(message_shown(message), 201)


urlpatterns = [path("chat/<str:talk>/", Chat.as_view(), name="api-chat")]
