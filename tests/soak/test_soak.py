"""Whatever becomes of a long run, there is a report, and the exit status tells."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.report import KillReport
from tests.soak import __main__ as soak


async def _breaks_off(*_: object) -> KillReport:
    raise RuntimeError("unforeseen")


async def _holds(options: Namespace, *_: object) -> KillReport:
    return KillReport(options.seed)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(soak, "_FOLDER", tmp_path)
    return tmp_path


def _told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "kills.json").read_text())
    return found


def test_a_run_that_breaks_off_leaves_a_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(soak._RUNS, "kills", _breaks_off)
    assert soak.main(["--only", "kills"]) == 1
    assert _told(folder)["problems"] == ["the run broke off: RuntimeError('unforeseen')"]


def test_a_run_that_held_leaves_a_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(soak._RUNS, "kills", _holds)
    assert soak.main(["--only", "kills", "--seed", "5"]) == 0
    assert (_told(folder)["seed"], _told(folder)["problems"]) == (5, [])
