"""People, lobbies and matches for the tests of this floor and of ``tests/games``."""

import re
from itertools import count
from typing import Any

from rest_framework.response import Response
from rest_framework.test import APIClient

from games.models import Match
from games.services import Player, match_finish, match_open, match_start
from games.sim import Outcome
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.services.accounts import token_issue
from lobby.services.lobbies import lobby_create, lobby_join, lobby_ready

_numbers = count(1)


def person(name: str = "Ann", **more: Any) -> User:
    """An account that nobody else has."""
    return User.objects.create_user(username=f"{name.lower()}-{next(_numbers)}", name=name, **more)


def people(*names: str) -> list[User]:
    return [person(name) for name in names]


def api(user: User | None = None) -> APIClient:
    """A program that speaks for ``user`` with a token, or for nobody; CSRF is checked as it is."""
    client = APIClient(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        token, _ = token_issue(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def lobby_of(host: User, *others: User, title: str = "chess", **more: Any) -> Lobby:
    """A lobby with these people in it; all but the host are ready."""
    lobby = lobby_create(user=host, title=title, **more)
    for other in others:
        lobby_join(lobby_id=lobby.id, user=other, code=lobby.code)
        lobby_ready(lobby_id=lobby.id, user=other, ready=True)
    return lobby


def match_of(*users: User, title: str = "chess", bots: int = 0, public: bool = True) -> Match:
    """A match that waits for its first socket."""
    players = [Player(user_id=user.id, name=user.name) for user in users]
    return match_start(title=title, settings={}, players=players, bots=bots, public=public)


def rated_match(*users: User, title: str = "chess", rated: bool = True, **settings: int) -> Match:
    """A match that changes ratings, unless it is not to."""
    players = [Player(user_id=user.id, name=user.name) for user in users]
    return match_start(title=title, settings=settings, players=players, rated=rated)


def run(match: Match, worker: str = "w1") -> None:
    """Let a worker run it."""
    assert match_open(match_id=match.id, worker=worker)


def finish(match: Match, *ranking: list[int], reason: str = "checkmate") -> None:
    """Let it be run and end with this result."""
    run(match)
    assert match_finish(
        match_id=match.id, worker="w1", outcome=Outcome(ranking=list(ranking), reason=reason)
    )


def code_of(answer: Response) -> str:
    """The code of a refusal, whose shape is checked on the way."""
    body = answer.json()
    assert set(body) == {"error"}, body
    assert set(body["error"]) == {"code", "message", "fields"}, body
    assert body["error"]["message"]
    return str(body["error"]["code"])


def fields_of(answer: Response) -> dict[str, list[str]]:
    """What a refusal says of each field."""
    assert code_of(answer) == "invalid", answer.json()
    return dict(answer.json()["error"]["fields"])


def refused(answer: Response, status: int, code: str) -> bool:
    """Whether ``answer`` is this refusal; shows what it is where not."""
    assert (answer.status_code, code_of(answer)) == (status, code), answer.content
    return True


def browser(user: User | None = None) -> APIClient:
    """A page of ``user``, by a session, or of a visitor; it sends the CSRF token."""
    client = APIClient(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
        client.logout = None  # type: ignore[assignment]  # by the API alone
    client.get("/login/")
    client.credentials(HTTP_X_CSRFTOKEN=client.cookies["csrftoken"].value)
    return client


def links(text: str) -> str:
    """The path of the one link in a mail."""
    (path,) = re.findall(r"http://testserver(/\S+/\S+/)\s", text)
    return str(path)
