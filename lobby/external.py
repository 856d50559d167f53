"""Signing in by an external provider: allauth does the dance, this says what comes of it.

The rules:

- A guest who signs in by an identity that is new here becomes an account, as the same row. Somebody
  with an account gets one more way in.
- Nobody gets into an account because a provider says an address is theirs. One that a provider has
  verified becomes the new account's, if nobody has it; any other is left out.
- None of allauth's own pages is ever shown: what goes wrong ends at a page of ours, with a code.
"""

from typing import Any, NoReturn
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from requests import RequestException

from lobby.codes import ApiCode, Refused
from lobby.models.accounts import User
from lobby.services.accounts import account_claim_external
from lobby.services.emails import email_own


def providers() -> list[dict[str, str]]:
    """Those that an operator has chosen: ``id`` and ``name``."""
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return [{"id": app["provider_id"], "name": app["name"]} for app in apps]


def external_begin(*, request: HttpRequest, provider: str, next_path: str) -> str:
    """Where the browser goes next, to sign in there.

    Raises:
        Refused: ``not_found``, or ``external_failed``: the provider does not answer.
    """
    if provider not in [known["id"] for known in providers()]:
        raise Refused(ApiCode.NOT_FOUND)
    try:
        there = get_adapter(request).get_provider(request, provider)
        answer = there.redirect(request, "login", next_url=next_path)
    except (RequestException, ValueError, KeyError) as error:
        raise Refused(ApiCode.EXTERNAL_FAILED) from error
    return str(answer["Location"])


def external_end(*, user: User, identity: int) -> None:
    """This way in is closed, unless it is the only one.

    Raises:
        Refused: ``not_found``, ``external_last``.
    """
    with transaction.atomic():
        mine = SocialAccount.objects.select_for_update().filter(user=user)
        ids = set(mine.values_list("id", flat=True))
        if identity not in ids:
            raise Refused(ApiCode.NOT_FOUND)
        if ids == {identity} and not user.has_usable_password():
            raise Refused(ApiCode.EXTERNAL_LAST)
        mine.filter(id=identity).delete()


class Accounts(DefaultAccountAdapter):
    """What allauth would say by messages, our pages say themselves."""

    def add_message(self, *args: Any, **more: Any) -> None:
        return

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponseRedirect:
        return _at_login("external_inactive")


class Externals(DefaultSocialAccountAdapter):
    """What comes of an identity that a provider vouches for."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Those who are here already stay who they are."""
        here = request.user if isinstance(request.user, User) else None
        if sociallogin.is_existing:
            owner = sociallogin.user
            if not owner.is_active:
                _stop("external_inactive")
            if here is not None and not here.guest and here != owner:
                _stop("external_taken", at="account")
            return
        if here is None:
            return
        _join(here, request, sociallogin)
        update_session_auth_hash(request, here)
        raise ImmediateHttpResponse(
            HttpResponseRedirect(sociallogin.get_redirect_url(request) or reverse("account"))
        )

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Always: nobody is asked for a name, which can be changed later. An address that is not
        verified, or that somebody has, is not taken over, nor asked about."""
        sociallogin.email_addresses = []
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user = sociallogin.user
        assert isinstance(user, User)
        user.name, user.email = "", ""
        with transaction.atomic():
            account_claim_external(user=user, wanted=_username(sociallogin))
            sociallogin.save(request)
        _address(user, sociallogin)
        return user

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        cancelled = str(more.get("error")) == "cancelled"
        _stop("external_cancelled" if cancelled else "external_failed")

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("account")


def _join(user: User, request: HttpRequest, sociallogin: SocialLogin) -> None:
    """An identity that is new here becomes a way into this account."""
    with transaction.atomic():
        sociallogin.email_addresses, offered = [], sociallogin.email_addresses
        if user.guest:
            account_claim_external(user=user, wanted=_username(sociallogin))
        sociallogin.connect(request, user)
    sociallogin.email_addresses = offered
    _address(user, sociallogin)


def _address(user: User, sociallogin: SocialLogin) -> None:
    """The account's address, if it has none, the provider verified it, and nobody has it."""
    said = sociallogin.account.get_provider_account().get_user_data() or {}
    email = said.get("email")
    if not isinstance(email, str) or said.get("email_verified") is not True:
        return
    if EmailAddress.objects.filter(user=user, verified=True).exists():
        return
    if not EmailAddress.objects.filter(email=email.lower(), verified=True).exists():
        try:
            email_own(user=user, email=email)
        except IntegrityError:  # somebody was first just now
            return


def _username(sociallogin: SocialLogin) -> str:
    """As it is there; of an address, or a name of several words, what may be told to others."""
    said = sociallogin.account.get_provider_account().get_user_data() or {}
    wanted = said.get("preferred_username") or said.get("nickname") or said.get("name") or ""
    return str(wanted).partition("@")[0]


def _stop(code: str, *, at: str = "login") -> NoReturn:
    raise ImmediateHttpResponse(_at(at, code))


def _at_login(code: str) -> HttpResponseRedirect:
    return _at("login", code)


def _at(page: str, code: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'error': code})}")
