"""What may be done to accounts: each write is one keyword-only function.

What cannot be done raises ``Refused`` and changes nothing. Accounts know nothing of the places that
their people are in: two signals tell those, and ``lobby.apps`` says who hears them.
"""

import secrets
import unicodedata
from datetime import datetime

from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from knox.models import get_token_model
from knox.settings import knox_settings

from lobby.codes import ApiCode, Refused
from lobby.limits import NAME_CHARS_MAX, USERNAME_CHARS_MIN
from lobby.models.accounts import User
from lobby.names import name_check, name_invent
from lobby.services.base import name_checked, problems_of
from lobby.services.grants import grant_for_token

account_renamed = Signal()
"""Sent with ``user`` as soon as a new name is written; what is told waits for the commit."""

account_leaves = Signal()
"""Sent with ``user`` before an account is deleted, in the same transaction: whoever gave it a place
takes that back now, and what a receiver raises keeps the account."""


def guest_create() -> User:
    """A guest: a generated username, no password, a pleasant name."""
    user = User(username=f"guest-{secrets.token_hex(6)}", name=name_invent(), guest=True)
    user.set_unusable_password()
    user.save()
    return user


def account_register(*, username: str, password: str, email: str = "") -> User:
    """An account with a password; it is shown under its username until it chooses another name.

    Raises:
        Refused: ``invalid``, with ``username`` or ``password`` among the fields.
    """
    username = unicodedata.normalize("NFKC", username)
    user = User(username=username, name=username, email=email)
    problems = problems_of("username", lambda: _username_check(username))
    problems |= problems_of("password", lambda: validate_password(password, user))
    if problems:
        raise Refused(ApiCode.INVALID, problems)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody else took the name meanwhile
        raise Refused(ApiCode.INVALID, {"username": [_TAKEN]}) from error
    return user


def account_rename(*, user: User, name: str) -> None:
    """Change the name that others see; a running match keeps the old one.

    Raises:
        Refused: ``invalid``, with ``display_name`` among the fields.
    """
    user.name = name_checked("display_name", name, NAME_CHARS_MAX)
    user.save(update_fields=["name"])
    account_renamed.send(sender=User, user=user)


@transaction.atomic
def account_delete(*, user: User) -> None:
    """Delete an account; its lobbies pass to others, its seats keep their names."""
    account_leaves.send(sender=User, user=user)
    user.delete()


def token_issue(*, user: User, agent: str = "") -> tuple[str, datetime | None]:
    """A new token and when it expires; beyond the limit of a user's tokens the oldest ends.

    Args:
        agent: The User-Agent that asked for it.
    """
    tokens = get_token_model().objects
    if limit := knox_settings.TOKEN_LIMIT_PER_USER:
        kept = tokens.filter(user=user).order_by("-created")[: limit - 1]
        tokens.filter(user=user).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    issued, token = tokens.create(user)
    grant_for_token(token=issued, agent=agent)
    update_last_login(User, user)
    return token, issued.expiry


_TAKEN = "This username is taken."


def _username_check(username: str) -> None:
    if not USERNAME_CHARS_MIN <= len(username) <= NAME_CHARS_MAX:
        raise ValidationError(
            f"A username has {USERNAME_CHARS_MIN} to {NAME_CHARS_MAX} characters."
        )
    UnicodeUsernameValidator()(username)
    name_check(username)
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError(_TAKEN)
