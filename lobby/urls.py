"""The pages; what they show comes over REST and the live list."""

from allauth.socialaccount.providers.openid_connect.views import callback as external_callback
from django.urls import path

from lobby import views

urlpatterns = [
    path("", views.home, name="home"),
    path("lobby/<uuid:lobby_id>/", views.lobby, name="lobby"),
    path("join/<str:token>/", views.join, name="join"),
    path("wait/", views.wait, name="wait"),
    path("play/<uuid:match_id>/", views.play, name="play"),
    path("friends/", views.friends, name="friends"),
    path("history/", views.history, name="history"),
    path("players/<int:user_id>/", views.player, name="player"),
    path("leaderboards/", views.leaderboards, name="leaderboards"),
    path("profile/", views.profile, name="profile"),
    path("login/", views.login, name="login"),
    path("register/", views.register, name="register"),
    path("account/", views.account, name="account"),
    path("forgot/", views.forgot, name="forgot"),
    path("reset/<str:uid>/<str:token>/", views.reset, name="reset"),
    path("email/<str:key>/", views.email, name="email"),
    path(
        "external/<slug:provider_id>/login/callback/",
        external_callback,
        name="openid_connect_callback",
    ),
]
