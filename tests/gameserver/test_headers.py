"""What the pages of a worker allow a browser, and what they serve without a CDN."""

import re

import pytest
from django.test import Client

STRICT = {
    "default-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def directives(response) -> dict[str, str]:
    header = response.headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/login/", "/healthz", "/admin/login/", "/api/titles/", "/nowhere"]
)
def test_pages_may_load_from_here_only_and_run_nothing_inline(client: Client, path: str):
    found = directives(client.get(path))
    assert found | STRICT == found
    assert not any("unsafe" in value for value in found.values())


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_docs_may_write_styles_but_run_nothing_inline(client: Client, path: str):
    response = client.get(path)
    assert response.status_code == 200
    found = directives(response)
    assert found | STRICT == found
    assert [name for name, value in found.items() if "unsafe" in value] == ["style-src"]
    assert not re.search(rb"<script(?![^>]*\ssrc=)", response.content), "an inline script"


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_docs_load_nothing_from_elsewhere(client: Client, path: str):
    addresses = re.findall(rb"(?:src|href)=\"([^\"]+)\"", client.get(path).content)
    assert addresses
    for address in addresses:
        assert re.match(rb"/[^/]", address), address
        if address.startswith(b"/static/"):
            assert client.get(address.decode()).status_code == 200, address


def test_healthz_answers_without_the_database(client: Client):
    # No django_db mark: pytest-django refuses any query.
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_static_file_is_served_whole_with_its_type(client: Client):
    response = client.get("/static/titles/roshambo/main.js")
    assert response.status_code == 200
    assert not response.streaming
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert int(response.headers["Content-Length"]) == len(response.content) > 0
    again = client.get(
        "/static/titles/roshambo/main.js",
        headers={"If-Modified-Since": response.headers["Last-Modified"]},
    )
    assert (again.status_code, again.content) == (304, b"")


def test_rules_of_a_title_are_not_served(client: Client):
    assert client.get("/static/titles/roshambo/../rules.py").status_code == 404
    assert client.get("/static/titles/roshambo/rules.py").status_code == 404
