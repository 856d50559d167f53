"""Every path that answers HTTP; sockets are in ``gameserver.asgi``."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from gameserver import views

urlpatterns = [
    path("", include("lobby.urls")),
    path("api/schema/", views.Schema.as_view(), name="schema"),
    path("api/docs/", views.Docs.as_view(url_name="schema"), name="docs"),
    path("api/redoc/", views.Redoc.as_view(url_name="schema"), name="redoc"),
    path("api/", include("lobby.api.urls")),  # last of these: it answers all that leads nowhere
    # Django's own form for it leaves tokens and sockets as they are.
    path("admin/password_change/", RedirectView.as_view(url="/account/#password")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
]
