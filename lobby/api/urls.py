"""Every path of the REST API; the last one answers those that lead nowhere."""

from django.urls import re_path

from lobby.api.views import (
    accounts,
    chat,
    external,
    invitations,
    leaderboards,
    lobbies,
    matches,
    matchmaking,
    parties,
    people,
    ratings,
    reports,
    sessions,
    titles,
)
from lobby.api.views.base import Nowhere

urlpatterns = [
    *accounts.urlpatterns,
    *sessions.urlpatterns,
    *external.urlpatterns,
    *titles.urlpatterns,
    *lobbies.urlpatterns,
    *invitations.urlpatterns,
    *matches.urlpatterns,
    *matchmaking.urlpatterns,
    *ratings.urlpatterns,
    *leaderboards.urlpatterns,
    *people.urlpatterns,
    *parties.urlpatterns,
    *chat.urlpatterns,
    *reports.urlpatterns,
    re_path("", Nowhere.as_view()),
]
