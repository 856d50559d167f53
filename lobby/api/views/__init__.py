"""The REST API: each view checks the input, calls a service, shapes the answer.

A subject's module ends with its own ``urlpatterns``; ``lobby.api.urls`` collects them.
"""
