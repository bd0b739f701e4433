"""What a hub may answer, or not answer, and what is told of it. The hub is a real server here."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.ml
pytest.importorskip("torch")

from llm_server.training import fetching  # noqa: E402
from llm_server.training.bases import find_base  # noqa: E402
from llm_server.training.fetching import fetch  # noqa: E402
from llm_server.training.refusals import CannotTrain, TrainingRefusal  # noqa: E402

LLAMA = find_base("llama-2-7b")


@contextmanager
def hub_that_answers(status: int, code: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - as the library names it

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def room_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SPARE_GIB", -1000.0)


@pytest.mark.parametrize(
    ("status", "said", "code", "advice"),
    [
        (403, "GatedRepo", TrainingRefusal.TOKEN_MISSING, "HF_TOKEN"),
        (401, "", TrainingRefusal.TOKEN_MISSING, "HF_TOKEN"),
        (404, "RepoNotFound", TrainingRefusal.NOT_ON_HUB, "bases.toml"),
        (400, "", TrainingRefusal.HUB_UNREACHABLE, "--base FOLDER"),
    ],
)
def test_what_the_hub_says(
    status: int, said: str, code: TrainingRefusal, advice: str, tmp_path: Path
) -> None:
    with hub_that_answers(status, said) as url, pytest.raises(CannotTrain) as refusal:
        fetch(LLAMA, endpoint=url, cache=tmp_path)
    assert refusal.value.code is code
    assert LLAMA.hub in str(refusal.value)
    assert advice in str(refusal.value)


def test_a_hub_that_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(CannotTrain) as refusal:
        fetch(LLAMA, endpoint="http://127.0.0.1:9", cache=tmp_path)
    assert refusal.value.code is TrainingRefusal.HUB_UNREACHABLE
    assert "HF_HUB_OFFLINE" in str(refusal.value)


def test_too_little_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SPARE_GIB", 1e6)
    with pytest.raises(CannotTrain) as refusal:
        fetch(LLAMA, endpoint="http://127.0.0.1:9", cache=tmp_path)
    assert refusal.value.code is TrainingRefusal.NOT_ENOUGH_DISK
    assert "HF_HOME" in str(refusal.value)
