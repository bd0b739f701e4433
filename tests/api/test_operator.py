"""The operators' command line: the services of GraphQL, with an exit status."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect
from rich.console import Console

from api import operator
from api.local_stack.paths import ROOT
from api.operator_output import Shown, show
from dupi.accounts.models import Role
from dupi.errors import Conflict, DupiError, NotFound, RetryLater
from dupi.operations import service as operations
from dupi.operations.audit import Act, AuditEvent
from dupi.operations.reconciler import reconcile
from dupi.resources import Resources
from dupi.settings import Settings
from dupi.store import StoreDatabase
from dupi.vision import contract as names
from tests.analyses.doubles import a_person
from tests.operations.doubles import RememberingServer
from tests.operations.repository import publish

HEAD = names.HEADS[0]


@pytest.fixture
async def platform(resources: Resources, store: StoreDatabase, tmp_path: Path) -> Resources:
    """Version 1 of everything is live, version 2 of a head is published."""
    publish(tmp_path, dict.fromkeys(names.COMPONENTS, 1))
    settings = resources.settings.model_copy(update={"model_repository": tmp_path})
    platform = replace(resources, settings=settings, model_servers=(RememberingServer(),))
    await reconcile(platform)
    publish(tmp_path, {HEAD: 2})
    return platform


async def run(platform: Resources, *arguments: str) -> Shown:
    given = operator._parse(arguments)
    shown: Shown = await given.run(platform, given)
    return shown


def printed(shown: Shown, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """As JSON; the tables must be drawable too."""
    console = Console(width=140)
    show(shown, console, as_json=False)
    capsys.readouterr()
    show(shown, console, as_json=True)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


async def test_from_publishing_to_rolling_back(
    platform: Resources, capsys: pytest.CaptureFixture[str]
) -> None:
    [_, head, *_] = printed(await run(platform, "models"), capsys)["models"]
    assert [one["version"] for one in head["versions"]] == ["2", "1"]
    [shadow] = printed(await run(platform, "shadow", HEAD, "2", "--rate", "0.5"), capsys)["shadows"]
    assert (shadow["sample_rate"], shadow["matrix"]) == (0.5, [[0] * 4] * 4)
    await run(platform, "stop-shadow", shadow["id"])
    [live] = printed(await run(platform, "promote", f"{HEAD}=2", "--note", "a try"), capsys)[
        "deployments"
    ]
    assert (live["state"], live["versions"][HEAD], live["note"]) == ("LIVE", "2", "a try")
    [back] = printed(await run(platform, "rollback"), capsys)["deployments"]
    assert back["versions"][HEAD] == "1"
    await run(platform, "rollback", "--to", "2")
    listed = printed(await run(platform, "deployments", "--last", "2"), capsys)["deployments"]
    assert [one["number"] for one in listed] == [4, 3]
    status = printed(await run(platform, "status"), capsys)
    assert status["deployments"][0]["number"] == 4
    assert {one["part"]: one["ready"] for one in status["parts"]}["classifiers"] is True
    acts = [event.act for event in await AuditEvent.find({}).sort("sort_key").to_list()]
    assert acts == [
        *(Act.SHADOW_MODEL, Act.STOP_SHADOW, Act.PROMOTE_MODEL),
        *(Act.ROLL_BACK_DEPLOYMENT, Act.ROLL_BACK_DEPLOYMENT),
    ]


async def test_a_failed_promotion_is_no_success(platform: Resources) -> None:
    [server] = platform.model_servers
    assert isinstance(server, RememberingServer)
    server.broken.add((HEAD, 2))
    assert (await run(platform, "promote", f"{HEAD}=2")).has_failed


async def test_who_expects_another_deployment_is_refused(platform: Resources) -> None:
    with pytest.raises(Conflict):
        await run(platform, "promote", f"{HEAD}=2", "--expect", "another")
    with pytest.raises(NotFound):
        await run(platform, "rollback", "--to", "99")


async def test_a_person_becomes_an_operator(
    platform: Resources, capsys: pytest.CaptureFixture[str]
) -> None:
    from dupi.accounts.service import get_user

    user = await get_user(platform, user_id=await a_person(platform, consenting=False))
    [shown] = printed(await run(platform, "role", user.email.upper()), capsys)["people"]
    assert shown["role"] == "OPERATOR"
    assert (await get_user(platform, user_id=user.id)).role is Role.OPERATOR
    await run(platform, "role", user.email, "--user")
    assert (await get_user(platform, user_id=user.id)).role is Role.USER
    events = await AuditEvent.find({"object_id": user.id}).sort("sort_key").to_list()
    assert [(event.before["role"], event.after["role"]) for event in events] == [
        ("USER", "OPERATOR"),
        ("OPERATOR", "USER"),
    ]
    assert events[0].actor.name
    for nobody in ("nobody@example.com", "nonsense"):
        with pytest.raises(DupiError):
            await run(platform, "role", nobody)


async def test_a_store_that_goes_away_meanwhile_is_said_as_such(
    platform: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what a store that was away from the beginning is said, too: try again later."""

    @asynccontextmanager
    async def opened(_: Settings) -> AsyncIterator[Resources]:
        yield platform

    async def away() -> None:
        raise AutoReconnect("the store went away")

    monkeypatch.setattr(operator, "open_resources", opened)
    monkeypatch.setattr(operations, "find_live_deployment", away)
    with pytest.raises(RetryLater):
        await operator._run(operator._parse(["status"]), platform.settings)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--json", "models"], 0, '"name": "scalp_trunk"'),
        (["role", "nobody@example.com"], 1, "NOT_FOUND"),
        (["promote", "no-pair"], 2, "MODEL=VERSION"),
        (["promote", f"{HEAD}=2"], 3, "UNAVAILABLE"),
    ],
)
def test_the_exit_status(
    store_url: str, tmp_path: Path, arguments: Sequence[str], status: int, said: str
) -> None:
    """On a store of its own, where nothing is live yet, and no Triton."""
    from tests.support.store import fresh_database_url

    publish(tmp_path, dict.fromkeys(names.COMPONENTS, 1))
    environment = os.environ | {
        "DUPI_SECRET": "a secret that only tests know, 32+ characters",
        "DUPI_MONGODB_URL": fresh_database_url(store_url),
        "DUPI_TRITON_URL": "127.0.0.1:9",
        "DUPI_STORAGE_URL": str(tmp_path / "photos"),
        "DUPI_MODEL_REPOSITORY": str(tmp_path),
    }
    command = [sys.executable, "-m", "api.operator", *arguments]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == status, ended.stderr
    assert said in (ended.stderr if status else ended.stdout)
    assert "Traceback" not in ended.stderr
