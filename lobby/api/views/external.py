"""REST of signing in by an external provider. The dance itself goes by redirects: the browser is
told where to go, and comes back to ``/external/…/login/callback/``."""

from allauth.socialaccount.models import SocialAccount
from django.db.models import QuerySet
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from lobby.api.auth import Session
from lobby.api.schema import described
from lobby.api.serializers.accounts import ExternalIn, ExternalOut, IdentityOut, ProviderOut
from lobby.api.views.accounts import Entrance
from lobby.api.views.base import READS, WRITES, Api, Listed, caller, checked
from lobby.codes import ApiCode
from lobby.external import external_begin, external_end, providers
from lobby.selectors.base import Shown


class Providers(Api):
    permission_classes = [AllowAny]

    @described({200: ProviderOut(many=True)}, summary="Where one may sign in by")
    def get(self, request: Request) -> Response:
        """None, unless the operator has chosen one."""
        return Response(providers())


class ExternalBegin(Entrance):
    @described(
        {200: ExternalOut},
        ApiCode.CSRF_FAILED,
        ApiCode.NOT_FOUND,
        ApiCode.EXTERNAL_FAILED,
        body=ExternalIn,
        summary="Sign in by a provider",
    )
    def post(self, request: Request, provider: str) -> Response:
        """For browsers, by their session. A guest becomes an account; an account gets one more way
        in; somebody who has been here by this identity is signed in."""
        wanted = checked(ExternalIn, request)["next"]
        Session().enforce_csrf(request)
        url = external_begin(
            request=request._request, provider=provider, next_path=_path_of(wanted)
        )
        return Response({"url": url})


class Identities(Listed):
    serializer_class = IdentityOut

    def get_queryset(self) -> QuerySet[SocialAccount]:
        if getattr(self, "swagger_fake_view", False):
            return SocialAccount.objects.none()
        return SocialAccount.objects.filter(user=caller(self.request)).order_by("id")

    def shown(self, row: SocialAccount) -> Shown:
        names = {known["id"]: known["name"] for known in providers()}
        said = row.extra_data.get("userinfo") or row.extra_data.get("id_token") or {}
        return {
            "id": row.pk,
            "provider": names.get(row.provider, row.provider),
            "name": str(said.get("preferred_username") or said.get("name") or row.uid),
            "since": row.date_joined.isoformat(),
        }

    @described(
        {200: IdentityOut(many=True)},
        *READS,
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="My external identities",
    )
    def get(self, request: Request) -> Response:
        return self.listed()


class IdentityEnd(Api):
    @described(
        {204: None},
        *WRITES,
        ApiCode.NOT_FOUND,
        ApiCode.EXTERNAL_LAST,
        summary="Forget one of them",
    )
    def delete(self, request: Request, identity: int) -> Response:
        """Not the only way in: choose a password first."""
        external_end(user=caller(request), identity=identity)
        return Response(status=204)


def _path_of(wanted: str) -> str:
    """A path of this very site, or its first page."""
    return wanted if wanted.startswith("/") and wanted[1:2] not in ("/", "\\") else "/"


urlpatterns = [
    path("auth/external/", Providers.as_view(), name="api-providers"),
    path("auth/external/<slug:provider>/", ExternalBegin.as_view(), name="api-external"),
    path("me/external/", Identities.as_view(), name="api-identities"),
    path("me/external/<int:identity>/", IdentityEnd.as_view(), name="api-identity"),
]
