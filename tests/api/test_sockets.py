"""graphql-transport-ws on a real server: what closes a socket, and with which code."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from dupi.accounts import service as accounts
from dupi.analyses.models import AnalysisStatus, Finished, StatusChanged
from dupi.resources import Resources
from tests.abuse.raw import served_with
from tests.analyses.running import claimed
from tests.support.web import PASSWORD, SURVEY, Caller, caller, operation, socket

PROGRESS = operation("AnalysisProgress")


async def queued_analysis(mina: Caller, photo: bytes) -> str:
    uploaded = await mina.upload(photo)
    asked = {"photoIds": [uploaded["photo"]["id"]], "survey": SURVEY}
    requested = await mina.run("RequestAnalysis", input=asked)
    return str(requested["analysis"]["id"])


@pytest.mark.parametrize(
    "frame",
    [
        "[]",
        '"x"',
        "1",
        "null",
        "{}",
        "{",
        "",
        "[" * 20_000,
        b"\x00\x01",
        {"type": 5},
        {"type": []},
        {"type": "unknown"},
        {"type": "connection_init", "payload": 5},
        {"type": "connection_init", "payload": []},
        {"type": "ping", "payload": 5},
        {"type": "subscribe"},
        {"type": "subscribe", "id": []},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": 5},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "subscribe", "id": "1", "payload": {"query": 5}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ x }", "variables": []}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ x }", "operationName": 5}},
        {"type": "subscribe", "id": "", "payload": {"query": "{ x }"}},
        {"type": "complete"},
        {"type": "complete", "id": []},
    ],
    ids=lambda frame: str(frame)[:60],
)
async def test_a_malformed_frame_closes_with_4400(web: str, frame: Any) -> None:
    async with socket(web) as wire:
        if "init" not in str(frame):
            await wire.initialise()
        await wire.send(frame)
        assert await wire.close_code() == 4400


async def test_no_connection_init_in_time(parts: Resources) -> None:
    async with served_with(parts, init_timeout_seconds=0.2) as web, socket(web) as wire:
        assert await wire.close_code() == 4408


async def test_a_second_connection_init(web: str) -> None:
    async with socket(web) as wire:
        await wire.initialise()
        await wire.send({"type": "connection_init"})
        assert await wire.close_code() == 4429


async def test_subscribing_before_connection_init(web: str) -> None:
    async with socket(web) as wire:
        await wire.subscribe(PROGRESS, id="x")
        assert await wire.close_code() == 4401


@pytest.mark.parametrize("authorization", ["Bearer x", "x", "Basic x", "Bearer ", 5, {}, "Bearer"])
async def test_a_bad_token_closes_with_4401(web: str, authorization: Any) -> None:
    async with socket(web) as wire:
        payload = {"authorization": authorization}
        await wire.send({"type": "connection_init", "payload": payload})
        assert await wire.close_code() == 4401


async def test_another_subprotocol_is_refused(web: str) -> None:
    async with connect(f"ws://{web}/graphql", subprotocols=[Subprotocol("graphql-ws")]) as wire:
        await wire.wait_closed()
        assert wire.close_code == 4406


async def test_a_page_of_another_origin_is_refused(web: str) -> None:
    with pytest.raises(InvalidStatus):
        async with socket(web, origin="https://elsewhere.example"):
            pass


async def test_one_id_twice(web: str, mina: Caller, photo: bytes) -> None:
    analysis_id = await queued_analysis(mina, photo)
    async with socket(web) as wire:
        await wire.initialise(mina.token)
        for _ in range(2):
            await wire.subscribe(PROGRESS, id=analysis_id)
        assert await wire.close_code() == 4409


async def test_a_frame_that_is_too_large(web: str) -> None:
    async with socket(web) as wire:
        await wire.send('{"type": "ping", "payload": {"x": "' + "x" * 2_000_000 + '"}}')
        assert await wire.close_code() == 1009


async def test_operations_at_once_are_bounded(
    web: str, mina: Caller, photo: bytes, parts: Resources
) -> None:
    analysis_id = await queued_analysis(mina, photo)
    most = parts.settings.api.operations_per_socket
    async with socket(web) as wire:
        await wire.initialise(mina.token)
        for number in range(most + 1):
            await wire.subscribe(PROGRESS, str(number), id=analysis_id)
        while (frame := await wire.receive())["type"] != "error":
            pass
        assert frame["id"] == str(most)
        assert frame["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await wire.send({"type": "ping"})
        while (frame := await wire.receive())["type"] != "pong":
            pass


async def test_sockets_of_one_person_are_bounded(web: str, mina: Caller, parts: Resources) -> None:
    most = parts.settings.api.sockets_per_person
    async with asyncio.TaskGroup() as group:
        connected, leave = asyncio.Semaphore(0), asyncio.Event()
        for _ in range(most):
            group.create_task(_stay(web, mina.token, connected, leave))
        for _ in range(most):
            await connected.acquire()
        async with socket(web) as wire:
            payload = {"authorization": f"Bearer {mina.token}"}
            await wire.send({"type": "connection_init", "payload": payload})
            assert await wire.close_code() == 4429
        leave.set()
    async with socket(web) as wire:
        await wire.initialise(mina.token)


async def _stay(
    web: str, token: str | None, connected: asyncio.Semaphore, leave: asyncio.Event
) -> None:
    async with socket(web) as wire:
        await wire.initialise(token)
        connected.release()
        await leave.wait()


async def test_signing_out_ends_what_was_followed(web: str, mina: Caller, photo: bytes) -> None:
    analysis_id = await queued_analysis(mina, photo)
    async with socket(web) as wire:
        await wire.initialise(mina.token)
        await wire.subscribe(PROGRESS, id=analysis_id)
        assert (await wire.receive())["type"] == "next"
        await mina.run("LogOut", input={})
        assert await wire.close_code() == 4401


async def test_a_token_that_expires_ends_what_was_followed(
    web: str, mina: Caller, photo: bytes, parts: Resources
) -> None:
    analysis_id = await queued_analysis(mina, photo)
    short = parts.settings.model_copy(
        update={"accounts": parts.settings.accounts.model_copy(update={"access_token_seconds": 2})}
    )
    signed_in = await accounts.log_in(
        replace(parts, settings=short),
        email="mina@example.com",
        password=PASSWORD,
    )
    async with socket(web) as wire:
        await wire.initialise(signed_in.access_token)
        await wire.subscribe(PROGRESS, id=analysis_id)
        assert await wire.close_code() == 4401


async def test_withdrawing_the_consent_ends_what_was_followed(
    web: str, mina: Caller, photo: bytes
) -> None:
    analysis_id = await queued_analysis(mina, photo)
    async with socket(web) as wire:
        await wire.initialise(mina.token)
        await wire.subscribe(PROGRESS, id=analysis_id)
        assert (await wire.receive())["type"] == "next"
        await mina.run("WithdrawConsent", input={"kind": "SENSITIVE_DATA"})
        assert (await wire.receive())["type"] == "complete"


async def test_a_faulty_document_fails_alone(web: str, mina: Caller, photo: bytes) -> None:
    async with socket(web) as wire:
        await wire.initialise()
        await wire.subscribe("{ nonsense", "1")
        frame = await wire.receive()
        assert (frame["type"], frame["id"]) == ("error", "1")
        assert frame["payload"][0]["extensions"]["code"] == "GRAPHQL_INVALID"
        await wire.subscribe("{ conditions { name } }", "2")
        assert (await wire.receive())["payload"]["data"]["conditions"]


async def test_anothers_analysis_is_as_one_that_does_not_exist(
    web: str, mina: Caller, photo: bytes, app: Any
) -> None:
    analysis_id = await queued_analysis(mina, photo)
    async with caller(app) as other:
        await other.sign_up("other@example.com")
    async with socket(web) as wire:
        await wire.initialise(other.token)
        answers = []
        for number, identity in enumerate([analysis_id, "nonsense"]):
            await wire.subscribe(PROGRESS, str(number), id=identity)
            frame = await wire.receive()
            error = frame["payload"]["errors"][0] if "errors" in frame["payload"] else None
            error = error or frame["payload"][0]
            answers.append((frame["type"], error["message"], error["extensions"]["code"]))
            assert (await wire.receive())["type"] == "complete" if frame["type"] == "next" else True
        assert answers[0] == answers[1]
        assert answers[0][2] == "NOT_FOUND"


async def test_reconnecting_misses_nothing(
    web: str, mina: Caller, photo: bytes, parts: Resources
) -> None:
    analysis_id = await queued_analysis(mina, photo)
    claim = await claimed(parts)
    async with socket(web) as wire:
        await wire.initialise(mina.token)
        await wire.subscribe(PROGRESS, id=analysis_id)
        assert (await wire.receive())["payload"]["data"]["analysisProgress"]["sequence"] == 1
    await claim.write(StatusChanged(status=AnalysisStatus.CLASSIFYING, progress=0.2))
    await claim.write(Finished(), status=AnalysisStatus.CANCELLED)
    async with socket(web) as wire:
        await wire.initialise(mina.token)
        await wire.subscribe(PROGRESS, id=analysis_id, after=1)
        events = [event async for event in wire.events()]
        await wire.subscribe(PROGRESS, "2", id=analysis_id, after=3)
        assert (await wire.receive())["type"] == "complete"
    assert [event["sequence"] for event in events] == [2, 3]
