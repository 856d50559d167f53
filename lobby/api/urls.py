"""Every path of the REST API; the last one answers those that lead nowhere."""

from django.urls import re_path

from lobby.api.views import (
    accounts,
    external,
    leaderboards,
    lobbies,
    matches,
    ratings,
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
    *matches.urlpatterns,
    *ratings.urlpatterns,
    *leaderboards.urlpatterns,
    re_path("", Nowhere.as_view()),
]
