"""What may be asked about how people know each other."""


def friends_of(user_id: int) -> list[int]:
    """Ids of somebody's friends. Nobody has any yet."""
    return []
