"""REST of the ways in which one is signed in."""

from django.contrib.auth import logout
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.auth import grant_of
from lobby.api.schema import described
from lobby.api.serializers.sessions import EndedOut, SessionOut
from lobby.api.views.base import READS, WRITES, Api, Listed, caller
from lobby.codes import ApiCode
from lobby.models.grants import Grant
from lobby.selectors.base import Shown
from lobby.selectors.grants import grant_shown, grants_of
from lobby.services.grants import grant_end, grants_end


class Sessions(Listed):
    serializer_class = SessionOut

    def get_queryset(self) -> QuerySet[Grant]:
        if getattr(self, "swagger_fake_view", False):  # nobody asks: the API is described
            return grants_of(user_id=0)
        self.current = grant_of(self.request)
        return grants_of(user_id=caller(self.request).id)

    def shown(self, row: Grant) -> Shown:
        return grant_shown(row, current=self.current)

    @described(
        {200: SessionOut(many=True)},
        *READS,
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="Where I am signed in",
    )
    def get(self, request: Request) -> Response:
        """Sessions of browsers and tokens of programs, the last used first."""
        return self.listed()

    @described(
        {200: EndedOut},
        *WRITES,
        summary="Sign me out everywhere else",
        operation_id="me_sessions_destroy_others",
    )
    def delete(self, request: Request) -> Response:
        """All but the token or session that asks; their sockets close."""
        return Response({"ended": grants_end(user=caller(request), but=grant_of(request))})


class SessionEnd(Api):
    @described({204: None}, *WRITES, ApiCode.NOT_FOUND, summary="Sign me out there")
    def delete(self, request: Request, grant: str) -> Response:
        """Ends one token or session; its sockets close within a second."""
        if request.auth is None and grant == grant_of(request):
            logout(request._request)
        else:
            grant_end(user=caller(request), grant_id=grant)
        return Response(status=204)


urlpatterns = [
    path("me/sessions/", Sessions.as_view(), name="api-sessions"),
    path("me/sessions/<slug:grant>/", SessionEnd.as_view(), name="api-session"),
]
