"""How accounts are shown."""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from lobby.limits import EXPORT_ROWS_MAX
from lobby.models.accounts import User
from lobby.selectors.base import Shown
from lobby.selectors.grants import grant_shown, grants_of


def emails_of(*, user: User) -> tuple[str, str]:
    """Somebody's address, and one that is not confirmed yet; empty where there is none."""
    rows = EmailAddress.objects.filter(user=user).values_list("verified", "email")
    found: dict[bool, str] = dict(rows)
    return found.get(True, ""), found.get(False, "")


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
