"""Whatever comes through a door: a coded answer, never a 500, and the next request is served."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.abuse.documents import documents
from tests.abuse.raw import assert_alive
from tests.support.patience import HANGS_AFTER_S
from tests.support.web import PASSWORD, Caller, socket

CLOSINGS = {None, 1000, 1002, 1007, 1009, 4400, 4401, 4403, 4406, 4408, 4409, 4429}
fuzzed = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
queries = documents() | st.text(max_size=60) | st.sampled_from(["{ viewer { id } }", "{"])
bodies = values | st.fixed_dictionaries(
    {"query": queries | values},
    optional={
        "variables": values | st.fixed_dictionaries({"v": values}),
        "operationName": values | st.sampled_from(["Q0", "Q1"]),
        "extensions": values,
    },
)
frames = st.fixed_dictionaries(
    {"type": st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete"])},
    optional={
        "id": st.sampled_from(["1", "2"]) | values,
        "payload": st.fixed_dictionaries({"query": queries}) | values,
    },
)


def check_coded(answer: Any) -> None:
    """An answer in the shape of GraphQL, each error with a code and the request's id."""
    assert set(answer) <= {"data", "errors", "extensions"}, answer
    for error in answer.get("errors", []):
        assert error["extensions"]["code"] != "INTERNAL", answer
        assert error["extensions"]["requestId"], answer


async def check(response: httpx.Response, who: Caller, allowed: set[int]) -> None:
    """An expected, coded answer. Who logged out, by chance, comes in again."""
    check_coded(response.json())
    if response.status_code == 401:
        known = {"email": "mina@example.com", "password": PASSWORD}
        who.token = None
        who.token = (await who.run("LogIn", input=known))["tokens"]["accessToken"]
    else:
        assert response.status_code in allowed, response.text


@fuzzed
@given(body=bodies)
async def test_bodies(mina: Caller, body: Any) -> None:
    headers = mina.authorised() | {"Content-Type": "application/json"}
    content = json.dumps(body).encode()
    response = await mina.http.post("/graphql", content=content, headers=headers)
    await check(response, mina, {200, 400})


@fuzzed
@given(document=documents())
async def test_documents(mina: Caller, document: str) -> None:
    await check(await mina.post({"query": document}), mina, {200, 400})


@fuzzed
@given(
    data=st.binary(max_size=200),
    kind=st.sampled_from(["application/json", "multipart/form-data; boundary=b", "text/x"]),
)
async def test_bytes(mina: Caller, data: bytes, kind: str) -> None:
    headers = mina.authorised() | {"Content-Type": kind}
    response = await mina.http.post("/graphql", content=data, headers=headers)
    await check(response, mina, {400, 415})


@settings(fuzzed, max_examples=60)
@given(sent=st.lists(frames | values | st.binary(max_size=30), max_size=6), signed_in=st.booleans())
async def test_frames(
    web: str, mina: Caller, caplog: pytest.LogCaptureFixture, sent: list[Any], signed_in: bool
) -> None:
    async with socket(web) as wire:
        if signed_in:
            await wire.initialise(mina.token)
        try:
            for one in sent:
                await wire.send(one if isinstance(one, bytes) else json.dumps(one))
            await wire.send({"type": "ping"})
            async with asyncio.timeout(HANGS_AFTER_S):
                while (frame := json.loads(await wire.wire.recv()))["type"] != "pong":
                    _check_frame(frame)
        except ConnectionClosed:
            pass
        await wire.wire.close()
    assert wire.wire.close_code in CLOSINGS
    assert not [
        r for r in caplog.records if r.name.startswith("uvicorn") and r.levelname == "ERROR"
    ]


def _check_frame(frame: Any) -> None:
    if frame["type"] == "error":
        check_coded({"errors": frame["payload"]})
    elif frame["type"] == "next":
        check_coded(frame["payload"])


async def test_after_all_of_it_the_next_request_is_served(web: str) -> None:
    await assert_alive(web)
