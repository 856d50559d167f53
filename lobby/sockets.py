"""The sockets of ``/ws/lobby`` in this process, by the grant that they came in with; and what
workers ask of accounts, for these and for those at matches (``games.services.grants``)."""

from collections import defaultdict
from collections.abc import Collection
from typing import Protocol

from lobby.selectors.grants import grants_good


class Signed(Protocol):
    """A socket of somebody who is signed in."""

    def sign_out(self) -> None:
        """The token or session that it came in with ended."""


class Sockets:
    """Knows nothing of those who are not signed in: nothing of theirs can end."""

    def __init__(self) -> None:
        self._by_grant: defaultdict[str, set[Signed]] = defaultdict(set)

    def add(self, grant: str, socket: Signed) -> None:
        """From now on it ends with its grant."""
        if grant:
            self._by_grant[grant].add(socket)

    def remove(self, grant: str, socket: Signed) -> None:
        """It is gone."""
        if grant in self._by_grant:
            self._by_grant[grant].discard(socket)
            if not self._by_grant[grant]:
                del self._by_grant[grant]

    def held(self) -> set[str]:
        return set(self._by_grant)

    def end(self, *, grants: Collection[str]) -> None:
        for grant in grants:
            for socket in list(self._by_grant.get(grant, ())):
                socket.sign_out()

    @staticmethod
    def good(*, grants: Collection[str]) -> set[str]:
        return grants_good(grants=grants)


sockets = Sockets()
"""Those of this process."""
