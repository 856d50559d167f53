"""The pages; what they show comes over REST and the live list."""

from django.urls import path

from lobby import views

urlpatterns = [
    path("", views.home, name="home"),
    path("lobby/<uuid:lobby_id>/", views.lobby, name="lobby"),
    path("wait/", views.wait, name="wait"),
    path("play/<uuid:match_id>/", views.play, name="play"),
    path("history/", views.history, name="history"),
    path("profile/", views.profile, name="profile"),
    path("login/", views.login, name="login"),
    path("register/", views.register, name="register"),
]
