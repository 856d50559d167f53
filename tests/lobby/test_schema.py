"""The API's description: valid, complete, and true of what is answered."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from lobby.api import urls
from lobby.codes import ApiCode
from lobby.services.accounts import guest_create
from lobby.services.lobbies import lobby_start
from lobby.services.ratings import ratings_sweep
from tests.lobby.kit import api, finish, lobby_of, match_of, people, person, rated_match

METHODS = ("get", "post", "patch", "put", "delete")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return dict(SchemaGenerator().get_schema(request=None, public=True))


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def strict(node: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON schema; objects have nothing that it does not name."""
    if isinstance(node, list):
        return [strict(part) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: strict(part) for key, part in node.items() if key != "nullable"}
    if found.get("type") == "object" and "properties" in found:
        found.setdefault("additionalProperties", False)
    return {"anyOf": [found, {"type": "null"}]} if node.get("nullable") else found


def conform(schema: dict[str, Any], method: str, path: str, answer: Any) -> None:
    """Fails unless this answer is as the schema says of that status."""
    described = schema["paths"][path][method]["responses"][str(answer.status_code)]
    if "content" not in described:
        assert not answer.content
        return
    wanted = strict(described["content"]["application/json"]["schema"])
    jsonschema.validate(answer.json(), wanted | {"components": strict(schema["components"])})


def test_the_schema_is_valid_and_nothing_in_it_is_guessed() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_path_is_described(schema: dict[str, Any]) -> None:
    named = [path for path in urls.urlpatterns if getattr(path, "name", None)]
    assert len(schema["paths"]) == len(named) > 15


