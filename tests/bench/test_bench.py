"""A short run of the bench, on the real components."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from api.local_stack.paths import ROOT
from tests.bench.journeys import ANALYSE, RAW, UPLOAD, WHOLE
from tests.support.stack import RunningStack

pytestmark = pytest.mark.stack

_ENDS_WITHIN_S = 300


async def test_a_quick_run_tells_and_writes_what_it_measured(
    stack: RunningStack, tmp_path: Path
) -> None:
    named = {name: value for name, value in stack.environment.items() if name != "DUPI_STORAGE_URL"}
    only = [part for name in ("journeys", "steps", "pages") for part in ("--only", name)]
    quick = ("--quick", *only, "--to", str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench", *quick),
        env=os.environ | named,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_ENDS_WITHIN_S):
        output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0, text
    assert "Photos through the public API" in text
    journeys, steps, pages = _sections(tmp_path)
    rows = journeys["tables"][0]["rows"]
    assert {row["what"] for row in rows} == {RAW, ANALYSE, UPLOAD, WHOLE}
    assert all(row["figures"]["photos/s"]["median"] > 0 for row in rows)
    run = {row["what"]: row["figures"] for row in steps["tables"][1]["rows"]}
    assert run["Triton: classify"]["calls"]["values"] == [1, 1]
    feed = pages["tables"][0]["rows"][0]["figures"]
    assert feed["ratio"]["median"] > 0


def _sections(folder: Path) -> list[dict[str, Any]]:
    [file] = folder.glob("*.json")
    sections: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["sections"]
    return sections
