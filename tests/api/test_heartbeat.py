"""A worker's sign of life, and how silence is noticed."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from api.healthcheck import check_worker, main
from api.heartbeat import SILENT_AFTER_S, beating, silent_for
from api.heartbeat import _write as write_beat
from api.worker import _main as run_worker
from dupi.settings import Settings, WorkerSettings
from tests.support.patience import HANGS_AFTER_S


def settings_with(file: Path | None) -> Settings:
    given: dict[str, Any] = {"secret": "x" * 32, "worker": WorkerSettings(heartbeat_file=file)}
    return Settings.model_validate(given)


async def test_it_beats_while_the_body_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = CountedBeats()
    monkeypatch.setattr("api.heartbeat.BEAT_S", 0.001)
    monkeypatch.setattr("api.heartbeat._write", beats)
    file = tmp_path / "new" / "worker"
    async with asyncio.timeout(HANGS_AFTER_S), beating(file):
        await beats.enough.wait()
        assert check_worker(settings_with(file)) is None
    assert list((tmp_path / "new").iterdir()) == []


class CountedBeats:
    """Writes them, and tells when there were three, each later than the one before."""

    def __init__(self) -> None:
        self.enough = asyncio.Event()
        self._seen: list[float] = []

    def __call__(self, file: Path) -> None:
        write_beat(file)
        self._seen.append(float(file.read_text()))
        assert self._seen == sorted(self._seen)
        if len(set(self._seen)) >= 3:
            self.enough.set()


async def test_nobody_asks() -> None:
    async with beating(None):
        pass


async def test_a_disk_that_is_full_stops_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("api.heartbeat._write", full)
    async with beating(tmp_path / "worker"):
        pass


@pytest.mark.parametrize("text", ["", "x", "nan nan"])
def test_a_file_that_says_nothing_is_no_beat(tmp_path: Path, text: str) -> None:
    (tmp_path / "worker").write_text(text)
    assert silent_for(tmp_path / "worker") is None
    assert "no beat" in (check_worker(settings_with(tmp_path / "worker")) or "")


def test_silence_is_told(tmp_path: Path) -> None:
    file = tmp_path / "worker"
    file.write_text(repr(time.monotonic() - SILENT_AFTER_S - 5))
    assert "silent for 2" in (check_worker(settings_with(file)) or "")
    assert "not set" in (check_worker(settings_with(None)) or "")


def test_a_beat_from_before_the_machine_started_anew_is_none(tmp_path: Path) -> None:
    """The monotonic clock begins anew then, so such a beat lies ahead of it."""
    file = tmp_path / "worker"
    file.write_text(repr(time.monotonic() + 3600))
    assert silent_for(file) is None
    assert "no beat" in (check_worker(settings_with(file)) or "")


async def test_what_another_run_left_is_gone_before_anything_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "worker"
    file.write_text(repr(time.monotonic()))

    def is_opened(_settings: Settings) -> None:
        assert not file.exists()
        raise InterruptedError

    monkeypatch.setattr("api.worker.load_settings", lambda: settings_with(file))
    monkeypatch.setattr("api.worker.set_up_logs", lambda _logs: None)
    monkeypatch.setattr("api.worker.open_resources", is_opened)
    with pytest.raises(InterruptedError):
        await run_worker()


@pytest.mark.parametrize("arguments", [[], ["store"], ["web", "worker"]])
def test_only_web_and_worker_are_asked(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err
