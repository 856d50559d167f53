"""REST of reports: operators look at them in the admin."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.schema import described
from lobby.api.serializers.reports import MatchReportIn, MessageReportIn, PlayerReportIn, ReportOut
from lobby.api.views.base import WRITES, Api, caller, checked
from lobby.codes import ApiCode
from lobby.services.reports import report_match, report_message, report_player

REPORT = (*WRITES, ApiCode.NOT_FOUND, ApiCode.TOO_MANY_REPORTS)


class ReportMessage(Api):
    @described({201: ReportOut}, *REPORT, body=MessageReportIn, summary="Report what was said")
    def post(self, request: Request) -> Response:
        """What was said around it goes along."""
        made = report_message(user=caller(request), **checked(MessageReportIn, request))
        return Response({"report": made.id}, 201)


class ReportPlayer(Api):
    @described({201: ReportOut}, *REPORT, body=PlayerReportIn, summary="Report somebody")
    def post(self, request: Request) -> Response:
        """For what they do in a match, with what was said there; or anywhere."""
        body = checked(PlayerReportIn, request)
        made = report_player(
            user=caller(request),
            accused_id=body["user"],
            match_id=body["match"],
            reason=body["reason"],
        )
        return Response({"report": made.id}, 201)


class ReportMatch(Api):
    @described({201: ReportOut}, *REPORT, body=MatchReportIn, summary="Report a match")
    def post(self, request: Request) -> Response:
        """And nobody in particular; with what was said there."""
        body = checked(MatchReportIn, request)
        made = report_match(user=caller(request), match_id=body["match"], reason=body["reason"])
        return Response({"report": made.id}, 201)


urlpatterns = [
    path("reports/match/", ReportMatch.as_view(), name="api-report-match"),
    path("reports/message/", ReportMessage.as_view(), name="api-report-message"),
    path("reports/player/", ReportPlayer.as_view(), name="api-report-player"),
]
