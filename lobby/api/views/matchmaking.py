"""REST of matchmaking."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.schema import described
from lobby.api.serializers.matchmaking import MatchmakingTicketIn, MatchmakingTicketOut
from lobby.api.views.base import READS, WRITES, Api, Listed, caller, checked
from lobby.codes import ApiCode
from lobby.models.matchmaking import Ticket
from lobby.selectors.base import Shown
from lobby.selectors.matchmaking import ticket_for_member, ticket_shown, tickets_of
from lobby.services.matchmaking import ticket_cancel, ticket_create, tickets_seen


class TicketList(Listed):
    serializer_class = MatchmakingTicketOut
    filter_backends = []

    @property
    def throttle_scope(self) -> str | None:
        """What begins a wait is counted apart."""
        return "matchmaking" if self.request.method == "POST" else None

    def get_queryset(self) -> QuerySet[Ticket]:
        if getattr(self, "swagger_fake_view", False):  # nobody asks: the API is described
            return tickets_of(user_id=0)
        return tickets_of(user_id=caller(self.request).id)

    def shown(self, row: Ticket) -> Shown:
        return ticket_shown(row)

    @described(
        {200: MatchmakingTicketOut(many=True)},
        *READS,
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="My tickets, newest first",
    )
    def get(self, request: Request) -> Response:
        """At most one waits. Asking for it tells that somebody still does."""
        tickets_seen(user_ids=[caller(request).id])
        return self.listed()

    @described(
        {201: MatchmakingTicketOut},
        *WRITES,
        ApiCode.UNKNOWN_MODE,
        ApiCode.ALREADY_WAITING,
        ApiCode.PARTY_TOO_LARGE,
        ApiCode.NOT_PARTY_LEADER,
        ApiCode.MATCHMAKING_FULL,
        body=MatchmakingTicketIn,
        summary="Wait for a match",
    )
    def post(self, request: Request) -> Response:
        """With all of one's party. Look at the ticket at least every 45 seconds, here or over the
        socket `/ws/lobby`; one that nobody looks at expires."""
        ticket = ticket_create(user=caller(request), **checked(MatchmakingTicketIn, request))
        shown = ticket_for_member(ticket_id=ticket.id, user=caller(request))
        return Response(ticket_shown(shown), 201)


class TicketRead(Api):
    @described({200: MatchmakingTicketOut}, *READS, ApiCode.NOT_FOUND, summary="One of my tickets")
    def get(self, request: Request, ticket_id: int) -> Response:
        """Asking tells that somebody still waits."""
        ticket = ticket_for_member(ticket_id=ticket_id, user=caller(request))
        tickets_seen(user_ids=[caller(request).id])
        return Response(ticket_shown(ticket))

    @described(
        {204: None}, *WRITES, ApiCode.NOT_FOUND, ApiCode.TICKET_OVER, summary="Wait no longer"
    )
    def delete(self, request: Request, ticket_id: int) -> Response:
        """For all of one's party. `ticket_over`: it ended before, maybe by a match."""
        ticket_cancel(ticket_id=ticket_id, user=caller(request))
        return Response(status=204)


urlpatterns: list[Any] = [
    path("matchmaking/tickets/", TicketList.as_view(), name="api-matchmaking-tickets"),
    path(
        "matchmaking/tickets/<int:ticket_id>/",
        TicketRead.as_view(),
        name="api-matchmaking-ticket",
    ),
]
