"""REST of people: friends, requests, blocks, and what one is told."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.filters.people import Notices
from lobby.api.schema import described
from lobby.api.serializers.people import (
    BlockOut,
    FindIn,
    FriendOut,
    NoticeOut,
    PersonOut,
    ReadIn,
    RequestOut,
    UnreadOut,
)
from lobby.api.views.base import READS, WRITES, Api, Listed, caller, checked
from lobby.codes import ApiCode
from lobby.models.people import Block, Friend, FriendRequest, Notice
from lobby.presence import presence_of
from lobby.selectors.base import Shown
from lobby.selectors.people import (
    block_shown,
    blocks,
    friend_shown,
    friends,
    notice_shown,
    notices,
    person_by_id,
    person_by_username,
    person_shown,
    request_shown,
    requests_received,
    requests_sent,
)
from lobby.services.people import (
    block_lift,
    block_set,
    friend_accept,
    friend_decline,
    friend_remove,
    friend_request,
    notices_read,
)

LIST = (*READS, ApiCode.INVALID, ApiCode.NOT_FOUND)
ABOUT = (*WRITES, ApiCode.NOT_FOUND, ApiCode.INVALID)


class Mine(Listed):
    """A list of the caller's own."""

    def own_id(self) -> int:
        if getattr(self, "swagger_fake_view", False):  # nobody asks: the API is described
            return 0
        return caller(self.request).id


class FriendList(Mine):
    serializer_class = FriendOut

    def get_queryset(self) -> QuerySet[Friend]:
        return friends(user_id=self.own_id())

    def listed(self) -> Response:
        """With where they are, asked for once for the whole page."""
        page: list[Friend] = self.paginate_queryset(self.get_queryset()) or []
        here = presence_of(row.friend_id for row in page)
        return self.get_paginated_response([friend_shown(row, here) for row in page])

    @described({200: FriendOut(many=True)}, *LIST, summary="My friends, by name")
    def get(self, request: Request) -> Response:
        return self.listed()


class RequestList(Mine):
    serializer_class = RequestOut

    def get_queryset(self) -> QuerySet[FriendRequest]:
        return requests_received(user_id=self.own_id())

    def shown(self, row: FriendRequest) -> Shown:
        return request_shown(row, self.own_id())

    @described({200: RequestOut(many=True)}, *LIST, summary="Who asks me to be friends")
    def get(self, request: Request) -> Response:
        return self.listed()


class RequestSentList(RequestList):
    def get_queryset(self) -> QuerySet[FriendRequest]:
        return requests_sent(user_id=self.own_id())

    @described({200: RequestOut(many=True)}, *LIST, summary="Whom I asked to be friends")
    def get(self, request: Request) -> Response:
        return self.listed()


class BlockList(Mine):
    serializer_class = BlockOut

    def get_queryset(self) -> QuerySet[Block]:
        return blocks(user_id=self.own_id())

    def shown(self, row: Block) -> Shown:
        return block_shown(row)

    @described({200: BlockOut(many=True)}, *LIST, summary="Whom I blocked or muted")
    def get(self, request: Request) -> Response:
        return self.listed()


class PersonFind(Api):
    @described(
        {200: PersonOut},
        *WRITES,
        ApiCode.NOT_FOUND,
        body=FindIn,
        summary="Find somebody by username",
    )
    def post(self, request: Request) -> Response:
        found = person_by_username(username=checked(FindIn, request)["username"])
        return Response(person_shown(found, user_id=caller(request).id))


class Person(Api):
    """Somebody; those that follow do something about them and answer the same."""

    @described(
        {200: PersonOut}, *READS, ApiCode.NOT_FOUND, summary="Somebody, and what they are to me"
    )
    def get(self, request: Request, user_id: int) -> Response:
        return _shown(request, user_id)


class PersonRequest(Api):
    @described(
        {200: PersonOut},
        *ABOUT,
        ApiCode.BLOCKED,
        ApiCode.TOO_MANY_FRIENDS,
        ApiCode.TOO_MANY_REQUESTS,
        summary="Ask somebody to be friends",
    )
    def post(self, request: Request, user_id: int) -> Response:
        """Two who asked each other are friends."""
        friend_request(user=caller(request), other_id=user_id)
        return _shown(request, user_id)


