"""Both contestants of the pages show the same page, and ask the store the same."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from dupi.resources import Resources
from schema.relay import parse_id
from tests.bench.bare import bare_app
from tests.bench.pages import _filled
from tests.bench.rig import Rig
from tests.community.conftest import board
from tests.support.reads import counted_reads
from tests.support.store import fresh_database_url
from tests.support.web import Caller, app_over

__all__ = ["board"]


def client(app: Starlette, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)


async def test_both_show_the_same(board: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await _filled(board)
    reads = counted_reads(monkeypatch)
    asked: dict[str, list[str]] = {}
    async with (
        client(app_over(replace(board)), token) as http,
        client(bare_app(board), token) as bare,
    ):
        mina = Caller(http, token)
        posts = [edge["node"] for edge in (await mina.run("Posts", first=20))["edges"]]
        asked["feed"] = sorted(reads)
        reads.clear()
        rows = (await bare.post("/feed")).json()
        asked["bare feed"] = sorted(reads)
        reads.clear()
        history = (await mina.run("Analyses", first=20))["analyses"]["edges"]
        asked["history"] = sorted(reads)
        reads.clear()
        plain = (await bare.post("/history")).json()
        asked["bare history"] = sorted(reads)
    shown = [(post["title"], post["viewerHasLiked"], post["author"]["nickname"]) for post in posts]
    assert shown == [(row["title"], row["viewerHasLiked"], row["author"]) for row in rows[:20]]
    ids = [parse_id(edge["node"]["id"])[1] for edge in history]
    assert ids == [row["id"] for row in plain[:20]]
    assert asked["feed"] == asked["bare feed"]
    assert asked["history"] == asked["bare history"]


def test_a_section_s_own_database_is_beside_the_stack_s() -> None:
    """The bench's stack names its database so that no test may use it."""
    plan = SimpleNamespace(endpoint=lambda _: "mongodb://127.0.0.1:27017/dupi_bench")
    rig = Rig(cast(Any, SimpleNamespace(plan=plan)), Path())
    named = urlsplit(fresh_database_url(rig.store_url))
    assert named.netloc == "127.0.0.1:27017"
    assert named.path.startswith("/dupi_test_")
