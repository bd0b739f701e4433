"""Other people's ids answer byte for byte as ids that do not exist; no dict reaches a filter."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType
from starlette.applications import Starlette

from dupi.ids import new_id
from schema.relay import global_id
from schema.root import schema
from tests.api.test_routes import queued
from tests.support.web import SURVEY, Caller, caller, operation, socket

SAME_ID = {"X-Request-Id": "same"}
LIST = "query L($after: String) { viewer { photos(first: 5, after: $after) { edges { cursor } } } }"


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[Caller]:
    """Someone else, who consented too."""
    async with caller(app) as someone:
        await someone.sign_up("other@example.com")
        await someone.consent()
        yield someone


@pytest.fixture
async def foreign(mina: Caller, photo: bytes) -> dict[str, str]:
    """Ids of hers, by type."""
    analysis_id = await queued(mina, photo)
    viewer = await mina.run("Viewer")
    photos = (await mina.run("Photos"))["photos"]["edges"]
    return {
        "Analysis": analysis_id,
        "Photo": photos[0]["node"]["id"],
        "User": viewer["id"],
        "Session": viewer["sessions"][0]["id"],
        "Consent": viewer["consents"][0]["id"],
    }


def asked(identity: str) -> dict[str, dict[str, Any]]:
    """Everything that takes an id, with this one."""
    one = {"photoIds": [identity], "survey": SURVEY}
    return {
        "Node": {"id": identity},
        "Analysis": {"id": identity},
        "Changes": {"id": identity},
        "Report": {"id": identity},
        "DeletePhoto": {"input": {"photoId": identity}},
        "DeleteAnalysis": {"input": {"analysisId": identity}},
        "RequestAnalysis": {"input": one},
    }


async def answer(who: Caller, name: str, variables: dict[str, Any]) -> bytes:
    body = {"query": operation(name), "variables": variables}
    return (await who.post(body, **SAME_ID)).content


@pytest.mark.parametrize("name", sorted(asked("")))
async def test_anothers_id_is_as_one_that_does_not_exist(
    mina: Caller, other: Caller, foreign: dict[str, str], name: str
) -> None:
    for kind, identity in foreign.items():
        absent = await answer(other, name, asked(global_id(kind, new_id()))[name])
        assert await answer(other, name, asked(identity)[name]) == absent
    assert await mina.run("Analysis", id=foreign["Analysis"])  # nothing was deleted


async def test_anothers_analysis_cannot_be_followed(
    web: str, other: Caller, foreign: dict[str, str]
) -> None:
    body = {"query": operation("AnalysisProgress")}
    headers = {"Accept": "text/event-stream"} | SAME_ID
    told = []
    for identity in (foreign["Analysis"], global_id("Analysis", new_id())):
        sent = body | {"variables": {"id": identity}}
        told.append((await other.post(sent, **headers)).content)
    assert told[0] == told[1]
    assert b"NOT_FOUND" in told[0]
    async with socket(web, additional_headers=SAME_ID) as wire:
        await wire.initialise(other.token)
        frames = []
        for identity in (foreign["Analysis"], global_id("Analysis", new_id())):
            await wire.subscribe(body["query"], "1", id=identity)
            frames.append([await wire.receive(), await wire.receive()])
        assert frames[0] == frames[1]


async def test_anothers_cursor_shows_only_ones_own(
    mina: Caller, other: Caller, photo: bytes
) -> None:
    await mina.upload(photo)
    edges = (await mina.data(LIST))["viewer"]["photos"]["edges"]
    assert (await other.data(LIST, after=edges[0]["cursor"]))["viewer"]["photos"]["edges"] == []


async def test_anothers_url_is_nothing_without_its_signature(
    mina: Caller, other: Caller, photo: bytes
) -> None:
    hers = (await mina.upload(photo))["photo"]["url"].partition("?")
    own = (await other.upload(photo))["photo"]["url"].partition("?")
    absent = await other.http.get(own[0].replace("photos", "photoz") + "?" + own[2])
    for url in (hers[0] + "?" + own[2], hers[0], hers[0] + "?signature=&expires="):
        found = await other.http.get(url)
        assert (found.status_code, found.content) == (absent.status_code, absent.content)
        assert found.status_code == 404


OPERATORS: list[Any] = [{"$ne": ""}, {"$gt": ""}, {"$regex": ".*"}, ["x"], True, 1.5, None]


@pytest.mark.parametrize("value", OPERATORS, ids=str)
async def test_no_operator_reaches_a_filter(mina: Caller, value: Any) -> None:
    """Refused by type, by every text that comes from outside."""
    log_in = {"email": "mina@example.com", "password": "x" * 12}
    for name, variables in (
        ("LogIn", {"input": log_in | {"email": value}}),
        ("LogIn", {"input": log_in | {"password": value}}),
        ("Analysis", {"id": value}),
        ("Node", {"id": value}),
        ("DeletePhoto", {"input": {"photoId": value}}),
        ("AnalysisProgress", {"id": value}),
    ):
        response = await mina.post({"query": operation(name), "variables": variables})
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "GRAPHQL_INVALID", (name, response.text)


@pytest.mark.parametrize("text", ['{"$ne": ""}', ".*", "^mina", "mina@example.com|", "\\", "'--"])
async def test_a_pattern_is_a_text_like_any_other(mina: Caller, text: str) -> None:
    known = {"email": "mina@example.com", "password": "correct horse battery staple"}
    for changed in ("email", "password"):
        answered = await mina.run("LogIn", input=known | {changed: text})
        assert answered["__typename"] == "InvalidCredentialsError"
    spent = await mina.run("RefreshSession", input={"refreshToken": text})
    assert spent["__typename"] == "InvalidCredentialsError"
    assert await mina.code(LIST, after=text) == "INVALID_INPUT"
    assert await mina.run("Node", id=text) is None


@pytest.mark.parametrize("name", ["role", "ownerId", "userId", "likes", "id", "suspended", "sort"])
async def test_what_is_not_a_clients_is_in_no_input(anyone: Caller, name: str) -> None:
    inputs = [
        kind
        for kind in schema._schema.type_map.values()
        if isinstance(kind, GraphQLInputObjectType)
    ]
    assert inputs
    assert not [kind.name for kind in inputs if name in kind.fields]
    form = {"email": "x@example.com", "password": "x" * 12, "nickname": "미나", "birthYear": 1991}
    sent = {"query": operation("SignUp"), "variables": {"input": form | {name: "OPERATOR"}}}
    [error] = json.loads((await anyone.post(sent)).content)["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_INVALID"
