"""Who waits for a match is looked at here, and sent home."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from lobby.models.matchmaking import Ticket, Waiter
from lobby.selectors.matchmaking import matcher_now, pools_shown, tickets
from lobby.services.matchmaking import tickets_cancel


class WaiterInline(admin.TabularInline):
    model = Waiter
    fields = readonly_fields = ("user", "waiting")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Waiter]:
        return super().get_queryset(request).select_related("user")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Ticket)
class TicketAdmin(admin.ModelAdmin):
    """Tickets, and above them the pools in which somebody waits."""

    list_display = ("id", "title", "mode", "state", "names", "rating", "created", "ended", "match")
    list_filter = ("state", "title", "mode", "created")
    list_select_related = ("match",)
    search_fields = ("id", "people__user__username", "people__user__name")
    actions = ("cancel_tickets",)
    inlines = (WaiterInline,)
    fields = (
        "id", "title", "mode", "state", "owner", "rating", "properties", "query", "bots", "least",
        "most", "created", "seen", "ended", "match",
    )  # fmt: skip
    readonly_fields = fields
    change_list_template = "admin/lobby/ticket/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return tickets()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        pools = {"pools": pools_shown(), "matcher": matcher_now()}
        return super().changelist_view(request, pools | (extra_context or {}))

    @admin.display(description="people")
    def names(self, ticket: Ticket) -> str:
        return ", ".join(waiter.user.name for waiter in ticket.people.all())

    @admin.action(description="Cancel these tickets", permissions=["change"])
    def cancel_tickets(self, request: HttpRequest, chosen: QuerySet[Ticket]) -> None:
        """Their people are told, and may wait again."""
        cancelled = [ticket for ticket in chosen if tickets_cancel(ticket_ids=[ticket.id])]
        for ticket in cancelled:
            self.log_change(request, ticket, "Cancelled by an operator.")
        level = messages.SUCCESS if cancelled else messages.WARNING
        self.message_user(request, f"{len(cancelled)} cancelled.", level)
