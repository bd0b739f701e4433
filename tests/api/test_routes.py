"""Media, health, metrics, request ids, server-sent events, and what serving never imports."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from dupi.analyses.models import Analysis
from dupi.knowledge.vocabulary import Condition, Severity
from dupi.resources import Resources
from dupi.settings import Settings
from tests.analyses.running import GOOD, run_one
from tests.support.advisor_server import AdvisorServer
from tests.support.patience import HANGS_AFTER_S
from tests.support.photos import decoded
from tests.support.web import SURVEY, Caller, app_over, caller, operation

ROOT = Path(__file__).parents[2]


async def queued(mina: Caller, photo: bytes) -> str:
    photo_id = (await mina.upload(photo))["photo"]["id"]
    answer = await mina.run("RequestAnalysis", input={"photoIds": [photo_id], "survey": SURVEY})
    return str(answer["analysis"]["id"])


async def test_a_photo_by_its_url(mina: Caller, photo: bytes) -> None:
    shown = (await mina.upload(photo))["photo"]
    answer = await mina.http.get(shown["url"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")
    assert decoded(answer.content).size == (shown["width"], shown["height"])
    assert (await mina.http.get(shown["thumbnailUrl"])).status_code == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("signature=", "signature=0"),
        ("expires=", "expires=9"),
        ("original", "thumbnail"),
        ("/media/photos", "/media/../photos"),
        ("/media/photos", "/media//etc"),
        ("?", "x?"),
        ("?", "?x="),
    ],
)
async def test_a_url_that_was_changed_is_nothing(
    mina: Caller, photo: bytes, old: str, new: str
) -> None:
    url = (await mina.upload(photo))["photo"]["url"]
    assert (await mina.http.get(url.replace(old, new, 1))).status_code == 404


async def test_the_guide_s_pictures_are_for_everybody(app: Starlette) -> None:
    async with caller(app) as someone:
        guide = await someone.run("Conditions", locale="EN")
        urls = [grade["exampleImageUrl"] for info in guide for grade in info["grades"]]
        assert len(set(urls)) == len(Condition) * len(Severity)
        for url in urls:
            answer = await someone.http.get(url)
            assert answer.headers["content-type"] == "image/jpeg"
            assert decoded(answer.content).size[0] >= 320
        for path in ("/guide/../conditions.toml", "/guide/%2e%2e/conditions.toml", "/guide/"):
            assert (await someone.http.get(path)).status_code == 404


async def test_a_url_ends(mina: Caller, photo: bytes, parts: Resources) -> None:
    short = parts.settings.photos.model_copy(update={"url_lifetime_seconds": 1})
    app = mina.http._transport.app  # type: ignore[attr-defined]
    settings = parts.settings.model_copy(update={"photos": short})
    app.state.resources = replace(parts, settings=settings)
    url = (await mina.upload(photo))["photo"]["url"]
    await asyncio.sleep(1.1)
    assert (await mina.http.get(url)).status_code == 404


async def test_a_deleted_photo_is_nothing(mina: Caller, photo: bytes) -> None:
    shown = (await mina.upload(photo))["photo"]
    await mina.run("DeletePhoto", input={"photoId": shown["id"]})
    assert (await mina.http.get(shown["url"])).status_code == 404


async def test_health_says_which_part_is_not_ready(anyone: Caller) -> None:
    assert (await anyone.http.get("/health/live")).json() == {"status": "live"}
    answer = await anyone.http.get("/health/ready")
    body = answer.json()
    assert answer.status_code == 503
    assert body["status"] == "not_ready"
    assert body["parts"]["store"]["ready"] is True
    assert body["parts"]["classifiers"]["ready"] is False
    assert body["parts"]["classifiers"]["waitsFor"] == "UNAVAILABLE"
    assert "127.0.0.1" not in answer.text


async def test_metrics_count_operations_by_field(anyone: Caller) -> None:
    await anyone.ask("query Whatever { conditions { name } }")
    text = (await anyone.http.get("/metrics")).text
    assert 'dupi_graphql_operations_total{field="conditions",outcome="OK"}' in text
    assert "Whatever" not in text


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2_3", True), ("x" * 65, False), ("a b", False), ("", False)]
)
async def test_request_ids(anyone: Caller, given: str, kept: bool) -> None:
    answer = await anyone.http.get("/health/live", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert answer.headers["x-request-id"]


async def test_the_request_id_stays_with_the_analysis(mina: Caller, photo: bytes) -> None:
    mina.headers["X-Request-Id"] = "follow-me"
    await queued(mina, photo)
    [stored] = await Analysis.find_all().to_list()
    assert stored.request_id == "follow-me"


async def test_answers_are_kept_by_nobody(anyone: Caller) -> None:
    answer = await anyone.post({"query": "{ viewer { id } }"})
    assert answer.headers["cache-control"] == "no-store"


async def test_pages_of_other_origins(parts: Resources) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    async with caller(app_over(parts)) as closed:
        answer = await closed.http.options("/graphql", headers=asked)
        assert "access-control-allow-origin" not in answer.headers
    api = parts.settings.api.model_copy(update={"cors_origins": ("https://app.example",)})
    settings: Settings = parts.settings.model_copy(update={"api": api})
    async with caller(app_over(replace(parts, settings=settings))) as opened:
        answer = await opened.http.options("/graphql", headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        answer = await opened.http.get("/health/live", headers={"Origin": "https://app.example"})
        shown = answer.headers["access-control-expose-headers"].split(", ")
        assert shown == ["X-Request-Id", "Retry-After"]


async def test_progress_as_server_sent_events(
    mina: Caller, web: str, photo: bytes, platform: Resources, advisor: AdvisorServer
) -> None:
    analysis_id = await queued(mina, photo)
    advisor.scripts.append(GOOD)
    await run_one(platform)
    events = await read_events(web, mina, id=analysis_id)
    assert events[-1] == ("complete", None)
    told = [data["data"]["analysisProgress"] for kind, data in events if kind == "next"]
    assert told[0]["sequence"] == 1
    assert told[-1]["__typename"] == "AnalysisFinished"


async def test_a_stream_of_events_ends_with_its_session(
    mina: Caller, web: str, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.streams._HEARTBEAT_S", 0.2)
    analysis_id = await queued(mina, photo)
    reading = asyncio.create_task(read_events(web, mina, id=analysis_id))
    await asyncio.sleep(0.5)
    await mina.run("LogOut", input={})
    async with asyncio.timeout(HANGS_AFTER_S):
        events = await reading
    assert events[-2][1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert events[-1] == ("complete", None)


async def read_events(web: str, mina: Caller, **variables: Any) -> list[tuple[str, Any]]:
    body = {"query": operation("AnalysisProgress"), "variables": variables}
    headers = mina.authorised() | {"Accept": "text/event-stream"}
    events: list[tuple[str, Any]] = []
    url = f"http://{web}/graphql"
    async with (
        httpx.AsyncClient(timeout=20) as http,
        http.stream("POST", url, json=body, headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.aiter_lines():
            if line.startswith("event:"):
                kind = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
                events.append((kind, json.loads(data) if data else None))
    return events
