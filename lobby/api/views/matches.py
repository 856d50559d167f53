"""REST of matches: one's history, and the ticket to a room."""

from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from games.limits import TICKET_TTL_S
from games.models import Seat
from games.selectors import seats_of
from games.tickets import ticket_issue
from lobby.api.auth import grant_of
from lobby.api.filters.matches import Matches
from lobby.api.schema import described
from lobby.api.serializers.matches import MatchOut, ResultOut, TicketIn, TicketOut
from lobby.api.views.base import READS, WRITES, Api, Listed, caller, checked
from lobby.codes import ApiCode
from lobby.selectors.base import Shown
from lobby.selectors.matches import (
    match_over_for,
    match_seen_by,
    match_shown,
    result_shown,
    seat_for_ticket,
)
from lobby.selectors.ratings import with_changes


class MatchList(Listed):
    serializer_class = MatchOut
    filterset_class = Matches

    def get_queryset(self) -> QuerySet[Seat]:
        if getattr(self, "swagger_fake_view", False):  # nobody asks: the API is described
            return seats_of(user_id=0)
        return with_changes(seats_of(user_id=caller(self.request).id))

    def shown(self, row: Seat) -> Shown:
        return match_shown(row.match, user_id=caller(self.request).id)

    @described(
        {200: MatchOut(many=True)},
        *READS,
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="My matches, newest first",
    )
    def get(self, request: Request) -> Response:
        return self.listed()


class MatchRead(Api):
    @described({200: MatchOut}, *READS, ApiCode.NOT_FOUND, summary="One match")
    def get(self, request: Request, match_id: UUID) -> Response:
        """Public ones for all, private ones for who has or had a seat."""
        match = match_seen_by(match_id=match_id, user=caller(request))
        return Response(match_shown(match, user_id=caller(request).id))


class MatchResult(Api):
    @described(
        {200: ResultOut},
        *READS,
        ApiCode.NOT_FOUND,
        ApiCode.MATCH_NOT_OVER,
        summary="What came of a match",
    )
    def get(self, request: Request, match_id: UUID) -> Response:
        match = match_over_for(match_id=match_id, user=caller(request))
        return Response(result_shown(match))


class MatchTicket(Api):
    throttle_scope = "ticket"

    @described(
        {201: TicketOut},
        *WRITES,
        ApiCode.NOT_FOUND,
        ApiCode.MATCH_OVER,
        ApiCode.SEAT_GONE,
        ApiCode.NO_SEAT,
        ApiCode.NOT_PUBLIC,
        body=TicketIn,
        summary="A ticket for a room's socket",
    )
    def post(self, request: Request, match_id: UUID) -> Response:
        """For the caller's seat; to watch, where they have none and the match is public."""
        spectate = checked(TicketIn, request)["spectate"]
        match = match_seen_by(match_id=match_id, user=caller(request))
        seat = seat_for_ticket(match=match, user=caller(request), spectate=spectate)
        ticket = ticket_issue(
            match=str(match.id),
            seat=seat.number if seat else None,
            user=caller(request).id,
            name=seat.name if seat else caller(request).name,
            grant=grant_of(request),
        )
        answer = {
            "ticket": ticket,
            "seat": seat.number if seat else None,
            "expires_in": TICKET_TTL_S,
            "url": f"/ws/room/{match.id}",
        }
        return Response(answer, 201)


urlpatterns = [
    path("matches/", MatchList.as_view(), name="api-matches"),
    path("matches/<uuid:match_id>/", MatchRead.as_view(), name="api-match"),
    path("matches/<uuid:match_id>/result/", MatchResult.as_view(), name="api-result"),
    path("matches/<uuid:match_id>/ticket/", MatchTicket.as_view(), name="api-ticket"),
]
