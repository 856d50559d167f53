"""What may be done to grants, the tokens and sessions by which people are signed in.

One that ends closes the sockets that came in with it, at every worker: whoever deletes the row, and
be it the database's cascade, is heard by ``grant_was_deleted``.
"""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractUser
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from knox.models import AuthToken

from games import services as games
from lobby.agents import agent_named
from lobby.codes import ApiCode, Refused
from lobby.limits import GRANT_USED_S, SESSIONS_PER_USER_MAX
from lobby.models.accounts import User
from lobby.models.grants import Grant

KEY = "grant"
"""Under which a session keeps the id of its grant."""


def grant_for_token(*, token: AuthToken, agent: str = "") -> Grant:
    """The grant of a token; made now, if it has none."""
    made = {"user_id": token.user_id, "agent": agent_named(agent), "expires": token.expiry}
    grant, _ = Grant.objects.get_or_create(token=token, defaults=made)
    _is_used_again(token.digest)
    return grant


def session_begins(request: HttpRequest, user: AbstractUser, **_: Any) -> None:
    """Receives ``user_logged_in``: from now on this session has a grant."""
    session = request.session
    if session.session_key is None:
        session.save()
    known = {"session": session.session_key, "expires": _session_expires()}
    mine = Grant.objects.filter(id=session.get(KEY, ""), user_id=user.pk)
    if mine.update(created=timezone.now(), **known):  # they showed once more who they are
        return
    agent = agent_named(request.META.get("HTTP_USER_AGENT", ""))
    grant = Grant.objects.create(user_id=user.pk, agent=agent, **known)
    session[KEY] = grant.id
    _is_used_again(grant.id)
    _sessions_bound(user.pk)


def session_used(*, request: HttpRequest, user: User) -> None:
    """Somebody is here by a session: it lasts as long again from now on."""
    grant = request.session.get(KEY)
    if grant is None:  # from before there were any
        _session_is_known(request, user)
    elif _is_used_again(grant):
        request.session.modified = True
        if not _used(Grant.objects.filter(id=grant), expires=_session_expires()):
            _session_is_known(request, user)  # the grant went, and the session did not


def _session_is_known(request: HttpRequest, user: User) -> None:
    """A session gets a grant that it lacks; nobody showed just now who they are."""
    session_begins(request, user)
    since = user.last_login or user.date_joined
    Grant.objects.filter(id=request.session[KEY]).update(created=since)


def sessions_keep(*, user: User) -> None:
    """Somebody's credentials were changed by themselves: their sessions go on."""
    keys = Grant.objects.filter(user=user).exclude(session="").values_list("session", flat=True)
    for key in keys:
        session = sessions()(session_key=key)
        if session.get(SESSION_KEY) == str(user.pk):
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()


def token_used(*, token: AuthToken) -> bool:
    """Somebody is here by a token; whether that was written down, as it is now and then."""
    again = _is_used_again(token.digest)
    if again:
        _used(Grant.objects.filter(token=token))
    return again


def grant_end(*, user: User, grant_id: str) -> None:
    """Sign somebody out where they came in by this token or session.

    Raises:
        Refused: ``not_found``.
    """
    if not _grants_end(Grant.objects.filter(user=user, id=grant_id)):
        raise Refused(ApiCode.NOT_FOUND)


def grants_end(*, user: User, but: str = "") -> int:
    """Sign somebody out everywhere, but for one grant; from how many places."""
    return _grants_end(Grant.objects.filter(user=user).exclude(id=but))


@transaction.atomic
def _grants_end(grants: QuerySet[Grant]) -> int:
    found = list(grants.values_list("id", "token_id", "session"))
    AuthToken.objects.filter(digest__in=[token for _, token, _ in found if token]).delete()
    sessions().get_model_class().objects.filter(
        session_key__in=[session for *_, session in found if session]
    ).delete()
    Grant.objects.filter(id__in=[grant for grant, *_ in found]).delete()
    return len(found)


def grant_was_deleted(instance: Grant, **_: Any) -> None:
    """Receives ``post_delete``: sockets hear of it once that is true."""
    grant_id = instance.pk
    transaction.on_commit(lambda: games.rooms.sign_out(grants=[grant_id]))


def sessions() -> Any:
    """The class of Django's sessions."""
    return import_module(settings.SESSION_ENGINE).SessionStore


def _session_expires() -> datetime:
    return timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)


def _sessions_bound(user_id: int) -> None:
    """End the sessions that expired, and the oldest beyond the limit."""
    mine = Grant.objects.filter(user_id=user_id, token=None)
    ids = list(mine.order_by("-used", "-created").values_list("id", flat=True))
    old = mine.filter(id__in=ids[SESSIONS_PER_USER_MAX:])
    _grants_end(old | mine.filter(expires__lte=timezone.now()))


def _is_used_again(what: str) -> bool:
    """Whether it is time to write down that a grant is used: asked of the cache, so that requests
    need not ask the database."""
    return bool(cache.add(f"used:{what}", 1, timeout=GRANT_USED_S))


def _used(grants: QuerySet[Grant], **more: Any) -> int:
    return grants.update(used=timezone.now(), **more)
