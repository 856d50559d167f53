"""What all views share; and the one that answers where there is none."""

from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from lobby.api.auth import Session, Token
from lobby.api.errors import exception_handler
from lobby.api.pagination import Pages
from lobby.api.parsers import Json
from lobby.api.renderers import Text
from lobby.api.schema import WITH_ACCOUNT, WITH_SESSION
from lobby.api.throttles import Throttle
from lobby.models.accounts import User
from lobby.selectors.base import Shown

READS = WITH_ACCOUNT
WRITES = (*WITH_ACCOUNT, *WITH_SESSION)
PAGING = {"page", "page_size"}
"""What may be said of a list without narrowing it down."""


class Api(APIView):
    """What all of them share: who asks, how often, in what form, and how it is refused."""

    authentication_classes = [Token, Session]
    permission_classes = [IsAuthenticated]
    parser_classes = [Json]
    renderer_classes = [Text]
    throttle_classes = [Throttle]

    def get_exception_handler(self) -> Any:
        return exception_handler


class Listed(Api, GenericAPIView):
    """A list in pages; ``shown`` makes one row of it."""

    pagination_class = Pages
    filter_backends = [DjangoFilterBackend]

    def listed(self) -> Response:
        rows = self.get_queryset()
        if self.request.query_params.keys() - PAGING:  # a filter's form costs as much as the rows
            rows = self.filter_queryset(rows)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response([self.shown(row) for row in page or []])

    def shown(self, row: Any) -> Shown:
        raise NotImplementedError


def checked(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body, if it has this shape.

    Raises:
        ValidationError: names the fields that are wrong.
    """
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def caller(request: Request) -> User:
    """Who asks; only where an account is required."""
    assert isinstance(request.user, User)
    return request.user


class Nowhere(Api):
    """Answers every path under ``/api/`` that leads nowhere."""

    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound
