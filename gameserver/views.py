"""The few pages that belong to no app: is the worker alive, and how is its API spoken to."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework.request import Request
from rest_framework.response import Response

from games import services
from gameserver.middleware import HEADER, policy

DOCS_POLICY = policy(style_src="'self' 'unsafe-inline'", worker_src="'self' blob:")
"""Swagger UI and Redoc write their style sheets as they go; Redoc searches in a worker it builds
itself. Scripts stay as strict as everywhere."""


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this worker answers and takes sockets; asks nobody else, so a slow database does not
    kill workers. One that drains says 503: a balancer is to look for another."""
    if services.rooms.admits:
        return JsonResponse({"status": "ok"})
    return JsonResponse({"status": "draining"}, status=HTTPStatus.SERVICE_UNAVAILABLE)


class Schema(SpectacularAPIView):
    """The API as OpenAPI, in YAML or JSON."""


class _OwnPolicy:
    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        answer.headers[HEADER] = DOCS_POLICY
        return answer


class Docs(_OwnPolicy, SpectacularSwaggerSplitView):
    """The API to try out."""


class Redoc(_OwnPolicy, SpectacularRedocView):
    """The API to read."""

    template_name = "gameserver/redoc.html"
