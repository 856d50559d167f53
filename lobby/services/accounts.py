"""What may be done to accounts: each write is one keyword-only function.

What cannot be done raises ``Refused`` and changes nothing. Accounts know nothing of the places that
their people are in: two signals tell those, and ``lobby.apps`` says who hears them.
"""

import contextlib
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone
from knox.models import get_token_model
from knox.settings import knox_settings

from lobby.codes import ApiCode, Refused
from lobby.counters import count
from lobby.limits import (
    NAME_CHANGES_MAX,
    NAME_CHANGES_S,
    NAME_CHARS_MAX,
    RECENT_S,
    USERNAME_CHARS_MIN,
)
from lobby.models.accounts import User
from lobby.names import name_check, name_invent, name_is_invented, name_is_reserved, name_looks
from lobby.services.base import name_checked, problems_of
from lobby.services.grants import grant_for_token, grants_end, sessions_keep
from lobby.services.lockouts import LOCKED_S, lockout_reset

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


def account_register(*, username: str, password: str) -> User:
    """An account with a password; it is shown under its username until it chooses another name.

    Raises:
        Refused: ``invalid``, with ``username`` or ``password`` among the fields.
    """
    user = User()
    _claim(user, username, password)
    return user


def account_upgrade(*, user: User, username: str, password: str) -> None:
    """A guest becomes an account, and stays who they are: matches, lobbies, tokens and sessions are
    theirs as before. A name that they chose themselves stays as well.

    Raises:
        Refused: ``not_guest``, or as for ``account_register``.
    """
    with transaction.atomic():
        if not User.objects.select_for_update().filter(pk=user.pk, guest=True).exists():
            raise Refused(ApiCode.NOT_GUEST)
        kept = "" if name_is_invented(user.name) else user.name
        _claim(user, username, password, name=kept)
        sessions_keep(user=user)
        account_renamed.send(sender=User, user=user)


def _claim(user: User, username: str, password: str, *, name: str = "") -> None:
    username = unicodedata.normalize("NFKC", username)
    problems = problems_of("username", lambda: _username_check(username))
    named = User(username=username, email=user.email)
    problems |= problems_of("password", lambda: validate_password(password, named))
    if problems:
        raise Refused(ApiCode.INVALID, problems)
    user.username, user.name, user.guest = username, name or username, False
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody else took the name meanwhile
        raise Refused(ApiCode.INVALID, {"username": [_TAKEN]}) from error


def account_claim_external(*, user: User, wanted: str) -> None:
    """A guest, or somebody new, has an account by external sign-in: without a password, under the
    username they have there, or one like it."""
    chosen = "" if not user.name or name_is_invented(user.name) else user.name
    for username in _usernames_like(wanted):
        user.username, user.name, user.guest = username, chosen or username, False
        user.set_unusable_password()
        with contextlib.suppress(IntegrityError), transaction.atomic():
            new = user.pk is None
            user.save()
            if not new:
                sessions_keep(user=user)
                account_renamed.send(sender=User, user=user)
            return
    raise AssertionError("no username is free")


def _usernames_like(wanted: str) -> Iterator[str]:
    """Usernames that are free: the one wanted first, if it is one."""
    tidy = "".join(char for char in unicodedata.normalize("NFKC", wanted) if char.isalnum())
    base = tidy[:NAME_CHARS_MAX]
    if problems_of("username", lambda: _username_check(base)):
        base = tidy[: NAME_CHARS_MAX - 7] if len(tidy) >= USERNAME_CHARS_MIN else "player"
        if name_is_reserved(base):
            base = "player"
    else:
        yield base
    for _ in range(20):
        yield f"{base[: NAME_CHARS_MAX - 7]}-{secrets.token_hex(3)}"


def account_rename(*, user: User, name: str) -> None:
    """Change the name that others see; a running match keeps the old one.

    Raises:
        Refused: ``invalid``, with ``display_name`` among the fields; ``throttled``.
    """
    tidy = name_checked("display_name", name, NAME_CHARS_MAX)
    if tidy == user.name:
        return
    if not user.is_staff and _impersonates(tidy, user):
        raise Refused(ApiCode.INVALID, {"display_name": [_RESERVED]})
    changes = count(f"rename:{user.pk}", window_s=NAME_CHANGES_S)
    if changes.number > NAME_CHANGES_MAX:
        raise Refused(
            ApiCode.THROTTLED,
            {"display_name": [f"At most {NAME_CHANGES_MAX} changes a day."]},
            wait_s=changes.wait_s,
        )
    user.name = tidy
    user.save(update_fields=["name"])
    account_renamed.send(sender=User, user=user)


@transaction.atomic
def account_delete(*, user: User) -> None:
    """Delete an account; its lobbies pass to others, its seats keep their names, its sockets
    close."""
    account_leaves.send(sender=User, user=user)
    grants_end(user=user)
    user.delete()


@transaction.atomic
def account_deactivate(*, user: User) -> None:
    """Nobody gets in by this account any more, and who is in goes."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    account_leaves.send(sender=User, user=user)
    grants_end(user=user)


def account_authenticate(
    *, username: str, password: str, request: HttpRequest | None = None
) -> User | None:
    """Who has this name and password.

    Raises:
        Refused: ``throttled``: there were too many tries at this account.
    """
    request = request or HttpRequest()
    user = authenticate(request, username=username, password=password)
    if wait_s := getattr(request, LOCKED_S, None):
        raise Refused(ApiCode.THROTTLED, wait_s=wait_s)
    if not isinstance(user, User):
        return None
    lockout_reset(username=username)
    return user


def account_prove(*, user: User, password: str, grant: str) -> None:
    """See that it is really them who ask, before something that cannot be undone: by the password,
    or because they signed in just now. A guest has nothing to show.

    Raises:
        Refused: ``password_wrong``, ``proof_needed``, ``throttled``.
    """
    if password and user.has_usable_password():
        if account_authenticate(username=user.username, password=password) != user:
            raise Refused(ApiCode.PASSWORD_WRONG, {"password": ["This is not your password."]})
        return
    recent = timezone.now() - timedelta(seconds=RECENT_S)
    if not user.guest and not user.grants.filter(id=grant, created__gt=recent).exists():
        raise Refused(ApiCode.PROOF_NEEDED)


EXPORTS: dict[str, Callable[[User], Any]] = {}
"""What each subject knows of somebody, by name; ``lobby.apps`` fills it in. JSON, and no secret of
anybody else."""


def account_export(*, user: User) -> dict[str, Any]:
    """All that is known of somebody."""
    return {name: export(user) for name, export in sorted(EXPORTS.items())}


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
_RESERVED = "This name is kept for those who run the server."


def _impersonates(name: str, user: User) -> bool:
    """Whether a name passes for one of those who run the server."""
    if name_is_reserved(name):
        return True
    staff = User.objects.filter(is_staff=True).exclude(pk=user.pk)
    looks = name_looks(name)
    theirs = {name_looks(its) for names in staff.values_list("username", "name") for its in names}
    return looks in theirs - {""}


def _username_check(username: str) -> None:
    if not USERNAME_CHARS_MIN <= len(username) <= NAME_CHARS_MAX:
        raise ValidationError(
            f"A username has {USERNAME_CHARS_MIN} to {NAME_CHARS_MAX} characters."
        )
    UnicodeUsernameValidator()(username)
    name_check(username)
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError(_TAKEN)
    if _impersonates(username, User()):
        raise ValidationError(_RESERVED)
