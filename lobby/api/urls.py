"""Every path of the REST API; the last one answers those that lead nowhere."""

from django.urls import path, re_path

from lobby.api import views

urlpatterns = [
    path("auth/guest/", views.Guest.as_view(), name="api-guest"),
    path("auth/register/", views.Register.as_view(), name="api-register"),
    path("auth/login/", views.Login.as_view(), name="api-login"),
    path("auth/logout/", views.Logout.as_view(), name="api-logout"),
    path("me/", views.Me.as_view(), name="api-me"),
    path("titles/", views.TitleList.as_view(), name="api-titles"),
    path("titles/<slug:title>/", views.TitleRead.as_view(), name="api-title"),
    path("lobbies/", views.LobbyList.as_view(), name="api-lobbies"),
    path("lobbies/join/", views.LobbyJoinByCode.as_view(), name="api-join-by-code"),
    path("lobbies/<uuid:lobby_id>/", views.LobbyRead.as_view(), name="api-lobby"),
    path("lobbies/<uuid:lobby_id>/join/", views.LobbyJoin.as_view(), name="api-join"),
    path("lobbies/<uuid:lobby_id>/leave/", views.LobbyLeave.as_view(), name="api-leave"),
    path("lobbies/<uuid:lobby_id>/ready/", views.LobbyReady.as_view(), name="api-ready"),
    path("lobbies/<uuid:lobby_id>/start/", views.LobbyStart.as_view(), name="api-start"),
    path("lobbies/<uuid:lobby_id>/kick/", views.LobbyKick.as_view(), name="api-kick"),
    path("matches/", views.MatchList.as_view(), name="api-matches"),
    path("matches/<uuid:match_id>/", views.MatchRead.as_view(), name="api-match"),
    path("matches/<uuid:match_id>/result/", views.MatchResult.as_view(), name="api-result"),
    path("matches/<uuid:match_id>/ticket/", views.MatchTicket.as_view(), name="api-ticket"),
    re_path("", views.Nowhere.as_view()),
]
