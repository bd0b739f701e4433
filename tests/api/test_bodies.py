"""Bodies that are no GraphQL request: refused with a 4xx, whatever they are."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from dupi.resources import Resources
from tests.support.web import Caller, app_over, caller


@pytest.fixture
async def anyone(resources: Resources) -> AsyncIterator[Caller]:
    """Nothing here reaches the store, so it is left as it is."""
    async with caller(app_over(resources)) as someone:
        yield someone


QUERY = "{ conditions { name } }"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b'"x"',
        b"1",
        b"null",
        b"[]",
        b"true",
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[" * 20_000,
        b'{"a":' * 20_000,
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 5}',
        b'{"query": ["{ viewer { id } }"]}',
        b'{"query": "{ viewer { id } }", "variables": []}',
        b'{"query": "{ viewer { id } }", "variables": "x"}',
        b'{"query": "{ viewer { id } }", "operationName": 5}',
        b'{"query": "query A { viewer { id } }", "operationName": "B"}',
        b'{"query": "fragment F on Query { viewer { id } }"}',
        b'{"query": "{ viewer { id } }", "extensions": []}',
        b'{"query": "{ viewer { id } }", "variables": {"a": NaN}}',
        b'{"query": "{ viewer { id } }", "variables": {"a": "\\ud800"}}',
        b'{"query": "{ viewer { id } }", "variables": {"a": ' + b"9" * 5000 + b"}}",
        b'[{"query": "{ viewer { id } }"}, {"query": "{ viewer { id } }"}]',
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_malformed_body_is_refused(anyone: Caller, body: bytes) -> None:
    response = await anyone.http.post("/graphql", content=body, headers=JSON)
    assert response.status_code == 400, response.text
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_INVALID"
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]


async def test_one_of_two_operations_must_be_named(anyone: Caller) -> None:
    two = "query A { viewer { id } } query B { viewer { id } }"
    assert await anyone.code(two) == "GRAPHQL_INVALID"
    response = await anyone.post({"query": two, "operationName": "B"})
    assert response.json() == {"data": {"viewer": None}}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "x"])
async def test_another_content_type_is_refused(anyone: Caller, kind: str) -> None:
    body = json.dumps({"query": QUERY})
    response = await anyone.http.post("/graphql", content=body, headers={"Content-Type": kind})
    assert response.status_code == 415


async def test_a_pair_of_surrogates_is_a_character(anyone: Caller) -> None:
    body = b'{"query": "{ viewer { id } }", "variables": {"a": "\\ud83d\\ude00"}}'
    response = await anyone.http.post("/graphql", content=body, headers=JSON)
    assert response.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_and_get(anyone: Caller, method: str) -> None:
    response = await anyone.http.request(method, "/graphql", json={"query": QUERY})
    assert response.status_code == 405


async def test_no_operation_by_get(anyone: Caller) -> None:
    response = await anyone.http.get("/graphql", params={"query": QUERY})
    assert response.status_code == 405


BROWSER = {"Accept": "text/html"}


async def test_graphiql_for_browsers(anyone: Caller) -> None:
    response = await anyone.http.get("/graphql", headers=BROWSER)
    assert response.status_code == 200
    assert "graphiql" in response.text.lower()


async def test_graphiql_may_load_what_is_pinned_and_nothing_else(anyone: Caller) -> None:
    response = await anyone.http.get("/graphql", headers=BROWSER)
    loaded = re.findall(r"<(?:script|link)[^>]*(?:src|href)=\"http[^>]*>", response.text)
    assert loaded
    for tag in loaded:
        assert re.search(r"https://unpkg.com/\S+@\d+\.\d+\.\d+/", tag), tag
        assert 'integrity="sha384-' in tag, tag
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy.split("script-src")[1].split(";")[0]
    for script in re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


@pytest.mark.parametrize(
    ("host", "given", "status"),
    [("0.0.0.0", None, 404), ("0.0.0.0", True, 200), ("127.0.0.1", False, 404)],  # noqa: S104
)
async def test_graphiql_only_where_it_is_wanted(
    resources: Resources, host: str, given: bool | None, status: int
) -> None:
    api = resources.settings.api.model_copy(update={"graphiql": given})
    settings = resources.settings.model_copy(update={"api": api, "host": host})
    async with caller(app_over(replace(resources, settings=settings))) as someone:
        response = await someone.http.get("/graphql", headers=BROWSER)
        assert response.status_code == status


async def test_a_large_body_is_refused_by_what_it_announces(anyone: Caller) -> None:
    response = await anyone.post({"query": QUERY, "variables": {"a": "x" * 1_000_000}})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["limit"] == "body"


async def test_a_large_body_is_refused_while_it_comes(anyone: Caller) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 10_000

    response = await anyone.http.post("/graphql", content=endless(), headers=JSON)
    assert response.status_code == 413
    assert sent < 100


@pytest.mark.parametrize("length", ["-1", "x", "9" * 40])
async def test_a_nonsense_length_is_refused(anyone: Caller, length: str) -> None:
    headers = JSON | {"Content-Length": length}
    response = await anyone.http.post("/graphql", content=b"{}", headers=headers)
    assert response.status_code == 413


async def test_what_raises_is_masked_and_logged(
    anyone: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.accounts.queries.consents", None)
    response = await anyone.post({"query": "{ consentDocuments { kind } }"})
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert "NoneType" not in response.text
    assert error["path"] == ["consentDocuments"]
