"""Ratings are looked at here, and worked out anew; nobody edits them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from games.admin import ReadOnly
from games.models import Match
from lobby.limits import REBUILD_MATCHES_MAX
from lobby.models.ratings import Ladder, Rating, RatingChange
from lobby.services.ratings import ratings_rebuild
from lobby.skill import provisional, shown


@admin.register(Ladder)
class LadderAdmin(ReadOnly, admin.ModelAdmin):
    """One row a title."""

    list_display = ("title", "last_ended")
    search_fields = ("title",)
    actions = ("rebuild_titles",)

    def has_rebuild_permission(self, request: HttpRequest) -> bool:
        """Who may: those allowed to change ladders, though nobody edits them by hand."""
        return request.user.has_perm("lobby.change_ladder")

    @admin.action(description="Rebuild title", permissions=["rebuild"])
    def rebuild_titles(self, request: HttpRequest, chosen: QuerySet[Ladder]) -> None:
        """All ratings anew, from the results of matches."""
        for ladder in chosen:
            matches = Match.objects.filter(title=ladder.title, rated=True).count()
            if matches > REBUILD_MATCHES_MAX:
                text = (
                    f"{ladder.title} has {matches} rated matches, too many for a request: "
                    f"manage.py ratings_rebuild {ladder.title}"
                )
                self.message_user(request, text, messages.WARNING)
                continue
            counted = ratings_rebuild(title=ladder.title)
            self.log_change(request, ladder, "Ratings rebuilt by an operator.")
            self.message_user(request, f"{ladder.title}: {counted} matches.", messages.SUCCESS)


@admin.register(Rating)
class RatingAdmin(ReadOnly, admin.ModelAdmin):
    """Who is how good; the empty season is the rating that goes on."""

    list_display = (
        "user",
        "title",
        "category",
        "season",
        "number",
        "deviation",
        "played",
        "won",
        "last",
    )
    list_filter = ("title", "category", "season")
    search_fields = ("user__username", "user__name")
    search_help_text = "Username or name"
    list_select_related = ("user",)
    ordering = ("-last", "-id")
    show_full_result_count = False

    @admin.display(description="rating", ordering="mu")
    def number(self, rating: Rating) -> str:
        return f"{shown(rating.mu)}{'?' if provisional(rating.sigma) else ''}"

    @admin.display(description="±", ordering="sigma")
    def deviation(self, rating: Rating) -> int:
        return round(rating.sigma)


@admin.register(RatingChange)
class RatingChangeAdmin(ReadOnly, admin.ModelAdmin):
    """What matches changed."""

    list_display = ("ended", "title", "category", "match", "user", "place", "before", "after")
    list_filter = ("title", "category", "season")
    search_fields = ("match__id", "user__username", "user__name")
    search_help_text = "Id of the match, username or name"
    list_select_related = ("user", "match")
    ordering = ("-ended", "-id")
    show_full_result_count = False

    @admin.display(description="before")
    def before(self, change: RatingChange) -> int:
        return shown(change.mu_before)

    @admin.display(description="after")
    def after(self, change: RatingChange) -> int:
        return shown(change.mu)
