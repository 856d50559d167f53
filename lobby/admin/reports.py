"""Reports are looked at here, and something is done about them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from lobby.models.accounts import User
from lobby.models.reports import Report
from lobby.services.reports import report_ban, report_close, report_mute


@admin.register(Report)
class ReportAdmin(admin.ModelAdmin):
    """Each with what was said around it."""

    list_display = ("id", "state", "accused", "reason", "reporter", "talk", "created", "outcome")
    list_filter = ("state", "created")
    list_select_related = ("accused", "reporter")
    search_fields = ("accused__username", "accused__name", "reporter__username", "reason")
    actions = ("close_reports", "mute_day", "mute_week", "ban_accused")
    fields = readonly_fields = (
        "state", "accused", "reason", "said", "reporter", "played", "talk", "number", "created",
        "handler", "outcome", "handled",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="what was said")
    def said(self, report: Report) -> str:
        lines = (
            (
                "font-weight: bold" if message["number"] == report.number else "",
                message["sent"][:19],
                message["author"]["name"],
                message["text"],
            )
            for message in report.context
        )
        return format_html_join("", '<p style="{}">{} <b>{}</b>: {}</p>', lines) or "–"

    @admin.display(description="match")
    def played(self, report: Report) -> str:
        if report.match_id is None:
            return "–"
        path = reverse("admin:games_match_change", args=[report.match_id])
        return format_html('<a href="{}">{}</a>', path, report.match)

    @admin.action(description="Nothing to do: close", permissions=["change"])
    def close_reports(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._each(
            request,
            chosen,
            lambda report, operator: report_close(
                report_id=report.id, operator=operator, outcome="Nothing to do"
            ),
        )

    @admin.action(description="Mute the accused for a day", permissions=["change"])
    def mute_day(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._mute(request, chosen, 24)

    @admin.action(description="Mute the accused for a week", permissions=["change"])
    def mute_week(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._mute(request, chosen, 24 * 7)

    @admin.action(description="Ban the accused", permissions=["change"])
    def ban_accused(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._each(
            request,
            chosen,
            lambda report, operator: report_ban(report_id=report.id, operator=operator),
        )

    def _mute(self, request: HttpRequest, chosen: QuerySet[Report], hours: int) -> None:
        self._each(
            request,
            chosen,
            lambda report, operator: report_mute(
                report_id=report.id, operator=operator, hours=hours
            ),
        )

    def _each(
        self,
        request: HttpRequest,
        chosen: QuerySet[Report],
        do: Callable[[Report, User], bool],
    ) -> None:
        assert isinstance(request.user, User)
        done = [report for report in chosen if do(report, request.user)]
        for report in done:
            report.refresh_from_db()
            self.log_change(request, report, report.outcome)
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"{len(done)} handled.", level)
