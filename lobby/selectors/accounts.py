"""How accounts are shown."""

from lobby.models.accounts import User
from lobby.selectors.base import Shown


def user_shown(user: User) -> Shown:
    """An account, as others see it."""
    return {"id": user.id, "name": user.name, "guest": user.guest}


def me_shown(user: User) -> Shown:
    """An account, as its owner sees it."""
    return user_shown(user) | {
        "username": user.username,
        "email": user.email,
        "joined": user.date_joined.isoformat(),
    }
