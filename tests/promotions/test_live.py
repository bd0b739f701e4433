"""Shadowing, promoting and rolling back on the running stack, while it classifies.

The candidate stays live: whatever starts Triton again later in the session brings it back.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.local_stack.demo.client import ApiClient
from dupi.adapters.triton import Classification
from dupi.adapters.triton_fleet import TritonFleet, open_fleet
from dupi.vision import contract as names
from tests.e2e.conftest import example, follow_to_end, new_person, request_analysis
from tests.promotions.load import Change, Log, running_load, until_answers
from tests.support.models import newest_version, operator_command, publish_candidates
from tests.support.stack import RunningStack

pytestmark = pytest.mark.stack

HEAD = names.HEADS[4]
CANDIDATE, BROKEN = 901, 903
PHOTO = np.random.default_rng(2).integers(0, 256, (names.INPUT_SIZE,) * 2 + (3,), dtype=np.uint8)


@pytest.fixture(scope="module")
def repository(stack: RunningStack) -> Iterator[Path]:
    """With a version that answers otherwise, and one that is no model at all, which goes again: a
    platform that begins takes the newest versions."""
    folder = Path(stack.environment["DUPI_MODEL_REPOSITORY"])
    source = newest_version(folder, HEAD)
    publish_candidates(folder, "--temperature", "0.8", f"{HEAD}={source}:{CANDIDATE}")
    broken = folder / HEAD / str(BROKEN)
    shutil.copytree(folder / HEAD / str(CANDIDATE), broken)
    (broken / "model.pt").unlink()
    (broken / "model.pt").write_bytes(b"no model")
    manifest = (broken / names.MANIFEST_FILE).read_text()
    (broken / names.MANIFEST_FILE).write_text(manifest.replace(str(CANDIDATE), str(BROKEN)))
    yield folder
    shutil.rmtree(broken)


@pytest.fixture(scope="module")
async def operator(stack: RunningStack, repository: Path) -> ApiClient:
    """Made one by the command, as ``make operator`` does."""
    person = await new_person(stack.web_url)
    email = (await person.query("Viewer"))["email"]
    [made] = operator_command(stack.environment, "role", email)["people"]
    assert made["role"] == "OPERATOR"
    return person


@pytest.fixture(scope="module")
async def fleet(stack: RunningStack) -> AsyncIterator[TritonFleet]:
    async with open_fleet((stack.triton_url,), control_timeout=5, load_timeout=60) as (fleet, _):
        yield fleet


def versions_of(deployment: Any) -> dict[str, int]:
    """Of the ensemble's models."""
    versions = {one["model"]: one["version"] for one in deployment["versions"]}
    return {model: int(version) for model, version in versions.items() if model in names.COMPONENTS}


async def state_of(operator: ApiClient, version: int) -> str:
    [head] = [one for one in await operator.query("Models") if one["name"] == HEAD]
    [found] = [one for one in head["versions"] if one["version"] == str(version)]
    return str(found["state"])


async def agreement(operator: ApiClient, shadow_id: str) -> Any:
    return (await operator.query("Node", id=shadow_id))["agreement"]


async def until_through(operator: ApiClient, deployment: Any) -> Any:
    """A deployment whose versions are still being loaded."""
    async with asyncio.timeout(120):
        while deployment["state"] == "PREPARING":
            await asyncio.sleep(0.5)
            edges = (await operator.query("Deployments", first=5))["edges"]
            [deployment] = [e["node"] for e in edges if e["node"]["id"] == deployment["id"]]
    return deployment


async def test_a_candidate_sees_what_the_live_head_sees(
    stack: RunningStack, operator: ApiClient
) -> None:
    begun = await operator.mutate("ShadowModel", model=HEAD, version=str(CANDIDATE))
    async with asyncio.timeout(120):
        while await state_of(operator, CANDIDATE) != "READY":  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        await asyncio.sleep(2.5)  # until the worker has looked for shadows again
    await follow_to_end(operator, await request_analysis(operator, example("crown")[0]))
    async with asyncio.timeout(30):
        while not (await agreement(operator, begun["shadow"]["id"]))["samples"]:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    assert await agreement(operator, begun["shadow"]["id"]) == {"samples": 1, "agreed": 1}


async def test_versions_change_under_load_and_no_request_fails(
    operator: ApiClient, fleet: TritonFleet
) -> None:
    """Back and forth, with both versions loaded."""
    log = Log()

    async def ask() -> Classification:
        return await fleet.classify(PHOTO, timeout=30)

    async def change(name: str, live: Any, **fields: Any) -> Any:
        asked = time.monotonic()
        answer = await operator.mutate(name, expectedDeploymentId=live["id"], **fields)
        done = await until_through(operator, answer["deployment"])
        assert done["state"] == "LIVE", done
        log.changes.append(Change(asked, time.monotonic(), versions_of(done)))
        await until_answers(log, versions_of(done), 3 * len(log.changes), within_s=60)
        return done

    live = await operator.query("LiveDeployment")
    log.changes.append(Change(0, 0, versions_of(live)))
    chosen = [{"model": HEAD, "version": str(CANDIDATE)}]
    async with running_load(log, ask, at_once=3):
        for _ in range(2):
            live = await change("PromoteModel", live, versions=chosen)
            live = await change("RollBackDeployment", live)
        await change("PromoteModel", live, versions=chosen, note="stays")
    assert log.problems() == []
    assert [seen[HEAD] for seen in log.seen()] == [log.changes[0].versions[HEAD], CANDIDATE]
    said = {one.versions[HEAD]: one.probabilities[HEAD] for one in log.answers}
    assert len(set(said.values())) == 2, "the two versions answer differently"


async def test_what_is_no_model_fails_and_the_live_versions_serve_on(
    operator: ApiClient, fleet: TritonFleet
) -> None:
    live, log = await operator.query("LiveDeployment"), Log()
    log.changes.append(Change(0, 0, versions_of(live)))

    async def ask() -> Classification:
        return await fleet.classify(PHOTO, timeout=30)

    async with running_load(log, ask, at_once=1):
        answer = await operator.mutate(
            "PromoteModel",
            versions=[{"model": HEAD, "version": str(BROKEN)}],
            expectedDeploymentId=live["id"],
        )
        failed = await until_through(operator, answer["deployment"])
        await until_answers(log, versions_of(live), len(log.answers) + 3, within_s=60)
    assert failed["state"] == "FAILED"
    assert failed["failure"]
    assert "/" not in failed["failure"]
    assert log.problems() == []
    assert (await operator.query("LiveDeployment"))["id"] == live["id"]
