"""Logs are JSON lines that carry the request id and no secrets."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from dupi.logs import bound, current_request_id, get_logger, set_up_logs
from dupi.settings import LogSettings


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    handlers, level, before = root.handlers, root.level, structlog.get_config()
    set_up_logs(LogSettings(file=tmp_path / "logs" / "web.log"))
    yield tmp_path / "logs" / "web.log"
    root.handlers[0].close()
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_a_line_says_what_where_when_and_for_whom(log_file: Path) -> None:
    with bound(request_id="r1", analysis_id=None):
        get_logger("dupi.test").info("두피 사진 저장", photo="p1")
        assert current_request_id() == "r1"
    [line] = lines(log_file)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "두피 사진 저장",
        "photo": "p1",
        "request_id": "r1",
        "level": "info",
        "logger": "dupi.test",
    }
    assert current_request_id() is None


def test_other_libraries_write_the_same_way(log_file: Path) -> None:
    with bound(request_id="r2"):
        logging.getLogger("uvicorn.error").warning("%s closed", "socket")
    [line] = lines(log_file)
    assert (line["event"], line["request_id"]) == ("socket closed", "r2")


def test_secrets_are_hidden(log_file: Path) -> None:
    get_logger("dupi.test").info("log_in", password="open sesame", refresh_token="abc")
    text = log_file.read_text("utf-8")
    assert "sesame" not in text
    assert "abc" not in text


def test_a_failure_is_written_with_its_stack(log_file: Path) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    try:
        fail()
    except RuntimeError:
        get_logger("dupi.test").exception("unexpected")
    [line] = lines(log_file)
    assert "RuntimeError: broken" in line["exception"]
    assert "test_logs.py" in line["exception"]


def test_the_level_holds(log_file: Path) -> None:
    get_logger("dupi.test").debug("quiet")
    logging.getLogger("httpx").info("chatty")
    assert lines(log_file) == []
