"""Every path of the REST API; the last one answers those that lead nowhere."""

from django.urls import re_path

from lobby.api.views import (
    accounts,
    chat,
    invitations,
    lobbies,
    matches,
    parties,
    people,
    reports,
    titles,
)
from lobby.api.views.base import Nowhere

urlpatterns = [
    *accounts.urlpatterns,
    *titles.urlpatterns,
    *lobbies.urlpatterns,
    *invitations.urlpatterns,
    *matches.urlpatterns,
    *people.urlpatterns,
    *parties.urlpatterns,
    *chat.urlpatterns,
    *reports.urlpatterns,
    re_path("", Nowhere.as_view()),
]
