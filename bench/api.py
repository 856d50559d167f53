"""People at the REST API: ``python -m bench.api <port> <requests a second> <seconds> <core>``.

Guests, one after another, of whom each signs up, opens a lobby, looks at the lists, and leaves
again. Prints how long requests took.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.contenders import HOST, pin
from bench.load import quantile

Request = tuple[str, str, dict[str, Any] | None]


class Guest:
    """One visitor."""

    def __init__(self, line: http.client.HTTPConnection) -> None:
        self._line = line
        self._headers = {"Content-Type": "application/json"}

    def visit(self) -> Iterator[None]:
        """A request at each turn."""
        self._headers["Authorization"] = f"Token {self._ask('POST', 'auth/guest/', {})['token']}"
        yield
        lobby = self._ask("POST", "lobbies/", {"title": "chess"})
        yield
        for path in ("lobbies/", "matches/", "titles/", "me/", f"lobbies/{lobby['id']}/"):
            self._ask("GET", path)
            yield
        self._ask("POST", f"lobbies/{lobby['id']}/leave/", {})
        yield

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        text = None if body is None else json.dumps(body)
        self._line.request(method, f"/api/{path}", text, self._headers)
        answer = self._line.getresponse()
        said = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {said[:200]!r}")
        return json.loads(said) if said else None


def main(port: str, rate: str, seconds: str, core: str) -> None:
    """See above."""
    pin(int(core))
    line = http.client.HTTPConnection(HOST, int(port), timeout=30)
    took: list[float] = []
    begun = due = time.monotonic()
    visit = Guest(line).visit()
    while (now := time.monotonic()) < begun + float(seconds):
        due += 1 / float(rate)
        time.sleep(max(0.0, due - now))
        asked = time.monotonic()
        if next(visit, visit) is visit:
            visit = Guest(line).visit()
        else:
            took.append(1000 * (time.monotonic() - asked))
    took.sort()
    print(f"{quantile(took, 0.5):.0f} ms each, p99 {quantile(took, 0.99):.0f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
