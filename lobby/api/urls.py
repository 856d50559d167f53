"""Every path of the REST API; the last one answers those that lead nowhere."""

from django.urls import re_path

from lobby.api.views import accounts, lobbies, matches, matchmaking, titles
from lobby.api.views.base import Nowhere

urlpatterns = [
    *accounts.urlpatterns,
    *titles.urlpatterns,
    *lobbies.urlpatterns,
    *matches.urlpatterns,
    *matchmaking.urlpatterns,
    re_path("", Nowhere.as_view()),
]
