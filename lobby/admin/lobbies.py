"""Lobbies are looked at here, and closed."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from lobby.models.lobbies import Lobby, Member
from lobby.selectors.lobbies import in_state, lobbies
from lobby.services.lobbies import lobby_close


class StateFilter(admin.SimpleListFilter):
    """By the derived state."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in Lobby.State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lobby]) -> QuerySet[Lobby]:
        return in_state(queryset, self.value()) if self.value() else queryset  # type: ignore[arg-type]


class MemberInline(admin.TabularInline):
    model = Member
    fields = readonly_fields = ("user", "ready", "team", "seat", "joined")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return super().get_queryset(request).select_related("user")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Lobby)
class LobbyAdmin(admin.ModelAdmin):
    """Who gathers where. A name that should not stand in the list can be changed."""

    list_display = (
        "name",
        "title",
        "state",
        "private",
        "rated",
        "host",
        "taken",
        "rounds",
        "created",
    )
    list_filter = (StateFilter, "title", "private", "rated", "created")
    search_fields = ("id", "name", "code", "host__username", "host__name")
    actions = ("close_lobbies",)
    inlines = (MemberInline,)
    fields = (
        "name", "id", "title", "state", "host", "settings", "bots", "private", "rated", "code",
        "barred", "closed", "match", "rounds", "created", "updated", "seen",
    )  # fmt: skip
    readonly_fields = fields[1:]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lobby]:
        return lobbies()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="state")
    def state(self, lobby: Lobby) -> str:
        return lobby.state.label

    @admin.display(description="people")
    def taken(self, lobby: Lobby) -> int:
        return len(lobby.members.all())

    @admin.action(description="Close this lobby", permissions=["change"])
    def close_lobbies(self, request: HttpRequest, chosen: QuerySet[Lobby]) -> None:
        """Nobody finds them any more; a match that runs in one goes on."""
        closed = [lobby for lobby in chosen if lobby_close(lobby_id=lobby.id)]
        for lobby in closed:
            self.log_change(request, lobby, "Closed by an operator.")
        level = messages.SUCCESS if closed else messages.WARNING
        self.message_user(request, f"{len(closed)} closed.", level)
