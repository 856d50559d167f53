"""Matches are read here. What can be done to one is asked of the same service as everywhere."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from games import journals
from games.limits import REPLAY_TICKS_MAX, WORKER_ROW_S
from games.models import Match, Seat, Worker
from games.selectors import archive_complete, matches
from games.services import match_end, worker_drain


class ReadOnly:
    """Rows that are looked at, and neither added, changed nor deleted."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SeatInline(ReadOnly, admin.TabularInline):
    model = Seat
    fields = ("number", "name", "user", "bot", "left", "place")
    ordering = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seat]:
        return super().get_queryset(request).select_related("user")


@admin.register(Match)
class MatchAdmin(ReadOnly, admin.ModelAdmin):
    """Who played what, when, and what came of it."""

    list_display = (
        "short_id", "title", "status", "rated", "created", "duration", "seat_names", "result",
        "worker",
    )  # fmt: skip
    list_display_links = ("short_id", "title")
    list_filter = ("status", "title", "rated", "created")
    date_hierarchy = "created"
    search_fields = ("id", "seats__name", "seats__user__username")
    search_help_text = "Id of the match, name on a seat, or username"
    list_per_page = 50
    show_full_result_count = False
    actions = ("end_matches", "replay_matches")
    inlines = (SeatInline,)
    fieldsets = (
        (
            None,
            {"fields": ("id", "title", "rules_version", "settings", "public", "rated", "worker")},
        ),
        (
            "Course",
            {"fields": ("status", "end_requested", "created", "started", "ended", "duration")},
        ),
        (
            "Result",
            {"fields": ("result", "reason", "ranking", "counted", "counts_as", "fault_text")},
        ),
        ("To play it again", {"fields": ("seed_when_over", "archived", "journal")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Match]:
        return matches().order_by(*self.get_ordering(request) or ("-created",))

    # --- columns ------------------------------------------------------------------------------

    @admin.display(description="match", ordering="id")
    def short_id(self, match: Match) -> str:
        return str(match.id)[:8]

    @admin.display(description="duration")
    def duration(self, match: Match) -> str:
        if match.started is None:
            return "–"
        seconds = int(((match.ended or timezone.now()) - match.started).total_seconds())
        return f"{seconds // 60}:{seconds % 60:02d}"

    @admin.display(description="seats")
    def seat_names(self, match: Match) -> str:
        return ", ".join(seat.name for seat in match.seats.all())

    @admin.display(description="result")
    def result(self, match: Match) -> str:
        winners = [seat.name for seat in match.seats.all() if seat.place == 1]
        if winners:
            return f"{' = '.join(winners)} ({match.reason})"
        return match.reason or "–"

    @admin.display(description="seed")
    def seed_when_over(self, match: Match) -> str:
        """All of a match's chance follows from it, so nobody may know it while it is played."""
        return "secret until the match is over" if match.live else str(match.seed)

    @admin.display(description="fault")
    def fault_text(self, match: Match) -> str:
        return format_html("<pre>{}</pre>", match.fault) if match.fault else "–"

    @admin.display(description="journal")
    def journal(self, match: Match) -> str:
        """Its segments: the ticks of each, and how large its file is."""
        if match.archived is None:
            return "–"
        try:
            segments = journals.stored(str(match.id))
            sizes = [journals.storage().size(segment.name) for segment in segments]
        except Exception as error:  # noqa: BLE001 - storages fail in ways of their own
            return f"The storage does not answer: {error}"
        return format_html(
            "{} segments, {} bytes. To compare: the action in the list, or"
            " <code>manage.py replay {}</code><ul>{}</ul>",
            len(segments),
            sum(sizes),
            match.id,
            format_html_join(
                "",
                "<li>ticks {} to {}: {} bytes</li>",
                (
                    (segment.first, segment.last, size)
                    for segment, size in zip(segments, sizes, strict=True)
                ),
            ),
        )

    # --- actions ------------------------------------------------------------------------------

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Who may end matches: those allowed to change them, though nobody edits them by hand."""
        return request.user.has_perm("games.change_match")

    @admin.action(description="End this match", permissions=["end"])
    def end_matches(self, request: HttpRequest, chosen: QuerySet[Match]) -> None:
        """Without a result; those that are over stay as they are."""
        if not isinstance(request.user, AbstractUser):
            raise PermissionDenied
        ended = [match for match in chosen if match_end(match_id=match.id)]
        for match in ended:
            self.log_change(request, match, "Ended by an operator.")
        over = len(chosen) - len(ended)
        text = f"{len(ended)} ended." + (f" {over} were over already." if over else "")
        level = messages.SUCCESS if ended else messages.WARNING
        self.message_user(request, text, level)

    @admin.action(description="Replay and compare", permissions=["view"])
    def replay_matches(self, request: HttpRequest, chosen: QuerySet[Match]) -> None:
        """Play them again from their journals, as far as that fits into a request."""
        left = REPLAY_TICKS_MAX
        for match in chosen:
            try:
                left -= _ticks(match)
                if left < 0:
                    text, level = "too long for a request; use manage.py replay", messages.WARNING
                else:
                    text, level = _replayed(match)
            except Exception as error:  # noqa: BLE001 - storages fail in ways of their own
                text, level = f"the storage does not answer: {error}", messages.ERROR
            self.message_user(request, f"{match}: {text}", level)


def _ticks(match: Match) -> int:
    segments = journals.stored(str(match.id))
    return segments[-1].last if segments else 0


def _replayed(match: Match) -> tuple[str, int]:
    """What a replay has shown, and how it is to be shown."""
    if match.archived is None:
        return "no journal of it is archived", messages.WARNING
    report = journals.check(str(match.id), match.title, over=archive_complete(match))
    if report.wrong:
        return str(report), messages.ERROR
    return str(report), messages.SUCCESS if report.ok else messages.WARNING


@admin.register(Worker)
class WorkerAdmin(ReadOnly, admin.ModelAdmin):
    """The server processes, and what each has to do."""

    list_display = ("id", "role", "address", "state", "rooms", "sockets", "started", "seen")
    list_filter = ("role",)
    search_fields = ("id", "address")
    actions = ("drain_workers",)

    @admin.display(description="state")
    def state(self, worker: Worker) -> str:
        if timezone.now() - worker.seen > timedelta(seconds=5 * WORKER_ROW_S):
            return "not seen any more"
        if worker.draining:
            return "drained" if not worker.rooms + worker.sockets else "drains"
        return "is asked to drain" if worker.drain_requested else "works"

    def has_drain_permission(self, request: HttpRequest) -> bool:
        """Who may drain workers: those allowed to change them, though nobody edits them by hand."""
        return request.user.has_perm("games.change_worker")

    @admin.action(description="Drain: give rooms and sockets to others", permissions=["drain"])
    def drain_workers(self, request: HttpRequest, chosen: QuerySet[Worker]) -> None:
        """Within seconds; they take nothing new until they are started again."""
        asked = [worker for worker in chosen if worker_drain(worker=worker.id)]
        for worker in asked:
            self.log_change(request, worker, "Asked to drain.")
        left = Worker.objects.exclude(id__in=[worker.id for worker in chosen])
        self.message_user(request, f"{len(asked)} asked to drain.", messages.SUCCESS)
        if not left.filter(drain_requested=False).exists():
            text = "No other worker is there: what they have stays with them until one comes."
            self.message_user(request, text, messages.WARNING)
