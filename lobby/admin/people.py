"""Who wants nothing to do with whom: looked at here, for those who are asked about it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from lobby.models.people import Block


class ReadOnly(admin.ModelAdmin):
    """Looked at, and changed by nobody here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Block)
class BlockAdmin(ReadOnly):
    list_display = ("blocker", "blocked", "chat_only", "since")
    list_filter = ("chat_only", "since")
    list_select_related = ("blocker", "blocked")
    search_fields = ("blocker__username", "blocked__username")
