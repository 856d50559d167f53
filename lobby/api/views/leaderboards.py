"""REST of leaderboards."""

from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from lobby.api.schema import described
from lobby.api.serializers.leaderboards import BoardOut, BoardPageOut, BoardQuery
from lobby.api.views.base import Api, caller
from lobby.codes import ApiCode, Refused
from lobby.limits import BOARD_PAGE_SIZE, BOARD_ROWS_MAX
from lobby.selectors.leaderboards import (
    Page,
    board_around,
    board_friends,
    board_of,
    board_page,
    board_shown,
    boards_shown,
    rank_of,
)


class BoardList(Api):
    permission_classes = [AllowAny]

    @described({200: BoardOut(many=True)}, summary="The leaderboards")
    def get(self, request: Request) -> Response:
        """Each title that may be rated, with its categories and seasons: first the one that runs,
        then the newest."""
        return Response(boards_shown())


class BoardRead(Api):
    permission_classes = [AllowAny]

    @described(
        {200: BoardPageOut},
        ApiCode.INVALID,
        ApiCode.NOT_AUTHENTICATED,
        ApiCode.NOT_FOUND,
        summary="A leaderboard",
        parameters=[BoardQuery],
    )
    def get(self, request: Request, title: str) -> Response:
        """Best first, in pages; of who is settled. A few seconds old at most. Pages end at rank
        5,000: who is further down is found by `around=me`."""
        query = BoardQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        board = board_of(title=title, category=asked.get("category"), season=asked.get("season"))
        known = request.user.is_authenticated
        if not known and ("around" in asked or "friends" in asked):
            raise Refused(ApiCode.NOT_AUTHENTICATED)
        if "friends" in asked:
            page = board_friends(board, user_id=caller(request).id)
        elif "around" in asked:
            page = board_around(board, user_id=caller(request).id)
        else:
            page = board_page(board, asked["page"])
        whole = "friends" in asked or "around" in asked
        links = {"next": None, "previous": None} if whole else _links(request, page, asked["page"])
        me = rank_of(board, user_id=caller(request).id) if known else None
        return Response(
            board_shown(board) | {"count": page.ranked, "results": page.rows, "me": me} | links
        )


def _links(request: Request, page: Page, number: int) -> dict[str, str | None]:
    """To the pages before and after."""
    here = request.build_absolute_uri()
    last = -(-min(page.ranked, BOARD_ROWS_MAX) // BOARD_PAGE_SIZE)
    before = None
    if number == 2:
        before = remove_query_param(here, "page")
    elif number > 2:
        before = replace_query_param(here, "page", number - 1)
    after = replace_query_param(here, "page", number + 1) if number < last else None
    return {"next": after, "previous": before}


urlpatterns = [
    path("leaderboards/", BoardList.as_view(), name="api-leaderboards"),
    path("leaderboards/<slug:title>/", BoardRead.as_view(), name="api-leaderboard"),
]
