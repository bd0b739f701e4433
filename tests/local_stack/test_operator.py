"""The operators' command line for the stack that is up on this machine."""

from collections.abc import Sequence

import pytest

from api import operator
from api.local_stack import operator as local
from api.local_stack.plan import ADVISOR, STORE, TRITON
from api.local_stack.runfile import Running
from dupi.settings import Settings

ENDPOINTS = {STORE: "mongodb://127.0.0.1:1/dupi", TRITON: "127.0.0.1:2", ADVISOR: "http://a/v1"}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set, so that what the command sets is taken back after the test."""
    for name in ("SECRET", "STORAGE_URL", "MODEL_REPOSITORY"):
        monkeypatch.setenv(f"DUPI_{name}", "")
        monkeypatch.delenv(f"DUPI_{name}")
    for name in local._ENDPOINTS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_it_uses_the_parts_of_the_stack_that_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Sequence[str], Settings]] = []

    def run(arguments: Sequence[str], settings: Settings) -> int:
        seen.append((arguments, settings))
        return 0

    monkeypatch.setattr(local, "read_running", lambda _: Running(1, 1, ENDPOINTS))
    monkeypatch.setattr(operator, "main", run)
    assert local.main(["models"]) == 0
    [(arguments, settings)] = seen
    assert arguments == ["models"]
    assert settings.mongodb_url == ENDPOINTS[STORE]
    assert settings.triton_urls == (ENDPOINTS[TRITON],)


def test_nothing_is_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(local, "read_running", lambda _: None)
    assert local.main(["models"]) == operator.TRY_LATER
    assert "make up" in capsys.readouterr().err
