"""Whatever is sent to the API is answered as its description says, and never by an accident.

Schemathesis draws requests from the description: some as it says, some against it. Half of them
point at what is really there, or nearly all would be answered that there is no such thing. They
come from programs, which show a token, and from pages, which have a session: with the CSRF token
that it takes to write, and without.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Any

import pytest
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as drawing
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from lobby.models.accounts import User
from lobby.services.accounts import guest_create
from tests.lobby.kit import (
    api,
    browser,
    finish,
    lobby_of,
    match_of,
    person,
    rated_match,
    refused,
)

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

EXAMPLES = int(os.environ.get("HYPOTHESIS_DRAWS", "0")) * 100 or 6
"""Requests for each operation; so many hundred as ``HYPOTHESIS_DRAWS`` says."""

DESCRIPTION = from_dict(SchemaGenerator().get_schema(request=None, public=True))
DESCRIPTION.app = get_wsgi_application()


def subject_of(label: str) -> str:
    """``people`` of ``GET /api/people/{user_id}/``."""
    return label.split("/")[2]


OPERATIONS = {found.ok().label: found.ok() for found in DESCRIPTION.get_all_operations()}

SUBJECTS = sorted(set(map(subject_of, OPERATIONS)))
"""A test for each: what is around the people takes longer to make than all that is asked."""


@dataclass
class Caller:
    """How somebody asks."""

    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def client(self) -> APIClient:
        client = api()
        for name, value in self.cookies.items():
            client.cookies[name] = value
        client.credentials(
            **{
                f"HTTP_{name.upper().replace('-', '_')}": each
                for name, each in self.headers.items()
            }
        )
        return client


@dataclass
class World:
    """People who have some of everything, and what they are called by in paths and bodies."""

    callers: dict[str, Caller] = field(default_factory=dict)
    known: dict[str, list[Any]] = field(default_factory=dict)


def program(client: APIClient) -> Caller:
    """With the token of this one."""
    return Caller({"Authorization": client._credentials["HTTP_AUTHORIZATION"]})


def page(user: User | None, *, writes: bool = True) -> Caller:
    """With a session, or as a visitor; and with the CSRF token, or without."""
    client = browser(user)
    token = {"X-CSRFToken": client._credentials["HTTP_X_CSRFTOKEN"]}
    cookies = {name: each.value for name, each in client.cookies.items()}
    return Caller(token if writes else {}, cookies)


@pytest.fixture
def world(settings: Any) -> Iterator[World]:
    """Ann has a friend, a party, lobbies, matches, a ticket, messages and notices; nobody is
    throttled."""
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {}}
    ann, bob, dan = (person(name, password="correct horse") for name in ("Ann", "Bob", "Dan"))
    guest, talk = guest_create(), f"direct:{ann.id}-{bob.id}"
    by = {user.id: api(user) for user in (ann, bob, dan, guest)}
    own, joined = lobby_of(ann, bob), lobby_of(bob, ann, guest, title="arena")
    on, over, rated = match_of(ann, bob), match_of(ann, guest), rated_match(ann, bob)
    finish(over, [1], [0])
    finish(rated, [0], [1])

    def ask(user: Any, path: str, body: Any = None) -> Any:
        answer = by[user.id].post(f"/api/{path}/", body or {})
        assert answer.status_code < 300, answer.content
        return answer.json() if answer.content else None

    ask(ann, f"people/{bob.id}/request")
    ask(bob, f"people/{ann.id}/accept")
    ask(dan, f"people/{ann.id}/request")
    ask(ann, f"chat/{talk}", {"text": "Hello"})
    ask(bob, f"chat/{talk}", {"text": "Hello you"})
    ask(bob, "party/invite", {"user": ann.id})
    ask(ann, "matchmaking/tickets", {"title": "arena", "properties": {"level": 2}})
    invitation = ask(ann, f"lobbies/{own.id}/invitations")
    ticket = ann.waits.get().ticket_id
    party = by[bob.id].get("/api/party/").json()["party"]["id"]
    callers = {
        "account": program(by[ann.id]),
        "guest": program(by[guest.id]),
        "nobody": Caller(),
        "page": page(ann),
        "page of a guest": page(guest),
        "page of nobody": page(None),
        "page that may only read": page(ann, writes=False),
    }
    # A request does not end the transaction that its test is in; Django's own client sees to that
    # while it asks, and only then.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    people_ids = [ann.id, bob.id, dan.id, guest.id]
    yield World(
        callers=callers,
        known={
            "user_id": people_ids,
            "user": people_ids,
            "lobby_id": [own.id, joined.id],
            "lobby": [str(own.id), str(joined.id)],
            "match_id": [on.id, over.id, rated.id],
            "match": [str(on.id), str(over.id), str(rated.id)],
            "ticket_id": [ticket],
            "party": [party],
            "talk": [talk, f"lobby:{own.id}", f"match:{on.id}"],
            "token": [invitation["token"]],
            "title": ["chess", "arena", "roshambo"],
            "code": [own.code, joined.code],
            "username": [bob.username],
            "password": ["correct horse"],
            "season": ["always"],
        },
    )
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def test_every_operation_is_asked() -> None:
    assert len(OPERATIONS) > 70


@pytest.mark.parametrize("subject", SUBJECTS)
def test_whatever_is_asked_is_answered_as_described(subject: str, world: World) -> None:
    for label, operation in OPERATIONS.items():
        if subject_of(label) == subject:
            ask_all(operation, world)


def ask_all(operation: APIOperation, world: World) -> None:
    """Draws requests for this operation and has each answered in a world as it was before."""
    kinds = st.sampled_from(sorted(world.callers)), st.booleans(), st.integers(0, 999)

    @drawing(
        max_examples=EXAMPLES,
        phases=[Phase.generate],  # each is small; to shrink it would cost more than it tells
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn(operation), *kinds)
    def ask(case: Case, who: str, pointed: bool, which: int) -> None:
        if pointed:
            point(case, world, which)
        cache.clear()
        with transaction.atomic():
            caller = world.callers[who]
            answer = case.call(headers=caller.headers, cookies=caller.cookies)
            transaction.set_rollback(True)
        # A path that was drawn wrong is right as soon as it points somewhere. In a query, what is
        # empty counts as not named, as forms send it, and of what is named twice the last counts.
        query = (case.query or {}).values()
        mended = pointed or any(value == "" or isinstance(value, list) for value in query)
        left_out = [negative_data_rejection] if mended else []
        case.validate_response(answer, checks=CHECKS, excluded_checks=left_out)

    ask()


NASTY: dict[str, list[Any]] = {
    "integer": [2**31, 2**63, -(2**63) - 1, 10**400, 1.5, "1", True, None, [], {}],
    "boolean": ["true", 1, None, [], {}],
    "string": ["", "\0", "a\0b", "\udc80", "\U0010ffff", "x" * 60_000, 1, True, None, [], {}],
    "object": [[], "x", None, {"": 1}, {"\0": "\0"}, {"a": {"b": [10**30]}}, {"x" * 9000: {}}],
}
"""What has broken programs before, in the place of each kind of value."""

IN_ADDRESSES: dict[str, list[str]] = {
    "integer": ["0", "-1", str(2**31), str(2**63), "9" * 400, "9" * 5000, "1.5", "%00", "%D9%A3"],
    "number": ["-0", "1e999", "1e-999", "nan", "inf", "-1", "9" * 400, "%00", "%FF"],
    "boolean": ["2", "%00", "maybe"],
    "string": ["%00", "a%00b", "%FF", "%ED%B2%80", "%F4%8F%BF%BF", "x" * 5000, "..", "a%0D%0Ab"],
}
"""The same in paths and queries, as they come over the wire."""


def test_what_has_broken_programs_before_breaks_nothing(world: World) -> None:
    clients = cycle(world.callers[who].client() for who in ("account", "page"))
    wrong = []
    for (label, address, body), client in zip(nasty(world), clients, strict=False):
        method = label.split()[0]
        documented = OPERATIONS[label].definition.raw["responses"]
        cache.clear()
        with transaction.atomic():
            sent = None if body is None else json.dumps(body)
            answer = client.generic(method, address, sent or "", content_type="application/json")
            transaction.set_rollback(True)
        if str(answer.status_code) not in documented or answer.status_code >= 500:
            wrong.append((label, address[:200], str(body)[:200], answer.status_code))
    assert wrong == []


WRITES = [label for label in OPERATIONS if not label.startswith("GET ")]

BY_OTHER_MEANS = {f"POST /api/auth/{what}/" for what in ("email/verify", "reset", "reset/confirm")}
"""They go by the key of a mail, or send one, whoever is signed in on the page."""


def test_what_a_page_writes_takes_a_csrf_token_with_few_exceptions() -> None:
    documented = {label for label in WRITES if "`csrf_failed`" in str(refusals_of(label))}
    assert set(WRITES) - documented == BY_OTHER_MEANS
    assert len(documented) > 40


def refusals_of(label: str) -> Any:
    return OPERATIONS[label].definition.raw["responses"].get("403")


@pytest.mark.parametrize("token", [None, "", "x" * 32, "x" * 64, "\xff", "0" * 5000])
def test_no_page_writes_without_its_csrf_token(token: str | None, world: World) -> None:
    caller = world.callers["page"]
    caller.headers = {} if token is None else {"X-CSRFToken": token}
    client = caller.client()
    for label in set(WRITES) - BY_OTHER_MEANS:
        method, path = label.split()
        address = re.sub(r"\{(\w+)\}", partial(put, known_once(world)), path)
        shape = shape_of(OPERATIONS[label].definition.raw)
        begins = {"session": True} if "session" in (shape or {}).get("properties", {}) else {}
        body = json.dumps(usual_body(shape, world) | begins) if shape else ""
        answer = client.generic(method, address, body, content_type="application/json")
        assert refused(answer, 403, "csrf_failed"), label


def nasty(world: World) -> Iterator[tuple[str, str, Any]]:
    """Operation, address and body of requests with one thing wrong in each."""
    for label, operation in OPERATIONS.items():
        path = label.split()[1]
        raw = operation.definition.raw
        known = known_once(world)
        usual = re.sub(r"\{(\w+)\}", partial(put, known), path)
        shape = shape_of(raw)
        body = None if shape is None else usual_body(shape, world)
        for parameter in raw.get("parameters", []):
            name, kind = parameter["name"], parameter["schema"].get("type", "string")
            if parameter["schema"].get("format") == "uuid":
                continue
            for value in IN_ADDRESSES[kind]:
                if parameter["in"] == "query":
                    yield label, f"{usual}?{name}={value}", body
                else:
                    others = {**known, name: value}
                    yield label, re.sub(r"\{(\w+)\}", partial(put, others), path), body
        for name, field_shape in (shape or {}).get("properties", {}).items():
            for value in NASTY[field_shape.get("type", "string")]:
                yield label, usual, {**(body or {}), name: value}


def known_once(world: World) -> dict[str, str]:
    return {name: str(values[0]) for name, values in world.known.items()}


def put(values: dict[str, str], found: re.Match[str]) -> str:
    return values.get(found[1], "1")


def shape_of(raw: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the body, if there is one."""
    if "requestBody" not in raw:
        return None
    reference = raw["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return dict(DESCRIPTION.raw_schema["components"]["schemas"][reference.split("/")[-1]])


def usual_body(shape: dict[str, Any], world: World) -> dict[str, Any]:
    """With what is required, and nothing wrong in it."""
    some = {"integer": 1, "boolean": True, "string": "x", "object": {}}
    kinds = {name: at.get("type", "string") for name, at in shape["properties"].items()}
    return {
        name: world.known[name][0] if name in world.known else some[kinds[name]]
        for name in shape.get("required", [])
    }


def drawn(operation: APIOperation) -> st.SearchStrategy[Case]:
    """Requests as the description says, and against it where it forbids anything."""
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if operation.body or operation.path_parameters or operation.query:
        return st.one_of(good, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return good


def point(case: Case, world: World, which: int) -> None:
    """Lets it be about what is there, in its path and in the fields of a body that is an object."""
    parts = [case.path_parameters]
    if isinstance(case.body, dict) and case.meta.generation.mode.is_positive:
        parts.append(case.body)
    for part in parts:
        for name in set(part or ()) & set(world.known):
            part[name] = world.known[name][which % len(world.known[name])]
