"""How accounts are shown."""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from lobby.limits import EXPORT_ROWS_MAX
from lobby.models.accounts import User
from lobby.selectors.base import Shown
from lobby.selectors.grants import grant_shown, grants_of


def emails_of(*, user: User) -> tuple[str, str]:
    """Somebody's address, and one that is not confirmed yet; empty where there is none."""
    rows = EmailAddress.objects.filter(user=user).values_list("verified", "email")
    found: dict[bool, str] = dict(rows)
    return found.get(True, ""), found.get(False, "")


def with_sign_ins(users: QuerySet[User]) -> QuerySet[User]:
    """What operators see of accounts besides, in the same query: ``email_confirmed``,
    ``email_waiting``, ``sessions_open`` and ``tokens_open``."""
    address = EmailAddress.objects.filter(user=OuterRef("pk")).values("email")
    return users.annotate(
        email_confirmed=Subquery(address.filter(verified=True)[:1]),
        email_waiting=Subquery(address.filter(verified=False)[:1]),
        sessions_open=Count("grants", filter=~Q(grants__session="")),
        tokens_open=Count("grants", filter=Q(grants__session="")),
    )


def account_known(user: User) -> Shown:
    """What accounts know of somebody, for ``EXPORTS``."""
    identities = SocialAccount.objects.filter(user=user)
    return me_shown(user) | {
        "last_login": None if user.last_login is None else user.last_login.isoformat(),
        "external": [
            {"provider": one.provider, "uid": one.uid, "data": one.extra_data}
            for one in identities[:EXPORT_ROWS_MAX]
        ],
    }


def sessions_known(user: User) -> list[Shown]:
    """Where somebody is signed in, for ``EXPORTS``."""
    mine = grants_of(user_id=user.id)[:EXPORT_ROWS_MAX]
    return [grant_shown(grant, current="") for grant in mine]


def user_shown(user: User) -> Shown:
    """An account, as others see it."""
    return {"id": user.id, "name": user.name, "guest": user.guest}


def me_shown(user: User) -> Shown:
    """An account, as its owner sees it."""
    verified, pending = emails_of(user=user)
    return user_shown(user) | {
        "username": user.username,
        "email": verified,
        "email_pending": pending,
        "password": user.has_usable_password(),
        "joined": user.date_joined.isoformat(),
    }
