"""Who may not speak for a while."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from lobby.admin.people import ReadOnly
from lobby.models.chat import Message, Voice
from lobby.services.chat import voice_mute


@admin.register(Voice)
class VoiceAdmin(admin.ModelAdmin):
    """Mutes; add one here for an account that has said nothing yet."""

    list_display = ("user", "muted_until", "reason")
    list_select_related = ("user",)
    list_filter = ("muted_until",)
    search_fields = ("user__username", "user__name")
    autocomplete_fields = ("user",)
    fields = ("user", "muted_until", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Voice, form: Any, change: bool) -> None:
        voice_mute(user_id=obj.user_id, until=obj.muted_until, reason=obj.reason)


@admin.register(Message)
class MessageAdmin(ReadOnly):
    """What was said."""

    list_display = ("sent", "author", "text", "talk")
    list_select_related = ("author", "talk")
    search_fields = ("author__username", "text", "talk__name")
    list_filter = ("sent",)
    show_full_result_count = False
