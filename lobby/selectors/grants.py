"""Grants as they are asked for: by their owner, and by workers."""

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils import timezone

from lobby.models.grants import Grant
from lobby.selectors.base import Shown


def grants_of(*, user_id: int) -> QuerySet[Grant]:
    """All by which somebody is signed in now, the last used first."""
    return Grant.objects.filter(_good(), user_id=user_id)


def grants_good(*, grants: Collection[str]) -> set[str]:
    """Those of them that are still good."""
    found = Grant.objects.filter(_good(), id__in=grants, user__is_active=True)
    return set(found.values_list("id", flat=True))


def grant_shown(grant: Grant, *, current: str) -> Shown:
    """A grant as its owner sees it; ``current`` is the one that asks."""
    return {
        "id": grant.id,
        "kind": "token" if grant.token_id else "session",
        "agent": grant.agent,
        "created": grant.created.isoformat(),
        "used": grant.used.isoformat(),
        "expires": None if grant.expires is None else grant.expires.isoformat(),
        "current": grant.id == current,
    }


def _good() -> Q:
    return Q(expires=None) | Q(expires__gt=timezone.now())
