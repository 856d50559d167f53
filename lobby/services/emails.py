"""What may be done to addresses and, by way of them, to passwords.

An address counts once it was verified. Whose it is then is kept by allauth's ``EmailAddress``, so
that external sign-in agrees. Nothing here tells whether an address is known: what is sent, if
anything, is for its owner to read.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from lobby.codes import ApiCode, Refused
from lobby.limits import EMAIL_KEY_TTL_S
from lobby.mails import mail
from lobby.models.accounts import User
from lobby.services.accounts import account_authenticate, account_prove
from lobby.services.base import problems_of
from lobby.services.grants import grants_end
from lobby.services.lockouts import lockout_reset

_SALT = "evertick.email"


def email_set(*, user: User, email: str, site: str) -> None:
    """Ask whoever reads mail at ``email`` to confirm it; until then the one before counts.

    Args:
        site: The address of this server, as the one who asks reached it.
    Raises:
        Refused: ``is_guest``.
    """
    if user.guest:
        raise Refused(ApiCode.IS_GUEST)
    email = email.lower()
    mine = EmailAddress.objects.filter(user=user)
    with transaction.atomic():
        mine.filter(verified=False).delete()
        if mine.filter(email=email).exists():
            return
        waiting = EmailAddress.objects.create(user=user, email=email)
    if EmailAddress.objects.filter(email=email, verified=True).exists():
        return mail(to=email, template="taken", site=site)
    key = signing.dumps({"id": waiting.pk, "email": email}, salt=_SALT)
    mail(to=email, template="verify", site=site, name=user.name, key=key)


def email_send_again(*, user: User, site: str) -> None:
    """Send the link once more, if an address waits for it."""
    waiting = EmailAddress.objects.filter(user=user, verified=False).first()
    if waiting is not None:
        email_set(user=user, email=waiting.email, site=site)


def email_verify(*, key: str) -> User:
    """The address counts from now on; whose it is.

    Raises:
        Refused: ``link_invalid``: forged, too old, used, overtaken, or somebody else was first.
    """
    try:
        said: dict[str, Any] = signing.loads(key, salt=_SALT, max_age=EMAIL_KEY_TTL_S)
        with transaction.atomic():
            return _verify(address_id=said["id"], email=said["email"])
    except (signing.BadSignature, EmailAddress.DoesNotExist, IntegrityError) as error:
        raise Refused(ApiCode.LINK_INVALID) from error


def _verify(*, address_id: int, email: str) -> User:
    address = EmailAddress.objects.select_related("user").get(
        id=address_id, email=email, verified=False, user__is_active=True
    )
    user: User = address.user
    email_own(user=user, email=email)
    return user


@transaction.atomic
def email_own(*, user: User, email: str) -> None:
    """This verified address is the user's only one; the one before is told.

    Raises:
        IntegrityError: it is somebody else's.
    """
    email = email.lower()
    before = EmailAddress.objects.filter(user=user, verified=True).exclude(email=email).first()
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    User.objects.filter(id=user.id).update(email=email)
    user.email = email
    if before is not None:
        mail(to=before.email, template="changed", name=user.name)


@transaction.atomic
def email_remove(*, user: User) -> None:
    """The account has no address any more."""
    before = EmailAddress.objects.filter(user=user, verified=True).first()
    EmailAddress.objects.filter(user=user).delete()
    User.objects.filter(id=user.id).update(email="")
    user.email = ""
    if before is not None:
        mail(to=before.email, template="changed", name=user.name)


# --- passwords ----------------------------------------------------------------------------------


def password_reset_ask(*, email: str, site: str) -> None:
    """Send a link for a new password, if this is somebody's verified address."""
    address = (
        EmailAddress.objects.filter(email=email.lower(), verified=True, user__is_active=True)
        .select_related("user")
        .first()
    )
    if address is not None:
        uid = urlsafe_base64_encode(force_bytes(address.user_id))
        token = default_token_generator.make_token(address.user)
        mail(
            to=address.email,
            template="reset",
            site=site,
            username=address.user.username,
            uid=uid,
            token=token,
        )


def password_reset(*, uid: str, token: str, password: str) -> None:
    """A new password by the link of a mail; whoever was signed in is not any more.

    Raises:
        Refused: ``link_invalid``, or ``invalid`` with ``password`` among the fields.
    """
    user = _user_of(uid)
    if user is None or not default_token_generator.check_token(user, token):
        raise Refused(ApiCode.LINK_INVALID)
    password_set(user=user, password=password)


def password_change(*, user: User, old: str, new: str, grant: str) -> None:
    """A new password for who knows the old one, or signed in just now and has none yet; whoever
    else is signed in is not any more.

    Raises:
        Refused: ``is_guest``, ``password_wrong``, ``proof_needed``, ``throttled``, or ``invalid``
            with ``new_password`` among the fields.
    """
    if user.guest:
        raise Refused(ApiCode.IS_GUEST)  # they get one with a name to log in by
    if user.has_usable_password():
        if account_authenticate(username=user.username, password=old) != user:
            wrong = {"old_password": ["This is not your password."]}
            raise Refused(ApiCode.PASSWORD_WRONG, wrong)
    else:
        account_prove(user=user, password="", grant=grant)
    password_set(user=user, password=new, field="new_password", but=grant)


def password_set(*, user: User, password: str, field: str = "password", but: str = "") -> None:
    """The account has this password from now on, and is signed out everywhere.

    Args:
        field: What the password is called by who sent it.
        but: A grant that stays.
    Raises:
        Refused: ``invalid``.
    """
    if problems := problems_of(field, lambda: validate_password(password, user)):
        raise Refused(ApiCode.INVALID, problems)
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        grants_end(user=user, but=but)
    lockout_reset(username=user.username)
    if user.email:
        mail(to=user.email, template="password", name=user.name)


def _user_of(uid: str) -> User | None:
    try:
        return User.objects.filter(id=int(urlsafe_base64_decode(uid)), is_active=True).first()
    except (ValueError, OverflowError):
        return None
