"""Open streams: bounded for each person, ended with the session, and not ended by the store."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from dupi.accounts.models import User
from dupi.resources import Resources
from dupi.settings import Settings
from tests.api.test_routes import queued
from tests.faults.test_slow_store import _opened as opened_behind
from tests.faults.test_slow_store import proxy
from tests.support.patience import HANGS_AFTER_S
from tests.support.proxy import Proxy
from tests.support.web import Caller, app_over, caller, operation, served, socket

__all__ = ["proxy"]

PROGRESS = operation("AnalysisProgress")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.streams._HEARTBEAT_S", 0.1)


class Events:
    """Server-sent events, one at a time; heartbeats are counted."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.heartbeats = 0

    async def next(self) -> tuple[str, Any]:
        kind = ""
        async with asyncio.timeout(HANGS_AFTER_S):
            async for line in self._lines:
                self.heartbeats += line.startswith(":")
                kind = line.removeprefix("event: ") if line.startswith("event:") else kind
                if line.startswith("data:"):
                    data = line.removeprefix("data:").strip()
                    return kind, json.loads(data) if data else None
        raise AssertionError("the stream was cut off")

    async def beat(self, times: int = 1) -> None:
        """Until so many more heartbeats came."""
        async with asyncio.timeout(HANGS_AFTER_S):
            wanted = self.heartbeats + times
            async for line in self._lines:
                self.heartbeats += line.startswith(":")
                if self.heartbeats >= wanted:
                    return


@asynccontextmanager
async def following(web: str, who: Caller, analysis_id: str) -> AsyncIterator[Events]:
    body = {"query": PROGRESS, "variables": {"id": analysis_id}}
    headers = who.authorised() | {"Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(timeout=30) as http,
        http.stream("POST", f"http://{web}/graphql", json=body, headers=headers) as response,
    ):
        yield Events(response)


async def ended_with(events: Events) -> dict[str, Any]:
    """``extensions`` of the error that a stream ends with."""
    kind, data = await events.next()
    while kind == "next" and "errors" not in data:
        kind, data = await events.next()
    assert kind == "next"
    assert await events.next() == ("complete", None)
    extensions: dict[str, Any] = data["errors"][0]["extensions"]
    assert extensions["requestId"]
    return extensions


async def test_event_streams_of_one_person_are_bounded(
    web: str, mina: Caller, photo: bytes, parts: Resources, app: Starlette
) -> None:
    analysis_id = await queued(mina, photo)
    most = parts.settings.api.sockets_per_person
    leave, entered = asyncio.Event(), asyncio.Semaphore(0)

    async def stay() -> None:
        async with following(web, mina, analysis_id) as events:
            await events.next()
            entered.release()
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(most):
            group.create_task(stay())
        for _ in range(most):
            await entered.acquire()
        async with following(web, mina, analysis_id) as events:
            shown = await ended_with(events)
            assert (shown["code"], shown["limit"]) == ("LIMIT_EXCEEDED", "streams")
        async with socket(web) as wire:  # they are counted together with sockets
            payload = {"authorization": f"Bearer {mina.token}"}
            await wire.send({"type": "connection_init", "payload": payload})
            assert await wire.close_code() == 4429
        leave.set()
    async with asyncio.timeout(HANGS_AFTER_S):  # places come back with the streams that end
        while (await first_of_stream(web, mina, analysis_id)).get("errors"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def first_of_stream(web: str, who: Caller, analysis_id: str) -> dict[str, Any]:
    async with following(web, who, analysis_id) as events:
        _, data = await events.next()
        return dict(data)


async def test_a_store_that_is_away_does_not_cut_a_stream(
    proxy: Proxy, platform: Resources, photo: bytes
) -> None:
    async with opened_behind(proxy, platform) as parts:
        app = app_over(parts)
        app.state.resources = replace(parts, settings=_watchful(parts.settings))
        async with caller(app) as mina, served(app) as web:
            await mina.sign_up()
            await mina.consent()
            analysis_id = await queued(mina, photo)
            async with following(web, mina, analysis_id) as events:
                await events.next()
                proxy.refuse()
                await events.beat(3)
                proxy.heal()
                await mina.run("LogOut", input={})
                assert (await ended_with(events))["code"] == "UNAUTHENTICATED"


def _watchful(settings: Settings) -> Settings:
    """Sessions are looked at often, the analysis seldom: its follower, too, needs the store."""
    api = settings.api.model_copy(update={"session_check_seconds": 0.05})
    analyses = settings.analyses.model_copy(update={"poll_seconds": 60})
    return settings.model_copy(update={"api": api, "analyses": analyses})


async def suspend(email: str) -> None:
    await User.get_pymongo_collection().update_one({"email": email}, {"$set": {"suspended": True}})


async def test_a_suspended_person_is_out_everywhere(web: str, mina: Caller, photo: bytes) -> None:
    analysis_id = await queued(mina, photo)
    async with following(web, mina, analysis_id) as events, socket(web) as wire:
        await events.next()
        await wire.initialise(mina.token)
        await wire.subscribe(PROGRESS, id=analysis_id)
        assert (await wire.receive())["type"] == "next"
        await suspend("mina@example.com")
        assert await wire.close_code() == 4403
        assert (await ended_with(events))["code"] == "FORBIDDEN"
    answer = await mina.post({"query": "{ viewer { id } }"})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    async with socket(web) as wire:
        payload = {"authorization": f"Bearer {mina.token}"}
        await wire.send({"type": "connection_init", "payload": payload})
        assert await wire.close_code() == 4403


async def test_withdrawing_the_consent_ends_sockets_and_streams(
    web: str, mina: Caller, photo: bytes
) -> None:
    analysis_id = await queued(mina, photo)
    async with following(web, mina, analysis_id) as events, socket(web) as wire:
        await events.beat(2)
        await wire.initialise(mina.token)
        await wire.subscribe(PROGRESS, id=analysis_id)
        assert (await wire.receive())["type"] == "next"
        await mina.run("WithdrawConsent", input={"kind": "SENSITIVE_DATA"})
        assert await wire.close_code() == 4403
        while (found := await events.next())[0] != "complete":
            pass
        assert found == ("complete", None)
    async with socket(web) as wire:  # the person is still there
        await wire.initialise(mina.token)
        await wire.subscribe("{ viewer { id } }")
        assert (await wire.receive())["payload"]["data"]["viewer"]