def test_every_refusal_has_the_one_shape(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        for status, answer in operation["responses"].items():
            if status >= "400":
                shape = answer["content"]["application/json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/ErrorOut"}, (path, method, status)
        assert "429" in operation["responses"], (path, method)


def test_what_takes_a_body_says_how_it_is_refused(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= set(operation["responses"]), (path, method)


def test_every_code_is_documented(schema: dict[str, Any]) -> None:
    text = str(schema["paths"])
    for code in set(ApiCode) - {
        ApiCode.METHOD_NOT_ALLOWED,  # of no described method
        ApiCode.INTERNAL,  # promised by nobody
        ApiCode.TOO_MANY_TALKS,  # of sockets alone
        ApiCode.PERMISSION_DENIED,  # of permissions that nothing here asks for yet
    }:
        assert f"`{code.value}`" in text, code


def test_a_list_of_lobbies_names_its_filters(schema: dict[str, Any]) -> None:
    asked = {
        parameter["name"]: parameter["schema"]
        for parameter in schema["paths"]["/api/lobbies/"]["get"]["parameters"]
    }
    assert set(asked) == {
        "mine", "page", "page_size", "rated", "rating_max", "rating_min", "seats_free", "settings",
        "state", "title",
    }  # fmt: skip
    assert set(asked["state"]["enum"]) == {"open", "playing"}


@pytest.mark.django_db
def test_answers_are_as_the_schema_says(schema: dict[str, Any]) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob, settings={"minutes": 3})
    over, on = match_of(ann, bob), match_of(ann, bob)
    finish(over, [1], [0])
    for _ in range(20):  # enough for a place on the leaderboard
        finish(rated_match(ann, bob), [1], [0])
    ratings_sweep()
    client, at_lobby, at_match = api(ann), "/api/lobbies/{lobby_id}/", "/api/matches/{match_id}/"
    new = {"username": "Otter", "password": "correct horse"}

    def ask(method: str, path: str, body: Any = None, *, who: Any = client, **ids: Any) -> None:
        answer = getattr(who, method)(path.format(**ids), body)
        conform(schema, method, path, answer)
        assert answer.status_code < 400, answer.content

    for name, body in (("guest", {}), ("register", new), ("login", new)):
        ask("post", f"/api/auth/{name}/", body, who=api())
    ask("get", "/api/me/")
    ask("patch", "/api/me/", {"display_name": "Ann"})
    ask("get", "/api/titles/")
    ask("get", "/api/titles/{title}/", title="arena")
    ask("get", "/api/lobbies/")
    ask("get", "/api/matchmaking/tickets/")
    query = {"level": {"min": 1, "max": 3}, "region": {"in": ["eu"]}}
    wish = {"title": "chess", "properties": {"level": 2, "region": "eu"}, "query": query}
    ask("post", "/api/matchmaking/tickets/", wish)
    (ticket,) = ann.waits.all()
    ask("get", "/api/matchmaking/tickets/{ticket_id}/", ticket_id=ticket.ticket_id)
    ask("delete", "/api/matchmaking/tickets/{ticket_id}/", ticket_id=ticket.ticket_id)
    ask("post", "/api/lobbies/", {"title": "arena"})
    ask("post", "/api/lobbies/join/", {"code": lobby.code})
    ask("get", at_lobby, lobby_id=lobby.id)
    ask("get", at_lobby, lobby_id=lobby.id, who=api())
    ask("patch", at_lobby, {"bots": 1}, lobby_id=lobby.id)
    ask("post", at_lobby + "join/", {}, lobby_id=lobby.id)
    ask("post", at_lobby + "ready/", {"ready": True}, lobby_id=lobby.id)
    ask("post", at_lobby + "seat/", {"seat": 1}, lobby_id=lobby.id)
    ask("post", at_lobby + "kick/", {"user": bob.id}, lobby_id=lobby.id)
    ask("get", at_lobby + "barred/", lobby_id=lobby.id)
    ask("post", at_lobby + "unban/", {"user": bob.id}, lobby_id=lobby.id)
    ask("post", at_lobby + "start/", {}, lobby_id=lobby.id)
    ask("get", at_lobby, lobby_id=lobby.id)
    ask("post", at_lobby + "leave/", {}, lobby_id=lobby.id)
    ask("get", "/api/matches/")
    ask("get", at_match, match_id=on.id)
    ask("get", at_match + "result/", match_id=over.id)
    ask("get", "/api/leaderboards/")
    ask("get", "/api/leaderboards/{title}/", title="chess")
    ask("get", "/api/players/{user_id}/matches/", user_id=ann.id)
    ask("get", "/api/players/{user_id}/ratings/", user_id=ann.id)
    ask("post", at_match + "ticket/", {}, match_id=on.id)
    ask("post", at_match + "ticket/", {"spectate": True}, match_id=on.id, who=api(person("Eve")))
    ask_people(ask, ann, bob)
    ask("post", "/api/auth/logout/", {})


def ask_people(ask: Any, ann: Any, bob: Any) -> None:
    """What there is about people, where there is one of each."""
    dan = person("Dan")
    api(dan).post(f"/api/people/{ann.id}/request/")
    of_bob, talk = {"user_id": bob.id}, f"direct:{ann.id}-{bob.id}"
    ask("post", "/api/people/{user_id}/request/", **of_bob)
    ask("get", "/api/friends/requests/")
    ask("get", "/api/friends/requests/sent/")
    ask("post", "/api/people/{user_id}/accept/", who=api(bob), user_id=ann.id)
    ask("get", "/api/people/{user_id}/", **of_bob)
    ask("post", "/api/people/find/", {"username": bob.username})
    ask("get", "/api/friends/")
    ask("post", "/api/chat/{talk}/", {"text": "Hello"}, talk=talk)
    ask("get", "/api/chat/{talk}/", talk=talk)
    said = {"talk": talk, "number": 1, "reason": "Rude"}
    ask("post", "/api/reports/message/", said, who=api(bob))
    ask("post", "/api/reports/player/", {"user": bob.id, "reason": "Slow"})
    match = str(match_of(ann).id)
    ask("post", "/api/reports/match/", {"match": match, "reason": "Odd"})
    at = f"/api/lobbies/{lobby_of(ann, title='arena').id}"
    made = api(ann).post(f"{at}/invitations/").json()
    ids = {"lobby_id": made["path"] and at.split("/")[3]}
    ask("post", "/api/lobbies/{lobby_id}/invitations/", {}, **ids)
    ask("post", "/api/lobbies/{lobby_id}/invite/", {"user": bob.id}, **ids)
    ask("get", "/api/lobbies/{lobby_id}/invitations/", **ids)
    ask("get", "/api/invitations/{token}/", who=api(), token=made["token"])
    ask("post", "/api/invitations/{token}/accept/", who=api(dan), token=made["token"])
    ask("post", "/api/party/invite/", {"user": bob.id})
    ask("get", "/api/party/", who=api(bob))
    ask("get", "/api/party/")
    ask("post", "/api/party/lobby/", {"lobby": ids["lobby_id"]})
    for what in ("mute", "unmute", "unfriend", "block", "unblock", "decline"):
        ask("post", f"/api/people/{{user_id}}/{what}/", **of_bob)
    ask("post", "/api/people/{user_id}/mute/", **of_bob)
    ask("get", "/api/blocks/")
    ask("get", "/api/notices/")
    ask("post", "/api/notices/read/", {"up_to": 0})


@pytest.mark.django_db
def test_answers_about_accounts_are_as_the_schema_says(schema: dict[str, Any]) -> None:
    guest, other = api(guest_create()), api(guest_create())
    new = {"username": "Otter", "password": "correct horse"}

    def ask(method: str, path: str, body: Any = None, *, who: Any = guest, **ids: Any) -> Any:
        answer = getattr(who, method)(path.format(**ids), body)
        conform(schema, method, path, answer)
        return answer

    assert ask("post", "/api/me/upgrade/", new).status_code == 200
    ask("post", "/api/me/upgrade/", new)
    ask("post", "/api/me/upgrade/", new, who=other)
    ask("post", "/api/me/email/", {"email": "o@example.org", "password": "wrong"})
    assert ask("post", "/api/me/email/", {"email": "o@example.org"}).status_code == 202
    ask("post", "/api/me/email/again/")
    ask("post", "/api/auth/email/verify/", {"key": "x"}, who=api())
    ask("post", "/api/auth/reset/", {"email": "o@example.org"}, who=api())
    ask("post", "/api/auth/reset/confirm/", {"uid": "x", "token": "y", "password": "z"}, who=api())
    ask("post", "/api/me/password/", {"old_password": "x", "new_password": "y"})
    ask("get", "/api/auth/external/", who=api())
    ask("get", "/api/me/external/")
    ask("delete", "/api/me/external/{identity}/", identity=1)
    (mine,) = ask("get", "/api/me/sessions/").json()["results"]
    assert ask("get", "/api/me/export/").status_code == 200
    assert ask("delete", "/api/me/sessions/").json() == {"ended": 0}
    ask("delete", "/api/me/sessions/{grant}/", grant="nothing")
    assert ask("delete", "/api/me/sessions/{grant}/", grant=mine["id"]).status_code == 204
    ask("post", "/api/me/delete/", {})
    assert ask("post", "/api/me/delete/", {}, who=other).status_code == 204


@pytest.mark.django_db
def test_refusals_are_as_the_schema_says(schema: dict[str, Any]) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann)
    path = "/api/lobbies/{lobby_id}/start/"
    for who in (api(), api(bob), api(ann)):
        answer = who.post(path.format(lobby_id=lobby.id), {})
        assert answer.status_code >= 400
        conform(schema, "post", path, answer)
    alone = lobby_of(ann, title="arena")
    lobby_start(lobby_id=alone.id, user=ann)
    conform(schema, "post", path, api(ann).post(path.format(lobby_id=alone.id), {}))