class PersonAccept(Api):
    @described({200: PersonOut}, *ABOUT, ApiCode.TOO_MANY_FRIENDS, summary="Say yes to a request")
    def post(self, request: Request, user_id: int) -> Response:
        friend_accept(user=caller(request), other_id=user_id)
        return _shown(request, user_id)


class PersonDecline(Api):
    @described({200: PersonOut}, *ABOUT, summary="Say no to a request, or take one's own back")
    def post(self, request: Request, user_id: int) -> Response:
        friend_decline(user=caller(request), other_id=user_id)
        return _shown(request, user_id)


class PersonUnfriend(Api):
    @described({200: PersonOut}, *ABOUT, summary="Be friends no more")
    def post(self, request: Request, user_id: int) -> Response:
        friend_remove(user=caller(request), other_id=user_id)
        return _shown(request, user_id)


class PersonBlock(Api):
    @described({200: PersonOut}, *ABOUT, ApiCode.TOO_MANY_BLOCKS, summary="Block somebody")
    def post(self, request: Request, user_id: int) -> Response:
        """No requests, messages or invitations from them, no matches with them; no friends."""
        block_set(user=caller(request), other_id=user_id)
        return _shown(request, user_id)


class PersonUnblock(Api):
    @described({200: PersonOut}, *ABOUT, summary="Block somebody no more")
    def post(self, request: Request, user_id: int) -> Response:
        block_lift(user=caller(request), other_id=user_id)
        return _shown(request, user_id)


class PersonMute(Api):
    @described({200: PersonOut}, *ABOUT, ApiCode.TOO_MANY_BLOCKS, summary="Read somebody no more")
    def post(self, request: Request, user_id: int) -> Response:
        """What they write is hidden from the caller; nothing else changes."""
        block_set(user=caller(request), other_id=user_id, chat_only=True)
        return _shown(request, user_id)


class PersonUnmute(Api):
    @described({200: PersonOut}, *ABOUT, summary="Read somebody again")
    def post(self, request: Request, user_id: int) -> Response:
        block_lift(user=caller(request), other_id=user_id, chat_only=True)
        return _shown(request, user_id)


class NoticeList(Mine):
    serializer_class = NoticeOut
    filterset_class = Notices

    def get_queryset(self) -> QuerySet[Notice]:
        return notices(user_id=self.own_id())

    def shown(self, row: Notice) -> Shown:
        return notice_shown(row)

    @described(
        {200: NoticeOut(many=True)},
        *LIST,
        summary="What I was told, newest first",
    )
    def get(self, request: Request) -> Response:
        """The newest hundred are kept; sockets of `/ws/lobby` are told at once."""
        return self.listed()


class NoticesRead(Api):
    @described({200: UnreadOut}, *WRITES, body=ReadIn, summary="Mark what I was told as read")
    def post(self, request: Request) -> Response:
        up_to = checked(ReadIn, request)["up_to"]
        return Response({"unread": notices_read(user=caller(request), up_to=up_to)})


def _shown(request: Request, user_id: int) -> Response:
    other = person_by_id(user_id=user_id)
    return Response(person_shown(other, user_id=caller(request).id))


ACTS: dict[str, Any] = {
    "request": PersonRequest,
    "accept": PersonAccept,
    "decline": PersonDecline,
    "unfriend": PersonUnfriend,
    "block": PersonBlock,
    "unblock": PersonUnblock,
    "mute": PersonMute,
    "unmute": PersonUnmute,
}

urlpatterns = [
    path("friends/", FriendList.as_view(), name="api-friends"),
    path("friends/requests/", RequestList.as_view(), name="api-requests"),
    path("friends/requests/sent/", RequestSentList.as_view(), name="api-requests-sent"),
    path("blocks/", BlockList.as_view(), name="api-blocks"),
    path("people/find/", PersonFind.as_view(), name="api-find"),
    path("people/<int:user_id>/", Person.as_view(), name="api-person"),
    *(
        path(f"people/<int:user_id>/{name}/", view.as_view(), name=f"api-{name}")
        for name, view in ACTS.items()
    ),
    path("notices/", NoticeList.as_view(), name="api-notices"),
    path("notices/read/", NoticesRead.as_view(), name="api-notices-read"),
]
