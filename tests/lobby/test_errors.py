"""Everything that goes wrong is answered in one shape."""

import json
import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from rest_framework import exceptions

from lobby.api.errors import exception_handler
from lobby.api.views import accounts
from lobby.codes import ANSWERS, ApiCode
from lobby.limits import BODY_BYTES_MAX
from tests.lobby.kit import api, code_of, fields_of, person, refused

pytestmark = pytest.mark.django_db


def test_every_code_has_a_status_and_a_sentence() -> None:
    assert set(ANSWERS) == set(ApiCode)
    for status, message in ANSWERS.values():
        assert 400 <= status <= 503
        assert message.endswith((".", "json."))


@pytest.mark.parametrize(
    "path",
    ["", "nothing/", "me", "titles", "lobbies/1/", "lobbies/x/join/", "matches/../", "titles/a/b/"],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_path_that_leads_nowhere_is_not_found(path: str, method: str) -> None:
    assert refused(getattr(api(), method)(f"/api/{path}"), 404, "not_found")


def test_a_method_that_a_path_does_not_take_is_named_so() -> None:
    client = api(person())
    assert refused(client.delete("/api/me/"), 405, "method_not_allowed")
    assert refused(client.get("/api/auth/guest/"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'title': 1}",
        b'{"title": NaN}',
        b'{"title": 1e999}',
        b'{"title": "\xff"}',
        b'{"title": "\\ud800"}',
        b"[" * 20_000 + b"]" * 20_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
def test_a_body_that_is_no_json_is_malformed(body: bytes) -> None:
    answer = api().post("/api/auth/guest/", body, content_type="application/json")
    assert refused(answer, 400, "malformed")


@pytest.mark.parametrize("body", ["[]", '"a"', "1", "[1, 2]", "true"])
def test_a_body_that_is_no_object_is_invalid(body: str) -> None:
    answer = api().post("/api/auth/login/", body, content_type="application/json")
    assert fields_of(answer)


def test_a_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    def ask(size: int) -> Any:
        body = b"{}" + b" " * (size - 2)
        return api().post("/api/auth/guest/", body, content_type="application/json")

    assert ask(BODY_BYTES_MAX).status_code == 201
    assert refused(ask(BODY_BYTES_MAX + 1), 413, "too_large")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_only_json_is_taken(kind: str) -> None:
    answer = api().post("/api/auth/guest/", b"session=true", content_type=kind)
    assert refused(answer, 415, "unsupported_media_type")


def test_only_json_is_given() -> None:
    assert refused(api().get("/api/titles/", HTTP_ACCEPT="image/png"), 406, "not_acceptable")


def test_the_charset_of_a_body_is_not_believed() -> None:
    answer = api().post("/api/auth/guest/", b"{}", content_type="application/json; charset=bz2")
    assert answer.status_code == 201


def test_fields_are_named_however_deep_they_are() -> None:
    body = {"title": "arena", "settings": {"length_s": 5}}
    fields = fields_of(api(person()).post("/api/lobbies/", body))
    assert fields == {"settings.length_s": ["Expected `int` >= 60"]}


def test_an_unknown_field_is_named() -> None:
    assert fields_of(api().post("/api/auth/guest/", {"sesion": True})) == {
        "sesion": ["There is no such field."]
    }


def test_what_nobody_foresaw_is_internal_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(user: Any) -> Any:
        raise ZeroDivisionError("the secret")

    client = api(person())
    monkeypatch.setattr(accounts, "me_shown", broken)
    with caplog.at_level(logging.ERROR, logger="lobby.api.errors"):
        answer = client.get("/api/me/")
    assert refused(answer, 500, "internal")
    assert "secret" not in json.dumps(answer.json())
    assert "ZeroDivisionError: the secret" in caplog.text


@pytest.mark.parametrize("error", [PermissionDenied("x"), exceptions.PermissionDenied("x")])
def test_what_is_not_allowed_is_named_so(error: Exception) -> None:
    answer = exception_handler(error, {})
    assert answer.status_code == 403
    assert answer.data["error"]["code"] == "permission_denied"


def test_a_page_of_a_list_that_does_not_exist_is_not_found() -> None:
    assert refused(api().get("/api/lobbies/?page=99"), 404, "not_found")
    assert refused(api().get("/api/lobbies/?page=x"), 404, "not_found")


@pytest.mark.parametrize("size", ["x", "0", "-1", "1.5", "true", "٣", "1_0", " 1", "%00"])
def test_a_size_of_pages_that_is_none_is_named_and_not_passed_over(size: str) -> None:
    assert set(fields_of(api().get(f"/api/lobbies/?page_size={size}"))) == {"page_size"}


def test_a_parameter_that_is_empty_is_as_if_it_was_not_there() -> None:
    assert api().get("/api/lobbies/?page_size=&page=&title=&rated=&mine=").status_code == 200


def test_there_is_no_page_by_the_name_of_last() -> None:
    assert refused(api().get("/api/lobbies/?page=last"), 404, "not_found")


@pytest.mark.parametrize("flag", ["1", "2", "yes", "-1", "maybe"])
def test_a_filter_that_is_neither_true_nor_false_is_named_and_not_passed_over(flag: str) -> None:
    client = api(person())
    assert set(fields_of(client.get(f"/api/lobbies/?rated={flag}"))) == {"rated"}
    assert set(fields_of(client.get(f"/api/notices/?unread={flag}"))) == {"unread"}


@pytest.mark.parametrize("flag", ["true", "yes", "", 1, 0, 0.5, [], {}, None])
def test_what_is_neither_true_nor_false_is_not_taken_for_either(flag: Any) -> None:
    assert set(fields_of(api().post("/api/auth/guest/", {"session": flag}))) == {"session"}


@pytest.mark.parametrize("number", ["1", "", True, 1.5, 1e300, [], {}, None])
def test_what_is_no_number_is_not_taken_for_one(number: Any) -> None:
    answer = api(person()).post("/api/party/invite/", {"user": number})
    assert set(fields_of(answer)) == {"user"}


@pytest.mark.parametrize("path", ["invite", "kick", "lead", "join", "decline"])
def test_an_id_that_no_row_can_have_is_refused(path: str) -> None:
    field = "party" if path in {"join", "decline"} else "user"
    client = api(person())
    for row in (-1, -(2**63) - 1):
        answer = client.post(f"/api/party/{path}/", {field: row})
        assert set(fields_of(answer)) == {field}
    assert client.post(f"/api/party/{path}/", {field: 2**64 - 1}).status_code < 500


def test_a_text_with_a_nul_is_invalid_and_nothing_worse() -> None:
    client = api(person())
    for body in ({"title": "che\x00ss"}, {"title": "chess", "name": "a\x00b"}):
        assert code_of(client.post("/api/lobbies/", body)) == "invalid"
    assert code_of(client.post("/api/lobbies/join/", {"code": "AB\x00"})) == "invalid"
    assert code_of(client.get("/api/lobbies/?title=che%00ss")) == "invalid"


def test_an_error_of_the_api_does_not_set_cookies() -> None:
    answer = Client().get("/api/me/")
    assert answer.status_code == 401
    assert not answer.cookies
