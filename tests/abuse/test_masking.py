"""What nobody expected is masked for clients, and told in full to the log."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.support.web import Caller, socket

DOCUMENT = "{ consentDocuments { kind } }"
SECRET = "mongodb://user:password@db"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("schema.accounts.queries.consents.consent_documents", fail)


def told(logs: list[Any]) -> list[str]:
    """What the log says of errors, their causes included."""
    return [repr(line.get("exc_info")) for line in logs if line["log_level"] == "error"]


@pytest.mark.usefixtures("broken")
async def test_a_resolver_that_raises(anyone: Caller) -> None:
    with capture_logs() as logs:
        answer = await anyone.post({"query": DOCUMENT}, **{"X-Request-Id": "find-me"})
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "find-me"}
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    [cause] = told(logs)
    assert SECRET in cause


@pytest.mark.usefixtures("broken")
async def test_a_resolver_that_raises_on_a_socket(web: str) -> None:
    async with socket(web) as wire:
        await wire.initialise()
        with capture_logs() as logs:
            await wire.subscribe(DOCUMENT)
            frame = await wire.receive()
        assert SECRET not in str(frame)
        [error] = frame["payload"]["errors"]
        assert error["extensions"]["code"] == "INTERNAL"
        assert error["extensions"]["requestId"]
        assert SECRET in told(logs)[0]
