"""Django's sessions in the database, which take their grant along.

However a session goes (a logout, a login as somebody else, a password that changed elsewhere), its
grant goes with it, and so do the sockets that came in with that.
"""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from lobby.models.grants import Grant


class SessionStore(DatabaseStore):
    """A session that a grant belongs to, once somebody is signed in by it."""

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        super().delete(session_key)
        if key:
            Grant.objects.filter(session=key).delete()

    def cycle_key(self) -> None:
        """The same session under another key: the grant stays."""
        grants = Grant.objects.filter(session=self.session_key or "-")
        kept = list(grants.values_list("id", flat=True))
        grants.update(session="")  # or it would go with the key
        super().cycle_key()
        Grant.objects.filter(id__in=kept).update(session=self.session_key)
